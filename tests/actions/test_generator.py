"""Stories of the generator: the same plan gives the same bytes, and hostile values stay values."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.actions.generator import GitHubActionsGenerator
from bot.actions.rules import prove
from bot.actions.workflow import GenerationError
from bot.gates.approval import approval_hash, load_plan, plan_digest
from bot.plans.cloi_yml import read as read_configuration
from bot.plans.plan import Agent, ImplementationPlan, digest_of, from_json
from bot.plans.planner import plan as make_plan
from bot.records.reader import read as read_record
from tests.properties import examples

ROOT = Path(__file__).parents[2]
GENERATOR = GitHubActionsGenerator(f"https://bot.example/runner/{'a' * 64}/cloi.pyz", "a" * 64, "1.2.3")
ADR_012 = "docs/adr/ADR-012-workflow-engine-architecture.md"
DEMO = "docs/adr/0003-limit-login-attempts-with-a-token-bucket.md"


def test_the_same_plan_gives_the_same_bytes_also_after_a_journey_as_json(plan: ImplementationPlan) -> None:
    first = GENERATOR.generate(plan)
    assert GENERATOR.generate(from_json(first.plan_bytes)) == first


def test_three_jobs_and_the_three_lines_of_the_decision(plan: ImplementationPlan) -> None:
    made = GENERATOR.generate(plan)
    flow = yaml.load(made.text, Loader=yaml.BaseLoader)
    assert made.path == ".github/workflows/cloi-limit-login-attempts.yml"
    assert flow["name"] == made.name == "Implement limit-login-attempts"
    assert list(flow["jobs"]) == ["implement", "validate", "integrate", "report"]
    assert flow["on"]["schedule"] == [{"cron": "0 2 * * *"}]
    for line in (
        'cloi generate implementation --feature="$CLOI_FEATURE" --adr-based --ai-enhanced',
        'cloi generate tests --feature="$CLOI_FEATURE" --coverage-target=80',
        'cloi generate docs --feature="$CLOI_FEATURE" --api-docs --user-guide',
    ):
        assert line in made.text.decode()


def test_the_approval_is_what_anybody_can_compute_from_the_two_files(plan: ImplementationPlan) -> None:
    made = GENERATOR.generate(plan)
    digest = plan_digest(load_plan(made.plan_bytes))
    assert digest == digest_of(plan)
    assert made.approval == approval_hash(digest, hashlib.sha256(made.text).hexdigest(), "1.2.3")


def test_the_header_names_what_it_was_made_from(plan: ImplementationPlan) -> None:
    line = next(x for x in GENERATOR.generate(plan).text.decode().splitlines() if x.startswith("# cloi: "))
    facts = json.loads(line.removeprefix("# cloi: "))
    assert facts["planDigest"] == digest_of(plan)
    assert facts["adr"] == {"path": plan.adr.path, "blobSha": plan.adr.blob_sha}
    assert {a["repo"] for a in facts["actions"]} >= {"actions/checkout"}


@pytest.mark.parametrize(
    "change",
    [
        {"feature": "x; rm -rf"},
        {"feature": "../up"},
        {"feature": ""},
        {"workflow_id": "a\nb"},
        {"workflow_id": "${{ github.token }}"},
        {"runs_on": "self-hosted"},
        {"runs_on": "ubuntu-latest"},
        {"agent": Agent(provider="magic", name="m", command=("m",), reason="")},
    ],
)
def test_what_may_not_stand_in_a_workflow_is_refused(
    plan: ImplementationPlan, change: dict[str, object]
) -> None:
    with pytest.raises(GenerationError, match=r"\w+ \w+"):
        GENERATOR.generate(msgspec.structs.replace(plan, **change))


@pytest.mark.parametrize(
    "url", ["ftp://a/b", "https://a/b c", "https://a/$(id)", 'https://a/"', "https://a/${{ 1 }}"]
)
def test_an_address_that_a_shell_could_take_for_more_is_refused(plan: ImplementationPlan, url: str) -> None:
    with pytest.raises(GenerationError):
        GitHubActionsGenerator(url, "a" * 64, "1").generate(plan)


@settings(
    max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(words=st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_whatever_a_record_says_the_workflow_keeps_its_rules(plan: ImplementationPlan, words: str) -> None:
    """Words of a record reach a plan in many places, but a workflow only as its path and its agent's name."""
    hostile = words + "\n${{ secrets.X }}`$(id)`: [\"'"
    changed = msgspec.structs.replace(
        plan,
        adr=msgspec.structs.replace(plan.adr, path=hostile, title=hostile, id=hostile),
        agent=msgspec.structs.replace(plan.agent, name=hostile),
        adr_requirements=tuple(msgspec.structs.replace(r, text=hostile) for r in plan.adr_requirements),
        architectural_patterns=(hostile,),
        target_files=(hostile,),
    )
    made = GENERATOR.generate(changed)
    same = GENERATOR.generate(plan)
    assert prove(made.text).passed
    assert made.text.split(b"\n\n", 1)[1] == same.text.split(b"\n\n", 1)[1]


@pytest.fixture(scope="module", params=["demo", "ADR-012"])
def real(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workflow of a real record, planned by the real planner, as a file."""
    if request.param == "demo":
        demo = ROOT / "templates" / "demo"
        data = (ROOT / "templates" / "demo-pr" / DEMO).read_bytes()
        configuration = read_configuration((demo / ".github" / "cloi.yml").read_bytes())
        planned = make_plan(read_record(DEMO, data), configuration)
    else:
        planned = make_plan(read_record(ADR_012, (ROOT / ADR_012).read_bytes()), read_configuration(None))
    made = GENERATOR.generate(planned)
    assert GENERATOR.generate(planned) == made
    target = tmp_path_factory.mktemp("repository") / made.path
    target.parent.mkdir(parents=True)
    target.write_bytes(made.text)
    return target


def test_real_workflows_keep_all_rules(real: Path) -> None:
    result = prove(real.read_bytes())
    assert result.passed, [r for r in result.children if not r.passed]


# Rule 32. Each checker is a program of its own; an answer that it has nothing to say is the test.
CHECKERS = {
    "schema": ["check-jsonschema", "--builtin-schema", "vendor.github-workflows"],
    "actionlint": ["jactionlint"],
    "zizmor": ["zizmor", "--offline", "--persona", "auditor", "--format", "json", "-q"],
}
SILENT = {"schema": "ok -- validation done", "actionlint": "", "zizmor": "[]"}


def check(checker: str, file: Path) -> tuple[int, str]:
    tools = Path(sys.executable).parent
    argv = CHECKERS[checker]
    program = shutil.which(argv[0], path=str(tools)) or shutil.which(argv[0])
    assert program, f"{argv[0]} is a development dependency and must be there"
    assert shutil.which("shellcheck", path=str(tools)) or shutil.which("shellcheck")
    run = subprocess.run(
        [program, *argv[1:], str(file)],
        env={"PATH": f"{tools}:/usr/bin:/bin", "HOME": str(file.parent)},
        capture_output=True,
        text=True,
    )
    return run.returncode, run.stdout.strip()


@pytest.mark.parametrize("checker", CHECKERS)
def test_three_public_checkers_find_nothing(real: Path, checker: str) -> None:
    assert check(checker, real) == (0, SILENT[checker])


@pytest.mark.parametrize(
    ("checker", "old", "new"),
    [
        ("schema", "    runs-on: ubuntu-24.04\n", "    runs_on: ubuntu-24.04\n"),
        ("actionlint", "cloi handover\n", "cloi handover $UNQUOTED\n"),
        ("zizmor", "      contents: read\n", "      contents: write\n"),
    ],
)
def test_the_checkers_do_look(real: Path, tmp_path: Path, checker: str, old: str, new: str) -> None:
    worse = tmp_path / ".github" / "workflows" / "worse.yml"
    worse.parent.mkdir(parents=True)
    text = real.read_text()
    assert old in text
    worse.write_text(text.replace(old, new, 1))
    code, said = check(checker, worse)
    assert code != 0 and said
