"""Parquet files: typed columns as text, checked against their own statistics."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from kexiao.engine.duck import Connection, quote_name, quote_text, run
from kexiao.errors import InputRejected, Place
from kexiao.sources.files.header import clean_name, unique_names
from kexiao.sources.files.staged import Limits, StagedSheet
from kexiao.sources.files.writing import copy_to_parquet, open_duck
from kexiao.text import Text

_MAGIC = b"PAR1"
ROWS_A_BYTE = 1000
_FLOATS = {"FLOAT", "DOUBLE"}
_WHOLE = {
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
}


def stage_parquet(path: Path, limits: Limits, *, prefix: str = "") -> list[StagedSheet]:
    """The one table of a Parquet file.

    Errors: ``InputRejected`` where the file is cut off or damaged, or where a column is nested.
    """
    _check_frame(path)
    connection = open_duck(2000)
    try:
        return [_stage(connection, path, limits, Path(f"{prefix}sheet0.parquet"))]
    except duckdb.Error:
        raise _damaged() from None
    finally:
        connection.close()


def _check_frame(path: Path) -> None:
    """The sign at both ends, and a footer that fits into the file: a false length asks for gigabytes."""
    size = path.stat().st_size
    with path.open("rb") as handle:
        handle.seek(max(0, size - 8))
        tail = handle.read(8)
    footer = int.from_bytes(tail[:4], "little")
    if size < 16 or tail[4:] != _MAGIC or not 0 < footer <= size - 12:
        raise _damaged()


def _damaged() -> InputRejected:
    return InputRejected(
        Text(zh="Parquet 文件不完整或已损坏。", en="The Parquet file is incomplete or damaged."),
        next_step=Text(zh="请重新导出。", en="Export it again."),
    )


def _stage(connection: Connection, path: Path, limits: Limits, target: Path) -> StagedSheet:
    source = f"read_parquet({quote_text(str(path))}, binary_as_string = true)"
    columns = [(str(row[0]), str(row[1])) for row in run(connection, f"DESCRIBE SELECT * FROM {source}")]
    if not columns or len(columns) > limits.columns:
        raise _damaged()
    for name, kind in columns:
        _refuse_nested(name, kind)
    _refuse_bomb(connection, path, columns, source, limits)
    header = unique_names([clean_name(name) for name, _kind in columns])
    cells = ", ".join(f"{_as_text(name, kind)} AS c{index}" for index, (name, kind) in enumerate(columns))
    query = f"SELECT row_number() OVER () AS row_no, {cells} FROM {source}"
    rows = copy_to_parquet(connection, query, target)
    _check_statistics(connection, path, columns, target, rows)
    typed = {name: _kind(kind) for name, (_raw, kind) in zip(header, columns, strict=True)}
    return StagedSheet("", header, target, rows, typed=typed)


def _refuse_bomb(
    connection: Connection, path: Path, columns: Sequence[tuple[str, str]], source: str, limits: Limits
) -> None:
    """Refuse rows that no file of this size can hold with a key of their own, and texts that unfold beyond all limits."""
    rows = int(run(connection, f"SELECT num_rows FROM parquet_file_metadata({quote_text(str(path))})")[0][0])
    texts = [f"sum(strlen({quote_name(name)}))" for name, kind in columns if kind == "VARCHAR"]
    unfolded = 0
    if rows <= ROWS_A_BYTE * path.stat().st_size and texts:
        unfolded = int(
            run(connection, f"SELECT {' + '.join(f'coalesce({text}, 0)' for text in texts)} FROM {source}")[0][0]
        )
    if rows > ROWS_A_BYTE * path.stat().st_size or unfolded > limits.file_bytes:
        raise InputRejected(
            Text(
                zh="展开后的大小异常（size），拒绝读取。",
                en="Unfolded, the file would be of an abnormal size; it was refused.",
            ),
            next_step=Text(zh="请确认文件来源，或重新导出。", en="Check where it comes from, or export it again."),
        )


def _refuse_nested(name: str, kind: str) -> None:
    nested = kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION", "VARIANT"))
    if nested or kind in ("BLOB", "BIT", "GEOMETRY", "INTERVAL"):
        raise InputRejected(
            Text(zh="列“{c}”不是普通的值（{kind}）。", en="Column {c} does not hold plain values ({kind}).").fill(
                c=name[:80], kind=kind.split("(", maxsplit=1)[0][:20]
            ),
            next_step=Text(zh="请展开成普通的列再导出。", en="Flatten it into plain columns and export it again."),
            place=Place(column=name[:80]),
        )


def _as_text(name: str, kind: str) -> str:
    """SQL that gives a column in canonical text."""
    column = quote_name(name)
    if kind in _FLOATS:
        return _float_text(f"CAST(CAST({column} AS VARCHAR) AS DOUBLE)" if kind == "FLOAT" else column)
    if kind == "BOOLEAN":
        return f"upper(CAST({column} AS VARCHAR))"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"strftime({column}, '%Y-%m-%d %H:%M:%S') || {_fraction(column)} || '+00:00'"
    if kind.startswith("TIMESTAMP"):
        plain = f"CAST({column} AS TIMESTAMP)"
        return f"strftime({plain}, '%Y-%m-%d %H:%M:%S') || {_fraction(plain)}"
    return f"nullif(CAST({column} AS VARCHAR), '')"


def _fraction(column: str) -> str:
    part = f"(epoch_us({column}) % 1000000)"
    return f"CASE WHEN {part} = 0 THEN '' ELSE printf('.%06d', {part}) END"


def _float_text(column: str) -> str:
    """SQL for a float with at most 15 digits that count, never in scientific form."""
    size = f"abs({column})"
    return (
        f"CASE WHEN {column} IS NULL THEN NULL WHEN isnan({column}) THEN 'NaN' "
        f"WHEN isinf({column}) THEN if({column} > 0, 'Infinity', '-Infinity') "
        f"WHEN {size} < 1e15 AND {column} = trunc({column}) THEN CAST(TRY_CAST({column} AS BIGINT) AS VARCHAR) "
        f"WHEN {size} >= 1e15 THEN format('{{:.0f}}', {column}) "
        f"WHEN {size} < 1e-4 THEN rtrim(format('{{:.20f}}', {column}), '0') "
        f"ELSE format('{{:.15g}}', {column}) END"
    )


def _kind(kind: str) -> str:
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        return "date"
    return "number" if kind in _FLOATS | _WHOLE or kind.startswith("DECIMAL") else "text"


def _check_statistics(
    connection: Connection, path: Path, columns: Sequence[tuple[str, str]], target: Path, staged: int
) -> None:
    """Compare what the file says of itself with what was read: a damaged page may decode into other values.

    Checked are the number of rows and, for dates, whole numbers and decimals, the smallest and largest value. These are
    taken from the staged text: asked of the file itself, DuckDB would answer from the very statistics to be checked.
    """
    file = quote_text(str(path))
    if int(run(connection, f"SELECT num_rows FROM parquet_file_metadata({file})")[0][0]) != staged:
        raise _damaged()
    plain = [
        (index, name, kind)
        for index, (name, kind) in enumerate(columns)
        if kind == "DATE" or kind in _WHOLE or kind.startswith("DECIMAL")
    ]
    for index, name, kind in plain:
        said = run(
            connection,
            f"SELECT min(TRY_CAST(stats_min_value AS {kind})), max(TRY_CAST(stats_max_value AS {kind})), "
            "count(*) = count(stats_min_value) AND count(*) = count(stats_max_value) "
            f"FROM parquet_metadata({file}) WHERE path_in_schema = ?",
            [name],
        )[0]
        cell = f"TRY_CAST(c{index} AS {kind})"
        read = run(connection, f"SELECT min({cell}), max({cell}) FROM read_parquet({quote_text(str(target))})")[0]
        if said[2] and None not in (*said, *read) and (read[0] < said[0] or read[1] > said[1]):
            raise _damaged()
