"""Trailing windows: each is the very number of the span that it covers, though they overlap."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metrics.random_shops import ORDERS, SLOW, Order, closed, orders_table

from kexiao.cycle.measure import measure_facts
from kexiao.errors import WrongUse
from kexiao.facts.worked_example import source_of

NAMES = ["net_sales", "ordering_customers", "repeat_purchase_rate", "average_order_value", "retention_rate", "gini"]


@given(ORDERS, st.sampled_from([("month", 3), ("quarter", 2), ("week", 5), ("day", 30)]))
@SLOW
def test_each_window_is_the_number_of_its_own_span(orders: list[Order], drawn: tuple[str, int]) -> None:
    grain, window = drawn
    source = source_of({"orders": orders_table(closed(orders))}, window=90)
    whole = {"day": "2025-03-01..2025-03-03", "quarter": "2024-10..2025-03"}.get(grain, "2025-02..2025-03")
    moving = measure_facts(source, NAMES, period=whole, grain=grain, window=window)
    assert len({value.period for value in moving}) > 1
    for value in moving:
        alone = measure_facts(source, [value.metric], period=value.period).values[0]
        assert (alone.value, alone.n, alone.numerator, alone.denominator) == (
            value.value, value.n, value.numerator, value.denominator,
        )  # fmt: skip


@given(ORDERS)
@SLOW
def test_sales_of_three_months_are_those_of_a_loop(orders: list[Order]) -> None:
    drawn = closed(orders)
    source = source_of({"orders": orders_table(drawn)}, window=90)
    moving = measure_facts(source, ["net_sales", "ordering_customers"], period="2025", grain="month", window=3)
    for value in moving:
        first, last = (date.fromisoformat(day) for day in value.period.split(".."))
        inside = [(customer, fen) for customer, day, _, fen, _ in drawn if first <= day <= last]
        if value.value is not None and value.metric == "net_sales":
            assert round(float(value.value) * 100) == sum(fen for _, fen in inside)
        elif value.value is not None:
            assert value.value == len({customer for customer, _ in inside})
        assert (last + timedelta(days=1)).day == 1 and first.day == 1


def test_it_is_a_running_total_where_the_window_reaches_back_to_the_beginning() -> None:
    rows = "\n".join(f"o{m} | {m} | 2025-{m:02d}-10 | {m * 10}" for m in range(1, 13))
    source = source_of({"orders": f"order_id | customer_id | ordered_on | amount\n{rows}"})
    each = [float(v.value or 0) for v in measure_facts(source, ["net_sales"], period="2025-01..2025-11", grain="month")]
    moving = measure_facts(source, ["net_sales"], period="2025-01..2025-11", grain="month", window=12)
    assert [float(v.value or 0) for v in moving] == list(accumulate(each))
    assert moving.values[0].period == "2024-02-01..2025-01-31"


@pytest.mark.parametrize(("grain", "window"), [(None, 12), ("month", 0), ("month", 10_000)])
def test_a_window_needs_a_grain_and_a_length_of_sense(grain: str | None, window: int) -> None:
    source = source_of({"orders": "order_id | customer_id | ordered_on | amount\na | 1 | 2025-01-10 | 5"})
    with pytest.raises(WrongUse, match="--trailing"):
        measure_facts(source, ["net_sales"], period="2025", grain=grain, window=window)
