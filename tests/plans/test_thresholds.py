"""Numbers that a record promises: what is one, what is none, and what it is about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.plans import document, thresholds
from bot.records.reader import read


@pytest.mark.parametrize(
    ("text", "subject", "comparator", "value", "unit"),
    [
        ("**Workflow Initiation:** < 100ms for workflow startup", "Workflow Initiation", "<", 100, "ms"),
        ("Test coverage must be at least 80 %.", "Test coverage", ">=", 80, "%"),
        ("Searches should return in under 5 seconds", "Searches should return", "<", 5, "s"),
        ("API latency p99 ≤ 200 ms", "API latency p99", "<=", 200, "ms"),
        ("test_failure_rate > 5%", "test_failure_rate", ">", 5, "%"),
        ("Target: <48 hours from decision to release", "from decision to release", "<", 48, "h"),
        ("Responses must take no more than 1,500 ms", "Responses", "<=", 1500, "ms"),
        ("Start-up within 1,5 s", "Start-up", "<=", 1.5, "s"),
        ("Throughput: at least 2,000 req/s", "Throughput", ">=", 2000, "req/s"),
        ("The image must not exceed 50 MB", "image", "<", 50, "MB"),
        ("p95 latency < 200 ms", "p95 latency", "<", 200, "ms"),
        ("**Latency:** p95 < 200 ms", "Latency p95", "<", 200, "ms"),
        ("Response time: < 200 ms (p95)", "Response time p95", "<", 200, "ms"),
        ("Latency: < 200 ms at the 99.9th percentile", "Latency p99.9", "<", 200, "ms"),
        ("The p95 of reads, measured at the edge, must stay below 200 ms", "p95 of reads", "<", 200, "ms"),
        ("API p(95) < 3 s", "API p95", "<", 3, "s"),
        ("A2A server startup is acceptable (< 2 seconds)", "A2A server startup is acceptable", "<", 2, "s"),
    ],
)
def test_a_promise_becomes_subject_comparator_value_and_unit(
    text: str, subject: str, comparator: str, value: float, unit: str
) -> None:
    (number,) = thresholds.parse(text)
    assert (number.subject, number.comparator, number.value, number.unit) == (
        subject,
        comparator,
        value,
        unit,
    )


@pytest.mark.parametrize(
    "text",
    [
        "it takes about 200 ms today",  # no comparator
        "more than 3 items",  # no unit
        "we used it for over 5 years, more than others",
        "HTTP 404 under load",
        "see section 3 below 4",
    ],
)
def test_other_numbers_are_no_promises(text: str) -> None:
    assert thresholds.parse(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "Latency: p50 < 10 ms, p95 < 50 ms, p99.9 < 1 s",
        "Latency: < 10 ms p50, < 50 ms for p95 and < 1 s at the 99.9th percentile",
        "Latency < 10 ms (p50), p95 < 50 ms and p99.9 < 1 s",
    ],
)
def test_each_percentile_stays_with_its_number(text: str) -> None:
    found = {number.subject: number.value for number in thresholds.parse(text)}
    assert found == {"Latency p50": 10, "Latency p95": 50, "Latency p99.9": 1}


def test_not_more_than_turns_the_comparator_round() -> None:
    (number,) = thresholds.parse("Downtime is never more than 5 minutes")
    assert (number.comparator, number.value, number.unit) == ("<=", 5, "min")


def test_a_promise_in_a_rejected_option_in_code_or_in_the_context_counts_for_nothing() -> None:
    text = """# ADR-1: Cache
## Context
Requests must take < 10 ms today and do not.
## Considered Options
### Redis
- Latency: < 1 ms
## Decision
We will use memory.
```yaml
target: < 5 ms
```
## Performance
- **Lookup:** < 2 ms in memory
"""
    found = thresholds.find(document.read(read("docs/adr/ADR-1-cache.md", text.encode())), "ADR-1")
    assert [(t.id, t.subject, t.value, t.source.line) for t in found] == [("ADR-1/T1", "Lookup", 2.0, 13)]


@given(st.text(max_size=300))
def test_any_text_is_read_without_an_exception(text: str) -> None:
    for number in thresholds.parse(text):
        assert text[number.start : number.end]
        assert number.comparator in ("<", "<=", ">", ">=")
