"""The main job, and the ways in which people use it a little differently."""

from __future__ import annotations

import json

from bot.demo.stories import STORIES, as_told, report


async def test_a_decision_is_made_planned_approved_implemented_judged_and_merged(open_stage) -> None:
    async with open_stage() as stage:
        told = await STORIES["happy"](stage)
        out = await report(stage, told)
        assert as_told(out), out
        assert out["jobs"] == dict.fromkeys(("implement", "validate", "integrate", "report"), "success")
        assert out["adr_check"] == "success"
        assert (out["bot_comments"], out["content_creations"]) == (1, 3)
        names = [e.name for e in stage.bot.store.read(told.instance)]
        for name in (
            "ImplementationStarted",
            "QualityGateEvaluated",
            "PhaseCompleted",
            "ImplementationCompleted",
        ):
            assert name in names
        kept = json.dumps(names)
        assert "Secret" not in kept
