"""The parts under a run: the log becomes events, archives are taken with care, a weak host says so."""

from __future__ import annotations

import io
import json
import stat
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

import anyio.to_thread
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.act_host import Account, Host, processes
from bot.sandbox.act_log import LOG_LIMIT, ActLog
from bot.sandbox.act_workflow import Refused, Use, WorkflowUnreadable, actions_of, read_workflow
from bot.sandbox.artifact_service import ArtifactService
from bot.sandbox.execution import JobFinished, JobStarted, RunEvent, RunFinished, StepFinished

AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
WORKFLOW = read_workflow(
    """
name: W
jobs:
  a:
    steps: [{id: x, run: one}, {run: two}, {uses: actions/checkout@v5}]
  b: {needs: a, name: Bee, steps: [{name: Only, run: one}], continue-on-error: true}
  c: {needs: [a, b], steps: [{run: one}]}
""",
    "w.yml",
)


def line(job: str, step: str = "", **more: object) -> str:
    return json.dumps(
        {"jobID": job, **({"stepID": [step]} if step else {}), "level": "info", "msg": "", **more}
    )


def read(*lines: str, secrets: tuple[str, ...] = ()) -> list[RunEvent]:
    log = ActLog(WORKFLOW, secrets=secrets)
    return [*log.begin(), *(e for text in lines for e in log.feed(text, AT)), *log.finish(AT)]


job_ids = st.sampled_from(["a", "b", "c", "unknown", ""])
entries = st.fixed_dictionaries(
    {"jobID": job_ids, "msg": st.text(max_size=20)},
    optional={
        "stepID": st.one_of(
            st.lists(st.sampled_from(["x", "1", "2", "0", "?"]), max_size=2), st.text(), st.none()
        ),
        "stepResult": st.sampled_from(["success", "failure", "skipped", "odd"]),
        "jobResult": st.sampled_from(["success", "failure", "odd"]),
        "stage": st.sampled_from(["Pre", "Main", "Post"]),
        "raw_output": st.booleans(),
        "command": st.sampled_from(["group", "summary", "error", "other"]),
        "matrix": st.one_of(st.none(), st.lists(st.integers()), st.dictionaries(st.text(), st.integers())),
        "kvPairs": st.one_of(st.none(), st.dictionaries(st.text(), st.text())),
        "level": st.sampled_from(["info", "error", "warning"]),
    },
)


@given(st.lists(st.one_of(entries.map(json.dumps), st.text()), max_size=40), st.booleans())
def test_whatever_the_log_holds_each_job_ends_once_and_the_run_last(
    lines: list[str], cancelled: bool
) -> None:
    log = ActLog(WORKFLOW)
    events: list[RunEvent] = list(log.begin())
    for index, text in enumerate(lines):
        if cancelled and index == len(lines) // 2:
            log.stop("cancelled")
        events += log.feed(text, AT)
    events += log.finish(AT)
    assert isinstance(events[-1], RunFinished)
    ended = [e.name for e in events if isinstance(e, JobFinished)]
    plain = [name for name in ended if name in ("a", "Bee", "c")]
    assert len(plain) == len(set(plain))
    assert {e.name for e in events if isinstance(e, JobStarted)} <= set(ended)
    for name in ended:
        numbers = [e.number for e in events if isinstance(e, StepFinished) and e.job == name]
        assert numbers == sorted(set(numbers))


def test_a_forgiven_job_fails_without_failing_the_run() -> None:
    events = read(
        line("a", "x", stepResult="success"),
        line("a", jobResult="success"),
        line("b", "0", stepResult="failure"),
        line("b", jobResult="failure"),
        line("c", jobResult="success"),
    )
    assert [(e.name, e.conclusion) for e in events if isinstance(e, JobFinished)] == [
        ("a", "success"), ("Bee", "failure"), ("c", "success"),
    ]  # fmt: skip
    assert events[-1] == RunFinished("success")


def test_secrets_are_masked_even_if_act_forgets_and_a_log_has_an_end() -> None:
    flood = [line("a", "x", raw_output=True, msg="y" * 100_000) for _ in range(LOG_LIMIT // 100_000 + 5)]
    events = read(line("a", "x", raw_output=True, msg="key s3cr3t!\n"), *flood, secrets=("s3cr3t!",))
    log = next(e.log for e in events if isinstance(e, JobFinished) and e.name == "a")
    assert "key ***" in log and "s3cr3t!" not in log
    assert len(log) < LOG_LIMIT + 200_000 and "(the log is cut here)" in log


def test_lines_carry_utc_and_steps_are_groups() -> None:
    events = read(line("a", "x", raw_output=True, msg="hello\n"), line("a", "x", stepResult="success"))
    log = next(e.log for e in events if isinstance(e, JobFinished) and e.name == "a")
    assert log.startswith("2026-11-22T10:00:00.000000Z ##[group]Run one\n2026-11-22T10:00:00.000000Z hello\n")


def test_actions_are_found_through_local_ones_without_end() -> None:
    workflow = read_workflow(
        "jobs: {a: {steps: [{uses: ./x}, {uses: 'docker://y'}, {uses: o/a/sub@v1}]}}", "w.yml"
    )
    files = {"x/action.yml": "runs: {steps: [{uses: o/b@v1}, {uses: ./x}]}"}
    found = list(actions_of(workflow, files.get))
    assert Use("a", "o/b", "v1") in found
    reasons = " ".join(f.reason for f in found if isinstance(f, Refused))
    assert "docker://y" in reasons and "o/a/sub@v1" in reasons and "no local action" in reasons


@pytest.mark.parametrize("text", ["", "[]", "jobs: []", "jobs: {a: 1}", "a: [", "jobs: {}"])
def test_what_is_no_workflow_is_refused_with_its_path(text: str) -> None:
    with pytest.raises(WorkflowUnreadable, match=r"w\.yml"):
        read_workflow(text, "w.yml")


def zipped(*members: tuple[str, bytes], mode: int = 0) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, body in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, body)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "archive"),
    [
        ("fine", zipped(("../out", b"x"))),
        ("fine", zipped(("/etc/x", b"x"))),
        ("fine", zipped(("a\\..\\b", b"x"))),
        ("fine", zipped(("link", b"/etc/passwd"), mode=stat.S_IFLNK | 0o777)),
        ("fine", b"no zip"),
        ("..", zipped(("a", b"x"))),
        ("a/b", zipped(("a", b"x"))),
        ("", zipped(("a", b"x"))),
    ],
)
def test_an_archive_that_leads_elsewhere_leaves_nothing(tmp_path: Path, name: str, archive: bytes) -> None:
    service = ArtifactService(tmp_path / "artifacts")
    status, words = service.keep(name, archive, overwrite=False)
    assert status == HTTPStatus.BAD_REQUEST and words
    assert not list(tmp_path.rglob("*.*")) and not [p for p in tmp_path.rglob("*") if p.is_file()]


async def test_the_artifact_service_asks_for_the_runs_token(tmp_path: Path) -> None:
    service = ArtifactService(tmp_path)
    await service.start()

    def call(method: str, path: str, token: str, body: bytes | None = None) -> int:
        request = urllib.request.Request(
            service.url + path, data=body, method=method, headers={"Authorization": f"Bearer {token}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    async def status(*arguments: object) -> int:
        return await anyio.to_thread.run_sync(lambda: call(*arguments))  # type: ignore[arg-type]

    try:
        archive = zipped(("a.txt", b"hello"))
        assert await status("PUT", "things", "wrong", archive) == 401
        assert await status("GET", "things", service.token) == 404
        assert await status("PUT", "things", service.token, archive) == 201
        assert await status("PUT", "things", service.token, archive) == 409
        assert await status("GET", "things", service.token) == 200
        assert await status("DELETE", "things", service.token) == 405
        assert (tmp_path / "things" / "a.txt").read_text() == "hello"
    finally:
        await service.close()


def test_a_host_that_cannot_change_the_user_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.sandbox.act_host.os.geteuid", lambda: 1000)
    host = Host()
    with_warning: Callable[[], str] = host.warning
    assert not host.reachable and "not isolated" in with_warning()
    assert host.account() == Account(None)
    assert processes(Account(None), marks=()) == [], (
        "without marks the caller's own processes are never touched"
    )


def test_the_host_has_python_and_stand_ins_that_others_can_read() -> None:
    host = Host()
    assert (host.bin / "python").exists() and (host.bin / "act").exists()
    directory = host.standin("actions/checkout")
    assert directory is not None and (directory / "checkout.py").stat().st_mode & 0o004
    assert host.standin("actions/cache") is None
    assert host.standin("../act_host") is None
