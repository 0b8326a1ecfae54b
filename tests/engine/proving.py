"""Random definitions with steps of every nature, and an oracle that says of each event whether it may come now.

The oracle is written from the rules as docs/engine.md and docs/guarantees.md word them, over the stored bytes;
it knows nothing of bot.engine's decide, fold or saga. Not here: the world that the steps act on, and faults
(simulated.py).
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from bot.language.definition import FixForward, Retry, StepDefinition, Trigger, WorkflowDefinition

FINAL = {"WorkflowCompleted", "WorkflowCompensated", "WorkflowCancelled"}


@dataclass(frozen=True)
class Nature:
    """How a step of a random definition behaves; all of it follows from what the engine tells it and the world.

    effect: makes one object. undoable: its type has a way back. stumbles: attempts that fail for a while.
    late: stumbling and failing come after the effect. waits: facts it must have heard of. ends: what becomes of
    its first `rounds` (done, fails, parks, raises, cancels, never hears). flag: what a `when` sees. signal: it
    waits for one, too. undo_*: the same for its undo.
    """

    effect: bool = True
    undoable: bool = True
    stumbles: int = 0
    late: bool = False
    waits: int = 0
    ends: str = "done"
    rounds: int = 1
    signal: bool = False
    flag: bool = True
    undo_waits: bool = False
    undo_patience: float | None = None
    undo_stumbles: int = 0
    undo_fails: bool = False


@dataclass(frozen=True)
class Drawn:
    """A definition, and the nature of each of its steps."""

    definition: WorkflowDefinition
    natures: dict[str, Nature]

    def skipped(self) -> set[str]:
        """Steps whose `when` cannot hold, by what the flags of others say."""
        found: set[str] = set()
        for step in self.definition.steps:
            if step.when is not None:
                seen = step.when.removeprefix("${outputs.").split(".")[0]
                if seen in found or not self.natures[seen].flag:
                    found.add(step.name)
        return found


def draw(rng: random.Random, *, most: int = 7, bad: int | None = None) -> Drawn:
    """A random definition of up to `most` steps. bad: how many steps at most do not end well; None is any."""
    steps: list[dict[str, Any]] = []
    natures: dict[str, Nature] = {}
    odds = rng.choice((0.0, 0.1, 0.3)) if bad is None else 0.25
    for i in range(rng.randint(1, most)):
        name, above = f"s{i}", list(natures)
        nature = _nature(rng, odds)
        if (
            nature.ends != "done"
            and bad is not None
            and sum(n.ends != "done" for n in natures.values()) >= bad
        ):
            nature = Nature(**{**nature.__dict__, "ends": "done"})
        natures[name] = nature
        step: dict[str, Any] = {"name": name, "type": "act" if nature.undoable else "leave"}
        step["outputs"] = {"flag": "flag"}
        step["depends_on"] = sorted(rng.sample(above, min(len(above), rng.choice((0, 1, 1, 2)))))
        step["retry"] = {"attempts": 12, "backoff": "2s", "most": "1m"}
        if step["depends_on"] and rng.random() < 0.2:
            step["when"] = f"${{outputs.{step['depends_on'][0]}.flag}}"
        if rng.random() < 0.3 and not any("parallel_group" in s for s in _above(step, steps)):
            step["parallel_group"] = "g"
        if rng.random() < 0.15:
            step["rollback_action"] = "clear"
        if nature.ends == "fails" and step["depends_on"] and rng.random() < 0.6:
            back = rng.choice(_above(step, steps))["name"]
            step["fix_forward"] = {"step": back, "most": rng.choice("12")}
        if nature.ends == "never" or (nature.waits and rng.random() < 0.3):
            step["timeout"] = rng.choice(("30s", "2h"))
        if rng.random() < 0.3:
            step["phase"] = rng.choice(("one", "two"))
        steps.append(step)
    return Drawn(_defined({"name": "drawn", "version": "1", "steps": steps}, rng), natures)


def _above(step: dict[str, Any], steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    direct = [s for s in steps if s["name"] in step["depends_on"]]
    return direct + [above for s in direct for above in _above(s, steps)]


def _nature(rng: random.Random, odds: float) -> Nature:
    some = rng.random
    ends = rng.choice(("fails", "fails", "parks", "raises", "cancels", "never")) if some() < odds else "done"
    waits = rng.choice((1, 2)) if some() < 0.25 or ends == "never" else 0
    signal = some() < 0.08
    return Nature(
        effect=some() < 0.8,
        undoable=some() < 0.75,
        stumbles=rng.choice((1, 2)) if some() < 0.25 else 0,
        late=some() < 0.5,
        waits=waits,
        ends=ends,
        rounds=rng.choice((1, 1, 2)) if ends == "fails" else 1,
        signal=signal,
        flag=signal or some() < 0.7,  # as the signal says
        undo_waits=some() < 0.15,
        undo_patience=3600 if some() < 0.3 else None,
        undo_stumbles=1 if some() < 0.2 else 0,
        undo_fails=some() < 0.1,
    )


def _defined(body: dict[str, Any], rng: random.Random) -> WorkflowDefinition:
    """As `parse` would read it (a test compares), at a hundredth of the cost."""
    body["trigger"] = {"on": "begin", "key": "${fact.key}"}
    if rng.random() < 0.15:
        body["most_at_once"] = rng.randint(1, 3)
    if rng.random() < 0.3:
        body["emits"] = {"started": "Begun", "completed": "Ended", "failed": "Broken"}
    if rng.random() < 0.15:
        body["rollback_required"] = f"${{outputs.{body['steps'][0]['name']}.flag}}"
    text = json.dumps({"workflow": body})
    digest = hashlib.sha256(text.encode()).hexdigest()
    return WorkflowDefinition(
        name=body["name"],
        version=body["version"],
        description="",
        steps=tuple(_step(step) for step in body["steps"]),
        digest=digest,
        text=text,
        triggers=(Trigger("begin", {}, "${fact.key}", {}),),
        emits=body.get("emits", {}),
        rollback_required=body.get("rollback_required"),
        most_at_once=body.get("most_at_once"),
    )


def _step(step: dict[str, Any]) -> StepDefinition:
    units = {"30s": 30.0, "2h": 7200.0, None: None}
    more = {"timeout": units[step.get("timeout")], "depends_on": tuple(step["depends_on"])}
    fix = FixForward(**step["fix_forward"]) if "fix_forward" in step else None
    return StepDefinition(**{**step, **more, "retry": Retry(12, 2.0, 60.0), "fix_forward": fix})


class Broken(AssertionError):
    """A rule does not hold."""


@dataclass
class Oracle:
    """What one instance has done so far, by its events alone; `see` raises Broken where one may not come now.

    begun: the key of each step's effect, durable; ended: place in the order of completion.
    """

    definition: WorkflowDefinition
    version: int = 0
    state: str = ""
    begun: dict[str, str] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    status: dict[str, str] = field(default_factory=dict)
    completed: list[str] = field(default_factory=list)
    harmless: set[str] = field(default_factory=set)
    undoable: set[str] = field(default_factory=set)
    undoing: set[str] = field(default_factory=set)
    undone: set[str] = field(default_factory=set)
    stuck: set[str] = field(default_factory=set)
    retreat: set[str] | None = None
    fixes: Counter[str] = field(default_factory=Counter)
    signals: Counter[str] = field(default_factory=Counter)

    def see(self, event: dict[str, Any]) -> None:
        """event: as it lies in the store, decoded."""
        body = event["body"]
        kind, step = body["type"], body.get("step")
        self.version += 1
        self._must(event["version"] == self.version, f"version {event['version']} comes as {self.version}")
        self._must(self.state != "final", f"{kind} after the end")
        self._must((self.version == 1) == (kind == "WorkflowStarted"), f"{kind} at {self.version}")
        handler = getattr(self, f"_{kind}", None)
        if handler is not None:
            handler(body, step)
        elif kind in FINAL:
            self.state = "final"

    def _must(self, holds: bool, words: str) -> None:
        if not holds:
            raise Broken(words)

    def _WorkflowStarted(self, body: dict[str, Any], step: None) -> None:
        self.state = "running"

    def _StepStarted(self, body: dict[str, Any], step: str) -> None:
        attempts = self.definition.step(step).retry.attempts
        self._must(self.state == "running", f"{step} begins while it is {self.state}")
        self._must(body["attempt"] <= attempts, f"{step} is tried more than {attempts} times")
        old = self.status.get(step)
        if old is None:
            self._first(step)
            self._must(body["key"] not in self.keys, f"{step} is begun anew with the old key")
        elif old == "retrying":
            self._must(body["key"] == self.begun[step], f"{step} is repeated with another key")
        else:
            self._must(old == "failed", f"{step} begins again while it is {old}")
            self._must(body["key"] not in self.keys, f"{step} is retried by hand with the old key")
        self.begun[step], self.status[step] = body["key"], "started"
        self.keys.add(body["key"])
        self.harmless.discard(step)
        if body.get("undoable") or self.definition.step(step).rollback_action:
            self.undoable.add(step)

    def _first(self, step: str) -> None:
        """After all that it and its group depend on, and no more at once than allowed."""
        settled = {s for s, is_ in self.status.items() if is_ in ("completed", "skipped")}
        group = self.definition.step(step).parallel_group
        mates = [s for s in self.definition.steps if s.name == step or (group and s.parallel_group == group)]
        missing = {needed for s in mates for needed in s.depends_on} - settled
        self._must(not missing, f"{step} begins before {sorted(missing)}")
        self._must("failed" not in self.status.values(), f"{step} begins after another failed")
        under_way = len(self._under_way()) + 1
        most = self.definition.most_at_once or under_way
        self._must(under_way <= most, f"{step} begins as one of {under_way} at once")

    def _under_way(self) -> set[str]:
        return {s for s, is_ in self.status.items() if is_ in ("started", "waiting", "retrying")}

    def _StepWaiting(self, body: dict[str, Any], step: str) -> None:
        self._must(self.status[step] in ("started", "waiting"), f"{step} waits, and is {self.status[step]}")
        self.status[step] = "waiting"

    def _StepRetryScheduled(self, body: dict[str, Any], step: str) -> None:
        self._must(
            self.status[step] in ("started", "waiting"), f"{step} stumbles, and is {self.status[step]}"
        )
        self.status[step] = "retrying"

    def _StepCompleted(self, body: dict[str, Any], step: str) -> None:
        self._must(self.status[step] in ("started", "waiting"), f"{step} ends, and is {self.status[step]}")
        self._must(step not in self.undoing, f"{step} ends after its undoing began")
        if signal := body.get("signal"):
            self._must(self.signals[signal] > 0, f"{step} takes a signal that nobody gave, or another took")
            self.signals[signal] -= 1
        self.status[step] = "completed"
        self.completed.append(step)

    def _StepFailed(self, body: dict[str, Any], step: str) -> None:
        self._must(self.status[step] in ("started", "waiting"), f"{step} fails, and is {self.status[step]}")
        self.status[step] = "failed"
        if body.get("before_effect"):
            self.harmless.add(step)

    def _StepSkipped(self, body: dict[str, Any], step: str) -> None:
        self._must(step not in self.status, f"{step} is skipped, and is {self.status.get(step)}")
        self.status[step] = "skipped"

    def _WorkflowParked(self, body: dict[str, Any], step: str | None) -> None:
        self._must(self.state in ("running", "rolling back"), f"parked while {self.state}")
        self._must(bool(body["reason"].strip()), "parked without a sentence")
        self.state = "parked"

    def _WorkflowPaused(self, body: dict[str, Any], step: None) -> None:
        self._must(self.state == "running", f"paused while {self.state}")
        self._must(bool(body["reason"].strip()), "paused without a sentence")
        self.state = "paused"

    def _WorkflowResumed(self, body: dict[str, Any], step: str | None) -> None:
        if body.get("anew"):
            self._anew(set(body["anew"]))
            return
        self._must(self.state in ("parked", "paused"), f"resumed while {self.state}")
        self.state = "rolling back" if self.undoing else "running"

    def _anew(self, steps: set[str]) -> None:
        """What was taken back, and all of that, is as if it had never begun."""
        self._must(self.retreat == steps, f"{sorted(steps)} begin anew, taken back were {self.retreat}")
        self._must(not self.left(), f"it goes on before {sorted(self.left())} are taken back")
        self._must(self.state in ("parked", "rolling back"), f"anew while {self.state}")
        for name in steps:
            self.begun.pop(name, None)
            self.status.pop(name, None)
        self.completed = [name for name in self.completed if name not in steps]
        for known in (self.harmless, self.undoable, self.undoing, self.undone, self.stuck):
            known -= steps
        self.state, self.retreat = "running", None

    def _RollbackInitiated(self, body: dict[str, Any], step: str | None) -> None:
        retreating = self.state == "rolling back" and self.retreat is not None
        self._must(
            self.state in ("running", "parked", "paused") or retreating, f"rolled back while {self.state}"
        )
        self._must(bool(body["reason"].strip()), "rolled back without a sentence")
        if step is not None:
            self._all_settled()
        self._back_to(body)

    def _FixForwardInitiated(self, body: dict[str, Any], step: str) -> None:
        fix = self.definition.step(step).fix_forward
        self._must(
            self.state == "running" and self.status[step] == "failed", f"{step} sends back, and may not"
        )
        self._must(
            fix is not None and fix.step == body["from_step"], f"{step} sends back to {body['from_step']}"
        )
        self.fixes[step] += 1
        self._must(fix is not None and self.fixes[step] <= int(fix.most), f"{step} sends back too often")
        self._all_settled()
        self._back_to(body)

    def _all_settled(self) -> None:
        """Of a parallel_group all come to an end, also those beside one that failed."""
        groups = {self.definition.step(s).parallel_group for s, is_ in self.status.items() if is_ == "failed"}
        left = {s for s in self._under_way() if self.definition.step(s).parallel_group in groups - {None}}
        self._must(not left, f"taken back while {sorted(left)} of the same group are under way")

    def _back_to(self, body: dict[str, Any]) -> None:
        """All is taken back, or what was begun from one step on."""
        first, before = body.get("from_step"), self.retreat or ()
        self._must(
            not first or self.retreat is not None or not self.undoing, "all is taken back, and then a part"
        )
        self.state, self.retreat = "rolling back", None
        if first:
            self.retreat = {first, *(self._built_upon(first) & self.status.keys()), *before}
            self._must(set(body["steps"]) == self.retreat, f"from {first} on is not {body['steps']}")

    def _SignalReceived(self, body: dict[str, Any], step: None) -> None:
        self.signals[body["name"]] += 1

    def left(self) -> set[str]:
        """Everything started, with a way back, not known to have failed before its effect, and not undone yet."""
        of = self.begun.keys() if self.retreat is None else self.begun.keys() & self.retreat
        return (of & self.undoable) - self.harmless - self.undone

    def _may_be_undone(self) -> set[str]:
        """Held by reverse depends_on; of these the unknown ones, else the one that completed last."""
        left = self.left()
        free = {step for step in left if not left & self._built_upon(step)}
        unknown = {step for step in free if self.status[step] != "completed"}
        return unknown or {max(free, key=self.completed.index)}

    def _built_upon(self, step: str) -> set[str]:
        direct = {s.name for s in self.definition.steps if step in s.depends_on}
        return direct.union(*(self._built_upon(s) for s in direct)) if direct else set()

    def _CompensationStarted(self, body: dict[str, Any], step: str) -> None:
        self._must(self.state == "rolling back", f"{step} is undone while it is {self.state}")
        self._must(step in self.left(), f"{step} is undone, and there is nothing to undo")
        if step not in self.undoing:  # what was begun is repeated, whatever else is wanted meanwhile
            allowed = self._may_be_undone()
            self._must(step in allowed, f"{step} is undone before {sorted(allowed)}")
        others = self.undoing - self.undone - self.stuck - {step}
        self._must(not others, f"{step} is undone while {sorted(others)} are not")
        wanted = self.definition.step(step).rollback_action or "undo"
        self._must(body["action"] == wanted, f"{step} is undone by {body['action']}, not {wanted}")
        self.undoing.add(step)
        self.stuck.discard(step)

    def _CompensationCompleted(self, body: dict[str, Any], step: str) -> None:
        self._must(step in self.undoing - self.undone, f"{step} is undone without having begun it")
        self.undone.add(step)

    def _CompensationFailed(self, body: dict[str, Any], step: str) -> None:
        if body.get("retry_at") is None:
            self.stuck.add(step)  # a human has to help

    def _WorkflowCompleted(self, body: dict[str, Any], step: None) -> None:
        open_ = {
            s.name for s in self.definition.steps if self.status.get(s.name) not in ("completed", "skipped")
        }
        self._must(not open_, f"completed without {sorted(open_)}")
        self._must(self.state == "running", f"completed while {self.state}")
        self.state = "final"

    def _taken_back(self, body: dict[str, Any], step: None) -> None:
        self._must(self.state == "rolling back", f"taken back while {self.state}")
        self._must(self.retreat is None, "taken back, and only a part was")
        self._must(bool(body["reason"].strip()), "taken back, and nobody knows why")
        self._must(not self.left(), f"taken back, but {sorted(self.left())} are not")
        self.state = "final"

    _WorkflowCompensated = _taken_back
    _WorkflowCancelled = _taken_back
