"""After a change was taken back, the report says what was promised, what it took, what was undone and by whom."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from bot.cli import main
from bot.demo.stories import STORIES
from bot.plans.plan import from_json
from bot.store.sqlite import SQLiteStore


async def test_cloi_report_tells_of_a_change_that_was_taken_back(open_stage, tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "cloi.sqlite3")
    try:
        async with open_stage(store) as stage:
            told = await STORIES["gate-fails"](stage)
            runner, where = CliRunner(), ["--store", f"sqlite:///{store.path}"]
            asked = runner.invoke(main, ["report", told.instance, "--json", *where])  # beside the running bot
            assert asked.exit_code == 0, asked.output
            out = json.loads(asked.output)
            assert (out["state"], out["key"]) == ("compensated", "acme/teashop/0003")
            assert [(g["mode"], g["verdict"]) for g in out["gates"]] == [
                ("implement", "pass"),
                ("verify", "fail"),
            ]
            assert [(r["mode"], r["conclusion"]) for r in out["runs"]] == [
                ("implement", "success"),
                ("verify", "failure"),
            ]
            kept = stage.bot.coordinator.instance(told.instance).steps["plan"].result["plan"]
            estimate = from_json(store.get_blob(kept)).estimated_duration
            assert out["estimated"] == [estimate.low_minutes, estimate.high_minutes]
            assert 0 < out["ran"] < out["seconds"]
            how = {step["step"]: (step["how"], step["state"], step["said"]) for step in out["undone"]}
            assert how["await-implementation-merge"] == (
                "full-system-rollback",
                "completed",
                f"#{told.revert_pull} was merged by maria",
            )
            assert how["await-run"][0] == "delete-generated-files"
            assert {state for _, state, _ in how.values()} == {"completed"}
            assert [(act["who"], act["did"], act["number"]) for act in out["people"]] == [
                ("tom", "asked", None),
                ("maria", "merged", told.workflow_pull),
                ("maria", "merged", told.implementation_pull),
                ("maria", "merged", told.revert_pull),
            ]
            opened = [e["result"]["number"] for e in out["effects"] if e["kind"] == "open-pull"]
            assert opened == [told.workflow_pull, told.implementation_pull, told.revert_pull]

            shown = runner.invoke(main, ["report", told.instance, *where]).output
            assert "#### What was undone, and how" in shown
            assert f"/pull/{told.revert_pull}) was merged by maria" in shown
            comments = stage.repository.issues[told.issue].comments
            living = next(c.body for c in comments if c.user.login == "cloi[bot]")
            assert "<summary>Report: estimate and actual, gates, what was undone</summary>" in living
            assert living.count("<code>full-system-rollback</code>") == 1
            assert f"{len(out['effects'])} writes to GitHub" in living

            unknown = runner.invoke(main, ["report", "nobody", *where])
            assert (unknown.exit_code, "there is no instance nobody" in unknown.output) == (2, True)
    finally:
        store.close()
