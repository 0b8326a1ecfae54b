"""A secret reaches the step that was given its name, and nothing that is kept, shown or logged."""

from __future__ import annotations

import base64
import importlib.util
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine import events
from bot.engine.outcome import DomainEvent, Done, Failed, Waiting
from bot.engine.state import WorkflowState
from bot.language.errors import DefinitionError
from bot.language.secrets import Secrets
from bot.settings import EnvironmentSecrets

_spec = importlib.util.spec_from_file_location("secrets_world", Path(__file__).with_name("world.py"))
assert _spec
assert _spec.loader
w = importlib.util.module_from_spec(_spec)
sys.modules["secrets_world"] = w
_spec.loader.exec_module(w)

NAME = "story/k"
VALUE = "s3cr3t/+ value"


class Vault:
    def __init__(self, **values: str) -> None:
        self.values = values

    def secret(self, name: str) -> str | None:
        return self.values.get(name)


class Talks(w.StepType):
    """Says whatever it knows."""

    type = "talks"
    inputs = frozenset({"token"})

    def __init__(self, answer) -> None:
        self.answer = answer
        self.heard: list[str] = []

    async def start(self, ctx):
        self.heard.append(ctx.inputs["token"])
        return self.answer(ctx.inputs["token"])


def story(answer, **values) -> tuple[w.House, Talks]:
    step = {"name": "a", "type": "talks", "inputs": {"token": "Bearer ${secret.API_TOKEN}"}}
    talks = Talks(answer)
    house = w.House(w.definition(step), w.World(), talks=talks, more={"secrets": Vault(**values)})
    house.begin()
    return house, talks


def kept(house: w.House) -> str:
    return "\n".join(events.encode(e).decode() for e in house.store.read(NAME))


def _raise(token: str):
    raise RuntimeError(f"401 for {token}")


@pytest.mark.parametrize(
    "answer",
    [
        lambda t: Done({"said": t, t: [t, {"deep": f"x{t}y"}], "url": quote(VALUE, safe="")}),
        lambda t: Done({"encoded": base64.b64encode(VALUE.encode()).decode()}),
        lambda t: Done(events=(DomainEvent("Said", {"it": t}),)),
        lambda t: Failed(error=f"401 for {t}", kind="permission", evidence={"header": t}),
        lambda t: Waiting(note=f"an answer to {t}", memo={"t": t}, wake_on=(t,)),
        _raise,
    ],
)
async def test_whatever_a_step_says_the_value_is_in_no_event_and_in_no_log(answer, caplog) -> None:
    house, talks = story(answer, API_TOKEN=VALUE)
    await house.engine.settle()
    assert talks.heard == [f"Bearer {VALUE}"]
    for form in (VALUE, quote(VALUE, safe=""), base64.b64encode(VALUE.encode()).decode()):
        assert form not in kept(house) + caplog.text
        assert json.dumps(form)[1:-1] not in kept(house)
    if answer is not _raise:
        assert "[secret API_TOKEN]" in kept(house)


async def test_a_secret_that_is_not_there_fails_its_step_before_it_does_anything() -> None:
    house, talks = story(lambda t: Done())
    await house.engine.settle()
    assert talks.heard == []
    assert house.state().state is WorkflowState.COMPENSATED
    assert house.state().reason == "${secret.API_TOKEN} names nothing that exists here"


async def test_a_secret_is_looked_up_each_time_anew() -> None:
    vault_values = {"API_TOKEN": "old"}
    house, talks = story(
        lambda t: Failed(error=t, kind="transient", retryable=talks.heard[-1].endswith("old"))
    )
    house.more["secrets"].values = vault_values
    await house.engine.settle()
    vault_values["API_TOKEN"] = "new"
    await house.go_on()
    assert talks.heard[0] == "Bearer old"
    assert talks.heard[-1] == "Bearer new"


texts = st.text(alphabet="abXx9/+", max_size=6)
"""Of what no word of the placeholder is made."""


@given(texts.filter(len), texts.filter(len), texts, texts)
def test_nothing_of_a_secret_is_left_wherever_it_stands(one: str, two: str, before: str, after: str) -> None:
    secrets = Secrets({"ONE": one, "TWO": two}.get)
    assert (secrets["ONE"], secrets["TWO"]) == (one, two)
    text = before + one + two + after + two
    shown = secrets.hidden({text: [text, {"deep": (text,)}]})
    for part in re.split(r"\[secret (?:ONE|TWO)\]", json.dumps(shown)):
        assert one not in part
        assert two not in part
    assert secrets.hidden("nothing here: -") == "nothing here: -"


_KEY = '-----BEGIN KEY-----\nabc"de\\f\n-----END KEY-----\n'


@pytest.mark.parametrize("value", [_KEY, "s3cr3t-Tök€n+/=?", "plainer"])
@pytest.mark.parametrize(
    "shown",
    [
        repr,
        lambda value: repr(ValueError(value)),
        lambda value: repr(value.encode()),
        json.dumps,
        lambda value: json.dumps({"a": value}, ensure_ascii=False),
        lambda value: value.encode().hex(),
        lambda value: "Basic " + base64.b64encode(f"me:{value}".encode()).decode(),
        lambda value: "Basic " + base64.b64encode(f"you:{value}!".encode()).decode(),
        lambda value: "x." + base64.urlsafe_b64encode(f"you2:{value}".encode()).decode(),
    ],
)
def test_a_secret_is_found_as_errors_logs_and_headers_show_it(
    shown: Callable[[str], str], value: str
) -> None:
    secrets = Secrets({"KEY": value}.get)
    assert secrets["KEY"] == value
    text = shown(value)
    left = secrets.hidden(f"it said {text} at once")
    assert "[secret KEY]" in left
    assert len(left) <= len("it said  at once[secret KEY]") + 25, "most of it still stands there"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"when": "${secret.TOKEN}"}, "in the inputs of a step only"),
        ({"inputs": {"value": "${secret.token}"}}, "no name of a secret"),
        ({"inputs": {"value": "${secret.A.B}"}}, "no name of a secret"),
    ],
)
def test_lint_knows_where_a_secret_may_stand(more, words) -> None:
    with pytest.raises(DefinitionError, match=words):
        w.parse(w.definition({"name": "a", "type": "make", **more}))
    trigger = {"on": "x", "key": "${secret.TOKEN}"}
    with pytest.raises(DefinitionError, match="a trigger sees"):
        w.parse(w.definition({"name": "a", "type": "make"}, trigger=trigger))


def test_the_bot_takes_them_from_variables_of_its_environment(monkeypatch) -> None:
    monkeypatch.setenv("CLOI_SECRET_API_TOKEN", VALUE)
    assert EnvironmentSecrets().secret("API_TOKEN") == VALUE
    assert EnvironmentSecrets().secret("OTHER") is None
