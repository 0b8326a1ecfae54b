"""Two pull requests: one says what a merge approves, the other what speaks for each requirement."""

from typing import Any

import msgspec

from bot.render.markdown import GITHUB_MOST, size
from bot.render.plan import plan_markdown, record_title
from bot.render.pulls import ConstraintLine, JobLine, PullText, implementation_pull, workflow_pull
from bot.result import Evidence, EvidenceClass, Result, Verdict

JOBS = (
    JobLine("implement", "Runs the agent", (), "contents: read"),
    JobLine("validate", "Runs the tests", ("implement",), "contents: read"),
)
GATE = Result("gate", Verdict.PASS, "All rules hold")
KNOWN = {"p", "h3", "h4", "strong", "em", "a", "code", "br", "hr", "sub", "ul", "ol", "li", "blockquote"} | {
    *("details", "summary", "table", "thead", "tbody", "tr", "th", "td")
}
EVIL = "@maria #1 <img src=x> [a](http://evil.example)\n| x |\n```\n</details>"


def workflow(plan: Any, **given: Any) -> PullText:
    facts: dict[str, Any] = {
        "approval": "e" * 64,
        "generator": "0.1.0",
        "workflow_path": ".github/workflows/cloi.yml",
        "plan_path": ".github/cloi/plan.json",
        "jobs": JOBS,
        "instance": "wf-7f3a",
        "requester": "maria",
        "issue_url": "https://github.example/maria/shop/issues/7",
    }
    return workflow_pull(plan, **{**facts, **given})


def traced(files: Any = (), tests: Any = (), **said: tuple[Verdict, str]) -> Result:
    """As bot.gates.trace gives it: id to verdict and reason, all with the same files and tests."""
    parts = (
        Result("trace/files", Verdict.SKIP, "", tuple(files)),
        Result("trace/tests", Verdict.SKIP, "", tuple(tests)),
    )
    children = tuple(Result(f"ADR-003/{name}", *one, (), parts) for name, one in said.items())
    return Result("trace", Verdict.FAIL, "1 of 2 requirements are named by a test", (), children)


def implementation(plan: Any, **given: Any) -> PullText:
    facts: dict[str, Any] = {
        "trace": traced(R1=(Verdict.PASS, "a test names it"), R2=(Verdict.FAIL, "uncovered: nothing")),
        "gate": GATE,
        "run_url": "https://github.example/maria/shop/actions/runs/77",
        "patch_sha": "a" * 64,
        "base_sha": "c" * 40,
        "instance": "wf-7f3a",
        "requester": "maria",
        "reverts_after_merge": True,
    }
    return implementation_pull(plan, **{**facts, **given})


def test_the_workflow_pr_says_what_a_merge_approves(plan: Any, see: Any) -> None:
    pull = workflow(plan)
    assert pull.title == "Approve the workflow for ADR-003: Keep orders in a bounded queue"
    seen = see(pull.body)
    assert {plan.digest, "e" * 64, "0.1.0", ".github/workflows/cloi.yml", ".github/cloi/plan.json"} <= set(
        seen.code
    )
    assert {"R1", "R2", "docs/adr/ADR-003-bounded-queue.md:12"} <= set(seen.code)
    assert "python3 tools/agent.py" in seen.code
    assert "implement" in seen.code and "contents: read" in seen.code
    assert "Nothing of it has run yet" in seen.plain
    assert "No job can write to this repository. It uses no secret." in seen.plain
    assert "Close this pull request. Then nothing runs" in seen.plain
    assert "a required check fails on the merge commit" in seen.plain
    assert seen.links == ["https://github.example/maria/shop/issues/7"]


def test_it_does_not_promise_what_is_not_so(plan: Any) -> None:
    body = workflow(plan, jobs=(JobLine("x", "y", (), "contents: write"),), secrets=("AGENT_KEY",)).body
    assert "No job can write" not in body
    assert "uses no secret" not in body
    assert "`AGENT_KEY`" in body


def test_the_implementation_pr_shows_what_speaks_for_each_requirement(plan: Any, see: Any) -> None:
    claim = Evidence(EvidenceClass.CLAIMED, "", "shop/queue.py")
    test = Evidence(EvidenceClass.COMPUTED, "test_adr_003_r1_full", "tests/test_queue.py", 7)
    trace = traced(
        files=[claim] * 9,
        tests=[test],
        R1=(Verdict.PASS, "a test that ran and passed names it"),
        R2=(Verdict.UNKNOWN, "claimed only"),
    )
    pull = implementation(plan, trace=trace)
    assert pull.title == "Implement ADR-003: Keep orders in a bounded queue"
    seen = see(pull.body)
    assert "(claimed by the run)" in seen.plain
    assert "and 3 more" in seen.plain
    assert "test_adr_003_r1_full" in seen.plain and "tests/test_queue.py:7" in seen.code
    assert "✅ a test that ran and passed names it" in seen.plain
    assert "Claimed only: . The agent says so" in seen.plain and "R2" in seen.code
    assert "Uncovered" not in seen.plain
    assert {"a" * 64, "c" * 40, plan.digest} <= set(seen.code)
    assert "https://github.example/maria/shop/actions/runs/77" in seen.links
    assert "a claim never passes a gate" in seen.plain
    assert "Quality gate: passed" in seen.plain


def test_what_is_uncovered_is_named_and_only_that(plan: Any, see: Any) -> None:
    body = implementation(plan).body
    assert "**Uncovered:** `R2`. Nothing in this change names them." in body
    whole = implementation(plan, trace=traced(R1=(Verdict.PASS, "x"), R2=(Verdict.PASS, "x"))).body
    assert "Uncovered" not in whole and "Claimed only" not in whole and "no test that ran" not in whole


def test_constraints_are_shown_with_what_becomes_of_them(plan: Any, see: Any) -> None:
    lines = (ConstraintLine("ADR-003/C1", "No unified.js", "import.*|unified", "not checked: why"),)
    seen = see(workflow(plan, constraints=lines).body)
    assert {"C1", "import.*|unified"} <= set(seen.code) and "not checked: why" in seen.plain
    assert "Constraints of the record" not in workflow(plan).body


def test_how_it_is_taken_back_follows_from_what_the_bot_does(plan: Any, see: Any) -> None:
    assert "opens a pull request that reverts this one" in see(implementation(plan).body).plain
    asks = msgspec.structs.replace(plan, rollback_required=False)
    assert "stops and asks a human" in see(implementation(asks).body).plain
    alone = see(implementation(plan, reverts_after_merge=False).body).plain
    assert "does not watch it" in alone
    assert "opens a pull request that reverts" not in alone


def test_a_title_that_has_its_number_gets_no_second_one(plan: Any) -> None:
    twice = msgspec.structs.replace(plan.adr, title="ADR-003: Keep orders")
    assert record_title(twice) == "ADR-003: Keep orders"
    assert record_title(msgspec.structs.replace(plan.adr, title="")) == "ADR-003"


def evil(plan: Any) -> Any:
    asked = msgspec.structs.replace(
        plan.adr_requirements[0],
        text=EVIL,
        kind=EVIL,
        source=msgspec.structs.replace(plan.adr_requirements[0].source, path=EVIL, quote=EVIL),
    )
    step = msgspec.structs.replace(plan.phases[0].steps[0], description=EVIL, type=EVIL, requirements=(EVIL,))
    return msgspec.structs.replace(
        plan,
        adr=msgspec.structs.replace(plan.adr, title=EVIL, path=EVIL),
        adr_requirements=(asked,),
        warnings=(EVIL,),
        blocked=(EVIL,),
        agent=msgspec.structs.replace(plan.agent, command=(EVIL, EVIL)),
        rollback_triggers=(msgspec.structs.replace(plan.rollback_triggers[0], description=EVIL),),
        phases=(msgspec.structs.replace(plan.phases[0], name=EVIL, steps=(step,)),),
        limits=msgspec.structs.replace(plan.limits, allow=(EVIL,)),
        dependencies=(msgspec.structs.replace(plan.dependencies[0], target=EVIL, relation=EVIL, note=EVIL),),
    )


def test_a_hostile_plan_stays_text_everywhere(plan: Any, see: Any) -> None:
    bad = Evidence(EvidenceClass.CLAIMED, EVIL, EVIL, 1, url=EVIL)
    held = (ConstraintLine(EVIL, EVIL, EVIL, EVIL),)
    first = workflow(
        evil(plan),
        constraints=held,
        jobs=(JobLine(EVIL, EVIL, (EVIL,), EVIL),),
        secrets=(EVIL,),
        requester=EVIL,
    )
    trace = traced(files=[bad], tests=[bad], R1=(Verdict.FAIL, EVIL), R2=(Verdict.UNKNOWN, EVIL))
    second = implementation(evil(plan), trace=trace, patch_sha=EVIL, run_url=EVIL)
    for body in (first.body, second.body, plan_markdown(evil(plan))):
        seen = see(body)
        assert not {"img", "script", "!--"} & set(seen.tags)
        assert not any("evil" in target for target in seen.links)
        assert "@maria" not in seen.words and "#1" not in seen.words
        assert set(seen.tags) <= KNOWN
    assert "\n" not in first.title and len(first.title) <= 256


def test_the_way_out_stands_however_long_the_record_is(plan: Any) -> None:
    long = msgspec.structs.replace(
        plan,
        adr_requirements=tuple(
            msgspec.structs.replace(plan.adr_requirements[0], id=f"ADR-003/R{i}", text="<&|" * 200)
            for i in range(150)
        ),
    )
    for body in (workflow(long).body, implementation(long).body, plan_markdown(long)):
        assert size(body) <= GITHUB_MOST
        assert "more" in body
    assert "Close this pull request" in workflow(long).body
    assert "How it is taken back" in implementation(long).body


def test_the_preview_says_why_nothing_can_start(plan: Any, see: Any) -> None:
    blocked = see(plan_markdown(msgspec.structs.replace(plan, blocked=("ADR-001 was rejected",)))).plain
    assert "Nothing can be started from this yet" in blocked
    assert "ADR-001 was rejected" in blocked
    clear = see(plan_markdown(plan)).plain
    assert "Nothing can be started" not in clear
    assert "about 2 to 6 minutes" in clear
    assert "ADR-001 builds-on not found" in clear
