"""Branches and tags as git keeps them: one small file each, moved under git's own lock, without a process.

A repository whose refs somebody has packed (`is_packed`) is left to git. Not here: objects (git_objects.py), who
may move what (refs.py).
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from bot.sandbox.git_objects import GitRefused

_BAD_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|\.lock(/|$)|(^|/)\.|[./]$")


def valid_ref(name: str) -> bool:
    """Whether `name`, such as "refs/heads/topic" or "topic", is a name that git takes (git check-ref-format)."""
    return bool(name) and not name.startswith(("-", "/")) and name != "@" and not _BAD_REF.search(name)


def is_packed(repository: Path) -> bool:
    """Whether refs may lie elsewhere than in files of their own."""
    return (repository / "packed-refs").exists()


def read(repository: Path, name: str) -> str | None:
    """What stands in a ref's file, if there is one."""
    try:
        return (repository / name).read_text().strip()
    except OSError:  # not there, a directory, or longer than any name
        return None


def names(repository: Path) -> list[str]:
    """Full names, sorted."""
    files = (path for path in (repository / "refs").rglob("*") if path.is_file())
    return sorted(name for path in files if valid_ref(name := path.relative_to(repository).as_posix()))


def move(repository: Path, ref: str, new: str | None, old: str | None) -> None:
    """Sets (or with new=None deletes) a full ref that must be at `old` (None: must not be). Raises GitRefused."""
    place, lock = repository / ref, repository / f"{ref}.lock"
    if not ref.startswith("refs/") or not valid_ref(ref):
        raise GitRefused(f"refusing to update ref with bad name '{ref}'")
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        with lock.open("x") as file:  # as git locks it: who comes second is refused
            file.write(f"{new}\n")
    except OSError as error:
        raise GitRefused(f"cannot lock ref '{ref}': {error.strerror}") from error
    try:
        if read(repository, ref) != old:
            raise GitRefused(f"cannot lock ref '{ref}': it is not at {old}")
        if new is None:
            place.unlink(missing_ok=True)
        else:
            _clear(place)
            lock.replace(place)
    except OSError as error:
        raise GitRefused(f"cannot update ref '{ref}': {error.strerror}") from error
    finally:
        lock.unlink(missing_ok=True)
    if new is None:
        with suppress(OSError):  # where other branches lie there
            for folder in Path(ref).parents[:-3]:
                (repository / folder).rmdir()


def _clear(place: Path) -> None:
    """Directories that deleted branches left where a branch is to be. Raises OSError if one is not empty."""
    if place.is_dir():
        for folder in sorted((path for path in place.rglob("*") if path.is_dir()), reverse=True):
            folder.rmdir()
        place.rmdir()
