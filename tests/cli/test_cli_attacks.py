"""Files of strangers on the command line: they drive no terminal, lead nowhere else, and end in no traceback."""

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.cli import main

HEAD = "# ADR-0001: T \x1b[2J\x1b]0;pwned\x07 \x9b31m \u202eend\n\n"
TEXT = f"{HEAD}Status: Accepted\n\n## Decision\n\n- It MUST work.\n"


def cloi(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.fixture
def log(tmp_path: Path) -> Path:
    directory = tmp_path / "docs" / "adr"
    directory.mkdir(parents=True)
    (directory / "0001-a.md").write_text(TEXT)
    (directory / "0002-\x1b[31m\u202eb.md").write_text(TEXT.replace("0001", "0002"))
    secret = tmp_path / "secret.md"
    secret.write_text("# ADR-0009: Not yours\n\nStatus: Accepted\n")
    (directory / "0009-link.md").symlink_to(secret)
    (directory / "0010-loop.md").symlink_to("0010-loop.md")
    return directory


@pytest.mark.parametrize("command", [["adr", "read"], ["adr", "check"], ["adr", "graph"]])
def test_what_is_printed_of_a_log_is_only_text(log: Path, command: list[str]) -> None:
    said = cloi(*command, log)
    assert said.exit_code in (0, 1), said
    assert said.exception is None or isinstance(said.exception, SystemExit)
    assert all(c == "\n" or c.isprintable() for c in said.output)


def test_a_link_out_of_the_log_is_not_read_as_part_of_it(log: Path) -> None:
    for command in ("check", "graph"):
        assert "Not yours" not in cloi("adr", command, "--json", log).output
    assert "Not yours" not in cloi("plan", "--json", log / "0001-a.md").output


def test_an_error_names_a_hostile_file_without_its_control_characters(tmp_path: Path) -> None:
    path = tmp_path / "x\x1b[2J\u202e.md"
    path.write_bytes(b"\0" * 100)
    said = cloi("plan", path)
    assert said.exit_code == 2
    assert "\x1b" not in said.output and "\u202e" not in said.output


def test_what_the_system_refuses_is_one_sentence(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    said = cloi("plan", log / "0001-a.md")
    assert said.exit_code == 2
    assert said.output.count("\n") == 1 and "Permission denied" in said.output


def test_a_taken_port_is_one_sentence_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        given = {
            "APP_ID": "1",
            "PRIVATE_KEY": pem.decode(),
            "WEBHOOK_SECRET": "a secret of a test",
            "PUBLIC_URL": "https://bot.test",
            "GITHUB_URL": "http://127.0.0.1:9",  # nobody is there, and nobody is asked
            "STORE_URL": f"sqlite:///{tmp_path / 'cloi.sqlite3'}",
            "PORT": str(taken.getsockname()[1]),
        }
        for name, value in given.items():
            monkeypatch.setenv(f"CLOI_{name}", value)
        said = cloi("serve")
    assert said.exit_code == 2
    assert said.output.count("\n") == 1 and "cannot be listened on: Address already in use\n" in said.output
    assert not (tmp_path / "cloi.sqlite3").exists()
