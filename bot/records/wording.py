"""The words by which records speak of each other, as patterns: verbs, fillers, limits, denials.

Every repeated class is bounded, so that a hostile text costs no more than a long one. Not here: what is concluded
from the words (phrases.py).
"""

from __future__ import annotations

import re

from bot.records.record import RelationKind

_LATIN_PARTLY = (
    "en\\s+partie|partiellement|teilweise|parcialmente|en\\s+parte|em\\s+parte|in\\s+parte|parzialmente|deels"
)
_LATIN_BY = "durch|par|por|pel[ao]|da|dal|dalla|door"
VERBS: tuple[tuple[RelationKind, str], ...] = (
    (
        RelationKind.SUPERSEDED_BY,
        r"(?:super[sc]ee?ded|superseeded|replaced|obsoleted|overridden|succeeded|invalidated|supplanted|subsumed|"
        r"overruled|made\s+obsolete|rendered\s+obsolete)\s+(?:\([^()\n]{1,60}\)\s+)?"
        r"(?:(?:\w{2,12}ly|in\s+part|in\s+full)\s+)?(?:in\s+favou?r\s+of|by|with|through)"
        r"|(?:superseded|ersetzt|abgelöst|remplacée?|substituíd[ao]|superad[ao]|superat[ao]|reemplazad[ao]|sustituid[ao]|"
        rf"sostituit[ao]|vervangen)(?:\s+{_LATIN_PARTLY})?"
        rf"\s+(?:{_LATIN_BY})|deprecated\s+by|(?:ersatt|erstattet|ersättes?)\s+(?:av|af)|"
        r"(?:deprecated|retired|abandoned|dropped|withdrawn|closed|rejected)\s+in\s+favou?r\s+of|замен[её]н[оаы]?\s+(?:на|решением|записью)|zastąpion[aey]\s+przez",
    ),
    (
        RelationKind.SUPERSEDES,
        r"(?:super[sc]ee?des?|superseeds|super[sc]eding|replaces|obsoletes|overrides)(?:\s+and\s+deprecates)?|"
        r"is\s+(?:a|the)\s+(?:(?:full|complete)\s+)?replacement\s+(?:for|of)|"
        r"(?:(?:is|are)\s+(?:intended|meant|designed)|aims?|intends?|seeks?)\s+to\s+(?:super[sc]ee?de|replace|obsolete)|"
        r"ersetzt|löst(?=[^.\n]{1,60}\bab\b)|supersède|zastępuje|ersätter|erstatter|(?:annule\s+et\s+)?remplace|"
        r"substitui|sostituisce|vervangt|заменяет"
        r"|(?:reemplaza|sustituye)(?:\s+a)?",
    ),
    (RelationKind.AMENDED_BY, r"(?:amended|updated|modified)\s+by|(?:amendée?|modifiée?|révisée?)\s+par"),
    (RelationKind.AMENDS, r"amends|amending|ergänzt|amende|révise"),
    (
        RelationKind.DEPENDS_ON,
        r"depends?\s+(?:up)?on|depending\s+on|dependent\s+on|requires|hängt\s+ab\s+von",
    ),
    (RelationKind.BUILDS_ON, r"(?:builds?|building|built)\s+(?:up)?on(?:\s+top\s+of)?|baut\s+auf"),
)
VERB = re.compile("|".join(f"(?P<v{i}>\\b(?:{words})(?!\\w))" for i, (_, words) in enumerate(VERBS)), re.I)
_STEM_WORDS = (
    "super replac obsolet overrid succeed ersetz abgel rempla substitu reemplaza sustitu sostitu vervang deprecat "
    "取代 替代 代替 置き換え 대체 교체 "
    "invalidat supplant subsum overrul render made retire abandon drop withdrawn closed reject замен zastąp "
    "lös supersèd superad superat zastęp ersät erstatt ersatt révis amend updat modif ergänz "
    "depend requir hängt buil baut"
)
STEMS = tuple(_STEM_WORDS.split())
PARTLY = re.compile(
    r"\b(?:partial(?:ly)?|partly|in\s+part|parts?\s+of|in\s+some\s+(?:cases|aspects|respects|parts)|"
    r"to\s+some\s+extent|teilweise|parcialmente|en\s+partie|partiellement|en\s+parte|em\s+parte|in\s+parte|parzialmente|"
    r"deels)\b",
    re.I,
)
NEGATED = re.compile(
    r"(?:\b(?:not|never|no\s+longer|without|nicht|no|ne|não|non|niet|instead\s+of|rather\s+than)|n't)\b[^.;,]{0,20}$"
    r"|\b(?:would|could|might|may|should|cannot|if|unless|whether)\b[^.;,]{0,40}$",
    re.I,
)
FILLER = re.compile(
    r"^[\s:,*_`\"'“”’(\[>~-]*(?:(?:by|the|our|of|parts?\s+of|on|from|decisions?|record|architecture|in|"
    r"also|both|"
    r"l|la|le|les|el|los|las|il|lo|o|a|os|as|den|die|das|de|het|décision|decisión|decisão|decisione|entscheidung|besluit|"
    r"those|older|newer|previous|earlier|new|old|adr|rfc|and|with|that|version\s+\S{1,6}|"
    r"(?:as\s+)?defined\s+in|described\s+in|"
    r"documented\s+in|made\s+in|taken\s+in|recorded\s+in|established\s+in|"
    r"outlined\s+in)\b[\s:*_`\"'“’(\[-]*){0,6}$",
    re.I,
)
JOINER = re.compile(
    r"^[\s*_`\"'”’)\]>.]*(?:,|;|&|/|\+|\||\band\b|\bund\b|\bor\b|\bas well as\b|\bet\b|\be\b|\by\b|"
    r"\balso\b|\b(?:together|along)\s+with\b|[\s-])*"
    r"[\s*_`\"'“‘(\[]*$",
    re.I,
)
ASIDE = re.compile(r"\([^()]{0,240}\)|\s*[:–—]\s[^,;\n]{0,160}|\s-\s[^,;\n]{0,160}|[\"“][^\"”]{0,160}[\"”]")
ABOUT_US = re.compile(
    r"^(?:[^\w]|[\d_])*"
    r"(?:(?:in\s+(?:short|brief|summary)|and|but|so|thus|therefore|hence|also|note|that|status|update|updated|now)\b[\s:,*_]*){0,3}"
    r"(?:(?:this|we|our|the\s+present|diese[rs]?|(?:cett?e?|esta|este|questa|questo|dit|deze)\s+(?:décision|decisión|"
    r"decisão|decisione|besluit|beslissing|adr|rfc|document|documento|registro|proposition|propuesta|proposta))\b(?:[^.;:!?]|\.(?=\w)){0,120}|"
    r"(?:(?:adr|decision|record|document|rfc|it|is|are|was|has|have|been|be|will|in|part|\w{2,14}ly|proposed|accepted|"
    r"but|now|later|then|since|approved|adopted|implemented|deprecated|rejected|entscheidung|wurde|ist|akzeptiert|angenommen|aceptad[ao])\b"
    r"[\s*_`,;:()~–—/-]*){0,8})$",
    re.I,
)
BY_THIS = re.compile(
    r"^(?P<between>[^.;\n]{0,80}?)\b(?:super[sc]ee?ded|superseeded|replaced|"
    r"obsoleted|(?:made|rendered)\s+obsolete)\s+by\s+this\b",
    re.I,
)
ONLY_AUXILIARIES = re.compile(
    r"^[\s*_`\])>,(:–—-]*(?:(?:is|are|was|were|will|be|has|have|been|now|which|that|hereby|fully|therefore|"
    r"and|thus)\b\s*)*$",
    re.I,
)
THIS_DOES = re.compile(
    r"^(?P<between>[\s*_`\])>,(:–—-]{0,8}(?:\b(?:which|that|is|has|been|now|it|and)\b\s*){0,3})"
    r"(?:(?P<this>this(?:\s+(?:adr|rfc|record|decision|document|one|proposal))?\s+(?:now\s+|fully\s+)?)"
    r"(?P<verb>super[sc]ee?des|replaces|obsoletes|amends)\b|"
    r"(?P<verb2>super[sc]ee?des|replaces|obsoletes|amends)\s+(?:(?:all|the\s+(?:content|text)s?)\s+of\s+)?(?:this|it)\b"
    r"(?!\s+(?:with|by)\b))|"
    r"^[\])`*_]{0,3},?\s+which\s+(?P<aim>this(?:\s+(?:adr|rfc|record|decision|document|one|proposal))?\s+)"
    r"(?:is\s+(?:intended|meant)|aims|intends)\s+to\s+(?P<verb4>super[sc]ee?de|replace|obsolete)\b|"
    r"^[^.;\n]{0,60}\b(?P<it>this\s+(?:adr|rfc|record|decision|document|one|proposal)\s+)"
    r"(?P<verb3>super[sc]ee?des|replaces|obsoletes|amends)\s+it\b",
    re.I,
)
ONLY_PART = re.compile(
    r"^(?:[\])`*_]{0,3}\s?(?:中|里)?(?:关于|關於|的[^，。；\n]{1,30}(?:部分|条款|章节|决策|規定|规定))|[\])`*_]{0,3}['’]s\s+[\w\"“`*]|[\])`*_]{0,3}\s*\([^()]{0,140}(?<![\w-])(?:only(?!-)|"
    r"partial(?:ly)?|partly|in part|clauses?|sections?|portions?|parts?)\b|"
    r"[\])`*_]{0,3},?\s+(?:only|partially|partly|in part|en lo relativo|"
    r"concerning|regarding|with\s+re(?:spect|gards?)\s+to)\b|"
    r"[\])`*_]{0,3},\s+(?:in|as to|as regards|regarding|except|but only|insofar)\s|[\])`*_]{0,3}\s*§|"
    r"[\])`*_]{0,3},?\s+[*_]{0,2}(?:decision\s+)?(?:section|clause|item|rule|point|decision|option|step|phase)s?\s+#?\d|"
    r"[\])`*_]{0,3}\s*[—–]\s*[*_]{0,2}[^.;\n*_]{2,60}\bonly\b|"
    r"[\])`*_]{0,3}\s+for\s+[\w /-]{2,40}(?=\))|"
    r"[\])`*_]{0,3},\s+[^.;,\n]{2,80}\bonly\b|"
    r"[\])`*_]{0,3}\s+(?:for|in)\s+[^.;,\n]{2,40}\b(?:mode|only|part|cases?)\b|"
    r"[\])`*_]{0,3}\s+for\s+(?:the|its)\s+(?!following|reason|sake|above|same|whole)[^.;,\n]{2,60}(?=[.;,\n]|$)|"
    r"[\])`*_]{0,3}\s*[—–-]\s+the\s[^.;]{0,80}\b(?:clause|section|part|rule|paragraph|item)s?\b)",
    re.I,
)
OF_OURS = re.compile(
    r"\b[Tt]his\s+(?:sub-?section|section|part|paragraph|clause|point|rule|requirement|table|list|item|bullet|step|"
    r"option|setting|default|restriction|exception|sentence|statement|claim|number|figure|diagram|example|note|wording|limit|placement|workaround|detail|flag|field|value|modifier|feature|function|method|syntax|command|parameter|module|component)\b|"
    r"\b[Tt]his\s+(?:adr|rfc|ADR|RFC|record|decision|document|proposal)['’]s\s+\S|"
    r"\b[Oo]ur\s+(?!adr|decision|record|document|rfc|proposal|[A-Z]{2,6}\b)[a-z]\w+"
)
"""A thing of this record, not the record: "this section", "our first cache"."""
IN_OURS = re.compile(
    r"^\W*the\s+\w[\w -]{2,60}\s(?:in|of|by)\s+this\s+(?:adr|rfc|record|decision|document|proposal)\W*$", re.I
)
"""Something in this record, such as "the standards presented in this ADR"."""
LABELLED = re.compile(
    r"^[\])`*_]{0,3}\s{0,2}[(|:–—-]{1,2}\s{0,2}[*_]{0,2}(?P<verb>(?:partially\s+)?(?:super[sc]ee?des|super[sc]ee?ded\s+by|"
    r"replaces|replaced\s+by|obsoletes|obsoleted\s+by|amends|amended\s+by))[*_]{0,2}\s*(?:[)|]|$)",
    re.I | re.M,
)
LABELLED_PART = re.compile(
    r"^[\])`*_]{0,3}\s{0,2}[:–—-]{1,2}\s{0,2}[*_]{0,2}(?:partially\s+|partly\s+)?super[sc]ee?des[*_]{0,2}\s+"
    r"(?:the|its|only|part|parts)\b(?!\s+(?:entire|whole|previous|earlier|old|original)?\s*(?:decision|record|adr|rfc)\b)",
    re.I,
)
"""Behind a reference in a list of related records: "ADR-7 — supersedes the retry rule"."""
EAST_BY = re.compile(
    r"^[\])`*_]{0,3}\s*(?:所?(?:取代|替代|代替)|(?:により|によって|に)置き換え|(?:으?로)\s*(?:대체|교체))"
)
EAST_OF = re.compile(r"^[\])`*_]{0,3}\s*(?:を置き換え|[을를]\s*(?:대체|교체))")
TITLE = re.compile(r"[\"“][^\"”\n]{2,120}[\"”]|(?<!\*)\*[^*\n]{2,120}\*(?!\*)")
AND = re.compile(r"(?:,|;|\band\b)\s*(?:(?:it|also|further|thereby|hence|so)\s+)*$", re.I)
SEE = re.compile(
    r"\b(?:super[sc]ee?ded|superseeded|replaced|obsoleted?)\b[^\w\n]{0,6}"
    r"(?:(?:on|as of|since|at|\d[\d./-]*)[^\w\n]{1,3}){0,3}"
    r"(?P<see>(?:(?:see|cf|now|use|refer to|in favou?r of|by|with|the|new|record|decision|adr)\b"
    r"[^\w\n]{0,4}){0,5})$",
    re.I,
)
POSSESSIVE = re.compile(r"[\])`*_]{0,3}['’]s\s")
PART_NOUN = re.compile(
    r"[\"“”]|\b(?:aspects?|parts?|(?:sub-?)?sections?|portions?|clauses?|elements?|pieces?|some|points?|rules?|requirements?|"
    r"details?|guidance|recommendations?|bullets?|items?|paragraphs?|steps?|phases?|defaults?|mechanisms?|choices?|behaviou?rs?|semantics|"
    r"half|lines?|statements?|options?)\b",
    re.I,
)
VIA = re.compile(
    r"\b(?:of|in|from|by|with|de|du|del|della|do|da|von|aus)[\s*_`\"'“(\[]*(?:the\s+|our\s+|adr\s+)?[\s*_`\"'“(\[]*$",
    re.I,
)
SOME_DECISION = re.compile(
    r"(?:\bthe\s+(?!(?:original|previous|earlier|prior|old|older|first|initial|whole|entire|full|existing|former|current|"
    r"architectur\w+|technical|key|core|main|design)\b)[\w.-]+(?:\s+[\w.-]+){0,4}|(?<!\*)\*[\w-]{2,30}\*)"
    r"\s+decisions?\s+(?:made\s+|taken\s+)?(?:of|in|from)\b",
    re.I,
)
"""One of several decisions: "the serving-mode decision of"."""
_THING = (
    r"(?:the\s+|l['’]|(?:la|le|les|el|los|las|il|lo|os?|as?|die|den|das)\s+)[*_]{0,2}"
    r"[\w./`\"“”-]+,?(?:\s+(?:d['’])?[\w./`\"“”-]+,?){0,13}[*_]{0,2}\s+(?:of|in|from|de|du|del|della|do|da|von|aus)[\s*_`\"'“(\[]*$"
)
THING_OF = re.compile(rf"^[\s*_]{{0,4}}(?:only\s+)?{_THING}", re.I)
"""Something of another record: "the disk layout of"."""
AND_THING_OF = re.compile(rf"^[\s*_`\])]{{0,4}}(?:,\s*)?and\s+(?:only\s+)?{_THING}", re.I)
THING_AFTER = re.compile(
    r"^[\])`*_]{0,3}\s+(?!(?:and|or|but|for|with|as|in|on|by|which|that|who|is|was|were|are|has|had|to|because|since|when|"
    r"while|entirely|completely|fully|wholly|altogether|outright|decisions?|records?|documents?|approach|proposals?|"
    r"design|adrs?|rfcs?|from|of|at|where|here|now|so|if|after|before|via|per|using|along|together|also|both|only|due)(?![\w-]))"
    r"[a-z][\w-]+"
)
"""Behind a reference: something of that record, "the ADR-7 *retry rules*"."""
QUOTE_ENDS = re.compile(
    r"^[\s.*_`)\]]{0,4}[\"”](?P<example>[\s,;]*(?:for\s+(?:instance|example)|e\.\s?g))?", re.I
)
BANNER = re.compile(
    r"^[\W_]*(?:super[sc]ee?ded|superseeded|replaced|obsoleted|overridden|overtaken)\s+(?:entirely\s+|fully\s+)?(?:by|with|in\s+favou?r)\b",
    re.I,
)
OF_THE_RECORD = re.compile(
    r"\b(?:status|supersed\w*|deprecat\w*|updates?|notes?|history|change\s?-?log|changes?|revisions?|amendments?|addend\w*|"
    r"addition\w*|information|related?|relations?\w*|links?|references?|see also|outcome|decisions?|summary|"
    r"overview|metadata|info|notice|warning|important|postscript|lifecycle|epilogue|conclusion|abstract)\b",
    re.I,
)
"""Headings below which a banner is said of the whole record, not of one chapter."""
ALTERNATIVES = re.compile(
    r"\b(?:alternatives?|(?:considered|other|rejected|discarded)\s+(?:options?|ideas|solutions?|designs?)|"
    r"options?\s+(?:considered|rejected|discarded)|pros\s+and\s+cons)\b|^[\W\d]*options\W*$",
    re.I,
)
"""The heading of a chapter about what was not decided."""
WRITTEN_IN = re.compile(
    r"\b(?:described|defined|documented|made|taken|recorded|established|outlined|proposed|specified|adopted|introduced|"
    r"set\s+out|laid\s+out|chosen|stated|given|agreed|provided|detailed|presented|created)\s+(?:in|by|with)\b",
    re.I,
)
PASSIVE = frozenset(
    {RelationKind.SUPERSEDED_BY, RelationKind.PARTIALLY_SUPERSEDED_BY, RelationKind.AMENDED_BY}
)
STATUS_KINDS = frozenset(list(RelationKind)[:6])
"""Kinds that change what a record is worth; running prose must be about this record to state them."""
PROPOSED = re.compile(r"^(?:Replace|Supersede|Obsolete)\s+[\[`]?$")
SET_OFF = re.compile(r"[\])`*_]{0,3}(?:,|\.\s|\.?$|\s+with\b)")
"""A paragraph that begins "Replace RFC 12, …": what this proposal is to do, to all of the other."""
