"""Small order files for the tests of the analysis."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

HEADINGS = ["订单号", "下单时间", "客户编号", "渠道", "商品类别", "数量", "实付金额", "成本"]


def write_orders(
    path: Path, *, days: int = 900, customers: int = 120, channels: tuple[str, ...] = ("门店", "网店")
) -> Path:
    """About a thousand orders over some days, from a seed: equal arguments give an equal file."""
    rng = random.Random(7)
    rows, number = [], 0
    for customer in range(customers):
        day = rng.randrange(days // 2)
        while day < days:
            amount = rng.randrange(2000, 20000) / 100
            when = date(2024, 1, 1) + timedelta(days=day)
            number += 1
            rows.append(
                [f"o{number}", when.isoformat(), f"c{customer}", rng.choice(channels), rng.choice(["茶", "器"]), rng.randrange(1, 5), f"{amount:.2f}", f"{amount * 0.55:.2f}"]
            )  # fmt: skip
            day += rng.randrange(5, 160)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADINGS, *rows])
    return path


@pytest.fixture(scope="session")
def make_orders() -> Callable[..., Path]:
    """Writes an order file: ``make_orders(path, days=…, customers=…, channels=…)``."""
    return write_orders


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    """An order file of two and a half years."""
    return write_orders(tmp_path / "orders.csv")
