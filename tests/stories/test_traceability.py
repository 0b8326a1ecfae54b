"""From the record to the line of code: what the implementation's pull request says of each requirement and of each
constraint, where the agent did one thing, named another, claimed a third and forgot the fourth."""

from __future__ import annotations

from bot.demo.stories import Told, asked, demo_repository
from bot.demo.stories import run as brought
from tests.properties import slow
from tests.stories.tales import head_ref, plain, pull_of

PATH = "docs/adr/0003-weigh-the-tea.md"
DECISION = """---
validation_metadata:
  constraints:
    - type: import-pattern
      rule: no-random-weights
      description: Weighing must not import random
      pattern: "^\\\\s*(?:import|from)\\\\s+random\\\\b"
      severity: error
    - type: file-structure
      rule: scales-must-stand-in-the-shop
      pattern: "teashop/**/scales.py"
      severity: error
    - type: port-management
      description: Scales should not use fixed ports
      pattern: "port.*9090"
      severity: error
  validation_scripts:
    - name: spoil
      command: "touch spoilt-by-the-record"
---

# ADR-0003: Weigh the tea

**Status:** Accepted
**Date:** 2026-02-03

## Decision

Tea is sold by weight.

## Implementation

- Add scales to the shop
- Add a label with the weight
- Add a drawer for loose leaves
- Add a bell at the door
"""

# R1 and R2 have a test, R3 is named in a file with an odd name, R4 is only claimed, R5 is forgotten.
AGENT = """
import json, os
from pathlib import Path

task = os.environ["CLOI_TASK"]
claims = {}
if task == "implementation":
    Path("teashop/scales.py").write_text("MORE\\n\\ndef weigh(leaves):\\n    return sum(leaves)\\n")
    odd = Path("teashop/<img src=x> | @maria `_`.txt")
    odd.write_text("a label, for 0003/R3\\n")
    claims = {"0003/R4": ["teashop/scales.py", "teashop/not-there.py"]}
elif task == "tests":
    Path("tests/test_scales.py").write_text(
        "import unittest\\n\\nfrom teashop.scales import weigh\\n\\n\\n"
        "class ScalesTest(unittest.TestCase):\\n"
        "    def test_0003_r2_leaves_are_summed_up(self):\\n"
        "        # and so tea is sold by weight: 0003/R1\\n"
        "        self.assertEqual(weigh([1, 2]), 3)\\n"
    )
else:
    for variable in ("CLOI_API_DOCS_FILE", "CLOI_USER_GUIDE_FILE"):
        if path := os.environ.get(variable):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_text("# Scales\\n")
answer = {"status": "finished", "agent": "a", "version": "1", "tokens": 0, "cost_usd": 0, "requirements": claims}
Path(os.environ["CLOI_RESULT_FILE"]).write_text(json.dumps(answer))
"""


def files(more: str = '"""Scales."""') -> dict[str, bytes]:
    """The shop with the decision merged, and an agent whose module begins like this."""
    return {
        **demo_repository(),
        PATH: DECISION.encode(),
        "tools/agent.py": AGENT.replace("MORE", more.replace('"', '\\"')).encode(),
    }


@slow
async def test_the_table_says_what_is_shown_what_is_claimed_and_what_is_uncovered(open_stage) -> None:
    async with open_stage(files=files()) as stage:
        told = Told("traced")
        await asked(stage, told)
        promised = plain(pull_of(stage, told.workflow_pull).body or "")
        assert "an added line of a program that matches it fails the gate" in promised
        assert "not checked: constraints of the type “port-management” are for people to judge" in promised
        await brought(stage, told)
        body = pull_of(stage, told.implementation_pull).body or ""
        rows = {line.split("</code>")[0]: plain(line) for line in body.splitlines() if "<code>R" in line}
        shown = {key.rpartition(">")[2]: row for key, row in rows.items()}
        for one in ("R1", "R2"):
            assert "✅ a test that ran and passed names it" in shown[one]
            assert "leaves" in shown[one]
            assert "tests/test_scales.py" in shown[one]
        assert "⚠️ the change names it, and no test does" in shown["R3"]
        assert "❔ claimed only" in shown["R4"] and "claimed by the run" in shown["R4"]
        assert "not-there.py" not in body
        assert "❌ uncovered" in shown["R5"]
        assert "**Uncovered:** `R5`. Nothing in this change names them." in body
        assert "**Claimed only:** `R4`." in body
        # Hostile names stay text.
        assert "<img" not in body
        assert "teashop/&lt;img src=x&gt;" in body
        # Where it can be traced from: branch, commit, tests.
        assert "/implementation-0003-r1-r2-r3-r4-r5-" in head_ref(stage, told.implementation_pull)
        head = pull_of(stage, told.implementation_pull).pull.head_sha
        message = (await stage.person("tom").call("GET", f"/git/commits/{head}"))["message"]
        trailers = [line for line in message.splitlines() if line.startswith("Implements: ")]
        assert trailers == [
            "Implements: 0003/R1",
            "Implements: 0003/R2",
            "Implements: 0003/R3",
            "Implements: 0003/R4 (claimed)",
        ]
        (logged,) = [
            e.body.data for e in stage.bot.store.read(told.instance) if e.name == "RequirementsTraced"
        ]
        assert logged == {
            "covered": ["0003/R1", "0003/R2"],
            "named": ["0003/R3"],
            "claimed": ["0003/R4"],
            "uncovered": ["0003/R5"],
        }
        # What the record asks to be kept was kept; what no program decides is not said to have passed.
        assert "gate/constraint/0003/C1" in body and "2 of the record" in body and "1 not checked" in body
        tree = stage.sandbox.tree("acme/teashop", head_ref(stage, told.implementation_pull))
        assert "spoilt-by-the-record" not in tree


@slow
async def test_a_change_that_breaks_a_constraint_of_its_record_is_not_proposed(open_stage) -> None:
    async with open_stage(files=files("import random")) as stage:
        told = Told("constrained")
        await asked(stage, told)
        await stage.person("maria").merge(told.workflow_pull)
        await stage.until(lambda: stage.state(told.instance) == "compensated")
        run = stage.run(status="completed")
        assert stage.jobs(run["id"])["validate"] == "failure", "the runner held it to the constraint"
        judged = [e for e in stage.bot.store.read(told.instance) if e.name == "QualityGateEvaluated"]
        assert judged[-1].body.data["verdict"] == "fail"
        assert "does not hold: Weighing must not import random" in str(judged[-1].body.data["result"])
        assert stage.pull_by_bot("implementation") is None
