"""Typed cells as text in one form: ISO dates, decimals without float noise, TRUE and FALSE."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

LONGEST_EXACT = 10**15
"""From here on a float, and so Excel, no longer holds every whole number."""


def number(value: float) -> str:
    """A number with at most 15 significant digits, as Excel shows it, never in scientific form.

    >>> number(13812345678.0), number(0.1 + 0.2), number(1e-7), number(-0.0)
    ('13812345678', '0.3', '0.0000001', '0')
    """
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value == int(value) and abs(value) < LONGEST_EXACT:
        return str(int(value))
    short = format(value, ".15g")
    if "e" not in short:
        return short
    return format(Decimal(short), "f")


def date_time(value: dt.datetime) -> str:
    """An instant to the second; parts of a second only where they are not the noise of a date serial.

    >>> date_time(dt.datetime(2025, 1, 6, 8, 59, 59, 999500)), date_time(dt.datetime(2025, 1, 6, 9, 0, 0, 250000))
    ('2025-01-06 09:00:00', '2025-01-06 09:00:00.250')
    """
    whole = value.replace(microsecond=0)
    beyond = value.microsecond
    if beyond >= 998_000:
        return (whole + dt.timedelta(seconds=1)).isoformat(sep=" ")
    if beyond <= 2_000:
        return whole.isoformat(sep=" ")
    return f"{whole.isoformat(sep=' ')}.{round(beyond / 1000):03d}"


def duration(value: dt.timedelta) -> str:
    """A length of time as hours:minutes:seconds, over 24 hours too.

    >>> duration(dt.timedelta(days=1, hours=2, minutes=3))
    '26:03:00'
    """
    seconds = round(value.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def cell(value: object) -> tuple[str | None, str]:
    """A typed cell as text and its kind: date, number, text, or empty.

    >>> cell(dt.date(2025, 1, 6)), cell(True), cell("")
    (('2025-01-06', 'date'), ('TRUE', 'text'), (None, 'empty'))
    """
    if value is None or isinstance(value, str):
        return (value, "text") if value else (None, "empty")
    for kind, write, name in _WRITERS:
        if isinstance(value, kind):
            return write(value), name
    return str(value), "text"


def _truth(value: bool) -> str:
    return "TRUE" if value else "FALSE"


def _day(value: dt.date) -> str:
    return value.isoformat()


def _time(value: dt.time) -> str:
    return value.replace(microsecond=0).isoformat()


# A truth value is a whole number to Python, and an instant is a day: the narrower kinds come first.
_WRITERS: tuple[tuple[Any, Callable[[Any], str], str], ...] = (
    (float, number, "number"),
    (bool, _truth, "text"),
    (int, str, "number"),
    (dt.datetime, date_time, "date"),
    (dt.date, _day, "date"),
    (dt.time, _time, "text"),
    (dt.timedelta, duration, "text"),
)
