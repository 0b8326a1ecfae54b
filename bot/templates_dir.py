"""Where the templates lie: inside the package in a wheel, beside it in a checkout.

Words, pages, workflow definitions and generated workflows are files, so that they can be read and changed
without reading code. Not here: how any of them is filled in.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml


def find(package: Path) -> Path:
    """The templates that belong to the package in this directory.

    The wheel's place is asked first: beside an installed package a directory of this name is somebody else's.
    Raises FileNotFoundError with what was looked for.
    """
    places = (package / "templates", package.parent / "templates")
    for place in places:
        if (place / "words").is_dir():
            return place
    looked = " nor ".join(str(place) for place in places)
    raise FileNotFoundError(
        f"CLOI's templates are neither in {looked}: the installation is not complete, please install it again"
    )


@cache
def templates() -> Path:
    """The directory that holds words/, workflows/ and the rest. Raises FileNotFoundError."""
    return find(Path(__file__).resolve().parent)


@cache
def app_manifest() -> dict[str, Any]:
    """The App's manifest, app.yml: beside the templates in a wheel, at the top of a checkout."""
    for place in (templates() / "app.yml", templates().parent / "app.yml"):
        if place.is_file():
            manifest: dict[str, Any] = yaml.safe_load(place.read_text(encoding="utf-8"))
            return manifest
    raise FileNotFoundError("CLOI's app.yml is missing: the installation is not complete")
