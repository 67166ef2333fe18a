"""Our operators mean what they say on the engine."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kexiao.engine.dialects import OPERATORS, render
from kexiao.engine.duck import connect, run

DAYS = st.dates(date(1995, 1, 1), date(2049, 12, 31))
CONNECTION = connect(Path("unused"))


def value(expression: str) -> object:
    return run(CONNECTION, render(f"SELECT {expression}"))[0][0]


@given(DAYS)
def test_month_and_day_index_count_months_and_days(day: date) -> None:
    assert value(f"MONTH_INDEX(DAY_OF('{day}'))") == day.year * 12 + day.month - 1
    assert value(f"DAY_INDEX(DAY_OF('{day}'))") == (day - date(1970, 1, 1)).days


@given(st.integers(-500, 500), st.integers(1, 12))
def test_floor_divide_rounds_down_below_zero_too(number: int, step: int) -> None:
    assert value(f"FLOOR_DIVIDE({number}, {step})") == number // step


@given(st.integers(0, 61))
def test_low_bits_are_so_many_ones(count: int) -> None:
    assert value(f"LOW_BITS({count})") == 2**count - 1


@given(st.integers(0, 2**61), st.integers(0, 61))
def test_bit_reads_one_bit(number: int, place: int) -> None:
    assert value(f"BIT({number}, {place})") == number >> place & 1


def test_sums_of_squares_do_not_overflow() -> None:
    assert value("SQUARE_SUM(CAST(9000000000000000 AS DECIMAL(18,2)))") == pytest.approx(8.1e31)


def test_operators_stand_in_each_other_and_beside_any_sign() -> None:
    assert value("10 - DAY_INDEX(DAYS_LATER(DAY_OF('1970-01-03'), 1 + 2)) * 2") == 0
    assert value("FLOOR_DIVIDE(7 + 2, 1 + 2)") == 3
    assert value("BITS_AND(1 + 2, (4 + 2)) + LOW_BITS(2 + 1)") == 9


def test_what_looks_like_an_operator_in_a_text_or_name_is_left_alone() -> None:
    assert value("'BIT(5, 0), it''s'") == "BIT(5, 0), it's"
    assert run(CONNECTION, render('SELECT 3 AS "BIT(5, 0)", RABBIT FROM (SELECT 7 AS RABBIT)')) == [(3, 7)]
    assert value("MONTH_LABEL(DAY_OF('2025-01-09')) || ', (' || 'x)'") == "2025-01, (x)"


def test_a_call_that_is_not_closed_is_an_error() -> None:
    with pytest.raises(ValueError, match="not closed"):
        render("SELECT BIT(5, (0 FROM t")


def test_every_operator_is_written_for_every_engine() -> None:
    engines = {engine for forms in OPERATORS.values() for engine in forms}
    assert all(set(forms) == engines for forms in OPERATORS.values())


def test_quotes_in_values_stay_inside_the_literal() -> None:
    assert value("'it''s'") == "it's"
