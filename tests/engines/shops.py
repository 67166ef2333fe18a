"""A shop with something in every table, drawn from a seed: unknown values, ties, quotes, refunds before and after, people who come back."""

from __future__ import annotations

import random
from datetime import date, timedelta

from engines.drawing import CHANNELS, DAYS, FIRST, LAST, Row, day_of, drawn, later, money, some
from engines.listening_tables import listening_tables
from engines.selling_tables import selling_tables

# The seed of the shop in which every metric has a number.
WHOLE = 1


def whole_shop(seed: int, *, customers: int = 20, orders: int = 120) -> dict[str, str]:
    """The tables as text. Every second shop knows all costs and quantities, so that not only the reasons why there is no number are compared."""
    draw, known = random.Random(seed), 1.0 if seed % 2 else 0.97
    days = [FIRST, *(day_of(draw) for _ in range(orders - 2)), LAST]
    placed = [_order(draw, number, day, customers, known) for number, day in enumerate(days)]
    return {
        "customers": _customers(draw, customers),
        "products": drawn("product_id | category | tier | price | cost", [("p1", "tea", "A", "20.00", "3.10"), ("p2", "cup", "B", "45.50", ""), ("p3", None, None, "5.00", "1.00"), ("p4", "tea", "B", "90.00", "9.00")]),
        "orders": drawn("order_id | customer_id | ordered_on | status | channel | campaign | region | team | salesperson | segment | quantity | amount | discount | cost", placed),
        "order_lines": _lines(draw, placed, known),
        "refunds": _refunds(draw, placed),
        "spend": _spend(draw),
        "leads": _leads(draw, customers),
        "ad_results": _ad_results(draw),
        "survey_responses": _answers(draw, customers),
        "complaints": _complaints(draw, customers),
        "campaigns": drawn("campaign | channel | start_on | end_on | budget", [("c1", "web", "2024-11-01", "2024-11-20", "900.00"), ("c2", "门店", "2025-02-03", "", "500.55"), ("c3", "web", "2025-03-01", "2025-03-31", "")]),
        "participations": _participations(draw, customers),
        "staff": drawn("staff_id | team | region | from_on | to_on", [("s1", "A", "north", "2024-01-05", ""), ("s2", "B", "south", "2024-03-01", "2025-02-14"), ("s3", None, "north", "2025-01-01", "")]),
        "scores": _scores(draw, customers),
        **selling_tables(draw, seed, customers),
        **listening_tables(draw, customers),
    }  # fmt: skip


def _order(draw: random.Random, number: int, day: date, customers: int, known: float) -> Row:
    """An order; new customers keep coming until the end."""
    status = (
        draw.choice(["completed"] * 8 + ["refunded", "cancelled", "test", "paid"])
        if FIRST < day < LAST
        else "completed"
    )
    who = some(draw, draw.randint(1, 4 + (customers - 4) * (day - FIRST).days // DAYS), 0.85)
    amount = money(draw) if draw.random() < 0.93 or day in (FIRST, LAST) else "-" + money(draw, 3_000)
    discount = some(draw, money(draw, 2_000), 0.4)
    dims = (
        draw.choice(CHANNELS),
        some(draw, draw.choice(["c1", "c2"]), 0.3),
        draw.choice(["north", "south", None]),
        draw.choice(["A", "B"]),
    )
    sold_by = some(draw, draw.choice(["s1", "s2"]))
    return (f"o{number:03}", who, day, status, *dims, sold_by, draw.choice(["b2b", None]), some(draw, draw.randint(1, 5), known if known == 1 else 0.8), amount, discount, some(draw, money(draw, 40_000), known))  # fmt: skip


def _customers(draw: random.Random, customers: int) -> str:
    rows = [
        (c, some(draw, day_of(draw, -200, 300), 0.8 if c < 7 else 0.1), draw.choice(["web", "门店", None]), some(draw, "c1", 0.2), draw.choice(["north", "south"]), draw.choice(["gold", None]))
        for c in range(1, customers + 1)
    ]  # fmt: skip
    return drawn("customer_id | acquired_on | acquisition_channel | acquisition_campaign | region | level", rows)


def _lines(draw: random.Random, placed: list[Row], known: float) -> str:
    rows = [
        (order[0], number, draw.choice(["p1", "p2", "p3", "p4", "gone"]), draw.randint(1, 4), some(draw, money(draw, 50_000), 0.5), some(draw, money(draw, 900), 0.3), money(draw, 30_000), some(draw, money(draw, 20_000), known))
        for order in placed
        if draw.random() < 0.6
        for number in range(1, draw.randint(2, 5))
    ]  # fmt: skip
    return drawn("order_id | line_no | product_id | quantity | gross | discount | net | cost", rows)


def _refunds(draw: random.Random, placed: list[Row]) -> str:
    rows = []
    for number in range(14):
        order = draw.choice(placed)
        of = draw.choice([order[0], order[0], order[0], None, "elsewhere"])
        day = min(
            date.fromisoformat(str(order[2])) + timedelta(days=draw.randint(0, 60)), FIRST + timedelta(days=DAYS - 1)
        )
        rows.append((f"r{number}", of, order[1], day, money(draw, 9_000), some(draw, money(draw, 2_000), 0.5)))
    return drawn("refund_id | order_id | customer_id | refunded_on | amount | cost_returned", rows)


def _spend(draw: random.Random) -> str:
    rows = [
        (FIRST + timedelta(days=9 * n), draw.choice(CHANNELS[:3]), draw.choice(["c1", "c2", None]), draw.choice(["media", "salary", "promotion", "other"]), draw.choice(["acquisition", "retention"]), money(draw))
        for n in range(60)
    ]  # fmt: skip
    return drawn("spent_on | channel | campaign | category | purpose | amount", rows)


def _leads(draw: random.Random, customers: int) -> str:
    rows = []
    for number in range(40):
        day = day_of(draw, 0, 500)
        rows.append((f"l{number}", some(draw, draw.randint(1, customers), 0.7), day, some(draw, day + timedelta(days=draw.randint(0, 30)), 0.5), some(draw, draw.randint(0, 6)), draw.choice(CHANNELS), draw.choice(["north", "south"])))  # fmt: skip
    return drawn("lead_id | customer_id | created_on | qualified_on | follow_ups | channel | region", rows)


def _ad_results(draw: random.Random) -> str:
    rows = [
        (FIRST + timedelta(days=14 * n), draw.choice(["web", "门店"]), "c1", some(draw, draw.randint(100, 9_000)), some(draw, draw.randint(0, 90)))
        for n in range(38)
    ]  # fmt: skip
    return drawn("day | channel | campaign | impressions | clicks", rows)


def _answers(draw: random.Random, customers: int) -> str:
    rows = []
    for number in range(70):
        measure, high = draw.choice([("csat", 5), ("nps", 10), ("ces", 7)])
        day = day_of(draw)
        at = some(draw, f"{day} {draw.randint(0, 23):02}:{draw.randint(0, 59):02}:00+00", 0.5)
        rows.append((f"a{number:02}", "s1", some(draw, draw.randint(1, customers), 0.9), at, day, measure, measure, draw.randint(0, high), 0, high, draw.choice(["web", "phone"]), draw.choice(CHANNELS), some(draw, "c1", 0.3)))  # fmt: skip
    return drawn("response_id | survey | customer_id | responded_at | responded_on | question | measure | score | scale_low | scale_high | mode | channel | campaign", rows)  # fmt: skip


def _complaints(draw: random.Random, customers: int) -> str:
    rows = []
    for number in range(40):
        day, minute = day_of(draw), draw.randint(0, 1439)
        opened = (
            f"{day} {minute // 60:02}:{minute % 60:02}:{draw.randint(0, 59):02}.{draw.randint(0, 999):03}+00"
            if draw.random() < 0.7
            else None
        )
        ended, answered = later(draw, day, 40, 0.8), later(draw, day, 3, 0.8)
        again = later(draw, ended, 12, 0.4) if ended else None
        resolved = f"{ended} 23:59:{draw.randint(0, 59):02}.5+00" if ended and opened else None
        response = f"{answered} 23:58:59.25+00" if answered and opened else None
        rows.append((f"k{number}", some(draw, draw.randint(1, customers)), opened, day, response, answered, resolved, ended, again, draw.choice(["late", None]), draw.choice(CHANNELS), draw.choice(["A", "B"])))  # fmt: skip
    return drawn("complaint_id | customer_id | opened_at | opened_on | first_response_at | first_response_on | resolved_at | resolved_on | reopened_on | category | channel | team", rows)  # fmt: skip


def _participations(draw: random.Random, customers: int) -> str:
    rows = [
        (campaign, c, some(draw, day_of(draw, 300, 420)), draw.choice(["online", "offline"]), draw.choice(["treated", "holdout", None]))
        for campaign in ("c1", "c2", "c3")
        for c in range(1, customers + 1)
        if draw.random() < 0.8
    ]  # fmt: skip
    return drawn("campaign | customer_id | joined_on | mode | arm", rows)


def _scores(draw: random.Random, customers: int) -> str:
    scores = ("lifetime_value", "lifetime_value_error_1", "residual_value", "probability_alive")
    rows = [
        ("clv", score, LAST + timedelta(days=1), c, round(draw.random() * 100, 6))
        for score in scores
        for c in range(1, customers + 1)
    ]
    return drawn("model | score | as_of | customer_id | value", rows)
