"""An implementation is held up for a while and goes on: what people write, and what they see."""

from __future__ import annotations

from tests.stories.tales import Told, comments, decided_files, implementing, living, names, plain, told_to


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


class NoStarts:
    """A policy of somebody else's: nobody starts an implementation."""

    def refusal(self, actor: str, act: str, instance: str, cause: str) -> str | None:
        asked = act == "start" and instance.startswith("implement-adr/")
        return f"{actor} may not start this on Fridays; ask <b>maria</b>" if asked else None


async def test_a_start_that_the_policy_refuses_is_answered_and_kept(open_stage) -> None:
    async with open_stage(files=decided_files()) as stage:
        stage.bot.coordinator.policy = NoStarts()
        issue = (await stage.person("tom").open_issue("Implement ADR-0003", ""))["number"]
        comment = await told_to(stage, Told("talk", issue=issue), "/cloi implement ADR-0003")
        await stage.until(lambda: comments(stage, issue))
        assert "may not start this on Fridays" in plain(comments(stage, issue)[0])
        assert "<b>" not in comments(stage, issue)[0]
        assert stage.bot.store.summaries(definition="implement-adr") == []
        events = stage.bot.store.read(f"answer-command/acme/teashop/{issue}/{comment}")
        (obeyed,) = [e.body.data for e in events if e.name == "CommandObeyed"]
        assert obeyed["refused"].startswith("@tom may not start this")
