"""An implementation's definition, instances folded from real events, a plan; and a reader that sees Markdown
as GitHub's readers do: which tags, links, code and words came out."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.engine import events as e
from bot.engine.evolve import fold
from bot.engine.instance import WorkflowInstance
from bot.language.definition import WorkflowDefinition, parse
from bot.plans.plan import (
    Agent,
    Dependency,
    Duration,
    ImplementationPlan,
    Limits,
    Phase,
    RecordReference,
    Requirement,
    RiskAssessment,
    RiskFactor,
    RollbackTrigger,
    Source,
    Step,
    TestStrategy,
    with_digest,
)
from bot.render.view import View, view_of

BEGIN = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)

DEFINITION = """
workflow:
  name: implement-adr
  version: "1.0"
  steps:
    - {name: read-record, type: read-record, phase: plan}
    - {name: make-plan, type: plan, phase: plan, depends_on: [read-record]}
    - {name: open-workflow-pr, type: pull, phase: approval, depends_on: [make-plan]}
    - {name: await-approval, type: await-merge, phase: approval, depends_on: [open-workflow-pr]}
    - {name: dispatch, type: dispatch, phase: code-generation, depends_on: [await-approval]}
    - {name: await-run, type: await-run, phase: code-generation, depends_on: [dispatch]}
    - {name: judge, type: judge, phase: validation, depends_on: [await-run]}
    - {name: open-pr, type: pull, phase: integration, depends_on: [judge]}
    - {name: await-merge, type: await-merge, phase: integration, depends_on: [open-pr]}
    - {name: keep-comment, type: comment}
"""


class Tale:
    """Builds what happened, event by event; every event comes 90 seconds after the one before."""

    definition: WorkflowDefinition = parse(DEFINITION)

    def done(self, step: str, *, undoable: bool = False, **result: object) -> tuple[e.Body, ...]:
        """A step that began and ended well."""
        return (self.began(step, undoable=undoable), e.StepCompleted(step=step, result=result))

    def began(self, step: str, *, undoable: bool = False) -> e.Body:
        return e.StepStarted(step=step, attempt=1, key="k", undoable=undoable)

    def events(self, *bodies: e.Body) -> list[e.Event]:
        started = e.WorkflowStarted(
            definition="implement-adr", version="1.0", digest="d" * 64, key="maria/shop ADR-003", context={}
        )
        return [
            e.Event(
                stream="wf-7f3a",
                version=i,
                at=e.stamp(BEGIN + timedelta(seconds=90 * (i - 1))),
                actor="@maria" if i == 1 else "cloi",
                cause="delivery-1",
                correlation="c-1",
                body=body,
            )
            for i, body in enumerate((started, *bodies), start=1)
        ]

    def instance(self, *bodies: e.Body) -> WorkflowInstance:
        instance = fold(self.events(*bodies))
        assert instance is not None
        return instance

    def view(self, instance: WorkflowInstance, **given: Any) -> View:
        facts: dict[str, Any] = {
            "title": "ADR-003: Keep orders in a bounded queue",
            "record_path": "docs/adr/ADR-003-bounded-queue.md",
            "record_url": "https://github.example/maria/shop/blob/main/docs/adr/ADR-003-bounded-queue.md",
            "issue_url": "https://github.example/maria/shop/issues/7",
            "requester": "maria",
            "now": BEGIN,
        }
        return view_of(instance, given.pop("definition", self.definition), **{**facts, **given})


_MARKDOWN = MarkdownIt("gfm-like", {"html": True, "linkify": False})


@dataclass
class Seen(HTMLParser):
    """What a reader gets. words: text outside code, as GitHub searches it for mentions and references."""

    html: str
    tags: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    words: str = ""
    linked: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[str] = []
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("br", "hr", "img"):
            self._open.append(tag)
        if tag == "code":
            self.code.append("")
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"{tag} is closed where it was not opened"

    def handle_data(self, data: str) -> None:
        if "code" in self._open:
            self.code[-1] += data
        elif "a" in self._open:
            self.linked += data
        else:
            self.words += data

    def handle_comment(self, data: str) -> None:
        self.tags.append("!--")

    handle_decl = unknown_decl = handle_pi = handle_comment

    @property
    def plain(self) -> str:
        """The words without the invisible gaps, spaces single."""
        return " ".join(self.words.replace("\u200b", "").split())


def see(markdown: str) -> Seen:
    return Seen(_MARKDOWN.render(markdown))


@pytest.fixture(scope="session", name="see")
def _see() -> Any:
    return see


_FRAGMENTS = (
    *"\\`*_{}[]()<>#+-.!|~&$@:;\"'=^/ \n\t\r0a",
    *(
        "```",
        "~~~",
        "---",
        "===",
        "</details>",
        "</summary>",
        "<!--",
        "-->",
        "<img src=x>",
        "<script>",
        "]]>",
    ),
    *(
        "@maria",
        "@org/team",
        "#12",
        "GH-12",
        "o/r#3",
        "https://evil.example",
        "www.evil.example",
        "a@b.example",
    ),
    *(
        "[x](http://evil.example)",
        "![x](http://evil.example)",
        "<http://evil.example>",
        "[x]: http://e.example",
    ),
    *(
        "| a | b |",
        "\n| --- | --- |\n",
        "- [ ] x",
        "1. x",
        "> [!NOTE]",
        "&lt;",
        "&#64;",
        "&commat;maria",
        "[^1]",
    ),
    *("\u2028", "\u202e", "\u200b", "\x00", "\x1b[31m", "\x85", "\ud800", "é", "🆕", "\u0301", "javascript:"),
)


@pytest.fixture(scope="session")
def hostile() -> st.SearchStrategy[str]:
    """Text by somebody who means it badly."""
    return HOSTILE


HOSTILE = st.lists(st.sampled_from(_FRAGMENTS) | st.text(max_size=5), max_size=12).map("".join)


@pytest.fixture(scope="session")
def tale() -> Tale:
    return Tale()


@pytest.fixture(scope="session")
def plan() -> ImplementationPlan:
    """A plan as the planner makes it, for a small record."""
    return PLAN


def _source(line: int, quote: str) -> Source:
    return Source(path="docs/adr/ADR-003-bounded-queue.md", line=line, end_line=line, quote=quote)


_STEP = Step(
    id="S1",
    type="ai-code-generation",
    description="Generate core implementation code",
    requirements=("ADR-003/R1", "ADR-003/R2"),
)

PLAN = with_digest(
    ImplementationPlan(
        schema="cloi.plan/1",
        workflow_id="adr-003-1a2b",
        progress_tracking_id="track-1a2b",
        adr=RecordReference(
            path="docs/adr/ADR-003-bounded-queue.md",
            blob_sha="b" * 40,
            id="ADR-003",
            title="Keep orders in a bounded queue",
            status="accepted",
        ),
        feature="bounded-queue",
        template="feature",
        template_reason="the record names new code",
        complexity="low",
        dependencies=(
            Dependency(
                target="ADR-001", relation="builds-on", source=_source(30, "Builds on ADR-001"), present=False
            ),
        ),
        test_strategy=TestStrategy(
            command=("python", "-m", "unittest"),
            format="unittest",
            test_types=("unit",),
            coverage_target=80,
            new_tests_fail_on_base=True,
            reason="the repository uses unittest",
        ),
        agent=Agent(
            provider="command",
            name="scripted",
            command=("python3", "tools/agent.py"),
            reason="named in cloi.yml",
        ),
        rollback_triggers=(
            RollbackTrigger(id="T1", kind="gate", description="a required check fails on the merge commit"),
        ),
        thresholds=(),
        adr_requirements=(
            Requirement(
                id="ADR-003/R1",
                kind="decision",
                text="Orders wait in a queue with at most 100 places",
                source=_source(12, "at most 100 places"),
            ),
            Requirement(
                id="ADR-003/R2",
                kind="criterion",
                text="A full queue answers `busy` | never blocks",
                source=_source(18, "answers busy"),
            ),
        ),
        target_files=("shop/queue.py",),
        architectural_patterns=(),
        code_generation_steps=(_STEP,),
        validation_steps=(),
        integration_steps=(),
        phases=(
            Phase(
                name="code-generation",
                steps=(_STEP,),
                dependencies=(),
                rollback_strategy="delete-generated-files",
            ),
        ),
        estimated_duration=Duration(low_minutes=2, high_minutes=6, reason="two requirements."),
        risk_assessment=RiskAssessment(
            level="low",
            factors=(RiskFactor(name="size", level="low", reason="One file.", mitigation="tests first."),),
        ),
        rollback_required=True,
        limits=Limits(allow=("shop/**", "tests/**"), max_files=20, max_bytes=100_000, timeout_minutes=20),
        runs_on="ubuntu-24.04",
        pull_requests="one",
        blocked=(),
        warnings=("ADR-001 is not in this repository",),
    )
)
