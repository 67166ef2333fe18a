"""SQL on the rows of a table: their key, their content, where they lie."""

from __future__ import annotations

from kexiao.engine.duck import Connection, files_as_query, quote_name, quote_text, run
from kexiao.engine.store import Writer
from kexiao.tables.description import Column, Table


def content(table: Table) -> list[Column]:
    """The columns that are no part of the key."""
    return [column for column in table.columns if column.name not in table.key]


def firm(table: Table) -> list[Column]:
    """The columns of which the newest value counts; of the others the furthest does."""
    return [column for column in content(table) if not column.forward]


def key_list(table: Table, alias: str = "") -> str:
    """The key's columns, by an alias with its dot."""
    return ", ".join(f"{alias}{quote_name(name)}" for name in table.key)


def same_key(table: Table, left: str, right: str) -> str:
    """Keys match; the nullable parts of a key (the channel of spend) match as nulls do."""
    return " AND ".join(
        f"{left}.{quote_name(n)} = {right}.{quote_name(n)}"
        if table.by_name[n].required
        else f"{left}.{quote_name(n)} IS NOT DISTINCT FROM {right}.{quote_name(n)}"
        for n in table.key
    )


def digest(table: Table, alias: str = "") -> str:
    """The digest of a key, by which other tables speak of its row."""
    parts = " || chr(31) || ".join(
        f"coalesce(CAST({alias}{quote_name(name)} AS VARCHAR), chr(30))" for name in table.key
    )
    return f"md5({parts})"


def record(sql: str) -> str:
    """Digest of a record's id, which begins its table's key; a key made of id and customer, or id and day, ends with ~ and digits."""
    return f"md5(regexp_replace(CAST({sql} AS VARCHAR), '~[0-9a-f]{{1,8}}$', ''))"


def furthest(column: Column, *ranked: str) -> str:
    """The furthest of values of a forward column; ``ranked``: SQL of their places, as ``rank`` gives them."""
    place = ranked[0] if len(ranked) == 1 else f"greatest({', '.join(ranked)})"
    return f"({_choices(column)})[{place}]"


def rank(column: Column, sql: str) -> str:
    """The place of a value among the choices of its column."""
    return f"list_position({_choices(column)}, {sql})"


def _choices(column: Column) -> str:
    return f"[{', '.join(quote_text(choice) for choice in column.choices)}]"


def time_of(column: Column) -> str:
    """Where rows are settled or compared: when a column's value was said, or was torn."""
    return quote_name(f"t_{column.name}")


def is_torn(column: Column) -> str:
    """Where rows are settled or compared: whether equally new rows contradict each other on a column."""
    return quote_name(f"x_{column.name}")


def any_of(tests: list[str]) -> str:
    """SQL of any of some conditions; none is false."""
    return f"({' OR '.join(tests)})" if tests else "false"


def is_there(writer: Writer, table: Table) -> bool:
    """Whether the table has any rows in the version to come."""
    version = writer.tables.get(table.name)
    return bool(version and version.files)


def stored(writer: Writer, table: Table) -> str:
    """SQL of the rows of a table in the version to come."""
    version = writer.tables.get(table.name)
    return files_as_query(writer.store.paths(version) if version else [], table.stored_columns)


def near(connection: Connection, table: Table, rows: str, alias: str) -> str:
    """SQL that holds for every stored row (``alias``) whose key is among those of ``rows``: its first part lies between their least and greatest.

    Order numbers mostly grow with time, so what was loaded long ago is not read at all; DuckDB 2.0 finds that out by itself for no text.
    """
    column = table.by_name[table.key[0]]
    name = quote_name(column.name)
    least, greatest = run(connection, f"SELECT CAST(min({name}) AS VARCHAR), CAST(max({name}) AS VARCHAR) FROM {rows}")[
        0
    ]
    if least is None:
        return "true"
    low, high = (f"CAST({quote_text(end)} AS {column.sql_type})" for end in (least, greatest))
    return f"{alias}.{name} BETWEEN {low} AND {high}"


def of_table(writer: Writer, told: Table, table: Table) -> str:
    """SQL of what one of the tables that speak of others says of ``table``."""
    return f"SELECT * FROM ({stored(writer, told)}) WHERE table_name = {quote_text(table.name)}"


def speaks_of(connection: Connection, writer: Writer, told: Table, table: Table) -> bool:
    """Whether one of the tables that speak of others says anything of ``table``."""
    return is_there(writer, told) and bool(run(connection, f"SELECT 1 FROM ({of_table(writer, told, table)}) LIMIT 1"))


def append(connection: Connection, writer: Writer, table: Table, sql: str) -> int:
    """Add rows to a table without looking at keys, for the tables that record what happened; returns how many."""
    part = writer.write(connection, table.name, table.stored_columns, sql)
    if part is None:
        return 0
    writer.change(table.name, table.stored_columns, add=[part])
    return part.rows
