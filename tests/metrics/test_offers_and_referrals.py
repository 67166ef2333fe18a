"""Prospects, offers, referrals and reopened complaints beside a loop over lists."""

from __future__ import annotations

from datetime import date, timedelta
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metrics.random_shops import (
    DAYS,
    END,
    FIRST,
    LAST,
    ORDERS,
    SLOW,
    Order,
    agrees,
    closed,
    first_days,
    measured,
    purchase_days,
    shop,
    table,
)

from kexiao.facts.metric import MetricValue
from kexiao.facts.periods import parse
from kexiao.facts.worked_example import source_of

QUARTER = parse("2025Q1")
WINDOW = 60
PERSON = st.integers(1, 7)


def inside(day: date | None) -> bool:
    return day is not None and QUARTER.start <= day < QUARTER.end


def is_share(value: MetricValue, hits: list[bool], immature: int | None = None) -> bool:
    """Whether a value is the share of hits, or says why there is none; and counts those whose time is not over."""
    return agrees(value, fmean(hits) if hits else None) and immature in (None, value.immature)


@SLOW
@given(ORDERS, st.lists(st.tuples(st.one_of(st.none(), PERSON), DAYS), min_size=1, max_size=10))
def test_prospects_and_referrals_are_won_by_a_first_order_in_time(
    orders: list[Order], met: list[tuple[int | None, date]]
) -> None:
    everyone = closed(orders)
    edges = [("first", None, FIRST), ("last", None, LAST)]
    rows = [(f"x{i}", *row) for i, row in enumerate(met)]
    source = shop(
        everyone,
        prospects=table("prospect_id | customer_id | contacted_on", [*rows, *edges]),
        referrals=table("referral_id | referred_id | referred_on", [*rows, *edges]),
    )
    first = first_days(everyone)
    over = [(c, day) for c, day in met if inside(day) and day + timedelta(days=90) <= END]
    won = [c in first and day <= first[c] < day + timedelta(days=90) for c, day in over]  # type: ignore[index]
    waiting = sum(inside(day) for _, day in met) - len(over)
    for metric in ("acquisition_rate", "referral_rate:converted"):
        assert is_share(measured(source, metric, "2025Q1"), won, waiting)


@SLOW
@given(ORDERS, st.lists(st.tuples(PERSON, DAYS), max_size=10))
def test_referrers_are_sought_among_those_active_at_the_start_or_ordering(
    orders: list[Order], referrals: list[tuple[int, date]]
) -> None:
    everyone = closed(orders)
    rows = [(f"r{i}", *row) for i, row in enumerate(referrals)] + [("first", None, FIRST), ("last", None, LAST)]
    answers = [
        ("a", 1, "2025-02-01", "q", "nps", 10),
        ("b", 2, "2025-02-01", "q", "nps", 2),
        ("z", 9, LAST, "q", "nps", 9),
    ]
    source = shop(
        everyone,
        window=WINDOW,
        referrals=table("referral_id | customer_id | referred_on", rows),
        survey_responses=table("response_id | customer_id | responded_on | question | measure | score", answers),
    )
    days = purchase_days(everyone)
    since = QUARTER.start - timedelta(days=WINDOW)
    people = {c for c, own in days.items() if any(since <= day < QUARTER.end for day in own)}
    told = {c for c, day in referrals if inside(day)}
    value = measured(source, "referral_rate", "2025Q1")
    assert is_share(value, [c in told for c in people])
    bought = [sum(o[0] == c and inside(o[1]) for o in everyone) for c in people]
    buyers = [n for n in bought if n]
    loyalty = measured(source, "loyalty_index", "2025Q1")
    if buyers and people:
        parts = (fmean(n > 1 for n in buyers), fmean(c in told for c in people), 0.5)
        assert loyalty.value == pytest.approx(100 * fmean(parts))
    else:
        assert loyalty.value is None and loyalty.reason is not None


OFFERS = st.lists(
    st.tuples(PERSON, DAYS, st.sampled_from(["cross_sell", "up_sell", "renewal"]), st.one_of(st.none(), st.integers(0, 60))),
    min_size=1, max_size=12,
)  # fmt: skip


@SLOW
@given(OFFERS)
def test_offers_are_taken_within_their_window_or_not(offers: list[tuple[int, date, str, int | None]]) -> None:
    taken = [None if after is None else day + timedelta(days=after) for _, day, _, after in offers]
    rows = [(f"o{i}", c, day, kind, taken[i]) for i, (c, day, kind, _) in enumerate(offers)]
    rows += [("first", 90, FIRST, "renewal", None), ("last", 91, LAST, "renewal", None)]
    source = shop(
        closed([(1, FIRST, "web", 100, 10)]),
        offers=table("offer_id | customer_id | offered_on | kind | accepted_on", rows),
    )
    end = max([LAST, *(day for day in taken if day)]) + timedelta(days=1)
    for metric, kind in (("cross_sell_rate", "cross_sell"), ("upsell_rate", "up_sell")):
        ours = [(day, after) for _, day, k, after in offers if k == kind and inside(day)]
        over = [after is not None and after < 30 for day, after in ours if day + timedelta(days=30) <= end]
        assert is_share(measured(source, metric, "2025Q1"), over, len(ours) - len(over))


PRODUCTS = [("p1", "tea", "A", 20), ("p2", "cups", "A", 40), ("p3", "tea", "B", 90), ("p4", None, None, 5)]


@SLOW
@given(ORDERS, st.lists(st.integers(0, 3), min_size=32, max_size=32))
def test_existing_customers_buy_new_categories_and_higher_tiers(orders: list[Order], chosen: list[int]) -> None:
    everyone = closed(orders)
    kept = [PRODUCTS[chosen[i]] for i in range(len(everyone))]
    drawn = {
        "orders": table("order_id | customer_id | ordered_on", [(f"o{i}", o[0], o[1]) for i, o in enumerate(everyone)]),
        "order_lines": table(
            "order_id | line_no | product_id | net", [(f"o{i}", 1, p[0], 9) for i, p in enumerate(kept)]
        ),
        "products": table("product_id | category | tier | price", PRODUCTS),
    }
    source = source_of(drawn, window=WINDOW)
    first = first_days(everyone)
    buyers = sorted({o[0] for o in everyone if inside(o[1]) and first[o[0]] < QUARTER.start})
    worth = {"A": 30, "B": 90}

    def bought(customer: int, place: int, now: bool) -> set[str]:
        own = [
            i for i, o in enumerate(everyone) if o[0] == customer and (inside(o[1]) if now else o[1] < QUARTER.start)
        ]
        return {str(kept[i][place]) for i in own if kept[i][place] is not None}

    fresh = [bool(bought(c, 1, True) - bought(c, 1, False)) for c in buyers]
    assert is_share(measured(source, "cross_sell_rate:behaviour", "2025Q1"), fresh)
    tiers = [([worth[t] for t in bought(c, 2, True)], [worth[t] for t in bought(c, 2, False)]) for c in buyers]
    higher = [bool(now and before and max(now) > max(before)) for now, before in tiers]
    assert is_share(measured(source, "upsell_rate:behaviour", "2025Q1"), higher)


@SLOW
@given(
    st.lists(
        st.tuples(PERSON, DAYS, st.one_of(st.none(), st.integers(0, 20)), st.one_of(st.none(), st.integers(0, 30))),
        min_size=1,
        max_size=10,
    )
)
def test_cases_reopened_in_time_are_held_against_those_resolved(
    cases: list[tuple[int, date, int | None, int | None]],
) -> None:
    drawn, resolved = [], []
    for i, (c, opened, after, again) in enumerate(cases):
        done = None if after is None else opened + timedelta(days=after)
        back = None if again is None or done is None else done + timedelta(days=again)
        drawn.append((f"c{i}", c, opened, done, back))
        resolved.append((done, back))
    drawn += [("first", 90, FIRST, FIRST, FIRST), ("last", 91, LAST, LAST, LAST)]
    source = shop(
        closed([(1, FIRST, "web", 100, 10)]),
        complaints=table("complaint_id | customer_id | opened_on | resolved_on | reopened_on", drawn),
    )
    end = max(day for row in drawn for day in row[2:] if day) + timedelta(days=1)  # type: ignore[type-var]
    ours = [(done, back) for done, back in resolved if inside(done)]
    over = [back is not None and back < done + timedelta(days=7) for done, back in ours if done and done + timedelta(days=7) <= end]  # fmt: skip
    assert is_share(measured(source, "reopened_rate", "2025Q1"), over, len(ours) - len(over))


@SLOW
@given(st.lists(st.tuples(DAYS, st.one_of(st.none(), st.integers(0, 9))), min_size=1, max_size=10))
def test_follow_ups_are_counted_where_they_are_counted(leads: list[tuple[date, int | None]]) -> None:
    rows = [(f"L{i}", *row) for i, row in enumerate(leads)] + [("first", FIRST, 1), ("last", LAST, 1)]
    source = shop(closed([(1, FIRST, "web", 100, 10)]), leads=table("lead_id | created_on | follow_ups", rows))
    counted = [n for day, n in leads if inside(day) and n is not None]
    value = measured(source, "follow_ups_per_lead", "2025Q1")
    assert value.value == (pytest.approx(fmean(counted)) if counted else None)
