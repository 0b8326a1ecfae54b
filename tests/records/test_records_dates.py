"""One full real date, or none."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.records.dates import Order, read_date

FULL = """
    2024-05-31; 2024/5/31; 2024-05-31T10:00:00Z; 31.05.2024; 31/05/2024; 05/31/2024; 31-May-2024; May 31, 2024
    31st of May, 2024; Friday, 31 May 2024; 31. Mai 2024; 31 de mayo de 2024; 31 mai 2024; 2024年5月31日; 20240531
    2024-05-31 (updated 2024-06-30); decided on 2024-05-31 by all; 2024-May-31
"""
NOT_FULL = """
    2024-01-XX; 2024-; Sep 5th; May 2024; 10/02/20; YYYY-MM-DD; Semana 1; 2024-05-31 - 2024-06-30; 31 Foo 2024
    version 1.2.2024.5; 12345678901; 2024-05-311
"""


def cases(block: str) -> list[str]:
    return [case.strip() for line in block.strip().split("\n") for case in line.split(";")]


@pytest.mark.parametrize("text", cases(FULL))
def test_full_dates(text: str) -> None:
    assert read_date(text).iso == "2024-05-31"


@pytest.mark.parametrize("text", ["", *cases(NOT_FULL)])
def test_no_full_date(text: str) -> None:
    assert read_date(text).iso is None


def test_a_day_that_no_calendar_has() -> None:
    assert read_date("2023-15-12").impossible
    assert read_date("2023-02-30").impossible
    assert read_date("31.02.2023").impossible
    assert read_date("2023-15-12").iso is None


def test_ten_february_or_second_october() -> None:
    stated = read_date("10/02/2020")
    assert stated.ambiguous and stated.iso is None
    assert read_date("10/02/2020", Order.DAY_FIRST).iso == "2020-02-10"
    assert read_date("10/02/2020", Order.MONTH_FIRST).iso == "2020-10-02"
    assert read_date("10/10/2019").iso == "2019-10-10"
    assert read_date("23/01/2020").order is Order.DAY_FIRST


@given(st.dates(date(1990, 1, 1), date(2099, 12, 31)))
def test_each_way_of_writing_a_day_gives_that_day(day: date) -> None:
    for form in ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d %B %Y", "%B %d, %Y", "%d-%b-%Y", "%Y%m%d"):
        assert read_date(day.strftime(form)).iso == day.isoformat()


@given(st.text(max_size=300), st.sampled_from([None, *Order]))
def test_any_text_gives_a_real_date_or_none(text: str, order: Order | None) -> None:
    iso = read_date(text, order).iso
    assert iso is None or date.fromisoformat(iso)
