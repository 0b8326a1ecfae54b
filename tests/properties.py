"""What `make test` leaves to `make slow` (CLOI_THOROUGH=1): two thirds of the examples of each property, and
stories that take long. CLOI_EXPLORE=1 draws other examples of the properties each time."""

from __future__ import annotations

import os

import pytest

THOROUGH = bool(os.environ.get("CLOI_THOROUGH"))
EXPLORE = bool(os.environ.get("CLOI_EXPLORE"))


def examples(number: int) -> int:
    """Of this number, those that are tried now."""
    return number if THOROUGH else max(10, number // 3)


slow = pytest.mark.skipif(not THOROUGH, reason="played by make slow")
"""For stories with runs of their own whose like is played in `make test` already."""
