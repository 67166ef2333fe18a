"""Write staged cells as Parquet: through a plain CSV of our own and DuckDB, so that memory stays bounded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import duckdb

from kexiao.engine.duck import Connection, connect, quote_text, run
from kexiao.errors import LimitExceeded
from kexiao.sources.files.staged import StagedSheet
from kexiao.text import Text

MEMORY_BYTES = 640 * 1024**2
COMPACT_PARQUET = "FORMAT parquet, COMPRESSION zstd"
QUICK_PARQUET = (
    "FORMAT parquet, COMPRESSION uncompressed, PARQUET_VERSION V2, DICTIONARY_SIZE_LIMIT 1000, WRITE_BLOOM_FILTER false"
)
"""For large clean files: staged cells live as long as the load, so what counts is the time to write and read them. It needs memory by the column."""
SMALL_GROUPS = "ROW_GROUP_SIZE 16384"
"""For files of a few row groups, which one processor would read while the others wait."""
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
    longest: int = 0,
) -> str:
    """SQL that reads a CSV with exactly these columns; any row of another width is an error.

    The line end is left for DuckDB to find: told that it is CR LF, version 2.0 read no rows of a large file and gave no error.
    Whoever runs this compares the number of rows with their own count.
    """
    listed = ", ".join(f"'{name}': '{kind}'" for name, kind in columns)
    line = max(4 * 1024**2, longest + 1024)
    return (
        f"SELECT * FROM read_csv({quote_text(str(source))}, auto_detect = false, columns = {{{listed}}}, "
        f"delim = {quote_text(delimiter)}, quote = {quote_text(quote)}, escape = {quote_text(quote)}, header = false, "
        f"skip = {skip}, nullstr = '', strict_mode = true, null_padding = false, allow_quoted_nulls = true, "
        f"max_line_size = {line})"
    )


def copy_to_parquet(connection: Connection, query: str, target: Path, *, parquet: str = COMPACT_PARQUET) -> int:
    """Write a query's rows in their order; how many there were."""
    try:
        rows = run(connection, f"COPY ({query}) TO {quote_text(str(target))} ({parquet})")
    except LimitExceeded:
        raise MemoryError from None
    return int(rows[0][0])


class RowWriter:
    """Rows written one after another, kept as Parquet at the end.

    On the way they are lines of cells with a separator of our own and without quotes, so that no parser has anything to guess:
    line ends inside cells are replaced by signs that Unicode keeps free for such use, and put back by the query.

    >>> with RowWriter(Path("sheet0.parquet"), 2) as rows:  # doctest: +SKIP
    ...     rows.add(2, ["SO1", "12.50"])
    >>> rows.count  # doctest: +SKIP
    1
    """

    def __init__(self, target: Path, width: int) -> None:
        self.target = target
        self.width = width
        self.count = 0
        self.longest = 0
        self.escaped = False
        self._lines = target.with_suffix(".lines")
        self._handle = self._lines.open("w", encoding="utf-8", newline="")

    def add(self, row_no: int, cells: Sequence[str | None]) -> None:
        """Add one row of exactly ``width`` cells."""
        joined = SEPARATOR.join([cell or "" for cell in cells])
        if _ESCAPED.search(joined) or joined.count(SEPARATOR) >= self.width:
            self.escaped = True
            joined = SEPARATOR.join([(cell or "").translate(_ESCAPES) for cell in cells])
        self.add_plain(row_no, joined)

    def add_plain(self, row_no: int, joined: str) -> None:
        """Add one row whose cells are already joined by ``SEPARATOR`` and hold none of the reserved signs."""
        self._handle.write(f"{row_no}{SEPARATOR}{joined}\n")
        self.count += 1
        self.longest = max(self.longest, len(joined))

    def __enter__(self) -> RowWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._handle.close()
        if kind is None:
            self._keep()
        self._lines.unlink(missing_ok=True)

    def _keep(self) -> None:
        names = column_names(self.width)
        columns = [("row_no", "BIGINT"), *((name, "VARCHAR") for name in names)]
        query = csv_query(self._lines, columns, delimiter=SEPARATOR, quote="", longest=4 * self.longest)
        if self.escaped:
            back = ", ".join(f"{_unescaped(name)} AS {name}" for name in names)
            query = f"SELECT row_no, {back} FROM ({query})"
        connection = open_duck(self.width)
        try:
            written = copy_to_parquet(connection, query, self.target)
        finally:
            connection.close()
        if written != self.count:
            raise duckdb.Error(f"{written} rows arrived of {self.count}")


SEPARATOR = "\x1f"
_STAND_INS = {"\n": "\ufdd1", "\r": "\ufdd2", SEPARATOR: "\ufdd3"}
RESERVED = "\ufdd1-\ufdd3"
_ESCAPED = re.compile(f"[\n\r{RESERVED}]")
_ESCAPES = str.maketrans(_STAND_INS | dict.fromkeys(_STAND_INS.values(), "�"))


def _unescaped(name: str) -> str:
    """SQL that puts back what stands in for line ends."""
    text = name
    for sign, stand_in in _STAND_INS.items():
        text = f"replace({text}, chr({ord(stand_in)}), chr({ord(sign)}))"
    return text


def tell_unnamed(sheet: StagedSheet, names: Sequence[str]) -> StagedSheet:
    """Tell of columns without a name that hold something; those at the end that hold nothing leave the header."""
    unnamed = [index for index in range(len(sheet.header)) if index >= len(names) or not names[index]]
    if not unnamed:
        return sheet
    connection = open_duck(len(sheet.header))
    try:
        counts = ", ".join(f"count(c{index})" for index in unnamed)
        filled = run(connection, f"SELECT {counts} FROM {sheet.cells}")[0]
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
