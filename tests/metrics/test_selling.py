"""Opportunities and quotas beside a loop over days and lists."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metrics.random_shops import (
    DAYS,
    FIRST,
    LAST,
    ORDERS,
    REFUNDS,
    SLOW,
    Order,
    booked,
    closed,
    measured,
    refunds_table,
    shop,
    table,
)

from kexiao.facts.intervals import wilson
from kexiao.facts.periods import parse
from kexiao.facts.worked_example import source_of

QUARTER = parse("2025Q1")
PEOPLE = ("s1", "s2", "s3")
Deal = tuple[int, date, int | None, str, int]  # customer, opened, days to the close, outcome, yuan
DEALS = st.lists(
    st.tuples(st.integers(1, 4), DAYS, st.one_of(st.none(), st.integers(0, 120)), st.sampled_from(["open", "won", "lost"]), st.integers(1, 900)),
    max_size=14,
)  # fmt: skip
Quota = tuple[str, date, date, int]  # person, first day, last day, yuan
QUOTAS = st.lists(
    st.tuples(st.sampled_from(PEOPLE), st.sampled_from(["2024Q4", "2025-01", "2025-02", "2025Q1", "2025"]), st.integers(1, 9_000)),
    min_size=1, max_size=6, unique_by=lambda row: row[:2],
)  # fmt: skip
TERMS = st.lists(
    st.tuples(st.sampled_from(PEOPLE), st.integers(-100, 60), st.integers(1, 200)),
    max_size=3,
    unique_by=lambda row: row[0],
)


def inside(day: date) -> bool:
    return QUARTER.start <= day < QUARTER.end


def closing(deal: Deal) -> date | None:
    return None if deal[3] == "open" or deal[2] is None else deal[1] + timedelta(days=deal[2])


def deals_table(deals: list[Deal]) -> str:
    rows = [
        (f"p{i}", c, day, closing(deal), status, PEOPLE[i % 3], amount)
        for i, deal in enumerate(deals)
        for c, day, _, status, amount in [deal]
    ]
    edges = [("first", 90, FIRST, None, "open", "nobody", 0), ("last", 91, LAST, None, "open", "nobody", 0)]
    return table(
        "opportunity_id | customer_id | opened_on | closed_on | status | salesperson | amount", [*rows, *edges]
    )


def quotas_drawn(quotas: list[tuple[str, str, int]]) -> list[Quota]:
    return [(person, parse(span).start, parse(span).end - timedelta(days=1), value) for person, span, value in quotas]


def tables_of(
    quotas: list[Quota], terms: list[tuple[str, int, int]], orders: list[Order]
) -> tuple[dict[str, str], dict[str, tuple[date, date]]]:
    posts = {
        who: (QUARTER.start + timedelta(days=begin), QUARTER.start + timedelta(days=begin + days))
        for who, begin, days in terms
    }
    sold = ((f"o{i}", c, d, PEOPLE[c % 3], fen / 100, cost / 100) for i, (c, d, _, fen, cost) in enumerate(orders))
    drawn = {
        "orders": table("order_id | customer_id | ordered_on | salesperson | amount | cost", sold),
        "targets": table(
            "metric | from_on | to_on | salesperson | value",
            [("net_sales", first, last, who, value) for who, first, last, value in quotas],
        ),
        "staff": table("staff_id | from_on | to_on", [(who, *post) for who, post in posts.items()] or [("x", FIRST, None)]),
    }  # fmt: skip
    return drawn, posts


def in_force(quotas: list[Quota], posts: dict[str, tuple[date, date]], who: str, day: date) -> Quota | None:
    """The quota of a person on a day: the one of the shortest span, where one is in post."""
    begin, end = posts.get(who, (date.min, date.max))
    covering = [q for q in quotas if q[0] == who and q[1] <= day <= q[2] and begin <= day < end]
    return min(covering, key=lambda q: q[2] - q[1]) if covering else None


@SLOW
@given(DEALS)
def test_the_win_rate_counts_what_was_closed_in_the_period(deals: list[Deal]) -> None:
    source = shop(closed([(1, FIRST, "web", 100, 10)]), opportunities=deals_table(deals))
    over = [deal for deal in deals if (day := closing(deal)) and inside(day)]
    opened = measured(source, "opportunities", "2025Q1")
    assert (opened.value or 0) == sum(inside(deal[1]) for deal in deals)
    rate = measured(source, "win_rate", "2025Q1")
    if not over:
        assert rate.value is None and rate.reason is not None
        return
    won = sum(deal[3] == "won" for deal in over)
    assert rate.value == pytest.approx(won / len(over))
    if len({deal[0] for deal in over}) == len(over):
        assert (rate.interval_low, rate.interval_high) == pytest.approx(wilson(won, len(over)))


@SLOW
@given(QUOTAS, TERMS, ORDERS, REFUNDS, st.sampled_from([None, *PEOPLE]))
def test_attainment_takes_quotas_by_days_in_post_and_the_sales_of_those_days(
    quotas: list[tuple[str, str, int]],
    terms: list[tuple[str, int, int]],
    orders: list[Order],
    refunds: list[tuple[int, int, int]],
    person: str | None,
) -> None:
    held, everyone = quotas_drawn(quotas), closed(orders)
    dated = booked(orders, refunds)
    drawn, posts = tables_of(held, terms, everyone)
    source = source_of({**drawn, "refunds": refunds_table(dated)}, window=60)
    asked = PEOPLE if person is None else (person,)
    days = [QUARTER.start + timedelta(days=n) for n in range(QUARTER.days)]
    quota = sum(
        (Fraction(q[3], (q[2] - q[1]).days + 1) for who in asked for day in days if (q := in_force(held, posts, who, day))),
        Fraction(0),
    )  # fmt: skip

    def credited(customer: int, day: date) -> bool:
        who = PEOPLE[customer % 3]
        return inside(day) and who in asked and in_force(held, posts, who, day) is not None

    sold = sum(o[3] for o in everyone if credited(o[0], o[1])) - sum(
        fen for n, day, fen in dated if credited(everyone[n][0], day)
    )
    value = measured(source, "quota_attainment", "2025Q1", (("salesperson", person),) if person else ())
    if quota == 0:
        assert value.value is None and value.reason is not None
    else:
        assert float(value.value or 0) == pytest.approx(sold / 100 / float(quota), abs=1e-9)
        assert float(value.denominator or 0) == pytest.approx(float(quota))


@SLOW
@given(DEALS, QUOTAS, TERMS, ORDERS)
def test_coverage_is_what_is_open_at_the_end_over_what_is_left(
    deals: list[Deal], quotas: list[tuple[str, str, int]], terms: list[tuple[str, int, int]], orders: list[Order]
) -> None:
    held, everyone = quotas_drawn(quotas), closed(orders)
    drawn, posts = tables_of(held, terms, everyone)
    source = source_of({**drawn, "opportunities": deals_table(deals)}, window=60)
    days = [QUARTER.start + timedelta(days=n) for n in range(QUARTER.days)]
    quota = sum(float(Fraction(q[3], (q[2] - q[1]).days + 1)) for who in PEOPLE for day in days if (q := in_force(held, posts, who, day)))  # fmt: skip
    sold = sum(o[3] for o in everyone if inside(o[1]) and in_force(held, posts, PEOPLE[o[0] % 3], o[1])) / 100
    still = [d for d in deals if d[1] < QUARTER.end and (d[3] == "open" or ((day := closing(d)) and day >= QUARTER.end))]  # fmt: skip
    value = measured(source, "pipeline_coverage", "2025Q1")
    if quota - sold <= 1e-9:
        assert value.value is None and value.reason is not None
    else:
        assert float(value.value or 0) == pytest.approx(sum(d[4] for d in still) / (quota - sold), abs=1e-6)


def test_a_team_quota_counts_only_where_nobody_has_one_of_their_own() -> None:
    """The fan-out trap: a team's quota beside its people's would hold every sale twice."""
    orders = table(
        "order_id | customer_id | ordered_on | salesperson | team | amount",
        [("a", 1, "2025-03-02", "s1", "north", 60), ("b", 2, "2025-03-03", None, "north", 40), ("z", 3, LAST, "s9", "south", 1)],
    )  # fmt: skip
    team = ("net_sales", "2025-03-01", "2025-03-31", None, "north", 200)
    header = "metric | from_on | to_on | salesperson | team | value"
    both = table(header, [team, ("net_sales", "2025-03-01", "2025-03-31", "s1", "north", 120)])
    of_people = source_of({"orders": orders, "targets": both})
    of_teams = source_of({"orders": orders, "targets": table(header, [team])})
    assert measured(of_people, "quota_attainment").value == pytest.approx(60 / 120)
    assert measured(of_teams, "quota_attainment").value == pytest.approx(100 / 200)


def test_an_open_deal_without_an_amount_is_not_taken_for_nothing() -> None:
    source = shop(
        closed([(1, FIRST, "web", 100, 10)]),
        targets=table("metric | from_on | to_on | value", [("net_sales", "2025-03-01", "2025-03-31", 100)]),
        opportunities=table(
            "opportunity_id | opened_on | status | amount", [("p", "2025-03-01", "open", None), ("q", LAST, "lost", 1)]
        ),
    )
    value = measured(source, "pipeline_coverage")
    assert value.value is None and value.reason is not None and "no amount" in value.reason("en")


def test_a_deal_won_with_its_expected_day_still_ahead_is_not_open_on_the_last_day() -> None:
    header = "opportunity_id | opened_on | closed_on | expected_on | status | amount"
    deals = [
        ("open", "2025-03-01", None, "2026-06-01", "open", 70),
        ("ahead", "2025-03-01", None, "2026-06-01", "won", 500),
        ("between", "2025-03-01", None, "2025-04-02", "won", 30),
    ]
    source = shop(
        closed([(1, FIRST, "web", 100, 10)]),
        targets=table("metric | from_on | to_on | value", [("net_sales", FIRST, LAST, 1000)]),
        opportunities=table(header, [*deals, ("edge", LAST, LAST, None, "lost", 1)]),
    )
    last, march = (measured(source, "pipeline_coverage", period) for period in (LAST.strftime("%Y-%m"), "2025-03"))
    assert last.numerator == 70
    assert march.numerator == 70 + 500 + 30
