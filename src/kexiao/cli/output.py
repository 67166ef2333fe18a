"""How commands print tables: for people, or as JSON, CSV or Parquet."""

from __future__ import annotations

import csv
import json
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from kexiao.cli.options import session
from kexiao.text import Text

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Shown:
    """A column of a table to print: name in JSON and CSV, heading for people, alignment."""

    name: str
    heading: Text
    right: bool = False


def printable(words: str) -> str:
    """Text safe for a terminal: no control or text-direction characters.

    >>> printable("a\\x1b[2Jb")
    'a␛[2Jb'
    """

    def shown(letter: str) -> str:
        if letter in "\n\t":
            return letter
        if ord(letter) < 32:
            return chr(0x2400 + ord(letter))
        return (
            "�"
            if unicodedata.category(letter) in ("Cc", "Cs") or letter in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068"
            else letter
        )

    return "".join(map(shown, words))


def plain_cell(value: Any) -> str:
    """A value as a CSV cell that no spreadsheet takes for a formula; numbers stay numbers.

    >>> plain_cell("=1+1"), plain_cell(Decimal("-1.50"))
    ("'=1+1", '-1.50')
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return "'" + value if value.startswith(_FORMULA) else value
    return str(value if isinstance(value, Decimal) else as_json(value))


def as_json(value: Any) -> Any:
    """A value as JSON has it: exact decimals as numbers, dates as ISO text."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and value.as_tuple().exponent >= 0 else float(value)  # type: ignore[operator]
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value


def write_json(value: Any) -> None:
    """Print one JSON value on one line."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=as_json, allow_nan=False) + "\n")


def show(columns: Sequence[Shown], rows: Iterable[Sequence[Any]], *, title: Text | None = None) -> None:
    """Print rows in the format that the user asked for."""
    listed = [tuple(row) for row in rows]
    form = session().format
    if form == "json":
        write_json([dict(zip((c.name for c in columns), row, strict=True)) for row in listed])
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\r\n")
        writer.writerow([column.name for column in columns])
        writer.writerows([plain_cell(value) for value in row] for row in listed)
    elif form == "parquet":
        _write_parquet(columns, listed)
    else:
        _show_table(columns, listed, title)


def _show_table(columns: Sequence[Shown], rows: Sequence[Sequence[Any]], title: Text | None) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text as Words

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
    table = Table(box=box.SIMPLE_HEAD, title=title() if title else None, title_justify="left", pad_edge=False)
    for column in columns:
        table.add_column(column.heading(), justify="right" if column.right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Words("—" if value is None else printable(str(value))) for value in row))
    console.print(table)


def _write_parquet(columns: Sequence[Shown], rows: Sequence[Sequence[Any]]) -> None:
    import tempfile
    from pathlib import Path

    import duckdb

    from kexiao.errors import WrongUse

    if sys.stdout.isatty():
        raise WrongUse(
            Text(zh="Parquet 不能显示在终端上。", en="Parquet cannot be shown on a terminal."),
            next_step=Text(zh="请转到文件：… > 文件.parquet", en="Send it to a file: … > file.parquet"),
        )
    with tempfile.TemporaryDirectory() as place, duckdb.connect(":memory:") as connection:
        source, target = Path(place) / "rows.json", Path(place) / "rows.parquet"
        lines = [
            json.dumps(dict(zip((c.name for c in columns), row, strict=True)), ensure_ascii=False, default=as_json)
            for row in rows
        ]
        source.write_text("\n".join(lines), encoding="utf-8")
        connection.execute(
            f"COPY (SELECT * FROM read_json('{source}', format = 'newline_delimited')) TO '{target}' (FORMAT parquet)"
        )
        sys.stdout.buffer.write(target.read_bytes())
