"""Plugin Management (ADR-012): what other packages, and we, add to the engine by the entry point `cloi.plugins`.

The base class of what is found says which kind it is: a step type, a classifier of failures, a recovery
strategy, or a gate. What cannot be loaded is listed with its reason and fails the step that needs it, never
the process. Not here: step types that need services (bot/steps/registry.py), and any single plugin.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal, TypeVar

from bot.engine.errors import EngineError
from bot.engine.outcome import Failed
from bot.engine.ports import StepContext, StepType
from bot.language.lint import ANY
from bot.result import Result

GROUP = "cloi.plugins"

Kind = Literal["transient", "rate-limit", "permission", "conflict", "bad-input", "gate", "bug"]
"""Of a failure."""


class PluginError(EngineError):
    """A plugin that is not there or cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Classification:
    """What sort of failure it is. evidence: what in the message shows it, as short sentences."""

    kind: Kind
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recovery:
    """What to do about a failure, and why. after: seconds to wait before a retry. fix-forward: the evidence goes
    back to the earlier step that the definition names."""

    action: Literal["retry", "fix-forward", "roll-back", "park"]
    reason: str
    after: float | None = None


class Plugin:
    """Base of all plugins but step types. name: in definitions. inputs, optional: what it must and may get."""

    name: str = ""
    inputs: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()


class Classifier(Plugin):
    """Error Analysis (ADR-012): says what sort of failure a message tells of. Pure."""

    def classify(self, message: str) -> Classification:
        raise NotImplementedError


class RecoveryStrategy(Plugin):
    """Decides what follows from a classified failure; None leaves it to the next strategy. Pure.

    failed: as the step said it; its kind is "bug" where it did not know.
    """

    def choose(self, found: Classification, failed: Failed, attempt: int) -> Recovery | None:
        raise NotImplementedError


class Gate(Plugin):
    """Judges what a step was given. What it writes lies under the context's key, for a rollback_action."""

    def judge(self, inputs: Mapping[str, Any], ctx: StepContext) -> Result:
        raise NotImplementedError


KINDS: Mapping[str, type] = {
    "step type": StepType,
    "classifier": Classifier,
    "recovery strategy": RecoveryStrategy,
    "gate": Gate,
}


@dataclass(frozen=True, slots=True)
class Installed:
    """An entry point and what came of it. problem: why it cannot be used; cls and kind are missing then."""

    name: str
    source: str
    kind: str = ""
    cls: type[Any] | None = None
    problem: str = ""

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of its inputs."""
        inputs: frozenset[str] = getattr(self.cls, "inputs", frozenset())
        optional: frozenset[str] = getattr(self.cls, "optional", frozenset())
        names = inputs if optional == ANY else inputs | optional
        out: dict[str, Any] = {"type": "object", "properties": {n: {} for n in sorted(names)}}
        return {**out, "required": sorted(inputs), "additionalProperties": optional == ANY}


def installed(entries: Iterable[EntryPoint] | None = None) -> tuple[Installed, ...]:
    """Everything behind the entry points, by name. Two of one kind and name are both unusable."""
    found = [_loaded(entry) for entry in (_entries() if entries is None else entries)]
    seen: dict[tuple[str, str], list[str]] = {}
    for one in found:
        seen.setdefault((one.kind, one.name), []).append(one.source)
    return tuple(
        Installed(one.name, one.source, problem=f"two provide it: {', '.join(sorted(sources))}")
        if one.cls is not None and len(sources := seen[one.kind, one.name]) > 1
        else one
        for one in sorted(found, key=lambda one: (one.kind, one.name, one.source))
    )


@cache
def _entries() -> tuple[EntryPoint, ...]:
    """Looked for once, in all packages there are: what is installed later needs a new process."""
    return tuple(entry_points(group=GROUP))


def _loaded(entry: EntryPoint) -> Installed:
    try:
        cls = entry.load()
    except (Exception, SystemExit) as error:  # whatever somebody else's module does when it is imported
        return Installed(
            entry.name, entry.value, problem=f"cannot be loaded: {type(error).__name__}: {error}"
        )
    kind = next((k for k, base in KINDS.items() if isinstance(cls, type) and issubclass(cls, base)), None)
    if kind is None:
        return Installed(entry.name, entry.value, problem=f"is none of {', '.join(KINDS)}")
    name = cls.type if kind == "step type" else cls.name
    if name != entry.name:
        return Installed(entry.name, entry.value, problem=f"calls itself {name!r}")
    return Installed(name, entry.value, kind, cls)


P = TypeVar("P", Classifier, RecoveryStrategy, Gate)


@dataclass(frozen=True, slots=True)
class PluginRegistry:
    """Plugins by name, made when they are asked for (ADR-012, `pluginManager.loadPlugin`)."""

    found: tuple[Installed, ...] = field(default_factory=installed)

    def load(self, name: str, base: type[P]) -> P:
        """A plugin of this name and kind. Raises PluginError."""
        kind = next(k for k, b in KINDS.items() if b is base)
        named = [one for one in self.found if one.name == name]
        for one in named:
            if one.cls is not None and one.kind == kind:
                plugin: P = one.cls()
                return plugin
        why = "; ".join(one.problem or f"is a {one.kind}" for one in named) or "is not installed"
        raise PluginError(f"the {kind} {name!r} cannot be used: it {why}")
