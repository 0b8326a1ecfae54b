"""What every step type that talks to GitHub shares: its services, and how an error becomes an answer.

A step implements `do`, `look` and `take_back`; GitHub's errors in them are answered to the engine as Failed,
by one table (bot/github/errors.py). Not here: any single step.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from bot.actions.generator import GitHubActionsGenerator
from bot.agents.command import CommandModel
from bot.agents.model import Model
from bot.engine.errors import ImplementationWorkflowError
from bot.engine.outcome import Done, Failed, Outcome
from bot.engine.ports import StepContext, StepType
from bot.github.client import GitHub
from bot.github.errors import GitHubError, as_failed
from bot.github.repository import Repository
from bot.language.definition import WorkflowDefinition
from bot.plans import plan as plans

log = logging.getLogger("cloi.steps")


@dataclass(frozen=True)
class Services:
    """What steps work with.

    generator: makes workflows with this bot's runner file pinned. definitions: by name, for rendering.
    public_url: where people reach the bot; empty if they cannot. model: the operator's, if there is one.
    """

    github: GitHub
    generator: GitHubActionsGenerator
    definitions: Mapping[str, WorkflowDefinition] = field(default_factory=dict)
    public_url: str = ""
    model: Model | None = None

    def repository(self, name: str) -> Repository:
        """A repository by its full name."""
        return Repository(self.github, name)


def model_of(command: Sequence[str]) -> Model | None:
    """The language model behind a command; None without one."""
    return CommandModel(tuple(command)) if command else None


class GitHubStep(StepType):
    """Base of the steps in this room."""

    def __init__(self, services: Services) -> None:
        self.services = services

    async def do(self, ctx: StepContext) -> Outcome:
        raise NotImplementedError

    async def look(self, ctx: StepContext) -> Outcome:
        """What has become of it. Default: do it again, which looks first."""
        return await self.do(ctx)

    async def take_back(self, ctx: StepContext) -> Outcome:
        return Done()

    async def look_back(self, ctx: StepContext) -> Outcome:
        return await self.take_back(ctx)

    async def start(self, ctx: StepContext) -> Outcome:
        return await self._answered(self.do, ctx)

    async def check(self, ctx: StepContext) -> Outcome:
        return await self._answered(self.look, ctx)

    async def undo(self, ctx: StepContext) -> Outcome:
        return await self._answered(self.take_back, ctx)

    async def check_undo(self, ctx: StepContext) -> Outcome:
        return await self._answered(self.look_back, ctx)

    async def _answered(self, call: Callable[[StepContext], Awaitable[Outcome]], ctx: StepContext) -> Outcome:
        try:
            return await call(ctx)
        except GitHubError as error:
            log.warning("%s/%s: %s %s: %s", ctx.instance, ctx.step, error.method, error.path, error.message)
            return as_failed(error)
        except ImplementationWorkflowError as error:
            return Failed(error=str(error), kind="bad-input", before_effect=True)

    def repository(self, ctx: StepContext) -> Repository:
        """The repository that the step's inputs name."""
        return self.services.repository(str(ctx.inputs["repository"]))


def link(label: str, url: str) -> dict[str, str]:
    """A link as results and memos carry it under "links", for the living comment."""
    return {"label": label, "url": url}


def plan_of(ctx: StepContext) -> plans.ImplementationPlan:
    """The plan whose digest the step's input `plan` names. Raises ImplementationWorkflowError if it is gone."""
    return plans.from_json(blob(ctx, "plan"))


def blob(ctx: StepContext, name: str) -> bytes:
    """The body that an input names by digest. Raises ImplementationWorkflowError if it has expired."""
    try:
        return ctx.store.get_blob(str(ctx.inputs[name]))
    except KeyError as error:
        raise ImplementationWorkflowError(
            f"the stored {name} has expired; `/cloi implement` starts anew",
            instance=ctx.instance,
            step=ctx.step,
        ) from error


def keep_json(ctx: StepContext, value: Any) -> str:
    """Keep a value outside of the log; its digest."""
    return ctx.store.put_blob(msgspec.json.encode(value))
