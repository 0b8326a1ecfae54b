"""Error Analysis (ADR-012): which sort of failure a message tells of, with what shows it.

`ErrorClassifier` is pure: rules in order, the first that matches decides, all that match are evidence. A
message that nothing matches is a bug, since a bug is what somebody must look at. `ErrorAnalysis` is the step.
"""

from __future__ import annotations

import re

from bot.engine.outcome import Done, Failed, Outcome
from bot.engine.ports import StepContext, StepType
from bot.plugins.registry import Classification, Classifier, Kind, PluginError, PluginRegistry
from bot.steps.library.bodies import BodyExpired, text_of

_MOST = 20_000  # characters; what matters stands at the beginning or at the end
_EXCERPT = 60

_RULES: tuple[tuple[Kind, str], ...] = (
    ("rate-limit", r"rate.?limit|too many requests|\b429\b|quota exceeded|abuse detection"),
    (
        "permission",
        r"permission denied|forbidden|unauthori[sz]ed|not authori[sz]ed|access denied|\b40[13]\b|\bEACCES\b"
        r"|not accessible by integration|bad credentials",
    ),
    ("conflict", r"\bconflict|\b409\b|already exists|non-fast-forward|would be overwritten"),
    (
        "gate",
        r"quality gate|\bgate (?:said|failed|refused)|coverage .{0,40}below|\b\d+ failed\b|tests? failed"
        r"|\bAssertionError\b",
    ),
    (
        "transient",
        r"timed? ?out|timeout|\b50[0234]\b|connection (?:reset|refused|aborted|closed)|temporar(?:y|ily)"
        r"|unavailable|try again|broken pipe|\b(?:Connection\w{0,20}|Connect|Read)Error"
        r"|\bE(?:CONNRESET|CONNREFUSED|TIMEDOUT|PIPE|AI_AGAIN)\b",
    ),
    (
        "bad-input",
        r"\b4(?:00|22)\b|\binvalid\b|malformed|unprocessable|no such file|not found|syntax ?error|cannot parse"
        r"|missing (?:required|argument|field|parameter)|\b(?:JSONDecode|Value|Key|FileNotFound)Error\b",
    ),
    (
        "bug",
        r"Traceback|\b(?:Type|Attribute|Index|Name|ZeroDivision|Recursion)Error\b|segmentation fault|\bpanic",
    ),
)
_PATTERNS = tuple((kind, re.compile(rule, re.IGNORECASE)) for kind, rule in _RULES)


class ErrorClassifier(Classifier):
    """ADR-012's error-classifier."""

    name = "error-classifier"
    inputs = frozenset({"error_message"})

    def classify(self, message: str) -> Classification:
        text = message if len(message) <= _MOST else message[: _MOST // 2] + message[-_MOST // 2 :]
        found = [(kind, match) for kind, rule in _PATTERNS if (match := rule.search(text))]
        if not found:
            return Classification("bug", ("nothing in the message says more",))
        return Classification(
            found[0][0], tuple(f"{kind}: “{_around(text, match)}”" for kind, match in found)
        )


def _around(text: str, match: re.Match[str]) -> str:
    start = max(0, match.start() - _EXCERPT // 2)
    return " ".join(text[start : match.end() + _EXCERPT // 2].split())


class ErrorAnalysis(StepType):
    """Result: error_type, evidence."""

    type = "error-analysis"
    effect_free = True
    inputs = frozenset({"error_message"})

    def __init__(self, plugins: PluginRegistry | None = None) -> None:
        self._plugins = plugins or PluginRegistry()

    async def start(self, ctx: StepContext) -> Outcome:
        try:
            classifier = self._plugins.load(ctx.plugin or ErrorClassifier.name, Classifier)
            found = classifier.classify(text_of(ctx, ctx.inputs["error_message"]))
        except PluginError as error:
            return Failed(error=str(error), kind="bug", before_effect=True)
        except BodyExpired as error:
            return Failed(error=str(error), kind="bad-input", before_effect=True)
        return Done({"error_type": found.kind, "evidence": list(found.evidence)})
