"""Periods by name, and what each is compared with."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kexiao.errors import WrongUse
from kexiao.facts.calendar import runs
from kexiao.facts.periods import GRAINS, Grain, Period, parse, period_holding, split


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("2025Q3", date(2025, 7, 1), date(2025, 10, 1)),
        ("2025-03", date(2025, 3, 1), date(2025, 4, 1)),
        ("2025-W01", date(2024, 12, 30), date(2025, 1, 6)),
        ("2025", date(2025, 1, 1), date(2026, 1, 1)),
        ("2025-03-09", date(2025, 3, 9), date(2025, 3, 10)),
        ("2024-01..2025-09", date(2024, 1, 1), date(2025, 10, 1)),
    ],
)
def test_a_name_is_a_half_open_span_of_days(name: str, start: date, end: date) -> None:
    assert (parse(name).start, parse(name).end) == (start, end)


def test_a_fiscal_year_bears_the_number_of_the_year_it_ends_in() -> None:
    assert parse("2025", fiscal_start=4) == Period(date(2024, 4, 1), date(2025, 4, 1), "year", 4)
    assert parse("2025Q1", fiscal_start=4).start == date(2024, 4, 1)
    assert period_holding(date(2025, 1, 15), "quarter", 4).name == "2025Q4"


@pytest.mark.parametrize(
    "name", ["", "2025Q5", "2025-13", "yesterday", "2025-02-30", "2025-W54", "2025-05..2025-01", "25Q1"]
)
def test_what_is_no_period_is_refused_with_the_forms_that_are(name: str) -> None:
    with pytest.raises(WrongUse) as caught:
        parse(name)
    assert "2025Q3" in caught.value.message("en")


@given(st.dates(date(2000, 1, 1), date(2040, 1, 1)), st.sampled_from(GRAINS), st.integers(1, 12))
def test_names_and_periods_say_the_same(day: date, grain: Grain, fiscal: int) -> None:
    period = period_holding(day, grain, fiscal if grain in ("quarter", "year") else 1)
    assert period.start <= day < period.end
    assert parse(period.name, period.fiscal_start) == period
    assert period.before().end == period.start


@given(st.dates(date(2000, 1, 1), date(2040, 1, 1)), st.sampled_from(GRAINS))
def test_splitting_covers_every_day_once(day: date, grain: Grain) -> None:
    whole = Period(day, date.fromordinal(day.toordinal() + 100))
    parts = split(whole, grain)
    assert parts[0].start <= whole.start and parts[-1].end >= whole.end
    assert all(a.end == b.start for a, b in pairwise(parts))
    assert [run.first for run in runs(parts)] == [0]


def test_a_week_is_compared_with_the_same_week_a_year_before() -> None:
    assert parse("2025-W14").year_before().name == "2024-W14"
    assert parse("2020-W53").year_before().name == "2019-W52"


def test_the_29th_of_february_has_a_year_before() -> None:
    assert parse("2024-02-29").year_before().start == date(2023, 2, 28)
