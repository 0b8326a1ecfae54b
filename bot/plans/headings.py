"""What a heading promises about the lines below it: work, decision, risk, or nothing that can be implemented.

A list under "Implementation plan" is work; the same list under "Considered options" is what was not chosen.
So headings decide more than words do, and a heading that says "not this" holds for all below it. Not here:
the lines themselves (wording.py, requirements.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache


class Role(StrEnum):
    """What stands under a heading. OTHER: the heading does not say."""

    EXCLUDED = "excluded"
    CONTEXT = "context"
    CONSEQUENCES = "consequences"
    DECISION = "decision"
    WORK = "work"
    CRITERION = "criterion"
    RISK = "risk"
    SECURITY = "security"
    PERFORMANCE = "performance"
    OTHER = "other"


# First match wins; titles are compared in lower case without marks, emoji and numbering.
_ROLES: tuple[tuple[Role, str], ...] = (
    (Role.DECISION, r"\((?:chosen|selected|adopted|recommended|preferred)\b[^()]{0,30}\)$"),
    (
        Role.EXCLUDED,
        r"\b(considered|possible|other|alternative|rejected|discarded|available)\b.*\b(options?"
        r"|solutions?|approach(es)?|designs?)\b"
        r"|\balternatives?\b|^options?\b|\boptions considered\b|\bpros\b|\bcons\b|advantages?\b"
        r"|benefits?\b|drawbacks?\b|trade-?offs?\b"
        r"|\bnon[- ]?goals?\b|\bout[- ]of[- ]scope\b|\bnot in scope\b|\bnon[- ]requirements?\b|won'?t\b"
        r"|^references?\b(?!-level)|^links?\b|\brelated\b|see also|^resources\b|\bsources$|further reading"
        r"|more information|bibliography|\bcitations?\b"
        r"|\breviews?$|\breviewe(rs|d)\b|stakeholder|sign-?off|\bapprovals?$|\bpeople\b|\bparticipants\b"
        r"|\bquestions?\b|questionnaire|user stories|\bfaq\b"
        r"|prior art|\bhistory\b|change ?log|\brevisions?\b|^versions?$|glossary|terminology"
        r"|^definitions?$|acronyms|key concepts"
        r"|^(an? )?examples?\b|\bexamples?:?$|^negatives?\b|^positives?\b|^neutral\b|^good\b|^bad\b"
        r"|^(positive|negative|neutral) "
        r"|\bfuture\b|\bideas?$|^appendix|^notes?\b|collateral|^status\b|^implementations$|known (issues"
        r"|limitations|implementations)"
        r"|\blimitations?$|lessons"
        r"|\bbenchmarks?(?: results?)?$|^measure(?:d|ments)\b|^what is an? |metadata$|^tags$"
        r"|acknowledge?ments|localization"
        r"|alternativ(?:en|as|e)\b|^(?:betrachtete |verworfene |abgelehnte |mögliche )?optionen\b"
        r"|\bopci(?:ones|ón)\b|\bopç(?:ões|ão)\b|^opzioni\b|nachteil|vorteil|inconvénient|^avantages?\b"
        r"|ventajas|vantagens|^verworfen|nicht-?ziele|^альтернатив|^варианты|рассмотренные"
        r"|^相关|^関連|^관련|^связанн|^verwandte|connexes$|relacionad[ao]s$"
        r"|备选|備選|候选|候補|代替案|选项|選択肢|検討した|대안|선택지",
    ),
    (Role.RISK, r"\brisks?\b|\bthreats?\b"),
    (Role.SECURITY, r"\bsecurity\b|\bprivacy\b|\bthreat model\b|sicherheit"),
    (
        Role.CRITERION,
        r"\bacceptance\b|\bsuccess\b|definition of done|\bverification\b|\bcriteria\b|\bconfirmation\b"
        r"|\bfitness functions?\b|^must (?:remain|stay|hold)\b|^(?:key |core )?invariants?$"
        r"|^(project |technical |key )?goals?\b|^objectives?$|^compliance$|akzeptanz"
        r"|\bd.?acceptation\b|aceptaci[óo]n|aceita[çc][ãa]o|accettazione|验收|驗收|受け入れ(?:基準|条件)",
    ),
    (
        Role.PERFORMANCE,
        r"\bperformance (?!indicators?)|\bperformance$|\blatency\b|scalability|\bslos?\b|\bslas?\b"
        r"|\btargets?\b|quality attributes?"
        r"|non[- ]?functional",
    ),
    (
        Role.WORK,
        r"\bmonitoring\b|observability|\bkpis?\b|performance indicators?"
        r"|\bmetrics\b"
        r"|\b(technical|functional|quality|integration|system|business|product|user) requirements?\b"
        r"|^requirements?\b",
    ),
    (Role.OTHER, r"\bconstraints?\b"),
    (
        Role.CONTEXT,
        r"\bcontext\b|\bproblem\b|background|motivation|introduction|\bwhy\b|\bdrivers?\b|\bforces\b"
        r"|rationale|reasoning"
        r"|\bcurrent\b|as-is|^summary\b|^abstract\b|\boverview\b|assumptions?\b|\banalysis\b"
        r"|justification|^((design|other|general|key|technical|domain\S*) )?considerations?$"
        r"|kontext|contexto?\b|contexte|compliance with"
        r"|treiber|rahmenbedingung|ausgangslage|problemstellung|einflussfaktor|begründung"
        r"|contesto|контекст|背景|上下文|コンテキスト|문제|맥락|배경",
    ),
    (
        Role.DECISION,
        r"\bdecisions?\b(?! (?:records?|logs?)\b)|\bchosen\b|\bresolution\b|\bselected\b"
        r"|\brecommendations?\b|\bproposal\b"
        r"|\bproposed\b|^(the |our )?solution\b"
        r"|^(?:guide|reference)[- ]level (?:explanation|design)|^detailed design\b|^design(?: details?)?$"
        r"|^(?:technical |solution )design$|^(?:technical )?specification$"
        r"|^what( we (will )?do)?$|\boutcome$|entscheidung|d[ée]cision|decisi[óo]n|decis[ãa]o"
        r"|^beslissing|^besluit|^beslut|^beslutning|^decyzja|^rozhodnutí|^päätös|^решение|^karar\b"
        r"|决策|決策|决定|決定|結論|결정",
    ),
    (
        Role.WORK,
        r"\bimplementation\b|\bplan\b|^how\b(?! to teach)|\btasks?\b|\bto-?dos?\b|\bactions?\b"
        r"|next steps|roll-?out"
        r"|\bmigrations?\b|\bsteps\b"
        r"|deliverables?|work items?|\brequired\b|^(proposed )?changes\b|roadmap|deployment|^scope\b"
        r"|^(?:the |our |technical )?approach$|\bphases?\b|milestones?|\bphasing\b"
        r"|follow-?ups?\b|\bmitigations?\b|\bdelivery\b|timeline|^testing\b|\btest (plan|strategy)\b"
        r"|umsetzung|maßnahmen|^(?:offene )?aufgaben\b|^arbeitspakete|^nächste schritte"
        r"|^tâches\b|^prochaines étapes|^tareas\b|^tarefas\b|^próximos pas[so]s|任务|任務|待办|行动项|タスク"
        r"|^mise en (?:œuvre|oeuvre)|реализаци|实施|实现|実装|구현",
    ),
    (
        Role.CONSEQUENCES,
        r"consequences?|\bimpacts?\b|implications?|\bresults?\b|\boutcomes?\b|konsequenzen"
        r"|cons[ée]quences|consecuencias|consequências|conseguenze|auswirkungen|последстви"
        r"|后果|後果|影响|影響|結果|결과",
    ),
)
_COMPILED = tuple((role, re.compile(pattern)) for role, pattern in _ROLES)
_DESIGN = re.compile(r"explanation|\bdesign\b|specification")
_ANSWERS = re.compile(
    r"\bmitigations?\b|\bfollow-?ups?\b|\bnext steps\b|\baction items?\b|\bto-?dos?\b", re.I
)
"""Headings of work below the consequences that ask for it."""
_DECISION_ITSELF = re.compile(r"d[eé]cis|entscheid|решени|决|決|결정", re.I)
_PHASE_WORD = re.compile(r"phase|stage|milestone|iteration|sprint|[eé]tap", re.I)
_PHASE = re.compile(
    r"^(?:phase|stage|milestone|iteration|sprint|étape|etappe)\s*#?(?:\d{1,2}|[ivx]{1,4}|[a-e])\b", re.I
)
_NUMBERING = re.compile(r"^(?:\(?\d{1,3}(?:\.\d{1,3}){0,4}\)?[.):]?|[a-z][.)])\s+")


def _bare(title: str) -> str:
    text = "".join(ch for ch in title.lower()[:200] if ch.isalnum() or ch in " -'/.&():,")
    return _NUMBERING.sub("", " ".join(text.split())).strip(" :.")


@lru_cache(maxsize=4096)
def role_of_title(title: str) -> Role | None:
    """What one title says by itself, or None. Used for headings and for labels such as "**Related:**"."""
    bare = _bare(title)
    if not bare or _PHASE.match(bare):
        return None
    return next((role for role, pattern in _COMPILED if pattern.search(bare)), None)


def role_of(path: Sequence[str]) -> Role:
    """The role of a section from its titles, outermost first. An excluded title holds for all below it."""
    role = Role.OTHER
    for title in path:
        if role is Role.EXCLUDED:
            break
        own = role_of_title(title)
        if own is not None and not _overruled(role, own, title):
            role = own
    return role


def _overruled(outer: Role, own: Role, title: str) -> bool:
    """Under "Consequences", "Impact on the plan" is no plan; under "Context", "Solution" is no decision."""
    if outer is Role.CONSEQUENCES:
        return own not in (Role.EXCLUDED, Role.RISK) and not (own is Role.WORK and _ANSWERS.search(title))
    return outer is Role.CONTEXT and own is Role.DECISION and not _DECISION_ITSELF.search(title)


def designs(title: str) -> bool:
    """Whether a heading announces a proposal's design rather than a decision: "Reference-level explanation"."""
    return _DESIGN.search(_bare(title)) is not None


def phase_of(title: str) -> bool:
    """Whether a title announces a phase of the record's own plan: "Phase 1: Core Workflow Foundation"."""
    return _PHASE_WORD.search(title, 0, 200) is not None and _PHASE.match(_bare(title)) is not None
