"""The made-up company drawn once, and its files read back without any of the product's readers."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
from python_calamine import CalamineWorkbook

from kexiao.demo.company import Company, draw

ENCODINGS = {"2023": "gb18030", "2024": "utf-8-sig", "2025": "utf-8-sig"}


class Drawn(NamedTuple):
    """The company, its truth as read from the file, and its tables in DuckDB, every column a text."""

    company: Company
    truth: dict[str, Any]
    sql: duckdb.DuckDBPyConnection

    def one(self, query: str) -> Any:
        """The only value of a query."""
        row = self.sql.execute(query).fetchone()
        assert row is not None
        return row[0]


def raw_lines(path: Path) -> list[list[str]]:
    """Every line of an order file as the csv module reads it; a blank line is an empty list."""
    encoding = ENCODINGS[path.name.split("_")[1][:4]]
    with path.open(encoding=encoding, newline="") as source:
        return list(csv.reader(source))


def sheet(path: Path) -> list[list[Any]]:
    """All rows of the only sheet."""
    return CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()


def clean_rows(lines: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """Header and distinct readable rows: no title, blank, total, duplicate, or unreadable date or amount."""
    start = next(index for index, line in enumerate(lines) if line and line[0] == "订单号")
    header = lines[start]
    when, paid = header.index("下单时间"), header.index("实付金额")
    rows = {tuple(line): None for line in lines[start + 1 :] if line and line[0] != "合计"}
    return header, [list(row) for row in rows if _is_date(row[when]) and _is_amount(row[paid])]


@cache
def _is_day(text: str) -> bool:
    for shape in ("%Y/%m/%d", "%Y-%m-%d"):
        try:
            time.strptime(text, shape)
        except ValueError:
            continue
        return True
    return False


def _is_date(text: str) -> bool:
    return _is_day(text.split(" ", maxsplit=1)[0])


def _is_amount(text: str) -> bool:
    try:
        float(text.replace(",", ""))
    except ValueError:
        return False
    return True


def load(company: Company, scratch: Path) -> duckdb.DuckDBPyConnection:
    """Files into DuckDB: orders as ``lines`` (typed), everything else by its own name as text."""
    sql = duckdb.connect(":memory:")
    header: list[str] = []
    plain = scratch / "lines.csv"
    with plain.open("w", encoding="utf-8", newline="") as out:
        for path in sorted(p for p in company.files if p.name.startswith("订单明细")):
            header, rows = clean_rows(raw_lines(path))
            csv.writer(out).writerows(([header] if out.tell() == 0 else []) + rows)
    sql.execute(
        f"CREATE TABLE raw AS SELECT * FROM read_csv('{plain}', header=true, all_varchar=true, delim=',', quote='\"')"
    )
    money = ", ".join(
        f"round(replace(\"{name}\", ',', '')::DOUBLE * 100)::BIGINT AS {alias}"
        for name, alias in (("单价", "price"), ("优惠金额", "discount"), ("实付金额", "paid"), ("成本", "cost"))
    )
    sql.execute(f"""CREATE TABLE lines AS SELECT *, {money}, "数量"::BIGINT AS quantity,
        coalesce(try_strptime("下单时间", '%Y/%-m/%-d %H:%M'), try_strptime("下单时间", '%Y-%m-%d %H:%M:%S')) AS moment FROM raw""")
    sql.execute("""CREATE TABLE orders AS SELECT "订单号" AS id, any_value("客户编号") AS customer, any_value(moment)::DATE AS day,
        any_value(moment) AS moment, any_value("渠道") AS channel, any_value("大区") AS region, any_value("门店/团队") AS team,
        any_value("导购") AS seller, any_value("活动编号") AS campaign, sum(paid) AS paid, sum(price * quantity) AS gross,
        sum(cost) AS cost FROM lines WHERE "订单状态" IN ('已完成', '已退款') AND coalesce("客户姓名", '') <> '测试' GROUP BY ALL""")
    for path in company.files:
        if not path.name.startswith("订单明细"):
            _load_other(sql, path, scratch)
    return sql


def _load_other(sql: duckdb.DuckDBPyConnection, path: Path, scratch: Path) -> None:
    name = path.stem.split("_")[0]
    source = path
    if path.suffix == ".xlsx":
        source = scratch / f"{name}.csv"
        with source.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows(sheet(path))
    known = sql.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = ?", [name]).fetchone()
    verb = f'INSERT INTO "{name}"' if known and known[0] else f'CREATE TABLE "{name}" AS'
    sql.execute(f"{verb} SELECT * FROM read_csv('{source}', header=true, all_varchar=true, delim=',', quote='\"')")


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drawn]:
    """The default company of 50,000 customers."""
    folder = tmp_path_factory.mktemp("demo")
    started = time.perf_counter()
    company = draw(folder / "company")
    print(f"\n50,000 customers drawn in {time.perf_counter() - started:.1f} s")
    sql = load(company, folder)
    yield Drawn(company, json.loads((company.folder / "truth.json").read_text(encoding="utf-8")), sql)
    sql.close()
