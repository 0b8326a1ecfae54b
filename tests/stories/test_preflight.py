"""What is missing is said at once, not at the last step."""

from __future__ import annotations

from bot.demo.stories import RECORD, Told, decided


async def test_a_missing_permission_is_said_before_anything_is_proposed(open_stage) -> None:
    async with open_stage() as stage:
        told, tom = Told("preflight"), stage.person("tom")
        await decided(stage, told)
        for installation in stage.sandbox.world.installations.values():
            del installation.permissions["workflows"]
        issue = await tom.open_issue(f"Implement {RECORD}", "")
        await tom.say(issue["number"], f"/cloi implement {RECORD}")
        await stage.until(stage.bot_comments)
        said = next(c.body for c in stage.repository.comments.values() if c.user.login == "cloi[bot]")
        assert "workflows: write" in said
        assert "An owner of **acme** can accept it" in said
        assert stage.pull_by_bot("workflow") is None
