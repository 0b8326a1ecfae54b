"""Architectural patterns that a decision names: what pattern-validation holds the change to.

A short list of well-known names, searched in the decision and in the work, never in options that were not
chosen; plus what the front matter lists by itself. A pattern is a name for people and agents here, never a
regular expression that is run. Not here: judging a patch by them (bot/gates).
"""

from __future__ import annotations

import re

from bot.plans import metadata
from bot.plans.document import Document
from bot.plans.headings import Role
from bot.records.record import Record

MAX_PATTERNS = 20
_KNOWN: tuple[tuple[str, str], ...] = (
    ("event-driven", r"event[- ]driven"),
    ("event sourcing", r"event[- ]sourc(?:ing|ed)"),
    ("saga", r"\bsagas?\b"),
    ("CQRS", r"\bcqrs\b"),
    ("domain-driven design", r"domain[- ]driven design|\bddd\b"),
    ("clean architecture", r"clean architecture"),
    ("hexagonal architecture", r"hexagonal|ports and adapters"),
    ("layered architecture", r"layered architect"),
    ("modular monolith", r"modular monolith"),
    ("microservices", r"micro-?services?\b"),
    ("publish-subscribe", r"pub(?:lish)?[/ -]sub(?:scribe)?"),
    ("repository pattern", r"repository pattern"),
    ("factory", r"factory pattern"),
    ("adapter", r"adapter pattern"),
    ("strategy", r"strategy pattern"),
    ("observer", r"observer pattern"),
    ("facade", r"\bfa[cç]ade\b"),
    ("plugin architecture", r"plug-?in (?:architecture|system|pattern)"),
    ("circuit breaker", r"circuit[- ]breaker"),
    ("dependency injection", r"dependency injection|\bioc container"),
    ("state machine", r"state machines?\b"),
    ("outbox", r"\boutbox\b"),
    ("strangler fig", r"strangler"),
    ("MVC", r"\bmvc\b|model[- ]view[- ]controller"),
    ("REST", r"\brest(?:ful)? api\b"),
    ("GraphQL", r"\bgraphql\b"),
)
_COMPILED = tuple((name, re.compile(pattern, re.I)) for name, pattern in _KNOWN)
_SPOKEN = frozenset({Role.WORK, Role.DECISION})


def find(record: Record, page: Document) -> tuple[str, ...]:
    """Names of patterns in order of first mention; front matter first."""
    found = dict.fromkeys(metadata.patterns(record))
    # All of it at once costs a third of line by line; no pattern reaches over the end of a line.
    spoken = "\n".join(passage.text for passage in page.passages if passage.role in _SPOKEN)
    hits = ((m.start(), name) for name, pattern in _COMPILED if (m := pattern.search(spoken)))
    for _, name in sorted(hits):
        found.setdefault(name)
    return tuple(found)[:MAX_PATTERNS]
