"""Periods: [start, end) in the business time zone, their names, their grain, and the period that each is compared with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from kexiao.errors import WrongUse
from kexiao.text import Text

Grain = Literal["day", "week", "month", "quarter", "year", "range"]
GRAINS: tuple[Grain, ...] = ("day", "week", "month", "quarter", "year")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """The days from ``start`` up to, not including, ``end``."""

    start: date
    end: date
    grain: Grain = "range"
    fiscal_start: int = 1

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.end - self.start).days

    @property
    def name(self) -> str:
        """Its name: 2025-03-09, 2025-W14, 2025-03, 2025Q3, 2025, or first..last day.

        >>> Period(date(2025, 7, 1), date(2025, 10, 1), "quarter").name
        '2025Q3'
        """
        if self.grain == "day":
            return self.start.isoformat()
        if self.grain == "week":
            year, week, _ = self.start.isocalendar()
            return f"{year}-W{week:02d}"
        if self.grain == "month":
            return f"{self.start:%Y-%m}"
        if self.grain == "quarter":
            months = (self.start.month - self.fiscal_start) % 12
            return f"{_fiscal_year(self.start, self.fiscal_start)}Q{months // 3 + 1}"
        if self.grain == "year":
            return str(_fiscal_year(self.start, self.fiscal_start))
        return f"{self.start.isoformat()}..{(self.end - timedelta(days=1)).isoformat()}"

    def before(self) -> Period:
        """The period just before, of the same grain (the same number of days for a free range)."""
        if self.grain in {"day", "range"}:
            return Period(self.start - timedelta(days=self.days), self.start, self.grain, self.fiscal_start)
        return period_holding(self.start - timedelta(days=1), self.grain, self.fiscal_start)

    def year_before(self) -> Period:
        """The same period a year earlier; an ISO week the same week number (the last one where there is no 53rd)."""
        if self.grain == "week":
            year, week, _ = self.start.isocalendar()
            last = date(year - 1, 12, 28).isocalendar().week
            start = date.fromisocalendar(year - 1, min(week, last), 1)
            return Period(start, start + timedelta(days=7), "week")
        start = _years_later(self.start, -1)
        if self.grain in ("month", "quarter", "year"):
            return period_holding(start, self.grain, self.fiscal_start)
        end = _years_later(self.end - timedelta(days=1), -1) + timedelta(days=1)
        return Period(start, end, self.grain, self.fiscal_start)

    def first_days(self, count: int) -> Period:
        """Its first days as a free range, for comparing an unfinished period with as many days."""
        return Period(self.start, min(self.end, self.start + timedelta(days=count)), "range", self.fiscal_start)


def _fiscal_year(day: date, fiscal_start: int) -> int:
    return day.year + (1 if fiscal_start > 1 and day.month >= fiscal_start else 0)


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 2, 28)


def _months_later(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def period_holding(day: date, grain: Grain, fiscal_start: int = 1) -> Period:
    """The period of a grain that holds a day.

    >>> period_holding(date(2025, 3, 9), "quarter").name
    '2025Q1'
    """
    if grain == "day":
        return Period(day, day + timedelta(days=1), "day", fiscal_start)
    if grain == "week":
        start = day - timedelta(days=day.weekday())
        return Period(start, start + timedelta(days=7), "week", fiscal_start)
    length = {"month": 1, "quarter": 3, "year": 12}[grain]
    start = _months_later(day, -((day.month - fiscal_start) % 12 % length))
    return Period(start, _months_later(start, length), grain, fiscal_start)


def split(whole: Period, grain: Grain) -> list[Period]:
    """The periods of a grain from the one that holds the first day to the one that holds the last."""
    found = []
    day = whole.start
    while day < whole.end:
        part = period_holding(day, grain, whole.fiscal_start)
        found.append(part)
        day = part.end
    return found


def trailing(period: Period, count: int) -> Period:
    """So many periods of its grain in one, the last of which it is: a window that moves along.

    >>> trailing(parse("2025-03"), 12).name
    '2024-04-01..2025-03-31'
    """
    first = period
    for _ in range(count - 1):
        first = first.before()
    return Period(first.start, period.end, "range", period.fiscal_start) if count > 1 else period


_FORMS = (
    (re.compile(r"(\d{4})-(\d{2})-(\d{2})"), "day"),
    (re.compile(r"(\d{4})-W(\d{2})"), "week"),
    (re.compile(r"(\d{4})-(\d{2})"), "month"),
    (re.compile(r"(\d{4})Q([1-4])"), "quarter"),
    (re.compile(r"(\d{4})"), "year"),
)


def parse(name: str, fiscal_start: int = 1) -> Period:
    """A period from its name, or a range of two names: ``2025Q3``, ``2024-01..2025-09``.

    Errors: ``WrongUse`` for what is no period. A fiscal year bears the number of the year it ends in.

    >>> parse("2024-01..2025-09").days
    639
    """
    words = name.strip().upper().replace(" ", "")
    if ".." in words:
        first, last = (parse(part, fiscal_start) for part in words.split("..", 1))
        if last.end <= first.start:
            raise _no_period(name)
        return Period(first.start, last.end, "range", fiscal_start)
    for form, grain in _FORMS:
        if match := form.fullmatch(words):
            try:
                return _from_numbers([int(part) for part in match.groups()], grain, fiscal_start)
            except ValueError:
                break
    raise _no_period(name)


def _from_numbers(numbers: list[int], grain: str, fiscal_start: int) -> Period:
    if grain == "day":
        return period_holding(date(*numbers), "day", fiscal_start)
    if grain == "week":
        return period_holding(date.fromisocalendar(numbers[0], numbers[1], 1), "week", fiscal_start)
    if grain == "month":
        return period_holding(date(numbers[0], numbers[1], 1), "month", fiscal_start)
    first = date(numbers[0] - (1 if fiscal_start > 1 else 0), fiscal_start, 1)
    if grain == "quarter":
        return period_holding(_months_later(first, (numbers[1] - 1) * 3), "quarter", fiscal_start)
    return period_holding(first, "year", fiscal_start)


def _no_period(name: str) -> WrongUse:
    return WrongUse(
        Text(zh="“{name}”不是一个期间。", en="“{name}” is no period.").fill(name=name),
        next_step=Text(
            zh="可写成 2025-03-09、2025-W14、2025-03、2025Q3、2025 或 2024-01..2025-09。",
            en="Write 2025-03-09, 2025-W14, 2025-03, 2025Q3, 2025 or 2024-01..2025-09.",
        ),
    )
