"""Market share and what is said of brands, beside a loop over rows."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metrics.random_shops import DAYS, FIRST, LAST, ORDERS, SLOW, Order, closed, measured, shop, table

from kexiao.facts.intervals import wilson
from kexiao.facts.periods import parse

SPANS = ["2025", "2025Q1", "2025-01", "2025-02", "2025-03", "2024Q4"]
FIGURES = st.lists(
    st.tuples(st.sampled_from(SPANS), st.integers(1, 90_000), st.integers(0, 3), st.sampled_from(["a", "b"])),
    min_size=1,
    max_size=7,
    unique_by=lambda row: (row[0], row[3]),
)


@SLOW
@given(ORDERS, FIGURES, st.sampled_from(["2025Q1", "2025-02"]))
def test_market_share_takes_figures_that_make_up_the_period_exactly(
    orders: list[Order], figures: list[tuple[str, int, int, str]], name: str
) -> None:
    everyone, period = closed(orders), parse(name)
    rows = [
        ("market_size", parse(s).start, parse(s).end - timedelta(days=1), value, by, date(2025, 5, 1 + told))
        for s, value, told, by in figures
    ]
    source = shop(
        everyone, external_figures=table("figure | from_on | to_on | value | source | published_on", rows)
    )  # fmt: skip
    newest: dict[str, tuple[int, int]] = {}
    for span, value, told, _by in sorted(figures, key=lambda f: f[3], reverse=True):
        if span not in newest or told >= newest[span][1]:
            newest[span] = (value, told)
    sizes = {sum(newest[s][0] for s in some) for k in (1, 2, 3) for some in combinations(newest, k) if makes_up(some, name)}  # fmt: skip
    share = measured(source, "market_share", name)
    if not sizes:
        assert share.value is None and share.reason is not None
        return
    size = newest[name][0] if name in newest else sizes.pop()
    sold = sum(o[3] for o in everyone if period.start <= o[1] < period.end) / 100
    assert float(share.value or 0) == pytest.approx(sold / size)
    assert share.settings["published_on"] and share.settings["external_sources"]


def makes_up(spans: tuple[str, ...], name: str) -> bool:
    periods = sorted((parse(span) for span in spans), key=lambda p: p.start)
    follow = all(a.end == b.start for a, b in pairwise(periods))
    return follow and (periods[0].start, periods[-1].end) == (parse(name).start, parse(name).end)


COUNT = st.one_of(st.none(), st.integers(0, 500))
TALK = st.lists(
    st.tuples(DAYS, st.sampled_from(["weibo", "red"]), st.sampled_from(["us", "we", "them"]), COUNT, COUNT, COUNT, COUNT, COUNT),
    min_size=1, max_size=12, unique_by=lambda row: row[:3],
)  # fmt: skip


@SLOW
@given(TALK)
def test_what_is_said_of_brands_counts_what_platforms_count(talk: list[tuple[object, ...]]) -> None:
    edges = [(day, "first", brand, 1, 1, 0, 0, 0) for day in (FIRST, LAST) for brand in ("us", "them")]
    everything = [*talk, *edges]
    rows = [(d, ch, b, "rival" if b == "them" else "own", *counts) for d, ch, b, *counts in everything]
    source = shop(
        closed([(1, FIRST, "web", 100, 10)]),
        mentions=table("day | channel | brand | side | mentions | positive | negative | likes | saves", rows),
    )
    period = parse("2025Q1")
    rows = [row for row in rows if period.start <= row[0] < period.end]  # type: ignore[operator]
    own = [row for row in rows if row[3] == "own"]

    def total(some: list[tuple[object, ...]], *places: int) -> int:
        return sum(row[place] or 0 for row in some for place in places)  # type: ignore[misc]

    assert float(measured(source, "mentions", "2025Q1").value or 0) == total(own, 4)
    assert float(measured(source, "engagements", "2025Q1").value or 0) == total(own, 7, 8)
    voice = measured(source, "share_of_voice", "2025Q1").value
    assert voice == (pytest.approx(total(own, 4) / total(rows, 4)) if total(rows, 4) else None)
    judged = [row for row in own if None not in row[4:7]]
    mood = measured(source, "net_sentiment", "2025Q1").value
    spread = total(judged, 5) - total(judged, 6)
    assert mood == (pytest.approx(spread / total(judged, 4)) if total(judged, 4) else None)


def test_a_share_of_voice_without_rivals_is_no_number() -> None:
    rows = [("2025-03-02", "weibo", "us", "own", 5)]
    source = shop(closed([(1, FIRST, "web", 100, 10)]), mentions=table("day | channel | brand | side | mentions", rows))
    voice, engaged = measured(source, "share_of_voice"), measured(source, "engagements")
    assert voice.value is None and voice.reason is not None and "rivals" in voice.reason("en")
    assert engaged.value is None and engaged.reason is not None


def test_awareness_carries_its_source_its_day_and_its_sampling_error() -> None:
    rows = [("brand_awareness", "2025-03-03", "2025-03-16", 0.35, 400, "a study", "2025-04-01")]
    header = "figure | from_on | to_on | value | sample | source | published_on"
    value = measured(
        shop(closed([(1, FIRST, "web", 100, 10)]), external_figures=table(header, rows)), "brand_awareness"
    )
    assert value.value == 0.35 and value.n == 400
    assert (value.interval_low, value.interval_high) == pytest.approx(wilson(140, 400))
    assert (value.settings["external_sources"], value.settings["published_on"]) == (["a study"], "2025-04-01")
