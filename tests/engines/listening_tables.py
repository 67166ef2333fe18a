"""The tables of listening in a random shop: invitations, messages, reviews, mentions of brands, figures from outside."""

from __future__ import annotations

import random
from datetime import date, timedelta

from engines.drawing import CHANNELS, FIRST, Row, day_of, drawn, later, some

# Channels of messages: one that tells of everything, one of delivery alone, one of nothing, and an unknown one.
TELLING = {"email": 0.8, "it's": 0.0, "post": -1.0, None: 0.5}


def listening_tables(draw: random.Random, customers: int) -> dict[str, str]:
    """The tables as text."""
    return {
        "survey_invitations": _invitations(draw, customers),
        "messages": _messages(draw, customers),
        "reviews": _reviews(draw, customers),
        "mentions": _mentions(draw),
        "external_figures": _figures(draw),
    }


def _invitations(draw: random.Random, customers: int) -> str:
    rows = []
    for number in range(70):
        sent, channel = day_of(draw), draw.choice(list(TELLING))
        told = TELLING[channel] >= 0
        delivered = later(draw, sent, 2, 0.9) if told else None
        answered = later(draw, sent, 9, 0.4)
        status = draw.choice(["failed", "sent", None]) if told and not delivered and not answered else None
        rows.append((f"i{number:02}", some(draw, draw.randint(1, customers), 0.9), "s1", sent, delivered, answered, status, draw.choice(["web", "phone", None]), channel, some(draw, "c1", 0.3), draw.choice(["north", "south"]), draw.choice(["A", None])))  # fmt: skip
    return drawn("invitation_id | customer_id | survey | sent_on | delivered_on | answered_on | status | mode | channel | campaign | region | team", rows)  # fmt: skip


def _messages(draw: random.Random, customers: int) -> str:
    rows = []
    for number in range(120):
        sent, channel = day_of(draw), draw.choice(list(TELLING))
        share = TELLING[channel]
        delivered = later(draw, sent, 2, 0.9) if share >= 0 else None
        opened = later(draw, sent, 5, share)
        clicked = later(draw, opened, 2, 0.5) if opened else None
        left = later(draw, sent, 6, 0.2 * share)
        status = draw.choice(["failed", "clicked" if share > 0 else "sent", None]) if not delivered else None
        rows.append((f"m{number:03}", some(draw, draw.randint(1, customers), 0.9), channel, some(draw, "c1", 0.3), sent, delivered, opened, clicked, left, status))  # fmt: skip
    return drawn("message_id | customer_id | channel | campaign | sent_on | delivered_on | opened_on | clicked_on | unsubscribed_on | status", rows)  # fmt: skip


def _reviews(draw: random.Random, customers: int) -> str:
    rows = [
        (f"v{n:02}", some(draw, draw.randint(1, customers), 0.9), draw.choice(["p1", "p2", None]), draw.choice(CHANNELS), day_of(draw), draw.choice([1, 2, 3, 4, 4.5, 5, 5]))
        for n in range(50)
    ]  # fmt: skip
    return drawn("review_id | customer_id | product_id | channel | reviewed_on | stars", rows)


def _mentions(draw: random.Random) -> str:
    """A day every week; what a platform does not count is empty, never 0."""
    rows: list[Row] = []
    for week in range(78):
        day, channel = FIRST + timedelta(days=7 * week), draw.choice(CHANNELS[:3])
        judged = draw.random() < 0.6
        positive, negative = (draw.randint(0, 40), draw.randint(0, 20)) if judged else (None, None)
        reactions = [some(draw, draw.randint(0, 500), 0.7) for _ in range(4)]
        rows.append((day, channel, "ours", "own", draw.randint(60, 400), positive, negative, *reactions))
        rows.append((day, channel, "theirs", "rival", some(draw, draw.randint(0, 900), 0.9), None, None, None, None, None, None))  # fmt: skip
    return drawn("day | channel | brand | side | mentions | positive | negative | likes | comments | shares | saves", rows)  # fmt: skip


def _figures(draw: random.Random) -> str:
    """Market sizes of quarters and months, whole and by scope, one published twice; awareness from studies with and without their sample."""
    rows: list[Row] = []
    for year, month in ((2024, 4), (2024, 7), (2025, 1), (2025, 4)):
        first, last = date(year, month, 1), date(year, month + 3, 1) - timedelta(days=1)
        for region, category in ((None, None), ("north", None), ("south", None), (None, "tea"), ("north", "tea")):
            rows.append(("market_size", first, last, region, category, draw.randint(10**5, 10**7) + 0.25, None, "Institute's A", last + timedelta(days=20)))  # fmt: skip
        asked = some(draw, draw.randint(200, 900), 0.7)
        rows.append(("brand_awareness", first, last, None, None, round(draw.random(), 4), asked, "Study", last + timedelta(days=9)))  # fmt: skip
        rows.append(("brand_awareness", first, last, "north", None, round(draw.random(), 4), 300, "Study", last + timedelta(days=9)))  # fmt: skip
    february = date(2025, 2, 1), date(2025, 2, 28)
    rows += [
        ("market_size", *february, None, None, 400_000 + draw.random(), None, source, published)
        for source, published in (("Institute's A", date(2025, 3, 9)), ("B", date(2025, 4, 2)))
    ]
    return drawn("figure | from_on | to_on | region | category | value | sample | source | published_on", rows)
