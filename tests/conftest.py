"""What all stories share."""

import importlib.util
import sys

import pytest

# httpx's in-process transport asks for sniffio at every request; a module that is not there is searched for in all
# of sys.path each time. None says at once that it is not.
if importlib.util.find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
