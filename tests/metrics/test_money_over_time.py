"""Revenue kept, margin to date, payback, concentration and the cost of leads, beside a loop over orders."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

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
    REFUNDS,
    SLOW,
    Order,
    Refund,
    booked,
    closed,
    first_days,
    measured,
    shop,
    table,
)

from kexiao.cycle.explain import rows
from kexiao.cycle.measure import measure_facts
from kexiao.facts.periods import Period, parse, split
from kexiao.text import Text

SPEND = st.lists(
    st.tuples(DAYS, CHANNELS, st.sampled_from(["media", "salary", "other"]), st.booleans(), st.integers(1, 500)),
    min_size=1,
    max_size=10,
)


def net_per_customer(orders: list[Order], refunds: list[Refund], period: Period, cost: int = 0) -> dict[int, float]:
    """Net sales (less cost) by customer, refunds on their own day."""
    found: dict[int, float] = defaultdict(float)
    for customer, day, _, fen, cost_fen in orders:
        if period.start <= day < period.end:
            found[customer] += (fen - cost * cost_fen) / 100
    for number, day, fen in refunds:
        if period.start <= day < period.end:
            found[orders[number][0]] -= fen / 100
    return found


def delta_interval(pairs: list[tuple[float, float]]) -> tuple[float, float] | None:
    """Σy ÷ Σx ± z √(n ÷ (n − 1) × Σ(y − R x)² ÷ (Σx)²)."""
    n, x = len(pairs), sum(x for _, x in pairs)
    if n < 2:
        return None
    ratio = sum(y for y, _ in pairs) / x
    half = 1.959963984540054 * (n / (n - 1) * sum((y - ratio * x) ** 2 for y, x in pairs)) ** 0.5 / x
    return ratio - half, ratio + half


@SLOW
@given(ORDERS, REFUNDS, st.sampled_from(["2025-03", "2025Q1", "2025-06"]))
def test_revenue_kept_follows_the_customers_of_a_year_earlier(
    orders: list[Order], refunds: list[tuple[int, int, int]], name: str
) -> None:
    everyone = closed(orders)
    dated = booked(orders, refunds)
    source, period = shop(everyone, dated), parse(name)
    now = net_per_customer(everyone, dated, period)
    then = {c: net for c, net in net_per_customer(everyone, dated, period.year_before()).items() if net > 1e-9}
    for metric, kept in (
        ("net_revenue_retention", {c: now.get(c, 0.0) for c in then}),
        ("gross_revenue_retention", {c: min(now.get(c, 0.0), net) for c, net in then.items()}),
    ):
        ours = measured(source, metric, name)
        if not then:
            assert ours.value is None and ours.reason is not None
            continue
        assert float(ours.value or 0) == pytest.approx(sum(kept.values()) / sum(then.values()))
        assert ours.n == len(then)
        interval = delta_interval([(kept[c], then[c]) for c in then])
        if interval:
            assert (ours.interval_low, ours.interval_high) == pytest.approx(interval, abs=1e-6)


def test_a_year_that_the_data_do_not_reach_gives_a_reason_and_no_rate() -> None:
    source = shop(closed([(1, date(2024, 5, 1), "web", 100, 10)]))
    value = measured(source, "net_revenue_retention", "2024-05")
    assert value.value is None and value.reason is not None and "2023-05" in value.reason("en")


def test_an_unfinished_month_is_held_against_as_many_days_of_the_year_before() -> None:
    orders: list[Order] = [(1, date(2024, 6, 5), "web", 10_000, 0), (1, date(2024, 6, 29), "web", 90_000, 0)]
    until = [(1, date(2025, 6, 4), "web", 5_000, 0), (90, FIRST, "web", 100, 0), (91, date(2025, 6, 10), "web", 100, 0)]
    value = measured(shop([*orders, *until]), "net_revenue_retention", "2025-06")  # type: ignore[list-item]
    assert value.value == pytest.approx(0.5) and "same_progress" in value.settings["marks"]


@SLOW
@given(ORDERS, REFUNDS, st.sampled_from([None, "web"]))
def test_margin_to_date_per_customer_ever_acquired_is_a_loop_over_all_orders(
    orders: list[Order], refunds: list[tuple[int, int, int]], channel: str | None
) -> None:
    """Month by month in one run, so that the running totals are those of each month alone."""
    everyone, dated = closed(orders), booked(orders, refunds)
    source, whole = shop(everyone, dated), parse("2024-11..2025-06")
    where = (("channel", channel),) if channel else ()
    values = measure_facts(source, ["historic_customer_value"], period=whole, grain="month", where=where).values
    first = first_days(everyone)
    of_first = {c: min((d, f"o{i}", ch) for i, (k, d, ch, *_) in enumerate(everyone) if k == c)[2] for c in first}
    for value, month in zip(values, split(whole, "month"), strict=False):
        base = [c for c, day in first.items() if day < month.end and channel in (None, of_first[c])]
        margins = net_per_customer(everyone, dated, Period(FIRST, month.end), cost=1)
        if not base:
            assert value.value is None and value.reason is not None
            continue
        assert value.denominator == len(base)
        total = sum(margins[c] for c in base if c in margins)
        assert float(value.value or 0) == pytest.approx(total / len(base), abs=0.0051)
        interval = delta_interval([(margins.get(c, 0.0), 1.0) for c in base])
        if interval:
            assert (value.interval_low, value.interval_high) == pytest.approx(interval, rel=1e-6, abs=1e-4)


@SLOW
@given(ORDERS, REFUNDS, SPEND)
def test_payback_is_the_month_in_which_a_cohort_has_earned_its_cost(
    orders: list[Order], refunds: list[tuple[int, int, int]], spend: list[tuple[date, str, str, bool, int]]
) -> None:
    everyone, dated = closed(orders), booked(orders, refunds)
    source = shop(everyone, dated, spend=spend_table(spend))
    period = parse("2024Q3")
    ours = measured(source, "cac_payback_months", "2024Q3")
    first = first_days(everyone)
    cohort = [c for c, day in first.items() if period.start <= day < period.end]
    if not cohort or min(d for d, *_ in spend) >= period.end:
        assert ours.value is None
        return
    cost = sum(
        a for d, _, kind, keeps, a in spend if period.start <= d < period.end and kind != "other" and not keeps
    ) / len(cohort)  # fmt: skip
    want, earned, month = None, 0.0, 0
    while want is None and period.end - timedelta(days=1) + timedelta(days=30 * (month + 1)) <= END:
        month += 1
        for customer, day, _, fen, cost_fen in everyone:
            if customer in cohort and (day - first[customer]).days // 30 == month - 1:
                earned += (fen - cost_fen) / 100
        for number, day, fen in dated:
            customer = everyone[number][0]
            if customer in cohort and (day - first[customer]).days // 30 == month - 1:
                earned -= fen / 100
        if earned / len(cohort) >= cost - 1e-9:
            want = month
    assert ours.value == want
    assert want is not None or ours.reason is not None


def spend_table(spend: list[tuple[date, str, str, bool, int]]) -> str:
    drawn = [(d, ch, kind, "retention" if keeps else "acquisition", a) for d, ch, kind, keeps, a in spend]
    return table("spent_on | channel | category | purpose | amount", [*drawn, (LAST, "web", "media", "acquisition", 1)])


@SLOW
@given(ORDERS, SPEND, st.lists(st.tuples(DAYS, CHANNELS), min_size=1, max_size=8), st.sampled_from([None, "web"]))
def test_what_leads_new_customers_and_sales_cost_is_money_over_what_it_bought(
    orders: list[Order],
    spend: list[tuple[date, str, str, bool, int]],
    leads: list[tuple[date, str]],
    channel: str | None,
) -> None:
    everyone, period = closed(orders), parse("2025Q1")
    drawn = table(
        "lead_id | created_on | channel", [(f"L{i}", d, ch) for i, (d, ch) in enumerate([*leads, (LAST, "web")])]
    )
    source = shop(everyone, spend=spend_table(spend), leads=drawn)
    where = (("channel", channel),) if channel else ()
    inside = [o for o in everyone if period.start <= o[1] < period.end and channel in (None, o[2])]
    spent = [(kind, a) for d, ch, kind, _, a in spend if period.start <= d < period.end and channel in (None, ch)]
    got = sum(period.start <= d < period.end and channel in (None, ch) for d, ch in leads)
    cost_per_lead = measured(source, "cost_per_lead", "2025Q1", where)
    if cost_per_lead.value is not None:
        assert float(cost_per_lead.value) == pytest.approx(sum(a for k, a in spent if k == "media") / got, abs=0.0051)
    ratio, net = measured(source, "marketing_cost_ratio", "2025Q1", where), sum(o[3] for o in inside) / 100
    if ratio.value is not None:
        assert float(ratio.value) == pytest.approx(sum(a for k, a in spent if k != "other") / net)
    if channel is None:
        first = first_days(everyone)
        won = [c for c, day in first.items() if period.start <= day < period.end]
        value = measured(source, "first_order_value", "2025Q1")
        paid = sum(o[3] for o in everyone if o[0] in won and o[1] == first[o[0]]) / 100
        assert (value.value is None) == (not won)
        if won:
            assert float(value.value or 0) == pytest.approx(paid / len(won), abs=0.0051)


@SLOW
@given(ORDERS, st.sampled_from(["gini", "gini:by_sales"]))
def test_gini_is_the_mean_difference_between_all_pairs_and_its_error_leaves_each_customer_out(
    orders: list[Order], metric: str
) -> None:
    everyone = closed(orders)
    value = measured(shop(everyone), metric, "2025Q1")
    per = net_per_customer(everyone, [], parse("2025Q1"), cost=0 if "by_sales" in metric else 1)
    held = [max(0.0, x) for x in per.values()]
    if sum(held) <= 0:
        assert value.value is None and value.reason is not None
        return
    assert float(value.value or 0) == pytest.approx(pairwise_gini(held), abs=1e-9)
    without = [held[:i] + held[i + 1 :] for i in range(len(held))]
    if len(held) > 2 and all(sum(rest) > 0 for rest in without) and value.interval_high is not None:
        thetas = [pairwise_gini(rest) for rest in without]
        n, middle = len(held), sum(thetas) / len(thetas)
        error = ((n - 1) / n * sum((t - middle) ** 2 for t in thetas)) ** 0.5
        assert value.interval_high == pytest.approx(
            min(1.0, float(value.value or 0) + 1.959963984540054 * error), abs=1e-5
        )


def pairwise_gini(held: list[float]) -> float:
    return sum(abs(a - b) for a in held for b in held) / (2 * len(held) * sum(held))


def test_one_unknown_cost_leaves_the_margin_to_date_unknown_from_that_day_on() -> None:
    from kexiao.facts.worked_example import source_of

    drawn = """
        order_id | customer_id | ordered_on | amount | cost
        a        | 1           | 2025-01-03 | 10     | 4
        b        | 1           | 2025-02-03 | 10     |
        c        | 1           | 2025-03-03 | 10     | 4
        """
    found = measure_facts(
        source_of({"orders": drawn}), ["historic_customer_value"], period="2025-01..2025-03", grain="month"
    )
    assert [v.value for v in found] == [6, None, None]
    assert [v.reason is None for v in found] == [True, False, False]


@SLOW
@given(ORDERS, REFUNDS)
def test_the_rows_of_gmv_and_of_first_orders_add_up(orders: list[Order], refunds: list[tuple[int, int, int]]) -> None:
    source = shop(closed(orders), booked(orders, refunds))
    for metric, variant in (("gross_sales", "gmv"), ("first_order_value", None)):
        value = measured(source, metric + (f":{variant}" if variant else ""), "2025Q1")
        behind = rows(source, metric, "2025Q1", variant=variant)
        assert not isinstance(behind, Text)
        sums: dict[str, float] = defaultdict(float)
        for row in behind:
            sums[row.part] += float(row.contribution)
        if value.value is not None:
            top = value.value if value.numerator is None else value.numerator
            assert sums["value"] + sums["numerator"] == pytest.approx(float(top))
            assert sums["denominator"] == pytest.approx(float(value.denominator or 0))
