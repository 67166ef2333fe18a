"""The tables of selling in a random shop: prospects, opportunities, offers, referrals, contracts, quotas and campaigns' goals."""

from __future__ import annotations

import random
from datetime import date, timedelta

from engines.drawing import CHANNELS, Row, day_of, drawn, later, money, some

QUARTERS = ((date(2024, 7, 1), date(2024, 9, 30)), (date(2025, 1, 1), date(2025, 3, 31)), (date(2025, 4, 1), date(2025, 6, 30)))  # fmt: skip


def selling_tables(draw: random.Random, seed: int, customers: int) -> dict[str, str]:
    """The tables as text; who holds the quotas hangs on the seed: people, teams, regions or the company."""
    return {
        "prospects": _prospects(draw, customers),
        "opportunities": _opportunities(draw, customers),
        "offers": _offers(draw, customers),
        "referrals": _referrals(draw, customers),
        "targets": _targets(draw, seed % 4),
        "subscriptions": _contracts(draw, customers, 1.0 if seed % 2 else 0.97),
    }


def _seller(draw: random.Random) -> Row:
    return draw.choice(["north", "south", None]), draw.choice(["A", "B", None]), some(draw, draw.choice(["s1", "s2"]))


def _prospects(draw: random.Random, customers: int) -> str:
    rows = [
        (f"x{n:02}", some(draw, draw.randint(1, customers), 0.5), day_of(draw), draw.choice(CHANNELS), some(draw, "c1", 0.3), *_seller(draw))
        for n in range(40)
    ]  # fmt: skip
    return drawn("prospect_id | customer_id | contacted_on | channel | campaign | region | team | salesperson", rows)


def _opportunities(draw: random.Random, customers: int) -> str:
    """Deals won and lost, a few with the day on which they were expected alone, and a few without an amount that were long lost."""
    rows = []
    for number in range(50):
        opened = day_of(draw)
        closed, expected = later(draw, opened, 80, 0.8), opened + timedelta(days=draw.randint(5, 90))
        status = draw.choice(["won", "won", "lost"]) if closed else "open"
        amount = money(draw) if draw.random() < 0.9 or status == "open" or opened.year == 2025 else None
        rows.append((f"d{number:02}", some(draw, draw.randint(1, customers)), opened, some(draw, closed), some(draw, expected), status, amount, draw.choice(CHANNELS), some(draw, "c1", 0.3), *_seller(draw)))  # fmt: skip
    return drawn("opportunity_id | customer_id | opened_on | closed_on | expected_on | status | amount | channel | campaign | region | team | salesperson", rows)  # fmt: skip


def _offers(draw: random.Random, customers: int) -> str:
    rows = []
    for number in range(60):
        offered, kind = day_of(draw), draw.choice(["cross_sell", "up_sell", "renewal"])
        taken = later(draw, offered, 45, 0.6)
        rows.append((f"f{number:02}", some(draw, draw.randint(1, customers), 0.9), kind, offered, taken, None if taken else later(draw, offered, 45, 0.5), draw.choice(["p1", "p2", None]), draw.choice(CHANNELS), some(draw, "c1", 0.3), *_seller(draw)))  # fmt: skip
    return drawn("offer_id | customer_id | kind | offered_on | accepted_on | declined_on | product_id | channel | campaign | region | team | salesperson", rows)  # fmt: skip


def _referrals(draw: random.Random, customers: int) -> str:
    rows = [
        (f"w{n:02}", some(draw, draw.randint(1, customers), 0.9), some(draw, draw.randint(1, customers), 0.6), day_of(draw), draw.choice(CHANNELS), some(draw, "c1", 0.3))
        for n in range(40)
    ]  # fmt: skip
    return drawn("referral_id | customer_id | referred_id | referred_on | channel | campaign", rows)


def _targets(draw: random.Random, level: int) -> str:
    """Quotas of quarters, one month of them set again, quotas of a higher level that then do not count, and a campaign's goal."""
    holders = {0: [("s1", None, None), ("s2", "B", "south"), ("new", None, "north")], 1: [(None, "A", None), (None, "B", "south")], 2: [(None, None, "north"), (None, None, "south")], 3: []}[level]  # fmt: skip
    rows: list[Row] = []
    for first, last in QUARTERS:
        rows += [("net_sales", first, last, *holder, None, None, money(draw, 5_000_000)) for holder in holders]
        rows.append(("net_sales", first, last, None, None, None, None, None, money(draw, 9_000_000)))
    set_again = holders[0] if holders else (None, None, None)
    rows.append(("net_sales", date(2025, 2, 1), date(2025, 2, 28), *set_again, None, None, money(draw, 2_000_000)))
    goals = [("orders", date(2025, 2, 3), date(2025, 3, 2), "c2", 40, 5), ("net_sales", date(2025, 4, 5), date(2025, 5, 20), "c1", 9_000.5, None), ("orders", date(2025, 4, 1), date(2025, 6, 3), "c2", 12, 3)]  # fmt: skip
    shown = [(*row, None) for row in rows] + [(metric, first, last, None, None, None, None, campaign, value, start) for metric, first, last, campaign, value, start in goals]  # fmt: skip
    return drawn("metric | from_on | to_on | salesperson | team | region | channel | campaign | value | start_value", shown)  # fmt: skip


def _contracts(draw: random.Random, customers: int, known: float) -> str:
    """Terms of whole months and of any days, one after another or with gaps, some without an end, some ended early, and drafts, which do not count."""
    rows: list[Row] = []
    for number in range(60):
        first = day_of(draw, -100, 520)
        last = some(draw, first + timedelta(days=draw.choice([27, 29, 89, 90, 180, 364, 365, 47])), 0.85)
        ended = later(draw, first, 200, 0.25)
        status = "ended" if ended else draw.choice(["signed", "signed", None, "draft"])
        a_month = some(draw, money(draw, 200_000), 0.5 if last else known)
        amount = some(draw, money(draw), known) if last else None
        renews = some(draw, f"t{draw.randint(0, 59):02}", 0.1)
        rows.append((f"t{number:02}", some(draw, draw.randint(1, customers), 0.9), renews, draw.choice(["basic", "full", None]), status, first, last, ended, amount, a_month, draw.choice(CHANNELS), some(draw, "c1", 0.3), *_seller(draw)))  # fmt: skip
    return drawn("contract_id | customer_id | renews | plan | status | from_on | to_on | ended_on | amount | monthly_amount | channel | campaign | region | team | salesperson", rows)  # fmt: skip
