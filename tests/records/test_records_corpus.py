"""The reader and the checks against the corpus of real logs, with every miss printed.

The corpus is not part of the project: it is found by CLOI_CORPUS or beside the checkout, and skipped where it is
not. Goals are those of the issue; nothing shown accepted or implemented that is not is the hard one.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from bot.records.checks import check
from bot.records.kinds import FileKind
from bot.records.log import RecordLog
from bot.records.record import Severity

EDGES = ("supersedes", "superseded_by", "partially_supersedes", "partially_superseded_by")
PERMITS = ("accepted", "implemented")


def corpus() -> Path:
    """Where the corpus is; skips, saying so, where it is not."""
    beside = Path(__file__).resolve().parents[2].parent / "shared" / "adr-corpus"
    found = Path(os.environ.get("CLOI_CORPUS", beside))
    if not (found / "truth.tsv").is_file():
        pytest.skip(f"no corpus at {found}; set CLOI_CORPUS to the directory that holds truth.tsv")
    return found


@dataclass
class Score:
    right: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    misses: list[str] = field(default_factory=list)
    falsely_permitted: list[str] = field(default_factory=list)
    edges: Counter[str] = field(default_factory=Counter)

    def compare(self, name: str, path: str, got: object, want: object) -> None:
        self.seen[name] += 1
        if got == want:
            self.right[name] += 1
        else:
            self.misses.append(f"{name:8} {path}: got {got!r}, want {want!r}")

    def share(self, name: str) -> float:
        return self.right[name] / self.seen[name]

    def table(self) -> str:
        rows = [f"{'field':10}{'right':>7}{'of':>7}{'%':>8}"]
        rows += [f"{n:10}{self.right[n]:7}{self.seen[n]:7}{100 * self.share(n):8.1f}" for n in self.seen]
        rows.append(
            f"{'edges':10}{self.edges['both']:7} found, {self.edges['extra']} extra, {self.edges['missed']} missed"
        )
        return "\n".join([*rows, *self.misses, *self.falsely_permitted])


@cache
def logs() -> dict[str, tuple[RecordLog, list[dict[str, str]]]]:
    root = corpus()
    rows: dict[str, list[dict[str, str]]] = {}
    with (root / "truth.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            rows.setdefault(row["repo"], []).append(row)
    return {
        repo: (
            RecordLog({r["path"]: (root / repo.replace("/", "__") / r["path"]).read_bytes() for r in found}),
            found,
        )
        for repo, found in rows.items()
    }


def ids(text: str) -> set[str]:
    return {part.strip() for part in text.split(",") if part.strip()}


def test_the_reader_reads_real_logs(capsys: pytest.CaptureFixture[str]) -> None:
    score = Score()
    for log, rows in logs().values():
        for row in rows:
            path, is_adr = row["path"], row["kind"] in ("adr", "rfc")
            score.compare("kind", path, log.kind_of(path) is FileKind.ADR, is_adr)
            record = log.by_path(path)
            if not is_adr or record is None:
                continue
            status = record.status.value if record.status else "none"
            score.compare("status", path, status, row["status_norm"])
            score.compare("title", path, record.title or "", row["title"])
            score.compare("id", path, record.id or "", row["id"])
            score.compare("number", path, "" if record.number is None else str(record.number), row["number"])
            score.compare("date", path, record.date or "", row["date_iso"])
            if status in PERMITS and row["status_norm"] not in PERMITS:
                score.falsely_permitted.append(f"SHOWN {status}: {path} is {row['status_norm']}")
            for name in EDGES:
                got, want = set(getattr(record, name)), ids(row[name])
                score.edges.update(both=len(got & want), extra=len(got - want), missed=len(want - got))
                if got != want:
                    score.misses.append(
                        f"{name} {path}: extra {sorted(got - want)}, missed {sorted(want - got)}"
                    )
    with capsys.disabled():
        print(f"\n{score.table()}")
    assert score.falsely_permitted == []
    assert all(score.share(name) >= 0.98 for name in ("status", "title", "number", "kind", "id"))
    assert score.share("date") >= 0.97
    both, extra, missed = (score.edges[k] for k in ("both", "extra", "missed"))
    assert both / (both + extra) >= 0.97
    assert both / (both + missed) >= 0.97


def test_errors_are_few_on_real_logs(capsys: pytest.CaptureFixture[str]) -> None:
    files = with_error = 0
    rules: Counter[str] = Counter()
    for log, _ in logs().values():
        for record in log:
            found = check(record, log, changed={record.path})
            files += 1
            with_error += any(f.severity is Severity.ERROR for f in found)
            rules.update(f"{f.severity.value} {f.rule}" for f in found)
    with capsys.disabled():
        print(f"\n{with_error} of {files} records have an error; {dict(rules.most_common())}")
    assert with_error <= 0.10 * files
