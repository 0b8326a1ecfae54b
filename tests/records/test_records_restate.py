"""A state is written back where the record states it, in the log's own word, and no other byte changes."""

from __future__ import annotations

import difflib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.records.log import RecordLog
from bot.records.reader import read
from bot.records.record import Status
from bot.records.restate import LeftAlone, Restated, implemented, word_of
from tests.properties import examples
from tests.records.test_records_corpus import corpus

DAY = "2026-03-01"
OTHER = {
    "docs/adr/0002-b.md": b"# 2. B\n\n## Status\n\nImplemented\n\n## Context\n\nC\n\n## Decision\n\nWe do it.\n"
}
BODY = "\n## Context\n\nNothing was accepted before.\n\n## Decision\n\nWe use queues.\n"
STYLES = {
    "section": f"# 1. Use queues\n\n## Status\n\nAccepted\n\nSupersedes [2. B](0002-b.md)\n{BODY}",
    "bold line": f"# ADR-0001: Use queues\n\n**Status:** Accepted | **Date:** 2026-01-01\n{BODY}",
    "bullet": f"# Use queues\n\n* Status: accepted <!-- or proposed, implemented -->\n* Date: 2026-01-01\n{BODY}",
    "front matter": f"---\n# accepted, as ever\nstatus:  'accepted'  # since May\n---\n\n# Use queues\n{BODY}",
    "both": f"---\nstatus: accepted\n---\n\n# Use queues\n\n**Status:** Accepted\n{BODY}",
    "table": f"# Use queues\n\n| Field | Value |\n| --- | --- |\n| Status | **ACCEPTED** |\n{BODY}",
    "heading": f"# Use queues\n\n## Status: Accepted\n{BODY}",
    "windows": f"# 1. Use queues\n\n## Status\n\nAccepted\n{BODY}".replace("\n", "\r\n"),
    "comment before": f"# 1. Use queues\n\n## Status\n\n<!-- accepted, implemented -->\nAccepted\n{BODY}",
    "emoji": f"# 1. Use queues\n\n- Status: ✅ Accepted\n{BODY}",
}


def log_of(text: str, others: dict[str, bytes] = OTHER, path: str = "docs/adr/0001-a.md") -> RecordLog:
    return RecordLog({path: text.encode(), **others})


def changed(before: bytes, after: bytes) -> list[tuple[str, str]]:
    """Words that were replaced by words, character for character elsewhere."""
    old, new = before.decode(), after.decode()
    ops = difflib.SequenceMatcher(None, old.splitlines(), new.splitlines(), autojunk=False).get_opcodes()
    return [
        (line_old, line_new)
        for tag, a, b, c, d in ops
        if tag != "equal"
        for line_old, line_new in zip(old.splitlines()[a:b], new.splitlines()[c:d], strict=True)
    ]


@pytest.mark.parametrize("style", STYLES)
def test_the_word_changes_and_nothing_else(style: str) -> None:
    log = log_of(STYLES[style])
    record = log.by_path("docs/adr/0001-a.md")
    assert record is not None and record.status is Status.ACCEPTED
    made = implemented(log, record, on=DAY)
    assert isinstance(made, Restated), made
    lines = changed(log.files[record.path], made.data)
    assert len(lines) == (2 if style == "both" else 1)
    for old, new in lines:
        assert len(new) - len(old) == len("implemented") - len("accepted")
        prefix = next(i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b)
        assert old[prefix:].lower().startswith("accepted") and new[prefix:].lower().startswith("implemented")
        assert old[prefix + len("accepted") :] == new[prefix + len("implemented") :]
    assert read(record.path, made.data, siblings={}).status is Status.IMPLEMENTED


def test_other_markups() -> None:
    rst = "Use queues\n==========\n\n:Status: Accepted\n\nContext\n-------\n\nC\n\nDecision\n--------\n\nD\n"
    adoc = "= ADR-0001 Use queues\n:status: Accepted\n\n== Context\n\nC\n\n== Decision\n\nD\n"
    for path, text in (("docs/adr/0001-a.rst", rst), ("docs/adr/0001-a.adoc", adoc)):
        log = log_of(text, path=path)
        record = log.by_path(path)
        assert record is not None
        made = implemented(log, record, on=DAY)
        assert isinstance(made, Restated), (path, made)
        assert made.data.decode() == text.replace("Accepted", "Implemented")


def test_a_state_in_the_file_beside_the_record() -> None:
    """As Kubernetes keeps it: README.md, and kep.yaml with `status: implementable`."""
    page = b"# KEP-7: Queues\n\n## Summary\n\nimplementable\n\n## Proposal\n\nWe use queues.\n"
    files = {
        "keps/sig-a/7-queues/README.md": page,
        "keps/sig-a/7-queues/kep.yaml": b"title: Queues\nkep-number: 7\nstatus: implementable # soon\n",
        "keps/sig-a/8-topics/README.md": page.replace(b"7", b"8"),
        "keps/sig-a/8-topics/kep.yaml": b"title: Topics\nkep-number: 8\nstatus: implemented\n",
    }
    log = RecordLog(files)
    record = log.by_path("keps/sig-a/7-queues/README.md")
    assert record is not None and record.status is Status.ACCEPTED
    made = implemented(log, record, on=DAY)
    assert isinstance(made, Restated), made
    assert made.path == "keps/sig-a/7-queues/kep.yaml"
    assert made.data == b"title: Queues\nkep-number: 7\nstatus: implemented # soon\n"


def test_a_hostile_status_is_given_up_soon() -> None:
    text = (
        "---\nstatus: accepted\n---\n\n# A\n\n## Status\n\n"
        + "<!-- accepted -->\n" * 4_000
        + f"Accepted\n{BODY}"
    )
    log = log_of(text)
    record = log.by_path("docs/adr/0001-a.md")
    assert record is not None
    begun = time.process_time()
    assert isinstance(implemented(log, record, on=DAY), LeftAlone | Restated)
    assert time.process_time() - begun < 3


def test_a_date_that_stands_with_the_status_is_the_day_of_the_new_one() -> None:
    log = log_of(f"# 1. Use queues\n\n## Status\n\nAccepted (2026-01-01)\n{BODY}")
    made = implemented(log, log.records[0], on=DAY)
    assert isinstance(made, Restated)
    assert "\nImplemented (2026-03-01)\n" in made.data.decode()


def test_the_logs_own_word_in_its_language_or_from_its_template() -> None:
    german = {
        "docs/adr/0002-b.md": b"# 2. B\n\n## Status\n\nUmgesetzt\n\n## Kontext\n\nC\n\n## Entscheidung\n\nD\n"
    }
    log = log_of(f"# 1. Use queues\n\n## Status\n\nAkzeptiert\n{BODY}", german)
    made = implemented(log, log.records[0], on=DAY)
    assert isinstance(made, Restated) and (made.old, made.new) == ("Akzeptiert", "Umgesetzt")
    template = {
        "docs/adr/template.md": b"# {title}\n\n* Status: {proposed | accepted | implemented | deprecated}\n"
    }
    log = log_of(STYLES["bullet"], template)
    assert word_of(log, log.records[0]) == "implemented"


NOT_WRITTEN = {
    "no word for implemented": (STYLES["section"], {}),
    "not accepted": (STYLES["section"].replace("\nAccepted", "\nProposed"), OTHER),
    "a history": (f"# 1. A\n\n## Status\n\nProposed -> Accepted\n{BODY}", OTHER),
    "by whom": (f"# 1. A\n\n## Status\n\nAccepted by the board\n{BODY}", OTHER),
    "another date": (f"# 1. A\n\n## Status\n\nAccepted on 3 May 2025\n{BODY}", OTHER),
    "in part": (f"# 1. A\n\n## Status\n\nPartially accepted\n{BODY}", OTHER),
    "none": (f"# 1. A\n{BODY}", OTHER),
    "done": (f"# 1. A\n\n## Status\n\nImplemented\n{BODY}", OTHER),
}


@pytest.mark.parametrize("why", NOT_WRITTEN)
def test_what_is_not_plain_is_left_for_people(why: str) -> None:
    text, others = NOT_WRITTEN[why]
    log = log_of(text, others)
    record = log.by_path("docs/adr/0001-a.md")
    assert record is not None
    answer = implemented(log, record, on=DAY)
    assert isinstance(answer, LeftAlone) and answer.why


def test_a_word_of_another_folder_is_another_logs() -> None:
    far = {"services/pay/adr/0002-b.md": OTHER["docs/adr/0002-b.md"]}
    log = log_of(STYLES["section"], far)
    assert word_of(log, log.records[0]) is None


@settings(max_examples=examples(60), deadline=None)
@given(st.text(max_size=60), st.sampled_from(sorted(STYLES)), st.integers(0, 200))
def test_whatever_else_stands_there_stays(noise: str, style: str, at: int) -> None:
    """Either nothing is written, or the new file is the old one with the word replaced."""
    text = STYLES[style]
    text = text[:at] + noise.replace("\x00", "") + text[at:]
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return
    log = RecordLog({"docs/adr/0001-a.md": data, **OTHER})
    record = log.by_path("docs/adr/0001-a.md")
    if record is None:
        return
    made = implemented(log, record, on=DAY)
    if isinstance(made, Restated):
        undone = made.data.decode()
        assert undone.replace(made.new, "\0").count("\0") >= 1
        assert len(made.data) - len(data) in (3, 6)
        assert read(record.path, made.data).status is Status.IMPLEMENTED


def test_every_accepted_record_of_the_corpus_could_be_written_back() -> None:
    """Each plain status of real logs, in whatever dress, given that the log had a word for it."""
    root, plain, done = corpus(), 0, 0
    missed = []
    for path in sorted(p for p in root.rglob("*") if p.suffix in (".md", ".rst", ".adoc")):
        name = f"docs/adr/{path.name}"
        log = RecordLog({name: path.read_bytes(), **OTHER})
        found = log.all_of(name)
        if (
            len(found) != 1
            or found[0].status is not Status.ACCEPTED
            or not (found[0].status_text or "").isalpha()
        ):
            continue
        plain += 1
        made = implemented(log, found[0], on=DAY)
        if isinstance(made, Restated):
            done += 1
        else:
            missed.append(f"{path.name}: {made.why}")
    assert plain > 50
    assert done == plain, "\n".join(missed)
