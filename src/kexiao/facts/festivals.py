"""Spring Festival 春节 and National Day 国庆: one moves by up to a month from year to year, the other through the weeks."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from kexiao.facts.periods import Period

# New Year's day of the lunar calendar: in Beijing, the day of the new moon that begins its first month (GB/T 33661-2017). 2027 and 2030 miss midnight by
# minutes, where calendars of less exact software are a day off; the tests reckon each moon anew.
SPRING_FESTIVALS = tuple(
    date.fromisoformat(day)
    for day in (
        "2010-02-14", "2011-02-03", "2012-01-23", "2013-02-10", "2014-01-31", "2015-02-19", "2016-02-08", "2017-01-28", "2018-02-16",
        "2019-02-05", "2020-01-25", "2021-02-12", "2022-02-01", "2023-01-22", "2024-02-10", "2025-01-29", "2026-02-17", "2027-02-06",
        "2028-01-26", "2029-02-13", "2030-02-03", "2031-01-23", "2032-02-11", "2033-01-31", "2034-02-19", "2035-02-08",
    )
)  # fmt: skip
NEAR_DAYS = 30
LONGEST_DAYS = 92


def festival_year_before(period: Period) -> Period:
    """The days of the year before that lie the same way to Spring Festival, as many of them; periods that come nowhere near it, and those longer than a
    quarter, are the same period a year before.

    >>> festival_year_before(Period(date(2025, 2, 1), date(2025, 3, 1), "month")).name
    '2024-02-13..2024-03-11'
    >>> festival_year_before(Period(date(2025, 6, 1), date(2025, 7, 1), "month")).name
    '2024-06'
    """
    near = timedelta(days=NEAR_DAYS)
    for before, festival in pairwise(SPRING_FESTIVALS):
        if period.days <= LONGEST_DAYS and period.start < festival + near and period.end > festival - near:
            moved = festival - before
            return Period(period.start - moved, period.end - moved, "range", period.fiscal_start)
    return period.year_before()


NATIONAL_DAY, HOLIDAYS, NEAR_WEEKS_DAYS = (10, 1), 8, 14


def national_day_year_before(period: Period) -> Period:
    """A week within two weeks of the holidays from 1 October on: the days of the year before that lie the same way to National Day, which falls into another
    place of its week each year. Any other period is the same one a year before: months and quarters hold the holidays whole.

    >>> national_day_year_before(Period(date(2025, 9, 29), date(2025, 10, 6), "week")).name
    '2024-09-29..2024-10-05'
    >>> national_day_year_before(Period(date(2025, 10, 1), date(2025, 11, 1), "month")).name
    '2024-10'
    """
    near = timedelta(days=NEAR_WEEKS_DAYS)
    day, before = date(period.start.year, *NATIONAL_DAY), date(period.start.year - 1, *NATIONAL_DAY)
    if period.grain == "week" and period.start < day + timedelta(days=HOLIDAYS) + near and period.end > day - near:
        moved = day - before
        return Period(period.start - moved, period.end - moved, "range", period.fiscal_start)
    return period.year_before()
