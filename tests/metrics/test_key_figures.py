"""A campaign's days beside as many days before them, by a loop over orders."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metrics.random_shops import FIRST, LAST, ORDERS, REFUNDS, SLOW, Order, booked, closed, shop, table

from kexiao.cycle.measure import measure_facts
from kexiao.facts.intervals import Z
from kexiao.facts.marks import marks_of

STARTS = st.integers(0, 60).map(lambda n: date(2025, 1, 1) + timedelta(days=n))


@SLOW
@given(ORDERS, REFUNDS, STARTS, st.integers(0, 90), st.sampled_from([None, "web"]))
def test_the_change_is_what_the_days_of_a_campaign_hold_beyond_as_many_before(
    orders: list[Order], refunds: list[tuple[int, int, int]], first: date, longer: int, channel: str | None
) -> None:
    everyone, dated = closed(orders), booked(orders, refunds)
    last = first + timedelta(days=longer)
    campaign = table("campaign | channel | start_on | end_on", [("spring", channel, first, last)])
    source = shop(everyone, dated, campaigns=campaign)

    def place(day: date) -> int:
        """1 on the campaign's days, −1 on as many before, 0 on all others."""
        return 1 if first <= day <= last else -1 if first - timedelta(days=longer + 1) <= day < first else 0

    per: dict[int, int] = {}
    counted = 0
    for customer, day, sold_in, fen, _ in everyone:
        if channel in (None, sold_in):
            per[customer] = per.get(customer, 0) + place(day) * fen
            counted += place(day)
    for n, day, fen in dated:
        if channel in (None, everyone[n][2]):
            per[everyone[n][0]] -= place(day) * fen
    names = ["key_figure_change", "key_figure_change:orders"]
    money, deals = measure_facts(source, names, period="2025").values
    change = sum(per.values()) / 100
    assert float(money.value or 0) == pytest.approx(change) and (deals.value or 0) == counted
    assert "not_proof" in money.settings["marks"] and marks_of(money.settings["marks"])
    if money.n:
        half = Z * sum((fen / 100) ** 2 for fen in per.values()) ** 0.5
        assert (money.interval_low, money.interval_high) == pytest.approx((change - half, change + half))


def test_days_before_the_data_begin_are_no_base_to_compare_with() -> None:
    campaign = table("campaign | start_on | end_on", [("first", FIRST + timedelta(days=3), FIRST + timedelta(days=9))])
    (value,) = measure_facts(shop(closed([]), campaigns=campaign), ["key_figure_change"], period="2024").values
    assert value.value is None and value.reason is not None and "begins before the data" in value.reason("en")


def test_a_campaign_that_still_runs_is_counted_and_left_out() -> None:
    campaign = table("campaign | start_on | end_on", [("long", "2025-06-01", LAST + timedelta(days=1))])
    (value,) = measure_facts(shop(closed([]), campaigns=campaign), ["key_figure_change"], period="2025").values
    assert value.value is None and value.immature == 1
