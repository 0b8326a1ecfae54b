"""The commands of the runner's one file: `python3 -I cloi.pyz COMMAND`.

Only the grammar is here; each command is a function elsewhere, and imported when it is called: a zip archive has
no compiled modules, so each costs milliseconds at every step of a job. Exit codes: 0 done, 1 refused or failed,
2 wrong usage, 3 not what was approved.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial

from bot.runner.job import Job, Refusal, refuse

Command = Callable[[Job], None]


def main(argv: Sequence[str]) -> int:
    """Run one command; the answer is the exit code. Raises SystemExit for wrong usage, as argparse does."""
    arguments = _parser().parse_args(argv)
    try:
        _command(arguments)(Job.here())
    except Refusal as error:
        refuse(str(error))
        return error.code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cloi", description="CLOI bot's runner, for use in a workflow.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check-inputs", help="hold the inputs against anchored patterns")
    approval = commands.add_parser("approve", help="stop unless plan and workflow are what was approved")
    approval.add_argument("--plan", required=True)
    approval.add_argument("--workflow", required=True)
    kinds = commands.add_parser("generate", help="let the agent write").add_subparsers(
        dest="kind", required=True
    )
    implementation = kinds.add_parser("implementation")
    implementation.add_argument("--adr-based", action="store_true", help="give the agent the decision record")
    implementation.add_argument(
        "--ai-enhanced", action="store_true", help="let the plan's agent write the code"
    )
    tests = kinds.add_parser("tests")
    tests.add_argument("--coverage-target", type=_percent, default=0, help="percent of changed lines")
    docs = kinds.add_parser("docs")
    docs.add_argument("--api-docs", action="store_true", help="ask for a reference")
    docs.add_argument("--user-guide", action="store_true", help="ask for a guide")
    for kind in (implementation, tests, docs):
        kind.add_argument("--feature", required=True)
    commands.add_parser("handover", help="leave the change as a patch and its hash")
    gates = commands.add_parser("gate", help="judge").add_subparsers(dest="gate", required=True)
    for name, words in (
        ("patch", "judge the patch and apply it"),
        ("tests", "run the tests with the change"),
        ("new-tests", "demand that new tests fail without the change"),
        ("verify", "test the default branch, if the decision is in force"),
    ):
        gates.add_parser(name, help=words)
    commands.add_parser("report", help="write the summary and result.json")
    return parser


def _percent(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 100:
        raise argparse.ArgumentTypeError("a whole number from 0 to 100")
    return int(text)


def _command(given: argparse.Namespace) -> Command:
    match given.command, getattr(given, "kind", None) or getattr(given, "gate", None):
        case "check-inputs", _:
            from bot.runner.approve import check_inputs

            return check_inputs
        case "approve", _:
            from bot.runner.approve import approve

            return partial(approve, plan_path=given.plan, workflow_path=given.workflow)
        case "generate", "implementation":
            from bot.runner.generate import generate_implementation

            return partial(
                generate_implementation,
                feature=given.feature,
                adr_based=given.adr_based,
                ai_enhanced=given.ai_enhanced,
            )
        case "generate", "tests":
            from bot.runner.generate import generate_tests

            return partial(generate_tests, feature=given.feature, coverage_target=given.coverage_target)
        case "generate", _:
            from bot.runner.generate import generate_docs

            return partial(
                generate_docs,
                feature=given.feature,
                api_docs=given.api_docs,
                user_guide=given.user_guide,
            )
        case "handover", _:
            from bot.runner.handover import handover

            return handover
        case "gate", "patch":
            from bot.runner.gate import gate_patch

            return gate_patch
        case "gate", "tests":
            from bot.runner.gate import gate_tests

            return gate_tests
        case "gate", "new-tests":
            from bot.runner.gate import gate_new_tests

            return gate_new_tests
        case "gate", _:
            from bot.runner.gate import gate_verify

            return gate_verify
        case _:
            from bot.runner.report import report

            return report
