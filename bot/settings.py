"""What an operator sets: environment variables that begin with CLOI_, read once at the start.

Each has a description and a place to get it from, which docs/settings.md and the errors share. All that is
wrong is told at once, a sentence each. Secrets are never shown, not even in errors. Not here: what a repository
sets for itself (.github/cloi.yml, bot/plans).
"""

from __future__ import annotations

import difflib
import os
import re
import shlex
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AliasChoices,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.coordination.clocks import SystemClock
from bot.github.signer import AppSigner, BadPrivateKey

PREFIX = "CLOI_"
_APP_PAGE = "the App's settings page on GitHub (Settings, Developer settings, GitHub Apps, your App)"


class SettingsError(Exception):
    """The bot cannot start as it is set. problems: one sentence for each setting that is missing or wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Setting(NamedTuple):
    """A setting for people. default: as one would write it; None where it must be given or may be left out."""

    name: str
    default: str | None
    required: bool
    text: str


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be a url that begins with https:// (or http://)")
    if parts.query or parts.fragment or parts.username is not None:
        raise ValueError("must be a plain url, without a user, “?” or “#”")
    return text.rstrip("/")


def _version(text: str) -> str:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise ValueError("must be a date such as 2026-03-10")
    return text


def _key(text: str) -> None:
    try:
        AppSigner(1, text, SystemClock())
    except BadPrivateKey as error:
        raise ValueError(f"does not hold a private key that can be used. {error}") from None


def _own_url(text: str) -> str:
    if text.endswith("/webhook"):
        raise ValueError("must not end in /webhook; that is added to it")
    return text


Url = Annotated[str, AfterValidator(_url)]
OwnUrl = Annotated[Url, AfterValidator(_own_url)]


def _setting(text: str, where: str = "", **more: Any) -> Any:
    """A field with what it is and where one gets it."""
    return Field(description=text, json_schema_extra={"where": where}, **more)


class Settings(BaseSettings):
    """All settings of a server. Use `load_settings`, which turns what is wrong into sentences."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
        extra="ignore",
    )

    app_id: int = _setting("The number of your GitHub App.", f"“App ID” on {_APP_PAGE}", gt=0)
    private_key: SecretStr | None = _setting(
        "The App's private key, the text of its .pem file. Give this or CLOI_PRIVATE_KEY_FILE.",
        f"“Generate a private key” on {_APP_PAGE}",
        default=None,
    )
    private_key_file: Path | None = _setting(
        "The path of the App's private key, a .pem file. Give this or CLOI_PRIVATE_KEY.",
        f"“Generate a private key” on {_APP_PAGE}",
        default=None,
        validate_default=True,
    )
    webhook_secret: SecretStr = _setting(
        "The secret that GitHub signs its deliveries with.",
        f"you choose it: a long random text, the same under “Webhook secret” on {_APP_PAGE}",
    )
    webhook_secret_previous: SecretStr | None = _setting(
        "The secret before that one, taken too while you change it.", default=None
    )
    public_url: OwnUrl = _setting(
        "Where GitHub and people reach this bot; the webhook is at /webhook below it.",
        "the address of your server as the internet sees it",
    )
    runner_url: Url | None = _setting(
        "A mirror of this bot's /runner/ for GitHub runners that cannot reach the public url.", default=None
    )
    github_url: Url = _setting(
        "GitHub's REST API; for GitHub Enterprise Server https://HOST/api/v3.",
        default="https://api.github.com",
    )
    api_version: Annotated[str, AfterValidator(_version)] = _setting(
        "The version of GitHub's REST API; GitHub Enterprise Server needs 2022-11-28.", default="2026-03-10"
    )
    app_slug: str | None = _setting(
        "The App's name in urls, for the link to install it.", f"“Public link” on {_APP_PAGE}", default=None
    )
    store_url: str = _setting(
        "Where the bot remembers: sqlite:///FILE, with a fourth slash for an absolute path.",
        default="sqlite:///cloi.sqlite3",
    )
    model_command: str | None = _setting(
        "A program that asks a language model, for repositories that set model_help; none without it.",
        default=None,
    )
    host: str = _setting(
        "The address to listen on; 0.0.0.0 in a container or behind another machine's proxy.",
        default="127.0.0.1",
    )
    port: int = _setting(
        "The port to listen on; PORT is taken too, as many hosting services set it.",
        default=8000,
        ge=0,
        le=65535,
        validation_alias=AliasChoices("CLOI_PORT", "PORT"),
    )
    max_body_bytes: int = _setting(
        "Larger deliveries are refused; GitHub's own limit is 25 MiB.", default=26_214_400, ge=1024
    )

    @field_validator("private_key")
    @classmethod
    def _good_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None:
            _key(key.get_secret_value())
        return key

    @field_validator("private_key_file")
    @classmethod
    def _good_key_file(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        if "private_key" not in info.data:  # it was given and is wrong, which is said already
            return path
        given = info.data["private_key"] is not None
        if path is None:
            if not given:
                raise ValueError("is not set, and neither is CLOI_PRIVATE_KEY; one of them is needed")
            return None
        if given:
            raise ValueError("is set, and so is CLOI_PRIVATE_KEY; which one is meant? Give one of them")
        try:
            _key(path.read_text(encoding="ascii"))
        except OSError as error:
            raise ValueError(f"names {path}, which cannot be read ({error.strerror})") from None
        except UnicodeDecodeError:
            raise ValueError(f"names {path}, which is not a .pem file") from None
        return path

    @property
    def private_key_pem(self) -> str:
        """The key's text, from wherever it was given. Raises OSError if its file went away since the start."""
        if self.private_key is not None:
            return self.private_key.get_secret_value()
        assert self.private_key_file is not None, "validated"
        return self.private_key_file.read_text(encoding="ascii")

    @property
    def webhook_secrets(self) -> list[str]:
        """The secrets that deliveries may be signed with, the present one first."""
        both = (self.webhook_secret, self.webhook_secret_previous)
        return [secret.get_secret_value() for secret in both if secret is not None]

    @field_validator("model_command")
    @classmethod
    def _good_command(cls, command: str | None) -> str | None:
        try:
            shlex.split(command or "")
        except ValueError as error:
            raise ValueError(f"cannot be taken apart into words: {error}") from None
        return command

    @property
    def model_argv(self) -> list[str]:
        """The program that asks a language model, as words; empty without one."""
        return shlex.split(self.model_command or "")

    @property
    def runner_base_url(self) -> str:
        """Below it lies /runner/SHA256/cloi.pyz."""
        return self.runner_url or self.public_url


class EnvironmentSecrets:
    """`${secret.NAME}` of a definition is the variable CLOI_SECRET_NAME, looked up when a step is called."""

    def secret(self, name: str) -> str | None:
        """See the engine's port SecretSource."""
        return os.environ.get(f"{PREFIX}SECRET_{name}")


def load_settings() -> Settings:
    """The settings from the environment. Raises SettingsError with all that is missing or wrong."""
    try:
        return Settings()
    except ValidationError as error:
        problems = [_sentence(dict(problem)) for problem in error.errors(include_url=False)]
    raise SettingsError(problems)  # outside of `except`: the cause may hold what was given


def misspelt() -> list[str]:
    """A sentence for each variable that looks like a setting and is none."""
    known = [_variable(name) for name in Settings.model_fields]
    out = []
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known and not name.startswith(f"{PREFIX}SECRET_"):
            near = difflib.get_close_matches(name, known, 1, 0.8)
            out.append(f"{name} is no setting" + (f"; did you mean {near[0]}?" if near else ""))
    return out


def describe() -> list[Setting]:
    """Every setting, in the order of docs/settings.md."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = None if field.is_required() or field.default is None else str(field.default)
        rows.append(Setting(_variable(name), default, field.is_required(), field.description or ""))
    return rows


def _variable(name: str) -> str:
    return PREFIX + name.upper()


_REASONS = {
    "int_parsing": "must be a whole number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
}


def _sentence(problem: dict[str, Any]) -> str:
    """One problem of pydantic's in words: the variable, what is wrong, what it is, where one gets it."""
    name = (
        str(problem["loc"][0]).lower().removeprefix(PREFIX.lower())
    )  # an alias is told instead of the field
    field = Settings.model_fields[name]
    variable = "PORT" if name == "port" and not os.environ.get("CLOI_PORT") else _variable(name)
    context = problem.get("ctx", {})
    if problem["type"] == "missing":
        reason = "is not set" + _near(variable)
    elif problem["type"] == "value_error":
        reason = str(context["error"])
    else:
        reason = _REASONS.get(problem["type"], problem["msg"]).format(**context)
    extra = field.json_schema_extra
    where = extra.get("where") if isinstance(extra, dict) else ""
    return f"{variable} {reason.rstrip('.')}. {field.description}" + (
        f" Where to get it: {where}." if where else ""
    )


def _near(variable: str) -> str:
    """A hint where a name was mistyped."""
    known = {setting.name for setting in describe()}
    strangers = [name for name in os.environ if name.startswith("CLOI") and name not in known]
    near = difflib.get_close_matches(variable, strangers, n=1, cutoff=0.85)
    return f" (but {near[0]} is: a typing mistake?)" if near else ""
