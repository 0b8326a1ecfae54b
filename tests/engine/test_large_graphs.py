"""Thousands of steps: what is wrong with them is told in seconds, and taking them back is decided at once."""

import json
import time
from collections.abc import Collection, Mapping

from hypothesis import given
from hypothesis import strategies as st

from bot.engine.instance import StepInstance, WorkflowInstance
from bot.engine.saga import to_compensate
from bot.engine.state import StepState, WorkflowState
from bot.language.definition import parse
from bot.language.graph import ancestors, descendants
from bot.language.lint import lint

MANY = 2_000
SECONDS = 10.0
"""On a machine that has other things to do; before, it was more than three minutes."""


def text(steps: list[dict[str, object]]) -> str:
    return json.dumps({"workflow": {"name": "long", "version": "1", "steps": steps}})


def chain(many: int) -> list[dict[str, object]]:
    return [{"name": f"s{i}", "type": "t", "depends_on": [f"s{i - 1}"][:i]} for i in range(many)]


def by_hand(depends_on: Mapping[str, Collection[str]], name: str) -> set[str]:
    found: set[str] = set()
    ways = list(depends_on[name])
    while ways:
        if (above := ways.pop()) not in found:
            found.add(above)
            ways.extend(depends_on.get(above, ()))
    return found


GRAPHS = st.integers(1, 8).flatmap(
    lambda n: st.fixed_dictionaries(
        {f"s{i}": st.lists(st.integers(0, n).map("s{}".format), max_size=3).map(tuple) for i in range(n)}
    )
)


@given(graph=GRAPHS)
def test_what_comes_before_and_after_is_found_in_any_graph_with_circles_and_unknown_names(
    graph: dict[str, tuple[str, ...]],
) -> None:
    above, below = ancestors(graph), descendants(graph)
    for name in graph:
        assert set(above[name]) == by_hand(graph, name)
        assert set(below[name]) == {other for other in graph if name in by_hand(graph, other)}
        assert len(above[name]) == len(set(above[name]))
        assert all((other in above[name]) == (other in set(above[name])) for other in [*graph, "nobody"])


def test_the_mistakes_in_thousands_of_steps_are_told_in_seconds() -> None:
    circle = chain(MANY)
    circle[0]["depends_on"] = [f"s{MANY - 1}"]
    misspelt = [{**step, "depends_on": [f"s{i}x"]} for i, step in enumerate(chain(MANY))]
    began = time.monotonic()
    assert not lint(text(chain(MANY)))
    (found,) = lint(text(circle))
    assert found.rule == "cycle" and len(found.message) < 200
    unknown = lint(text(misspelt))
    assert len(unknown) == MANY and "did you mean" in unknown[0].suggestion
    assert time.monotonic() - began < SECONDS


def test_what_to_take_back_of_thousands_of_steps_is_decided_at_once() -> None:
    definition = parse(text(chain(MANY)))
    steps = {
        s.name: StepInstance(name=s.name, state=StepState.COMPLETED, undoable=True, order=i + 1)
        for i, s in enumerate(definition.steps)
    }
    now = "2026-01-01T00:00:00.000000Z"
    instance = WorkflowInstance(
        id="long/x", definition="long", definition_version="1", digest="", key="x", context={}, steps=steps,
        state=WorkflowState.ROLLING_BACK, version=1, actor="", cause="", correlation="",
        started_at=now, updated_at=now,
    )  # fmt: skip
    began = time.monotonic()
    assert list(to_compensate(instance, definition)) == [s.name for s in reversed(definition.steps)]
    assert time.monotonic() - began < SECONDS
