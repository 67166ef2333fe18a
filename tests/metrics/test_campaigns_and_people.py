"""Campaigns, holdouts and staff beside a loop over lists."""

from __future__ import annotations

from datetime import date, timedelta
from statistics import fmean, variance

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metrics.random_shops import (
    END,
    FIRST,
    LAST,
    ORDERS,
    REFUNDS,
    SLOW,
    Order,
    booked,
    closed,
    measured,
    shop,
    table,
)

from kexiao.cycle.measure import measure_facts
from kexiao.facts.periods import parse

QUARTER = parse("2025Q1")
STARTS = st.integers(0, 150).map(lambda n: date(2024, 12, 1) + timedelta(days=n))
CAMPAIGNS = st.lists(
    st.tuples(STARTS, st.integers(0, 120), st.one_of(st.none(), st.integers(1, 500)), st.integers(0, 400)),
    min_size=1,
    max_size=4,
)
ARMS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 7), st.sampled_from(["treated", "holdout", ""]), st.sampled_from(["online", "offline", ""])),
    min_size=1, max_size=24, unique_by=lambda row: row[:2],
)  # fmt: skip


def drawn(
    campaigns: list[tuple[date, int, int | None, int]], arms: list[tuple[int, int, str, str]]
) -> tuple[dict[str, str], list[tuple[int, int, str, str]]]:
    """The tables, and the arms of campaigns that exist."""
    listed = [row for row in arms if row[0] < len(campaigns)]
    tables = {
        "campaigns": table(
            "campaign | start_on | end_on | budget",
            [(f"k{i}", start, start + timedelta(days=days), budget) for i, (start, days, budget, _) in enumerate(campaigns)],
        ),
        "spend": table(
            "spent_on | campaign | category | purpose | amount",
            [(start, f"k{i}", "media", "acquisition", cost) for i, (start, _, _, cost) in enumerate(campaigns) if cost]
            + [(LAST, None, "media", "acquisition", 1)],
        ),
        "participations": table(
            "campaign | customer_id | joined_on | arm | mode",
            [(f"k{k}", c, campaigns[k][0], arm, mode) for k, c, arm, mode in listed],
        ),
    }  # fmt: skip
    return tables, listed


@SLOW
@given(CAMPAIGNS, ARMS)
def test_participants_are_distinct_and_those_held_out_do_not_count(
    campaigns: list[tuple[date, int, int | None, int]], arms: list[tuple[int, int, str, str]]
) -> None:
    tables, listed = drawn(campaigns, arms)
    source = shop(closed([(1, FIRST, "web", 100, 10)]), **tables)
    joined = {(c, mode) for k, c, arm, mode in listed if arm != "holdout" and inside(campaigns[k][0])}
    for metric, people in (
        ("participants", {c for c, _ in joined}),
        ("participants:online", {c for c, mode in joined if mode == "online"}),
        ("participants:offline", {c for c, mode in joined if mode == "offline"}),
    ):
        value = measured(source, metric, "2025Q1").value
        assert value == len(people) or (value is None and not people)
    cost = sum(cost for start, _, _, cost in campaigns if inside(start))
    each = measured(source, "cost_per_participant", "2025Q1").value
    if each is not None:
        assert float(each) == pytest.approx(cost / len({c for c, _ in joined}), abs=0.0051)


def inside(day: date) -> bool:
    return QUARTER.start <= day < QUARTER.end


@SLOW
@given(CAMPAIGNS)
def test_budgets_count_once_their_campaign_is_over(campaigns: list[tuple[date, int, int | None, int]]) -> None:
    tables, _ = drawn(campaigns, [])
    source = shop(closed([(1, FIRST, "web", 100, 10)]), **tables)
    begun = [row for row in campaigns if inside(row[0]) and row[2] is not None]
    over = [(budget or 0, cost) for start, days, budget, cost in begun if start + timedelta(days=days) < END]
    rate, gap = (measured(source, name, "2025Q1") for name in ("budget_execution_rate", "budget_variance"))
    if rate.value is None:
        assert not over
        return
    assert float(rate.value) == pytest.approx(sum(c for _, c in over) / sum(b for b, _ in over))
    assert float(gap.value or 0) == pytest.approx(sum(c for _, c in over) - sum(b for b, _ in over))
    assert rate.immature == len(begun) - len(over)
    assert rate.interval_low is None and rate.settings["no_interval"] == "known_exactly"


@SLOW
@given(CAMPAIGNS, ARMS, ORDERS, REFUNDS)
def test_increments_are_treated_less_held_out_campaign_by_campaign(
    campaigns: list[tuple[date, int, int | None, int]],
    arms: list[tuple[int, int, str, str]],
    orders: list[Order],
    refunds: list[tuple[int, int, int]],
) -> None:
    tables, listed = drawn(campaigns, arms)
    everyone, dated = closed(orders), booked(orders, refunds)
    source = shop(everyone, dated, **tables)
    total = {"ordered": 0.0, "margin": 0.0}
    spread = {"ordered": 0.0, "margin": 0.0}
    cost, judged, waiting = 0.0, 0, 0
    for k, (start, days, _, spent) in enumerate(campaigns):
        until = start + timedelta(days=days + 1)
        both = {arm: [c for j, c, a, _ in listed if j == k and a == arm] for arm in ("treated", "holdout")}
        if not inside(start):
            continue
        if until > END:
            waiting += len(both["treated"]) + len(both["holdout"])
            continue
        if not both["treated"] or not both["holdout"]:
            continue
        judged, cost = judged + 1, cost + spent
        for name in total:
            y = {arm: [counted(name, c, start, until, everyone, dated) for c in people] for arm, people in both.items()}
            t, h = y["treated"], y["holdout"]
            total[name] += len(t) * (fmean(t) - fmean(h))
            if len(t) < 2 or len(h) < 2:
                spread[name] = float("nan")
            else:
                spread[name] += len(t) ** 2 * (variance(t) / len(t) + variance(h) / len(h))
    for metric, name in (("incremental_conversions", "ordered"), ("incremental_margin", "margin")):
        ours = measured(source, metric, "2025Q1")
        if not judged:
            assert ours.value is None and ours.reason is not None
            continue
        assert float(ours.value or 0) == pytest.approx(total[name], abs=0.0051)
        assert ours.immature == waiting
        if spread[name] == spread[name]:
            assert ours.interval_high == pytest.approx(total[name] + 1.959963984540054 * spread[name] ** 0.5, abs=1e-4)
        else:
            assert ours.interval_high is None
    if judged:
        romi = measured(source, "incremental_romi", "2025Q1").value
        assert romi == (pytest.approx((total["margin"] - cost) / cost) if cost else None)


def counted(name: str, customer: int, start: date, until: date, orders: list[Order], refunds: list[tuple[int, date, int]]) -> float:  # fmt: skip
    own = [o for o in orders if o[0] == customer and start <= o[1] < until]
    if name == "ordered":
        return float(bool(own))
    back = sum(fen for n, day, fen in refunds if orders[n][0] == customer and start <= day < until)
    return (sum(o[3] - o[4] for o in own) - back) / 100


STAFF = st.lists(
    st.tuples(st.integers(-200, 100), st.one_of(st.none(), st.integers(1, 300)), st.sampled_from(["north", "south"])),
    min_size=1,
    max_size=6,
)


@SLOW
@given(STAFF, ORDERS)
def test_headcount_is_the_mean_over_days_of_who_was_in_post(
    staff: list[tuple[int, int | None, str]], orders: list[Order]
) -> None:
    terms = [
        (date(2025, 1, 1) + timedelta(days=begin), None if days is None else date(2025, 1, 1) + timedelta(days=begin + days), team)
        for begin, days, team in staff
    ]  # fmt: skip
    rows = [(f"s{i}", team, begin, end) for i, (begin, end, team) in enumerate(terms)]
    everyone = closed(orders)
    source = shop(everyone, staff=table("staff_id | team | from_on | to_on", rows))
    days = [QUARTER.start + timedelta(days=n) for n in range(QUARTER.days)]
    heads = fmean(sum(begin <= day and (end is None or day < end) for begin, end, _ in terms) for day in days)
    net = sum(o[3] for o in everyone if inside(o[1])) / 100
    value = measured(source, "sales_per_person", "2025Q1")
    if heads == 0:
        assert value.value is None and value.reason is not None
    else:
        assert float(value.value or 0) == pytest.approx(net / heads, abs=0.0051)
        assert float(value.denominator or 0) == pytest.approx(heads)


def test_a_list_that_meets_many_orders_repeats_neither_its_spend_nor_its_budget() -> None:
    """The fan-out trap: one campaign, three participants, five orders, two lines of spend; each amount counts once."""
    orders: list[Order] = [(c, date(2025, 3, d), "web", 1_000, 100) for c in (1, 2, 3) for d in (3, 4, 5)][:5]
    tables = {
        "campaigns": table("campaign | start_on | end_on | budget", [("k", "2025-03-01", "2025-03-31", 50)]),
        "spend": table(
            "spent_on | channel | campaign | category | purpose | amount",
            [("2025-03-02", "web", "k", "media", "acquisition", 20), ("2025-03-03", "web", "k", "content", "acquisition", 25), (LAST, "web", None, "media", "acquisition", 1)],
        ),
        "participations": table("campaign | customer_id | joined_on", [("k", c, "2025-03-02") for c in (1, 2, 3)]),
    }  # fmt: skip
    source = shop(closed(orders), **tables)
    names = ["cost_per_participant", "budget_execution_rate", "budget_variance", "net_sales"]
    found = {v.metric: v.value for v in measure_facts(source, names, period="2025-03")}
    assert found == {"cost_per_participant": 15, "budget_execution_rate": 0.9, "budget_variance": -5, "net_sales": 50}


def test_a_campaign_without_a_holdout_says_that_it_cannot_tell() -> None:
    tables = {
        "campaigns": table("campaign | start_on | end_on", [("k", "2025-03-01", "2025-03-05")]),
        "participations": table("campaign | customer_id | joined_on | arm", [("k", 1, "2025-03-01", "treated")]),
    }
    value = measured(shop(closed([(1, date(2025, 3, 2), "web", 100, 10)]), **tables), "incremental_margin")
    assert value.value is None and value.reason is not None and "held-out" in value.reason("en")
