"""Parquet: typed columns become canonical text; what is damaged or nested is refused."""

from __future__ import annotations

import random
from pathlib import Path

import duckdb
import pytest

from kexiao.errors import InputRejected

from .conftest import Read


def parquet(tmp_path: Path, query: str, options: str = "") -> bytes:
    path = tmp_path / "made.parquet"
    duckdb.sql(f"COPY ({query}) TO '{path}' (FORMAT parquet{options})")
    return path.read_bytes()


@pytest.mark.parametrize(
    ("value", "text", "kind"),
    [
        ("'订单'", "订单", "text"),
        ("''", "", "text"),
        ("12.50::DECIMAL(18,2)", "12.50", "number"),
        ("13812345678.0::DOUBLE", "13812345678", "number"),
        ("(0.1::DOUBLE + 0.2)", "0.3", "number"),
        ("0.1::FLOAT", "0.1", "number"),
        ("1e20::DOUBLE", "100000000000000000000", "number"),
        ("0.00001::DOUBLE", "0.00001", "number"),
        ("'nan'::DOUBLE", "NaN", "number"),
        ("'-inf'::DOUBLE", "-Infinity", "number"),
        ("9007199254740993::BIGINT", "9007199254740993", "number"),
        ("DATE '2025-01-06'", "2025-01-06", "date"),
        ("TIMESTAMP '2025-01-06 09:00:00'", "2025-01-06 09:00:00", "date"),
        ("TIMESTAMP '2025-01-06 09:00:00.25'", "2025-01-06 09:00:00.250000", "date"),
        ("TIMESTAMPTZ '2025-01-06 09:00:00+08'", "2025-01-06 01:00:00+00:00", "date"),
        ("true", "TRUE", "text"),
        ("NULL::VARCHAR", "", "text"),
        ("'abc'::BLOB", "abc", "text"),
    ],
)
def test_values_become_canonical_text(read: Read, tmp_path: Path, value: str, text: str, kind: str) -> None:
    (table,) = read(parquet(tmp_path, f"SELECT 'SO1' AS order_id, {value} AS value"))
    assert table.cells == [["SO1", text]]
    assert table.sheet.typed["value"] == kind


def test_rows_keep_their_order_over_row_groups(read: Read, tmp_path: Path) -> None:
    made = "SELECT i AS number, 'SO' || i AS order_id FROM range(300000) t(i)"
    (table,) = read(parquet(tmp_path, made, ", ROW_GROUP_SIZE 20000"))
    assert all(cells[0] == str(no - 1) for no, cells in table.rows)


def test_nested_columns_are_refused_by_name(read: Read, tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="items"):
        read(parquet(tmp_path, "SELECT 'a' AS order_id, [{'sku': 'x', 'n': 1}] AS items"))


@pytest.mark.parametrize("cut", [4, 12, 200, 0.5, 0.9])
def test_a_cut_file_is_refused(read: Read, tmp_path: Path, cut: float) -> None:
    content = parquet(tmp_path, "SELECT i AS number, 'SO' || i AS order_id FROM range(1000) t(i)")
    with pytest.raises(InputRejected):
        read(content[: int(cut * len(content)) if cut < 1 else int(cut)])


def test_noise_in_a_page_never_gives_numbers_outside_the_declared_range(read: Read, tmp_path: Path) -> None:
    content = parquet(
        tmp_path,
        "SELECT i + 1000 AS number FROM range(5000) t(i)",
        ", COMPRESSION uncompressed, WRITE_BLOOM_FILTER false",
    )
    chance = random.Random(5)
    refused = 0
    for _ in range(20):
        damaged = bytearray(content)
        at = chance.randrange(50, len(content) // 2)
        damaged[at : at + 8] = chance.randbytes(8)
        try:
            (table,) = read(bytes(damaged))
        except InputRejected:
            refused += 1
            continue
        assert all(1000 <= int(cells[0] or 0) <= 5999 for _no, cells in table.rows)
    assert refused > 0


def test_more_rows_than_a_file_can_hold_are_refused(read: Read, tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="大小异常"):
        read(parquet(tmp_path, "SELECT 'x' AS order_id, 1 AS qty FROM range(20000000)", ", ROW_GROUP_SIZE 20000000"))


def test_long_texts_that_unfold_from_a_dictionary_are_refused(read: Read, tmp_path: Path) -> None:
    from kexiao.sources.files.staged import Limits

    content = parquet(tmp_path, "SELECT repeat('x', 1000000) AS note FROM range(100)")
    with pytest.raises(InputRejected, match="大小异常"):
        read(content, Limits(file_bytes=50_000_000))
