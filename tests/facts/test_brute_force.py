"""Every state and sum beside the slow, obvious way: plain Python over small random shops."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kexiao.cycle.explain import rows
from kexiao.cycle.measure import measure_facts
from kexiao.facts.metric import MetricValue
from kexiao.facts.periods import Grain, Period, parse, split
from kexiao.facts.source import FactSource
from kexiao.facts.worked_example import source_of
from kexiao.text import Text

Order = tuple[int | None, date, str, int]  # customer, day, channel, fen
DAYS = st.integers(0, 200).map(lambda n: date(2025, 1, 1) + timedelta(days=n))
ORDERS = st.lists(
    st.tuples(st.one_of(st.none(), st.integers(1, 6)), DAYS, st.sampled_from(["web", "shop"]), st.integers(1, 90_000)),
    min_size=1,
    max_size=30,
)
SLOW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def shop(orders: list[Order], window: int) -> FactSource:
    drawn = ["order_id | customer_id | ordered_on | channel | amount"]
    drawn += [f"o{i:03} | {c or ''} | {d} | {ch} | {fen / 100:.2f}" for i, (c, d, ch, fen) in enumerate(orders)]
    return source_of({"orders": "\n".join(drawn)}, window=window)


def by_name(source: FactSource, period: Period, channel: str | None = None) -> dict[str, MetricValue]:
    where = (("channel", channel),) if channel else ()
    values = measure_facts(source, [], period=period, where=where, variants=True)
    return {v.metric + (f":{v.variant}" if v.variant else ""): v for v in values if "cohort" not in v.dimensions}


def active(orders: list[Order], customer: int, edge: date, window: int) -> bool:
    return any(c == customer and edge - timedelta(days=window) <= d < edge for c, d, _, _ in orders)


@SLOW
@given(ORDERS, st.integers(5, 120), st.sampled_from(["2025-02", "2025Q2", "2025-03-04..2025-04-20"]))
def test_customer_states_equal_a_loop_over_customers(orders: list[Order], window: int, name: str) -> None:
    period, source = parse(name), shop(orders, window)
    found = by_name(source, period)
    customers = {c for c, _, _, _ in orders if c is not None}
    first = {c: min(d for k, d, _, _ in orders if k == c) for c in customers}
    start = {c for c in customers if active(orders, c, period.start, window)}
    end = {c for c in customers if active(orders, c, period.end, window)}
    new = {c for c in customers if period.start <= first[c] < period.end}
    want = {
        "customers_at_start": len(start),
        "customers_at_end": len(end),
        "retained_customers": len(start & end),
        "lost_customers": len(start - end),
        "reactivated_customers": len(end - start - new),
        "new_customers": len(new),
        "customer_base": len([c for c in customers if first[c] < period.end]),
    }
    if (covered := source.coverage["orders"]) and (period.end <= covered.first or period.start > covered.last):
        return
    for metric, count in want.items():
        assert found[metric].value == count, metric
    assert len(end) == len(start) - len(start - end) + len(end - start - new) + len(new & end)
    if start:
        assert found["retention_rate"].value == pytest.approx(len(start & end) / len(start))
        assert float(found["retention_rate"].value or 0) + float(found["churn_rate"].value or 0) == pytest.approx(1)
        assert found["retention_rate:end_less_new"].value == pytest.approx((len(end) - len(new)) / len(start))
    else:
        assert found["retention_rate"].value is None and found["retention_rate"].reason is not None


@SLOW
@given(ORDERS, st.sampled_from(["2025-02", "2025Q2"]), st.sampled_from([None, "web"]))
def test_sums_and_ratios_equal_a_loop_over_orders(orders: list[Order], name: str, channel: str | None) -> None:
    period, source = parse(name), shop(orders, 60)
    covered = source.coverage["orders"]
    if period.end <= covered.first or period.start > covered.last:
        return
    inside = [o for o in orders if period.start <= o[1] < period.end and channel in (None, o[2])]
    found = by_name(source, period, channel)
    net = sum((Decimal(o[3]) / 100 for o in inside), Decimal(0))
    per: dict[int, list[Order]] = defaultdict(list)
    for order in inside:
        if order[0] is not None:
            per[order[0]].append(order)
    assert found["net_sales"].value == net
    assert found["orders"].value == len(inside)
    assert found["ordering_customers"].value == len(per)
    if inside:
        assert float(found["average_order_value"].value or 0) == pytest.approx(float(net) / len(inside), abs=0.0051)
        assert found["identified_share"].value == pytest.approx(sum(map(len, per.values())) / len(inside))
    if per:
        repeat = sum(len(own) >= 2 for own in per.values())
        days = sum(len({o[1] for o in own}) >= 2 for own in per.values())
        assert found["repeat_purchase_rate"].value == pytest.approx(repeat / len(per))
        assert found["repeat_purchase_rate:by_purchase_days"].value == pytest.approx(days / len(per))
        aov_times_frequency = sum(float(o[3]) for own in per.values() for o in own) / 100 / len(per)
        assert float(found["revenue_per_customer"].value or 0) == pytest.approx(aov_times_frequency, abs=0.0051)
        by_size = sorted((sum(o[3] for o in own) / 100 for own in per.values()), reverse=True)
        cut = 0.2 * len(by_size)
        top = sum(by_size[: int(cut)]) + (cut - int(cut)) * by_size[int(cut)]
        assert found["top_fifth_share:by_sales"].value == pytest.approx(top / sum(by_size))


def same(one: MetricValue, other: MetricValue) -> bool:
    """Equal in everything; limits to 1e-9, since sums of squares are added in no fixed order."""
    limits = [(v.interval_low, v.interval_high) for v in (one, other)]
    exact = [replace(v, interval_low=None, interval_high=None) for v in (one, other)]
    return exact[0] == exact[1] and all(
        a == b or (a is not None and b is not None and a == pytest.approx(b, rel=1e-9))
        for a, b in zip(*limits, strict=True)
    )


@settings(SLOW, max_examples=6, phases=[Phase.explicit, Phase.generate])
@given(ORDERS, st.sampled_from(["month", "week", "quarter"]))
def test_a_run_of_periods_gives_what_each_gives_alone(orders: list[Order], grain: Grain) -> None:
    source, whole = shop(orders, 45), parse("2025-01..2025-06")
    names = ["net_sales", "retention_rate", "new_customers", "repeat_purchase_rate:repurchase", "sales_growth"]
    together = {(v.metric, v.period): v for v in measure_facts(source, names, period=whole, grain=grain)}
    for period in split(whole, grain)[::3]:
        for value in measure_facts(source, names, period=period):
            assert same(value, together[value.metric, value.period])


@SLOW
@given(ORDERS)
def test_the_rows_behind_a_number_add_up_to_it(orders: list[Order]) -> None:
    source = shop(orders, 60)
    for value in measure_facts(source, [], period="2025Q2", variants=True):
        if value.value is None or "cohort" in value.dimensions:
            continue
        behind = rows(source, value.metric, "2025Q2", variant=value.variant)
        if isinstance(behind, Text):
            continue
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for row in behind:
            sums[row.part] += Decimal(str(row.contribution))
        if value.numerator is None:
            assert sums["value"] == Decimal(str(value.value))
        else:
            assert sums["numerator"] == Decimal(str(value.numerator))
            assert sums["denominator"] == Decimal(str(value.denominator))


@SLOW
@given(ORDERS)
def test_channels_add_up_to_the_total(orders: list[Order]) -> None:
    source = shop(orders, 60)
    names = ["net_sales", "orders", "new_customers", "retained_customers", "customers_at_start"]
    totals = {v.metric: v.value for v in measure_facts(source, names, period="2025Q1")}
    parts: dict[str, Decimal] = defaultdict(Decimal)
    for value in measure_facts(source, names, period="2025Q1", by=["channel"]):
        parts[value.metric] += Decimal(str(value.value or 0))
    if totals["net_sales"] is not None:
        for name in names:
            assert parts[name] == Decimal(str(totals[name])), name
