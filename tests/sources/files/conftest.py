"""What the tests of file reading share: a reader that gives each table as plain Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from kexiao.sources.files.detect import stage
from kexiao.sources.files.reading import DEFAULT_LIMITS
from kexiao.sources.files.staged import Limits, StagedSheet

HEADER = "订单号,客户,下单日期,金额,备注"
ORDERS = [["SO1001", "王伟", "2025-01-06", "12.50", ""], ["SO1002", "李芳", "2025-01-07", "8.00", "加急"]]


@dataclass(frozen=True)
class Table:
    """One staged sheet with its rows as (row number, cells)."""

    sheet: StagedSheet
    rows: list[tuple[int, tuple[str | None, ...]]]

    @property
    def cells(self) -> list[list[str]]:
        return [[cell or "" for cell in cells] for _no, cells in self.rows]

    @property
    def refused(self) -> list[tuple[int, str | None, str]]:
        return [(row.row_no, row.column, row.code) for row in self.sheet.refused]

    @property
    def skipped(self) -> list[tuple[int, str]]:
        return [(row.row_no, row.code) for row in self.sheet.skipped]

    @property
    def warnings(self) -> str:
        return "\n".join(text("en") for text in self.sheet.warnings)


def table_of(sheet: StagedSheet) -> Table:
    width = len(sheet.header)
    names = ", ".join(["row_no", *(f"c{index}" for index in range(width))])
    # A connection of its own: DuckDB remembers what it has read of a file, and examples write one after another under one name.
    with duckdb.connect() as connection:
        sql = f"SELECT {names} FROM {sheet.cells} ORDER BY row_no"
        found = connection.execute(sql).fetchall()
    assert len(found) == sheet.rows
    return Table(sheet, [(row[0], row[1:]) for row in found])


Read = Callable[..., list[Table]]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Read bytes or text as a file in this process; the child process has tests of its own."""
    monkeypatch.chdir(tmp_path)

    def reading(content: bytes | str | Path, limits: Limits = DEFAULT_LIMITS) -> list[Table]:
        path = tmp_path / "input"
        if isinstance(content, Path):
            path.unlink(missing_ok=True)
            path.symlink_to(content)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return [table_of(sheet) for sheet in stage(Path("input"), limits)]

    return reading


def csv_of(rows: list[list[str]] = ORDERS, *, header: str = HEADER, sep: str = ",", end: str = "\r\n") -> str:
    """A plain table as text."""
    return end.join([header.replace(",", sep), *(sep.join(row) for row in rows), ""])
