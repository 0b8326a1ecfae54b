"""A decision record on this machine: its repository's root, its log and configuration, for the command line.

The same things that steps read through GitHub (bot/steps/reading.py), read from the disk. Nothing is executed,
nothing outside of the record's repository is read, and written is only what `replace_file` is asked to.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.plans import cloi_yml
from bot.plans.configuration import CONFIGURATION_PATH, Configuration
from bot.records.identity import from_path
from bot.records.kinds import MARKUP, READ, FileKind
from bot.records.log import RecordLog
from bot.records.record import Record

_SKIPPED = frozenset({".git", "node_modules", ".venv", "__pycache__"})
_MOST_PATHS = 200_000


@dataclass(frozen=True, slots=True)
class Checkout:
    """root: of the repository, or the record's own directory outside of one."""

    root: Path
    configuration: Configuration
    paths: frozenset[str]


def checkout_of(file: Path) -> Checkout:
    """Where a file belongs. Raises ConfigurationError."""
    file = file.resolve()
    inside = next((p for p in file.parents if (p / ".git").exists()), None)
    root = inside or _log_root(file)
    settings = root / CONFIGURATION_PATH
    data = settings.read_bytes() if inside and settings.is_file() else None
    paths = frozenset(_walk(root)) if inside else frozenset()
    return Checkout(root, cloi_yml.read(data), paths)


def log_beside(file: Path, root: Path) -> RecordLog:
    """The log that a record lies in: all texts in its directory."""
    directory = file.resolve().parent
    there = [p for p in sorted(directory.iterdir()) if _is_text(p) and p.resolve().is_relative_to(root)]
    return RecordLog({_relative(p, root): p.read_bytes() for p in there})


def page_of(path: Path) -> Path:
    """The file that holds a record: of a directory its README or index, where it has one."""
    pages = [p for p in sorted(path.iterdir()) if _is_page(p)] if path.is_dir() else []
    return pages[0] if pages else path


def records_in(file: Path, root: Path, log: RecordLog) -> tuple[Record, ...]:
    """The records of this file: one, or several where a team keeps its log in one file, or none."""
    return log.all_of(_relative(file.resolve(), root))


def why_none(file: Path, root: Path, log: RecordLog) -> str:
    """What a file without a record looks like instead, as the end of a sentence about it."""
    if file.is_dir():
        return "it is a directory without a README or index; please name a file in it"
    if file.suffix.lower() not in MARKUP:
        return f"records are read from files that end with {', '.join(MARKUP)}"
    kind = log.kind_of(_relative(file.resolve(), root))
    if kind in (FileKind.TEMPLATE, FileKind.INDEX):
        return f"it looks like the {kind.value} of a log"
    return "a number in its name, or sections such as Status and Decision, would make it one"


@dataclass(frozen=True, slots=True)
class Gathered:
    """Decision records of several files and directories as one log. root: what its paths start from.

    named: paths that were asked for; the others only lie beside them.
    """

    root: Path
    log: RecordLog
    named: frozenset[str]

    def name(self, path: Path) -> str:
        """A path as the log has it."""
        return _relative(path.resolve(), self.root)


def gather(paths: Sequence[Path]) -> Gathered:
    """The log of these files and directories, paths from the repository's root, or else from what they share."""
    inside = [p.resolve() for p in paths]
    root = next((p for p in (inside[0], *inside[0].parents) if (p / ".git").exists()), None)
    if root is None or not all(p.is_relative_to(root) for p in inside):
        repository, root = None, Path(os.path.commonpath([_log_root(p) for p in inside]))
    else:
        repository = frozenset(_walk(root))
    # A link that leads out of what was asked for is somebody else's file.
    named = {p for p in (found.resolve() for _, found in texts(paths)) if p.is_relative_to(root)}
    beside = {p for path in inside if path.is_file() for p in path.parent.iterdir() if _is_text(p)}
    files = {_relative(p, root): p.read_bytes() for p in sorted(named | beside) if p.is_relative_to(root)}
    return Gathered(root, RecordLog(files, paths=repository), frozenset(_relative(p, root) for p in named))


def texts(paths: Iterable[Path], *, deep: bool = True) -> Iterator[tuple[str, Path]]:
    """All record-like files below these paths, as (name to show, file); a file named itself is always one.

    deep: directories with all below them, else only what lies in them.
    """
    for path in paths:
        if path.is_dir():
            for found in sorted(p for p in (path.rglob("*") if deep else path.iterdir()) if _is_text(p)):
                if not _SKIPPED & set(found.relative_to(path).parts):
                    yield found.as_posix(), found
        else:
            yield path.as_posix(), path


def replace_file(file: Path, data: bytes) -> None:
    """New content in one step, so that nobody sees half of it. A link stays one; the file keeps its mode."""
    file = file.resolve()
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
        beside.chmod(stat.S_IMODE(file.stat().st_mode))
        beside.replace(file)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _log_root(path: Path) -> Path:
    """What paths start from outside of a repository, so that a directory that is a record keeps its name."""
    folder = path if path.is_dir() else path.parent
    its_name_counts = from_path(f"{folder.name}/README.md").number is not None
    return folder.parent if its_name_counts and (path.is_dir() or _is_page(path)) else folder


def _is_page(path: Path) -> bool:
    return path.stem.lower() in ("readme", "index") and _is_text(path) and path.suffix in MARKUP


def _is_text(path: Path) -> bool:
    return path.suffix.lower() in READ and path.is_file()


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def _walk(root: Path) -> Iterator[str]:
    count = 0
    for directory, names, files in os.walk(root):
        names[:] = sorted(n for n in names if n not in _SKIPPED)
        for name in files:
            count += 1
            if count > _MOST_PATHS:
                return
            yield _relative(Path(directory) / name, root)
