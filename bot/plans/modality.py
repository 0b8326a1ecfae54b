"""Must, should and will: whether a sentence obliges somebody to do something.

The same words also tell of effects ("will make it easier"), of attitudes ("we should be aware") and of cases
("when we need to …"). So whatever is not the sentence's own obligation is taken out first, and only the rest is
searched. Not here: instructions without a modal verb (wording.py).
"""

from __future__ import annotations

import re

_MODAL = r"(?:must|shall|should|will|ha(?:s|ve) to|needs? to)"
_ASIDE = re.compile(r"\([^()]*\)")
# A clause of condition, cause or comparison, up to the next comma.
_CLAUSE = re.compile(
    r"\b(?:if|when|whenever|because|since|whether|although|though|unless|until|in case|while)\b[^,;.:]*"
    r"|\bthan(?: [\w%-]+){1,4}?(?= (?:must|shall|should|will|ha(?:s|ve) to|needs? to)\b|[,;.:]|$)|\bthan\b[^,;.:]*"
    r"|(?:^|,\s*)(?:which|who|where|as|so that)\b[^,;.:]*",
    re.I,
)
_UNREAL = re.compile(
    r"\b(?:must|should|will|would|could|might|may) have (?:been|had|\w+ed)\b|\bwould (?:also "
    r"|then )?(?:have|need) to\b"
    r"|\bdo(?:es)?(?: not|n't) (?:have|need) to\b|\b(?:will )?no longer (?:have|need)(?:s)? to\b"
    r"|\bnever need to\b",
    re.I,
)
_ATTITUDE = re.compile(
    rf"\b{_MODAL} (?:also |not |always |only )?(?:be )?(?:careful|aware|familiar|(?:re)?consider(?:ed)?|focus"
    r"|think|remember|keep in mind|understand|learn|know|worry|accept|noted|note that|straightforward|easy|enough"
    r"|sufficient|possible|fine|obvious|mentioned|evident|explain|describe|discuss|see|assume|call|refer|show"
    r"|prepared|exception|an exception)\b"
    # What we are able to do is an effect; what "the job should be able to do" is asked of it.
    r"|\b(?:we|you|they) (?:must|shall|should|will) (?:also |not |always |only )?be able\b",
    re.I,
)
_EFFECT = re.compile(
    r"\bwill (?:also |then |now |not |still |likely |probably |always |only |just )?(?:be (?:able|easier|harder"
    r"|more|less|possible|easy|hard|difficult|simpler|better|needed|necessary|impacted|affected|lost|slower"
    r"|faster|aware)|mean|result|become|benefit|remain|depend|cost|happen|occur|lose|gain|get|know|never|vary"
    r"|come)\b"
    r"|\b(?:this|that|it|these|they)(?: \w+)? will (?:also )?(?:provide|let|offer|simplify|avoid)\b"
    r"|(?<!\bwe )\bwill (?:also |not |likely |probably )?(?:add|need(?! to\b)|have|require|give|make|enable"
    r"|ensure|bring|allow|help|increase|decrease|reduce|improve|lead|cause|continue|take)\b",
    re.I,
)
_MUST = re.compile(
    r"\b(?:must|shall|ha(?:s|ve) to|needs? to|(?:is|are) required to|required:"
    r"|(?:is|are) to be(?= \w+(?:ed|en|t|ne)\b))(?![\w-])",
    re.I,
)
_COMMAND = re.compile(r"\b(?:must|shall|MUST|SHALL|SHOULD|REQUIRED|[Ww]e (?:need|have) to)\b")
_CAPITAL = re.compile(r"\b(?:MUST|SHALL|SHOULD|REQUIRED)\b")
_SHOULD = re.compile(r"\bshould\b", re.I)
_WILL = re.compile(
    r"\b(?:will|we'll|(?:is|are) going to)\b|\b(?:we|i|team)(?: have)? (?:decided|agreed|chose) (?:to|on"
    r"|that)\b",
    re.I,
)
_WE_WILL = re.compile(r"\bwe(?: will|'ll| are going to)\b", re.I)
_WE_OWE = re.compile(
    r"^(?:must|need to)\b(?! (?:learn|know|understand|remember|be aware))|"
    r"(?:^|[,;:.–-]\s*|\b(?:so|and|then|therefore|thus|that|also|however|but|now)\s+)"
    r"we (?:also |then |now )?(?:must|should|need to|have to|will have to|will need(?: to| an?)?)\b"
    r"|\b(?:must|shall|should)\b|\b(?:needs? to|ha(?:s|ve) to) be (?:re-?)?\w+(?:ed|en|t|ne)\b"
    r"|\bwe(?: will|'ll) (?:also |then |now |therefore )?(?:add|build|change|configure|create|delete|deprecate"
    r"|document|expand|extend|implement|introduce|migrate|move|publish|refactor|remove|rename|replace|rewrite"
    r"|split|update|write)\b"
    r"|\bwill be (?:re-?)?(?:implemented|migrated|created|added|removed|replaced|refactored|rewritten|renamed"
    r"|updated|moved|built|deleted|introduced|extended|deprecated|split|used)\b",
    re.I,
)


def _core(words: str) -> str:
    """The sentence without asides, conditions, effects and attitudes."""
    for pattern in (_ASIDE, _CLAUSE, _UNREAL, _ATTITUDE, _EFFECT):
        words = pattern.sub(" ", words)
    return words


def obliges(words: str) -> bool:
    """ "must", "shall", "needs to"."""
    return _MUST.search(_core(words)) is not None


def promises(words: str) -> bool:
    """ "must", "should" or "will", where the will is work and not an effect of it."""
    core = _core(words)
    return any(pattern.search(core) for pattern in (_MUST, _SHOULD, _WILL))


def commands(words: str, *, formal: bool = False) -> bool:
    """ "must" and "shall", or what we ourselves will do: what counts where no heading speaks of work.

    formal: the text uses the capital words of RFC 2119, and by RFC 8174 only those oblige.
    """
    core = _core(words)
    if formal:
        return _CAPITAL.search(core) is not None
    return _COMMAND.search(core) is not None or _WE_WILL.search(core) is not None


def we_owe(words: str) -> bool:
    """ "we need to …", "… has to be migrated": work that follows from the decision."""
    return not words.lower().startswith("if ") and _WE_OWE.search(_core(words)) is not None


def is_formal(text: str) -> bool:
    """Whether a text uses MUST, SHOULD and SHALL in capitals as its own language (RFC 2119), at least twice."""
    return len(_CAPITAL.findall(text)) >= 2
