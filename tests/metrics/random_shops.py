"""Small random shops, and the slow, obvious ways to reckon what they hold."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from kexiao.cycle.measure import measure_facts
from kexiao.facts.metric import MetricValue
from kexiao.facts.source import FactSource
from kexiao.facts.worked_example import source_of

FIRST, LAST = date(2024, 1, 1), date(2025, 6, 30)
END = LAST + timedelta(days=1)
Order = tuple[int, date, str, int, int]  # customer, day, channel, fen, cost in fen
Refund = tuple[int, date, int]  # number of the order, day, fen

DAYS = st.integers(0, (LAST - FIRST).days).map(lambda n: FIRST + timedelta(days=n))
CHANNELS = st.sampled_from(["web", "shop"])
ORDERS = st.lists(
    st.tuples(st.integers(1, 7), DAYS, CHANNELS, st.integers(100, 90_000), st.integers(0, 50_000)),
    min_size=1,
    max_size=30,
)
REFUNDS = st.lists(st.tuples(st.integers(0, 29), st.integers(0, 90), st.integers(1, 5_000)), max_size=6)
SLOW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def table(header: str, rows: Iterable[tuple[object, ...]]) -> str:
    """A table drawn as text."""
    return "\n".join([header, *(" | ".join("" if c is None else str(c) for c in row) for row in rows)])


def closed(orders: list[Order]) -> list[Order]:
    """The orders with one of another customer on the first and the last day, so that the data always cover the same days."""
    return [*orders, (90, FIRST, "other", 100, 50), (91, LAST, "other", 100, 50)]


def orders_table(orders: list[Order]) -> str:
    """Orders o0, o1 … in the order given."""
    rows = ((f"o{i}", c, d, ch, fen / 100, cost / 100) for i, (c, d, ch, fen, cost) in enumerate(orders))
    return table("order_id | customer_id | ordered_on | channel | amount | cost", rows)


def booked(orders: list[Order], refunds: list[tuple[int, int, int]]) -> list[Refund]:
    """Refunds of existing orders, some days after them, never after the data's end."""
    dated = [(n % len(orders), orders[n % len(orders)][1] + timedelta(days=after), fen) for n, after, fen in refunds]
    return [row for row in dated if row[1] <= LAST]


def refunds_table(refunds: list[Refund]) -> str:
    """Refunds r0, r1 …"""
    return table(
        "refund_id | order_id | refunded_on | amount", ((f"r{i}", f"o{n}", d, fen / 100) for i, (n, d, fen) in enumerate(refunds))
    )  # fmt: skip


def shop(orders: list[Order], refunds: list[Refund] | None = None, window: int = 60, **tables: str) -> FactSource:
    """The facts of a shop."""
    drawn = {"orders": orders_table(orders), "refunds": refunds_table(refunds or []), **tables}
    return source_of(drawn, window=window)


def measured(
    source: FactSource, name: str, period: str = "2025-03", where: tuple[tuple[str, str], ...] = ()
) -> MetricValue:
    """One value, ``metric`` or ``metric:variant``."""
    return measure_facts(source, [name], period=period, where=where).values[0]


def first_days(orders: list[Order]) -> dict[int, date]:
    """Each customer's first day."""
    found: dict[int, date] = {}
    for customer, day, *_ in orders:
        found[customer] = min(day, found.get(customer, day))
    return found


def purchase_days(orders: list[Order]) -> dict[int, list[date]]:
    """Each customer's days with an order, in order."""
    found: dict[int, set[date]] = {}
    for customer, day, *_ in orders:
        found.setdefault(customer, set()).add(day)
    return {customer: sorted(days) for customer, days in found.items()}


def open_share(durations: list[tuple[float, bool]], time: float) -> float:
    """Kaplan and Meier's share still open after a time, one ended subject after another."""
    share = 1.0
    for at in sorted({t for t, ended in durations if ended and t <= time}):
        risk = sum(t >= at for t, _ in durations)
        share *= 1 - sum(t == at and ended for t, ended in durations) / risk
    return share


def survival_median(durations: list[tuple[float, bool]]) -> float | None:
    """The first time by which half have ended."""
    return next((t for t in sorted({t for t, _ in durations}) if open_share(durations, t) <= 0.5 + 1e-9), None)


def agrees(value: MetricValue, want: float | None) -> bool:
    """Whether a value is what is wanted; where nothing is, it must say why."""
    if want is None:
        return value.value is None and value.reason is not None
    return value.value == pytest.approx(want)
