"""Business time by arithmetic equals business time by the calendar, also where the clock once changed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
from collecting import Company
from hypothesis import given
from hypothesis import strategies as st

from kexiao.sources.mapping.clock import day_of, fixed_offset, instant_of, skipped_elsewhere

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


@pytest.mark.parametrize(
    ("first", "last", "name", "skipped"),
    [
        ("2025-03-09 02:00", "2025-03-09 02:59", "Asia/Shanghai", True),  # New York
        ("2025-03-30 01:10", "2025-03-30 01:50", "Asia/Shanghai", True),  # London
        ("2025-03-09 02:00", "2025-03-09 03:01", "Asia/Shanghai", False),  # longer than an hour
        ("2025-03-10 02:00", "2025-03-10 02:59", "Asia/Shanghai", False),  # another day
        ("2025-11-02 01:00", "2025-11-02 01:59", "Asia/Shanghai", False),  # came twice there, but it came
    ],
)
def test_an_hour_that_clocks_elsewhere_skipped_is_known(first: str, last: str, name: str, skipped: bool) -> None:
    assert skipped_elsewhere(datetime.fromisoformat(first), datetime.fromisoformat(last), ZoneInfo(name)) is skipped


@pytest.mark.parametrize(("day", "told"), [("2025-03-09", True), ("2025-03-10", False)])
def test_a_file_whose_orders_all_stand_in_such_an_hour_is_told_of(tmp_path: Path, day: str, told: bool) -> None:
    rows = [f"A{minute} | {day} 02:{minute:02d}:00 | C1 | {minute}.00" for minute in range(10)]
    company = Company(tmp_path)
    report = company.load("\n".join(["订单号 | 下单时间 | 客户编号 | 实付金额", *rows]))
    assert report.rows_loaded == 10
    assert any("time_zone" in words("en") for words in report.warnings) is told
