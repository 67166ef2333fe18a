"""What random shops are drawn with: days of the data, money, values that may be missing, tables as text."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import date, timedelta

FIRST, DAYS = date(2024, 1, 1), 547
LAST = FIRST + timedelta(days=DAYS - 1)  # 2025-06-30
CHANNELS = ("web", "门店", "it's \\ here", None)
Row = tuple[object, ...]


def drawn(header: str, rows: Iterable[Row]) -> str:
    """A table as text."""
    return "\n".join([header, *(" | ".join("" if cell is None else str(cell) for cell in row) for row in rows)])


def day_of(draw: random.Random, first: int = 0, last: int = DAYS - 1) -> date:
    """A day by its number from the first one of the data on."""
    return FIRST + timedelta(days=draw.randint(first, last))


def later(draw: random.Random, day: date, most: int, share: float = 0.6) -> date | None:
    """Some day after another one, where it comes at all and before the data end."""
    found = day + timedelta(days=draw.randint(0, most))
    return found if found <= LAST and draw.random() < share else None


def money(draw: random.Random, most: int = 90_000) -> str:
    """Up to so many fen."""
    fen = draw.randint(1, most)
    return f"{fen // 100}.{fen % 100:02d}"


def some(draw: random.Random, value: object, share: float = 0.8) -> object:
    """A value, or nothing."""
    return value if draw.random() < share else None
