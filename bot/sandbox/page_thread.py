"""What a person reads in a thread: the timeline of an issue or PR, the state of its checks, whether it can merge.

Pure, from the world's records to values for the templates. Not here: HTML (bot/sandbox/pages), diffs and logs
(page_text.py).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.sandbox import merging
from bot.sandbox.git import Commit
from bot.sandbox.world import App, CheckRun, Issue, Reaction, Repository, User

EMOJI = {
    "+1": "👍", "-1": "👎", "laugh": "😄", "confused": "😕", "heart": "❤️", "hooray": "🎉", "rocket": "🚀",
    "eyes": "👀",
}  # fmt: skip
_AT_ONCE = timedelta(seconds=1)  # a clock is read twice when a comment is made
_GOOD = ("success", "neutral", "skipped")


@dataclass(frozen=True)
class Entry:
    """One thing in a thread. kind: "comment" (with body), "review", "commit", or an event such as "merged".
    words: of an event, after the name of who did it; link: where it leads."""

    kind: str
    at: datetime
    user: User | None = None
    words: str = ""
    body: str | None = None
    app: App | None = None
    anchor: str = ""
    edited: bool = False
    reactions: tuple[tuple[str, int, str], ...] = ()  # emoji, how many, who
    link: str = ""
    commit: Commit | None = None


@dataclass(frozen=True)
class MergeState:
    """look: merged, closed, good, waiting or bad. reasons: what is missing, a sentence each."""

    look: str
    words: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tally:
    """The checks of a commit. look: good, waiting, bad or none."""

    look: str
    words: str
    runs: tuple[CheckRun, ...]


def timeline(issue: Issue) -> list[Entry]:
    """Everything that happened, oldest first; the issue's own text is its first comment."""
    entries = [
        Entry("comment", issue.created_at, issue.user, body=issue.body, app=issue.app, anchor="body"),
        *(
            Entry(
                "comment",
                comment.created_at,
                comment.user,
                body=comment.body,
                app=comment.app,
                anchor=f"issuecomment-{comment.id}",
                edited=comment.updated_at - comment.created_at > _AT_ONCE,
                reactions=reactions(comment.reactions),
            )
            for comment in issue.comments
        ),
        *_reviews(issue),
        *_commits(issue),
    ]
    order = sorted(entries, key=lambda entry: (entry.at, entry.kind != "comment"))
    return order + _end(issue)


def reactions(given: list[Reaction]) -> tuple[tuple[str, int, str], ...]:
    """Each emoji with how many and who."""
    counts = Counter(reaction.content for reaction in given)
    return tuple(
        (EMOJI.get(content, content), count, ", ".join(r.user.login for r in given if r.content == content))
        for content, count in counts.items()
    )


def _reviews(issue: Issue) -> list[Entry]:
    said = {
        "APPROVED": "approved these changes",
        "CHANGES_REQUESTED": "asked for changes",
        "DISMISSED": "had a review that was dismissed",
        "COMMENTED": "reviewed",
    }
    return [
        Entry("review", review.submitted_at, review.user, words=said[review.state], body=review.body or None)
        for review in (issue.pull.reviews if issue.pull else ())
        if review.state in said
    ]


def _commits(issue: Issue) -> list[Entry]:
    if not issue.pull:
        return []
    git = issue.repository.git
    found = [commit for sha in merging.own_commits(issue) if (commit := git.commit(sha))]
    first = issue.created_at
    return [
        Entry("commit", max(datetime.fromtimestamp(commit.committer.seconds, UTC), first), commit=commit)
        for commit in found
    ]


def _end(issue: Issue) -> list[Entry]:
    """The last word, if it was spoken. GitHub keeps every closing and opening; the sandbox the last."""
    pull = issue.pull
    if pull and pull.merged_at:
        sha = pull.merge_commit or ""
        words = f"merged {pull.head_ref} into {pull.base_ref}"
        return [Entry("merged", pull.merged_at, pull.merged_by, words, link=f"commit/{sha}" if sha else "")]
    if issue.state == "closed" and issue.closed_at:
        reason = {"not_planned": " as not planned", "completed": " as completed"}
        words = f"closed this{reason.get(issue.state_reason or '', '')}"
        return [Entry("closed", issue.closed_at, issue.closed_by, words)]
    return []


def tally(repository: Repository, sha: str) -> Tally:
    """The newest check of each name on a commit, worst first, and a sentence about all."""
    ranks = {"bad": 0, "waiting": 1, "good": 2, "none": 3}
    runs = sorted(merging.latest_checks(repository, sha), key=lambda run: (ranks[look(run)], run.name))
    looks = Counter(look(run) for run in runs)
    if not runs:
        return Tally("none", "No checks have been made on this commit.", ())
    if looks["bad"]:
        return Tally("bad", f"{looks['bad']} of {len(runs)} checks did not pass", tuple(runs))
    if looks["waiting"]:
        return Tally("waiting", f"{looks['waiting']} of {len(runs)} checks have not ended yet", tuple(runs))
    return Tally("good", "All checks have passed", tuple(runs))


def look(run: CheckRun) -> str:
    """good, bad, waiting, or none (skipped or neutral)."""
    if run.status != "completed":
        return "waiting"
    if run.conclusion == "success":
        return "good"
    return "none" if run.conclusion in _GOOD else "bad"


def merge_state(issue: Issue) -> MergeState:
    """What stands at the foot of a PR."""
    pull = issue.pull
    assert pull
    if pull.merged_at:
        return MergeState("merged", "This pull request is merged.")
    if issue.state == "closed":
        return MergeState("closed", "This pull request was closed without being merged.")
    mergeable, state = merging.mergeability(issue)
    if mergeable is False:
        paths = tuple(path for path in merging.conflicts(issue) if path)
        return MergeState("bad", f"This branch has conflicts with {pull.base_ref}.", paths)
    missing = (
        *merging.missing_checks(issue.repository, pull.base_ref, pull.head_sha),
        *merging.missing_approvals(issue),
    )
    words = {
        "draft": ("waiting", "This is a draft; it cannot be merged yet."),
        "blocked": ("waiting", "Merging is blocked until these are met:"),
        "unstable": ("waiting", "It can be merged, but not every check has passed."),
        "clean": ("good", "This branch has no conflicts and can be merged."),
    }
    return MergeState(*words.get(state, ("waiting", "GitHub is still working this out.")), missing)
