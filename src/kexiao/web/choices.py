"""The period that the pages speak of and what it is compared with: from the address, else as last chosen, else the last quarter that is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from django.http import HttpRequest

from kexiao.errors import KexiaoError
from kexiao.facts.periods import Grain, Period, parse, period_holding
from kexiao.facts.source import Coverage
from kexiao.report.numbers import show_period
from kexiao.text import Text
from kexiao.web import workspace

Against = Literal["before", "year"]
BASES: dict[Against, Text] = {
    "before": Text(zh="环比", en="vs previous"),
    "year": Text(zh="同比", en="vs last year"),
}
_OFFERED: tuple[tuple[Grain, Text, int], ...] = (
    ("quarter", Text(zh="季度", en="Quarters"), 12),
    ("month", Text(zh="月份", en="Months"), 24),
    ("year", Text(zh="年度", en="Years"), 5),
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The chosen period, what it is compared with, and how that is called."""

    period: Period
    against: Against
    other: Period

    @property
    def basis(self) -> Text:
        return BASES[self.against]

    @property
    def shown(self) -> str:
        """The period as people write it, in the current language."""
        return show_period(self.period.name)

    @property
    def other_shown(self) -> str:
        return show_period(self.other.name)

    def trail(self, grain: Grain, count: int) -> Period:
        """The last ``count`` periods of a grain up to the end of the chosen one, as one range."""
        part = period_holding(self.period.end - timedelta(days=1), grain, self.period.fiscal_start)
        end = part.end
        for _ in range(count - 1):
            part = part.before()
        return Period(part.start, end, "range", part.fiscal_start)


@dataclass(frozen=True, slots=True)
class Group:
    """Periods of one grain to choose from, newest first: (name, as shown)."""

    label: Text
    options: tuple[tuple[str, str], ...]


def coverage() -> Coverage | None:
    """The days that the orders cover (else those of all data); None in an empty workspace."""
    covered = workspace.about().coverage
    if "orders" in covered:
        return covered["orders"]
    if not covered:
        return None
    return Coverage(min(c.first for c in covered.values()), max(c.last for c in covered.values()))


def chosen(request: HttpRequest) -> Chosen | None:
    """The choice of this request, kept for the next; None in an empty workspace. Errors: ``WrongUse`` for what is no period."""
    known = coverage()
    if known is None:
        return None
    session = getattr(request, "session", None)
    kept = dict(session.get("choice", {})) if session is not None else {}
    fiscal = workspace.about().fiscal_start
    wanted = {**kept, **{name: request.GET[name] for name in ("period", "against") if request.GET.get(name)}}
    period = parse(wanted["period"], fiscal) if wanted.get("period") else usual_period(known, fiscal)
    against: Against = "year" if wanted.get("against") == "year" else "before"
    if session is not None and wanted != kept:
        session["choice"] = wanted
    return Chosen(period, against, _other(period, against, known))


def chosen_or_usual(request: HttpRequest) -> Chosen | None:
    """The same for the frame of a page, which must stand even where the address is wrong."""
    try:
        return chosen(request)
    except KexiaoError:
        known = coverage()
        if known is None:
            return None
        period = usual_period(known, workspace.about().fiscal_start)
        return Chosen(period, "before", period.before())


def usual_period(known: Coverage, fiscal_start: int) -> Period:
    """The last quarter that the data cover to its end; the one they end in where there is none.

    >>> usual_period(Coverage(date(2025, 1, 1), date(2025, 11, 3)), 1).name
    '2025Q3'
    """
    last = period_holding(known.last, "quarter", fiscal_start)
    whole = last if last.end <= known.last + timedelta(days=1) else last.before()
    return whole if whole.end > known.first else last


def _other(period: Period, against: Against, known: Coverage) -> Period:
    """What a period is compared with; an unfinished one with as many days of the other."""
    other = period.year_before() if against == "year" else period.before()
    elapsed = (min(known.last + timedelta(days=1), period.end) - period.start).days
    return other.first_days(elapsed) if 0 < elapsed < period.days else other


def offered(known: Coverage, fiscal_start: int) -> list[Group]:
    """The periods to choose from."""
    return [Group(label, _newest(known, grain, count, fiscal_start)) for grain, label, count in _OFFERED]


def _newest(known: Coverage, grain: Grain, count: int, fiscal_start: int) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    part = period_holding(min(known.last, date.max), grain, fiscal_start)
    while part.end > known.first and len(found) < count:
        found.append((part.name, show_period(part.name)))
        part = part.before()
    return tuple(found)
