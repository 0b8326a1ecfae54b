"""Plugins by entry point: what is found, and what becomes of those that are broken."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from bot.plugins.registry import GROUP, Classifier, Gate, PluginError, PluginRegistry, installed


def entry(name: str, value: str) -> EntryPoint:
    return EntryPoint(name=name, value=value, group=GROUP)


OURS = entry("error-classifier", "bot.steps.library.analysis:ErrorClassifier")


def test_the_kind_follows_from_the_class_and_the_schema_from_its_inputs() -> None:
    (one,) = installed([OURS])
    assert (one.kind, one.problem) == ("classifier", "")
    assert one.schema == {
        "type": "object",
        "properties": {"error_message": {}},
        "required": ["error_message"],
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        (entry("x", "no_such_module:X"), "cannot be loaded: ModuleNotFoundError"),
        (entry("x", "bot.steps.library.analysis:NoSuchClass"), "cannot be loaded: AttributeError"),
        (entry("x", "bot.result:Result"), "is none of step type, classifier"),
        (entry("x", "bot.steps.library.analysis:ErrorClassifier"), "calls itself 'error-classifier'"),
    ],
)
def test_what_is_broken_says_why_and_leaves_the_others_alone(broken: EntryPoint, problem: str) -> None:
    registry = PluginRegistry(installed([OURS, broken]))
    assert registry.load("error-classifier", Classifier).classify("HTTP 429").kind == "rate-limit"
    with pytest.raises(PluginError, match=problem):
        registry.load("x", Classifier)


def test_of_two_with_one_name_neither_is_used() -> None:
    registry = PluginRegistry(installed([OURS, OURS]))
    with pytest.raises(PluginError, match="two provide it"):
        registry.load("error-classifier", Classifier)


def test_a_plugin_of_another_kind_is_not_taken() -> None:
    with pytest.raises(PluginError, match="is a classifier"):
        PluginRegistry(installed([OURS])).load("error-classifier", Gate)


def test_a_module_that_ends_the_process_when_it_is_imported_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "leaves_at_import.py").write_text("raise SystemExit(7)")
    monkeypatch.syspath_prepend(tmp_path)
    (found,) = installed([entry("x", "leaves_at_import:X")])
    assert found.problem == "cannot be loaded: SystemExit: 7"
