"""rag-retrieval (ADR-012): the passages of a set of documents that fit a query best, by full text.

SQLite's FTS5 in memory, ranked by BM25; a title counts more than its text. The query is taken as words, never as
FTS5's query language. The passages are kept outside of the log, since they may be a private repository's.
Not here: where the documents come from, and what is made of the passages.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass

from bot.engine.outcome import Done, Failed, Outcome
from bot.engine.ports import StepContext, StepType
from bot.steps.library.bodies import BodyExpired, keep, text_of

Documents = Mapping[str, str]
"""Texts by path."""

_PASSAGE_LINES = 30
_MOST_WORDS = 32
_MOST_FOUND = 8
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Passage:
    """Some lines of a document. line: its first, from 1. score: the higher the better; only an order."""

    path: str
    line: int
    text: str
    score: float


def retrieve(documents: Documents, query: str, most: int = _MOST_FOUND) -> tuple[Passage, ...]:
    """The passages that hold any word of the query, best first; ties by place."""
    words = list(dict.fromkeys(w.lower() for w in _WORD.findall(query)))[:_MOST_WORDS]
    if not words:
        return ()
    db = sqlite3.connect(":memory:")
    try:
        db.execute(
            "CREATE VIRTUAL TABLE passages USING fts5(path, line UNINDEXED, text, tokenize = 'porter unicode61')"
        )
        db.executemany("INSERT INTO passages VALUES (?, ?, ?)", _passages(documents))
        rows = db.execute(
            "SELECT path, line, text, -bm25(passages, 3.0, 0.0, 1.0) AS score FROM passages "
            "WHERE passages MATCH ? ORDER BY score DESC, path, line LIMIT ?",
            (" OR ".join(f'"{word}"' for word in words), most),
        )
        return tuple(Passage(*row) for row in rows)
    finally:
        db.close()


def _passages(documents: Documents) -> Iterator[tuple[str, int, str]]:
    for path, text in sorted(documents.items()):
        lines = text.splitlines()
        for start in range(0, len(lines), _PASSAGE_LINES):
            yield path, start + 1, "\n".join(lines[start : start + _PASSAGE_LINES])


class RagRetrieval(StepType):
    """documents: what this step may look into. Result: relevant_patterns (JSON, kept), found, paths."""

    type = "rag-retrieval"
    effect_free = True
    inputs = frozenset({"query"})

    def __init__(self, documents: Callable[[StepContext], Documents] | None = None) -> None:
        self._documents = documents

    async def start(self, ctx: StepContext) -> Outcome:
        if self._documents is None:
            words = "no documents are given to look into; whoever runs this bot could name some"
            return Failed(error=words, kind="refused", before_effect=True)
        try:
            found = retrieve(self._documents(ctx), text_of(ctx, ctx.inputs["query"]))
        except BodyExpired as error:
            return Failed(error=str(error), kind="bad-input", before_effect=True)
        body = json.dumps([asdict(passage) for passage in found], ensure_ascii=False)
        paths = list(dict.fromkeys(passage.path for passage in found))
        return Done({"relevant_patterns": keep(ctx, body), "found": len(found), "paths": paths})
