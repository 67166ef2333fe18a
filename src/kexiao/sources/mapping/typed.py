"""Text cells to typed fields: what is clean is cast by SQL over the whole column, the distinct rest goes through the readers once."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from kexiao.engine.duck import Connection, quote_name, quote_text, run
from kexiao.errors import Ambiguous, Place
from kexiao.sources.files.staged import StagedSheet
from kexiao.sources.mapping.cells import Column, cells_of, implausible
from kexiao.sources.mapping.clock import skipped_elsewhere
from kexiao.sources.mapping.fields import Field
from kexiao.sources.mapping.plan import SheetMapping
from kexiao.sources.mapping.values.moments import (
    MomentStyle,
    Undecided,
    moment_style,
    read_day,
    read_moment,
)
from kexiao.sources.mapping.values.names import key_reader, read_choice, read_email, read_phone
from kexiao.sources.mapping.values.numbers import NumberStyle, decimal_style, read_money, read_number, read_rate
from kexiao.sources.mapping.values.reading import Read, shape
from kexiao.sources.mapping.values.scores import read_score
from kexiao.text import Text

UNKNOWN_SHARE = 0.2
SEVERAL, FEW_ROWS = 5, 100_000
"""From how many moments on they tell of a clock, and up to how many rows all of a file may stand in one hour."""
_NONE = "CAST(NULL AS VARCHAR)"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What reading depends on beside the file: the business time zone, today there, and the company's currency."""

    zone: ZoneInfo
    today: date
    currency: str = "CNY"


@dataclass(frozen=True, slots=True)
class TypedSheet:
    """One sheet with typed fields.

    ``rows`` is what to read them FROM: ``row_no``, the fields of ``mapping.columns`` by name (instants as UTC timestamps), and ``_field``, ``_code``: the
    first field that refuses the row and why, null for good rows. ``notes`` counts rows by (field, note). ``currency`` is what the amounts show.
    ``whole`` are the fields that have a value in every row, ``testers`` those that perhaps name test customers.
    """

    source: StagedSheet
    mapping: SheetMapping
    rows: str
    notes: Mapping[tuple[str, str], int]
    currency: str | None = None
    whole: frozenset[str] = frozenset()
    testers: tuple[str, ...] = ()


def read_cells(
    connection: Connection, sheet: StagedSheet, mapping: SheetMapping, around: Surroundings, out: Path, place: Place
) -> TypedSheet:
    """Read every mapped column of a sheet. Clean cells are cast whenever they are asked for; where many are not clean, all are read once into ``out``.

    Errors: ``Ambiguous`` where a column can be read in two ways (order of day and month, several currencies, unknown statuses).
    """
    cells = cells_of(connection, sheet, mapping, _zone(mapping, around), around.today)
    columns, currencies = [], set()
    for column in cells.columns:
        if column.unread:
            slow, seen = _read_rest(connection, cells.rows, column, mapping, around, place, out)
            currencies |= seen
            _refuse_unknown_words(connection, slow, sheet.rows, mapping, place)
            columns.append(slow)
        else:
            columns.append(column)
    currency = _one_currency(currencies, mapping, around, place)
    query = _typed_query(cells.rows, columns, around.today, sheet.rows)
    if mapping.options.fill_down or any(c.slow and c.field.reads != "choice" for c in columns):
        run(connection, f"COPY ({query.sql}) TO {quote_text(str(out))} (FORMAT parquet, COMPRESSION snappy)")
        query = replace(query, sql=f"SELECT * FROM read_parquet({quote_text(str(out))})")
    refused, lost = _judged(connection, query)
    shown = "*" if refused else f"* REPLACE ({_NONE} AS _field, {_NONE} AS _code)"
    whole = frozenset(c.field.name for c in columns if c.filled == sheet.rows and not c.unread)
    notes = {**_notes(connection, columns), **lost, **_fractions(connection, query, columns)}
    notes |= _skipped(connection, query, columns, _zone(mapping, around)) if sheet.rows <= FEW_ROWS else {}
    testers = tuple(c.field.name for c in columns if c.testers)
    return TypedSheet(sheet, mapping, f"(SELECT {shown} FROM ({query.sql}))", notes, currency, whole, testers)


def _read_rest(
    connection: Connection,
    rows: str,
    column: Column,
    mapping: SheetMapping,
    around: Surroundings,
    place: Place,
    work: Path,
) -> tuple[Column, set[str]]:
    """Read what SQL left: each distinct text once; also the currencies that the column shows, bare numbers being the company's."""
    name = f"slow_{work.stem}_{column.number}"
    cells = _distinct(connection, rows, column, name)
    reader = _reader(column.field, cells, mapping, around, replace(place, column=mapping.columns[column.field.name]))
    seen = _read_slow(connection, reader, cells, name, work.with_suffix(f".{column.number}.csv"))
    foreign = seen - {"", around.currency}
    bare = {around.currency} if foreign and ("" in seen or column.filled > column.unread) else set()
    return replace(column, slow=name), (seen - {""}) | bare


def _distinct(connection: Connection, rows: str, column: Column, name: str) -> list[str]:
    """The distinct cells that SQL alone did not read, as the table ``name`` (id, raw, n)."""
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT row_number() OVER () AS id, raw, n FROM "
        f"(SELECT {column.raw} AS raw, count(*) AS n FROM ({rows}) WHERE {column.raw} IS NOT NULL AND ({column.clean}) IS NULL GROUP BY 1 ORDER BY 1)"
    )
    return [row[0] for row in run(connection, f"SELECT raw FROM {name} ORDER BY id")]


def _read_slow(
    connection: Connection, reader: Callable[[str], Read], cells: list[str], name: str, work: Path
) -> set[str]:
    """Read the distinct cells in Python and put the answers into ``name``; returns the currencies seen, "" for a bare number."""
    currencies: set[str] = set()
    with work.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, lineterminator="\n", quoting=csv.QUOTE_ALL)
        for number, cell in enumerate(cells, 1):
            answer = reader(cell)
            writer.writerow([number, answer.value or "", answer.code or "", answer.note or ""])
            if answer.value is not None:
                currencies.add(answer.extra or "")
    answers = (
        f"read_csv({quote_text(str(work))}, header = false, auto_detect = false, delim = ',', quote = '\"', escape = '\"', "
        "columns = {'id': 'BIGINT', 'value': 'VARCHAR', 'code': 'VARCHAR', 'note': 'VARCHAR'}, max_line_size = 20000000)"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT raw, n, nullif(value, '') AS value, nullif(code, '') AS code, nullif(note, '') AS note "
        f"FROM {name} JOIN {answers} USING (id)"
    )
    work.unlink()
    return currencies


def _reader(
    field: Field, cells: list[str], mapping: SheetMapping, around: Surroundings, place: Place
) -> Callable[[str], Read]:
    """The reader of one column, after what the whole column decides."""
    if field.reads in ("money", "number"):
        style = decimal_style(cells)
        if style is None:
            raise _two_decimal_styles(place)
        numbers = NumberStyle(style, mapping.unit(field.name))
        return (
            (lambda cell: read_money(cell, numbers))
            if field.reads == "money"
            else (lambda cell: read_number(cell, numbers))
        )
    if field.reads == "rate":
        return lambda cell: read_rate(cell, percent=False)
    if field.reads in ("instant", "date", "birthday"):
        try:
            options = mapping.options
            moments = moment_style(cells, order=options.date_order, month_day=options.month_day, needed=field.required)
        except Undecided as problem:
            raise _undecided_dates(field, problem, place, mapping) from None
        return _moment_reader(field, moments, around, _zone(mapping, around))
    if field.reads == "choice":
        words = choice_words(field, mapping.choices.get(field.name, {}))
        return lambda cell: read_choice(cell, words)
    if field.reads == "key":
        return key_reader(cells)
    return {"phone": read_phone, "email": read_email, "score": read_score}[field.reads]


def choice_words(field: Field, own: Mapping[str, str]) -> dict[str, str]:
    """Every word for the values of a choice, the user's own last."""
    known = {value: value for value in field.choices}
    known |= {
        "".join(c for c in word.casefold() if c.isalnum()): value
        for value, words in field.choices.items()
        for word in words
    }
    return known | {
        "".join(c for c in word.casefold() if c.isalnum()): value
        for word, value in own.items()
        if value in field.choices
    }


def _zone(mapping: SheetMapping, around: Surroundings) -> ZoneInfo:
    """The clock of times without an offset."""
    return ZoneInfo(mapping.options.time_zone) if mapping.options.time_zone else around.zone


def _moment_reader(field: Field, style: MomentStyle, around: Surroundings, zone: ZoneInfo) -> Callable[[str], Read]:
    if field.reads == "instant":
        return lambda cell: read_moment(cell, style, zone)
    return lambda cell: read_day(cell, style, around.zone)


def _value(column: Column) -> str:
    """SQL of the typed value, from either road."""
    if column.slow is None:
        return column.cast
    read = f"s{column.number}.value" + (" || '+00'" if column.field.reads == "instant" else "")
    return f"coalesce({column.clean}, TRY_CAST({read} AS {column.sql_type}))"


@dataclass(frozen=True, slots=True)
class _TypedQuery:
    """SQL of the typed rows of a sheet, whether any may be refused, and the optional fields of which cells may have been dropped (``lost_<field>``)."""

    sql: str
    refuses: bool
    droppable: tuple[str, ...]


def _typed_query(rows: str, columns: list[Column], today: date, count: int) -> _TypedQuery:
    values = ", ".join(f"{_value(c)} AS {quote_name(c.field.name)}" for c in columns)
    codes = "".join(f", s{c.number}.code AS {_code(c.field)}" for c in columns if c.slow)
    joins = " ".join(f"LEFT JOIN {c.slow} AS s{c.number} ON s{c.number}.raw = {c.raw}" for c in columns if c.slow)
    inner = f"SELECT row_no, {values}{codes} FROM ({rows}) AS t {joins}"
    odd = {
        c.field.name: sql
        for c in columns
        if (c.slow or c.odd) and (sql := implausible(c.field, quote_name(c.field.name), today))
    }
    firm = {c.field.name for c in columns if c.field.required or c.field.strict}
    tests = _refusals(columns, odd, count)
    which = " ".join(f"WHEN {test} THEN {quote_text(name)}" for name, test, _ in tests)
    why = " ".join(f"WHEN {test} THEN {code}" for _, test, code in tests)
    soft = {name: sql for name, sql in odd.items() if name not in firm}
    shown = ", ".join(
        f"CASE WHEN {soft[c.field.name]} THEN NULL ELSE {quote_name(c.field.name)} END AS {quote_name(c.field.name)}"
        if c.field.name in soft
        else quote_name(c.field.name)
        for c in columns
    )
    droppable = [c for c in columns if c.field.name not in firm and (c.slow or c.field.name in soft)]
    lost = "".join(
        f", {_unread(c)} OR coalesce({soft.get(c.field.name, 'false')}, false) AS {quote_name('lost_' + c.field.name)}"
        for c in droppable
    )
    sql = (
        f"SELECT row_no, {shown}, {f'CASE {which} END' if which else _NONE} AS _field, "
        f"{f'CASE {why} END' if why else _NONE} AS _code{lost} FROM ({inner})"
    )
    return _TypedQuery(sql, bool(tests), tuple(c.field.name for c in droppable))


def _code(field: Field) -> str:
    return quote_name("code_" + field.name)


def _unread(column: Column) -> str:
    """SQL that is true where a cell has something in it that cannot be read."""
    return f"coalesce({_code(column.field)} <> 'missing', false)" if column.slow else "false"


def _refusals(columns: list[Column], odd: Mapping[str, str], rows: int) -> list[tuple[str, str, str]]:
    """What refuses a row, in this order: field, SQL of the test, SQL of the reason. Tests that no cell can fail are left out."""
    firm = [c for c in columns if c.field.required or c.field.strict]
    tests = [(c.field.name, _unread(c), _code(c.field)) for c in firm if c.slow]
    tests += [(c.field.name, odd[c.field.name], "'implausible_date'") for c in firm if c.field.name in odd]
    gaps = [c for c in firm if c.field.required and (c.filled < rows or c.unread)]
    tests += [(c.field.name, f"{quote_name(c.field.name)} IS NULL", "'missing'") for c in gaps]
    return tests


def _judged(connection: Connection, query: _TypedQuery) -> tuple[int, dict[tuple[str, str], int]]:
    """How many rows are refused, and how many cells of optional fields could not be read."""
    if not query.droppable and not query.refuses:
        return 0, {}
    counts = ["count(_code)", *(f"count(*) FILTER ({quote_name('lost_' + name)})" for name in query.droppable)]
    refused, *found = (int(count) for count in run(connection, f"SELECT {', '.join(counts)} FROM ({query.sql})")[0])
    return refused, {(name, "dropped"): count for name, count in zip(query.droppable, found, strict=True) if count}


def _fractions(connection: Connection, query: _TypedQuery, columns: list[Column]) -> dict[tuple[str, str], int]:
    """Fractional quantities in a column that is otherwise whole: grams would be fractional throughout."""
    column = next((column for column in columns if column.field.name == "quantity"), None)
    if column is None:
        return {}
    broken, filled = column.broken, column.filled
    if column.slow:
        counts = "count(*) FILTER (quantity <> floor(quantity)), count(quantity)"
        broken, filled = run(connection, f"SELECT {counts} FROM ({query.sql})")[0]
    return {("quantity", "fraction"): int(broken)} if 0 < broken < 0.2 * filled else {}


def _skipped(
    connection: Connection, query: _TypedQuery, columns: list[Column], zone: ZoneInfo
) -> dict[tuple[str, str], int]:
    """Columns whose times all stand in an hour that never was somewhere else: more likely another clock than one busy hour."""
    found = {}
    for field in (column.field.name for column in columns if column.field.reads == "instant"):
        local = f"timezone({quote_text(zone.key)}, {quote_name(field)})"
        first, last, rows = run(
            connection, f"SELECT min({local}), max({local}), count(DISTINCT {local}) FROM ({query.sql})"
        )[0]
        if rows >= SEVERAL and skipped_elsewhere(first, last, zone):
            found[field, "skipped_elsewhere"] = int(rows)
    return found


def _notes(connection: Connection, columns: list[Column]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for column in columns:
        if column.slow:
            for note, rows in run(
                connection,
                f"SELECT note, sum(n) FROM {column.slow} WHERE note IS NOT NULL AND value IS NOT NULL GROUP BY 1",
            ):
                found[column.field.name, str(note)] = int(rows)
    return found


def _one_currency(seen: set[str], mapping: SheetMapping, around: Surroundings, place: Place) -> str | None:
    """The one currency that the amounts show; bare amounts beside a foreign one are in doubt as well."""
    if mapping.options.currency or "currency" in mapping.columns:
        return mapping.options.currency
    if len(seen) > 1:
        raise Ambiguous(
            Text(
                zh="金额混有多种货币（{all}），不能相加。",
                en="The amounts are in several currencies ({all}) and cannot be added.",
            ).fill(all=", ".join(sorted(seen))),
            next_step=Text(
                zh="请按币种分成多个文件，或加一列“币种”。",
                en="Split the file by currency, or add a column “currency”.",
            ),
            place=place,
        )
    found = next(iter(seen), None)
    return None if found == around.currency else found


def _refuse_unknown_words(
    connection: Connection, column: Column, rows: int, mapping: SheetMapping, place: Place
) -> None:
    """Stop where more than a fifth of the rows have words that are not known for a choice; a few such rows are refused one by one."""
    if column.field.reads != "choice" or not (column.field.required or column.field.strict):
        return
    unknown = run(connection, f"SELECT raw, n FROM {column.slow} WHERE code = 'unknown_choice' ORDER BY n DESC, raw")
    if sum(n for _, n in unknown) <= UNKNOWN_SHARE * rows:
        return
    field = column.field.name
    raise Ambiguous(
        Text(zh="“{column}”有不认识的值：{words}。", en="“{column}” has values that are not known: {words}.").fill(
            column=mapping.columns[field], words=", ".join(str(word)[:30] for word, _ in unknown[:12])
        ),
        next_step=Text(
            zh='请在映射文件 mappings/{file} 的 [choices.{field}] 中写明各是什么，例如 "{word}" = "{value}"（可用：{all}），再用 --mapping 指定它。',
            en='Say under [choices.{field}] in mappings/{file} what they mean, for example "{word}" = "{value}" (there are: {all}), and name it with --mapping.',
        ).fill(
            file=f"{mapping.kind}-{mapping.signature}.toml",
            field=field,
            word=str(unknown[0][0])[:30],
            value=next(iter(column.field.choices)),
            all=", ".join(column.field.choices),
        ),
        place=replace(place, column=mapping.columns[field]),
    )


def _two_decimal_styles(place: Place) -> Ambiguous:
    return Ambiguous(
        Text(zh="同一列里小数点既有“.”又有“,”。", en="The column uses both “.” and “,” as decimal sign."),
        next_step=Text(zh="请统一写法后重试。", en="Write all amounts the same way and try again."),
        place=place,
    )


def _undecided_dates(field: Field, problem: Undecided, place: Place, mapping: SheetMapping) -> Ambiguous:
    if problem.months:
        return _months_only(problem, place, mapping)
    return Ambiguous(
        Text(
            zh="日期有歧义，日月次序无法判断（如 {examples}）。",
            en="The date format is ambiguous: day or month first? (for example {examples})",
        ).fill(examples=", ".join(shape(cell) if field.personal else cell for cell in problem.examples)),
        next_step=Text(
            zh='请在映射文件 mappings/{file} 的 [options] 中写 date_order = "dmy" 或 "mdy"，再用 --mapping 指定它。',
            en='Write date_order = "dmy" or "mdy" under [options] in mappings/{file}, and name it with --mapping.',
        ).fill(file=f"{mapping.kind}-{mapping.signature}.toml"),
        place=place,
    )


def _months_only(problem: Undecided, place: Place, mapping: SheetMapping) -> Ambiguous:
    return Ambiguous(
        Text(
            zh="日期只有月份（如 {examples}），无法判断记在哪一天。",
            en="The dates are months without a day (for example {examples}); it cannot be told which day is meant.",
        ).fill(examples=", ".join(problem.examples)),
        next_step=Text(
            zh='请在映射文件 mappings/{file} 的 [options] 中写 month_day = "first"（当月第一天）或 "last"（最后一天），再用 --mapping 指定它。',
            en='Write month_day = "first" or "last" (day of the month) under [options] in mappings/{file}, and name it with --mapping.',
        ).fill(file=f"{mapping.kind}-{mapping.signature}.toml"),
        place=place,
    )
