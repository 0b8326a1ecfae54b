"""What somebody meets who has never used `cloi` before: typing errors, places without a store, a port in use."""

from __future__ import annotations

import io
import json
import socket
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.cli import main
from bot.engine.events import Event, WorkflowStarted
from bot.engine.ports import Append, Summary
from bot.render.story import Story
from bot.store.sqlite import SQLiteStore

NAME = "implement-adr/acme/teashop/0003"
JOBS = ("implement", "validate", "integrate", "report")
AT = "2026-11-23T09:31:06.000000Z"


def cloi(*arguments: str, store: Path | None = None) -> Result:
    more = ["--store", f"sqlite:///{store}"] if store else []
    return CliRunner().invoke(main, [*arguments, *more])


def refused(done: Result) -> str:
    """The one sentence on stderr of what could not be done as asked."""
    assert (done.exit_code, done.stdout) == (2, ""), done.output
    return done.stderr.splitlines()[-1]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """One instance that has begun."""
    kept = SQLiteStore(tmp_path / "cloi.sqlite3")
    key = "acme/teashop/0003"
    body = WorkflowStarted(definition="implement-adr", version="1", digest="0" * 64, key=key, context={})
    begun = Event(stream=NAME, version=1, at=AT, actor="@tom", cause="test", correlation="0003", body=body)
    row = Summary(
        instance=NAME,
        definition="implement-adr",
        key=key,
        state="running",
        open=True,
        started_at=AT,
        updated_at=AT,
    )
    kept.append([Append(stream=NAME, expected=0, events=(begun,), summary=row)])
    kept.close()
    return tmp_path / "cloi.sqlite3"


@pytest.mark.parametrize("command", ["events", "report", "why", "replay", "verify"])
@pytest.mark.parametrize("written", ["implement-adr/acme/teashop/ADR-0003", "acme/teashop/0003", "0003"])
def test_a_name_that_is_nearly_right_is_answered_with_the_right_one(
    store: Path, command: str, written: str
) -> None:
    said = refused(cloi(command, written, store=store))
    assert f"there is no instance {written}" in said
    assert said.endswith(f"did you mean {NAME}?")


def test_a_name_like_no_other_is_answered_with_where_to_look(store: Path) -> None:
    assert "`cloi events` lists them" in refused(cloi("why", "tea", store=store))


def test_instances_are_listed_as_json_too(store: Path) -> None:
    (one,) = [json.loads(line) for line in cloi("events", "--json", store=store).stdout.splitlines()]
    assert (one["instance"], one["state"], one["updated_at"]) == (NAME, "running", AT)


def test_nothing_is_archived_where_nothing_was_recorded(tmp_path: Path) -> None:
    assert "there is no store" in refused(cloi("archive", store=tmp_path / "typo.sqlite3"))
    assert list(tmp_path.iterdir()) == [], "and none is made by asking"


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["lint", "no-such-file.yaml"], "no-such-file.yaml: No such file or directory"),
        (["lint", "."], ".: it is a directory; name the files in it"),
        (["deliveries", "--limit", "-1"], "-1 is not in the range x>=1"),
        (["sandbox", "--port", "99999"], "99999 is not in the range 0<=x<=65535"),
    ],
)
def test_what_cannot_be_is_said_in_words(command: list[str], says: str) -> None:
    said = refused(cloi(*command))
    assert says in said
    assert "Errno" not in said


def test_a_text_that_is_none_is_no_definition(tmp_path: Path) -> None:
    (tmp_path / "picture.yaml").write_bytes(b"\xff\xfe")
    assert refused(cloi("lint", str(tmp_path / "picture.yaml"))).endswith("it is not text in UTF-8")


def test_a_sandbox_says_when_its_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused(cloi("sandbox", "--port", str(port)))
    assert f"port {port}: Address already in use" in said
    assert "--port 0 takes a free one" in said


@pytest.mark.parametrize("command", ["demo", "sandbox"])
def test_a_server_without_a_sandbox_says_how_to_get_one(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    assert "`pip install '.[sandbox]'`" in refused(cloi(command))


@pytest.mark.parametrize("command", ["demo", "sandbox"])
def test_where_git_is_missing_it_is_said_so(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "git is not installed here" in refused(cloi(command))


def test_a_sandbox_begins_in_an_empty_directory(tmp_path: Path) -> None:
    (tmp_path / "github").mkdir()
    said = refused(cloi("sandbox", "--port", "0", "--directory", str(tmp_path)))
    assert said.endswith("a sandbox begins anew each time; name an empty directory, or none")


def test_the_list_of_commands_has_whole_sentences() -> None:
    for line in (cloi("--help").stdout + cloi("adr", "--help").stdout).splitlines():
        assert not line.endswith("...") or line.startswith("Usage:")
        assert len(line) <= 80


def test_what_stands_in_an_obstacle_can_be_copied(tmp_path: Path) -> None:
    (tmp_path / "0001-tea.md").write_text(
        "# 1. Tea\n\n## Status\n\nAccepted\n\n## Decision\n\nWe will add tea.\n"
    )
    shown = cloi("plan", str(tmp_path / "0001-tea.md")).stdout
    assert "agent: {name: my-agent, provider: command, command: [program, argument]}" in shown


def test_a_server_that_finds_no_github_says_where_it_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = generate_private_key(65537, 2048).private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    )
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        nowhere = f"http://127.0.0.1:{nobody.getsockname()[1]}/api/v3"
    for name, value in {
        "APP_ID": "1",
        "PRIVATE_KEY": key.decode(),
        "WEBHOOK_SECRET": "hush",
        "PUBLIC_URL": "https://cloi.example.org",
        "GITHUB_URL": nowhere,
        "PORT": "0",
        "STORE_URL": f"sqlite:///{tmp_path}/cloi.sqlite3",
        "HOSTT": "localhost",
    }.items():
        monkeypatch.setenv(f"CLOI_{name}", value)
    done = cloi("serve")
    assert f"CLOI_GITHUB_URL is {nowhere}" in refused(done)
    assert "Remark: CLOI_HOSTT is no setting; did you mean CLOI_HOST?" in done.stderr


def test_a_long_sentence_of_the_story_stays_in_its_column() -> None:
    told, piped = io.StringIO(), io.StringIO()
    for story in (Story(told, width=80), Story(piped)):
        story.step("done", "runner", "ended: " + ", ".join(f"{job} success" for job in JOBS))
    lines = told.getvalue().splitlines()
    assert len(lines) == 2
    assert all(len(line) <= 80 for line in lines)
    assert lines[1].startswith(" " * 15 + "report")
    assert len(piped.getvalue().splitlines()) == 1, "what is piped is one line a step"
