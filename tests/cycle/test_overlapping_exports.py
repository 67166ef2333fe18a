"""Two exports that tell of the same orders and lines: the newer one counts, loaded together as loaded apart."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from collecting import Company

from kexiao.cycle.collect import collect

FIRST, SECOND = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)

HEADERS = "订单号 | 下单时间 | 客户编号 | 实付金额\nA1 | 2025-01-06 | C1 | 125.00"
LINES = "订单号 | 商品编号 | 数量 | 金额 | 运费"
LINES_BEFORE = f"{LINES}\nA1 | P1 | 1 | 60.00 | 5.00\nA1 | P2 | 1 | 60.00 | 4.00"
LINES_AFTER = f"{LINES}\nA1 | P1 | 1 | 65.00 | 5.00\nA1 | P2 | 1 | 60.00 | 4.00"
FLAT = "订单号 | 下单时间 | 客户编号 | 渠道 | 商品编号 | 数量 | 金额"
FLAT_BEFORE = f"{FLAT}\nA1 | 2025-01-06 | C1 | 天猫 | P1 | 1 | 60.00\nA1 | 2025-01-06 | C1 | 天猫 | P2 | 1 | 60.00"
FLAT_AFTER = f"{FLAT}\nA1 | 2025-01-06 | C1 | 门店 | P1 | 1 | 55.00\nA1 | 2025-01-06 | C1 | 门店 | P2 | 1 | 60.00"


def _file(company: Company, name: str, drawn: str, at: datetime) -> Path:
    path = company.file(name, drawn)
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("newest_first", [True, False])
def test_lines_of_an_order_in_two_exports_are_those_of_the_newer_one(
    tmp_path: Path, together: bool, newest_first: bool
) -> None:
    company = Company(tmp_path)
    files = [
        _file(company, "明细一.csv", LINES_BEFORE, FIRST),
        _file(company, "明细二.csv", LINES_AFTER, SECOND),
    ][:: -1 if newest_first else 1]
    collect(company.folder, [_file(company, "订单.csv", HEADERS, FIRST), *(files if together else [])])
    for path in [] if together else files:
        collect(company.folder, [path])
    assert company.rows("order_lines", "product_id, net", "1") == [("P1", Decimal("65.00")), ("P2", Decimal("60.00"))]


def test_freight_on_the_lines_of_two_exports_counts_once(tmp_path: Path) -> None:
    company = Company(tmp_path)
    files = [("订单.csv", HEADERS, FIRST), ("明细一.csv", LINES_BEFORE, FIRST), ("明细二.csv", LINES_AFTER, SECOND)]
    collect(company.folder, [_file(company, *one) for one in files])
    assert company.rows("orders", "order_id, freight") == [("A1", Decimal("9.00"))]


@pytest.mark.parametrize("together", [True, False])
def test_orders_with_a_row_a_line_are_those_of_the_newer_export(tmp_path: Path, together: bool) -> None:
    company = Company(tmp_path)
    files = [_file(company, "一.csv", FLAT_BEFORE, FIRST), _file(company, "二.csv", FLAT_AFTER, SECOND)]
    for load in [files] if together else [[path] for path in files]:
        collect(company.folder, load)
    assert company.rows("order_lines", "product_id, net", "1") == [("P1", Decimal("55.00")), ("P2", Decimal("60.00"))]
    assert company.rows("orders", "order_id, channel") == [("A1", "门店")]
