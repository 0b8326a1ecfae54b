"""Where the templates lie: inside the package in a wheel, beside it in a checkout.

Words, pages, workflow definitions and generated workflows are files, so that they can be read and changed
without reading code. Not here: how any of them is filled in.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path


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
