"""What a sentence is made of, and whether it is an instruction, a reason, or an empty template line.

English, since that is what nine of ten records are written in; a sentence in another language counts under a
heading that says "work", and nowhere else. Regular expressions here are linear: no repetition inside another.
Not here: must, should and will (modality.py), where the sentence stands (headings.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from bot.records.inline import plain

MAX_TEXT = 400

# Verbs that open an instruction: "Add …", "Extend …". Nouns that are as frequent as the verb are left out
# (use, plan, test, log, …) unless what follows shows the verb; see _AMBIGUOUS.
_VERB_WORDS = """
    abstract accept adapt add address adjust adopt aggregate align allow analyze analyse annotate apply
    archive assign assess attach audit authenticate authorize automate avoid backport backfill batch
    block bootstrap bring bump bundle cache calculate call capture centralize check choose classify
    clean cleanup close codify collect combine communicate compare compile compress compute configure
    confirm connect consolidate consume convert coordinate copy correlate cover create customize declare
    decouple define delegate delete deliver demonstrate deny deploy deprecate derive describe design
    detect determine develop disable disallow discover discourage display distribute divide document
    drop duplicate eliminate emit employ enable encapsulate encourage encrypt enforce enhance enrich
    ensure establish evaluate evolve execute expand expose express extend extract fail fetch fix follow
    forbid format generate give grant group handle hide identify implement import improve include
    incorporate increase inform initialize inject insert inspect install instrument integrate introduce
    invalidate invoke isolate issue keep launch learn limit link list load make maintain manage map mark
    maximize measure merge migrate minimize mitigate modify monitor move name normalize notify observe
    obtain offer optimize orchestrate organize override package parse perform persist pin populate
    prefer prepare present preserve prevent prioritize process produce prohibit propagate protect
    provide provision publish pull push query read rebuild recommend record reduce refactor register
    reject release remove rename render replace replicate report require reserve resolve restrict
    restructure retain retire retrieve return reuse review rewrite rollout rotate route run sanitize
    save scan schedule secure select send separate serialize serve set setup share ship show sign
    simplify skip specify split standardize start stop store streamline structure submit support switch
    sync synchronize tag track train transform translate treat trigger turn understand unify update
    upgrade upload utilize validate verify version visualize wait warn win wire wrap write
"""
_VERBS = frozenset(_VERB_WORDS.split())
_AMBIGUOUS = re.compile(
    r"^(?:[Uu]se|[Uu]sing|[Tt]est|[Pp]lan|[Ll]og|[Ss]tage|[Hh]ost|[Mm]odel|[Ss]tate|[Cc]ut|[Rr]oll"
    r"|[Bb]uild|[Tt]arget|[Dd]efault(?=\s+to\b))\s+"
    r"(?!of\b|cases?\b|is\b|are\b|:)[a-z`\"'*(]|^(?:[Uu]se|[Uu]sing|[Bb]uild)\s+(?!cases?\b)\S"
)
_ADVERB_WORDS = """
    automatically always never only also then finally first fully gradually explicitly immediately
    initially please do not don't
"""
_ADVERBS = frozenset(_ADVERB_WORDS.split())

_REASON = re.compile(
    r"^(?:good|bad|neutral),? because\b|^(?:\+|-|✅|❌) |^(?:pros?|cons?|advantages?|disadvantages?"
    r"|drawbacks?|benefits?|trade-?offs?|why|reason(?:s|ing)?|rationale|purpose|audience|note|n\.?b\.?|example|e\.g\.|see"
    r"|because)\b\s*[:.,]?\s|^\W*+(?:\d{1,2}\W*+)?(?:yes|no),? because\b"
    r"|^(?:for example|suppose|imagine|this means|as a result|otherwise)\b",
    re.I,
)
_LISTS_REASONS = re.compile(
    r"\bbecause\b|\breasons?\b|\badvantages?\b|\bbenefits?\b|\bpros\b|\bcons\b|\bdrawbacks?\b"
    r"|\bdisadvantages?\b|\brationale\b|\bconsidered\b"
    r"|\boptions\b|\balternatives?\b|\bexamples?\b|\be\.g\.|\bfor instance\b|\breferences?\b"
    r"|\bwe could\b|\bproblems?\b|\bissues with\b|\bsince\s*:|\bas (?:it|they|we|this)\b|\bwhy\b"
    r"|\b(?:this|it|that|which) (?:will )?(?:also )?(?:allows?|enables?|lets?|helps?|gives?)\b[^.:]{0,30}:$"
    r"|\b(?:allows?|enables?|lets?|helps?) us\b[^.:]{0,10}:$"
    r"|\bchallenges?\b|\bdownsides?\b|\blimitations?\b|\bconcerns?\b[^.:]{0,20}:$"
    r"|\bnot (?:in|part of) (?:the )?scope\b|\bout of scope\b|\bnot initially\b|\bin (?:the |a )?future\b"
    r"|\bfuture (?:versions?|releases?|work)\b|\bdeferred\b|\bpostponed\b"
    r"|\b(?:(?:will|do|does|did|shall) not|won't|don't|doesn't) (?:be )?(?:includ|support|cover|implement|address"
    r"|chang|add|do\b|attempt|try|tackl|solv)\w*[^.:]*:$|\bexclud(?:es?|ed|ing)\b[^.:]*:$",
    re.I,
)
# In a list of a decision most items say what will be, in the present tense. These tell of something else: what
# follows from it, what was before, what is only possible, what is left out.
_TELLS = re.compile(
    r"\b(?:allows?|enables?|means|gives?|helps?|ensures|lets|provides|reduces|improves|increases|avoids"
    r"|simplifies|makes|brings|easily|easier|faster|simpler|better|benefits?|advantages?"
    r"|had|was|were|ha(?:s|ve) been (?!chosen|selected|agreed|decided)|already|currently|could|may|might"
    r"|can|cannot|would|(?:do|does|is|are|did)(?: not|n't)|no longer|there (?:is|are)|assumes?)\b|^\[\d+\]|https?://",
    re.I,
)
_WHY = re.compile(r",? (?:because|since|due to|so that|in order to|rather than|instead of|to benefit)\b")
_TERM = re.compile(r"^[\w`/@ -]{1,30}? [-–—] (?=[a-z])")
_EMPTY = re.compile(r"^(?:n/?a|none|tbd|todo|tba|yes|no|\?|-|\.+|…)?[.!]?$", re.I)
_PLACEHOLDER = re.compile(
    r"^[\[{<].*[\]}>]\.?$|^\{|\{[^{}\s]*\s[^{}\n]*\}|(?<![\w/-])\[(?:option|title|justification|short|describe|insert)\b",
    re.I,
)
_TASK = re.compile(r"^\[([ xX])\]\s+")
_UNSPACED = re.compile(r"[\u3041-\u30ff\u3400-\u9fff]")
_LABEL = re.compile(
    r"^\s*+(?:\*\*|__|\*|_)?([^*_:\n]{1,80}?)(?:\*\*|__|\*|_)?\s*:\s*+(?:\*\*|__|\*|_)?\s*+(?=\S|$)"
)
_BOLD_LABEL = re.compile(
    r"^\s*(?:\*\*|__)([^*_\n]{1,120}?):?(?:\*\*|__)\s*(?:\([^()\n]{1,60}\)\s*)?(?::|[-–—]\s)?\s*"
)
_WEIGHED = re.compile(
    r"(?:negatives?|positives?|neutral|good|bad|pros?|cons?|upsides?|downsides?|disadvantages?|drawbacks?"
    r"|negativ|positiv|vorteile?|nachteile?)(?: consequences?| impacts?| effects?)?",
    re.I,
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|incl|resp|no|fig|dr|mr|mrs|ms|st|inc|ltd|al)|\b[A-Za-z])\.$", re.I
)
_END = re.compile(
    r"[.!?][)\]\"'”*_`]{0,3}(?=\s+[\"'“(\[*_`]{0,3}[A-Z0-9])|[.!?][)\]\"'”*_`]{0,3}(?=\s*</?br|\s*\n\s*\n)"
    r"|(?<=:)(?=\s*\n\s*[-*•] )"
)


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each sentence in the text, without the space around it."""
    start = 0
    for match in _END.finditer(text):
        if text[match.start()] == "." and _ABBREVIATION.search(
            text[max(0, match.start() - 12) : match.start() + 1]
        ):
            continue
        yield from _trimmed(text, start, match.end())
        start = match.end()
    yield from _trimmed(text, start, len(text))


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    right = len(piece.rstrip())
    if left < right:
        yield start + left, start + right


def shown(text: str) -> str:
    """The words for people: marks taken off, one line, cut at MAX_TEXT characters."""
    return cut(plain(_TASK.sub("", text)))


def cut(words: str) -> str:
    """At most MAX_TEXT characters; an ellipsis shows that there was more."""
    return words if len(words) <= MAX_TEXT else words[: MAX_TEXT - 1].rstrip() + "…"


def task_done(text: str) -> bool | None:
    """True for "[x] …", False for "[ ] …", None where it is no task."""
    match = _TASK.match(text)
    return None if match is None else match[1] != " "


def says_enough(words: str) -> bool:
    """Three words, or four characters of a script that sets no space between words: less is only a name."""
    return len(words.split()) >= 3 or len(_UNSPACED.findall(words)) >= 4


def label(text: str) -> tuple[str, str]:
    """("Workflow Initiation", "< 100ms …") for "**Workflow Initiation:** < 100ms …"; ("", text) without one."""
    match = _BOLD_LABEL.match(text) or _LABEL.match(text)
    if match is None or "http" in match[1] or "." in match[1].rstrip("."):
        return "", text
    return plain(match[1]).strip(" :"), text[match.end() :]


def weighs(text: str) -> bool:
    """Whether the words open with a verdict on what follows: "Negative: runners must reach the bot"."""
    name, _ = label(text)
    return _WEIGHED.fullmatch(name) is not None


def _first_word(words: str) -> str:
    for word in words.split()[:4]:
        bare = word.strip(",;:.()\"'“”").lower()
        if bare and bare not in _ADVERBS:
            return bare
    return ""


def instructs(words: str) -> bool:
    """Whether the words open with the verb of an instruction ("Add …", "Automatically retry …")."""
    bare = _first_word(words)
    return bare in _VERBS or bare.removeprefix("re-") in _VERBS or _AMBIGUOUS.match(words) is not None


def acts(words: str) -> bool:
    """As `instructs`, and also "Transforms static records …", as lists after "a mechanism that:" are written."""
    bare = _first_word(words)
    stems = {bare, bare.removesuffix("s"), bare.removesuffix("es"), bare.removesuffix("ies") + "y"}
    return bool(stems & _VERBS) or instructs(words)


def ordered(words: str, lead: str) -> bool:
    """Whether an item stands below an instruction ("Test these flows:"); there it may be a bare name."""
    start = [start for start, _ in sentences(lead)]
    return lead.endswith(":") and bool(start) and instructs(lead[start[-1] :]) and not _TELLS.search(words)


_DONE = re.compile(r"\b(?:is|are) (?:always |never |only |then |\w{2,12}ly )?(?:re-?)?\w{2,20}ed\b", re.I)
_POINTS_BACK = re.compile(
    r"^(?:this|that|these|those|it|such|as|with|by|using|for)\b|.*\b(?:supports|this section|this record)\b",
    re.I,
)


_WE_DO = re.compile(
    r"^(?:(?:also|additionally|in addition|then|therefore|thus|so|instead|hence|finally|further(?:more)?),? )?we "
    r"(?:(?:also|now|then|therefore|always|only|explicitly|still|instead|thus|hereby) ){0,2}(?P<verb>[a-z]+)\b",
    re.I,
)
_MINDED_WORDS = (
    "accept understand learn find read see recommend evaluate consider review prefer expect turn miss"
)
_MINDED = frozenset(_MINDED_WORDS.split())
"""What we do in thought: no work follows from it."""
_LATER = re.compile(r"\bin (?:the )?future\b|\bsome ?day\b|\blater on\b", re.I)
_HOLDS = re.compile(
    r"\b(?:(?:has|have|contains?|includes?|carry|carries|uses?|comprises?|exposes?|defines?|provides?|"
    r"consists? of)\b[^.:]{0,50}|looks? like this|as follows)\s*:\W*$",
    re.I,
)


_SEVERAL = re.compile(r"`?[\w-]{2,}(?<!s)s`?", re.I)
"""A noun that is more than one, maybe: what stands behind it may be its verb ("callbacks follow …")."""
_NOUNS = frozenset(["set", "process", "display", "list", "link", "issue", "support", "review", "scan"])


def does(words: str) -> bool:
    """Whether the words tell in the present tense what a thing does ("The gate blocks new findings") or what is
    done with it ("Coverage is reported"). What points back ("This blocks …") tells what follows from it."""
    if _POINTS_BACK.match(words):
        return False
    early = {word.strip("`,;:()").lower() for word in words.split()[1:7]}
    stems = {w.removesuffix("s") for w in early if w.endswith("s")} | {
        w[:-2] for w in early if w.endswith("es")
    }
    several = {
        verb.lower()
        for noun, verb in pairwise(words.split()[:14])
        if _SEVERAL.fullmatch(noun) and verb.islower()
    }
    stems |= several - _NOUNS
    return "use" in stems or bool(stems & _VERBS) or _DONE.search(" ".join(words.split()[:9])) is not None


def designs(words: str) -> bool:
    """Whether an item of a decision says what will be ("Caches answers by their question"), and no more than it:
    no effect and no possibility. Only its first sentence is asked."""
    first = next((words[start:end] for start, end in sentences(words)), "")
    main = _WHY.split(first, maxsplit=1)[0]
    return len(main.split()) >= 4 and not first.endswith(":") and not _TELLS.search(main)


def we_do(words: str) -> bool:
    """Whether a sentence of a decision says in the present tense what we do: "We enable the setting …"."""
    found = _WE_DO.match(words)
    if found is None or _LATER.search(words):
        return False
    verb = found["verb"].lower()
    return (verb in _VERBS or verb == "use") and verb not in _MINDED


def holds(lead: str) -> bool:
    """Whether a list is introduced as the parts of what is decided: "Each page will contain:"."""
    return _HOLDS.search(lead) is not None


def defines(text: str) -> bool:
    """Whether an item as written says what a term means ("Entity - class with identity") or what a command does.
    What is set in bold is a thing's name: "**staging** - for acceptance tests" asks for one."""
    term = _TERM.match(text)
    return term is not None and (text.startswith(("`/", "/", "`-")) or not acts(text[term.end() :]))


_ITSELF = re.compile(
    r"^(?:this|the following) (?:\w+ ){0,3}?(?:document|adr|rfc|record|section|page|chapter)\b.{0,30}?\b(?:"
    r"attempts?|cover|covers|describes?|explains?|outlines?|documents|provides?|gives?|contains?|lists?|summari[sz]es?)\b",
    re.I,
)


def about_itself(words: str) -> bool:
    """Whether a sentence says what the text is about: "This section gives an overview …"."""
    return _ITSELF.match(words) is not None


def empty(words: str) -> bool:
    """Whether nothing is said: "N/A", a template's braces, a question, a bare link."""
    return bool(
        _EMPTY.match(words)
        or _PLACEHOLDER.search(words)
        or words.endswith("?")
        or words.startswith(("http://", "https://"))
    )


def gives_reason(words: str) -> bool:
    """Whether it is an argument ("Good, because …", "Pros: …") instead of something to do."""
    return _REASON.match(words) is not None


def lists_reasons(words: str) -> bool:
    """Whether what follows these words is a list of arguments or options."""
    return _LISTS_REASONS.search(words) is not None
