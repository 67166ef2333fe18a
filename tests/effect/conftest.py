"""Small made-up companies as facts, for verdicts whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from tempfile import gettempdir

import pytest

from kexiao.engine.duck import DuckEngine, connect, quote_name
from kexiao.facts.policy import Policy
from kexiao.facts.source import FactSource, facts_in_memory
from kexiao.tables.catalogue import all_tables

FIRST = date(2024, 1, 1)
Order = tuple[int | None, int, str, str, float]  # customer, day since FIRST, channel, region, amount
Draw = Callable[..., FactSource]


@pytest.fixture(scope="session")
def company() -> Draw:
    """Facts over orders given as (customer, day, channel, region, amount), and arms given as (campaign, customer, arm)."""

    def made(orders: Sequence[Order], arms: Sequence[tuple[str, int, str]] = (), window: int = 90) -> FactSource:
        connection = connect(Path(gettempdir()))
        for name, table in all_tables().items():
            if table.versioned:
                columns = ", ".join(f"{quote_name(column)} {kind}" for column, kind in table.stored_columns)
                connection.execute(f"CREATE TABLE {name} ({columns})")
        rows = [
            (f"o{n}", customer, FIRST + timedelta(days=int(day)), "completed", channel, region, round(amount, 2))
            for n, (customer, day, channel, region, amount) in enumerate(orders)
        ]
        names = "order_id, customer_id, ordered_on, status, channel, region, amount"
        _insert(connection, f"INSERT INTO orders ({names}) VALUES", rows)
        _insert(connection, "INSERT INTO participations (campaign, customer_id, arm) VALUES", list(arms))
        return facts_in_memory(DuckEngine(connection), Policy(active_window_days=window), now=date(2100, 1, 1))

    return made


def _insert(connection, head: str, rows: Sequence[tuple[object, ...]]) -> None:  # type: ignore[no-untyped-def]
    """Rows as literals, a thousand a statement: row by row takes minutes."""
    for start in range(0, len(rows), 1000):
        listed = ", ".join("(" + ", ".join(_literal(cell) for cell in row) + ")" for row in rows[start : start + 1000])
        connection.execute(f"{head} {listed}")


def _literal(cell: object) -> str:
    if cell is None:
        return "NULL"
    return str(cell) if isinstance(cell, (int, float)) else f"'{cell}'"
