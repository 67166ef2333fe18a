"""Which period a day falls in, as SQL: runs of regular periods by arithmetic, single ones by their edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kexiao.facts.periods import Period

_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_DAYS = {"day": 1, "week": 7}


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive periods of one grain; ``first`` is the number of the first one in the whole list."""

    periods: tuple[Period, ...]
    first: int

    def inside(self, day: str) -> str:
        """The condition that a day lies in the run."""
        return f"{day} >= DAY_OF('{self.periods[0].start}') AND {day} < DAY_OF('{self.periods[-1].end}')"

    def number(self, day: str) -> str:
        """The number of the period of a day inside the run."""
        if len(self.periods) == 1:
            return f"CAST({self.first} AS BIGINT)"
        return f"{self.edges_until(day)} + {self.first - 1}"

    def edges_until(self, day: str) -> str:
        """How many of the run's edges (starts, and the last end) lie on or before a day; beyond the run it goes on counting, below 0 or above."""
        start, grain = self.periods[0].start, self.periods[0].grain
        if grain in _MONTHS:
            base = start.year * 12 + start.month - 1
            return _floored(f"MONTH_INDEX({day}) - {base}", _MONTHS[grain])
        if grain in _DAYS:
            return _floored(f"DAY_INDEX({day}) - {start.toordinal() - 719163}", _DAYS[grain])
        return f"(CASE WHEN {day} >= DAY_OF('{self.periods[0].end}') THEN 2 WHEN {day} >= DAY_OF('{start}') THEN 1 ELSE 0 END)"


def _floored(index: str, step: int) -> str:
    return f"({index} + 1)" if step == 1 else f"(FLOOR_DIVIDE({index}, {step}) + 1)"


def runs(periods: Sequence[Period], longest: int = 1_000_000) -> list[Run]:
    """Split a list of periods into runs of consecutive ones of the same grain, none longer than ``longest``."""
    found: list[Run] = []
    for number, period in enumerate(periods):
        last = found[-1] if found else None
        follows = (
            last is not None
            and period.grain != "range"
            and last.periods[-1].grain == period.grain
            and last.periods[-1].end == period.start
            and len(last.periods) < longest
        )
        if last is not None and follows:
            found[-1] = Run((*last.periods, period), last.first)
        else:
            found.append(Run((period,), number))
    return found
