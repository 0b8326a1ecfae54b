"""Answers to `/cloi adr renumber`, a named function each; their words are in templates/words.

Each says what was changed and what was not, or why nothing was, and what to do next.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.render.markdown import Safe, code
from bot.render.plain import clause
from bot.render.words import say

_MOST = 20
_PULL = re.compile(r"#\d+")
Moves = Sequence[tuple[str, str]]
"""Old and new path of each record."""


def renumbered(moves: Moves, commit: str, others: Sequence[str]) -> Safe:
    """It is done. others: files in which references were mended."""
    more = max(0, len(others) - _MOST)
    return _say("renumbered", moves=_moves(moves), commit=commit, others=_paths(others), more=more)


def here_is_the_patch(moves: Moves, patch: Safe | None, why: Safe) -> Safe:
    """The branch was not written. patch: None if a comment cannot carry it. why: one of the reasons below."""
    return _say("here_is_the_patch", moves=_moves(moves), patch=patch, why=why)


def other_repository() -> Safe:
    """A reason: the branch is a fork's."""
    return _say("other_repository")


def default_branch(branch: str) -> Safe:
    """A reason: the branch is one that pull requests go to."""
    return _say("default_branch", branch=code(branch))


def no_writer(login: str, branch: str) -> Safe:
    """A reason: who asked could not write there either."""
    return _say("no_writer", login=login, branch=code(branch))


def refused(branch: str, reason: str) -> Safe:
    """A reason: GitHub would not have it."""
    return _say("refused", branch=code(branch), reason=clause(reason))


def branch_moved(branch: str) -> Safe:
    """Somebody pushed in between."""
    return _say("branch_moved", branch=code(branch))


def not_open() -> Safe:
    """The pull request is merged or closed."""
    return _say("not_open")


def not_a_pull() -> Safe:
    """The command was written on an issue."""
    return _say("not_a_pull")


def no_record() -> Safe:
    """Nothing in the pull request could be renumbered."""
    return _say("no_record")


def number_is_free(paths: Sequence[str]) -> Safe:
    """Nobody else has the numbers of the new records."""
    return _say("number_is_free", paths=_paths(paths), many=len(paths) > 1)


def number_is_taken(number: int, by: str, free: int) -> Safe:
    """The number that was asked for is not free. by: a path or a pull request; free: one that is."""
    return _say("number_is_taken", number=number, by=Safe(by) if _PULL.fullmatch(by) else code(by), free=free)


def number_is_its_own(number: int, path: str, free: int) -> Safe:
    """The number that was asked for is the one that the record has."""
    return _say("number_is_its_own", number=number, path=code(path), free=free)


def which_record(paths: Sequence[str]) -> Safe:
    """A number was given, and several records could get it."""
    return _say("which_record", paths=_paths(paths))


def configuration_broken(reason: str) -> Safe:
    """Where records lie is not known."""
    return _say("configuration_broken", reason=clause(reason))


def too_much(most: int) -> Safe:
    """More files than are changed in one go."""
    return _say("too_much", most=most)


def usage() -> Safe:
    """Something else stood behind `/cloi adr`."""
    return _say("usage")


def _moves(moves: Moves) -> list[tuple[Safe, Safe]]:
    return [(code(old), code(new)) for old, new in moves]


def _paths(paths: Sequence[str]) -> Safe:
    return Safe(", ".join(code(path) for path in paths[:_MOST]))


def _say(block: str, **values: object) -> Safe:
    return say("renumbering", block, **values)
