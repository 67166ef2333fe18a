"""The quick road of reading: SQL casts over whole columns for cells that are clean, in one pass; the others are set aside as text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from kexiao.engine.duck import Connection, quote_text, run
from kexiao.sources.files.staged import StagedSheet
from kexiao.sources.mapping.fields import Field, unit_of
from kexiao.sources.mapping.plan import SheetMapping

SQL_TYPES = {
    "money": "DECIMAL(18,2)",
    "number": "DOUBLE",
    "rate": "DOUBLE",
    "score": "DOUBLE",
    "instant": "TIMESTAMPTZ",
    "date": "DATE",
    "birthday": "DATE",
}
LINE_ONLY = frozenset(
    {
        "product_id",
        "product_name",
        "category",
        "subcategory",
        "line_key",
        "quantity",
        "unit_price",
        "unit_cost",
        "cost",
        "profit",
        "discount",
        "discount_rate",
        "gross",
    }
)
_WHITE = "' \t\r\n\u3000\u00a0'"
_EMPTY = ("", "NULL", "\\N", "null", "(null)", "<null>")
_PATTERNS = {
    "money": "-?[0-9]{1,12}(\\.[0-9]{1,2})?",
    "number": "-?[0-9]{1,12}(\\.[0-9]{1,15})?",
    "rate": "-?[0-9]{1,12}(\\.[0-9]{1,15})?",
    "score": "[0-9]{1,3}(\\.[0-9]{1,2})?",
    "instant": "[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}([ T][0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2})?)?",
    "date": "[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}",
    "birthday": "[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}",
    "key": "[0-9A-Za-z_#/:-]*[0-9A-Za-z]",
    "phone": "1[3-9][0-9]{9}",
    "email": "[a-z0-9._+-]+@[a-z0-9.-]+\\.[a-z]+",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One mapped column: its number, how many cells are filled, how many of them SQL did not read, and the table of their readings."""

    number: int
    field: Field
    filled: int = 0
    unread: int = 0
    slow: str | None = None

    @property
    def sql_type(self) -> str:
        """The DuckDB type of its values."""
        return SQL_TYPES.get(self.field.reads, "VARCHAR")

    @property
    def plain(self) -> bool:
        """Whether every text is a value, so that nothing can be unread."""
        return self.field.reads in ("text", "free_text")


def read_clean(
    connection: Connection, sheet: StagedSheet, mapping: SheetMapping, zone: ZoneInfo, out: Path
) -> list[Column]:
    """Write ``out`` with ``row_no``, ``v<i>`` (the value of a clean cell) and ``u<i>`` (the text of another) for each mapped field."""
    columns = [
        Column(number, field)
        for number, field in enumerate(one for one in mapping.sheet_kind.fields if one.name in mapping.columns)
    ]
    trimmed, raw, values, rest = [], [], [], []
    listed = ", ".join(map(quote_text, _EMPTY))
    for column in columns:
        heading = mapping.columns[column.field.name]
        at = column.number
        trimmed.append(f"trim(c{sheet.header.index(heading)}, {_WHITE}) AS x{at}")
        raw.append(f"CASE WHEN x{at} NOT IN ({listed}) THEN x{at} END AS r{at}")
        values.append(f"r{at}, {_clean(column, f'r{at}', unit_of(heading), zone)} AS v{at}")
        rest.append(f"v{at}" + ("" if column.plain else f", CASE WHEN v{at} IS NULL THEN r{at} END AS u{at}"))
    cells = f"SELECT row_no, {', '.join(raw)} FROM (SELECT row_no, {', '.join(trimmed)} FROM read_parquet({quote_text(str(sheet.parquet))}))"
    if mapping.options.fill_down:
        cells = _filled_down(cells, columns)
    # Each step stands in a query of its own, so that no cell is trimmed or matched twice.
    run(
        connection,
        f"COPY (SELECT row_no, {', '.join(rest)} FROM (SELECT row_no, {', '.join(values)} FROM ({cells}))) TO {quote_text(str(out))} "
        "(FORMAT parquet, COMPRESSION snappy)",
    )
    counts = ", ".join(f"count(v{c.number}), " + ("0" if c.plain else f"count(u{c.number})") for c in columns)
    found = [int(count) for count in run(connection, f"SELECT {counts} FROM read_parquet({quote_text(str(out))})")[0]]
    return [
        Column(column.number, column.field, filled=read + unread, unread=unread)
        for column, read, unread in zip(columns, found[::2], found[1::2], strict=True)
    ]


def _filled_down(cells: str, columns: list[Column]) -> str:
    """Cells of what belongs to a whole order on all of its rows, where an export writes them on the first one only."""
    order = next((column.number for column in columns if column.field.name == "order_id"), None)
    if order is None:
        return cells
    shown = ", ".join(
        f"r{c.number}"
        if c.field.name in LINE_ONLY
        else f"coalesce(r{c.number}, max(r{c.number}) OVER (PARTITION BY r{order})) AS r{c.number}"
        for c in columns
    )
    return f"SELECT row_no, {shown} FROM ({cells})"


def _clean(column: Column, raw: str, unit: Decimal, zone: ZoneInfo) -> str:
    """SQL that reads a clean cell and gives null for any other."""
    reads, kind = column.field.reads, column.sql_type
    if column.plain:
        return raw
    if reads == "choice" or (reads == "money" and unit != 1):
        return f"CAST(NULL AS {kind})"
    value = _instant(raw, zone) if reads == "instant" else f"TRY_CAST({raw} AS {kind})" if kind != "VARCHAR" else raw
    return f"CASE WHEN regexp_full_match({raw}, '{_PATTERNS[reads]}') THEN {value} END"


def _instant(raw: str, zone: ZoneInfo) -> str:
    """Business time as an instant; a local time that the clock skipped or showed twice is left to the slow road, which tells of it."""
    local, name = f"TRY_CAST({raw} AS TIMESTAMP)", quote_text(zone.key)
    there = f"timezone({name}, {local})"
    if not _changes_clock(zone):
        return there
    odd = " OR ".join(
        [
            f"timezone({name}, {there}) <> {local}",
            *(f"timezone({name}, {there} {sign} INTERVAL 1 HOUR) = {local}" for sign in "+-"),
        ]
    )
    return f"CASE WHEN {odd} THEN NULL ELSE {there} END"


def _changes_clock(zone: ZoneInfo) -> bool:
    """Whether the zone's offset has changed since 2000."""
    return (
        len(
            {
                datetime(year, month, 1, tzinfo=UTC).astimezone(zone).utcoffset()
                for year in range(2000, 2038, 1)
                for month in range(1, 13)
            }
        )
        > 1
    )
