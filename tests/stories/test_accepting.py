"""What happens by itself when a record is accepted is what the repository asked for, once."""

from __future__ import annotations

from bot.demo.stories import Told, decided, demo_repository


def _files(wish: str) -> dict[str, bytes]:
    files = demo_repository()
    files[".github/cloi.yml"] += f"on_accept: {wish}\n".encode()
    return files


def _issues(stage) -> list:
    return [i for i in stage.repository.issues.values() if i.pull is None]


async def test_by_default_nothing_happens(open_stage) -> None:
    async with open_stage() as stage:
        await decided(stage, Told("accepting"))
        await stage.until(lambda: stage.state("accept-record/acme/teashop/1") == "completed")
        assert _issues(stage) == []


async def test_an_issue_offers_the_plan_and_a_later_edit_offers_nothing(open_stage) -> None:
    async with open_stage(files=_files("issue")) as stage:
        await decided(stage, Told("accepting"))
        await stage.until(lambda: _issues(stage))
        offered = _issues(stage)[0]
        assert offered.title == "Implement 0003: Limit login attempts with a token bucket"
        assert "/cloi implement 0003" in offered.body
        tom, maria = stage.person("tom"), stage.person("maria")
        path = "docs/adr/0003-limit-login-attempts-with-a-token-bucket.md"
        text = stage.sandbox.file("acme/teashop", "main", path)
        main = (await tom.call("GET", "/git/ref/heads/main"))["object"]["sha"]
        await tom.call("POST", "/git/refs", ref="refs/heads/wording", sha=main)
        sha = (await tom.call("GET", f"/contents/{path}?ref=wording"))["sha"]
        import base64

        changed = base64.b64encode(
            text.replace(b"Guessing passwords becomes", b"Guessing them becomes")
        ).decode()
        await tom.call(
            "PUT", f"/contents/{path}", message="Wording", content=changed, branch="wording", sha=sha
        )
        pull = await tom.call("POST", "/pulls", title="Wording", head="wording", base="main")
        await maria.merge(pull["number"])
        name = f"accept-record/acme/teashop/{pull['number']}"
        await stage.until(lambda: stage.state(name) == "completed")
        assert len(_issues(stage)) == 1


async def test_a_start_still_waits_for_a_maintainer(open_stage) -> None:
    async with open_stage(files=_files("start")) as stage:
        await decided(stage, Told("accepting"))
        assert await stage.until(lambda: stage.pull_by_bot("workflow"))
        assert stage.run() is None
