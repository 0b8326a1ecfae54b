"""What people may do to an instance: cancel, roll back, retry, pause, resume, signal. Not here: starting it.

Each act is an event with its actor, and so is each refusal while the instance is open: the log is the audit
log. Who may is asked of one port (ports.Policy). A cause has its way once: what asks again after a crash changes
nothing and hears the same answer. Not here: what follows from an act (decide.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.engine import events as e
from bot.engine.errors import NotAllowed, NotAllowedNow
from bot.engine.given import Act, Asked, Given, Refused
from bot.engine.instance import WorkflowInstance
from bot.engine.ports import EventStore, Policy


class Operated:
    """The operators' side of the Step Coordinator. All raise UnknownInstance, NotAllowedNow or NotAllowed."""

    store: EventStore
    policy: Policy | None

    def _load(self, instance_id: str) -> WorkflowInstance:
        raise NotImplementedError

    def _apply(self, instance: WorkflowInstance, given: Given, *, actor: str, cause: str) -> WorkflowInstance:
        raise NotImplementedError

    def cancel(
        self,
        instance: str,
        *,
        actor: str,
        reason: str,
        cause: str = "operator",
        cancelled: bool = True,
        from_step: str = "",
    ) -> None:
        """Take the instance back (ADR-012, `rollbackWorkflow`). from_step: only this one and what builds upon it;
        then it parks, to be tried again from there, or to be taken back as a whole."""
        act: Act = "cancel" if cancelled and not from_step else "roll-back"
        self._act(instance, Asked(act, reason, from_step), actor, cause)

    def retry(
        self, instance: str, *, actor: str, cause: str = "operator", memo: Mapping[str, Any] | None = None
    ) -> None:
        """Let a parked instance go on."""
        self._act(instance, Asked("retry", data=memo or {}), actor, cause)

    def pause(self, instance: str, *, actor: str, reason: str, cause: str = "operator") -> None:
        """Begin nothing new until it is resumed. What is under way is recorded when it comes back."""
        self._act(instance, Asked("pause", reason), actor, cause)

    def resume(self, instance: str, *, actor: str, cause: str = "operator") -> None:
        """Let a paused instance go on."""
        self._act(instance, Asked("resume"), actor, cause)

    def signal(
        self, instance: str, name: str, data: Mapping[str, Any], *, actor: str, cause: str = "operator"
    ) -> None:
        """Give data to the next step that waits for a signal of this name, now or later; to one, once."""
        self._act(instance, Asked("signal", name=name, data=data), actor, cause)

    def _act(self, instance_id: str, given: Asked, actor: str, cause: str) -> None:
        instance = self._load(instance_id)
        before = None if cause == "operator" else self._caused(instance_id, cause)
        if before is not None:
            if isinstance(before, e.OperatorRefused):
                raise NotAllowedNow(before.reason)
            return
        try:
            why = self._refusal(actor, given.act, instance_id, cause)
            if why is not None:
                raise NotAllowed(why)
            self._apply(instance, given, actor=actor, cause=cause)
        except NotAllowedNow as error:
            if not instance.state.final:  # what has ended is not written to any more
                self._apply(instance, Refused(given.act, str(error)), actor=actor, cause=cause)
            raise

    def _refusal(self, actor: str, act: str, instance_id: str, cause: str) -> str | None:
        return None if self.policy is None else self.policy.refusal(actor, act, instance_id, cause)

    def _caused(self, instance_id: str, cause: str) -> e.Body | None:
        """What this cause has led to before, if it has: it may be asked again after a crash."""
        return next((event.body for event in self.store.read(instance_id) if event.cause == cause), None)
