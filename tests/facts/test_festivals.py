"""Growth beside the same days from Spring Festival: equal lengths, equal distance, and plain year on year elsewhere."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from math import radians, sin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kexiao.cycle.measure import measure_facts
from kexiao.facts.festivals import SPRING_FESTIVALS, festival_year_before, national_day_year_before
from kexiao.facts.periods import Period, parse, period_holding
from kexiao.facts.worked_example import source_of


def new_moon_in_beijing(k: int) -> datetime:
    """The instant of new moon ``k`` since January 2000 (Meeus 1998, chapter 49; right to about a minute), by the clock in Beijing."""
    t = k / 1236.85
    e = 1 - 0.002516 * t
    sun, moon, node, far = (
        radians(a + b * k + c * t * t)
        for a, b, c in (
            (2.5534, 29.10535670, 0.0), (201.5643, 385.81693528, 0.0107582), (160.7108, 390.67050284, -0.0016118), (124.7746, -1.56375588, 0.0)
        )
    )  # fmt: skip
    terms = (
        (-0.40720, moon), (0.17241 * e, sun), (0.01608, 2 * moon), (0.01039, 2 * node), (0.00739 * e, moon - sun), (-0.00514 * e, moon + sun),
        (0.00208 * e * e, 2 * sun), (-0.00111, moon - 2 * node), (-0.00057, moon + 2 * node), (0.00056 * e, 2 * moon + sun),
        (-0.00042, 3 * moon), (0.00042 * e, sun + 2 * node), (0.00038 * e, sun - 2 * node), (-0.00024 * e, 2 * moon - sun), (-0.00017, far),
        (0.000325, radians(299.77 + 0.107408 * k - 0.009173 * t * t)), (0.000165, radians(251.88 + 0.016321 * k)),
        (0.000164, radians(251.83 + 26.651886 * k)), (0.000126, radians(349.42 + 36.412478 * k)),
    )  # fmt: skip
    days = 5.09766 + 29.530588861 * k + 0.00015437 * t * t + sum(size * sin(angle) for size, angle in terms)
    clock_ahead = timedelta(seconds=70)  # of the uniform time of the tables over UTC, in these years
    return datetime(2000, 1, 1, 12) + timedelta(days=days) - clock_ahead + timedelta(hours=8)


def test_each_festival_is_the_beijing_day_of_a_new_moon_in_its_season() -> None:
    for day in SPRING_FESTIVALS:
        k = round((day - date(2000, 1, 6)).days / 29.530588861)
        assert new_moon_in_beijing(k).date() == day
        assert date(day.year, 1, 21) <= day <= date(day.year, 2, 20)
    gaps = {(b - a).days for a, b in pairwise(SPRING_FESTIVALS)}
    assert gaps <= {353, 354, 355, 383, 384, 385}


@settings(deadline=None)
@given(st.integers(0, 365 * 20), st.integers(1, 92))
def test_the_other_days_are_as_many_and_as_far_from_the_festival(start: int, days: int) -> None:
    first = date(2012, 1, 1) + timedelta(days=start)
    period = Period(first, first + timedelta(days=days))
    other = festival_year_before(period)
    year = {day.year: day for day in SPRING_FESTIVALS}
    festival = min(SPRING_FESTIVALS, key=lambda day: abs((day - period.start).days + (day - period.end).days))
    if period.start < festival + timedelta(days=30) and period.end > festival - timedelta(days=30):
        assert other.days == period.days
        assert other.start - year[festival.year - 1] == period.start - festival
    elif other != period.year_before():
        assert other.days == period.days


def test_a_festival_that_moves_out_of_the_month_is_no_loss() -> None:
    """100 a day in the week before each festival, nothing else: 2025-01 against 2024-01 is all gain, aligned it is none."""
    days = [day - timedelta(days=n) for day in (date(2024, 2, 10), date(2025, 1, 29)) for n in range(1, 8)]
    rows = [f"o{i} | 1 | {day} | 100" for i, day in enumerate(sorted(days))]
    drawn = "\n".join(
        ["order_id | customer_id | ordered_on | amount", "z | 9 | 2023-12-01 | 1", *rows, "y | 9 | 2025-03-31 | 1"]
    )
    source = source_of({"orders": drawn})
    plain, aligned, _ = measure_facts(source, ["sales_growth_yoy"], period=parse("2025-01"), variants=True).values
    assert plain.value is None and plain.reason is not None
    assert aligned.value == pytest.approx(0) and "same_progress" not in aligned.settings["marks"]


@given(st.integers(2012, 2034), st.integers(-60, 60))
def test_a_week_near_national_day_stands_beside_the_same_seven_days_of_the_calendar(year: int, away: int) -> None:
    week = period_holding(date(year, 10, 1) + timedelta(days=away), "week")
    other = national_day_year_before(week)
    assert other.days == 7
    if week.start < date(year, 10, 23) and week.end > date(year, 9, 17):
        assert date(year, 10, 1) - week.start == date(year - 1, 10, 1) - other.start
        assert other.start.timetuple()[1:3] == week.start.timetuple()[1:3]
    else:
        assert other == week.year_before()


def test_growth_of_a_week_of_holidays_is_that_of_hand_picked_days() -> None:
    """1 October is a Tuesday in 2024 and a Wednesday in 2025: by week numbers a day of holidays is lost or won."""
    rows = "\n".join(f"o{i} | 1 | {date(2024, 1, 1) + timedelta(days=i)} | {i + 1}" for i in range(700))
    source = source_of({"orders": f"order_id | customer_id | ordered_on | amount\n{rows}"})
    paid = {date(2024, 1, 1) + timedelta(days=i): i + 1 for i in range(700)}
    now = sum(paid[date(2025, 9, 29) + timedelta(days=i)] for i in range(7))
    then = sum(paid[date(2024, 9, 29) + timedelta(days=i)] for i in range(7))
    value = measure_facts(source, ["sales_growth_yoy:national_day_aligned"], period="2025-W40").values[0]
    assert value.value == pytest.approx((now - then) / then, abs=1e-12)
    plain = measure_facts(source, ["sales_growth_yoy"], period="2025-W40").values[0]
    assert plain.value != value.value
    month = [
        measure_facts(source, [name], period="2025-10").values[0].value
        for name in ("sales_growth_yoy", "sales_growth_yoy:national_day_aligned")
    ]
    assert month[0] == month[1]
