"""How many examples a property is tried with: a third in `make test`, all in `make slow` (CLOI_THOROUGH=1)."""

from __future__ import annotations

import os

THOROUGH = bool(os.environ.get("CLOI_THOROUGH"))


def examples(number: int) -> int:
    """Of this number, those that are tried now."""
    return number if THOROUGH else max(10, number // 3)
