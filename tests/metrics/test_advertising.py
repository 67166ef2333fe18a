"""Advertising beside a loop over rows: what is not counted is neither zero nor paid for."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metrics.random_shops import DAYS, FIRST, LAST, SLOW, closed, measured, shop, table

from kexiao.facts.periods import parse

COUNT = st.one_of(st.none(), st.integers(0, 5_000))
CHANNEL = st.sampled_from(["web", "video", "radio"])
RESULTS = st.lists(st.tuples(DAYS, CHANNEL, COUNT, COUNT), min_size=1, max_size=12)
SPEND = st.lists(st.tuples(DAYS, CHANNEL, st.sampled_from(["media", "content"]), st.integers(1, 900)), max_size=10)


@SLOW
@given(RESULTS, SPEND, st.sampled_from([None, "web"]))
def test_cost_per_impression_and_click_takes_the_media_money_of_channels_that_count_them(
    results: list[tuple[date, str, int | None, int | None]],
    spend: list[tuple[date, str, str, int]],
    channel: str | None,
) -> None:
    results = [*results, (FIRST, "web", 1, 1), (LAST, "web", 1, 1)]
    spend = [*spend, (FIRST, "web", "media", 1), (LAST, "web", "media", 1)]
    source = shop(
        closed([(1, FIRST, "web", 100, 10)]),
        ad_results=table("day | channel | impressions | clicks", results),
        spend=table("spent_on | channel | category | amount | purpose", [(*row, "acquisition") for row in spend]),
    )
    period, where = parse("2025Q1"), (("channel", channel),) if channel else ()
    rows = [r for r in results if period.start <= r[0] < period.end and channel in (None, r[1])]
    paid = [s for s in spend if period.start <= s[0] < period.end and s[2] == "media" and channel in (None, s[1])]
    counts = {2: "cpm", 3: "cpc"}
    for place, name in counts.items():
        known = {r[1] for r in results if r[place] is not None}
        bottom = sum(r[place] or 0 for r in rows)  # type: ignore[misc]
        cost = sum(s[3] for s in paid if s[1] in known)
        want = None if bottom == 0 else cost / bottom * (1000 if name == "cpm" else 1)
        value = measured(source, name, "2025Q1", where).value
        assert (value is None) == (want is None)
        assert want is None or float(value or 0) == pytest.approx(want, abs=0.0051)
    assert float(measured(source, "impressions", "2025Q1", where).value or 0) == sum(r[2] or 0 for r in rows)
    assert "small_sample" not in measured(source, "impressions", "2025Q1", where).settings["marks"]
    both = [r for r in rows if r[2] is not None and r[3] is not None]
    rate = measured(source, "ctr", "2025Q1", where)
    shown = sum(r[2] or 0 for r in both)
    assert rate.value == (pytest.approx(sum(r[3] or 0 for r in both) / shown) if shown else None)
