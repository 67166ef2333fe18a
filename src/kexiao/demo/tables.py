"""One chunk of the company as DuckDB tables, from which files are written and the exact answers are counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from duckdb import DuckDBPyConnection
from numpy.typing import NDArray

from kexiao.demo import aftersales, calendar, leads, people, setting
from kexiao.demo.calendar import FIRST_DAY
from kexiao.demo.lines import Lines, Products
from kexiao.demo.orders import TESTER, Arms, Orders

PHONE_RANGE = "161"  # no operator has been given it, so no number in it is anyone's
TESTER_WORDS = ("TEST001", "测试", PHONE_RANGE + "00000000")
LEVELS = (("黑金", 500_000), ("金卡", 200_000), ("银卡", 60_000))  # from so many fen paid
PLAIN_LEVEL = "普通"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Everything drawn for one chunk of customers."""

    part: str
    """What file names carry: empty, or _01, _02 … in a company of several chunks."""
    first_order: int
    people: people.People
    orders: Orders
    lines: Lines
    refunds: aftersales.Refunds
    answers: aftersales.Answers
    complaints: aftersales.Complaints
    leads: leads.Leads
    arms: tuple[Arms, ...]


def day_sql(day: str) -> str:
    """A day's number as an SQL date."""
    return f"(DATE '{FIRST_DAY}' + ({day})::INTEGER)"


def time_sql(day: str, second: str) -> str:
    """A day's number and second as an SQL time."""
    return f"(TIMESTAMP '{FIRST_DAY}' + to_seconds(({day}) * 86400 + ({second})))"


def fen_sql(fen: str, *, thousands: bool = False) -> str:
    """An integer of fen, never negative, as a text of yuan."""
    whole = f"format('{{:,}}', ({fen}) // 100)" if thousands else f"(({fen}) // 100)::VARCHAR"
    return f"{whole} || '.' || lpad((({fen}) % 100)::VARCHAR, 2, '0')"


def pick_sql(words: Sequence[str], index: str) -> str:
    """The word at a place counted from 0; null for a negative place."""
    listed = ", ".join("'" + word + "'" for word in words)
    return f"CASE WHEN {index} >= 0 THEN [{listed}][{index} + 1] END"


def put(connection: DuckDBPyConnection, name: str, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Make a temporary table from arrays of equal length."""
    connection.register(f"{name}_arrays", dict(arrays))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM {name}_arrays")
    connection.unregister(f"{name}_arrays")


def arrays_of(record: Any) -> dict[str, NDArray[Any]]:
    """The arrays among a frozen record's fields, with their position as ``id``."""
    found = {field.name: getattr(record, field.name) for field in fields(record)}
    arrays = {name: value for name, value in found.items() if isinstance(value, np.ndarray)}
    return {"id": np.arange(len(next(iter(arrays.values())))), **arrays}


def put_company(connection: DuckDBPyConnection, staff: people.Staff, products: Products) -> None:
    """The small tables that all chunks share."""
    places = [province for province, _, _ in setting.PROVINCES], [region for _, region, _ in setting.PROVINCES]
    _put_words(connection, "channels", {"word": [channel.name for channel in setting.CHANNELS]})
    _put_words(connection, "teams", {"word": setting.TEAMS})
    _put_words(connection, "sellers", {"word": [seller.number for seller in staff.sellers]})
    _put_words(connection, "campaigns", {"word": [campaign.code for campaign in setting.CAMPAIGNS]})
    _put_words(connection, "provinces", {"word": places[0], "region": places[1]})
    codes, names, categories = zip(*products.names(), strict=True)
    _put_words(connection, "product_words", {"code": codes, "name": names, "category": categories})
    put(connection, "product_prices", {"id": np.arange(len(codes)), "price": products.price, "cost": products.cost})
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE products AS SELECT * FROM product_words JOIN product_prices USING (id)"
    )


def _put_words(connection: DuckDBPyConnection, name: str, words: Mapping[str, Sequence[str]]) -> None:
    columns = ", ".join(f"{column} VARCHAR" for column in words)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} (id BIGINT, {columns})")
    rows = [(index, *values) for index, values in enumerate(zip(*words.values(), strict=True))]
    marks = ", ".join("?" for _ in range(len(words) + 1))
    connection.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)


def put_chunk(connection: DuckDBPyConnection, chunk: Chunk) -> None:
    """The tables of one chunk, in place of those of the chunk before."""
    put(connection, "people_drawn", arrays_of(chunk.people))
    put(connection, "orders_drawn", {**arrays_of(chunk.orders), "counted": chunk.orders.counted})
    for name in ("lines", "refunds", "answers", "complaints", "leads"):
        put(connection, name, arrays_of(getattr(chunk, name)))
    put(connection, "calendar", {"day": np.arange(calendar.DAYS), "month": calendar.MONTH_OF_DAY})
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE orders AS SELECT *, 'SL' || strftime({day_sql('day')}, '%y%m%d') "
        f"|| lpad((id + {chunk.first_order + 1})::VARCHAR, 8, '0') AS code FROM orders_drawn"
    )
    connection.execute(_people_sql(chunk.people.first_number))


def _people_sql(first_number: int) -> str:
    """Customers with their invented names, numbers, first campaign and level; the tester beside them."""
    number = f"(id + {first_number})"
    surname, first, second = (
        f"substr('{letters}', 1 + ({number} * {step}) % {len(letters)}, 1)"
        for letters, step in ((people.SURNAMES, 31), (people.FIRST, 17), (people.SECOND, 13))
    )
    level = (
        "CASE " + " ".join(f"WHEN paid >= {fen} THEN '{name}'" for name, fen in LEVELS) + f" ELSE '{PLAIN_LEVEL}' END"
    )
    code, name, phone = TESTER_WORDS
    return f"""
        CREATE OR REPLACE TEMP TABLE people AS
        WITH bought AS (
            SELECT customer AS id, sum(amount) AS paid, arg_min(campaign, (day, second)) AS campaign,
            FROM orders WHERE counted AND customer >= 0 GROUP BY customer)
        SELECT id, 'C' || lpad({number}::VARCHAR, 8, '0') AS code, {surname} || {first} || {second} AS name,
            '{PHONE_RANGE}' || lpad({number}::VARCHAR, 8, '0') AS phone,
            CASE WHEN has_email THEN 'c' || lpad({number}::VARCHAR, 8, '0') || '@example.com' END AS email,
            CASE WHEN has_birthday THEN make_date(birth_year, 1, 1) + birth_day::INTEGER END AS birthday,
            CASE WHEN woman THEN '女' ELSE '男' END AS gender, birth, registered_before, channel, province, store,
            bought.campaign, bought.paid, {level} AS level
        FROM people_drawn LEFT JOIN bought USING (id)
        UNION ALL BY NAME SELECT {TESTER} AS id, '{code}' AS code, '{name}' AS name, '{phone}' AS phone"""
