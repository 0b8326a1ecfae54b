"""ADR-012's Key Performance Indicators for a terminal, by their names, each with the number it stands on.

Not here: counting (bot/insights/kpis.py).
"""

from __future__ import annotations

from bot.insights.kpis import Indicators
from bot.render.plain import columns, one_line, pad
from bot.render.times import duration

_MOST_PATTERNS = 10


def table(title: str, found: Indicators) -> str:
    """The indicators of one definition or repository, as lines."""
    rows = [
        ("Workflow Success Rate", f"{_percent(found.workflow_success_rate)} of {found.ended} ended"),
        ("Average Execution Time", _times(found)),
        ("Rollback Frequency", f"{_percent(found.rollback_frequency)} of {found.started} started"),
    ]
    rows += [("  because of", f"{n} × {one_line(cause)}") for cause, n in found.rollback_causes.items()]
    if found.compensation_effectiveness is not None:
        rows.append(("  taken back", f"{_percent(found.compensation_effectiveness)} of what was begun"))
    if found.average_rollback_time is not None:
        rows.append(("  on average in", duration(found.average_rollback_time)))
    if found.parked:
        rows.append(("Waiting for a human", str(found.parked)))
    rows.append(("Step Failure Patterns", "" if found.step_failure_patterns else "no step failed"))
    for pattern in found.step_failure_patterns[:_MOST_PATTERNS]:
        kinds = ", ".join(f"{n} × {one_line(kind)}" for kind, n in pattern.failures.items())
        rows.append(
            (f"  {one_line(pattern.step)}", f"{kinds}; began {pattern.runs} ×{_recovered(pattern.recovered)}")
        )
    left = len(found.step_failure_patterns) - _MOST_PATTERNS
    if left > 0:
        rows.append(("", f"and {left} more steps"))
    width = max(columns(name) for name, _ in rows)
    return "\n".join([one_line(title), *(f"  {pad(name, width)}  {value}".rstrip() for name, value in rows)])


def _recovered(times: int) -> str:
    return f", was completed after all {times} ×" if times else ""


def _times(found: Indicators) -> str:
    if found.average_execution_time is None or found.p50 is None or found.p95 is None:
        return "nothing was completed yet"
    mean, p50, p95 = map(duration, (found.average_execution_time, found.p50, found.p95))
    return f"{mean} (half within {p50}, 95 % within {p95})"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.3g} %"
