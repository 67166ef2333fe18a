"""Business time by arithmetic equals business time by the calendar, also where the clock once changed."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kexiao.sources.mapping.clock import day_of, fixed_offset, instant_of

ZONES = st.sampled_from(["Asia/Shanghai", "Asia/Kolkata", "America/New_York", "America/Sao_Paulo", "UTC"])
LOCAL = st.datetimes(datetime(1980, 1, 1), datetime(2040, 12, 31)).map(lambda moment: moment.replace(microsecond=0))


@given(ZONES, LOCAL)
def test_an_instant_and_its_day_are_those_of_the_time_zone_database(name: str, local: datetime) -> None:
    zone = ZoneInfo(name)
    instant = local.replace(tzinfo=zone).astimezone(UTC)
    if (
        instant.astimezone(zone).replace(tzinfo=None) != local
        or local.replace(fold=1, tzinfo=zone).astimezone(UTC) != instant
    ):
        return  # the clock skipped this time or showed it twice
    sql = f"SELECT CAST(epoch({instant_of('l', zone)}) AS BIGINT), {day_of('i', zone)} FROM (SELECT TIMESTAMP '{local}' AS l, TIMESTAMPTZ '{instant}' AS i)"
    assert duckdb.execute(sql).fetchall() == [(int(instant.timestamp()), local.date())]


@pytest.mark.parametrize(
    ("name", "seconds"), [("Asia/Shanghai", 28800), ("Asia/Kolkata", 19800), ("America/Sao_Paulo", None), ("UTC", 0)]
)
def test_only_a_clock_that_stood_still_is_reckoned_with(name: str, seconds: int | None) -> None:
    assert fixed_offset(ZoneInfo(name)) == seconds
