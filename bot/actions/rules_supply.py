"""Rules 13 to 21 of a generated workflow: nothing injected, and nothing unpinned that is run.

Each function gets a workflow and answers the sentences that speak against it. The tables of pinned actions and
allowed runners are in pins.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.actions.document import Workflow
from bot.actions.pins import PINS, RUNNERS, RUNTIMES

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}", re.S)
_FROM_INPUTS = re.compile(r"\binputs\.(\w+)")
_ANCHORED = re.compile(r'^\[\[ "\$(\w+)" =~ \^.+\$ \]\] \|\| \{ echo "[^"`$]*"; exit 1; \}$', re.M)
_RELEASE = re.compile(r"^\s*(?:- )?uses: (\S+@[0-9a-f]{40}) # (v\d+(?:\.\d+)*)$")
_INSTALLS = re.compile(
    r"\b(?:pip3?|uv|pipx|npm|npx|pnpm|yarn|gem|cargo|go|brew|apt|apt-get|dnf|apk)\s+(?:-\S+\s+)*"
    r"(?:install|add|i|run|dlx|exec|get|tool)\b|\bnpx\b"
)
_DOWNLOADS = re.compile(r"\b(?:curl|wget)\b")
_CHECKED = 'echo "$CLOI_RUNNER_SHA256  $RUNNER_TEMP/cloi.pyz" | sha256sum --check --strict'
_OUTWARD = re.compile(r"GITHUB_(?:ENV|PATH|OUTPUT|STATE)\b|::set-(?:output|env)|::add-path")
_AGENT_CALL = re.compile(
    r'cloi generate (?:implementation|tests|docs) --feature="\$CLOI_FEATURE"'
    r"(?: --(?:adr-based|ai-enhanced|api-docs|user-guide|coverage-target=\d{1,3}))*"
)
# All that may be written between ${{ and }}: none of it is text that somebody else chose freely, but for the
# inputs, which the first step holds against patterns.
_KNOWN = re.compile(
    r"inputs\.(?:implementation_plan_id|approval|mode|attempt)|github\.sha|runner\.temp"
    r"|needs\.\w+\.result|secrets\.[A-Z][A-Z0-9_]*"
)


def no_expression_in_scripts(flow: Workflow) -> Iterator[str]:
    """13: values reach a script by its environment, and only values that are known here."""
    for job, step in flow.steps():
        for place, text in (("script", step.run), ("script", str(step.given.get("script", "")))):
            if "${{" in text:
                yield f"{step.title} in {job.id} splices an expression into its {place}"
    for text in flow.scalars():
        for expression in _EXPRESSION.findall(text):
            if not _KNOWN.fullmatch(expression):
                yield f"the expression {expression[:60]!r} is none that a workflow of ours needs"


def inputs_are_checked(flow: Workflow) -> Iterator[str]:
    """14: a job in which a step sees an input begins by holding every input against an anchored pattern."""
    for job in flow.jobs:
        used = set(_FROM_INPUTS.findall(str([s.env for s in job.steps]) + str([s.given for s in job.steps])))
        if not used or not job.steps:
            continue
        first = job.steps[0]
        names = {
            _FROM_INPUTS.findall(str(value))[0]: key for key, value in first.env.items() if "inputs." in value
        }
        checked = set(_ANCHORED.findall(first.run))
        for name in sorted(used):
            if names.get(name) not in checked:
                yield f"{job.id} uses the input {name} before its form is checked"
        if first.condition not in ("", "github.event_name == 'workflow_dispatch'"):
            yield f"{job.id} checks its inputs only sometimes"


def prompt_is_a_file(flow: Workflow) -> Iterator[str]:
    """15: an agent's step is one of our three calls; no text reaches it as an argument or by its environment."""
    for job, step in flow.steps():
        if step.is_agent:
            calls = [line for line in step.run.splitlines() if line.startswith("cloi ")]
            if len(calls) != 1 or not _AGENT_CALL.fullmatch(calls[0]):
                yield f"{step.title} in {job.id} calls the agent with something else than fixed flags"
            for key, value in step.env.items():
                if "${{" in str(value) and not str(value).startswith("${{ secrets."):
                    yield f"{step.title} in {job.id} gives the agent {key} from outside"
        if any("prompt" in key.lower() for key in (*step.given, *step.env)):
            yield f"{step.title} in {job.id} passes a prompt as a value"


def nothing_outward(flow: Workflow) -> Iterator[str]:
    """16: no script writes what later steps take for environment, path or output."""
    for job, step in flow.steps():
        if _OUTWARD.search(step.run):
            yield f"{step.title} in {job.id} writes to the environment of later steps"


def pinned(flow: Workflow) -> Iterator[str]:
    """17: each action at a full commit, with the release that it is."""
    for number, line in enumerate(flow.text.splitlines(), 1):
        if re.match(r"\s*(?:- )?[\"']?uses[\"']?\s*:", line):
            found = _RELEASE.match(line)
            if not found:
                yield f"line {number}: not a full commit with its release"
            elif found[1] not in PINS or PINS[found[1]].release != found[2]:
                yield f"line {number}: {found[1]} is not the commit that is known as {found[2]}"


def nested_pinned(flow: Workflow) -> Iterator[str]:
    """18: no action that itself uses unpinned ones."""
    for job, step in flow.steps():
        if step.uses:
            nested = PINS[step.uses].nested if step.uses in PINS else None
            if nested is None:
                yield f"{step.uses} in {job.id}: it is not known what this action uses itself"
            elif any(not re.search(r"@[0-9a-f]{40}$", n) for n in nested):
                yield f"{step.uses} in {job.id} uses unpinned actions"


def current_runtime(flow: Workflow) -> Iterator[str]:
    """19: no action on a runtime that runners no longer have."""
    for job, step in flow.steps():
        if step.uses and (step.uses not in PINS or PINS[step.uses].runtime not in RUNTIMES):
            yield f"{step.uses} in {job.id} is not known to run on {' or '.join(RUNTIMES)}"


def installs_locked(flow: Workflow) -> Iterator[str]:
    """20: nothing is installed; the one download is our runner, checked by its hash before it is used."""
    for job in flow.jobs:
        ready = False
        for step in job.steps:
            if _INSTALLS.search(step.run):
                yield f"{step.title} in {job.id} installs something"
            if _DOWNLOADS.search(step.run):
                lines = step.run.rstrip().splitlines()
                ready = '"$CLOI_RUNNER_URL"' in step.run and lines[-1] == _CHECKED
                if not ready or len(_DOWNLOADS.findall(step.run)) != 1:
                    yield f"{step.title} in {job.id} downloads without checking a hash"
            if step.command and not ready:
                yield f"{step.title} in {job.id} uses the runner before its hash is checked"
    if not re.fullmatch(r"[0-9a-f]{64}", str((flow.data.get("env") or {}).get("CLOI_RUNNER_SHA256", ""))):
        yield "the runner's hash is not in the file"


def fixed_runners(flow: Workflow) -> Iterator[str]:
    """21: runners from the short list."""
    for job in flow.jobs:
        if job.data.get("runs-on") not in RUNNERS:
            yield f"{job.id} runs on {job.data.get('runs-on')!r}, which is not in the list"
