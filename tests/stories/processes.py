"""The demo as it would be in the world: `cloi sandbox` is one process, `cloi serve` another, people use REST.

`Distant` looks at all of it from outside and is, for stories, a stage: the same stories are played on it. Its bot
can be ended with SIGKILL and started again on the same store. Not here: when that happens (test_sigkill.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx

from bot.demo.people import Person
from bot.demo.stage import REPOSITORY, SLUG
from bot.store.sqlite import SQLiteStore

CLOI = Path(sys.executable).with_name("cloi")
PATIENCE = 120.0
"""Seconds that one thing is waited for."""

T = TypeVar("T")


class Program:
    """One process of ours, with what it says in a file."""

    def __init__(self, arguments: list[str], environment: dict[str, str], said: Path) -> None:
        self.said = said
        with said.open("ab") as out:
            self._process = subprocess.Popen(
                [CLOI, *arguments],
                env={"PATH": os.environ["PATH"], "HOME": str(said.parent), **environment},
                cwd=said.parent,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        """kill -9, for it and what it has started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def until_heard(self, find: Callable[[], T | None]) -> T:
        """What `find` finds, once it does. Raises AssertionError if the process ends before."""
        end = time.monotonic() + PATIENCE
        while not (found := find()):
            assert self._process.poll() is None, self.said.read_text()
            assert time.monotonic() < end, self.said.read_text()
            time.sleep(0.02)
        return found


class Distant:
    """What stories ask of a stage, answered over REST and from the bot's store, read beside the running bot."""

    def __init__(self, directory: Path, bot_port: int, said: str) -> None:
        self._directory = directory
        self._port = bot_port
        self._settings = dict(re.findall(r"^export (\w+)=(.*)$", said, re.MULTILINE))
        self._settings |= {"CLOI_PORT": str(bot_port), "CLOI_STORE_URL": f"sqlite:///{self.store_path}"}
        self._tokens = dict(re.findall(r"^  (\w+) \(\w+\): (\S+)$", said, re.MULTILINE))
        self._http = httpx.Client(
            base_url=f"{self._settings['CLOI_GITHUB_URL']}/repos/{REPOSITORY}",
            headers={"Authorization": f"Bearer {self._tokens['maria']}"},
        )
        self._people_http = httpx.AsyncClient(base_url=self._settings["CLOI_GITHUB_URL"])
        self.bot: Program | None = None
        self.sandbox = self  # stories ask it for trees

    @property
    def store_path(self) -> Path:
        return self._directory / "cloi.sqlite3"

    def start_bot(self) -> None:
        """`cloi serve`, once it listens."""
        self.bot = Program(["serve"], self._settings, self._directory / "serve.log")
        self.bot.until_heard(self._listens)

    def kill_bot(self) -> None:
        assert self.bot is not None
        self.bot.kill()

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0

    @contextlib.contextmanager
    def store(self) -> Iterator[SQLiteStore]:
        """The bot's store, for looking."""
        opened = SQLiteStore.open_readonly(self.store_path)
        try:
            yield opened
        finally:
            opened.close()

    def get(self, path: str, **params: Any) -> Any:
        """A page of what the API says below the repository; lists have at most a hundred."""
        answer = self._http.get(path, params={"per_page": 100, **params})
        answer.raise_for_status()
        return answer.json()

    # As bot.demo.stage.Stage.

    def person(self, login: str) -> Person:
        return Person(login, self._tokens[login], self._people_http, REPOSITORY)

    def tell(self, actor: str, sentence: str, link: str | None = None) -> None:
        pass

    def url(self, path: str) -> str:
        return path

    async def until(self, find: Callable[[], T | None]) -> T:
        end = time.monotonic() + PATIENCE
        while not (found := find()):
            assert time.monotonic() < end, self.where()
            await asyncio.sleep(0.1)
        return found

    def where(self) -> str:
        """Where everything stands, for whoever has to find out why it does not go on."""
        with self.store() as store:
            lines = [f"{s.instance}: {s.state} {s.reason}" for s in store.summaries()]
            lines += [f"{d.event} {d.id}: {d.state}" for d in store.deliveries() if d.state == "pending"]
        return "\n".join([*lines, (self._directory / "serve.log").read_text()[-5000:]])

    def state(self, instance: str) -> str:
        with self.store() as store:
            found = [s.state for s in store.summaries() if s.instance == instance]
        return found[-1] if found else ""

    def instance(self) -> str:
        with self.store() as store:
            return store.summaries(definition="implement-adr")[-1].instance

    def check(self, sha: str, name: str) -> dict[str, Any] | None:
        found = self.get(f"/commits/{sha}/check-runs", check_name=name)["check_runs"]
        done = [c for c in found if c["status"] == "completed"]
        return {**done[0], "title": done[0]["output"]["title"]} if done else None

    def pull_by_bot(self, what: str) -> dict[str, Any] | None:
        found = [p for p in self.get("/pulls", state="all") if f"/{what}-" in p["head"]["ref"]]
        latest = max(found, key=lambda p: p["number"], default=None)
        return latest if latest and latest["state"] == "open" else None

    def runs(self) -> list[dict[str, Any]]:
        """All runs, oldest first."""
        return sorted(self.get("/actions/runs")["workflow_runs"], key=lambda r: r["id"])

    def run(self, status: str | None = None, number: int = 1) -> dict[str, Any] | None:
        found = [r for r in self.runs()[:number] if status in (None, r["status"])]
        return found[-1] if len(found) == number else None

    def jobs(self, run: int) -> dict[str, str]:
        found = self.get(f"/actions/runs/{run}/jobs")["jobs"]
        return {j["name"]: j["conclusion"] or j["status"] for j in found}

    def tree(self, _: str, ref: str) -> dict[str, str]:
        listed = self.get(f"/git/trees/{ref}", recursive=1)["tree"]
        return {entry["path"]: entry["sha"] for entry in listed if entry["type"] == "blob"}

    def by_bot(self, things: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those of these that our App has made."""
        return [one for one in things if one["user"]["login"] == f"{SLUG}[bot]"]


@contextlib.asynccontextmanager
async def processes(directory: Path) -> AsyncIterator[Distant]:
    """A sandbox and a bot as processes of their own, both ended with the block."""
    port = _free_port()
    webhook = f"http://127.0.0.1:{port}/webhook"
    github = Program(["sandbox", "--port", "0", "--webhook", webhook], {}, directory / "sandbox.log")
    distant = None
    try:
        said = github.until_heard(lambda: _whole(github.said.read_text()))
        distant = Distant(directory, port, said)
        distant.start_bot()
        yield distant
    finally:
        if distant is not None and distant.bot is not None:
            distant.kill_bot()
        github.kill()


def _whole(said: str) -> str | None:
    """What the sandbox says once it has named everybody."""
    return said if re.search(r"^  eve .*\n", said, re.MULTILINE) else None


def _free_port() -> int:
    """A port that nobody listens on, below those that connections are given, since it must stay ours while the bot
    is dead."""
    while True:
        port = random.SystemRandom().randrange(15_000, 30_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
