"""What can be wrong with a workflow definition, and with a reference in it."""

from __future__ import annotations


class LanguageError(Exception):
    """Any error of the workflow language."""


class DefinitionError(LanguageError):
    """A workflow definition that cannot be used. line: in the YAML text, from 1; 0 where there is no line."""

    def __init__(self, message: str, *, line: int = 0, rule: str = "definition") -> None:
        super().__init__(f"line {line}: {message}" if line else message)
        self.line = line
        self.rule = rule


class InputRefused(LanguageError):
    """A workflow was given what its `inputs` do not allow; the message names the input."""


class ReferenceUnresolved(LanguageError):
    """A `${…}` that names nothing which the instance has."""
