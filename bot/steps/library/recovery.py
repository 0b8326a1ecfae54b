"""wait-and-retry: a recovery strategy for what passes by itself (ADR-012, `determineRecoveryStrategy`). Pure.

It speaks of transient failures and rate limits only, and only where the step did not know itself what happened:
a step looks before it does, so it may be called again with the same key.
"""

from __future__ import annotations

from bot.engine.outcome import Failed
from bot.plugins.registry import Classification, Recovery, RecoveryStrategy

_LIMIT_LIFTS = 60.0  # seconds; GitHub asks for at least a minute after a secondary limit


class WaitAndRetry(RecoveryStrategy):
    """The pause between attempts is the definition's, longer after a rate limit."""

    name = "wait-and-retry"

    def choose(self, found: Classification, failed: Failed, attempt: int) -> Recovery | None:
        if failed.kind != "bug":
            return None
        if found.kind == "rate-limit":
            return Recovery("retry", f"attempt {attempt} met a rate limit, which lifts", _LIMIT_LIFTS)
        if found.kind == "transient":
            return Recovery("retry", f"attempt {attempt} met something that passes by itself")
        return None
