"""A record whose front matter names commands: they are read, the author is told that they never run, and nobody
runs them, neither the bot nor the runner. The agent leaves something, so it could be seen."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.demo.stage import REPOSITORY
from bot.demo.stories import Told, asked, demo_repository
from bot.demo.stories import run as brought
from tests.properties import slow
from tests.stories.tales import head_ref, plain, pull_of

PATH = "docs/adr/0003-weigh-the-tea.md"
RECORD = """---
implementation_metadata:
  workflow_generation:
    github_actions_template: "$(touch HERE/template)"
    rollback_triggers:
      - "`touch HERE/trigger`"
validation_metadata:
  constraints:
    - type: file-structure
      rule: "scales-must-stand-in-the-shop; touch HERE/rule"
      pattern: "teashop/**/scales.py"
      severity: error
  validation_scripts:
    - name: "spoil $(touch HERE/name)"
      command: "touch HERE/command"
    - name: call home
      command: "curl --noproxy '*' http://127.0.0.1:PORT/script || python3 tools/never.py HERE/script"
  compliance_tests:
    - "$(touch HERE/compliance)"
    - "${{ github.token }}'; touch HERE/quoted #"
"touch HERE/key": "!!python/object/apply:os.system"
---

# ADR-0003: Weigh the tea

**Status:** Accepted
**Date:** 2026-02-03

## Decision

Tea is sold by weight.

## Implementation

- Add scales to the shop
"""
COMMANDS = ("touch ", "--noproxy", "tools/never.py", "$(", "`", "os.system", "HERE", "127.0.0.1:PORT")
"""Of these nothing may stand in a workflow."""

AGENT = """
import json, os, socket
from pathlib import Path

task = os.environ["CLOI_TASK"]
if task == "implementation":
    Path("teashop/scales.py").write_text("def weigh(leaves):\\n    return sum(leaves)\\n")
    Path("HERE/agent").write_text("it could be seen")
    with socket.create_connection(("127.0.0.1", PORT)) as home:
        home.sendall(b"GET /agent HTTP/1.0\\r\\n\\r\\n")
elif task == "tests":
    Path("tests/test_scales.py").write_text(
        "import unittest\\n\\nfrom teashop.scales import weigh\\n\\n\\n"
        "class ScalesTest(unittest.TestCase):\\n"
        "    def test_0003_r1_leaves_are_summed_up(self):\\n"
        "        self.assertEqual(weigh([1, 2]), 3)\\n"
    )
else:
    for variable in ("CLOI_API_DOCS_FILE", "CLOI_USER_GUIDE_FILE"):
        if path := os.environ.get(variable):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_text("# Scales\\n")
answer = {"status": "finished", "agent": "a", "version": "1", "tokens": 0, "cost_usd": 0}
Path(os.environ["CLOI_RESULT_FILE"]).write_text(json.dumps(answer))
"""


@pytest.fixture
def here() -> Iterator[Path]:
    """A folder that everybody may write to, the run's user as well."""
    made = Path(tempfile.mkdtemp(prefix="cloi-story-"))
    made.chmod(0o777)
    yield made
    shutil.rmtree(made)


def left(here: Path) -> list[str]:
    """Names of what somebody has left there."""
    return sorted(path.name for path in here.iterdir())


@contextlib.asynccontextmanager
async def listening() -> AsyncIterator[tuple[int, list[bytes]]]:
    """A port of this machine, and the first line of whatever calls it."""
    calls: list[bytes] = []

    async def called(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls.append((await reader.readline()).strip())
        writer.close()

    server = await asyncio.start_server(called, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], calls


@slow
async def test_the_author_is_told_and_nothing_of_it_runs(open_stage, here: Path) -> None:
    async with listening() as (port, calls):

        def put(text: str) -> str:
            return text.replace("HERE", str(here)).replace("PORT", str(port))

        files = {**demo_repository(), "tools/agent.py": put(AGENT).encode()}
        files["tools/never.py"] = b"import sys\nopen(sys.argv[1], 'w').close()\n"
        async with open_stage(files=files) as stage:
            told = Told("commands")
            tom, maria = stage.person("tom"), stage.person("maria")
            pull = await tom.propose("weigh", {PATH: put(RECORD).encode()}, title="ADR-0003")
            await stage.until(lambda: stage.check(pull["head"]["sha"], "CLOI / decision records"))
            (check,) = stage.repository.check_runs.values()
            said = plain(f"{check.output['summary']}\n{check.output['text']}")
            assert "names scripts or commands to validate with (4). What a record names is never run" in said
            assert left(here) == []
            await maria.merge(pull["number"])

            await asked(stage, told)
            head = head_ref(stage, told.workflow_pull)
            base, tree = (stage.sandbox.tree(REPOSITORY, ref) for ref in ("main", head))
            new = {path: stage.sandbox.file(REPOSITORY, head, path) for path in tree.keys() - base.keys()}
            workflows = [str(data) for path, data in new.items() if path.endswith((".yml", ".yaml"))]
            assert len(workflows) == 1
            assert [word for word in map(put, COMMANDS) if word in workflows[0]] == []
            (plan,) = [data for path, data in new.items() if path.endswith(".json")]
            scripts = ("command", "script", "compliance", "quoted", "key", "template")
            assert not any(f"{here}/{name}" in json.dumps(json.loads(plan)) for name in scripts)

            await brought(stage, told)
            run = stage.run(status="completed")
            assert set(stage.jobs(run["id"]).values()) == {"success"}
            assert left(here) == ["agent"], "only what the agent left"
            assert calls == [b"GET /agent HTTP/1.0"]
            changed = stage.sandbox.tree(REPOSITORY, head_ref(stage, told.implementation_pull))
            assert "teashop/scales.py" in changed
            assert pull_of(stage, told.implementation_pull).state == "open"
