"""Write staged cells as Parquet: through a plain CSV of our own and DuckDB, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import duckdb

from kexiao.engine.duck import Connection, connect, quote_text, run
from kexiao.errors import LimitExceeded
from kexiao.sources.files.staged import StagedSheet
from kexiao.text import Text

MEMORY_BYTES = 640 * 1024**2
COLUMN_BYTES = 320 * 1024
"""DuckDB holds a block of 256 KB for each column that it reads or writes."""


def open_duck(width: int = 0) -> Connection:
    """DuckDB for this child: two threads, memory bounded by the number of columns, spilling beside us."""
    return connect(Path("spill"), memory_bytes=MEMORY_BYTES + width * COLUMN_BYTES, threads=2)


def column_names(count: int) -> list[str]:
    """The staged columns: c0, c1, …"""
    return [f"c{index}" for index in range(count)]


def csv_query(
    source: Path,
    columns: Sequence[tuple[str, str]],
    *,
    delimiter: str = ",",
    skip: int = 0,
    quote: str = '"',
    newline: str = "\\n",
    longest: int = 0,
) -> str:
    """SQL that reads a CSV with exactly these columns; any row of another width is an error."""
    listed = ", ".join(f"'{name}': '{kind}'" for name, kind in columns)
    line = max(4 * 1024**2, longest + 1024)
    return (
        f"SELECT * FROM read_csv({quote_text(str(source))}, auto_detect = false, columns = {{{listed}}}, "
        f"delim = {quote_text(delimiter)}, quote = {quote_text(quote)}, escape = {quote_text(quote)}, header = false, "
        f"skip = {skip}, nullstr = '', strict_mode = true, new_line = {quote_text(newline)}, null_padding = false, allow_quoted_nulls = true, "
        f"max_line_size = {line})"
    )


def copy_to_parquet(connection: Connection, query: str, target: Path) -> int:
    """Write a query's rows in their order; how many there were."""
    try:
        rows = run(connection, f"COPY ({query}) TO {quote_text(str(target))} (FORMAT parquet, COMPRESSION zstd)")
    except LimitExceeded:
        raise MemoryError from None
    return int(rows[0][0])


class RowWriter:
    """Rows written one after another, kept as Parquet at the end.

    >>> with RowWriter(Path("sheet0.parquet"), 2) as rows:  # doctest: +SKIP
    ...     rows.add(2, ["SO1", "12.50"])
    >>> rows.count  # doctest: +SKIP
    1
    """

    def __init__(self, target: Path, width: int, delimiter: str = ",") -> None:
        self.target = target
        self.delimiter = delimiter
        self.width = width
        self.count = 0
        self.longest = 0
        self._csv = target.with_suffix(".csv")
        self._handle = self._csv.open("w", encoding="utf-8", newline="")

    def add(self, row_no: int, cells: Iterable[str | None]) -> None:
        """Add one row of exactly ``width`` cells."""
        sign = self.delimiter
        self.add_line(f"{row_no}{sign}" + sign.join([quoted(cell, sign) if cell else "" for cell in cells]) + "\n")

    def add_line(self, line: str) -> None:
        """Add one row already written as CSV, its number first and its newline last."""
        self._handle.write(line)
        self.count += 1
        self.longest = max(self.longest, 4 * len(line))

    def __enter__(self) -> RowWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._handle.close()
        if kind is None:
            self._keep()
        self._csv.unlink(missing_ok=True)

    def _keep(self) -> None:
        columns = [("row_no", "BIGINT"), *((name, "VARCHAR") for name in column_names(self.width))]
        connection = open_duck(self.width)
        try:
            query = csv_query(self._csv, columns, delimiter=self.delimiter, longest=self.longest)
            written = copy_to_parquet(connection, query, self.target)
        finally:
            connection.close()
        if written != self.count:
            raise duckdb.Error(f"{written} rows arrived of {self.count}")


def tell_unnamed(sheet: StagedSheet, names: Sequence[str]) -> StagedSheet:
    """Tell of columns without a name that hold something; those at the end that hold nothing leave the header."""
    unnamed = [index for index in range(len(sheet.header)) if index >= len(names) or not names[index]]
    if not unnamed:
        return sheet
    connection = open_duck(len(sheet.header))
    try:
        counts = ", ".join(f"count(c{index})" for index in unnamed)
        filled = run(connection, f"SELECT {counts} FROM read_parquet({quote_text(str(sheet.parquet))})")[0]
    finally:
        connection.close()
    held = {index for index, count in zip(unnamed, filled, strict=True) if count}
    width = len(sheet.header)
    while width > 1 and width - 1 in unnamed and width - 1 not in held:
        width -= 1
    told = [_UNNAMED.fill(n=index + 1, name=sheet.header[index]) for index in sorted(held)]
    header = sheet.header[:width]
    typed = {name: kind for name, kind in sheet.typed.items() if name in header}
    return replace(sheet, header=header, typed=typed, warnings=(*sheet.warnings, *told))


_UNNAMED = Text(zh="第 {n} 列没有列名，记作“{name}”。", en="Column {n} has no name; it is called “{name}”.")


def quoted(cell: str, delimiter: str) -> str:
    """A cell as CSV, in quotes only where it needs them.

    >>> quoted("a,b", ","), quoted("a;b", ",")
    ('"a,b"', 'a;b')
    """
    if delimiter in cell or '"' in cell or "\n" in cell or "\r" in cell:
        return '"' + cell.replace('"', '""') + '"'
    return cell
