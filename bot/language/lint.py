"""Everything that is wrong with a definition, each with line, rule and suggestion (ADR-012, DSL). Pure.

`parse` refuses a text with the first error found here; `cloi lint` shows all, and with the step types at hand
also what no schema and no graph can tell. Warnings are what can never work as it is written; notices are
harmless. Not here: reading YAML (source.py) and the shape of things (schema.py).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bot.language.graph import ancestors, held_together
from bot.language.inputs import TYPES, Input, declared
from bot.language.references import is_well_formed, references
from bot.language.schema import did_you_mean, misfits
from bot.language.source import Finding, Path, Source, read

STEPS: Path = ("workflow", "steps")
_MOST_COMPARED = 20_000  # words, in search of what was meant: a second's work
_MOST_SHOWN = 10  # steps of a circle
_SECRET = re.compile(r"[A-Z][A-Z0-9_]*\Z")
ANY = frozenset({"*"})
"""Optional inputs of a step type that takes whatever it is given."""


class Takes(Protocol):
    """A step type, as far as a definition has to do with it: inputs it must and may be given."""

    inputs: frozenset[str]
    optional: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Step:
    """A step as far as it can be read; what is misshapen is left out, since it has been named already."""

    at: Path
    name: str
    depends_on: tuple[str, ...]
    outputs: Mapping[str, Any]
    raw: Mapping[str, Any]


def lint(
    text: str,
    types: Mapping[str, type[Takes]] | None = None,
    plugins: Collection[str] | None = None,
    facts: Mapping[str, Collection[str]] | None = None,
) -> tuple[Finding, ...]:
    """All findings, in order of lines. types, plugins, facts (kind to names of its data): those that exist; None
    does not look at them."""
    return examine(read(text), types, plugins, facts)


def examine(
    source: Source,
    types: Mapping[str, type[Takes]] | None = None,
    plugins: Collection[str] | None = None,
    facts: Mapping[str, Collection[str]] | None = None,
) -> tuple[Finding, ...]:
    """The same for a text that has been read."""
    if source.data is None:
        return source.findings
    found = set(source.findings)
    for misfit in misfits(source.data):
        found.add(Finding(source.line(misfit.at), misfit.rule, misfit.message, misfit.suggestion))
    body = _dict(_dict(source.data).get("workflow"))
    looking = _Looking(source, body)
    found.update(looking.graph())
    found.update(looking.groups())
    found.update(looking.fixes())
    found.update(looking.inputs())
    found.update(looking.all_references())
    if types is not None:
        found.update(looking.types(types))
    if plugins is not None:
        found.update(looking.plugins(plugins))
    if facts is not None:
        found.update(looking.facts(facts))
    if not any(f.severity == "error" for f in found):
        found.update(looking.unused())
    return tuple(sorted(found))


class _Looking:
    def __init__(self, source: Source, body: Mapping[str, Any]) -> None:
        self.source = source
        self.body = body
        self.patience = _MOST_COMPARED
        self.steps = [
            _Step((*STEPS, i), raw["name"], _words(raw.get("depends_on")), _dict(raw.get("outputs")), raw)
            for i, raw in enumerate(_list(body.get("steps")))
            if isinstance(raw, dict) and isinstance(raw.get("name"), str)
        ]
        self.by_name = {step.name: step for step in reversed(self.steps)}
        self.above = ancestors({name: step.depends_on for name, step in self.by_name.items()})

    def finding(self, at: Path, rule: str, message: str, suggestion: str = "", **more: Any) -> Finding:
        return Finding(self.source.line(at), rule, message, suggestion, **more)

    def near(self, word: str, known: Collection[str]) -> str:
        """What was meant, as long as it does not take too long: who has a thousand mistakes looks at the first."""
        self.patience -= len(known)
        return did_you_mean(word, known) if self.patience >= 0 else ""

    def graph(self) -> Iterator[Finding]:
        """Names given twice, dependencies on nothing, circles (each once)."""
        seen: set[str] = set()
        told: set[str] = set()
        for step in self.steps:
            if step.name in seen:
                yield self.finding((*step.at, "name"), "duplicate-step", f"two steps are named {step.name!r}")
            seen.add(step.name)
            for i, name in enumerate(step.depends_on):
                if name not in self.by_name:
                    message = f"{step.name} depends on {name!r}, which is no step"
                    suggestion = self.near(name, self.by_name)
                    yield self.finding((*step.at, "depends_on", i), "unknown-step", message, suggestion)
            if step.name in self.above[step.name] and step.name not in told:
                circle = self._circle(step.name)
                told |= {n for n in self.above[step.name] if step.name in self.above.get(n, ())}
                if len(circle) > _MOST_SHOWN:
                    circle = [*circle[: _MOST_SHOWN - 2], "…", circle[-1]]
                message = f"{' → '.join(circle)} go round in a circle"
                yield self.finding((*step.at, "depends_on"), "cycle", message, "leave one of them out")

    def groups(self) -> Iterator[Finding]:
        """Groups that could never begin, because one of them waits for another."""
        known = [(s.name, s.depends_on, _word(s.raw.get("parallel_group"))) for s in self.by_name.values()]
        above = ancestors(held_together(known))
        for step in self.steps:
            group = step.raw.get("parallel_group")
            if group and step.name in above[step.name] and step.name not in self.above[step.name]:
                message = f"{step.name} waits for the parallel_group {group!r} that it is to begin with"
                yield self.finding(
                    (*step.at, "parallel_group"), "parallel-group", message, "take it out of the group"
                )

    def fixes(self) -> Iterator[Finding]:
        """fix_forward to a step that is none, or that the step does not build upon."""
        for step in self.steps:
            name = _dict(step.raw.get("fix_forward")).get("step")
            at = (*step.at, "fix_forward", "step")
            if not isinstance(name, str):
                continue
            if name not in self.by_name:
                message = f"{step.name} fixes forward from {name!r}, which is no step"
                yield self.finding(at, "unknown-step", message, self.near(name, self.by_name))
            elif name != step.name and name not in self.above[step.name]:
                message = f"{step.name} does not build upon {name}, so a new try of it would change nothing"
                yield self.finding(at, "fix-forward", message, "name a step that it depends on")

    def inputs(self) -> Iterator[Finding]:
        """Inputs whose default or enum is not of their type, and triggers that do not give what is declared."""
        raw = {n: i for n, i in _dict(self.body.get("inputs")).items() if isinstance(i, dict)}
        known: dict[str, Input] = {}
        for name, said in raw.items():
            try:
                if str(said.get("type", "string")) in TYPES and isinstance(said.get("enum", []), list):
                    known |= declared({name: said})
            except ValueError as error:
                yield self.finding(("workflow", "inputs", name), "default", f"{name}: {error}")
        if "inputs" not in self.body:
            return
        for at, trigger in self._triggers():
            context = _dict(trigger.get("context"))
            for name in sorted(set(context) - set(raw)):
                message = f"the workflow declares no input {name!r}"
                yield self.finding((*at, "context", name), "unknown-input", message, self.near(name, raw))
            for name in sorted(n for n, one in known.items() if one.required and n not in context):
                message = f"this trigger does not give the input {name!r}, which is required"
                yield self.finding((*at, "context"), "missing-input", message, "give it, or a default to it")

    def _triggers(self) -> list[tuple[Path, dict[str, Any]]]:
        raw, at = self.body.get("trigger", []), ("workflow", "trigger")
        if isinstance(raw, list):
            return [((*at, i), t) for i, t in enumerate(raw) if isinstance(t, dict)]
        return [(at, raw)] if isinstance(raw, dict) else []

    def _circle(self, name: str) -> list[str]:
        """The shortest way along depends_on from a step back to itself."""
        ways = [[name]]
        seen = {name}
        while True:
            way = ways.pop(0)
            for above in self.by_name[way[-1]].depends_on:
                if above == name:
                    return [*way, name]
                if above in self.by_name and above not in seen:
                    seen.add(above)
                    ways.append([*way, above])

    def facts(self, known: Mapping[str, Collection[str]]) -> Iterator[Finding]:
        """Triggers that wait for what never comes: no such fact, or nothing of that name in it."""
        given, place = self.body.get("trigger"), ("workflow", "trigger")
        triggers = (
            [(place, given)]
            if isinstance(given, dict)
            else [((*place, i), t) for i, t in enumerate(_list(given))]
        )
        for at, raw in triggers:
            trigger = _dict(raw)
            kind = trigger.get("on")
            if not isinstance(kind, str):
                continue
            if kind not in known:
                hint = self.near(kind, known) or f"known are {', '.join(known)}"
                yield self.finding((*at, "on"), "unknown-fact", f"there is no fact {kind!r}", hint)
                continue
            named = [((*at, "where", name), name) for name in _dict(trigger.get("where"))]
            named += [
                (where, found[1])
                for where, found in _all(trigger, at)
                if found[:1] == ("fact",) and found[1:]
            ]
            for where, name in named:
                if name not in known[kind]:
                    message = f"the fact {kind!r} has no {name!r}"
                    yield self.finding(where, "unknown-fact-data", message, self.near(name, known[kind]))

    def all_references(self) -> Iterator[Finding]:
        """Every `${…}`: of the right form, and naming something that will be there."""
        for step in self.steps:
            for key in ("inputs", "when", "fix_forward"):
                for at, reference in _all(step.raw.get(key), (*step.at, key)):
                    yield from self._reference(at, reference, step)
            if isinstance(when := step.raw.get("when"), str) and "${" not in when:
                message = f"when is {when!r} each time, which decides nothing"
                hint = "write a reference such as ${context.name}"
                yield self.finding((*step.at, "when"), "constant-when", message, hint, severity="warning")
        for at, reference in _all(self.body.get("rollback_required"), ("workflow", "rollback_required")):
            yield from self._reference(at, reference, None)
        for at, reference in _all(self.body.get("trigger"), ("workflow", "trigger")):
            if not is_well_formed(reference) or reference[0] != "fact" or len(reference) < 2:
                message = f"{_shown(reference)} is no reference to the fact"
                yield self.finding(at, "reference", message, "a trigger sees ${fact.…} only")

    def _reference(self, at: Path, reference: tuple[str, ...], step: _Step | None) -> Iterator[Finding]:
        shown = _shown(reference)
        if not is_well_formed(reference) or reference[0] == "fact" or len(reference) < 2:
            hint = self.near(reference[0], ("context", "outputs")) if reference else ""
            message = f"{shown} is no reference to context or outputs"
            yield self.finding(at, "reference", message, hint or "write ${context.name}")
        elif reference[0] == "secret":
            if step is None or at[: len(step.at) + 1] != (*step.at, "inputs"):
                message = f"{shown}: a secret may stand in the inputs of a step only"
                yield self.finding(at, "secret", message, "no event may hold it, and deciding leaves events")
            elif len(reference) != 2 or not _SECRET.match(reference[1]):
                message = f"{shown} is no name of a secret"
                yield self.finding(at, "secret", message, "write ${secret.NAME}, in capitals, digits and _")
        elif reference[0] == "context":
            known = self._context()
            if "inputs" in self.body and reference[1] not in _dict(self.body["inputs"]):
                message = f"{shown} is no declared input of the workflow"
                hint = self.near(reference[1], _dict(self.body["inputs"]))
                yield self.finding(
                    at, "unknown-context", message, hint or f"declare {reference[1]!r} in inputs"
                )
            elif "inputs" not in self.body and known is not None and reference[1] not in known:
                message = f"{shown} can never resolve: no trigger gives {reference[1]!r}"
                suggestion = self.near(reference[1], known)
                yield self.finding(at, "unknown-context", message, suggestion, severity="warning")
        elif (source := self.by_name.get(reference[1])) is None:
            suggestion = self.near(reference[1], self.by_name)
            yield self.finding(at, "unknown-output", f"{shown} names no output of any step", suggestion)
        elif len(reference) < 3 or reference[2] not in source.outputs:
            suggestion = self.near(reference[2] if len(reference) > 2 else "", source.outputs)
            suggestion = suggestion or f"{source.name} exports {', '.join(source.outputs) or 'nothing'}"
            yield self.finding(at, "unknown-output", f"{shown} names no output of any step", suggestion)
        elif step is not None and source.name not in self.above[step.name]:
            message = f"{shown} may not be there yet when {step.name} begins"
            yield self.finding(at, "order", message, f"add {source.name!r} to its depends_on")

    def _context(self) -> set[str] | None:
        """What the triggers give; None where instances are started by code, with whatever it gives."""
        triggers = [t for _, t in self._triggers()]
        return set().union(*(_dict(t.get("context")) for t in triggers)) if triggers else None

    def types(self, types: Mapping[str, type[Takes]]) -> Iterator[Finding]:
        """Step types that nobody provides, and inputs that they do not take."""
        for step in self.steps:
            for key in ("type", "rollback_action"):
                name = step.raw.get(key)
                if isinstance(name, str) and name not in types:
                    message = f"nobody provides the step type {name!r} that {step.name} needs"
                    yield self.finding((*step.at, key), "unknown-type", message, self.near(name, types))
            known = types.get(str(step.raw.get("type")))
            if known is None:
                continue
            given, takes = _dict(step.raw.get("inputs")), known.inputs | known.optional
            for name in sorted(known.inputs - set(given)):
                message = f"{step.name} lacks the input {name!r} that {step.raw['type']} needs"
                yield self.finding((*step.at, "inputs"), "missing-input", message)
            for name in () if known.optional == ANY else sorted(set(given) - takes):
                message = f"{step.raw['type']} takes no input {name!r}"
                hint = self.near(name, takes) or f"it takes {', '.join(sorted(takes)) or 'none'}"
                yield self.finding((*step.at, "inputs", name), "unknown-input", message, hint)

    def plugins(self, plugins: Collection[str]) -> Iterator[Finding]:
        """Plugins that are not installed."""
        for step in self.steps:
            name = step.raw.get("plugin")
            if isinstance(name, str) and name not in plugins:
                message = f"there is no plugin {name!r} for {step.name}"
                yield self.finding((*step.at, "plugin"), "unknown-plugin", message, self.near(name, plugins))

    def unused(self) -> Iterator[Finding]:
        """Results that nobody looks at: a slip of the pen, or something to leave out."""
        used = {r[1:3] for _, r in _all(self.body, ()) if r[0] == "outputs"}
        needed = {name for step in self.steps for name in step.depends_on}
        for step in self.steps:
            idle = [name for name in step.outputs if (step.name, name) not in used]
            if idle and len(idle) == len(step.outputs) and step.name not in needed:
                message = f"nobody uses what {step.name} finds out, and nothing depends on it"
                yield self.finding((*step.at, "name"), "unused-step", message, severity="notice")
                continue
            for name in idle:
                message = f"nobody uses {step.name}'s output {name!r}"
                yield self.finding((*step.at, "outputs", name), "unused-output", message, severity="notice")


def _all(value: Any, at: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Every reference below a value, with the place of the text that holds it; an unclosed one is empty."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _all(item, (*at, key))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _all(item, (*at, i))
    elif isinstance(value, str):
        found = list(references(value))
        yield from ((at, reference) for reference in found)
        if value.count("${") > len(found):
            yield at, ("",)


def _shown(reference: tuple[str, ...]) -> str:
    return "${" + ".".join(reference) + "}" if reference != ("",) else "a `${` that is not closed"


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _words(value: Any) -> tuple[str, ...]:
    return tuple(item for item in _list(value) if isinstance(item, str))
