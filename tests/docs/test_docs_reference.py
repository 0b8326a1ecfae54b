"""The reference pages against the code: every command, option, setting, key, permission and word, none too many.

Where something is missing, the message is the line to paste.
"""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterator
from typing import Any

import click
import msgspec
import pytest
import yaml

from bot.actions.rules import RULES
from bot.cli import main
from bot.engine import events
from bot.github import facts
from bot.language.definition import parse
from bot.language.schema import TEXT as SCHEMA
from bot.plans import cloi_yml
from bot.plans import configuration as c
from bot.runner import cli as runner
from bot.settings import describe
from bot.steps.commands import COMMANDS
from bot.steps.registry import step_classes
from tests.docs.pages import ROOT, Page, bare, rows

CLI = Page("docs/cli.md")
CONFIGURATION = Page("docs/configuration.md")
WORKFLOWS = Page("docs/workflows.md")
INSIDE_A_WORKFLOW = ("generate", "gate")


# docs/cli.md


def _walk(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _walk(command, (*path, name))
        else:
            yield " ".join(("cloi", *path, name)), command


ALL = dict(_walk(main))


def _options(command: click.Command) -> dict[str, str]:
    """Option to default as one would type it."""
    found = {}
    for option in command.params:
        if isinstance(option, click.Option):
            shown = option.default if getattr(option, "show_default", None) else None
            found[max(option.opts, key=len)] = f"`{shown}`" if shown is not None else ""
    return found


def test_every_subcommand_has_a_section_and_no_section_has_none() -> None:
    sections = {h for h in CLI.headings() if h.startswith("cloi ")}
    new = {name: ALL[name].help for name in ALL.keys() - sections}
    assert not new, "\n\n".join(f"### {n}\n\n{h}\n\n```sh\n{n}\n```" for n, h in new.items())
    assert not sections - ALL.keys(), "these commands are gone"


@pytest.mark.parametrize("name", ALL)
def test_a_section_has_all_options_with_their_defaults_and_an_example(name: str) -> None:
    section = CLI.section(name)
    if name.split()[1] not in INSIDE_A_WORKFLOW:
        said = {bare(row[0]): row[1] for row in rows(section) if row[0].startswith("`--")}
        code = _options(ALL[name])
        help_of = {max(o.opts, key=len): getattr(o, "help", "") or "" for o in ALL[name].params}
        lines = "\n".join(f"| `{o}` | {d} | {help_of[o]} |" for o, d in code.items() if said.get(o) != d)
        assert said == code, f"{name}:\n{lines}"
    assert any(
        line.startswith(name)
        for block in re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
        for line in block.split("\n")
    ), f"{name} has no example"


def test_options_before_the_command_are_told() -> None:
    before = CLI.text.partition("\n## ")[0]
    assert all(f"`{name}`" in before for o in main.params for name in o.opts)


def _flags(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        yield from (o for o in action.option_strings if o.startswith("--") and o != "--help")
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                yield name
                yield from _flags(below)


@pytest.mark.parametrize("name", INSIDE_A_WORKFLOW)
def test_what_runs_inside_a_workflow_is_told_with_every_flag(name: str) -> None:
    commands = next(a for a in runner._parser()._actions if isinstance(a, argparse._SubParsersAction))
    section = CLI.section(f"cloi {name}")
    assert [f for f in _flags(commands.choices[name]) if f not in section] == []


def test_the_fields_of_a_record_as_json_are_told() -> None:
    from bot.records.jsonview import as_json
    from bot.records.log import RecordLog

    [record] = RecordLog({"docs/adr/0001-a.md": b"# 1. A title\n\n## Status\n\nAccepted\n"})
    section = CLI.section("cloi adr read")
    assert [field for field in as_json(record) if f"`{field}`" not in section] == []


# docs/settings.md, docs/commands.md


def test_every_setting_is_told_with_its_default() -> None:
    said = {bare(row[0]): row for row in rows(Page("docs/settings.md").text)}
    settings = {s.name: s for s in describe()}
    new = [f"| `{s.name}` | {s.default or ''} | {s.text} |" for n, s in settings.items() if n not in said]
    assert not new, "\n".join(new)
    assert not said.keys() - settings.keys(), "these settings are gone"
    for name, setting in settings.items():
        if setting.default is not None:
            assert bare(said[name][1]) == setting.default, name


def test_every_command_in_comments_is_told_as_its_own_help_tells_it() -> None:
    page = Page("docs/commands.md")
    said = {row[0]: row[1:] for row in rows(page.text) if row[0].startswith("`/cloi")}
    code = {f"`{d.help.usage}`": [d.help.description, d.help.who] for d in COMMANDS.values()}
    lines = "\n".join(f"| {u} | {d} | {w} |" for u, (d, w) in code.items() if said.get(u) != [d, w])
    assert said == code, f"docs/commands.md:\n{lines}"
    examples = "\n".join(page.blocks("text")).split("\n")
    assert [e for d in COMMANDS.values() for e in d.help.examples if e not in examples] == []


# docs/configuration.md


def _keys(type: Any, before: str = "") -> Iterator[str]:
    for field in msgspec.structs.fields(type):
        below = [t for t in getattr(field.type, "__args__", (field.type,)) if isinstance(t, type_of_struct)]
        if below:
            yield from _keys(below[0], f"{before}{field.name}.")
        else:
            yield before + field.name


type_of_struct = type(msgspec.Struct)


def test_every_key_of_the_configuration_is_told() -> None:
    said = {bare(row[0]): row for row in rows(CONFIGURATION.section("Every key, with its default"))}
    assert said.keys() == set(_keys(c.Configuration))
    choices = {
        "agent.provider": c.PROVIDERS,
        "tests.format": c.TEST_FORMATS,
        "tests.types": c.TEST_TYPES,
        "accepted_when": c.ACCEPTED_WHEN,
        "pull_requests": c.PULL_REQUESTS,
        "runs_on": c.RUNNERS,
        "on_accept": c.ON_ACCEPT,
        "on_implemented": c.ON_IMPLEMENTED,
    }
    for key, values in choices.items():
        assert said[key][2] == ", ".join(f"`{v}`" for v in values), key


def test_the_block_of_defaults_is_the_defaults() -> None:
    [block] = list(Page.blocks(CONFIGURATION, "yaml"))[1:2]
    read = cloi_yml.read(block.encode())
    assert msgspec.structs.replace(read, agent=None) == c.Configuration()
    written = yaml.safe_load(block)
    absent = {"tests.command", "tests.report"}  # they have no default, which the block says in words
    for key in set(_keys(c.Configuration)) - absent:
        top, _, below = key.partition(".")
        assert top in written and (not below or below in written[top]), f"{key} is not in the block"
    assert all(f"# {key.partition('.')[2]}: not set" in block for key in absent)


def test_the_agents_contract_is_told_whole() -> None:
    used = set()
    for module in ("agent", "generate"):
        used |= set(re.findall(r"\"(CLOI_[A-Z_]+)\"", (ROOT / f"bot/runner/{module}.py").read_text()))
    said = set(re.findall(r"`(CLOI_[A-Z_]+)`", CONFIGURATION.section("An agent, for the one who writes it")))
    assert said == used


# docs/security.md and app.yml


def test_every_permission_has_a_reason_in_the_manifest_and_on_the_page() -> None:
    text = (ROOT / "app.yml").read_text()
    manifest = yaml.safe_load(text)
    said = {bare(row[0]): row for row in rows(Page("docs/security.md").section("Permissions of the App"))}
    assert {name: row[1] for name, row in said.items()} == manifest["default_permissions"]
    for name in [*manifest["default_permissions"], *manifest["default_events"]]:
        assert re.search(rf"^  (?:- )?{name}\b.*# \S", text, re.MULTILINE), f"{name} has no reason in app.yml"


# docs/workflows.md


def _words_of(schema: dict[str, Any]) -> set[tuple[str, str]]:
    defs = schema["$defs"]
    return {(of, word) for of in ("workflow", "trigger", "step", "retry") for word in defs[of]["properties"]}


def test_every_word_of_the_language_is_told() -> None:
    said = set()
    for row in rows(WORKFLOWS.section("Words of the language")):
        said |= {(of, bare(row[0])) for of in row[1].split(", ")}
    assert said == _words_of(msgspec.json.decode(SCHEMA))


def test_every_kind_of_fact_is_told() -> None:
    source = ast.parse((ROOT / "bot/github/facts.py").read_text())
    kinds = {
        node.args[0].value
        for node in ast.walk(source)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "fact"
        and isinstance(node.args[0], ast.Constant)
    }
    table = rows(WORKFLOWS.section("Facts that triggers can name"))
    assert {bare(row[0]) for row in table} == kinds
    told = set(re.findall(r"`(\w+)`", " ".join(row[1] for row in table)))
    assert facts._READERS.keys() - told <= {"ping"}
    data = {bare(row[0]): set(re.findall(r"`(\w+)`", row[3])) for row in table}
    assert data == {kind: set(names) - set(facts._ALWAYS) for kind, names in facts.FIELDS.items()}


def test_the_data_of_a_fact_is_what_its_reader_gives_it() -> None:
    given: dict[str, set[str]] = {}
    for call in ast.walk(ast.parse((ROOT / "bot/github/facts.py").read_text())):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "fact":
            kind = ast.literal_eval(call.args[0])
            given.setdefault(kind, set(facts._ALWAYS)).update(k.arg for k in call.keywords if k.arg)
    assert given == {kind: set(names) for kind, names in facts.FIELDS.items()}


DEFINITIONS = [parse(p.read_text()) for p in sorted((ROOT / "templates" / "workflows").glob("*.yaml"))]


def test_every_shipped_definition_is_told() -> None:
    said = {
        re.sub(r".*`(.*)`.*", r"\1", row[0])
        for row in rows(WORKFLOWS.section("Definitions that are shipped"))
    }
    assert said == {d.name for d in DEFINITIONS}, [f"| `{d.name}` | | {d.description} |" for d in DEFINITIONS]


def test_every_step_type_is_told_with_its_way_back() -> None:
    said = {bare(row[0]): row[2] for row in rows(WORKFLOWS.section("Step types"))}
    types = step_classes()
    assert said.keys() == types.keys()
    named = {(s.type, s.rollback_action) for d in DEFINITIONS for s in d.steps if s.rollback_action}
    for name, back in named:
        assert f"`{back}`" in said[name], f"the way back of {name} is {back}"
    for name, cls in types.items():
        if cls.undoable and name not in dict(named):
            assert said[name], f"{name} has a way back of its own"


def _domain_events() -> set[str]:
    found = {name for d in DEFINITIONS for name in d.emits.values()}
    for module in (ROOT / "bot").rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "DomainEvent":
                found |= {a.value for a in node.args[:1] if isinstance(a, ast.Constant)}
    return found


def test_every_domain_event_is_told() -> None:
    said = {bare(row[0]) for row in rows(WORKFLOWS.section("Domain events"))}
    assert said == _domain_events()
    assert not said & {body.__name__ for body in events.Body.__args__}


def test_the_number_of_rules_is_right() -> None:
    assert len(RULES) == 31 and "thirty-one rules" in WORKFLOWS.text
