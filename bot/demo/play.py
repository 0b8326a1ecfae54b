"""Playing stories: a stage, a story, its report; and the sandbox alone, for a `cloi serve` of one's own."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import urlsplit

import uvicorn

from bot.demo import stage as stages
from bot.demo.stories import STORIES, as_told, demo_repository, report
from bot.render.story import Story
from bot.sandbox.act import ActExecutor
from bot.sandbox.sandbox import Sandbox
from bot.templates_dir import app_manifest

TITLES = {
    "happy": "A decision is made, planned, approved, implemented, judged and merged.",
    "gate-fails": "A change that passed its gates breaks the default branch, and the bot takes it back.",
}


async def play(names: Sequence[str], *, keep: bool, out: TextIO) -> list[dict[str, Any]]:
    """Play these stories, each on a stage of its own, and return their reports."""
    if not logging.getLogger().isEnabledFor(logging.INFO):
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    teller = Story(out)
    reports = []
    for name in names:
        reports.append(await _play(name, teller, keep and name == names[-1]))
    return reports


async def _play(name: str, teller: Story, keep: bool) -> dict[str, Any]:
    teller.title(TITLES[name])

    def tell(actor: str, sentence: str, link: str | None) -> None:
        teller.step("done", actor, sentence, link)

    with tempfile.TemporaryDirectory(prefix="cloi-demo-") as directory:
        async with stages.served(Path(directory), demo_repository(), tell) as stage:
            told = await STORIES[name](stage)
            out = await report(stage, told)
            tests = out["default_branch_tests"]
            teller.end(as_told(out), f"{name}: {out['state']}; tests on the default branch {tests}")
            teller.note(
                f"{out['requests']} requests, {out['content_creations']} things created on GitHub, "
                f"{out['bot_comments']} comment by the bot, {out['events']} events"
            )
            if keep:
                teller.note(f"Look around at {stage.sandbox.world.html} and ask what was recorded:")
                teller.note(f"export CLOI_STORE_URL=sqlite:///{directory}/cloi.sqlite3")
                teller.note(f"cloi why {stage.instance()}")
                teller.note("Ctrl-C ends it.")
                await asyncio.Event().wait()
            else:
                teller.note("The pages were live while it played; `cloi demo --keep` leaves them up.")
    return out


async def serve_sandbox(
    *, port: int, webhook: str, directory: Path | None, echo: Callable[[str], Any]
) -> None:
    """The sandbox on a port (0: a free one), with an App whose settings for `cloi serve` are printed."""
    with tempfile.TemporaryDirectory(prefix="cloi-sandbox-") as temporary, socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen()  # whoever reads the url below is heard
        root = directory or Path(temporary)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        sandbox = Sandbox(root / "github", base_url=url, executor=ActExecutor())
        manifest = app_manifest()
        sandbox.create_repository(stages.REPOSITORY, demo_repository(), collaborators=stages.PEOPLE)
        secret = "sandbox-webhook-secret"
        app = sandbox.add_app(
            stages.SLUG, manifest["default_permissions"], manifest["default_events"], webhook, secret
        )
        sandbox.install(app, [stages.REPOSITORY])
        key = root / "app.pem"
        key.write_text(app.private_key_pem)
        key.chmod(0o600)
        echo(f"A GitHub at {url} (API at {url}/api/v3). For the bot:\n")
        for name, value in {
            "CLOI_APP_ID": app.id,
            "CLOI_PRIVATE_KEY_FILE": key,
            "CLOI_WEBHOOK_SECRET": secret,
            "CLOI_GITHUB_URL": f"{url}/api/v3",
            "CLOI_PUBLIC_URL": webhook.removesuffix("/webhook"),
            "CLOI_PORT": urlsplit(webhook).port or 8000,
            "CLOI_STORE_URL": f"sqlite:///{root}/cloi.sqlite3",  # another world's would mislead the bot
        }.items():
            echo(f"export {name}={value}")
        echo("\nPeople, with tokens for the REST API:")
        tokens = {login: sandbox.add_user(login).token for login in stages.PEOPLE}
        for login, role in stages.PEOPLE.items():
            echo(f"  {login} ({role}): {tokens[login]}")
        issues = f"{url}/api/v3/repos/{stages.REPOSITORY}/issues"
        echo("\nOnce the bot runs, tom can open an issue, and ask for help on it:\n")
        echo(f"TOKEN={tokens['tom']}\nISSUES={issues}")
        for at, body in (("", {"title": "Try it"}), ("/1/comments", {"body": "/cloi help"})):
            echo(f"curl -s -H \"Authorization: Bearer $TOKEN\" $ISSUES{at} -d '{json.dumps(body)}'")
        echo(f"\nThen look at {url}/{stages.REPOSITORY}/issues/1; Ctrl-C ends it.")
        server = uvicorn.Server(
            uvicorn.Config(sandbox.asgi(background=True), log_level="warning", access_log=False)
        )
        await server.serve(sockets=[listening])
        await sandbox.close()
