"""The three years of the made-up company, day by day: quarters, the lunar new year, seasons.

A day is a whole number counted from 2023-01-01 (day 0) to 2025-12-31 (day 1095).

>>> day_of(date(2024, 1, 1)), QUARTERS[0], QUARTERS[-1]
(365, '2023Q1', '2025Q4')
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

FIRST_DAY = date(2023, 1, 1)
LAST_DAY = date(2025, 12, 31)
DAYS = (LAST_DAY - FIRST_DAY).days + 1
YEARS = (2023, 2024, 2025)
QUARTERS = tuple(f"{year}Q{quarter}" for year in YEARS for quarter in (1, 2, 3, 4))
MONTHS = tuple(f"{year}-{month:02d}" for year in YEARS for month in range(1, 13))

LUNAR_NEW_YEAR = (date(2023, 1, 22), date(2024, 2, 10), date(2025, 1, 29))
MID_AUTUMN = (date(2023, 9, 29), date(2024, 9, 17), date(2025, 10, 6))

BEFORE_NEW_YEAR, AT_NEW_YEAR, SPRING_TEA, JUNE_SALE, NOVEMBER_SALE = 1.7, 0.45, 1.25, 1.35, 1.6


def day_of(moment: date) -> int:
    """The number of a date."""
    return (moment - FIRST_DAY).days


def date_of(day: int) -> date:
    """The date of a day's number."""
    return FIRST_DAY + timedelta(days=int(day))


def _month_of_each_day() -> Integers:
    days = [date_of(day) for day in range(DAYS)]
    return np.array([(d.year - FIRST_DAY.year) * 12 + d.month - 1 for d in days], dtype=np.int64)


MONTH_OF_DAY = _month_of_each_day()
QUARTER_OF_DAY = MONTH_OF_DAY // 3


def season() -> Floats:
    """How busy each day is, 1 = usual: gifts before the lunar new year, closed around it, spring tea and the two big sales."""
    factor = np.ones(DAYS)
    for year in YEARS:
        factor[day_of(date(year, 3, 20)) : day_of(date(year, 4, 30)) + 1] = SPRING_TEA
        factor[day_of(date(year, 6, 1)) : day_of(date(year, 6, 20)) + 1] = JUNE_SALE
        factor[day_of(date(year, 10, 24)) : day_of(date(year, 11, 11)) + 1] = NOVEMBER_SALE
    for new_year in LUNAR_NEW_YEAR:
        centre = day_of(new_year)
        factor[max(centre - 28, 0) : centre - 3] = BEFORE_NEW_YEAR
        factor[centre - 3 : centre + 7] = AT_NEW_YEAR
    return factor


def tempo() -> Floats:
    """The season scaled to a mean of 1, for channels whose repeat purchases follow it too."""
    factor = season()
    scaled: Floats = factor / factor.mean()
    return scaled


def growing(yearly: float) -> Floats:
    """A slow rise of the daily rate by ``yearly`` of its first level each year."""
    level: Floats = 1.0 + yearly * np.arange(DAYS, dtype=np.float64) / 365.25
    return level


def falling(since: date, until_level: float) -> Floats:
    """Level until ``since``, then a straight fall to ``until_level`` on the last day."""
    start = day_of(since)
    level = np.ones(DAYS)
    level[start:] = np.linspace(1.0, until_level, DAYS - start)
    return level
