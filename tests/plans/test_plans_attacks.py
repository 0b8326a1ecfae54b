"""A configuration that shows a reviewer something else than what would run is not read; nothing is left out in
silence."""

import pytest

from bot.gates.constraints import Constraint as Judged
from bot.gates.constraints import not_checked
from bot.plans import cloi_yml
from bot.plans.configuration import Configuration, ConfigurationError
from bot.plans.metadata import MAX_VALUES, constraints
from bot.plans.planner import plan
from bot.plans.write_back import write_back
from bot.records.log import RecordLog
from bot.records.reader import read


@pytest.mark.parametrize("sign", ["\\n", "\\t", "\\x1b", "\\x85", "\u202e", "\u2066", "\u200b", "\u2028"])
@pytest.mark.parametrize(
    "key", ['agent: {command: ["run", "%s"]}', 'tests: {command: ["%s"]}', 'records: ["%s"]']
)
def test_an_argument_with_invisible_characters_is_refused(key: str, sign: str) -> None:
    cloi_yml.read((key % "ab").encode())
    with pytest.raises(ConfigurationError):
        cloi_yml.read((key % f"a{sign}b").encode())


def test_constraints_beyond_the_most_that_are_read_are_named_as_not_checked() -> None:
    lines = [f"    - {{type: import-pattern, rule: no-x{i}, pattern: x{i}}}" for i in range(60)]
    text = "\n".join(["---", "validation_metadata:", "  constraints:", *lines, "---", "# ADR-001: X", ""])
    record = read("docs/adr/ADR-001-x.md", text.encode())
    found = constraints(record, tuple(text.split("\n")), "ADR-001")
    assert len(found) == MAX_VALUES + 1
    assert found[-1].description.startswith("10 more constraints")
    assert not_checked(Judged(*(getattr(found[-1], f) for f in Judged.__slots__))) is not None


def test_an_empty_key_of_ours_is_filled() -> None:
    front = b"---\nimplementation_metadata:\ntitle: X\n---\n"
    data = front + b"# ADR-001: X\n\n## Status\n\nAccepted\n\n## Decision\n\n- Add a log.\n"
    made = plan(read("docs/adr/ADR-001-x.md", data), Configuration())
    got = write_back("docs/adr/ADR-001-x.md", data, made).data
    assert (
        got.startswith(b"---\nimplementation_metadata:\n  feature_requirements:\n")
        and b"\ntitle: X\n---\n" in got
    )


@pytest.mark.parametrize(
    ("status", "verb", "stops", "warns"),
    [
        ("Accepted", "Supersedes", True, False),
        ("Implemented", "Supersedes", True, False),
        ("Accepted", "Partially supersedes", False, True),
        ("Proposed", "Supersedes", False, True),
        ("Rejected", "Supersedes", False, False),
    ],
)
def test_a_record_that_another_one_replaces_is_not_begun_though_it_does_not_say_so(
    status: str, verb: str, stops: bool, warns: bool
) -> None:
    old = "# 3. X\n\n## Status\n\nAccepted\n\n## Decision\n\n- Add a log.\n"
    new = f"# 5. Y\n\n## Status\n\n{status}\n\n{verb} [3. X](0003-keep-a-log.md)\n\n## Decision\n\n- Add a bell.\n"
    log = RecordLog(
        {"docs/adr/0003-keep-a-log.md": old.encode(), "docs/adr/0005-ring-a-bell.md": new.encode()}
    )
    record = log.by_path("docs/adr/0003-keep-a-log.md")
    assert record is not None
    made = plan(record, Configuration(), log=log)
    assert any("0003 is superseded by 0005" in why for why in made.blocked) is stops
    assert any("0005" in word for word in made.warnings) is warns
