"""`python -m bot.cli`: the same as `cloi`, where it is not on the path."""

from __future__ import annotations

import os

from bot.cli import main

os.environ.setdefault("PYTHONUNBUFFERED", "1")
main()
