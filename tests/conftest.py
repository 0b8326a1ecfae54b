"""What all stories share, also with other processes of one `make test`, so that nothing costly is done twice."""

from __future__ import annotations

import importlib.util
import sys
import threading
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from bot.runner import build
from bot.web.site import runner_path
from tests.properties import EXPLORE, examples

# A busy machine is no failure, and the same commit is judged in the same way everywhere.
settings.register_profile("cloi", max_examples=examples(100), deadline=None, derandomize=not EXPLORE)
settings.load_profile("cloi")

# httpx's in-process transport asks for sniffio at every request; a module that is not there is searched for in all
# of sys.path each time. None says at once that it is not.
if importlib.util.find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]


LONG_WAITS = (
    "test_sigkill.py",
    "test_phases.py",
    "test_runner_story.py",
    "test_act.py",
    "test_workflow_in_act.py",
)
"""Stories that mostly wait for other processes."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits longest begins first, so that it waits beside others and nobody waits for it at the end."""
    items.sort(key=lambda item: item.path.name not in LONG_WAITS)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@cache
def _runner_server() -> str:
    """A server of the runner file, over real HTTP, until this process ends; its url."""

    class Serve(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.path == runner_path(build.build())
            self.send_response(200 if known else 404)
            self.end_headers()
            self.wfile.write(build.build() if known else b"")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Serve)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """One url for all workers: it stands in workflows, and the same workflow is run only once."""
    node.workerinput["runner_url"] = _runner_server()


@pytest.fixture(scope="session")
def runner_url(request: pytest.FixtureRequest) -> str:
    """Where runs fetch the runner file."""
    given: dict[str, str] = getattr(request.config, "workerinput", {})
    return given.get("runner_url") or _runner_server()


@pytest.fixture(scope="session")
def shared_directory(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that all processes of this session share."""
    here = tmp_path_factory.getbasetemp()
    shared = (here.parent if hasattr(request.config, "workerinput") else here) / "shared"
    shared.mkdir(exist_ok=True)
    return shared
