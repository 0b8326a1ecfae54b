"""An operator sets the bot up, makes mistakes, and is told what to do about each."""

import os
import re
import traceback
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_curve
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.settings import Settings, SettingsError, describe, load_settings, misspelt

DOCS = Path(__file__).resolve().parent.parent / "docs" / "settings.md"
FORM = (Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
KEY = generate_private_key(65537, 2048).private_bytes(*FORM).decode()
ELLIPTIC = generate_curve(SECP256R1()).private_bytes(*FORM).decode()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """What is needed and nothing else."""
    for name in list(os.environ):
        if name.startswith("CLOI") or name == "PORT":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLOI_APP_ID", "12345")
    monkeypatch.setenv("CLOI_PRIVATE_KEY", KEY)
    monkeypatch.setenv("CLOI_WEBHOOK_SECRET", "hush")
    monkeypatch.setenv("CLOI_PUBLIC_URL", "https://cloi.example.org/")
    return monkeypatch


def problems() -> list[str]:
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert str(error.value) == "\n".join(error.value.problems)
    return error.value.problems


def test_four_settings_are_enough() -> None:
    settings = load_settings()
    assert settings.app_id == 12345
    assert settings.private_key_pem == KEY
    assert settings.webhook_secrets == ["hush"]
    assert settings.public_url == settings.runner_base_url == "https://cloi.example.org"
    assert settings.github_url == "https://api.github.com"
    assert settings.api_version == "2026-03-10"
    assert settings.store_url == "sqlite:///cloi.sqlite3"
    assert (settings.host, settings.port, settings.max_body_bytes) == ("127.0.0.1", 8000, 25 * 1024 * 1024)


def test_all_that_is_missing_is_said_at_once(environment: pytest.MonkeyPatch) -> None:
    for name in ("APP_ID", "PRIVATE_KEY", "WEBHOOK_SECRET", "PUBLIC_URL"):
        environment.delenv(f"CLOI_{name}")
    said = problems()
    assert [sentence.split()[0] for sentence in said] == [
        "CLOI_APP_ID",
        "CLOI_PRIVATE_KEY_FILE",
        "CLOI_WEBHOOK_SECRET",
        "CLOI_PUBLIC_URL",
    ]
    assert said[0] == (
        "CLOI_APP_ID is not set. The number of your GitHub App. Where to get it: “App ID” on the App's settings "
        "page on GitHub (Settings, Developer settings, GitHub Apps, your App)."
    )
    assert "neither is CLOI_PRIVATE_KEY" in said[1]


def test_an_empty_one_is_a_missing_one(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CLOI_WEBHOOK_SECRET", "")
    (sentence,) = problems()
    assert sentence.startswith("CLOI_WEBHOOK_SECRET is not set.")


def test_a_mistyped_name_is_pointed_at(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("CLOI_APP_ID")
    environment.setenv("CLOI_APPID", "1")
    (sentence,) = problems()
    assert sentence.startswith("CLOI_APP_ID is not set (but CLOI_APPID is: a typing mistake?).")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("CLOI_APP_ID", "my-app", "CLOI_APP_ID must be a whole number."),
        ("CLOI_APP_ID", "0", "CLOI_APP_ID must be more than 0."),
        ("CLOI_PUBLIC_URL", "cloi.example.org", "CLOI_PUBLIC_URL must be a url that begins with https://"),
        ("CLOI_PUBLIC_URL", "https://", "CLOI_PUBLIC_URL must be a url that begins with https://"),
        ("CLOI_GITHUB_URL", "ftp://x", "CLOI_GITHUB_URL must be a url"),
        ("CLOI_RUNNER_URL", "https://m/?a=b", "CLOI_RUNNER_URL must be a plain url"),
        ("CLOI_API_VERSION", "v3", "CLOI_API_VERSION must be a date such as 2026-03-10."),
        ("CLOI_PORT", "70000", "CLOI_PORT must be at most 65535."),
        ("PORT", "http", "PORT must be a whole number."),
        ("CLOI_MAX_BODY_BYTES", "1", "CLOI_MAX_BODY_BYTES must be at least 1024."),
        ("CLOI_PRIVATE_KEY", "abc", "CLOI_PRIVATE_KEY does not hold a private key that can be used."),
        ("CLOI_PRIVATE_KEY", ELLIPTIC, "CLOI_PRIVATE_KEY does not hold a private key that can be used."),
        ("CLOI_PRIVATE_KEY", KEY[:400], "CLOI_PRIVATE_KEY does not hold a private key that can be used."),
    ],
)
def test_a_wrong_one_is_one_sentence(
    environment: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    environment.setenv(name, value)
    (sentence,) = problems()
    assert sentence.startswith(expected)
    assert "\n" not in sentence


# --- the private key


def test_the_key_may_lie_in_a_file(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.delenv("CLOI_PRIVATE_KEY")
    file = tmp_path / "app.pem"
    file.write_text(KEY)
    environment.setenv("CLOI_PRIVATE_KEY_FILE", str(file))
    assert load_settings().private_key_pem == KEY


def test_line_breaks_of_the_key_may_be_written_out(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CLOI_PRIVATE_KEY", KEY.replace("\n", "\\n"))
    assert load_settings().app_id == 12345


def test_a_key_and_a_file_are_one_too_many(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv("CLOI_PRIVATE_KEY_FILE", str(tmp_path / "app.pem"))
    (sentence,) = problems()
    assert "which one is meant?" in sentence


def test_a_key_file_that_is_none(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.delenv("CLOI_PRIVATE_KEY")
    file = tmp_path / "app.pem"
    environment.setenv("CLOI_PRIVATE_KEY_FILE", str(file))
    assert f"names {file}, which cannot be read (No such file or directory)" in problems()[0]
    file.write_bytes(b"\xff\xfe")
    assert "which is not a .pem file" in problems()[0]
    file.write_text("Dear diary")
    assert "does not hold a private key that can be used" in problems()[0]


# --- secrets


def test_secrets_show_nowhere(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CLOI_WEBHOOK_SECRET_PREVIOUS", "whisper")
    settings = load_settings()
    assert settings.webhook_secrets == ["hush", "whisper"]
    for shown in (repr(settings), str(settings), settings.model_dump_json(), str(settings.model_dump())):
        assert "hush" not in shown
        assert "whisper" not in shown
        assert "BEGIN" not in shown


def test_not_even_where_something_is_wrong(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CLOI_PRIVATE_KEY", "abc-secret-abc")
    environment.setenv("CLOI_APP_ID", "x")
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert "abc-secret-abc" not in "".join(traceback.format_exception(error.value))
    assert error.value.__cause__ is error.value.__context__ is None


# --- where settings come from


def test_no_file_is_read(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CLOI_HOST=evil.example\n")
    assert load_settings().host == "127.0.0.1"


def test_a_hosting_services_port_is_taken_unless_ours_is_set(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PORT", "5000")
    assert load_settings().port == 5000
    environment.setenv("CLOI_PORT", "6000")
    assert load_settings().port == 6000


def test_a_models_command_is_taken_apart_as_a_shell_would(environment: pytest.MonkeyPatch) -> None:
    assert load_settings().model_argv == []
    environment.setenv("CLOI_MODEL_COMMAND", "ask --model 'the best'")
    assert load_settings().model_argv == ["ask", "--model", "the best"]
    environment.setenv("CLOI_MODEL_COMMAND", "ask 'the best")
    assert problems()[0].startswith("CLOI_MODEL_COMMAND cannot be taken apart into words")


def test_runners_may_have_a_mirror(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CLOI_RUNNER_URL", "http://mirror.internal/cloi/")
    assert load_settings().runner_base_url == "http://mirror.internal/cloi"


# --- the documentation


def test_the_documentation_lists_every_setting_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(CLOI_\w+)` \| (.*?) \|", DOCS.read_text(), re.MULTILINE))
    settings = describe()
    assert list(rows) == [setting.name for setting in settings]
    for setting in settings:
        if setting.required:
            assert rows[setting.name] == "*must be set*"
        elif setting.default is not None:
            assert rows[setting.name] == f"`{setting.default}`"
        assert setting.text.endswith("."), setting.name


def test_every_required_setting_says_where_to_get_it() -> None:
    for name, field in Settings.model_fields.items():
        extra = field.json_schema_extra
        assert isinstance(extra, dict)
        if field.is_required():
            assert extra["where"], name


def test_a_mistyped_setting_with_a_default_is_told_too(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CLOI_STORE_URI", "sqlite:////srv/cloi.sqlite3")
    environment.setenv("CLOI_TEA", "green")
    environment.setenv("CLOI_SECRET_TEA", "green")
    assert misspelt() == [
        "CLOI_STORE_URI is no setting; did you mean CLOI_STORE_URL?",
        "CLOI_TEA is no setting",
    ]


def test_the_webhook_is_no_part_of_the_public_url(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CLOI_PUBLIC_URL", "https://cloi.example.org/webhook/")
    assert problems()[0].startswith("CLOI_PUBLIC_URL must not end in /webhook; that is added to it.")
