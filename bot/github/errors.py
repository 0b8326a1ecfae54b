"""What GitHub may answer instead of what was asked for, by what one can do about it.

A step needs to know three things: did it happen, does it help to try again, and who can do something. So
there is one class for each answer to these, not for each status. `as_failed` says it to the engine. Not
here: how an answer becomes an error (wire.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.engine.outcome import Failed


class GitHubError(Exception):
    """Any of these. message: one plain sentence. method, path, status: of the request; status 0 if none came."""

    def __init__(self, message: str, *, method: str = "", path: str = "", status: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.method = method
        self.path = path
        self.status = status


class NotFound(GitHubError):
    """404 or 410: not there, not there yet (it may lag behind the event by seconds), or not ours to see."""


class Refused(GitHubError):
    """401, 403 or 451: we may not. Trying again does not help; a person must allow it."""


class NotInstalled(Refused):
    """The App is not installed on this repository."""


class PermissionMissing(Refused):
    """The installation was never given a permission that the effect needs. permission, level: which one."""

    def __init__(self, permission: str, level: str, repository: str) -> None:
        super().__init__(
            f"The App has no “{permission}: {level}” permission on {repository}. An owner of "
            f"{repository.partition('/')[0]} can accept it in the App's installation settings."
        )
        self.permission = permission
        self.level = level


class Invalid(GitHubError):
    """400, 413, 415, 422: GitHub understood the request and cannot do it as it is. errors: its own details."""

    def __init__(
        self, message: str, *, errors: Sequence[str] = (), method: str = "", path: str = "", status: int = 0
    ) -> None:
        super().__init__(message, method=method, path=path, status=status)
        self.errors = tuple(errors)


class Conflict(GitHubError):
    """405 or 409: the state of the thing forbids it."""


class RateLimited(GitHubError):
    """A limit was hit; nothing happened. retry_after: seconds until it makes sense to ask again."""

    def __init__(
        self, message: str, retry_after: float, *, method: str = "", path: str = "", status: int = 0
    ) -> None:
        super().__init__(message, method=method, path=path, status=status)
        self.retry_after = retry_after


class Unknown(GitHubError):
    """A write got a 5xx, or no answer: it may have happened. Look before doing it again."""


class Unavailable(GitHubError):
    """GitHub cannot be reached, or a read failed there: nothing happened."""


class Unreadable(GitHubError):
    """An answer that is not what GitHub documents: another version, or something in between."""


class ForeignObject(GitHubError):
    """Something stands where ours would be, and it is not ours, or not with our content. Never adopted."""


class ArtifactRefused(GitHubError):
    """An artifact that is too large, or not a plain archive of plain files. Nothing of it was read."""


# How soon a person's patience and GitHub's consistency allow another look, in seconds.
_SOON, _LATER = 10.0, 30.0


def as_failed(error: GitHubError, *, before_effect: bool = False) -> Failed:
    """What a step answers to the engine after this error. before_effect: the caller knows nothing was changed."""

    def failed(
        kind: str, *, retry_after: float | None = None, retryable: bool = False, park: bool = False
    ) -> Failed:
        return Failed(
            error=error.message,
            kind=kind,
            retryable=retryable,
            retry_after=retry_after,
            before_effect=before_effect,
            park=park,
        )

    match error:
        case RateLimited(retry_after=seconds):
            return failed("rate-limit", retryable=True, retry_after=seconds)
        case Unknown() | Unavailable():
            return failed("transient", retryable=True, retry_after=_LATER)
        case NotFound():
            return failed("transient", retryable=True, retry_after=_SOON)
        case Refused():
            return failed("permission", park=True)
        case ForeignObject():
            return failed("conflict", park=True)
        case Conflict():
            return failed("conflict")
        case Invalid() | ArtifactRefused():
            return failed("bad-input")
        case _:
            return failed("bug", park=True)
