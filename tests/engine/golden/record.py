"""Records the golden streams anew: `python tests/engine/golden/record.py [STORY TESTS …]` plays the stories of the
shipped definitions with the real engine, and keeps streams that came to an end, with all that was decided on.

A file is one instance: a line on it (definition, head of the chain, state at the end), then for each decision a
line with what `decide` was given, followed by its events, byte for byte as they were stored. Old files are proof
that old logs can be read: record anew what a changed definition makes, and keep the others.
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

HERE = Path(__file__).parent
STORIES = ("tests/stories",)
MOST = 2
"""Files for each definition and end."""


class Recorder:
    """A pytest plugin that listens to every coordinator of the tests, and writes when they are over."""

    def __init__(self) -> None:
        self.decided: dict[tuple[str, int], tuple[tuple[Any, ...], dict[str, Any]]] = {}
        self.stores: dict[int, Any] = {}
        self.found: dict[tuple[str, str], dict[frozenset[str], str]] = {}

    def pytest_configure(self) -> None:
        from bot.coordination import coordinator, starting

        for module in (coordinator, starting):
            for name in ("decide", "follow"):
                if hasattr(module, name):
                    setattr(module, name, self._listening(getattr(module, name)))
        right = coordinator.StepCoordinator.__init__

        def opened(this: Any, store: Any, *args: Any, **more: Any) -> None:
            right(this, store, *args, **more)
            self.stores[id(store)] = store

        coordinator.StepCoordinator.__init__ = opened  # type: ignore[method-assign]

    def _listening(self, do: Any) -> Any:
        def listened(instance: Any, definition: Any, given: Any, around: Any, *more: Any) -> Any:
            answer = do(instance, definition, given, around, *more)
            found = answer[0] if more else answer  # follow gives events, decide gives bodies
            bodies = tuple(getattr(one, "body", one) for one in found)
            if bodies:
                self.decided[instance.id, instance.version] = (bodies, _line(given, around, len(bodies)))
            return answer

        return listened

    def pytest_runtest_teardown(self) -> None:
        from bot.store.memory import MemoryStore

        for store in self.stores.values():
            if isinstance(store, MemoryStore):
                for row in store.summaries():
                    if not row.open and (text := self._golden(store, row.instance)):
                        names = frozenset(event.name for event in store.read(row.instance))
                        known = self.found.setdefault((row.definition, row.state), {})
                        if names not in known or len(text) < len(known[names]):
                            known[names] = text
        self.stores.clear()
        self.decided.clear()

    def _golden(self, store: Any, stream: str) -> str | None:
        """The file's text; None where not every event's decision was heard, as after a kill."""
        from bot.engine.evolve import fold

        events = store.read(stream)
        final = fold(events)
        around = next((line for (name, _), (_, line) in self.decided.items() if name == stream), None)
        if around is None or final is None:
            return None
        head = {
            "definition": store.get_blob(f"sha256:{final.digest}").decode(),
            "head": store.head(stream),
            "undoable": around["undoable"],
            "final": msgspec.to_builtins(final),
        }
        lines = [msgspec.json.encode(head)]
        data = [row.data for row in store._streams[stream]]
        version = 0
        while version < len(events):
            bodies, line = self.decided.get((stream, version), ((), {}))
            if bodies and bodies == tuple(event.body for event in events[version : version + len(bodies)]):
                lines.append(msgspec.json.encode({k: v for k, v in line.items() if k != "undoable"}))
                lines += data[version : version + len(bodies)]
                version += len(bodies)
            elif version < 2:  # how an instance begins was not decided, but asked for
                lines.append(data[version])
                version += 1
            else:
                return None
        return b"\n".join(lines).decode() + "\n"

    def pytest_sessionfinish(self) -> None:
        for (definition, state), streams in sorted(self.found.items()):
            telling = sorted(streams, key=lambda names: (-len(names), sorted(names)))[:MOST]
            for number, names in enumerate(telling, start=1):
                (HERE / f"{definition}-{state}-{number}.jsonl").write_text(streams[names])


def _line(given: Any, around: Any, events: int) -> dict[str, Any]:
    return {
        "given": {"type": type(given).__name__, **msgspec.to_builtins(dataclasses.replace(given))},
        "now": around.now.isoformat(),
        "chance": around.chance,
        "in_flight": sorted(around.in_flight),
        "undoable": sorted(around.undoable),
        "events": events,
    }


if __name__ == "__main__":
    chosen = sys.argv[1:] or list(STORIES)
    sys.exit(pytest.main(["-n0", "-p", "no:cacheprovider", *chosen], plugins=[Recorder()]))
