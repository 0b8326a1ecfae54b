"""ADR-012's own example, run as it stands in the decision, with a scripted model."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.agents.model import Answer, ModelUnavailable, Request
from bot.coordination.clocks import VirtualClock
from bot.coordination.coordinator import StepCoordinator
from bot.engine.ports import StepType
from bot.engine.state import StepState, WorkflowState
from bot.language.definition import parse
from bot.language.lint import lint
from bot.plugins.registry import Installed, PluginRegistry
from bot.result import Verdict
from bot.steps.library.analysis import ErrorAnalysis, ErrorClassifier
from bot.steps.library.interaction import LLMInteraction
from bot.steps.library.plugin_execution import PluginExecution
from bot.steps.library.retrieval import RagRetrieval, retrieve
from bot.steps.library.validation import CleanupValidation, judge_solution, scratch
from bot.steps.registry import BrokenStep, installed, step_classes
from bot.store.memory import MemoryStore

ADR = Path(__file__).parents[2] / "docs" / "adr" / "ADR-012-workflow-engine-architecture.md"
EXAMPLE = re.findall(r"^```yaml\n(.*?)^```", ADR.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)[0]
ERROR = "HTTP 503 from the kettle service: temporarily unavailable"
DOCUMENTS = {
    "docs/kettle.md": "# Kettle\nA transient failure of the kettle is met by trying again.\n",
    "docs/milk.md": "# Milk\nCold, please.\n",
}
GOOD = "Try again, since it was busy.\n\n```python\nfor _ in range(3):\n    boil()\n```\n"
BROKEN = "```python\nfor _ in range(3)\n    boil()\n```\n"


@pytest.fixture(autouse=True)
def _a_machine_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All instances here have one name, and so one scratch directory; other processes play the same."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


class ScriptedModel:
    """Says what it was told to say, or raises it, and remembers what it was asked."""

    def __init__(self, *script: str | Exception) -> None:
        self.script = list(script)
        self.asked: list[Request] = []

    async def answer(self, request: Request) -> Answer:
        self.asked.append(request)
        said = self.script.pop(0)
        if isinstance(said, Exception):
            raise said
        return Answer(said, "scripted")


class House:
    def __init__(self, model: ScriptedModel | None, plugins: PluginRegistry | None = None) -> None:
        self.store, self.clock = MemoryStore(), VirtualClock()
        types: list[StepType] = [
            ErrorAnalysis(plugins),
            RagRetrieval(lambda ctx: DOCUMENTS),
            LLMInteraction(model),
            PluginExecution(plugins),
            CleanupValidation(),
        ]
        self.engine = StepCoordinator(self.store, [parse(EXAMPLE)], {t.type: t for t in types}, self.clock)

    async def run(self, error: str = ERROR):
        name, _ = self.engine.start(
            "error-analysis-and-fix", "k", {"error": error}, actor="@maria", cause="test", correlation="c"
        )
        await self.engine.settle()
        while (due := self.engine.next_timer()) and not self.engine.instance(name).state.final:
            self.clock.advance(max(0.0, (due - self.clock.now()).total_seconds()))
            self.engine.fire_timers()
            await self.engine.settle()
        return self.engine.instance(name)


def test_its_types_and_plugins_are_installed() -> None:
    plugins = {one.name for one in installed() if one.kind not in ("", "step type")}
    assert lint(EXAMPLE, step_classes(), plugins) == ()


async def test_it_runs_to_its_end() -> None:
    model = ScriptedModel(GOOD)
    instance = await House(model).run()
    assert instance.state is WorkflowState.COMPLETED
    assert instance.steps["classify-error"].result["error_type"] == "transient"
    assert instance.steps["retrieve-context"].result["paths"] == ["docs/kettle.md"]
    assert instance.steps["validate-solution"].result["verdict"] == "pass"
    material = dict(model.asked[0].material)
    assert material["error"] == ERROR
    assert json.loads(material["context"])[0]["text"].startswith("# Kettle")
    assert not scratch(instance.steps["validate-solution"].key).exists()


async def test_when_its_last_step_fails_cleanup_validation_runs(monkeypatch) -> None:
    house = House(ScriptedModel(BROKEN))
    laid_out: list[str] = []
    cleanup = house.engine.step_types["cleanup-validation"]
    inner = cleanup.start
    monkeypatch.setattr(
        cleanup,
        "start",
        lambda ctx: (laid_out.extend(f.name for f in scratch(ctx.key).iterdir()), inner(ctx))[1],
    )
    instance = await house.run()
    assert laid_out == ["1.py"]
    step = instance.steps["validate-solution"]
    assert (step.state, step.kind) == (StepState.FAILED, "gate")
    assert step.error == "the python block at line 2 cannot be parsed"
    assert instance.state is WorkflowState.COMPENSATED
    assert step.rollback_result == {"note": "the laid out proposal is taken away"}
    assert not scratch(step.key).exists()
    judged = next(e.body for e in house.store.read(instance.id) if e.name == "QualityGateEvaluated")
    assert judged.data["mode"] == "solution-validator"


async def test_a_model_that_is_busy_is_asked_again_with_the_same_key() -> None:
    model = ScriptedModel(ModelUnavailable("overloaded", retry_after=30), GOOD)
    instance = await House(model).run()
    assert instance.state is WorkflowState.COMPLETED
    assert len({request.key for request in model.asked}) == 1


async def test_without_a_model_it_says_who_could_help() -> None:
    instance = await House(None).run()
    assert "whoever runs this bot could add one" in instance.steps["generate-solution"].error


async def test_a_plugin_that_is_not_there_fails_its_step_and_not_the_process() -> None:
    instance = await House(ScriptedModel(GOOD), PluginRegistry(())).run()
    step = instance.steps["classify-error"]
    assert (step.kind, instance.state) == ("bug", WorkflowState.COMPENSATED)
    assert "'error-classifier' cannot be used: it is not installed" in step.error


async def test_what_was_found_and_proposed_is_not_in_the_log() -> None:
    house = House(ScriptedModel(GOOD))
    instance = await house.run()
    assert not any("boil()" in str(e) or "trying again" in str(e) for e in house.store.read(instance.id))


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("HTTP 429 Too Many Requests", "rate-limit"),
        ("You have exceeded a secondary rate limit, HTTP 403", "rate-limit"),
        ("Resource not accessible by integration", "permission"),
        ("CONFLICT (content): Merge conflict in a.py", "conflict"),
        ("3 failed, 20 passed in 2 s", "gate"),
        ("coverage 61 % is below 80 %", "gate"),
        ("Connection reset by peer", "transient"),
        ("ETIMEDOUT 10.0.0.1:443", "transient"),
        ("HTTP 422: Invalid request", "bad-input"),
        ("Traceback (most recent call last): ... TypeError: None", "bug"),
        ("it went dark", "bug"),
    ],
)
def test_failures_are_told_apart_with_what_shows_it(message: str, kind: str) -> None:
    found = ErrorClassifier().classify(message)
    assert found.kind == kind
    assert found.evidence


@given(st.text(max_size=400))
def test_any_message_has_a_kind_and_evidence_that_stands_in_it(message: str) -> None:
    found = ErrorClassifier().classify(message)
    for line in found.evidence:
        quoted = re.fullmatch(r"[a-z-]+: “(.*)”", line)
        assert quoted is None or quoted[1] in " ".join(message.split())


def test_the_best_passage_comes_first_and_the_query_is_only_words() -> None:
    documents = {**DOCUMENTS, "docs/tea.md": "tea " * 50 + "kettle"}
    found = retrieve(documents, 'kettle AND NOT "failure" NEAR( *')
    assert found[0].path == "docs/kettle.md"
    assert retrieve(documents, "«»!?") == ()


@given(st.text(max_size=60))
def test_no_query_is_an_error(query: str) -> None:
    assert len(retrieve(DOCUMENTS, query)) <= 2


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (GOOD, Verdict.PASS),
        (BROKEN, Verdict.FAIL),
        ("just words", Verdict.FAIL),
        ("```json\n{\n```\n", Verdict.FAIL),
        ("```yaml\na: [\n```\n", Verdict.FAIL),
        ("```diff\n+ a\n```\n", Verdict.PASS),
        (f"```diff\n+ token = 'ghp_{'a' * 36}'\n```\n", Verdict.FAIL),
        (f"```python\n{'(' * 5000}\n```\n", Verdict.FAIL),
    ],
)
def test_a_proposal_is_judged_without_running_it(text: str, verdict: Verdict) -> None:
    assert judge_solution(text).verdict is verdict


async def test_a_step_type_that_cannot_be_loaded_stops_its_step_for_a_human() -> None:
    broken = BrokenStep(
        Installed("error-analysis", "elsewhere:X", problem="cannot be loaded: ImportError: no")
    )
    house = House(ScriptedModel(GOOD))
    house.engine.step_types["error-analysis"] = broken
    instance = await house.run()
    assert instance.state is WorkflowState.PARKED
    assert "cannot be loaded" in instance.reason
