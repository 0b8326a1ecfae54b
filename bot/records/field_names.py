"""The names of header fields, in the languages seen, and what each one means to the reader.

Names are compared in lower case, without punctuation, with single spaces. "meta" are names that are known to
stand in headers and mean nothing here: they show that a line is a header line.
"""

from __future__ import annotations

_NAMES: dict[str, str] = {
    "status": (
        "status|state|adr status|decision status|rfc status|current status|document status|"
        "status of decision|record status|proposal status|estado|statut|stato|stan|situação|"
        "situacao|статус|состояние|durum|tila|stav|状态|狀態|ステータス|状態|상태"
    ),
    "date": "date|datum|fecha|data|дата|tarih|päivämäärä|dato|日期|日付|날짜|date utc",
    "date-decided": (
        "established|accepted at|decided at|approved at|decision date|"
        "date decided|date of decision|decided on|decided at|decision made|"
        "decision made on|date accepted|accepted on|accepted date|date approved|approved on|"
        "approval date|entscheidungsdatum|accepted|decided|datum der entscheidung|"
        "决策日期|决定日期|決定日|決定日期|date de décision|fecha de decisión|data da decisão|adr date|record date"
    ),
    "date-since": "since|status date|effective date|date effective|in effect since",
    "date-created": (
        "start date|start-date|created|created on|created at|creation date|date created|"
        "assigned|date assigned|submission date|date started|date-started|"
        "creation-date|date proposed|proposed on|proposed date|date-created|created date|"
        "erstellt|erstellt am|date added|opened|date opened|creado|written|introduced|introduced on|"
        "创建日期|建立日期|作成日|"
        "date introduced|raised|submitted|"
        "recorded date|recorded on|date recorded|proposed at|submitted on"
    ),
    "date-updated": (
        "last updated|last-updated|updated|last modified|modified|last-updated-date|last update|"
        "revised|revision date|date updated|updated on|aktualisiert|last changed|last revised|更新日期|更新日"
    ),
    "deciders": (
        "deciders|decider|decision makers|decision-makers|decision maker|decision-maker|"
        "decision makers s|decided by|approvers|approver|approved by|accepted by|entscheider|"
        "entscheidungsträger|décideurs|decisores|decididores|responsáveis|décideur|deciders s"
    ),
    "authors": (
        "authors|author|owners|owner|proposed by|autor|autoren|autores|auteur|auteurs|submitter|"
        "champion|champions"
    ),
    "id": (
        "id|adr|adr id|adr-id|adr_id|number|no|nr|adr number|identifier|rfc|pep|eip|rfd|kep|"
        "kep-number|kep number|decision id|rfc number|index"
    ),
    "name": "name|feature|rfc name|proposal name",
    "title": "title|feature name|titel|titre|título|titolo|adr title|decision title|heading",
    "supersedes": (
        "supersedes|supercedes|superseeds|supercede|supersede|replaces|obsoletes|supersedes adr|"
        "supersedes s|replaces adr|supersedes adrs|ersetzt folgende|remplace|substitui|reemplaza|"
        "sostituisce|vervangt|superseding|superseded adrs|supersedes rfc|overrides|replacing|"
        "supersedes replaces|replaces supersedes|supersedes decision|supersedes decisions|replaces decision|"
        "superseded proposal|superseded proposals|superseded records|superseded decisions|"
        "supersedes if applicable|invalidates|remplace l adr|заменяет|取代|替代"
    ),
    "superseded-by": (
        "superseded by|superceded by|superseeded by|superseded-by|replaced by|replaced-by|"
        "obsoleted by|overridden by|ersetzt durch|abgelöst durch|remplacé par|remplacée par|"
        "substituído por|substituída por|reemplazado por|sustituido por|sostituito da|"
        "vervangen door|superseded by adr|superseded-by s|superseded|successor|"
        "succeeded by|deprecated by|deprecated in favor of|deprecated in favour of|invalidated by|"
        "obsolete by|made obsolete by|supplanted by|superseded with|superseded in favor of|"
        "superseded in favour of|replaced with|replacement|replacement adr|superseded by replaced by|"
        "superseding adr|superseding rfc|superseding record|superseding decision|superseding proposal|"
        "superseded by if applicable|superseded by decision|被取代|заменено на|replaced by adr|obsoleted-by"
    ),
    "partially-supersedes": (
        "supersedes amends|amends supersedes|supersedes and amends|supersedes updates|supersedes partly amends|"
        "supersedes refines|refines supersedes|supersedes extends|supersedes narrows|updates supersedes|"
        "partially supersedes|partly supersedes|supersedes partially|supersedes in part|supersedes partly"
    ),
    "partially-superseded-by": (
        "partially superseded by|partly superseded by|superseded in part by|superseded partially by"
    ),
    "amends": "amends|updates|modifies|amends adr|ergänzt|amend|amending",
    "amended-by": "amended by|updated by|modified by|amended-by|ergänzt durch|amendments|amended",
    "depends-on": (
        "depends on|depends-on|depends|dependency|dependencies|requires|requires adr|"
        "required adrs|prerequisite|prerequisites|dependent on|dependencias|abhängigkeiten|"
        "hängt ab von"
    ),
    "builds-on": "builds on|builds upon|builds-on|building on|based on adr|extends|baut auf|extends adr",
    "related": (
        "related adrs|related|related adr|related decisions|related records|related to|"
        "relates to|relates-to|relations|related decision|see also|links|related rfcs|"
        "related documents|related artifacts|related links|references|related adr s|linked adrs|"
        "verwandte adrs|verwandte entscheidungen|related architecture decisions|related work|"
        "related information|more information|related architectural decisions|connected adrs|"
        "adrs|cross references|cross-references|references to other adrs|relationships|"
        "siehe auch|related requirements|follow-up|follow-ups|dependencies and related adrs|"
        "see-also"
    ),
    "meta": (
        "deciders and consulted|consulted|informed|reviewers|reviewer|stakeholders|stakeholder|"
        "tags|tag|category|categories|scope|technical story|ticket|tickets|issue|issues|story|"
        "version|domain impact|domain|team|impact|discussion|discussions-to|type|labels|label|"
        "priority|component|components|area|epic|jira|pr|pull request|rfc pr|rust issue|"
        "log date|other docs|participants|contributors|review date|status note|"
        "status-note|group|layer|module|audience|beteiligte|kategorie|expires|review by|deadline|"
        "target|confidence|driver|drivers|approver s|repository|repo|project|service|system|"
        "last reviewed|due date|outcome|supersession|note|sponsor|sponsors|keywords|language|"
        "source|lead|approval|release|milestone|applies to"
    ),
}

FIELD_NAMES: dict[str, str] = {name: key for key, names in _NAMES.items() for name in names.split("|")}
