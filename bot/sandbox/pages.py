"""The sandbox's web pages: what a person would see on GitHub, readable, without scripts, without login.

`routes` is mounted beside the API (sandbox.py). Handlers are coroutines so that the world is only read between
its own changes. Pages change nothing. How hostile text stays text: page_frame.py.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.sandbox import merging, page_text, page_thread, runs
from bot.sandbox.diffs import FileChange, changes
from bot.sandbox.git import Commit, Entry
from bot.sandbox.page_frame import FOLDER, HEADERS, Handler, Visit, absent, environment, kind
from bot.sandbox.world import CheckRun, Issue, Repository, Run, User, World


def routes(world: World) -> list[BaseRoute]:
    """Every page. Paths are GitHub's; what is ours alone lies below /-/."""
    table: list[tuple[str, Handler]] = [
        ("/", _front),
        ("/-/page.css", _style),
        ("/-/mark.svg", _mark),
        ("/avatars/{number}", _avatar),
        ("/apps/{slug}", _app),
        ("/{login}", _account),
        ("/{owner}/{repo}", _tree),
        ("/{owner}/{repo}/tree/{place:path}", _tree),
        ("/{owner}/{repo}/blob/{place:path}", _blob),
        ("/{owner}/{repo}/commit/{sha}", _commit),
        ("/{owner}/{repo}/issues", _issues),
        ("/{owner}/{repo}/pulls", _pulls),
        ("/{owner}/{repo}/issues/{number}", _issue),
        ("/{owner}/{repo}/pull/{number}", _pull),
        ("/{owner}/{repo}/pull/{number}/{part}", _part),
        ("/{owner}/{repo}/actions", _actions),
        ("/{owner}/{repo}/actions/runs/{number}", _run),
        ("/{owner}/{repo}/actions/runs/{number}/job/{job}", _job),
        ("/{owner}/{repo}/actions/runs/{number}/artifacts/{artifact}", _artifact),
        ("/{owner}/{repo}/runs/{number}", _check),
    ]
    table.append(("/{rest:path}", lambda _: absent("There is no such page.")))
    return [Route(path, _served(world, handler)) for path, handler in table]


def _served(world: World, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        visit = Visit(world, request)
        try:
            return handler(visit)
        except HTTPException as error:
            return visit.show("absent", error.status_code, words=error.detail)

    return answer


def _front(visit: Visit) -> Response:
    world = visit.world
    people = sorted(
        (user for user in world.users.values() if user.login != "github"), key=lambda u: (u.type, u.login)
    )
    return visit.show("front", people=people, repositories=list(world.repositories.values()))


def _style(_: Visit) -> Response:
    return FileResponse(FOLDER / "page.css", media_type="text/css", headers=HEADERS)


def _mark(_: Visit) -> Response:
    return FileResponse(FOLDER / "mark.svg", media_type="image/svg+xml", headers=HEADERS)


def _avatar(visit: Visit) -> Response:
    """A letter on a colour: nobody uploads pictures here."""
    found = next((user for user in visit.world.users.values() if user.id == visit.number()), None)
    user: User = found or absent("There is no such account.")
    picture = environment().get_template("avatar.svg.j2").render(user=user, hue=user.id * 47 % 360)
    return Response(picture, 200, HEADERS, "image/svg+xml")


def _account(visit: Visit) -> Response:
    user: User = visit.world.user(visit.params["login"]) or absent("There is no such account.")
    mine = [r for r in visit.world.repositories.values() if r.owner is user or user.login in r.collaborators]
    return visit.show("account", user=user, repositories=mine)


def _app(visit: Visit) -> Response:
    found = next((app for app in visit.world.apps.values() if app.slug == visit.params["slug"]), None)
    if found is None and visit.params["slug"] == "github-actions":
        found = visit.world.actions
    app = found or absent("There is no such App.")
    deliveries = [d for d in visit.world.deliveries.values() if d.app is app][::-1][:100]
    return visit.show("app", app=app, deliveries=deliveries)


def _place(repository: Repository, place: str) -> tuple[str, Commit, str]:
    """(ref, commit, path) of "ref/path", where a ref may hold slashes: the longest that exists wins."""
    parts = place.strip("/").split("/")
    for count in range(len(parts), 0, -1):
        ref = "/".join(parts[:count])
        if commit := repository.git.find_commit(ref):
            return ref, commit, "/".join(parts[count:])
    found: tuple[str, Commit, str] = absent("There is no such branch or commit.")
    return found


def _tree(visit: Visit) -> Response:
    repo = visit.repository
    ref, commit, path = _place(repo, visit.params.get("place") or repo.default_branch)
    folder = repo.git.entry(commit.tree, path)
    if folder is None or folder.kind != "tree":
        absent("There is no such directory.")
    assert folder
    entries = sorted(repo.git.tree(folder.sha) or (), key=lambda e: (e.kind != "tree", e.path))
    return visit.show(
        "tree",
        repo=repo,
        tab="code",
        ref=ref,
        commit=commit,
        path=path,
        entries=entries,
        readme=_readme(visit, repo, entries, f"{ref}/{path}".rstrip("/")),
        branches=sorted(name.removeprefix("refs/heads/") for name in repo.git.refs("refs/heads/")),
        checks=page_thread.tally(repo, commit.sha),
    )


def _readme(visit: Visit, repo: Repository, entries: list[Entry], folder: str) -> str:
    found = next((e for e in entries if e.path.lower() == "readme.md" and e.kind == "blob"), None)
    data = repo.git.blob(found.sha) if found else None
    return visit.markdown(repo, data.decode(errors="replace"), folder) if data else ""


def _blob(visit: Visit) -> Response:
    repo = visit.repository
    ref, commit, path = _place(repo, visit.params["place"])
    data = repo.git.file(commit.sha, path) if path else None
    there = repo.git.entry(commit.tree, path)
    if path and there and there.kind == "tree":
        return RedirectResponse(f"/{repo.full_name}/tree/{quote(f'{ref}/{path}')}", 302, HEADERS)
    if data is None:
        absent("There is no such file.")
    assert data is not None
    folder = f"{ref}/{path}".rpartition("/")[0]
    text = data.decode(errors="replace")
    drawn = visit.markdown(repo, text, folder) if path.lower().endswith(".md") else ""
    return visit.show(
        "blob",
        repo=repo,
        tab="code",
        ref=ref,
        commit=commit,
        path=path,
        size=len(data),
        lines=page_text.text_lines(data),
        drawn=drawn,
    )


def _commit(visit: Visit) -> Response:
    repo = visit.repository
    commit = repo.git.find_commit(visit.params["sha"]) or absent("There is no such commit.")
    parent = commit.parents[0] if commit.parents else None
    return visit.show(
        "commit",
        repo=repo,
        tab="code",
        commit=commit,
        files=changes(repo.git, parent, commit.sha),
        annotations=[],
        checks=page_thread.tally(repo, commit.sha),
        signed=commit.sha in repo.signed,
    )


def _issues(visit: Visit) -> Response:
    found = [issue for issue in visit.repository.issues.values() if not issue.pull]
    return visit.show("issues", repo=visit.repository, tab="issues", issues=_newest(found))


def _pulls(visit: Visit) -> Response:
    return visit.show("issues", repo=visit.repository, tab="pulls", issues=_newest(visit.repository.pulls()))


def _newest(issues: Any) -> list[Issue]:
    return sorted(issues, key=lambda issue: (issue.state != "open", -issue.number))


def _thread(visit: Visit, wanted: str) -> Issue | Response:
    """The issue of the path, or the way to its page if it is of the other kind."""
    issue: Issue = visit.repository.issues.get(visit.number()) or absent("There is no such issue.")
    if kind(issue) == wanted:
        return issue
    return RedirectResponse(
        f"/{visit.repository.full_name}/{kind(issue)}/{issue.number}", 302, headers=HEADERS
    )


def _issue(visit: Visit) -> Response:
    issue = _thread(visit, "issues")
    if isinstance(issue, Response):
        return issue
    return visit.show(
        "issue",
        repo=issue.repository,
        tab="issues",
        issue=issue,
        timeline=page_thread.timeline(issue),
        markdown=partial(visit.markdown, issue.repository),
    )


def _pull(visit: Visit) -> Response:
    issue = _thread(visit, "pull")
    if isinstance(issue, Response):
        return issue
    repo, pull = issue.repository, issue.pull
    assert pull
    git, checks = repo.git, page_thread.tally(repo, pull.head_sha)
    return visit.show(
        "pull",
        repo=repo,
        tab="pulls",
        issue=issue,
        pull=pull,
        timeline=page_thread.timeline(issue),
        commits=[commit for sha in merging.own_commits(issue) if (commit := git.commit(sha))],
        files=_files(issue),
        checks=checks,
        annotations=[note for run in checks.runs for note in run.annotations],
        merge=page_thread.merge_state(issue),
        markdown=partial(visit.markdown, repo),
    )


def _files(issue: Issue) -> list[FileChange]:
    assert issue.pull
    return changes(issue.repository.git, merging.fork_point(issue), issue.pull.head_sha)


def _part(visit: Visit) -> Response:
    """GitHub's tabs are parts of one page here."""
    part = visit.params["part"] if visit.params["part"] in ("commits", "checks", "files") else ""
    return RedirectResponse(f"/{visit.repository.full_name}/pull/{visit.number()}#{part}", 302, HEADERS)


def _actions(visit: Visit) -> Response:
    every = sorted(visit.repository.runs.values(), key=lambda run: -run.id)
    return visit.show("actions", repo=visit.repository, tab="actions", runs=every)


def _find_run(visit: Visit) -> Run:
    found: Run = visit.repository.runs.get(visit.number()) or absent("There is no such run.")
    return found


def _run(visit: Visit) -> Response:
    run = _find_run(visit)
    jobs = [(job, page_text.log_sections(job.log)) for job in runs.current_jobs(run)]
    summaries = [(job, visit.markdown(run.repository, page_text.summary_of(log))) for job, log in jobs]
    return visit.show(
        "run",
        repo=run.repository,
        tab="actions",
        run=run,
        jobs=jobs,
        summaries=[(job, drawn) for job, drawn in summaries if drawn],
        summary_title=page_text.SUMMARY,
        inputs=run.event_payload.get("inputs") or {},
    )


def _job(visit: Visit) -> Response:
    run, job = _find_run(visit), visit.number("job")
    return RedirectResponse(f"/{run.repository.full_name}/actions/runs/{run.id}#job-{job}", 302, HEADERS)


def _artifact(visit: Visit) -> Response:
    run, wanted = _find_run(visit), visit.number("artifact")
    found = next((a for a in run.artifacts if a.id == wanted), None) or absent("There is no such artifact.")
    return FileResponse(
        found.file, media_type="application/zip", filename=f"{found.name}.zip", headers=HEADERS
    )


def _check(visit: Visit) -> Response:
    repo = visit.repository
    check: CheckRun = repo.check_runs.get(visit.number()) or absent("There is no such check.")
    return visit.show("check", repo=repo, check=check, markdown=partial(visit.markdown, repo))
