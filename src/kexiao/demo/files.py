"""The files as the company exports them: flat tables with Chinese headers, in the encodings and with the mess of real exports."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from duckdb import DuckDBPyConnection

from kexiao.demo.workbook import Column, write_sheet

LARGEST_WORKBOOK = 200_000  # customers; above it the small tables are CSV too


@dataclass(frozen=True, slots=True)
class Dress:
    """How a CSV file looks outside its rows: encoding, a title above the header, blank lines, a total below."""

    encoding: str = "utf-8-sig"
    newline: str = "\n"
    title: str | None = None
    blank_after: tuple[int, ...] = ()
    """Data rows (from 1) after which a blank line stands."""
    total: Sequence[str] | None = None


def write_csv(connection: DuckDBPyConnection, columns: list[Column], rest: str, path: Path, dress: Dress) -> None:
    """Write ``SELECT columns rest`` as CSV; ``rest`` begins with FROM and orders the rows."""
    selected = ", ".join(f'({column.sql})::VARCHAR AS "{column.header}"' for column in columns)
    plain = path.with_name(path.name + ".part")
    target = str(plain).replace("'", "''")
    connection.execute(f"COPY (SELECT {selected} {rest}) TO '{target}' (FORMAT csv, HEADER true)")
    if dress.encoding == "utf-8" and not (dress.title or dress.blank_after or dress.total or dress.newline != "\n"):
        os.replace(plain, path)
        return
    try:
        _dress(plain, path, len(columns), dress)
    finally:
        plain.unlink()


def _dress(plain: Path, path: Path, width: int, dress: Dress) -> None:
    blanks = set(dress.blank_after)
    lines = dress.newline != "\n" or bool(blanks)
    with (
        plain.open("r", encoding="utf-8", newline="") as source,
        path.open("w", encoding=dress.encoding, newline="") as out,
    ):
        if dress.title:
            out.write(dress.title + "," * (width - 1) + dress.newline)
        if not lines:
            shutil.copyfileobj(source, out, 1 << 20)
        else:
            for number, line in enumerate(source):
                out.write(line[:-1] + dress.newline)
                if number in blanks:
                    out.write(dress.newline)
        if dress.total:
            out.write(",".join(dress.total) + dress.newline)


def write_table(
    connection: DuckDBPyConnection, columns: list[Column], rest: str, stem: Path, *, workbook: bool, part: str = ""
) -> Path:
    """Write one of the smaller tables: a workbook, or CSV where the company is too large for one."""
    path = stem.with_name(f"{stem.name}{part}{'.xlsx' if workbook else '.csv'}")
    if workbook:
        write_sheet(connection, columns, rest, path, stem.name)
    else:
        write_csv(connection, columns, rest, path, Dress())
    return path


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    """Write a short table as CSV, UTF-8 with a byte order mark."""
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    return path


def yuan(fen: int) -> str:
    """Fen as yuan with two decimals.

    >>> yuan(123456)
    '1234.56'
    """
    return f"{fen // 100}.{fen % 100:02d}"
