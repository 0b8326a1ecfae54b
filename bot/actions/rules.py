"""The proof that a workflow keeps the rules: each rule a predicate, all of them one result tree.

Used before a workflow is proposed, in tests, and whenever a person asks why a file is refused. There is a rule
thirty-two, no finding of three public checkers, which is a test. A proof of the text is not a proof of what
GitHub does with it: no rule here replaces the App's own judging.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bot.actions import rules_evidence as evidence
from bot.actions import rules_shape as shape
from bot.actions import rules_supply as supply
from bot.actions.document import Unreadable, Workflow, read_workflow
from bot.result import Evidence, EvidenceClass, Result, Verdict, combine

Predicate = Callable[[Workflow], Iterator[str]]

RULES: dict[str, tuple[str, Predicate]] = {
    "rule/01": ("the header says what the file was made from", shape.header),
    "rule/02": ("no times, and jobs in order", shape.same_bytes),
    "rule/03": ("only dispatched or scheduled; a schedule generates nothing", shape.triggers),
    "rule/04": ("four inputs, none of them secret", shape.inputs),
    "rule/05": ("the run's name tells plan and attempt", shape.run_name),
    "rule/06": ("the approval is checked first", shape.approval),
    "rule/07": ("no permissions on top, a block for each job", shape.no_permissions_on_top),
    "rule/08": ("the agent's job only reads", shape.agent_reads),
    "rule/09": ("generated code runs without secrets, reading only", shape.generated_code_reads),
    "rule/10": ("no job may write", shape.no_writing),
    "rule/11": ("an agent's key is only in its step, behind an environment", shape.agent_key),
    "rule/12": ("no secrets are inherited", shape.no_inherited_secrets),
    "rule/13": ("no expression in a script", supply.no_expression_in_scripts),
    "rule/14": ("inputs are held against anchored patterns first", supply.inputs_are_checked),
    "rule/15": ("a prompt is a file", supply.prompt_is_a_file),
    "rule/16": ("nothing is written into the environment of later steps", supply.nothing_outward),
    "rule/17": ("every action is pinned by commit, with its release", supply.pinned),
    "rule/18": ("no action nests unpinned ones", supply.nested_pinned),
    "rule/19": ("no action on a retired runtime", supply.current_runtime),
    "rule/20": ("nothing is installed; the runner is checked by hash", supply.installs_locked),
    "rule/21": ("runners from the short list", supply.fixed_runners),
    "rule/22": ("checkouts are the base and keep no token", evidence.clean_checkouts),
    "rule/23": ("the agent's job ends with the patch", evidence.patch_handed_over),
    "rule/24": ("the gate starts clean and judges before it tests", evidence.gate_starts_clean),
    "rule/25": ("nothing trusted runs after foreign code", evidence.nothing_trusted_after),
    "rule/26": ("time limits everywhere", evidence.timeouts),
    "rule/27": ("one run of a plan at a time", evidence.concurrency),
    "rule/28": ("the agent is told its caps", evidence.caps),
    "rule/29": ("a report always comes", evidence.reported),
    "rule/30": ("evidence is kept and no step is excused", evidence.evidence_kept),
    "rule/31": ("green means done", evidence.green_means_done),
}


def prove(text: bytes) -> Result:
    """The verdict "rules" over a workflow file's bytes, with one child a rule."""
    try:
        flow = read_workflow(text)
    except Unreadable as error:
        return Result("rules", Verdict.FAIL, str(error))
    return combine(
        "rules",
        tuple(_judge(name, words, predicate, flow) for name, (words, predicate) in RULES.items()),
        passed=f"the workflow keeps all {len(RULES)} rules",
        failed="the workflow breaks a rule",
    )


def _judge(name: str, words: str, predicate: Predicate, flow: Workflow) -> Result:
    try:
        against = tuple(Evidence(EvidenceClass.COMPUTED, text) for text in predicate(flow))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return Result(name, Verdict.FAIL, f"cannot be judged, the file has another shape than ours: {words}")
    if against:
        return Result(name, Verdict.FAIL, f"not kept: {words}", against)
    return Result(name, Verdict.PASS, words)
