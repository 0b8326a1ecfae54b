"""What is true of every page: its links lead somewhere, its commands exist, its examples can be read."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from urllib.parse import urlsplit

import click
import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.demo import STORIES
from bot.language.definition import parse
from bot.plans import cloi_yml
from bot.runner import cli as runner
from tests.docs.pages import PAGES, ROOT, Page, defined

HOSTS = {"github.com", "docs.github.com", "api.github.com", "localhost", "127.0.0.1", "cloi.example.org"}
PLACEHOLDERS = re.compile(r"[A-Z][A-Z_-]*")  # HOST, YOUR-HOST
TOOLS = {"cloi", "make", "git", "gh", "curl", "export", "pip"}
HARMLESS = {
    ("adr", "read"),
    ("adr", "check"),
    ("adr", "graph"),
    ("plan",),
    ("workflow",),
    ("lint",),
    ("schema",),
}

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@pages
def test_every_link_leads_somewhere(page: Page) -> None:
    for text, target in page.links():
        if urlsplit(target).scheme:
            continue
        path, _, anchor = target.partition("#")
        there = (page.path.parent / path).resolve() if path else page.path
        assert there.exists(), f"[{text}]({target})"
        assert there.is_relative_to(ROOT), f"[{text}]({target}) leaves the repository"
        if anchor:
            assert anchor in Page(there.relative_to(ROOT).as_posix()).anchors(), f"[{text}]({target})"


@pages
def test_a_link_from_a_symbol_leads_to_where_it_is_defined(page: Page) -> None:
    for text, target in page.links():
        name = re.fullmatch(r"`(\w+)`", text)
        file = page.path.parent / target
        if name and target.endswith(".py"):
            assert name[1] in defined(file.resolve()), f"{target} defines no {name[1]}"
        elif name and target.endswith((".yaml", ".yml")):
            assert re.search(rf"\b{name[1]}\b", file.read_text()), f"{target} names no {name[1]}"


@pages
def test_every_file_of_ours_that_is_named_exists(page: Page) -> None:
    for code in page.code():
        named = re.fullmatch(r"((?:bot|tests|templates|docs|benchmarks)/[\w./-]+)(::\w+)?", code)
        if named:
            path = ROOT / named[1]
            assert path.exists(), f"{page.name} names {named[1]}"
            assert not named[2] or named[2][2:] in defined(path), f"{page.name} names {code}"


@pages
def test_no_page_names_a_machine_or_a_host_of_somebody(page: Page) -> None:
    assert not re.search(r"(?<![\w.:/])/(?:work|root|home|tmp|Users|var|opt)/", page.text)
    for url in re.findall(r"https?://[^\s)`'\"<>|]+", page.text):
        host = urlsplit(url).netloc.partition(":")[0]
        assert host in HOSTS or PLACEHOLDERS.fullmatch(host), url


def test_every_page_can_be_found_from_the_readme() -> None:
    linked = {target for _, target in Page("README.md").links()}
    missing = [p.name for p in PAGES if p.path.parent.name == "docs" and p.name not in linked]
    assert not missing, "add a row to “Where to read on” in README.md"


def test_pictures_are_light_and_every_one_is_shown() -> None:
    linked = {(p.path.parent / target).resolve() for p in PAGES for _, target in p.links()}
    for picture in (ROOT / "docs" / "pictures").iterdir():
        assert picture.read_bytes().startswith(b"\x89PNG"), picture.name
        assert picture.stat().st_size < 300_000, picture.name
        assert picture in linked, f"no page shows {picture.name}"


# Commands


def _commands() -> list[str]:
    found = []
    for page in PAGES:
        for block in page.blocks("sh", "console", "bash"):
            found += [line.strip() for line in block.replace("\\\n", " ").split("\n") if line.strip()]
    return list(dict.fromkeys(found))


def _words(line: str) -> list[str]:
    """A command line without prompt, assignments and the way to the virtual environment."""
    words = shlex.split(line.removeprefix("$ "), comments=True)
    while words and re.match(r"[A-Z_]+=", words[0]):
        words = words[1:]
    return [words[0].removeprefix(".venv/bin/"), *words[1:]] if words else []


def resolve(words: list[str]) -> tuple[tuple[str, ...], click.Command, list[str]]:
    """The subcommand that words after `cloi` mean: its path, itself, and its arguments."""
    at: click.Command = main
    path: tuple[str, ...] = ()
    while isinstance(at, click.Group):
        assert words and words[0] in at.commands, f"there is no “cloi {' '.join((*path, *words))}”"
        path, at, words = (*path, words[0]), at.commands[words[0]], words[1:]
    return path, at, words


@pytest.mark.parametrize("line", _commands())
def test_every_command_in_a_block_is_one(line: str) -> None:
    words = _words(line)
    assert words[0] in TOOLS, f"{words[0]} is no tool that a stranger has"
    if words[0] == "make":
        targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert set(words[1:]) <= set(targets)
    if words[0] == "cloi":
        path, command, arguments = resolve(words[1:])
        if path[0] in ("generate", "gate"):
            runner._parser().parse_args([*path, *arguments])  # as the runner's file would
        else:
            context = command.make_context(path[-1], list(arguments))
            assert context.params.get("scenario") in (None, "all", *STORIES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_in_a_sentence_is_one(page: Page) -> None:
    for code in page.code():
        words = code.removeprefix(".venv/bin/").split()
        if words[:1] == ["cloi"] and len(words) > 1 and re.fullmatch(r"[a-z]+", words[1]):
            at: click.Command = main
            for word in words[1:]:
                if not isinstance(at, click.Group) or not re.fullmatch(r"[a-z]+", word):
                    break
                assert word in at.commands, f"{page.name}: there is no `{code}`"
                at = at.commands[word]
        if words[:1] == ["make"] and len(words) == 2:
            assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE), code


def _quick() -> list[str]:
    lines = [line for line in _commands() if _words(line)[0] == "cloi"]
    return [line for line in lines if resolve(_words(line)[1:])[0] in HARMLESS]


@pytest.mark.parametrize("line", _quick())
def test_the_quick_ones_work(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    done = CliRunner().invoke(main, _words(line)[1:])
    assert done.exit_code == 0, done.output
    assert done.stdout.strip() or "nothing wrong" in done.output


# Examples


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_example_in_yaml_can_be_read(page: Page) -> None:
    for block in page.blocks("yaml", "yml"):
        if block.lstrip().startswith("workflow:"):
            parse(block)
        else:
            assert cloi_yml.read(block.encode()).agent is not None, "an example without agent starts nothing"


def test_our_own_records_are_read_as_they_are_meant() -> None:
    done = CliRunner().invoke(main, ["adr", "read", str(ROOT / "docs/adr")])
    lines = done.stdout.splitlines()
    assert len(lines) == len(list(Path(ROOT / "docs/adr").glob("*.md")))
    assert all(" accepted " in line for line in lines), lines
    assert CliRunner().invoke(main, ["adr", "check", str(ROOT / "docs/adr")]).exit_code == 0
