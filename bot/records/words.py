"""The words that teams use for states in the languages seen.

A word stands here only where it names a state by itself; "active" or "in progress" do not, and stay unknown:
a status that the bot does not know blocks, a status that it guesses may start work that nobody decided.
"""

from __future__ import annotations

import re

from bot.records.record import Status

_STATES: dict[Status, str] = {
    Status.ACCEPTED: (
        "accepted|acccepted|accpeted|accept|approved|approve|decided|implementable|agreed|"
        "ratified|confirmed|final|finalized|finalised|published|enacted|signed off|signed-off|"
        "in force|in effect|adr accepted|partially accepted|aceita|aceito|aceptada|aceptado|"
        "aprobada|aprobado|aprovada|aprovado|akzeptiert|angenommen|beschlossen|entschieden|"
        "freigegeben|genehmigt|accepté|acceptée|acté|actée|approuvé|approuvée|validé|validée|accettata|"
        "accettato|approvata|approvato|geaccepteerd|goedgekeurd|aanvaard|zaakceptowana|"
        "zaakceptowany|zaakceptowane|przyjęta|przyjęty|przyjęte|godkänd|godkendt|accepterad|"
        "accepteret|vedtatt|hyväksytty|přijato|schváleno|принято|принята|принят|утверждено|"
        "одобрено|прийнято|kabul edildi"
    ),
    Status.PROPOSED: (
        "proposed|propose|proposal|pending|in review|under review|in-review|review|for review|"
        "needs review|ready for review|discussing|in discussion|under discussion|discussion|"
        "provisional|experimental|demonstrated|demonstration|request for comments|"
        "request for comment|rfc|last call|awaiting approval|awaiting review|awaiting decision|"
        "waiting for approval|waiting for review|"
        "under consideration|open for comments|to be decided|undecided|not decided|submitted|"
        "suggested|open|vorgeschlagen|vorschlag|zur diskussion|in diskussion|in prüfung|offen|"
        "proposé|proposée|proposition|en discussion|proposta|proposto|propuesta|propuesto|"
        "em discussão|en revisión|em revisão|in discussione|voorgesteld|voorstel|zaproponowana|"
        "zaproponowany|propozycja|föreslagen|foreslått|foreslået|ehdotettu|návrh|предложено|"
        "предложена|предложение|на рассмотрении|önerildi"
    ),
    Status.DRAFT: (
        "draft|drafted|work in progress|wip|idea|ideation|prediscussion|pre-discussion|entwurf|"
        "brouillon|borrador|rascunho|bozza|concept|szkic|utkast|luonnos|черновик|taslak"
    ),
    Status.IMPLEMENTED: (
        "implemented|adopted|done|complete|completed|umgesetzt|implementiert|implementada|"
        "implementado|implementata|implementato|implémenté|implémentée|mis en œuvre|"
        "mis en oeuvre|geïmplementeerd|wdrożona|wdrożony|zaimplementowane|реализовано|внедрено"
    ),
    Status.REJECTED: (
        "rejected|reject|declined|withdrawn|abandoned|cancelled|canceled|not approved|"
        "not accepted|not adopted|disapproved|denied|refused|dropped|discarded|abgelehnt|"
        "verworfen|zurückgezogen|rejeté|rejetée|refusé|rechazada|rechazado|descartada|descartado|"
        "rejeitada|rejeitado|rifiutata|rifiutato|respinta|respinto|afgewezen|odrzucona|odrzucony|"
        "odrzucone|avvisad|forkastet|hylätty|zamítnuto|отклонено|отклонена|отвергнуто|reddedildi"
    ),
    Status.DEFERRED: (
        "deferred|stalled|on hold|on-hold|onhold|postponed|paused|parked|suspended|shelved|"
        "stagnant|dormant|zurückgestellt|verschoben|reporté|reportée|aplazada|aplazado|adiada|"
        "adiado|rinviata|uitgesteld|odłożona|отложено|отложена|ertelendi"
    ),
    Status.DEPRECATED: (
        "deprecated|depreciated|deprecate|retired|reverted|obsolete|outdated|archived|sunset|sunsetted|"
        "inactive|invalid|invalidated|no longer valid|no longer relevant|no longer applicable|"
        "no longer in use|veraltet|obsolète|dépréciée|déprécié|obsoleta|obsoleto|depreciada|"
        "depreciado|verouderd|przestarzała|vanhentunut|устарело|устарела|kullanımdan kaldırıldı"
    ),
    Status.SUPERSEDED: (
        "superseded|superceded|superseeded|superceeded|supersed|replaced|obsoleted|overridden|"
        "superseded by|superceded by|superada|superado|"
        "ersetzt|abgelöst|remplacé|remplacée|substituída|substituído|"
        "substituida|substituido|reemplazada|reemplazado|sustituida|sustituido|sostituita|"
        "sostituito|superata|vervangen|zastąpiona|zastąpiony|ersatt|erstattet|korvattu|nahrazeno|"
        "заменено|заменена|yerine geçildi"
    ),
}
_CJK_STATES: dict[Status, str] = {
    Status.ACCEPTED: (
        "已接受|已确认|已確認|已采纳|已采用|已批准|已通过|已決定|已决定|採用済み|採択|承認済み|承認|採用|수락|승인|채택"
    ),
    Status.PROPOSED: "提案|提议|提議|已提出|讨论中|審查中|审查中|検討中|제안|검토",
    Status.DRAFT: "草案|草稿|下書き|초안",
    Status.IMPLEMENTED: "已实施|已实现|実装済み|구현",
    Status.REJECTED: "已拒绝|拒绝|已否决|却下|거부|기각",
    Status.DEFERRED: "搁置|推迟|保留|보류",
    Status.DEPRECATED: "已过时|已過時|已废弃|废弃|已弃用|弃用|非推奨|廃止|폐기",
    Status.SUPERSEDED: "已取代|被取代|已替代|被替代|置き換え|대체",
}

STATE_OF: dict[str, Status] = {word: status for status, words in _STATES.items() for word in words.split("|")}
CJK_STATE_OF: dict[str, Status] = {
    w: status for status, words in _CJK_STATES.items() for w in words.split("|")
}

STATE = re.compile(
    r"(?<![^\W\d_])(?:"
    + "|".join(sorted(map(re.escape, STATE_OF), key=len, reverse=True))
    + r")(?![^\W\d_])",
    re.I,
)
CJK_STATE = re.compile("|".join(sorted(CJK_STATE_OF, key=len, reverse=True)))
