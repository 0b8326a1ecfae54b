"""REST for Apps: themselves, their installations and tokens, their delivery log; and who is asking."""

from __future__ import annotations

from typing import Any

from bot.sandbox import shapes, shapes_runs, webhooks
from bot.sandbox.call import Answer, Call, Refusal, not_found, operation, page
from bot.sandbox.tokens import LEVELS
from bot.sandbox.world import App, Delivery, Installation, Repository

_LIMIT = 5000  # requests an hour


def _self(call: Call) -> App:
    assert call.actor.app
    return call.actor.app


@operation("GET /app")
def get_app(call: Call) -> Answer:
    """The App itself."""
    mine = sum(one.app is _self(call) for one in call.world.installations.values())
    return Answer({**shapes.app(call.world, _self(call)), "installations_count": mine})


@operation("GET /app/installations")
def list_installations(call: Call) -> Answer:
    """Where the App is installed."""
    mine = [one for one in call.world.installations.values() if one.app is _self(call)]
    return page(call, mine, lambda one: shapes.installation(call.world, one))


def _installation(call: Call) -> Installation:
    found = call.world.installations.get(call.number("installation_id"))
    if found is None or found.app is not _self(call):
        raise not_found()
    return found


@operation("GET /app/installations/{installation_id}")
def get_installation(call: Call) -> Answer:
    """One installation."""
    return Answer(shapes.installation(call.world, _installation(call)))


@operation("GET /repos/{owner}/{repo}/installation")
def get_repository_installation(call: Call) -> Answer:
    """The App's installation on a repository."""
    found = call.world.installation_on(_self(call), call.found) if call.found else None
    if found is None:
        raise not_found()
    return Answer(shapes.installation(call.world, found))


@operation("POST /app/installations/{installation_id}/access_tokens")
def create_token(call: Call) -> Answer:
    """An installation token, narrowed if the request says so; asking for more than was granted is 422."""
    found = _installation(call)
    repositories = _chosen(found, call.body)
    asked: dict[str, str] = dict(call.body.get("permissions") or found.permissions)
    granted = {"metadata": "read", **found.permissions}
    for name, level in asked.items():
        if LEVELS.get(level, 9) > LEVELS.get(granted.get(name, ""), 0):
            raise Refusal(422, "The permissions requested are not granted to this installation.")
    issued = call.tokens.mint(found, asked, repositories)
    narrowed = "repositories" in call.body or "repository_ids" in call.body
    body: dict[str, Any] = {
        "token": issued.token,
        "expires_at": shapes.when(issued.expires_at),
        "permissions": dict(issued.actor.permissions),
        "repository_selection": "selected",
    }
    if narrowed:
        body["repositories"] = [shapes.repository(call.world, repo) for repo in repositories]
    return Answer(body, 201)


def _chosen(found: Installation, body: Any) -> tuple[Repository, ...]:
    names, ids = body.get("repositories"), body.get("repository_ids")
    if names is None and ids is None:
        return tuple(found.repositories)
    chosen = [repo for repo in found.repositories if repo.name in (names or ()) or repo.id in (ids or ())]
    if len(chosen) != len(set(names or ())) + len(set(ids or ())):
        what = "does not exist or is not accessible to the parent installation"
        raise Refusal(422, f"There is at least one repository that {what}.")
    return tuple(chosen)


@operation("GET /installation/repositories")
def list_installation_repositories(call: Call) -> Answer:
    """What the installation token reaches."""
    if call.actor.installation is None:
        raise Refusal(
            403, "You must authenticate with an installation access token in order to list repositories"
        )
    listed = page(
        call, call.actor.repositories, lambda one: shapes.repository(call.world, one), key="repositories"
    )
    listed.body["repository_selection"] = "selected"
    return listed


def _deliveries(call: Call) -> list[Delivery]:
    return [one for one in call.world.deliveries.values() if one.app is _self(call)]


@operation("GET /app/hook/deliveries")
def list_deliveries(call: Call) -> Answer:
    """The delivery log, newest first. `cursor` is the id to go on from, named in the Link header."""
    done = [one for one in reversed(_deliveries(call)) if one.delivered_at]
    status = call.query.get("status")
    if status:
        done = [one for one in done if (one.status_code < 400) == (status == "success")]
    cursor = call.query.get("cursor", "")
    if cursor.isascii() and cursor.isdigit():
        done = [one for one in done if one.id <= int(cursor)]
    wanted = call.query.get("per_page", "30")
    size = min(max(int(wanted) if wanted.isascii() and wanted.isdigit() else 30, 1), 100)
    links = {}
    if len(done) > size:
        links["Link"] = f'<{call.url}?per_page={size}&cursor={done[size].id}>; rel="next"'
    return Answer([shapes_runs.delivery(call.world, one) for one in done[:size]], headers=links)


def _delivery(call: Call) -> Delivery:
    found = call.world.deliveries.get(call.number("delivery_id"))
    if found is None or found.app is not _self(call):
        raise not_found()
    return found


@operation("GET /app/hook/deliveries/{delivery_id}")
def get_delivery(call: Call) -> Answer:
    """One delivery with request and response."""
    return Answer(shapes_runs.delivery(call.world, _delivery(call), full=True))


@operation("POST /app/hook/deliveries/{delivery_id}/attempts")
def redeliver(call: Call) -> Answer:
    """Sends a delivery again, under the same guid."""
    webhooks.redeliver(call.world, _delivery(call))
    return Answer({}, 202)


@operation("GET /user")
def get_user(call: Call) -> Answer:
    """The person who is asking."""
    if call.actor.installation is not None:
        raise Refusal(403, "Resource not accessible by integration")
    return Answer(shapes.private_user(call.world, call.user))


@operation("GET /rate_limit")
def get_rate_limit(call: Call) -> Answer:
    """The sandbox counts, and limits nobody."""
    at = int(call.world.auth_clock().timestamp()) + 3600
    rate = {"limit": _LIMIT, "remaining": _LIMIT, "reset": at, "used": 0}
    return Answer({"resources": {"core": rate, "search": rate}, "rate": rate})
