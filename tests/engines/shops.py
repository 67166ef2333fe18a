"""A shop with something in every table, drawn from a seed: unknown values, ties, quotes, refunds before and after, people who come back."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import date, timedelta

FIRST, DAYS = date(2024, 1, 1), 546  # to 2025-06-30
CHANNELS = ("web", "门店", "it's \\ here", None)
Row = tuple[object, ...]


def whole_shop(seed: int, *, customers: int = 12, orders: int = 90) -> dict[str, str]:
    """The tables as text."""
    draw = random.Random(seed)
    placed = [_order(draw, number, customers) for number in range(orders)]
    return {
        "customers": _customers(draw, customers),
        "products": drawn("product_id | category | cost", [("p1", "tea", "3.10"), ("p2", "cup", ""), ("p3", None, "1.00")]),
        "orders": drawn("order_id | customer_id | ordered_on | status | channel | campaign | region | team | salesperson | segment | quantity | amount | discount | cost", placed),
        "order_lines": _lines(draw, placed),
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
    }  # fmt: skip


def drawn(header: str, rows: Iterable[Row]) -> str:
    """A table as text."""
    return "\n".join([header, *(" | ".join("" if cell is None else str(cell) for cell in row) for row in rows)])


def _day(draw: random.Random, first: int = 0, last: int = DAYS - 1) -> date:
    return FIRST + timedelta(days=draw.randint(first, last))


def _money(draw: random.Random, most: int = 90_000) -> str:
    fen = draw.randint(1, most)
    return f"{fen // 100}.{fen % 100:02d}"


def _some(draw: random.Random, value: object, share: float = 0.8) -> object:
    return value if draw.random() < share else None


def _order(draw: random.Random, number: int, customers: int) -> Row:
    status = draw.choice(["completed"] * 8 + ["refunded", "cancelled", "test", "paid"])
    who = _some(draw, draw.randint(1, customers), 0.85)
    amount = _money(draw) if draw.random() < 0.93 else "-" + _money(draw, 3_000)
    discount = _some(draw, _money(draw, 2_000), 0.4)
    dims = (
        draw.choice(CHANNELS),
        _some(draw, draw.choice(["c1", "c2"]), 0.3),
        draw.choice(["north", "south", None]),
        draw.choice(["A", "B"]),
    )
    sold_by = _some(draw, draw.choice(["s1", "s2"]))
    return (f"o{number:03}", who, _day(draw), status, *dims, sold_by, draw.choice(["b2b", None]), _some(draw, draw.randint(1, 5)), amount, discount, _some(draw, _money(draw, 40_000), 0.97))  # fmt: skip


def _customers(draw: random.Random, customers: int) -> str:
    rows = [
        (c, _some(draw, _day(draw, -200, 300), 0.6), draw.choice(["web", "门店", None]), _some(draw, "c1", 0.2), draw.choice(["north", "south"]), draw.choice(["gold", None]))
        for c in range(1, customers + 1)
    ]  # fmt: skip
    return drawn("customer_id | acquired_on | acquisition_channel | acquisition_campaign | region | level", rows)


def _lines(draw: random.Random, placed: list[Row]) -> str:
    rows = [
        (order[0], number, draw.choice(["p1", "p2", "p3", "gone"]), draw.randint(1, 4), _some(draw, _money(draw, 50_000), 0.5), _some(draw, _money(draw, 900), 0.3), _money(draw, 30_000), _some(draw, _money(draw, 20_000), 0.97))
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
        rows.append((f"r{number}", of, order[1], day, _money(draw, 9_000), _some(draw, _money(draw, 2_000), 0.5)))
    return drawn("refund_id | order_id | customer_id | refunded_on | amount | cost_returned", rows)


def _spend(draw: random.Random) -> str:
    rows = [
        (FIRST + timedelta(days=9 * n), draw.choice(CHANNELS[:3]), draw.choice(["c1", "c2", None]), draw.choice(["media", "salary", "promotion", "other"]), draw.choice(["acquisition", "retention"]), _money(draw))
        for n in range(60)
    ]  # fmt: skip
    return drawn("spent_on | channel | campaign | category | purpose | amount", rows)


def _leads(draw: random.Random, customers: int) -> str:
    rows = []
    for number in range(40):
        day = _day(draw, 0, 500)
        rows.append((f"l{number}", _some(draw, draw.randint(1, customers), 0.7), day, _some(draw, day + timedelta(days=draw.randint(0, 30)), 0.5), draw.choice(CHANNELS), draw.choice(["north", "south"])))  # fmt: skip
    return drawn("lead_id | customer_id | created_on | qualified_on | channel | region", rows)


def _ad_results(draw: random.Random) -> str:
    rows = [
        (FIRST + timedelta(days=14 * n), draw.choice(["web", "门店"]), "c1", _some(draw, draw.randint(100, 9_000)), _some(draw, draw.randint(0, 90)))
        for n in range(38)
    ]  # fmt: skip
    return drawn("day | channel | campaign | impressions | clicks", rows)


def _answers(draw: random.Random, customers: int) -> str:
    rows = []
    for number in range(70):
        measure, high = draw.choice([("csat", 5), ("nps", 10), ("ces", 7)])
        day = _day(draw)
        at = _some(draw, f"{day} {draw.randint(0, 23):02}:{draw.randint(0, 59):02}:00+00", 0.5)
        rows.append((f"a{number:02}", "s1", _some(draw, draw.randint(1, customers), 0.9), at, day, measure, measure, draw.randint(0, high), 0, high, draw.choice(["web", "phone"]), draw.choice(CHANNELS), _some(draw, "c1", 0.3)))  # fmt: skip
    return drawn("response_id | survey | customer_id | responded_at | responded_on | question | measure | score | scale_low | scale_high | mode | channel | campaign", rows)  # fmt: skip


def _complaints(draw: random.Random, customers: int) -> str:
    rows = []
    for number in range(40):
        day, minute = _day(draw), draw.randint(0, 1439)
        opened = (
            f"{day} {minute // 60:02}:{minute % 60:02}:{draw.randint(0, 59):02}.{draw.randint(0, 999):03}+00"
            if draw.random() < 0.7
            else None
        )
        ended = day + timedelta(days=draw.randint(0, 40)) if draw.random() < 0.7 else None
        ended = ended if ended and ended < FIRST + timedelta(days=DAYS) else None
        resolved = f"{ended} 23:59:{draw.randint(0, 59):02}.5+00" if ended and opened else None
        rows.append((f"k{number}", _some(draw, draw.randint(1, customers)), opened, day, resolved, ended, draw.choice(["late", None]), draw.choice(CHANNELS), draw.choice(["A", "B"])))  # fmt: skip
    return drawn(
        "complaint_id | customer_id | opened_at | opened_on | resolved_at | resolved_on | category | channel | team",
        rows,
    )


def _participations(draw: random.Random, customers: int) -> str:
    rows = [
        (campaign, c, _some(draw, _day(draw, 300, 420)), draw.choice(["online", "offline"]), draw.choice(["treated", "holdout", None]))
        for campaign in ("c1", "c2", "c3")
        for c in range(1, customers + 1)
        if draw.random() < 0.8
    ]  # fmt: skip
    return drawn("campaign | customer_id | joined_on | mode | arm", rows)


def _scores(draw: random.Random, customers: int) -> str:
    names = {"clv": ("customer_lifetime_value", "probability_alive")}
    rows = [
        (model, score, FIRST + timedelta(days=DAYS), c, round(draw.random() * 100, 6))
        for model, scores in names.items()
        for score in scores
        for c in range(1, customers + 1)
    ]
    return drawn("model | score | as_of | customer_id | value", rows)
