"""plan-renumbering and commit-renumbering: a record of an open pull request gets a number that nobody has.

What changes is decided first and kept, so that a commit whose answer was lost is found again. The App writes only
to a branch of this repository that is not the default branch, and only for somebody who could write there too:
anybody may open a pull request for somebody else's branch. All others get the change as a patch. Not here: what
means the record (bot/records/renumber.py).
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import msgspec

from bot.engine.outcome import DomainEvent, Done, Outcome
from bot.engine.ports import StepContext
from bot.github import errors
from bot.github.commits import BranchMoved, append_commit
from bot.github.objects import Pull
from bot.github.repository import WRITERS, Repository
from bot.plans.configuration import Configuration, ConfigurationError
from bot.records.renumber import moved, renumber, root_of
from bot.records.reservation import Claim, contested, next_free, number_of, same_series
from bot.render import renumbering as words
from bot.render.markdown import Safe
from bot.render.patch import patch
from bot.steps.base import GitHubStep, blob, keep_json
from bot.steps.proposal import Proposal, claims, proposal
from bot.steps.reading import blob_of, configuration_at, snapshot

_MOST_BESIDE = 100
"""Files beside the log that are mended too, or that move with a record's folder."""


class _Change(msgspec.Struct):
    """What the commit is made of, as it is kept between the steps. files: base64, null for what is gone."""

    files: dict[str, str | None]
    moves: list[tuple[str, str]]
    patch: str | None


class PlanRenumbering(GitHubStep):
    """Result: answer (Markdown, where nothing is to be committed), else change (digest), head_sha, branch,
    message. Inputs: number: of the pull request; wanted: the new number as text, or empty; user: who asks.
    """

    type = "plan-renumbering"
    inputs = frozenset({"repository", "number", "wanted", "user"})

    async def do(self, ctx: StepContext) -> Outcome:
        repository = self.repository(ctx)
        pull = await repository.pull(int(ctx.inputs["number"]))
        if pull.state != "open":
            return _said(words.not_open())
        try:
            configuration = await configuration_at(repository, pull.base.ref)
        except ConfigurationError as error:
            return _said(words.configuration_broken(str(error)))
        proposed = await proposal(repository, pull.number, pull.head.sha, pull.base.ref, configuration)
        records = _records(proposed) if proposed else []
        if proposed is None or not records:
            return _said(words.no_record())
        others, _ = await claims(repository, pull.number, pull.base.ref, configuration)
        chosen = _targets(records, _Taken(proposed, others, pull.number), str(ctx.inputs["wanted"]))
        if isinstance(chosen, Safe):
            return _said(chosen)
        files = await self._files(repository, pull, configuration, proposed, chosen)
        if files is None:
            return _said(words.too_much(_MOST_BESIDE))
        now, known = files
        changes, moves = _changes(now, known, chosen, repository.full_name)
        shown = patch(now, changes, _renames(changes, moves))
        why = await _not_ours_to_write(repository, pull, str(ctx.inputs["user"]))
        if why is not None:
            return _said(words.here_is_the_patch(moves, shown, why))
        kept = {p: None if d is None else base64.b64encode(d).decode() for p, d in changes.items()}
        change = _Change(kept, moves, None if shown is None else str(shown))
        return Done(
            {
                "answer": "",
                "change": keep_json(ctx, change),
                "head_sha": pull.head.sha,
                "branch": pull.head.ref,
                "message": _message(moves, str(ctx.inputs["user"])),
            }
        )

    async def _files(
        self,
        repository: Repository,
        pull: Pull,
        configuration: Configuration,
        proposed: Proposal,
        chosen: Mapping[str, int],
    ) -> tuple[dict[str, bytes], dict[str, bytes]] | None:
        """All that may name the records, at the head; and what of it is not the author's. None if too much."""
        at_head = await snapshot(repository, pull.head.sha, configuration)
        now, known = dict(at_head.files), dict(proposed.base.files)
        texts = {f.filename for f in proposed.files if f.patch is not None and f.status != "removed"}
        roots = tuple(f"{root_of(path)}/" for path in chosen)
        beside = {p for p in proposed.tree if p.startswith(roots)} - now.keys()
        for path in sorted(beside | (texts - now.keys())):
            entry = proposed.tree.get(path)
            if entry is None or entry.type != "blob":
                continue
            if len(now) - len(at_head.files) >= _MOST_BESIDE:
                return None
            now[path] = await blob_of(repository, entry.sha)
            known[path] = now[path]  # outside of the log only paths surely mean a record
        return now, known


def _said(answer: Safe) -> Outcome:
    return Done({"answer": str(answer), "change": ""})


def _records(proposed: Proposal) -> list[str]:
    """The new records with a number, in order."""
    return sorted(path for path in proposed.added if number_of(path) is not None)


@dataclass(frozen=True, slots=True)
class _Taken:
    """Who has which number, as one pull request sees it."""

    proposed: Proposal
    others: Collection[Claim]
    pull: int

    def paths(self) -> set[str]:
        """All records there are. The author's own come on top, but for those that need another number."""
        return {p for p in {*self.proposed.after.files, *self.proposed.base.files} if not self._open(p)}

    def claimed(self) -> set[str]:
        """All that may come."""
        return {*(c.path for c in self.others), *(p for p in self.proposed.added if self._open(p))}

    def _open(self, path: str) -> bool:
        return path in self.proposed.added and self.must_go(path)

    def by(self, path: str, number: int) -> str | None:
        """Who has this number in the record's series, in words: the log first, then pull requests."""
        there = self.proposed.after.files.keys() | self.proposed.base.files.keys()
        for other in sorted(there - {path}):
            if number_of(other) == number and same_series(other, path):
                return other
        held = sorted((c.pull, c.path) for c in self.others if c.path != path)
        return next((f"#{n}" for n, p in held if number_of(p) == number and same_series(p, path)), None)

    def must_go(self, path: str) -> bool:
        """Whether somebody else was first with the record's number."""
        number = number_of(path)
        earlier = [c for c in self.others if c.pull < self.pull]
        twins = (
            other
            for other in self.proposed.after.files
            if other != path and number_of(other) == number and same_series(other, path)
        )
        return bool(contested(path, earlier)) or any(t not in self.proposed.added or t < path for t in twins)


def _targets(records: list[str], taken: _Taken, wanted: str) -> dict[str, int] | Safe:
    """The records that get another number, with it; or what to answer instead."""
    bound = [path for path in records if taken.must_go(path)]
    if not wanted:
        if not bound:
            return words.number_is_free(records)
        out: dict[str, int] = {}
        paths, claimed = taken.paths(), taken.claimed()
        for path in bound:
            out[path] = next_free(path, paths, claimed)
            paths.add(moved(root_of(path), out[path]) + path[len(root_of(path)) :])
        return out
    chosen, number = bound or records, int(wanted)
    if len(chosen) > 1:
        return words.which_record(chosen)
    free, by = next_free(chosen[0], taken.paths(), taken.claimed()), taken.by(chosen[0], number)
    if number_of(chosen[0]) == number:
        return words.number_is_its_own(number, chosen[0], free)
    return words.number_is_taken(number, by, free) if by else {chosen[0]: number}


def _changes(
    now: Mapping[str, bytes], known: Mapping[str, bytes], chosen: Mapping[str, int], repository: str
) -> tuple[dict[str, bytes | None], list[tuple[str, str]]]:
    """All files that change, and which record moved where."""
    files, changes, moves = dict(now), dict[str, bytes | None](), list[tuple[str, str]]()
    for path, number in chosen.items():
        step = renumber(files, path, number, before=known, repository=repository)
        for name, data in step.items():
            changes[name] = data
            if data is None:
                del files[name]
            else:
                files[name] = data
        root = root_of(path)
        moves.append((path, moved(root, number) + path[len(root) :]))
    return changes, moves


def _renames(changes: Mapping[str, bytes | None], moves: list[tuple[str, str]]) -> dict[str, str]:
    """Old to new path of all files that move, with those of a record's folder."""
    out = {}
    for old, new in moves:
        root, target = root_of(old), root_of(new)
        for path, data in changes.items():
            if data is None and (path == root or path.startswith(f"{root}/")):
                out[path] = target + path[len(root) :]
    return out


async def _not_ours_to_write(repository: Repository, pull: Pull, user: str) -> Safe | None:
    """Why the branch is not written, or None if it may be."""
    if pull.head.repo is None or pull.head.repo.full_name != repository.full_name:
        return words.other_repository()
    if pull.head.ref in ((await repository.info()).default_branch, pull.base.ref):
        return words.default_branch(pull.head.ref)
    if await repository.permission(user) not in WRITERS:
        return words.no_writer(user, pull.head.ref)
    return None


def _message(moves: list[tuple[str, str]], user: str) -> str:
    numbers = ", ".join(f"{number_of(old)} to {number_of(new)}" for old, new in moves)
    why = f"The number was taken. Asked for by {user} with /cloi adr renumber."
    return f"Renumber decision record {numbers}\n\n{why}"


class CommitRenumbering(GitHubStep):
    """Writes the change to the branch. Result: answer, commit (where there is one)."""

    type = "commit-renumbering"
    inputs = frozenset({"repository", "change", "head_sha", "branch", "message"})

    async def do(self, ctx: StepContext) -> Outcome:
        change = msgspec.json.decode(blob(ctx, "change"), type=_Change)
        files = {p: None if d is None else base64.b64decode(d) for p, d in change.files.items()}
        branch = str(ctx.inputs["branch"])
        try:
            sha = await append_commit(
                ctx,
                self.repository(ctx),
                branch=branch,
                head_sha=str(ctx.inputs["head_sha"]),
                files=files,
                message=str(ctx.inputs["message"]),
            )
        except BranchMoved:
            return _said(words.branch_moved(branch))
        except (errors.Refused, errors.Invalid) as error:
            shown = Safe(change.patch) if change.patch else None
            return _said(words.here_is_the_patch(change.moves, shown, words.refused(branch, error.message)))
        others = sorted(
            p for p, d in change.files.items() if d is not None and p not in {n for _, n in change.moves}
        )
        event = DomainEvent("RecordRenumbered", {"moves": [list(m) for m in change.moves], "commit": sha})
        return Done(
            {"answer": str(words.renumbered(change.moves, sha, others)), "commit": sha}, events=(event,)
        )
