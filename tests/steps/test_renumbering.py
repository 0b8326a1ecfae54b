"""Which record gets which number, and whose branch is written: decided without asking anybody."""

from __future__ import annotations

import msgspec

from bot.github.objects import Pull, TreeEntry
from bot.github.repository import Repository
from bot.plans.configuration import Configuration
from bot.records.reservation import Claim
from bot.steps.proposal import Proposal
from bot.steps.reading import Snapshot
from bot.steps.renumbering import _not_ours_to_write, _renames, _Taken, _targets

A, B = "docs/adr/0003-a.md", "docs/adr/0003-b.md"


def proposed(base: list[str], added: list[str]) -> Proposal:
    """A pull request that adds these records to a log of those."""
    there = dict.fromkeys(base, b"# x\n")
    after = there | dict.fromkeys(added, b"# y\n")
    own = frozenset(added)
    settings = Configuration()
    return Proposal(
        Snapshot("b", settings, there, frozenset(there)),
        Snapshot("h", settings, after, frozenset(after)),
        own,
        own,
        (),
        {path: TreeEntry("100644", "0", "blob") for path in after},
    )


def targets(
    base: list[str], added: list[str], others: list[Claim], wanted: str = "", pull: int = 9
) -> object:
    return _targets(sorted(added), _Taken(proposed(base, added), others, pull), wanted)


def test_who_came_later_goes_to_the_next_number_that_nobody_has() -> None:
    others = [Claim(8, A), Claim(12, "docs/adr/0007-c.md")]
    assert targets(["docs/adr/0002-x.md"], [B], others) == {B: 8}


def test_who_came_first_stays() -> None:
    said = str(targets([], [B], [Claim(12, A)]))
    assert "nobody else has taken before" in said and "0003-b.md" in said


def test_of_two_records_of_one_pull_request_the_second_goes() -> None:
    assert targets([], [A, B], []) == {B: 4}


def test_what_the_log_has_is_taken() -> None:
    assert targets([A], [B], []) == {B: 4}
    assert targets([A, "docs/adr/0004-z.md"], [B], []) == {B: 5}


def test_a_number_that_is_asked_for_must_be_free() -> None:
    others = [Claim(12, "docs/adr/0007-c.md")]
    assert targets([A], [B], others, "6") == {B: 6}
    said = str(targets([A], [B], others, "7"))
    assert "Number 7 is taken by #12" in said and "`/cloi adr renumber 8`" in said
    assert "3 is already the number of" in str(targets([A], [B], others, "3"))


def test_one_number_for_two_records_is_a_question() -> None:
    assert "cannot be given to several" in str(targets([], [A, "docs/adr/0004-b.md"], [], "9"))


def test_all_files_of_a_folder_move_with_its_record() -> None:
    old, new = "rfc/0003-q/README.md", "rfc/0004-q/README.md"
    changes = {old: None, new: b"", "rfc/0003-q/a.png": None, "rfc/0004-q/a.png": b"", "rfc/list.md": b""}
    assert _renames(changes, [(old, new)]) == {old: new, "rfc/0003-q/a.png": "rfc/0004-q/a.png"}


def pull(head_repository: str | None, head: str = "b") -> Pull:
    def side(ref: str, name: str | None) -> dict[str, object]:
        return {"ref": ref, "sha": "0" * 40, "repo": {"full_name": name} if name else None}

    data = {"number": 9, "state": "open", "title": "x", "head": side(head, head_repository)}
    return msgspec.convert({**data, "base": side("release", "acme/shop")}, Pull)


async def test_a_forks_branch_is_never_written() -> None:
    """Nothing is asked of GitHub for it: who asks makes no difference."""
    here = Repository(None, "acme/shop")  # type: ignore[arg-type]
    for name in ("eve/shop", None):
        why = await _not_ours_to_write(here, pull(name), "maria")
        assert why is not None and "another repository" in why
