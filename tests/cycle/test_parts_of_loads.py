"""A change in a few rows has only the file written anew that holds them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from collecting import Company

from kexiao.engine import store as module
from kexiao.engine.store import Store

ROWS = 300_000


def _orders(path: Path, first: int, last: int, cents: int) -> Path:
    rows = "".join(
        f"A{n:07d},2025-01-{1 + n * 28 // ROWS:02d} 10:00:00,C{n % 9},1.{cents:02d}\n" for n in range(first, last)
    )
    path.write_text("订单号,下单时间,客户编号,实付金额\n" + rows, encoding="utf-8")
    return path


def test_the_newest_orders_change_in_one_file_of_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PART_BYTES", 20_000)
    company = Company(tmp_path)
    company.collect(_orders(tmp_path / "all.csv", 0, ROWS, 0))
    store = Store(company.folder.data)
    before = {part.path for part in store.current().tables["orders"].files}
    changed = _orders(tmp_path / "newest.csv", ROWS - 10, ROWS, 50)
    company.collect(changed, at=datetime(2026, 3, 1, tzinfo=UTC))
    after = {part.path for part in store.current().tables["orders"].files}
    assert len(before) > 2 and len(before - after) == 1
    assert company.rows("orders", "count(*), count(DISTINCT order_id), sum(amount)") == [
        (ROWS, ROWS, Decimal(ROWS) + 5)
    ]
