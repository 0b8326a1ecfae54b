"""A team that wants a pull request for each phase of a record gets one after the other."""

from __future__ import annotations

import re

from bot.demo.stories import RECORD, Told, decided, demo_repository
from tests.properties import slow
from tests.stories.tales import plain

AGENT = """
import json, os, re
from pathlib import Path

asked = " ".join(sorted(set(re.findall("0003/R[0-9]+", Path(os.environ["CLOI_PROMPT_FILE"]).read_text()))))
parts = sorted(Path("teashop").glob("part*.py"))
task = os.environ["CLOI_TASK"]
if task == "implementation":
    Path(f"teashop/part{len(parts) + 1}.py").write_text(f"VALUE = 1  # {asked}\\n")
elif task == "tests":
    name = parts[-1].stem
    Path(f"tests/test_{name}.py").write_text(
        "import unittest\\n\\nfrom teashop import " + name + "\\n\\n\\n"
        "class Part(unittest.TestCase):\\n    def test_value(self):\\n"
        "        self.assertEqual(" + name + ".VALUE, 1)\\n"
    )
else:
    for variable in ("CLOI_API_DOCS_FILE", "CLOI_USER_GUIDE_FILE"):
        if path := os.environ.get(variable):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_text(f"# {len(parts)} parts\\n")
answer = {"status": "finished", "agent": "parts", "version": "1", "tokens": 0, "cost_usd": 0}
Path(os.environ["CLOI_RESULT_FILE"]).write_text(json.dumps(answer))
"""


@slow
async def test_two_phases_are_two_pull_requests_one_after_the_other(open_stage) -> None:
    files = demo_repository()
    files["tools/agent.py"] = AGENT.encode()
    files[".github/cloi.yml"] += b"pull_requests: phase\n"
    other = "docs/adr/0002-keep-passwords-as-salted-hashes.md"
    files[other] = files[other].replace(b"## Status\n\nAccepted", b"## Status\n\nImplemented")
    async with open_stage(files=files) as stage:
        told, maria, tom = Told("phases"), stage.person("maria"), stage.person("tom")
        await decided(stage, told)
        issue = await tom.open_issue(f"Implement {RECORD}", "")
        await tom.say(issue["number"], f"/cloi implement {RECORD}")
        seen, asked_for, merged = [], [], []
        for phase in (1, 2):
            workflow = await stage.until(lambda: stage.pull_by_bot("workflow"))
            await maria.merge(workflow["number"])
            change = await stage.until(lambda: stage.pull_by_bot("implementation"))
            body = stage.repository.issues[change["number"]].body or ""
            seen.append((f"Phase {phase}" in body, f"Phase {3 - phase}" in body))
            asked_for.append(re.findall(r"^\| <code>(R\d+)</code>", body, re.MULTILINE))
            assert len(stage.bot.store.summaries(definition="implement-adr")) == phase, (
                "not before this is merged"
            )
            merged.append(change["number"])
            assert stage.pull_by_bot("status") is None, "half of it is done"
            await maria.merge(change["number"])
            instance = stage.instance()
            await stage.until(lambda name=instance: stage.state(name) == "completed")
        assert seen == [(True, False), (True, False)]
        assert asked_for == [["R1", "R2", "R3", "R4", "R8"], ["R1", "R5", "R6", "R7"]], "each has its own"
        assert {"teashop/part1.py", "teashop/part2.py"} <= set(stage.sandbox.tree("acme/teashop", "main"))
        assert stage.instance().endswith("/phase-2")
        assert stage.bot_comments() == 2
        status = await stage.until(lambda: stage.pull_by_bot("status"))
        shown = stage.repository.issues[status["number"]]
        assert shown.title == "Mark 0003 as implemented", "after the last phase"
        assert f"is merged: #{merged[0]}, #{merged[1]}." in shown.body
        assert "Login check: < 1ms" in plain(shown.body), "a number is for people to measure"
