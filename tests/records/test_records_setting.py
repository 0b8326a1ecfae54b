"""A status that stands in doubtful dress: a quotation, a folded part, a picture, a footnote. A person decides."""

from __future__ import annotations

import pytest

from bot.records.checks import check
from bot.records.log import RecordLog
from bot.records.reader import read
from bot.records.record import Record, Status

PERMITS = {Status.ACCEPTED, Status.IMPLEMENTED}
MD, RST, ADOC = "docs/adr/0001-x.md", "docs/adr/0001-x.rst", "docs/adr/0001-x.adoc"
HEAD, REST = "# 1. X\n\n", "\n\n## Context\n\nText.\n"


def of(text: str, path: str = MD) -> Record:
    return read(path, text.encode())


DOUBTFUL: dict[str, tuple[str, str]] = {
    "quoted after words": (f"{HEAD}As ADR-7 says:\n\n> Status: Accepted{REST}", "quotation"),
    "another one quoted": (f"{HEAD}> ADR: 7\n> Status: Accepted{REST}", "quotation"),
    "an alert": (f"{HEAD}> [!NOTE]\n> Status: Accepted{REST}", "quotation"),
    "folded": (f"{HEAD}<details>\n<summary>Old</summary>\n\n## Status\n\nAccepted\n\n</details>{REST}", "folded"),
    "folded on one line": (f"{HEAD}<details><summary>Old</summary>\nStatus: Accepted\n</details>{REST}", "folded"),
    "folded to the end": (f"{HEAD}<details>\n<summary>Old</summary>\n\n**Status:** Accepted{REST}", "folded"),
    "folded in a container": (f"{HEAD}:::details\nStatus: Accepted\n:::{REST}", "folded"),
    "shown only sometimes": (f"{HEAD}{{% if x %}}\nStatus: Accepted\n{{% endif %}}{REST}", "folded"),
    "a badge": (f"{HEAD}## Status\n\n![accepted](https://x/status-accepted.svg){REST}", "picture"),
    "a badge that shows other words": (
        f"{HEAD}Status: ![Accepted](https://img.shields.io/badge/adr-not_accepted-red){REST}", "picture"),
    "a badge that says never": (
        f"{HEAD}Status: ![Accepted](https://img.shields.io/badge/never-accepted-red){REST}", "picture"),
    "a linked badge": (f"{HEAD}Status: [![Accepted](https://x/b.svg)](https://x){REST}", "picture"),
    "a footnote": (f"{HEAD}Status: Accepted[^1]{REST}\n[^1]: Withdrawn by the board in May.\n", "footnote"),
    "a footnote of limits": (f"{HEAD}Status: Accepted[^a]{REST}\n[^a]: only for the pilot\n", "footnote"),
    "no such footnote": (f"{HEAD}## Status\n\nAccepted[^1]{REST}", "footnote"),
    "a raised number": (f"{HEAD}Status: Accepted<sup>1</sup>{REST}\n<sup>1</sup> revoked.\n", "footnote"),
    "an asterisk": (f"{HEAD}## Status\n\nAccepted*{REST}\n\\* until the board meets\n", "footnote"),
    "a dagger": (f"{HEAD}Status: Accepted †{REST}\n† revoked\n", "footnote"),
    "a variable": (f"{HEAD}Status: {{{{ accepted }}}}{REST}", "variable"),
    "a variable of a shell": (f"{HEAD}Status: ${{accepted}}{REST}", "variable"),
    "a question": (f"{HEAD}## Status?\n\nAccepted{REST}", "question"),
    "struck by style": (f'{HEAD}Status: <i style="text-decoration: line-through">Accepted</i>{REST}', "struck"),
    "struck by one tilde": (f"{HEAD}## Status\n\n~Accepted~{REST}", "struck"),
    "white on white": (f'{HEAD}Status: <span style="color: white">Accepted</span>{REST}', "struck"),
    "a remark of YAML": (f"---\nstatus: accepted # not yet, the board meets in May\n---\n{HEAD}{REST}", "remark"),
}  # fmt: skip


@pytest.mark.parametrize("name", DOUBTFUL)
def test_a_status_in_doubtful_dress_is_a_question_to_a_person(name: str) -> None:
    text, word = DOUBTFUL[name]
    log = RecordLog({MD: text.encode()})
    record = log.by_path(MD)
    assert record is not None and record.status is Status.UNKNOWN
    [reason] = [f.reason for f in check(record, log) if f.rule == "status-unknown"]
    assert word in reason and "will not act" in reason


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (RST, "Title\n=====\n\n:Status: Accepted [1]_\n\nText.\n\n.. [1] Withdrawn in May.\n"),
        (RST, "Title\n=====\n\nSomebody wrote:\n\n    Status: Accepted\n\nText.\n"),
        (RST, "Title\n=====\n\nStatus: |accepted|\n\nText.\n"),
        (ADOC, "= X\n\nStatus: Accepted footnote:[only for the pilot]\n\nText.\n"),
        (ADOC, "= X\n\nText.\n\n====\nStatus: Accepted\n====\n\nText.\n"),
        (ADOC, "= X\n\n[%collapsible]\n====\nStatus: Accepted\n====\n\nText.\n"),
        (MD, f'{HEAD}<table><tr><td>Status</td><td style="display:none">Accepted</td></tr></table>{REST}'),
        (MD, f"{HEAD}| Reviewer | Status |\n|---|---|\n| Tom | Accepted |{REST}"),
        (MD, f"{HEAD}## Decision\n\nText\n\n## Appendix: ADR 7\n\n## Status\n\nAccepted\n"),
        (MD, f"---\nstatus: accepted\narchived: true\n---\n{HEAD}{REST}"),
        (MD, f"---\nstatus: accepted\napproved: false\n---\n{HEAD}{REST}"),
        (MD, f"---\nstatus: accepted\ntemplate: true\n---\n{HEAD}{REST}"),
        (MD, f"---\nstatus: accepted\n---\n{HEAD}This record is not yet accepted.{REST}"),
        (MD, f"---\nstatus: accepted\n---\n{HEAD}This ADR was withdrawn in May.{REST}"),
        (MD, f"{HEAD}> [!CAUTION]\n> This decision is being revisited.\n\nStatus: Accepted{REST}"),
        (MD, f"{HEAD}Status: Accepted\n\n> **Note:** This decision is under review again.{REST}"),
        (MD, f"{HEAD}Status: Accepted\n\n**This decision no longer applies.**{REST}"),
    ],
)  # fmt: skip
def test_what_stands_apart_or_is_denied_beside_permits_nothing(path: str, text: str) -> None:
    assert of(text, path).status not in PERMITS


PLAIN = [
    f"{HEAD}## Status\n\n![Accepted](https://img.shields.io/badge/adr-accepted-green){REST}",
    f"{HEAD}## Status\n\nAccepted\nAmended 2031-02-17 (see Decision §6).{REST}",
    f"{HEAD}## Status\n\n> Accepted{REST}",
    f"---\nstatus: accepted # partially released in v3\n---\n{HEAD}{REST}",
    f"{HEAD}> **Status:** Accepted\n> **Date:** 2024-05-31{REST}",
    f"{HEAD}> Version: 2\n> Status: Accepted · Date: 2024-05-31{REST}",
    f"{HEAD}> Status: Accepted{REST}\n## Status\n\nAccepted\n",
    f"{HEAD}As ADR-7 says:\n\n> Status: Accepted\n\n## Status\n\nAccepted{REST}",
    f"{HEAD}<details>\n<summary>Old</summary>\n\nStatus: Accepted\n\n</details>\n\n## Status\n\nAccepted{REST}",
    f"{HEAD}<details>\n<summary>Metadata</summary>\n\nStatus: Accepted\n\n</details>{REST}",
    f"{HEAD}<details open>\n\nStatus: Accepted\n\n</details>{REST}",
    f"{HEAD}<details>\n\nLog\n\n</details>\n\n## Status\n\nAccepted{REST}",
    f"{HEAD}Use the element `<details>`.\n\n## Status\n\nAccepted{REST}",
    f"{HEAD}Status: Accepted[^1]{REST}\n[^1]: In the meeting of the board on 31 May 2024.\n",
    f"{HEAD}Status: **Accepted**{REST}",
    f"{HEAD}*Status: Accepted*{REST}",
    f"{HEAD}Status: `Accepted`{REST}",
    f'{HEAD}Status: <span style="color: green">Accepted</span>{REST}',
    f"---\nstatus: accepted # proposed | accepted | rejected\n---\n{HEAD}{REST}",
    f"---\nstatus: accepted\narchived: false\napproved: true\n---\n{HEAD}{REST}",
    f"{HEAD}Status: Accepted\n\nThis decision is about releases that are being reviewed.{REST}",
    f"{HEAD}## Status\n\nAccepted\n\n## Appendix\n\nText.\n",
]


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_plain_stays_accepted(text: str) -> None:
    record = of(text)
    assert (record.status, record.status_doubt) == (Status.ACCEPTED, None)


@pytest.mark.parametrize(
    "words",
    [
        "Accepted - hold off until Q3",
        "Accepted - do not implement yet",
        "Accepted (stale)",
        "accepted (almost)",
        "Accepted, out of date",
        "Accepted (historical)",
        "Accepted, objections open",
        "Accepted (no quorum)",
        "⏳ Accepted",
        "Accepted 🤔",
        "Akzeptiert unter Vorbehalt",
        "Akzeptiert (vorläufig)",
        "Akzeptiert, widerrufen",
        "Angenommen, sobald der Vorstand zustimmt",
        "Accepté sous réserve",
        "Accepté, mais pas encore validé",
        "Accepté puis annulé",
        "Aceptado, pendiente de aprobación",
        "Aceptado con condiciones",
        "Aceito (revogado)",
        "Accettato, in attesa di conferma",
        "Geaccepteerd (voorlopig)",
        "zaakceptowane warunkowo",
        "Принято условно",
        "Принято, отменено",
        "已接受（已撤销）",
        "承認（取り消し）",
    ],
)
def test_words_that_limit_in_many_languages(words: str) -> None:
    assert of(f"{HEAD}## Status\n\n{words}{REST}").status not in PERMITS


@pytest.mark.parametrize(
    "words",
    [
        "Accepted, I guess",
        "Accepted (probably)",
        "Accepted on paper",
        "Accepted as a trial",
        "Accepted for pilot",
        "Accepted, changes requested",
        "Accepted, reversed in May",
        "Accepted\n\nStatus changed to rejected on 2024-05-01.",
    ],
)
def test_words_that_make_an_acceptance_half(words: str) -> None:
    assert of(f"{HEAD}## Status\n\n{words}{REST}").status not in PERMITS


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}Status: Accepted\n\n## Update 2025\n\nThis decision was reversed in May 2025.\n",
        f"{HEAD}Status: Accepted\n\n## Addendum\n\nThis record has been superseded.\n",
        "# ~~1. X~~\n\nStatus: Accepted\n\n## Context\n\nText.\n",
        "# 1. X - REJECTED\n\nStatus: Accepted\n\n## Context\n\nText.\n",
        f"---\nstatus: accepted\nsuperseded: true\n---\n{HEAD}{REST}",
        f"---\nstatus: accepted\ntags: [api, Superseded]\n---\n{HEAD}{REST}",
    ],
)
def test_what_was_added_later_takes_an_acceptance_back(text: str) -> None:
    assert of(text).status not in PERMITS


def test_an_update_of_something_else_takes_nothing_back() -> None:
    later = "## Update 2025\n\nThe old client was withdrawn. This decision stands.\n"
    assert of(f"{HEAD}Status: Accepted\n\n{later}").status is Status.ACCEPTED
    assert of(f"---\nstatus: accepted\ntags: [api, deprecated]\n---\n{HEAD}{REST}").status is Status.ACCEPTED


@pytest.mark.parametrize("folder", ["rejected", "archive", "drafts", "historic-adrs", "superseded"])
def test_a_folder_of_records_that_do_not_hold_is_a_doubt(folder: str) -> None:
    text = f"{HEAD}Status: Accepted{REST}"
    record = of(text, f"docs/adr/{folder}/0001-x.md")
    assert record.status is Status.UNKNOWN and folder in (record.status_doubt or "")
    assert of(text, "docs/archive-service/adr/0001-x.md").status is Status.ACCEPTED


@pytest.mark.parametrize("was", ["retired", "expired", "archived"])
def test_what_was_retired_and_superseded_is_superseded(was: str) -> None:
    banner = f"This RFC has been {was} and has been superseded by [RFC#0016: Y](0016-y.md).\n\n"
    record = of(f"{HEAD}{banner}## Context\n\nText.\n")
    assert record.status is Status.SUPERSEDED and record.superseded_by == ("0016",)
