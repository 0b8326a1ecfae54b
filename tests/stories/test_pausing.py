"""An implementation is held up for a while and goes on: what people write, and what they see."""

from __future__ import annotations

from tests.stories.tales import decided_files, implementing, living, names, told_to


async def test_pause_holds_an_implementation_up_and_resume_lets_it_go_on(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        told = await implementing(stage)
        await told_to(stage, told, "/cloi pause")
        await stage.until(lambda: "Paused: tom paused it" in living(stage, told))
        assert "`/cloi resume`" in living(stage, told)
        await stage.person("maria").merge(told.workflow_pull)
        await stage.sandbox.deliver()
        await stage.bot.pump()
        assert "RunDispatched" not in names(stage, told)
        await told_to(stage, told, "/cloi resume")
        await stage.until(lambda: "RunDispatched" in names(stage, told))
