"""A record and a configuration become a plan: whole, the same each time, blocked with a reason if it must be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.plans.configuration import AgentSetting, Configuration, PathSetting, TestSetting
from bot.plans.plan import ImplementationPlan, digest_of, from_json, to_json
from bot.plans.planner import plan, slug
from bot.plans.reviewed import Reviewed
from bot.plans.template import select_workflow_template
from bot.records.log import RecordLog
from bot.records.reader import read, read_all
from bot.records.record import Record, Status
from tests.properties import examples

ADR_012 = Path(__file__).resolve().parents[2] / "docs" / "adr" / "ADR-012-workflow-engine-architecture.md"
PATH = "docs/adr/" + ADR_012.name
CONFIGURED = Configuration(
    agent=AgentSetting(name="scripted", provider="command", command=("python3", "agent.py")),
    tests=TestSetting(command=("python3", "-m", "unittest")),
)
SMALL = """# ADR-001: Greet politely

**Status:** Accepted

## Decision
We will greet by name.

## Tasks
- Add `src/greet.py` with a function
- Write `docs/guide/greeting.md`
"""


def adr_012() -> Record:
    return read(PATH, ADR_012.read_bytes())


def small(text: str = SMALL, path: str = "docs/adr/ADR-001-greet.md") -> Record:
    return read(path, text.encode())


def planned(
    text: str = SMALL, configuration: Configuration = CONFIGURED, **more: object
) -> ImplementationPlan:
    return plan(small(text), configuration, **more)  # type: ignore[arg-type]


# -- ADR-012 itself -------------------------------------------------------------------------------------------


def test_adr_012_becomes_three_phases_each_with_its_way_back() -> None:
    made = plan(adr_012(), CONFIGURED)
    assert [(p.name, p.dependencies, p.rollback_strategy) for p in made.phases] == [
        ("code-generation", (), "delete-generated-files"),
        ("validation", ("code-generation",), "restore-previous-state"),
        ("integration", ("validation",), "full-system-rollback"),
    ]
    assert [s.type for s in made.code_generation_steps] == ["ai-code-generation"] * 4 + [
        "pattern-validation",
        "test-generation",
    ]
    assert [s.description for s in made.code_generation_steps[1:4]] == [
        "Generate the record's own phase: Phase 1: Core Workflow Foundation",
        "Generate the record's own phase: Phase 2: Advanced Orchestration",
        "Generate the record's own phase: Phase 3: Intelligent Optimization",
    ]
    patterns, tests = made.code_generation_steps[-2:]
    assert patterns.strict is True
    assert "saga" in (patterns.patterns or ())
    assert (tests.test_types, tests.coverage_target) == (("unit", "integration", "e2e"), 80)
    assert (made.feature, made.template, made.complexity) == (
        "workflow-engine-architecture",
        "feature-implementation",
        "high",
    )
    assert made.blocked == ()
    assert made.rollback_required


def test_its_three_performance_standards_and_no_other_number_are_thresholds() -> None:
    made = plan(adr_012(), CONFIGURED)
    assert [(t.subject, t.comparator, t.value, t.unit) for t in made.thresholds] == [
        ("Workflow Initiation", "<", 100.0, "ms"),
        ("Step Execution Overhead", "<", 50.0, "ms"),
        ("Rollback Performance", "<", 500.0, "ms"),
    ]
    assert [t.threshold for t in made.rollback_triggers if t.kind == "threshold"] == list(made.thresholds)
    assert {t.kind for t in made.rollback_triggers} == {"gate", "threshold"}


def test_it_builds_on_adr_036_which_is_absent_and_relates_to_four() -> None:
    made = plan(adr_012(), CONFIGURED, log=RecordLog({PATH: ADR_012.read_bytes()}))
    assert [(d.target, d.relation, d.present) for d in made.dependencies] == [
        ("ADR-036", "builds-on", False),
        ("ADR-001", "related", False),
        ("ADR-010", "related", False),
        ("ADR-004", "related", False),
        ("ADR-007", "related", False),
    ]
    assert [w for w in made.warnings if "ADR-036" in w]
    assert made.blocked == ()
    assert {d.present for d in plan(adr_012(), CONFIGURED).dependencies} == {None}


def test_the_same_record_and_configuration_give_the_same_bytes() -> None:
    first, second = to_json(plan(adr_012(), CONFIGURED)), to_json(plan(adr_012(), CONFIGURED))
    assert first == second
    back = from_json(first)
    assert back == plan(adr_012(), CONFIGURED)
    assert back.digest == digest_of(back)
    assert b"null" not in first


def test_another_word_in_the_record_or_the_configuration_is_another_plan() -> None:
    made = planned()
    edited = planned(SMALL.replace("by name", "by title"))
    slower = planned(configuration=msgspec.structs.replace(CONFIGURED, timeout_minutes=31))
    ids = {(p.workflow_id, p.progress_tracking_id, p.digest) for p in (made, edited, slower)}
    assert len(ids) == 3
    assert all(len(part) == 15 and part[:3] in ("wf-", "pt-") for p in ids for part in p[:2])


# -- targets, tests, template ---------------------------------------------------------------------------------


def test_paths_that_the_record_names_are_the_targets_within_what_is_allowed() -> None:
    assert planned().target_files == ("src/greet.py", "docs/guide/greeting.md")
    only = msgspec.structs.replace(CONFIGURED, paths=PathSetting(allow=("src/**",)))
    made = planned(configuration=only)
    assert made.target_files == ("src/greet.py",)
    assert "paths-not-allowed" in [f.name for f in made.risk_assessment.factors]
    nowhere = planned(
        SMALL.replace("`src/greet.py`", "CI/CD and/or x").replace("`docs/guide/greeting.md`", "words"), only
    )
    assert nowhere.target_files == ("src/",)


def test_a_record_cannot_make_a_workflow_or_the_reviewers_a_target() -> None:
    made = planned(
        SMALL.replace("docs/guide/greeting.md", ".github/workflows/x.yml").replace(
            "src/greet.py", "../../etc/x.py"
        )
    )
    assert made.target_files == ("./",)


def test_the_tests_are_the_configurations_or_what_the_files_make_certain() -> None:
    bare = msgspec.structs.replace(CONFIGURED, tests=TestSetting())
    assert planned().test_strategy.command == ("python3", "-m", "unittest")
    found = planned(configuration=bare, paths_in_repository=["tests/test_a.py"])
    assert (found.test_strategy.format, found.blocked) == ("unittest", ())
    pytest_like = planned(configuration=bare, paths_in_repository=["tests/test_a.py", "tests/conftest.py"])
    assert (pytest_like.test_strategy.format, pytest_like.test_strategy.report) == ("junit", "junit.xml")
    unknown = planned(configuration=bare, paths_in_repository=["package.json"])
    assert "looks like npm" in unknown.blocked[0]


def test_the_template_follows_from_what_is_asked_for() -> None:
    assert planned().template == "feature-implementation"
    assert planned("# A\n\nStatus: Accepted\n\n## Decision\nUse tabs.\n").template == "code-generation"
    proofs = (
        "# A\n\nStatus: Accepted\n\n## Decision\nBe quick.\n## Acceptance criteria\n- Start-up takes < 2 s\n"
    )
    assert planned(proofs).template == "validation"
    joins = (
        "# A\n\nStatus: Accepted\n\n## Decision\nUse S3.\n## Tasks\n- Connect it to S3\n- Replace the disk\n"
    )
    assert planned(joins).template == "integration"
    assert select_workflow_template((), ())[0] == "code-generation"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Greet politely", "greet-politely"),
        ("Grüße & `Ümlaut` in den Köpfen", "grue-e-umlaut-in-den-kopfen"),
        ("日本語", "decision"),
        ("a" * 60, "a" * 40),
        ("one two three four five six seven eight nine", "one-two-three-four-five-six-seven-eight"),
        ("../../etc; rm -rf $HOME", "etc-rm-rf-home"),
    ],
)
def test_the_feature_is_a_slug(title: str, expected: str) -> None:
    made = slug(title)
    assert len(made) <= 40
    if title.startswith("Gr"):
        assert made.replace("-", "").isalnum()
    else:
        assert made == expected


# -- blocked --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.ACCEPTED] + [None])
def test_every_state_but_accepted_blocks_with_a_sentence_of_its_own(status: Status | None) -> None:
    record = replace(small(), status=status, status_text="Maybe | @everyone")
    sentences = plan(record, CONFIGURED).blocked
    assert len(sentences) == 1
    assert sentences[0].startswith("ADR-001 ")
    others = {
        plan(replace(record, status=s), CONFIGURED).blocked[0]
        for s in [*Status, None]
        if s not in (status, Status.ACCEPTED)
    }
    assert sentences[0] not in others


@pytest.mark.parametrize(
    "words", ["Partially accepted", "*partly* approved", "Accepted (in part)", "accepted, partly"]
)
@pytest.mark.parametrize("accepted_when", ["status", "merged"])
def test_what_is_accepted_in_part_is_not_begun_as_a_whole(words: str, accepted_when: str) -> None:
    configuration = msgspec.structs.replace(CONFIGURED, accepted_when=accepted_when)
    made = planned(SMALL.replace("Accepted", words), configuration, merged=True)
    assert len(made.blocked) == 1
    assert "accepted in part" in made.blocked[0]


def test_what_is_done_in_part_is_accepted_as_a_whole() -> None:
    assert planned(SMALL.replace("Accepted", "Accepted, partially implemented")).blocked == ()


def test_a_team_may_say_that_a_merge_or_a_review_accepts() -> None:
    stateless = replace(small(), status=None)
    merged = msgspec.structs.replace(CONFIGURED, accepted_when="merged")
    reviewed = msgspec.structs.replace(CONFIGURED, accepted_when="reviewed")
    assert plan(stateless, CONFIGURED, merged=True).blocked
    assert plan(stateless, merged).blocked
    assert plan(stateless, merged, merged=True).blocked == ()
    assert plan(stateless, reviewed, merged=True).blocked
    seen = Reviewed(True, "#1 was approved by maria")
    assert plan(stateless, reviewed, merged=True, reviewed=seen).blocked == ()
    assert plan(small(), reviewed, merged=True, reviewed=seen).blocked == ()
    # Neither a merge nor a review overrules a record that says no.
    for no in set(Status) - {Status.ACCEPTED}:
        assert plan(replace(small(), status=no), merged, merged=True).blocked
        assert plan(replace(small(), status=no), reviewed, merged=True, reviewed=seen).blocked


def test_a_record_that_waits_for_its_review_says_whose() -> None:
    reviewed = msgspec.structs.replace(CONFIGURED, accepted_when="reviewed")
    (sentence,) = plan(small(), reviewed).blocked
    assert "once it is reviewed and merged" in sentence and "a maintainer can merge it then" in sentence
    (sentence,) = plan(small(), reviewed, merged=True).blocked
    assert sentence.endswith("`/cloi implement` there asks it.")
    (sentence,) = plan(small(), reviewed, merged=True, reviewed=Reviewed(False, "#1 was not.")).blocked
    assert "somebody with write permission, other than its author" in sentence
    assert sentence.endswith(" #1 was not.")


def test_without_an_agent_the_plan_says_what_to_write() -> None:
    made = planned(configuration=Configuration(tests=CONFIGURED.tests))
    assert "agent: {name: my-agent" in made.blocked[0]
    assert made.agent.command == ()


def test_a_record_that_asks_for_nothing_is_blocked_with_that_answer() -> None:
    made = planned("# Talk\n\nStatus: Accepted\n\n## Context\nWe talked.\n")
    assert "nothing to implement" in made.blocked[0]


def log_with(other: str) -> RecordLog:
    return RecordLog(
        {"docs/adr/ADR-001-greet.md": SMALL.encode(), "docs/adr/ADR-002-names.md": other.encode()}
    )


@pytest.mark.parametrize(
    ("status", "blocked", "warned"),
    [
        ("Accepted", 0, 0),
        ("Rejected", 1, 0),
        ("Superseded by ADR-009", 1, 0),
        ("Deprecated", 1, 0),
        ("Proposed", 0, 1),
    ],
)
def test_what_it_depends_on_must_hold(status: str, blocked: int, warned: int) -> None:
    text = SMALL.replace("We will greet by name.", "We will greet by name. This depends on ADR-002.")
    made = planned(
        text, log=log_with(f"# ADR-002: Names\n\n**Status:** {status}\n\n## Decision\nUse names.\n")
    )
    assert [(d.target, d.relation, d.present) for d in made.dependencies] == [("ADR-002", "depends-on", True)]
    assert len([s for s in made.blocked if "ADR-002" in s]) == blocked
    assert len([s for s in made.warnings if "ADR-002" in s]) == warned


def test_front_matter_adds_what_takes_the_change_back() -> None:
    text = (
        """---
implementation_metadata:
  implementation_strategy:
    rollback_required: true
    integration_points: ["src/cli/index.js"]
  ai_generation_context:
    code_patterns: ["Import path transformation"]
  workflow_generation:
    rollback_triggers: ["test_failure_rate > 5%", "manual_intervention_required"]
---
"""
        + SMALL
    )
    made = planned(text, msgspec.structs.replace(CONFIGURED, rollback_required=False))
    assert made.rollback_required
    assert made.target_files[0] == "src/cli/index.js"
    assert made.architectural_patterns == ("Import path transformation",)
    assert [(t.kind, t.description) for t in made.rollback_triggers[-2:]] == [
        ("threshold", "Named by the record: test_failure_rate > 5%"),
        ("gate", "Named by the record: manual_intervention_required"),
    ]


CONSTRAINED = """---
validation_metadata:
  constraints:
    - type: "import-pattern"
      rule: "no-unified-js-references"
      description: "No imports should reference deprecated unified.js"
      pattern: "import.*unified\\\\.js"
      severity: "error"
    - type: "port-management"
      pattern: "port.*9090"
    - "not a constraint"
  validation_scripts:
    - name: "clean"
      command: "rm -rf /"
---
"""


def test_constraints_are_kept_to_the_letter_with_their_lines_and_commands_are_only_counted() -> None:
    made = planned(CONSTRAINED + SMALL)
    first, second = made.constraints
    assert (first.id, first.pattern, first.severity) == ("ADR-001/C1", r"import.*unified\.js", "error")
    assert (first.source.line, first.source.end_line) == (4, 8)
    assert first.source.quote.startswith('- type: "import-pattern"')
    assert (second.id, second.type, second.rule, second.description) == (
        "ADR-001/C2",
        "port-management",
        "",
        "",
    )
    assert any("commands to validate with (1). What a record names is never run" in w for w in made.warnings)
    assert b"rm -rf" not in to_json(made)


# -- anything at all ------------------------------------------------------------------------------------------

PIECES_OF_TEXT = """# ADR-5: T
Status: Accepted
## Decision
We will use `a/b.py`.
## Tasks
- Add x < 5 ms
### Phase 1: A
depends on ADR-004
---
implementation_metadata: [
implementation_metadata:
  feature_requirements:
    - name: x
  success_criteria: 5
```
| a | b |
|--|--|
\x00
\u202e@everyone
![x](y)
"""
WORDS = st.sampled_from(PIECES_OF_TEXT.split("\n"))


@settings(max_examples=examples(100), deadline=None)
@given(st.one_of(st.text(max_size=300), st.lists(WORDS, max_size=20).map("\n".join)), st.text(max_size=20))
def test_any_text_becomes_a_plan_with_a_stable_digest(text: str, name: str) -> None:
    record = read(f"docs/adr/{name}.md", text.encode("utf-8", "replace"))
    made = plan(record, CONFIGURED, log=RecordLog({}), paths_in_repository=("a/b.py",))
    assert digest_of(made) == made.digest
    assert from_json(to_json(made)) == made
    assert made == plan(record, CONFIGURED, log=RecordLog({}), paths_in_repository=("a/b.py",))
    known = {r.id for r in made.adr_requirements}
    assert all(i in known for p in made.phases for s in p.steps for i in s.requirements)


def test_records_that_share_a_file_are_planned_one_by_one() -> None:
    both = (
        "# Decisions\n\n## 1. Greet\n\nStatus: Accepted\n\n### Decision\n\nWe will greet.\n\n"
        "## 2. Part\n\nStatus: Accepted\n\n### Decision\n\nWe will part.\n\n### Tasks\n\n- Add a farewell\n"
    )
    made = [plan(record, CONFIGURED) for record in read_all("docs/decisions.md", both.encode())]
    assert [[r.text for r in p.adr_requirements] for p in made] == [
        ["We will greet."],
        ["We will part.", "Add a farewell"],
    ]
    assert made[0].workflow_id != made[1].workflow_id


def test_a_link_is_a_reading_list_and_a_bare_folder_counts_only_where_it_exists() -> None:
    text = SMALL.replace("`src/greet.py`", "`app/` ([how](guide/how.md), `application/json`)").replace(
        "`docs/guide/greeting.md`", "words"
    )
    assert planned(text).target_files == ("./",)
    assert planned(text, paths_in_repository=["app/x.py", "tests/test_x.py"]).target_files == ("app/",)


def test_a_sentence_about_a_lonely_decision_is_whole() -> None:
    from bot.plans.configuration import Configuration
    from bot.plans.planner import plan
    from bot.records.reader import read

    text = b"# 1. Use tea\n\n## Status\n\nAccepted\n\n## Decision\n\nWe use tea.\n"
    made = plan(read("docs/adr/0001-use-tea.md", text), Configuration())
    assert any(w.endswith("list the work in the record.") for w in made.warnings), made.warnings


# -- numbers become skipped benchmarks ------------------------------------------------------------------------


def test_each_promised_number_of_adr_012_is_a_trigger_and_a_skipped_test_with_its_reason() -> None:
    made = plan(adr_012(), CONFIGURED)
    stubs = made.test_strategy.benchmark_stubs
    assert stubs is not None
    assert [(s.name, s.threshold, s.requirement) for s in stubs] == [
        ("test_adr_012_r26_workflow_initiation_below_100_ms", "ADR-012/T1", "ADR-012/R26"),
        ("test_adr_012_r27_step_execution_overhead_below_50_ms", "ADR-012/T2", "ADR-012/R27"),
        ("test_adr_012_r28_rollback_performance_below_500_ms", "ADR-012/T3", "ADR-012/R28"),
    ]
    assert stubs[0].reason == "not measured yet: Workflow Initiation < 100 ms"
    assert {s.threshold for s in stubs} == {t.threshold.id for t in made.rollback_triggers if t.threshold}
    assert from_json(to_json(made)) == made


def test_a_record_without_numbers_has_no_stubs_and_the_bytes_it_had() -> None:
    made = planned()
    assert made.test_strategy.benchmark_stubs is None
    assert b"benchmarkStubs" not in to_json(made)


def test_a_number_waits_for_its_phase_and_one_name_is_one_test() -> None:
    text = SMALL.partition("## Tasks")[0] + (
        "## Implementation\n\n### Phase 1: Words\n\n- Greeting: < 5 ms\n- Greeting: < 5 ms for all\n\n"
        "### Phase 2: Songs\n\n- Add a song\n- Singing must take at most 90 seconds\n"
    )
    whole = planned(text).test_strategy.benchmark_stubs
    assert whole is not None and len({s.name for s in whole}) == len(whole) == 3
    configured = msgspec.structs.replace(CONFIGURED, pull_requests="phase")
    parts = [planned(text, configured, phase=n).test_strategy.benchmark_stubs or () for n in (1, 2)]
    assert [len(p) for p in parts] == [2, 1]
    assert {s.name for p in parts for s in p} == {s.name for s in whole}
