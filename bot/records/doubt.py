"""What words beside "accepted" take from it: "Accepted?", "Accepted (revoked)", "Final call", "Accepted: no".

Only asked where the text would else permit work, so a doubt too many costs a question and a doubt too few starts
what nobody decided. What is said of the implementation ("Accepted, not yet implemented") is no doubt. Not here:
the words of states (words.py), and how a status follows from several of them (status.py).
"""

from __future__ import annotations

import re

from bot.records.inline import plain
from bot.records.record import Status
from bot.records.words import CJK_STATE, CJK_STATE_OF, STATE, STATE_OF

MAX_TAIL = 240
ARROW = r"(?:-+>|=+>|→|⇒|➔|➜|⟶|>>)"
"""From one state to the next, as people draw it."""
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_NO_MARK = re.compile("[❌✗✘✖🚫⛔👎☒⏳⌛🤔🚧⚠❓❔🛑🔄🔁]")
_PERCENT = re.compile(r"(\d{1,3})\s*(?:%|percent\b|per cent\b)", re.I)
_SHARE = re.compile(r"\d+\s*(?:/|of)\s*\d+\W*$", re.I)
_GLUED = re.compile(r"[-_+.:/&][^\W\d_]")
_WORK = r"(?:implement|roll|deploy|releas|migrat|develop|work|execut|deliver|build|cod(?:e|ing)\b|clean)"
_AT_ONCE = re.compile(
    rf"""\s++(?:is|are|means|was|were|used\s+to|would|should|could|might|may(?!,?\s+\d))\b |
    (?:[\s\"'“”‘’`:,(\[–—]|[=-](?![=-]*>))*+(?:
    \?
    | (?:no|not|nope|never|false|null|nil|none|0)\b
      (?!\s+(?:\w+\s+)?(?:{_WORK}|super|reject|deprec|start|need|requir|yet\s+{_WORK}))
    | \.{{2,}}\s*not\b | n't\b | (?:isn|wasn|aren|weren|won|hasn)\W?t\b
    | by\W+(?:nobody|no[\s-]one|none|0|zero|another|others?)\b
    | (?:par\s+personne|von\s+niemand|por\s+nadie|por\s+ningu)
    | (?:if|once|when|until|till|unless|assuming|provided|providing|before|depending|contingent|criteria)\b
    | subject\s+to\b
    | (?:on|upon|at|after)\s+(?:merge|merging|approval|acceptance|the\s+next|next)\b
    | after\s[^.;,]{{0,40}}\b(?:is|are|has|have|passes|pass|gets)\b
    | pending\b(?!\s+(?:\w+\s+)?{_WORK})
    | in\s+(?:principle|theory|draft|part\s+only)\b
    | as\s+(?:an?\s+)?(?:draft|proposal|candidate|idea|soon|trial|pilot|test|experiment)\b
    | for\s+(?:\w+\s+)?
      (?:review|discussion|trial|pilot|testing|comments?|experiment\w*|consideration|evaluation|feedback|now)\b
    | (?:\w{{2,12}}\s+)?with\s+(?:\w+\s+)?(?:conditions?|reservations?)\b
    | (?:provisional|condition|tentativ|preliminar|temporar)\w*
    | (?:tomorrow|tb[acd]|elsewhere|soon|someday|eventually)\b
    | (?:example|sample|template|placeholder|next|planned|target|desired)\b
    | to\s+(?:not|reject|defer|postpone|drop|discard|revisit|reconsider|wait|discuss|decline|abandon|cancel)\b
    | to\s+withdraw\b | against\b | (?:werden|würde|sein\s+soll)\b | {ARROW}
    )""",
    re.I | re.X,
)
_ADJECTIVES = re.compile(
    r"complete|completed|final|finalized|finalised|published|done|implemented|adopted", re.I
)
_NOUN = re.compile(
    r"[\s-]++(?:(?:draft\w*|review\w*|call|comments?|round|proposal|discussion|rewrite|overhaul|stage|phase)\b|"
    r"(?:with|the|a)\s+draft\w*|partial(?:ly)?\b|partly\b|in\s+(?:an?\s+)?(?:prototype|poc|proof|branch|fork|sandbox)\b)",
    re.I,
)
_BARE_VERB = re.compile(r"\s++(?:the|that|an?|all|this|it|me|us|these|those|my|our|or|and)\b", re.I)
_LATER = re.compile(
    r"(?:^|[\s,;:.(\[/|–—-])(?:"
    r"revoked|rescinded|void|voided|annulled|overruled|overturned|vetoed|repealed|expired|lapsed|"
    r"re-?opened|reconsider(?:ed|ing|ation)|under\s+reconsideration|being\s+(?:revisited|reconsidered|reviewed)|"
    r"disputed|contested|challenged|rolled\s+back|undone|taken\s+back|unaccepted|unapproved|"
    r"tb[acd]|to\s+be\s+(?:confirmed|approved|accepted|decided|ratified|agreed|discussed|reviewed|determined)|"
    r"needs?\s+(?:\w+\s+)?(?:approval|review|sign[\s-]?off|confirmation|decision)|"
    r"(?:awaiting|waiting\s+for|pending|subject\s+to|missing|lacks)\s+(?:\w+\s+){0,2}"
    r"(?:approval|review|sign[\s-]?off|confirmation|decision|vote|consent|consensus|acceptance)|"
    r"not\s+(?:yet\s+|really|quite|at\s+all|fully\s+|been\s+|formally\s+|officially\s+)?"
    r"(?:approved|accepted|decided|ratified|final|confirmed|agreed|signed|valid|in\s+force|binding|official|adopted|"
    r"(?=\W*$))|not?(?=\W*$))(?![^\W\d_])",
    re.I,
)
_EAST_GOES_ON = re.compile(
    r"^(?:済み?|され(?:た|ました|ている)|しました|した|完了|된|됨|되었|완료|함|했|일|日|于|了|的)?(?:[^\w]|[\dA-Za-z]|$)"
)
_EAST_DENIED = re.compile(
    r"^\S{0,4}\s*(?:안|않|못|대기|예정|후보|취소|반려|불가|전(?!\w)|待|しな|見送|予定|候補|前|已?撤[销銷回]|取り?消|取り下げ|作废|作廢|"
    r"试点|試點|试行|試行|无效|無効|暂定|暫定|仮|条件|조건|철회|보류|임시)"
)


_ABROAD = re.compile(
    r"(?<!\w)(?:vorläufig|vorbehaltlich|unter\s+vorbehalt|mit\s+vorbehalt|widerrufen|aufgehoben|zurückgenommen|"
    r"zurückgezogen|ausstehend|noch\s+(?:nicht|offen|zu)|nicht\s+mehr|sobald|sofern|falls|sous\s+réserve|annulé|"
    r"abrogé|révoqué|caduque?|retiré|en\s+attente|à\s+(?:confirmer|valider|revoir)|provisoire|pas\s+encore|plus\s+valable|"
    r"pendiente|pendente|con\s+(?:condiciones|reservas)|com\s+(?:condições|ressalvas)|con\s+riserva|condicional|"
    r"condicionad[ao]|revocad[ao]|revogad[ao]|revocat[ao]|anulad[ao]|annullat[ao]|derogad[ao]|cancelad[ao]|todavía\s+no|"
    r"aún\s+no|ainda\s+não|non\s+ancora|in\s+attesa|provvisori[ao]|provisional|provisóri[ao]|voorlopig|ingetrokken|"
    r"onder\s+voorbehoud|nog\s+niet|herroepen|warunkowo|wstępnie|wycofan[aey]|cofnięt[aey]|anulowan[aey]|"
    r"jeszcze\s+nie|oczekuje|условно|предварительно|отмен[её]н[аоы]?|отозван[аоы]?|временно|пока\s+не|återkallad|"
    r"preliminärt|tilbakekalt|foreløbig|foreløpig|tilbagekaldt|peruttu|alustavasti|podmíněně|zrušeno)(?![^\W\d_])",
    re.I,
)
"""Conditional, revoked, or still waiting, in other languages."""
_HELD = re.compile(
    r"(?:^|[\W_])(?:hold\s+off|on\s+ice|do\s+not\s+(?:implement|use|start|proceed|apply|build|merge)|"
    r"don['’]t\s+(?:implement|use|start|proceed|apply|build|merge)|"
    r"stale|out\s+of\s+date|historical(?:ly)?|historic|almost|nearly|objections?\s+(?:open|pending|raised)|"
    r"(?:open|pending|unresolved)\s+objections?|no\s+quorum|i\s+(?:guess|think|hope|believe)|probably|maybe|perhaps|presumably|"
    r"likely|unsure|on\s+paper|trial|pilot|self-approved|changes\s+requested|reversed|without\s+(?:a\s+)?quorum|by\s+mistake|in\s+error|"
    r"no\s+longer\s+(?:valid|applies|applicable|in\s+force|relevant|holds?|used|in\s+use))(?![^\W\d_])",
    re.I,
)
_LIMITS = re.compile(
    r"\b(?:not?|never|none|nothing|until|till|unless|only|except|if|but|however|pending|awaiting|tb[acd]|revoked|"
    r"rescinded|void|reopened|revisit\w*|reconsider\w*|dispute\w*|expire[sd]?|cancel\w*|overturned|overruled|when|once|"
    r"conditional\w*|provisional\w*|temporar\w*|tentativ\w*|part(?:ial\w*|ly)(?!\s+(?:implement|releas|roll|deploy|ship|done))|nicht|pas|jusqu\w*|sauf|bis|hasta|nur|"
    r"wait\w*|change\s+(?:when|once)|subject\s+to|hold)\b|n['’]t\b|\?",
    re.I,
)


def limits(remark: str) -> bool:
    """Whether a remark on a state that permits, such as its footnote, could take from it."""
    words = plain(remark)[:MAX_TAIL]
    permits = (Status.ACCEPTED, Status.IMPLEMENTED)
    other = any(STATE_OF[found[0].lower()] not in permits for found in STATE.finditer(words))
    other = other or any(CJK_STATE_OF[found[0]] not in permits for found in CJK_STATE.finditer(words))
    return other or bool(_LIMITS.search(words) or _ABROAD.search(words) or _HELD.search(words))


def doubtful(words: str, start: int, end: int) -> bool:
    """Whether the words around a state that permits, words[start:end], leave doubt that it holds."""
    lead, state, tail = words[:start], words[start:end], words[end : end + MAX_TAIL]
    if _BIDI.search(words) or _NO_MARK.search(lead) or _NO_MARK.search(tail[:12]) or _SHARE.search(lead):
        return True
    if any(int(found[1]) != 100 for found in _PERCENT.finditer(lead[-8:] + tail[:16])):
        return True
    if state.lower() in ("accept", "approve") and _BARE_VERB.match(tail):
        return True
    if _AT_ONCE.match(tail) or (_ADJECTIVES.fullmatch(state) and _NOUN.match(tail)):
        return True
    if any(_is_about_us(tail[: found.start()]) for found in _HELD.finditer(tail)):
        return True
    if (found := _ABROAD.search(tail[:80])) and "." not in tail[: found.start()]:
        return True
    return any(_is_about_us(tail[: found.start()]) for found in _LATER.finditer(tail))


def doubtful_east(words: str, end: int) -> bool:
    """The same for Chinese, Japanese and Korean, where what denies stands behind, without a space."""
    tail = words[end : end + 20]
    return bool(_EAST_DENIED.match(tail)) or not _EAST_GOES_ON.match(tail)


def glued(words: str, end: int) -> bool:
    """Whether the state is but the first part of a longer word: "accepted_pending", "accepted-ish"."""
    return bool(_GLUED.match(words[end : end + 2]))


def _is_about_us(lead: str) -> bool:
    """Whether nothing but small words stands between the state and what takes it back, in its last clause."""
    clause = re.split(r"[,;:(–—|/]\s*|\.\s|\s-+\s", lead)[-1]
    small = re.sub(
        r"\b(?:but|and|then|now|since|later|has|been|is|was|it|this|the|decision|record|adr|again|yet|still|currently|"
        r"partially|on|in|\d[\d./-]*)\b|[\W_]+",
        "",
        clause,
        flags=re.I,
    )
    return not small
