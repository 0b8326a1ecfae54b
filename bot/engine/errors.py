"""What can go wrong in the engine, each with who can act on it. Names WorkflowExecutionError and
ImplementationWorkflowError are ADR-012's."""

from __future__ import annotations


class EngineError(Exception):
    """Any error of the engine."""


class ConcurrencyConflict(EngineError):
    """Somebody else appended to the stream first. The caller reads again and decides anew."""

    def __init__(self, stream: str, expected: int, found: int) -> None:
        super().__init__(f"{stream}: expected version {expected}, found {found}")
        self.stream = stream
        self.expected = expected
        self.found = found


class UnknownInstance(EngineError):
    """No instance has this id."""


class NotAllowedNow(EngineError):
    """What was asked does not fit the instance's state; the message says which state it is in."""


class NotAllowed(NotAllowedNow):
    """Who asked may not; the message says why, and who could (ports.Policy)."""


class StoreError(EngineError):
    """The store cannot be used: locked by another process, written by a newer version, or damaged."""


class WorkflowExecutionError(EngineError):
    """A step of an instance went wrong (ADR-012, `executeWorkflow`). instance: its id; step: its name."""

    def __init__(self, message: str, *, instance: str, step: str | None = None) -> None:
        super().__init__(f"{instance}{'/' + step if step else ''}: {message}")
        self.instance = instance
        self.step = step


class ImplementationWorkflowError(WorkflowExecutionError):
    """The same for an implementation (ADR-012, `executeImplementationWorkflow`).

    progress_id: the plan's progressTrackingId, under which the implementation is followed.
    """

    def __init__(
        self, message: str, *, instance: str, step: str | None = None, progress_id: str | None = None
    ) -> None:
        super().__init__(message, instance=instance, step=step)
        self.progress_id = progress_id
