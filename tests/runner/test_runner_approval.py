"""Stories of the approval in a job: one changed byte, and nothing runs."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.actions.generator import GitHubActionsGenerator
from bot.gates.approval import approval_hash
from bot.plans.cloi_yml import read as read_configuration
from bot.plans.planner import plan as make_plan
from bot.records.reader import read as read_record
from bot.runner.approve import approve, check_inputs
from bot.runner.job import Job, Refusal

DEMO = Path(__file__).parents[2] / "templates"
RECORD = "docs/adr/0003-limit-login-attempts-with-a-token-bucket.md"


@pytest.fixture
def approved(tmp_path: Path) -> tuple[Job, str, str]:
    """A job with both committed files, as the real planner and generator make them, and their paths."""
    record = read_record(RECORD, (DEMO / "demo-pr" / RECORD).read_bytes())
    plan = make_plan(record, read_configuration((DEMO / "demo" / ".github" / "cloi.yml").read_bytes()))
    made = GitHubActionsGenerator("https://bot.example/cloi.pyz", "a" * 64, "0.1.0").generate(plan)
    for path, content in ((made.path, made.text), (made.plan_path, made.plan_bytes)):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    env = {
        "CLOI_WORKFLOW_ID": plan.workflow_id,
        "PLAN_ID": plan.workflow_id,
        "APPROVAL": made.approval,
        "MODE": "implement",
        "ATTEMPT": "1",
    }
    return Job(tmp_path, tmp_path / "work", env), made.plan_path, made.path


def test_what_was_approved_runs(approved: tuple[Job, str, str], capsys: pytest.CaptureFixture[str]) -> None:
    job, plan, workflow = approved
    approve(job, plan, workflow)
    assert "is what was approved" in capsys.readouterr().out


PLAN, WORKFLOW = 1, 2
EDITS = {
    "another limit": (PLAN, b'"maxFiles": 12', b'"maxFiles": 99'),
    "no JSON": (PLAN, b"{", b"{{"),
    "a key twice": (PLAN, b'"feature":', b'"complexity": "low", "feature":'),
    "a digest of its own": (PLAN, b'"digest": "', b'"digest": "0'),
    "one more space": (WORKFLOW, b"name: implement", b"name:  implement"),
    "a longer leash": (WORKFLOW, b"timeout-minutes: 20", b"timeout-minutes: 90"),
    "another generator": (WORKFLOW, b"0.1.0", b"0.2.0"),
    "no header": (WORKFLOW, b"# cloi: ", b"# "),
    "a second header": (WORKFLOW, b"# cloi: ", b"# cloi: {}\n# cloi: "),
    "a broken header": (WORKFLOW, b"# cloi: {", b"# cloi: {{"),
}


@pytest.mark.parametrize(("which", "old", "new"), EDITS.values(), ids=EDITS)
def test_one_change_in_either_file_stops_with_three(
    approved: tuple[Job, str, str], which: int, old: bytes, new: bytes
) -> None:
    job, plan, workflow = approved
    file = job.checkout / (plan if which == PLAN else workflow)
    before = file.read_bytes()
    assert old in before
    file.write_bytes(before.replace(old, new, 1))
    with pytest.raises(Refusal) as refused:
        approve(job, plan, workflow)
    assert refused.value.code == 3
    assert len(str(refused.value).split()) > 5


@pytest.mark.parametrize("which", [PLAN, WORKFLOW])
def test_a_file_that_is_not_there_stops_with_three(approved: tuple[Job, str, str], which: int) -> None:
    job, plan, workflow = approved
    (job.checkout / (plan if which == PLAN else workflow)).unlink()
    with pytest.raises(Refusal, match="cannot be read") as refused:
        approve(job, plan, workflow)
    assert refused.value.code == 3


def test_both_files_made_anew_are_still_not_what_was_approved(approved: tuple[Job, str, str]) -> None:
    job, plan, workflow = approved
    other = replace(job, env={**job.env, "APPROVAL": approval_hash("a" * 64, "b" * 64, "0.1.0")})
    with pytest.raises(Refusal, match=r"/cloi approve [0-9a-f]{64}") as refused:
        approve(other, plan, workflow)
    assert refused.value.code == 3


def test_inputs_of_the_right_form_pass(approved: tuple[Job, str, str]) -> None:
    check_inputs(approved[0])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PLAN_ID", "another-plan"),
        ("PLAN_ID", ""),
        ("APPROVAL", "a" * 63),
        ("APPROVAL", "A" * 64),
        ("APPROVAL", "a" * 64 + "\n"),
        ("MODE", "deploy"),
        ("MODE", "implement\nx"),
        ("ATTEMPT", "0"),
        ("ATTEMPT", "1; id"),
        ("ATTEMPT", "٣"),
    ],
)
def test_an_input_of_another_form_is_refused_by_name(
    approved: tuple[Job, str, str], name: str, value: str
) -> None:
    job = replace(approved[0], env={**approved[0].env, name: value})
    with pytest.raises(Refusal, match=name):
        check_inputs(job)
