"""Real exports, read whole: counted a second time by Python's own csv module."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest

from .conftest import Read

FILES = ["orders", "order_items", "order_payments", "order_reviews", "customers", "products"]


@pytest.mark.parametrize("name", FILES)
def test_olist_is_read_to_the_last_cell(read: Read, shared: Path, name: str) -> None:
    path = shared / "data" / "olist" / f"olist_{name}_dataset.csv.gz"
    if not path.exists():
        pytest.skip(f"{path.name} is not here")
    text = gzip.decompress(path.read_bytes()).decode("utf-8-sig").replace("\r\n", "\n")
    header, *rows = csv.reader(io.StringIO(text))
    (table,) = read(path)
    assert list(table.sheet.header) == header
    assert table.cells == rows
    assert not table.sheet.refused


def test_the_survey_export_is_read(read: Read, shared: Path) -> None:
    path = shared / "data" / "formats" / "wjx_export_option_text.xlsx"
    if not path.exists():
        pytest.skip(f"{path.name} is not here")
    (table,) = read(path)
    assert table.sheet.header[:3] == ("序号", "提交答卷时间", "所用时间")
    assert table.sheet.rows == 5
