"""Medians and lifetimes beside the slow, obvious way: one customer after another over small random shops."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from statistics import mean, median

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metrics.random_shops import (
    CHANNELS,
    DAYS,
    END,
    FIRST,
    LAST,
    ORDERS,
    SLOW,
    Order,
    closed,
    first_days,
    measured,
    open_share,
    purchase_days,
    shop,
    survival_median,
    table,
)

from kexiao.cycle.measure import measure_facts
from kexiao.facts.periods import parse
from kexiao.facts.survival import kaplan_meier, median_limits, median_of_curve, quantile, restricted_mean

PERIODS = st.sampled_from(["2025-03", "2025Q1", "2024", "2025-02-10..2025-04-02"])


@SLOW
@given(ORDERS, PERIODS)
def test_days_between_purchases_are_the_median_over_gaps_that_ended(orders: list[Order], name: str) -> None:
    period, everyone = parse(name), closed(orders)
    ours = measured(shop(everyone), "interpurchase_days", name)
    gaps = [
        (after - before).days
        for days in purchase_days(everyone).values()
        for before, after in pairwise(days)
        if period.start <= after < period.end
    ]
    assert ours.value == (pytest.approx(median(gaps)) if gaps else None)
    assert (ours.reason is None) == bool(gaps)
    if ours.interval_low is not None and ours.interval_high is not None:
        assert min(gaps) <= ours.interval_low <= float(ours.value or 0) <= ours.interval_high <= max(gaps)


@SLOW
@given(ORDERS, PERIODS)
def test_unfinished_gaps_count_for_the_days_they_have_lasted(orders: list[Order], name: str) -> None:
    period, everyone = parse(name), closed(orders)
    ours = measured(shop(everyone), "interpurchase_days:open_gaps", name)
    waits: list[tuple[float, bool]] = []
    for days in purchase_days(everyone).values():
        for place, day in enumerate(days):
            if period.start <= day < period.end:
                later = days[place + 1] if place + 1 < len(days) else None
                waits.append((((later or END) - day).days, later is not None))
    assert ours.value == survival_median(waits)


@SLOW
@given(ORDERS, st.integers(10, 200), PERIODS, st.sampled_from([None, "web"]))
def test_a_lifetime_is_the_area_under_the_curve_of_those_still_active(
    orders: list[Order], window: int, name: str, channel: str | None
) -> None:
    period, everyone = parse(name), closed(orders)
    end = min(period.end, END)
    where = (("channel", channel),) if channel else ()
    source = shop(everyone, window=window)
    ours = measured(source, "average_customer_lifetime", name, where)
    plain = measured(source, "average_customer_lifetime:first_to_last", name, where)
    lives: list[tuple[float, bool]] = []
    spans = []
    for customer, days in purchase_days(everyone).items():
        so_far = [day for day in days if day < end]
        if not so_far or channel not in (None, channel_of_first(everyone, customer)):
            continue
        left = so_far[-1] + timedelta(days=window) <= end
        gone = so_far[-1] + timedelta(days=window)
        lives.append((((gone if left else end) - so_far[0]).days, left))
        spans.append((so_far[-1] - so_far[0]).days)
    if not lives:
        assert ours.value is None
        return
    horizon = min(3 * 365, max(int(t) for t, _ in lives))
    area = sum(open_share(lives, t) for t in range(horizon))  # a step a day
    assert float(ours.value or 0) == pytest.approx(area)
    assert ours.settings["horizon_days"] == horizon
    assert float(plain.value or 0) == pytest.approx(mean(spans))


def channel_of_first(orders: list[Order], customer: int) -> str:
    """The channel of the first order (of one day the order with the smallest id)."""
    own = [(day, f"o{i}", channel) for i, (c, day, channel, *_) in enumerate(orders) if c == customer]
    return min(own)[2]


@SLOW
@given(st.lists(st.tuples(st.integers(1, 7), DAYS, st.booleans()), min_size=1, max_size=15), ORDERS)
def test_the_sales_cycle_is_the_median_over_leads_won_in_the_period(
    leads: list[tuple[int, date, bool]], orders: list[Order]
) -> None:
    everyone = closed(orders)
    rows = [(f"L{i}", c if known else None, d, d if known else None) for i, (c, d, known) in enumerate(leads)]
    source = shop(everyone, leads=table("lead_id | customer_id | created_on | qualified_on", rows))
    period, first = parse("2025Q1"), first_days(everyone)
    days = [
        (first[c] - d).days
        for c, d, known in leads
        if known and c in first and first[c] >= d and period.start <= first[c] < period.end
    ]
    ours = measured(source, "sales_cycle_days", "2025Q1")
    assert ours.value == (pytest.approx(median(days)) if days else None)
    qualified = measured(source, "qualified_leads", "2025Q1")
    inside = sum(known and period.start <= d < period.end for _, d, known in leads)
    if qualified.value is None:
        assert inside == 0
    else:
        assert qualified.value == inside


CASES = st.lists(
    st.tuples(st.integers(0, 60_000), st.one_of(st.none(), st.integers(0, 30_000)), CHANNELS), min_size=1, max_size=12
)


@SLOW
@given(CASES, st.sampled_from([None, "web"]))
def test_hours_to_resolution_run_by_the_clock_and_count_open_cases_for_what_they_show(
    cases: list[tuple[int, int | None, str]], channel: str | None
) -> None:
    """Opened some minutes after March begins, resolved some minutes later or never."""
    start = date(2025, 3, 1)
    rows = [
        (
            f"c{i}", start + timedelta(minutes=0, days=opened // 1440), at(start, opened),
            None if took is None else start + timedelta(days=(opened + took) // 1440),
            None if took is None else at(start, opened + took), where,
        )
        for i, (opened, took, where) in enumerate(cases)
    ]  # fmt: skip
    drawn = table("complaint_id | opened_on | opened_at | resolved_on | resolved_at | channel", rows)
    source = shop(closed([(1, FIRST, "web", 100, 10)]), complaints=drawn)
    ours = measured(source, "resolution_hours", "2025-03", (("channel", channel),) if channel else ())
    last = max(opened + (took or 0) for opened, took, _ in cases)
    march = [case for case in cases if case[0] < 31 * 1440 and channel in (None, case[2])]
    waits = [(float(took if took is not None else last - opened), took is not None) for opened, took, _ in march]
    if not any(took is not None for _, took, _ in cases):
        assert ours.value is None and ours.reason is not None
        return
    middle = survival_median(waits) if waits else None
    assert ours.value == (None if middle is None else pytest.approx(middle / 60))
    rate = measured(source, "resolution_rate", "2025-03", (("channel", channel),) if channel else ())
    end = max((opened + (took or 0)) // 1440 for opened, took, _ in cases) + 1
    newest = max(opened for opened, _, _ in cases) // 1440 + 1
    days_of_orders = (END - start).days
    if newest < days_of_orders <= newest + 31:
        end = max(end, days_of_orders)
    matured = [case for case in march if case[0] // 1440 + 7 <= end]
    if matured:
        in_time = sum(took is not None and (o + took) // 1440 < o // 1440 + 7 for o, took, _ in matured)
        assert rate.value == pytest.approx(in_time / len(matured))
        assert rate.immature == len(march) - len(matured)


def at(start: date, minutes: int) -> str:
    """An instant in the business time zone."""
    day = start + timedelta(days=minutes // 1440)
    return f"{day} {minutes % 1440 // 60:02}:{minutes % 60:02}:00+08"


def test_complaints_too_young_to_judge_are_counted_apart() -> None:
    drawn = table(
        "complaint_id | opened_on | resolved_on",
        [("a", "2025-06-01", "2025-06-02"), ("b", "2025-06-23", None), ("c", "2025-06-24", None), ("d", "2025-06-30", "2025-06-30")],
    )  # fmt: skip
    value = measured(shop(closed([(1, FIRST, "web", 100, 10)]), complaints=drawn), "resolution_rate", "2025-06")
    assert (value.numerator, value.denominator, value.immature) == (1, 3, 1)
    assert value.settings["complaint_window_days"] == 7


@SLOW
@given(st.lists(st.integers(0, 40), min_size=1, max_size=40))
def test_the_limits_of_a_median_are_its_exact_order_statistics(values: list[int]) -> None:
    from scipy.stats import binom

    counts = {value: values.count(value) for value in values}
    assert quantile(counts) == median(values)
    limits, ordered, n = median_limits(counts), sorted(values), len(values)
    ranks = [r for r in range(1, n // 2 + 1) if binom.cdf(r - 1, n, 0.5) <= 0.025]
    assert limits == ((ordered[ranks[-1] - 1], ordered[n - ranks[-1]]) if ranks else None)


def test_the_curve_of_the_leukaemia_remissions_is_the_published_one() -> None:
    """6-MP group of Freireich et al. 1963, as in Klein & Moeschberger 2003, table 4.1A: S(t), and Greenwood's standard errors; median 23 weeks."""
    ended, still = [6, 6, 6, 7, 10, 13, 16, 22, 23], [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    counts: dict[tuple[int, int], int] = {}
    for times, kind in ((ended, 1), (still, 0)):
        for time in times:
            counts[time, kind] = counts.get((time, kind), 0) + 1
    steps = kaplan_meier(counts)
    assert [round(s.survival, 3) for s in steps] == [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    errors = [round(s.survival * s.greenwood**0.5, 3) for s in steps]
    assert errors == [0.076, 0.087, 0.096, 0.107, 0.114, 0.128, 0.135]
    assert median_of_curve(steps)[0] == 23
    area, variance = restricted_mean(steps, 35)
    assert round(area, 3) == 23.287  # Klein & Moeschberger 2003, example 4.1 (continued)
    assert round(variance**0.5, 2) == 2.83


def test_an_interval_by_customers_is_wider_than_one_that_takes_every_gap_for_a_customer() -> None:
    """Ten customers who each come back every k days, many times: there are ten ways to come back, not a hundred."""
    orders: list[Order] = [
        (c, FIRST + timedelta(days=k * (c + 5)), "web", 100, 10) for c in range(1, 11) for k in range(11)
    ]
    value = measured(shop(closed(orders)), "interpurchase_days", "2024")
    gaps = {c + 5: 10 for c in range(1, 11)}
    alone = median_limits(gaps)
    assert value.n == 100 and alone is not None and value.interval_low is not None and value.interval_high is not None
    assert value.interval_high - value.interval_low > alone[1] - alone[0]


def test_groups_are_medians_of_their_own_and_stand_beside_the_whole() -> None:
    orders: list[Order] = [
        (1, date(2025, 2, 1), "web", 100, 10), (1, date(2025, 3, 1), "shop", 100, 10), (2, date(2025, 2, 1), "shop", 100, 10),
        (2, date(2025, 3, 11), "shop", 100, 10), (3, date(2025, 3, 1), "shop", 100, 10), (3, date(2025, 3, 2), "web", 100, 10),
    ]  # fmt: skip
    source = shop(closed(orders))
    found = {v.dimensions["channel"]: v.value for v in measure_facts(source, ["interpurchase_days"], period="2025-03", by=["channel"])}  # fmt: skip
    assert found == {"web": 28, "shop": 19.5}  # by the channel of acquisition
    assert measured(source, "interpurchase_days").value == 28
    assert date(2025, 3, 31) < LAST
