"""What a record asks for: which sentences count, which do not, and that each can be checked in the text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.plans import document, requirements
from bot.plans.configuration import Configuration
from bot.plans.document import lines_of
from bot.plans.plan import Requirement
from bot.plans.planner import plan
from bot.records.reader import read
from tests.properties import examples

ADR_012 = Path(__file__).resolve().parents[2] / "docs" / "adr" / "ADR-012-workflow-engine-architecture.md"


def of(text: str, path: str = "docs/adr/ADR-007-cache.md") -> tuple[Requirement, ...]:
    return requirements.extract(read(path, text.encode()))


def said(text: str) -> list[tuple[str, str]]:
    return [(r.kind, r.text) for r in of(text)]


def test_adr_012_asks_for_its_enhancements_phases_security_and_performance() -> None:
    found = requirements.extract(read("docs/adr/" + ADR_012.name, ADR_012.read_bytes()))
    by_line = {r.source.line: r for r in found}
    assert found[0].id == "ADR-012/R1"
    assert found[0].text == "Chosen Option: Event-Driven Workflow Engine with Saga Pattern"
    assert [by_line[n].text.split()[0] for n in range(16, 21)] == [
        "Generate",
        "Orchestrate",
        "Coordinate",
        "Manage",
        "Track",
    ]
    assert [r.text for r in found if r.kind == "phase"] == [
        "Phase 1: Core Workflow Foundation",
        "Phase 2: Advanced Orchestration",
        "Phase 3: Intelligent Optimization",
    ]
    assert [r.text.split(":")[0] for r in found if r.kind == "security"] == [
        "Context Isolation",
        "Permission Management",
        "Audit Logging",
    ]
    assert [r.source.line for r in found if r.kind == "threshold"] == [524, 525, 526]
    assert not any("Pros" in r.text or "Cons" in r.text or "Learning Curve" in r.text for r in found)
    assert [r.id for r in found] == [f"ADR-012/R{n}" for n in range(1, len(found) + 1)]


def test_the_decision_is_r1_even_if_work_stands_before_it() -> None:
    text = """# ADR-007: Cache
## Requirements
- Serve repeated reads from memory
## Decision
We will use an in-memory cache. It will be emptied on each deployment.
"""
    assert [(r.id, r.source.line) for r in of(text)] == [
        ("ADR-007/R1", 5),
        ("ADR-007/R2", 3),
        ("ADR-007/R3", 5),
    ]


def test_the_reason_for_the_chosen_option_is_no_part_of_it() -> None:
    text = """# Cache
## Decision Outcome
Chosen option: "Redis", because

* it is fast
* everybody must know it
"""
    assert said(text) == [("decision", 'Chosen option: "Redis"')]


def test_what_was_rejected_argued_or_feared_is_not_asked_for() -> None:
    text = """# Cache
## Context
We must be faster. Users will leave.
## Considered Options
### Redis
We must install a server.
- Add a cluster
## Decision
Use a dictionary.
## Pros and Cons of the Options
- Good, because we must not install anything
## Consequences
### Negative
- We must restart more often
## Out of scope
- Add eviction
"""
    assert said(text) == [("decision", "Use a dictionary.")]


def test_a_consequence_with_its_verdict_on_one_line_is_not_asked_for() -> None:
    text = """# Cache
## Decision
Use a dictionary.
## Consequences
- Positive: callers should be faster
- Negative: runners must reach the cache, or a mirror.
  It must be named.
  - The mirror must be fresh
- **Negative**: we must restart more often
- _Bad_: memory must grow
- We must measure the memory
- Negative numbers must be refused

Negative consequences: the cache must be warm. It must be filled first.
## Testing
- Negative: a wrong key must be refused
"""
    assert said(text) == [
        ("decision", "Use a dictionary."),
        ("work-item", "We must measure the memory"),
        ("work-item", "Negative numbers must be refused"),
        ("work-item", "Negative: a wrong key must be refused"),
    ]


@pytest.mark.parametrize(
    ("context", "options", "decision", "chosen"),
    [
        ("Entscheidungstreiber", "Betrachtete Alternativen", "Entscheidung", "Wir verwenden Postgres."),
        ("Kontext", "Vor- und Nachteile", "Entscheidung", "Wir verwenden Postgres."),
        ("Contexte", "Options envisagées", "Décision", "Nous utiliserons Postgres."),
        ("Contexto", "Opciones consideradas", "Decisión", "Usaremos Postgres."),
        ("Contesto", "Opzioni considerate", "Decisione", "Useremo Postgres."),
        ("Контекст", "Рассмотренные варианты", "Решение", "Мы используем Postgres."),
        ("背景", "备选方案", "决策", "我们将使用 Postgres。"),
        ("背景", "検討した選択肢", "決定", "Postgres を使う。"),
        ("배경", "대안", "결정", "Postgres를 사용한다."),
        ("Context", "Alternativen", "Beslissing", "We gebruiken Postgres."),
    ],
)
def test_chapters_are_known_in_other_languages(
    context: str, options: str, decision: str, chosen: str
) -> None:
    text = (
        f"# ADR-007: Store\n\n## {context}\n\n- We must keep orders\n\n## {options}\n\n- We must use Oracle\n\n"
        f"## {decision}\n\n{chosen}\n"
    )
    found = requirements.extract(read("docs/adr/ADR-007-store.md", text.encode()))
    assert [(r.id, r.kind, r.text) for r in found] == [("ADR-007/R1", "decision", chosen)]


@pytest.mark.parametrize(
    ("tasks", "task", "criteria", "criterion"),
    [
        ("Aufgaben", "Dokumentation neu schreiben", "Akzeptanzkriterien", "Alle Tests sind grün"),
        ("Nächste Schritte", "Dokumentation neu schreiben", "Akzeptanzkriterien", "Alle Tests sind grün"),
        ("Tâches", "Créer la table", "Critères d’acceptation", "Tous les tests passent"),
        ("Tareas", "Crear la tabla", "Criterios de aceptación", "Todas las pruebas pasan"),
        ("Tarefas", "Criar a tabela", "Critérios de aceitação", "Todos os testes passam"),
        ("任务", "创建数据库表", "验收标准", "所有测试通过"),
        ("タスク", "テーブルを作成する", "受け入れ基準", "全テストが通る"),
    ],
)
def test_work_and_criteria_are_known_in_other_languages(
    tasks: str, task: str, criteria: str, criterion: str
) -> None:
    text = f"# X\n\n## {tasks}\n\n- {task}\n\n## {criteria}\n\n- {criterion}\n"
    assert said(text) == [("work-item", task), ("criterion", criterion)]


def test_nothing_to_implement_is_an_answer() -> None:
    assert of("# Notes\n\nWe talked about caches.\n") == ()
    assert [r.kind for r in of("# Licence\n## Decision\nApache-2.0.\n")] == ["decision"]


def test_without_a_decision_no_requirement_is_called_r1() -> None:
    assert [r.id for r in of("# Plan\n## Tasks\n- Add the table\n- Fill the table\n")] == [
        "ADR-007/R2",
        "ADR-007/R3",
    ]


def test_phases_hold_their_steps_in_order() -> None:
    text = """# Cache
## Decision
We use a cache.
## Implementation
### Phase 1: Store
1. Create the table
2. Fill it at start
### Phase 2: Use
- Read from it first
  - which is quick
"""
    assert [(r.kind, r.text, r.phase) for r in of(text)[1:]] == [
        ("phase", "Phase 1: Store", None),
        ("work-item", "Create the table", "Phase 1: Store"),
        ("work-item", "Fill it at start", "Phase 1: Store"),
        ("phase", "Phase 2: Use", None),
        ("work-item", "Read from it first", "Phase 2: Use"),
    ]


def test_a_title_in_a_list_is_put_in_front_of_what_stands_below_it() -> None:
    text = "# X\n## Implementation plan\n- **Storage:**\n  - Add a table\n  - Add an index\n"
    assert [r.text for r in of(text)] == ["Storage: Add a table", "Storage: Add an index"]


def test_tasks_that_are_done_and_templates_that_are_not_filled_ask_for_nothing() -> None:
    text = "# X\n## Tasks\n- [x] Add the table\n- [ ] Add the index\n- {the task}\n- N/A\n- Who does it?\n"
    assert [r.text for r in of(text)] == ["Add the index"]


def test_a_box_to_tick_is_work_however_short_it_is_said() -> None:
    text = (
        "# X\n## Tasks\n- [ ] Kafka cluster\n- [ ] Kafka aufsetzen\n- [x] Old cluster\n- Kafka\n- [ ] TBD\n"
    )
    assert [r.text for r in of(text)] == ["Kafka cluster", "Kafka aufsetzen"]


def test_code_is_context_and_not_prose() -> None:
    text = "# X\n## Decision\nUse this.\n```\n- We must not be read\n```\n<!-- We must be hidden -->\n"
    assert said(text) == [("decision", "Use this.")]


def test_the_customers_front_matter_asks_first() -> None:
    text = """---
adr_id: "ADR-003"
implementation_metadata:
  feature_requirements:
    - name: "Bulk updates"
      description: "Update many paths"
      complexity: "low"
  success_criteria:
    - "No old paths are left"
---
# ADR-003: Entry points
## Decision
Rename the entry points.
"""
    found = of(text, "docs/adr/ADR-003-x.md")
    assert [(r.kind, r.text, r.source.line) for r in found] == [
        ("decision", "Rename the entry points.", 13),
        ("work-item", "Bulk updates: Update many paths", 5),
        ("criterion", "No old paths are left", 9),
    ]


def test_restructured_text_and_asciidoc_are_read_by_the_same_rules() -> None:
    rst = "Cache\n=====\n\nDecision\n--------\n\nWe will use a cache.\n\nTasks\n-----\n\n* Add the table\n"
    adoc = "= Cache\n\n== Decision\n\nWe will use a cache.\n\n== Tasks\n\n* Add the table\n"
    for path, text in (("docs/adr/0001-x.rst", rst), ("docs/adr/0001-x.adoc", adoc)):
        assert [r.text for r in of(text, path)] == ["We will use a cache.", "Add the table"]


PIECES_OF_TEXT = """# T
## Decision
## Tasks
### Phase 1: A
- We must do it
  - Add x
1. Use y
We will go. Not now.
| Task | Who |
|---|---|
| Add z | me |
```
---
<!--
-->
> quoted
**Label:**
\r
\t
- [x] a
<b>
[a](b)
< 5 ms
Chosen option: "a", because
===
----
"""
PIECES = st.sampled_from(PIECES_OF_TEXT.split("\n"))


def test_a_book_is_cut_with_a_word_about_it() -> None:
    text = "# ADR-1: X\n\nStatus: Accepted\n\n## Tasks\n" + "- Add the next part of it\n" * 2_000
    record = read("docs/adr/ADR-1-x.md", text.encode())
    assert document.read(record).cut
    assert any("longer than this bot looks at" in w for w in plan(record, Configuration()).warnings)


@settings(max_examples=examples(150), deadline=None)
@given(
    st.one_of(st.text(max_size=400), st.lists(PIECES, max_size=25).map("\n".join)),
    st.sampled_from(["md", "rst", "adoc"]),
)
def test_every_quote_stands_where_it_says_and_every_id_is_its_own(text: str, ending: str) -> None:
    record = read(f"docs/adr/0001-x.{ending}", text.encode("utf-8", "replace"))
    found = requirements.extract(record)
    lines = lines_of(record)
    for requirement in found:
        source = requirement.source
        assert requirement.text
        assert 1 <= source.line <= source.end_line <= len(lines)
        assert source.quote
        assert source.quote in "\n".join(lines[source.line - 1 : source.end_line])
    assert len({r.id for r in found}) == len(found)
    assert found == requirements.extract(record)


def test_items_of_a_decision_that_say_what_will_be_count_and_what_only_follows_does_not() -> None:
    text = """# ADR-007: Cache
## Decision
Implement a cache of two layers:

- Caches whole answers by their question
- **Key**: the normalised words, stored as a hash. This was slow before.
- Only questions without a name in them are eligible
- Enables us to answer while the network is down
- There is a library for this already
- We do not keep answers of more than one day
- Layer - a store with a name and a size
- [1] A. Author, Caches, 2019
"""
    assert [r.text.split(".")[0] for r in of(text)] == [
        "Implement a cache of two layers:",
        "Caches whole answers by their question",
        "Key: the normalised words, stored as a hash",
        "Only questions without a name in them are eligible",
    ]


@pytest.mark.parametrize(
    "lead",
    ["What may come in future versions, but not initially:", "Out of scope are:", "We will not include:"],
)
def test_what_is_put_off_is_not_asked_for(lead: str) -> None:
    text = f"# ADR-007: Cache\n## Decision\nWe will use a cache.\n\n{lead}\n\n- Create a page of figures\n"
    assert [r.text for r in of(text)] == ["We will use a cache."]


@pytest.mark.parametrize(
    "words",
    [
        "In order to try it out, the job should be able to run without writing",
        "Only events older than 3 years will be moved to the archive",
        "Will likely need to create a database of its own for tests",
        "Default to rolling forward instead of back",
        "Versions are written like this: `{cycle}.{sprint}`",
    ],
)
def test_work_in_other_words(words: str) -> None:
    text = f"# ADR-007: Cache\n## Decision\nWe will use a cache.\n\n- {words}\n"
    assert len(of(text)) == 2


def test_a_consequence_that_needs_a_thing_is_work() -> None:
    text = "# ADR-007: X\n## Decision\nCache.\n## Consequences\nAs a consequence, we will need a migration.\n"
    assert [r.source.line for r in of(text)] == [3, 5]


def test_what_the_record_says_of_itself_is_r1_only_where_nothing_else_is_said() -> None:
    about = "This document attempts to cover a number of decisions.\n"
    more = "\n### Cache\n- Answers are to be kept in memory, since that is quick\n"
    assert [r.source.line for r in of(f"# ADR-007: X\n## Decisions\n{about}{more}")] == [6]
    assert [r.source.line for r in of(f"# ADR-007: X\n## Decisions\n{about}")] == [3]


@pytest.mark.parametrize(
    ("heading", "body", "asked"),
    [
        ("Consequences", "We will remove the old cache.", True),
        ("Consequences", "We will be able to answer at once.", False),
        ("Consequences", "- Must keep the old code", True),
        ("Consequences", "- Must learn a new tool", False),
        ("Overview", "This ADR proposes the following:\n\n- Remove the old cache", True),
        ("Performance Benchmarks", "- `/api/teas`: 87% hit rate, 2 ms", False),
        ("Decision", "**Use cases:** one server, many servers", False),
        ("Decision", "This option will provide the best answers.", False),
    ],
)
def test_where_work_stands_and_where_not(heading: str, body: str, asked: bool) -> None:
    text = f"# ADR-007: X\n## Decision\nWe will use a cache.\n## {heading}\n{body}\n"
    assert len(of(text)) == 1 + asked


@pytest.mark.parametrize("lead", ["The page will have:", "Each page contains:", "`Create` MUST carry:"])
def test_the_parts_of_what_is_decided_are_asked_for(lead: str) -> None:
    text = (
        f"# ADR-007: X\n## Decision\nAdd pages.\n\n{lead}\n\n- A form for the name\n- `id` = the URI of it\n"
    )
    found = [r.text for r in of(text)]
    assert "A form for the name" in found and ("MUST" not in lead or "id = the URI of it" in found)


def test_a_table_of_choices_is_what_is_decided() -> None:
    text = "# ADR-007: X\n## Decision\n\n| Part | Choice | Why |\n|--|--|--|\n| Store | SQLite | quick |\n"
    assert [r.text for r in of(text)] == ["Store — SQLite — quick"]


RFC = """# Names of windows

## Summary

- Use one class for all names.

## Motivation

They differ.

## Reference-level explanation

- Add a class `Name`.
- The `name` parameter of `Map()` is removed.
"""


def test_a_proposal_decides_in_its_summary_and_works_in_its_design() -> None:
    found = of(RFC, "text/0007-names.md")
    assert [(r.kind, r.text) for r in found] == [
        ("decision", "Use one class for all names."),
        ("work-item", "Add a class Name."),
        ("work-item", "The name parameter of Map() is removed."),
    ]


def test_a_short_record_decides_below_its_title() -> None:
    text = "---\nstatus: accepted\n---\n# One repository\n\nThere were two. We will keep all parts in one.\n"
    assert [(r.kind, r.text) for r in of(text)] == [("decision", "We will keep all parts in one.")]
    assert of("# One repository\n\nAuthor: Ada Lovelace of the team of teas\n") == ()


def test_the_list_below_the_decision_is_what_is_decided() -> None:
    text = (
        "# ADR-007: X\n## Decision\nScope is a concern of the chain, as names are:\n\n- Each call names it\n"
    )
    assert [r.text for r in of(text)][1:] == ["Each call names it"]


def test_what_a_choice_is_measured_by_is_not_asked_for() -> None:
    text = (
        "# ADR-007: X\n## Context\nThe framework should:\n\n- Support all browsers\n## Decision\nWe use Y.\n"
    )
    assert [r.text for r in of(text)] == ["We use Y."]


def test_what_it_allows_us_is_no_work_and_what_must_remain_true_is_a_criterion() -> None:
    text = "# ADR-007: X\n## Decision\nWe use a cache. This allows us to:\n\n- Manage all templates\n"
    assert [r.text for r in of(text)] == ["We use a cache."]
    text = "# ADR-007: X\n## Decision\nWe use Y.\n## Must Remain True\n- Readers are bounded by `Provider`\n"
    assert [r.kind for r in of(text)] == ["decision", "criterion"]
    text = (
        "# ADR-007: X\n## Decision\nWe use Y.\n\n1. Records are no content. Keep them under ignored paths.\n"
    )
    assert len(of(text)) == 2


def test_the_option_that_was_chosen_is_decided_where_all_have_a_heading() -> None:
    text = "# ADR-007: X\n## Decision\nUse versions.\n### Option A: Swap (rejected)\n- Swap all entries\n"
    text += "### Option B: Versions (chosen)\n- Verify each entry as it was made\n## 相关决策\n- 使用 Nx\n"
    assert [r.text for r in of(text)] == [
        "Use versions.",
        "Verify each entry as it was made",
    ]


def test_mitigations_are_work_and_what_a_part_is_for_is_not() -> None:
    text = "# ADR-007: X\n## Decision\nCache.\n## Consequences\n### Mitigations\n- Create shared libraries\n"
    assert [r.text for r in of(text)] == ["Cache.", "Create shared libraries"]
    text = (
        "# ADR-007: X\n## Decision\nCache.\n## Implementation\n- **Purpose**: to show a view\n- Add a view\n"
    )
    assert [r.text for r in of(text)] == ["Cache.", "Add a view"]


def test_a_list_below_an_order_may_be_of_bare_names() -> None:
    text = "# ADR-007: X\n## Decision\nUse a cache.\n\nTest these flows:\n\n- Docking\n- Time acceleration\n"
    assert [r.text for r in of(text)][1:] == ["Docking", "Time acceleration"]


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("The gate blocks only new findings.", True),
        ("Each layer wraps its errors at the place where they are known.", True),
        ("Records are kept under adr/[number]-[title].md and will stay there.", True),
        ("This blocks only new findings.", False),
        ("Such a gate supports quick work.", False),
        ("The gate blocked new findings.", False),
        ("We enable the rule for all repositories.", True),
        ("Callbacks follow the pattern of the facade.", True),
        ("Tests support the idea.", False),
        ("We accept that it is slower.", False),
        ("We allow direct calls in the future.", False),
        ("Coverage is reported in each run, never gated.", True),
    ],
)
def test_a_decision_in_the_present_tense_says_what_a_thing_does(words: str, asked: bool) -> None:
    assert len(of(f"# ADR-007: X\n## Decision\nWe will have a gate.\n\n{words}\n")) == 1 + asked


def test_below_a_reason_there_is_no_work() -> None:
    text = '# ADR-007: X\n## Decision\nChosen option: "A", because\n\n* it is quick\n\n  It needs to be so.\n'
    assert len(of(text)) == 1
