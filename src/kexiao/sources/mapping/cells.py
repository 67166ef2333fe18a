"""The quick road of reading: SQL casts over whole columns for cells that are clean; what is not clean is counted, and read as text elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from kexiao.engine.duck import Connection, quote_text, run
from kexiao.sources.files.staged import StagedSheet
from kexiao.sources.mapping.clock import fixed_offset, instant_of
from kexiao.sources.mapping.fields import Field
from kexiao.sources.mapping.plan import SheetMapping
from kexiao.sources.mapping.testers import perhaps_tester
from kexiao.sources.mapping.values.moments import is_implausible
from kexiao.sources.mapping.values.reading import NO_KEY, NO_TEXT, NOBODY, as_written

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
"""Words for nothing in cells that are cast: all others are read as text elsewhere, which knows them."""
_EMPTY_AS_WRITTEN = {"key": as_written(NO_KEY), "text": as_written(NO_TEXT), "free_text": as_written(NO_TEXT)}
_NOBODY_AS_WRITTEN, _OF_PERSONS = as_written(NOBODY), ("customer_id", "customer_name")
_SHORT = 6
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

_USUAL = {
    "instant": "(strlen({0}) = 19 AND CAST({1} AS VARCHAR) = {0})",
    "money": "(strlen({0}) < 16 AND CAST({1} AS VARCHAR) = {0})",
    "key": "({0} >= '0' AND {0} < '~' AND url_encode({0}) = {0} AND NOT contains({0}, '.'))",
    "phone": "(strlen({0}) = 11 AND {0} BETWEEN '13000000000' AND '19999999999' "
    "AND TRY_CAST({0} AS UBIGINT) BETWEEN 13000000000 AND 19999999999 AND NOT contains({0}, 'e') AND NOT contains({0}, 'E'))",
}
"""How a clean cell is mostly written, where that is found out in half the time that its pattern takes: its text and its cast ``m<number>``."""


@dataclass(frozen=True, slots=True)
class Column:
    """One mapped column.

    ``clean`` is SQL of the value of a clean cell over its text ``r<number>`` and its cast ``m<number>``, null for any other; ``cast`` the same without
    the test, for columns of nothing but clean cells. ``filled`` cells of which ``unread`` are not clean, whose readings stand in the table ``slow``; ``odd`` clean ones hold
    dates that cannot be meant, ``broken`` ones a fraction where things are counted, ``testers`` perhaps name a test customer.
    """

    number: int
    field: Field
    clean: str
    cast: str
    filled: int = 0
    unread: int = 0
    odd: int = 0
    broken: int = 0
    testers: int = 0
    slow: str | None = None

    @property
    def sql_type(self) -> str:
        """The DuckDB type of its values."""
        return SQL_TYPES.get(self.field.reads, "VARCHAR")

    @property
    def raw(self) -> str:
        """The cell as text, null where it is empty."""
        return f"r{self.number}"


@dataclass(frozen=True, slots=True)
class Cells:
    """The mapped columns of a sheet and ``rows``, SQL of their texts: ``row_no``, ``r0``, ``r1`` …, trimmed, null where empty, and what casts of them."""

    rows: str
    columns: tuple[Column, ...]


def cells_of(connection: Connection, sheet: StagedSheet, mapping: SheetMapping, zone: ZoneInfo, today: date) -> Cells:
    """The cells of a sheet, those that SQL reads told from the others by one pass over them."""
    columns = [
        _column(number, field, mapping.unit(field.name), zone)
        for number, field in enumerate(one for one in mapping.sheet_kind.fields if one.name in mapping.columns)
    ]
    texts = _Texts(sheet, tuple((sheet.header.index(mapping.columns[c.field.name]), c.field) for c in columns))
    down = mapping.options.fill_down
    rows = _cast(_filled_down(texts.rows(), columns) if down else texts.rows(), columns)
    counts = ", ".join([*(_counts(column, today) for column in columns), *([] if down else [texts.empties()])])
    values = ", ".join(f"{c.clean} AS v{c.number}" for c in columns)
    found = [int(count) for count in run(connection, f"SELECT {counts} FROM (SELECT *, {values} FROM ({rows}))")[0]]
    if not down:
        # Where no cell says that it is empty, nobody has to ask it again.
        rows = _cast(texts.rows(frozenset(n for n, no in enumerate(found[5 * len(columns) :]) if not no)), columns)
    return Cells(
        rows,
        tuple(
            replace(column, filled=filled, unread=filled - read, odd=odd, broken=broken, testers=testers)
            for column, filled, read, odd, broken, testers in zip(
                columns, *(found[at : 5 * len(columns) : 5] for at in range(5)), strict=True
            )
        ),
    )


def _counts(column: Column, today: date) -> str:
    """SQL of how many cells are filled, clean, odd and broken, and how many perhaps name a test customer."""
    value = f"v{column.number}"
    odd = implausible(column.field, value, today)
    broken = f"{value} <> floor({value})" if column.field.name == "quantity" else None
    tester = perhaps_tester(column.field.name, column.raw)
    if tester and column.field.reads not in ("text", "free_text"):
        # What is read with care may turn out to be one, whatever its cell looks like.
        tester = f"{tester} OR ({column.raw} IS NOT NULL AND {value} IS NULL)"
    return f"count({column.raw}), count({value}), " + ", ".join(
        f"count(*) FILTER ({test})" if test else "0" for test in (odd, broken, tester)
    )


def implausible(field: Field, value: str, today: date) -> str | None:
    """SQL that is true where a date cannot be meant; None for fields that hold none."""
    if field.reads not in ("instant", "date", "birthday"):
        return None
    birthday, past = field.reads == "birthday", field.past
    assert is_implausible(date(9999, 12, 31), today, past=past, birthday=birthday)
    first = "1900-01-01" if birthday else "1970-01-01"
    ahead = 0 if birthday else 366 if past else 36_525
    return f"({value} < DATE '{first}' OR {value} > DATE '{today.isoformat()}' + INTERVAL {ahead + 1} DAY)"


@dataclass(frozen=True, slots=True)
class _Texts:
    """SQL of the cells of some columns as trimmed texts ``r0``, ``r1`` …, null where they say that they are empty; ``places`` are the columns' places in
    the sheet and the fields that they are read as."""

    sheet: StagedSheet
    places: tuple[tuple[int, Field], ...]

    def trimmed(self) -> str:
        """``row_no`` and the trimmed cells ``x0``, ``x1`` …; in a query of its own, so that no cell is trimmed twice."""
        cut = "c{at}" if self.sheet.trimmed else "trim(c{at}, " + _WHITE + ")"
        cells = "".join(f", {cut.format(at=at)} AS x{number}" for number, (at, _) in enumerate(self.places))
        return f"SELECT row_no{cells} FROM {self.sheet.cells}"

    def rows(self, filled: frozenset[int] = frozenset()) -> str:
        """``row_no``, the texts and the trimmed cells; ``filled`` are columns of which no cell says that it is empty."""
        texts = "".join(
            f", {f'x{n}' if n in filled else f'CASE WHEN {self._full(n)} THEN x{n} END'} AS r{n}"
            for n in range(len(self.places))
        )
        return f"SELECT *{texts} FROM ({self.trimmed()})"

    def empties(self) -> str:
        """SQL of how many cells of each column say that they are empty."""
        return ", ".join(f"count(x{n}) - count(r{n})" for n in range(len(self.places)))

    def _full(self, number: int) -> str:
        text, field = f"x{number}", self.places[number][1]
        words = _EMPTY_AS_WRITTEN.get(field.reads, ())
        if not words:
            return _none_of(text, _EMPTY)
        words += _NOBODY_AS_WRITTEN if field.name in _OF_PERSONS else ()
        # Most cells are longer than most of the words, and are compared with few.
        long = [word for word in words if len(word.encode()) > _SHORT and not word.startswith("#")]
        short = f"strlen({text}) <= {_SHORT} OR starts_with({text}, '#')"
        return f"CASE WHEN {short} THEN {_none_of(text, words)} ELSE {_none_of(text, long) or 'true'} END"


def _none_of(text: str, words: Iterable[str]) -> str:
    # Compared one by one: DuckDB makes a join of a longer IN, for every column and in every query.
    return " AND ".join(f"{text} <> {quote_text(word)}" for word in words)


def _filled_down(cells: str, columns: Sequence[Column]) -> str:
    """Cells of what belongs to a whole order on all of its rows, where an export writes them on the first one only."""
    order = next((column.number for column in columns if column.field.name == "order_id"), None)
    if order is None:
        return cells
    shown = ", ".join(
        c.raw
        if c.field.name in LINE_ONLY
        else f"coalesce({c.raw}, max({c.raw}) OVER (PARTITION BY r{order})) AS {c.raw}"
        for c in columns
    )
    return f"SELECT row_no, {shown} FROM ({cells})"


def _cast(texts: str, columns: Sequence[Column]) -> str:
    """The texts, and beside each that is no text what casts of it as ``m<number>``; in a query of its own, so that no cell is cast twice."""
    kinds = {c.number: "TIMESTAMP" if c.field.reads == "instant" else c.sql_type for c in columns}
    casts = "".join(f", TRY_CAST(r{n} AS {kind}) AS m{n}" for n, kind in kinds.items() if kind != "VARCHAR")
    return f"SELECT *{casts} FROM ({texts})"


def _column(number: int, field: Field, unit: Decimal, zone: ZoneInfo) -> Column:
    raw, found, kind = f"r{number}", f"m{number}", SQL_TYPES.get(field.reads, "VARCHAR")
    if field.reads in ("text", "free_text"):
        return Column(number, field, raw, raw)
    if field.reads == "choice" or (field.reads == "money" and unit != Decimal(1)):
        return Column(number, field, f"CAST(NULL AS {kind})", f"CAST(NULL AS {kind})")
    cast = _instant(found, zone) if field.reads == "instant" else found if kind != "VARCHAR" else raw
    # What casts is not clean yet: DuckDB takes 09:00:0Z and 09:00: c for times of day as well. But what is written as DuckDB itself writes the value is.
    clean = f"regexp_full_match({raw}, '{_PATTERNS[field.reads]}')"
    if usual := _USUAL.get(field.reads):
        clean = f"({usual.format(raw, found)} OR {clean})"
    return Column(number, field, f"CASE WHEN {clean} THEN {cast} END", cast)


def _instant(local: str, zone: ZoneInfo) -> str:
    """Business time as an instant; a local time that the clock skipped or showed twice is left to the slow road, which tells of it."""
    name = quote_text(zone.key)
    there = instant_of(local, zone)
    if fixed_offset(zone) is not None:
        return there
    odd = " OR ".join(
        [
            f"timezone({name}, {there}) <> {local}",
            *(f"timezone({name}, {there} {sign} INTERVAL 1 HOUR) = {local}" for sign in "+-"),
        ]
    )
    return f"CASE WHEN {odd} THEN NULL ELSE {there} END"
