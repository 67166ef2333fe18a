"""Typed cells as text in one form: ISO dates, decimals without float noise, TRUE and FALSE."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

LONGEST_EXACT = 10**15
"""From here on a float, and so Excel, no longer holds every whole number."""


def number(value: float) -> str:
    """A number with at most 15 significant digits, as Excel shows it, never in scientific form.

    >>> number(13812345678.0), number(0.1 + 0.2), number(1e-7), number(-0.0)
    ('13812345678', '0.3', '0.0000001', '0')
    """
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
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
    if isinstance(value, str):
        return (value, "text") if value else (None, "empty")
    if isinstance(value, bool):
        return ("TRUE" if value else "FALSE"), "text"
    if isinstance(value, int | float):
        return number(value), "number"
    if isinstance(value, dt.datetime):
        return date_time(value), "date"
    if isinstance(value, dt.date):
        return value.isoformat(), "date"
    if isinstance(value, dt.time):
        return value.replace(microsecond=0).isoformat(), "text"
    if isinstance(value, dt.timedelta):
        return duration(value), "text"
    return (None, "empty") if value is None else (str(value), "text")
