"""What the rows of one load say of one key together: the newest of each value, and which values contradict each other.

One row a key comes of it. Where its values are not all of one time, ``_said`` has the times of those that are older than the row; ``_torn`` marks
values that equally new rows contradict each other on, which are null then.
"""

from __future__ import annotations

from kexiao.engine.duck import Connection, quote_name, run
from kexiao.tables.description import Column, Table
from kexiao.tables.rows import any_of, content, firm, furthest, is_torn, key_list, rank, same_key, time_of


def times_type(table: Table) -> str:
    """The type of a time a column, and so of ``_said``."""
    return f"STRUCT({', '.join(f'{quote_name(c.name)} TIMESTAMPTZ' for c in firm(table))})"


def marks_type(table: Table) -> str:
    """The type of a mark a column, and so of ``_torn``."""
    return f"STRUCT({', '.join(f'{quote_name(c.name)} BOOLEAN' for c in firm(table))})"


def settle(connection: Connection, table: Table, given: str, best: str, twice: str, *, derived: bool) -> bool:
    """Make the table ``best`` of one row a key out of ``given``; rows that another stands for go to ``twice``.

    Returns whether any key came several times: only then ``best`` has ``_said`` and ``_torn``, and ``given`` stays; else it is renamed.
    """
    key = key_list(table)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE many AS SELECT {key}, min(known_at) = max(known_at) AS _once FROM {given} GROUP BY {key} HAVING count(*) > 1"
    )
    if not run(connection, "SELECT 1 FROM many LIMIT 1"):
        connection.execute(f"ALTER TABLE {given} RENAME TO {best}")
        return False
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE crowd AS SELECT g.*, m._once FROM {given} AS g JOIN many AS m ON {same_key(table, 'g', 'm')}"
    )
    marks = f", CAST(NULL AS {times_type(table)}) AS _said, CAST(NULL AS {marks_type(table)}) AS _torn"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {best} AS SELECT g.*{marks if firm(table) else ''} FROM {given} AS g "
        f"WHERE NOT EXISTS (SELECT 1 FROM many AS m WHERE {same_key(table, 'g', 'm')})"
    )
    for once in (True, False):
        connection.execute(f"INSERT INTO {best} BY NAME {_together(table, once=once, derived=derived)}")
    connection.execute(
        f"INSERT INTO {twice} SELECT c.src, c.row_no FROM crowd AS c ANTI JOIN {best} AS b ON b.src = c.src AND b.row_no = c.row_no"
    )
    for name in ("many", "crowd"):
        connection.execute(f"DROP TABLE {name}")
    return bool(firm(table))


def _together(table: Table, *, once: bool, derived: bool) -> str:
    """SQL of one row for each key of the crowd: keys of which all rows are of one time, or the others."""
    # The newest row stands for the others: if older ones are refused, it is not among them.
    newest = "max({'m': known_at, 'a': -src, 'b': -row_no})"
    told = [_told(column, once=once, derived=derived) for column in firm(table)]
    forward = [
        f"{furthest(c, f'max({rank(c, quote_name(c.name))})')} AS {quote_name(c.name)}"
        for c in content(table)
        if c.forward
    ]
    grouped = (
        f"SELECT {', '.join([key_list(table), *told, *forward])}, max(known_at) AS known_at, {newest} AS _one "
        f"FROM crowd WHERE {'_once' if once else 'NOT _once'} GROUP BY {key_list(table)}"
    )
    names = [quote_name(c.name) for c in firm(table)]
    values = [f"CASE WHEN {is_torn(c)} THEN NULL ELSE {_v(c)} END AS {quote_name(c.name)}" for c in firm(table)]
    shown = ", ".join(
        [key_list(table), *values, *(quote_name(c.name) for c in content(table) if c.forward), "known_at"]
    )
    row = "CAST(-_one.a AS BIGINT) AS src, CAST(-_one.b AS BIGINT) AS row_no"
    if not names:
        return f"SELECT {shown}, {row} FROM ({grouped})"
    said = ", ".join(
        f"{quote_name(c.name)} := CASE WHEN {time_of(c)} < known_at THEN {time_of(c)} END"
        for c in ([] if once else firm(table))
    )
    older = any_of([f"coalesce({time_of(c)} < known_at, false)" for c in ([] if once else firm(table))])
    torn = ", ".join(f"{quote_name(c.name)} := {is_torn(c)}" for c in firm(table))
    said = f"CASE WHEN {older} THEN struct_pack({said}) END" if said else f"CAST(NULL AS {times_type(table)})"
    return (
        f"SELECT {shown}, {row}, {said} AS _said, CASE WHEN {any_of([is_torn(c) for c in firm(table)])} THEN struct_pack({torn}) END AS _torn "
        f"FROM ({grouped})"
    )


def _v(column: Column) -> str:
    return quote_name(f"v_{column.name}")


def _told(column: Column, *, once: bool, derived: bool) -> str:
    """Of one column: its newest value (of equally new ones the greatest), the time of it, and whether equally new ones differ."""
    name = quote_name(column.name)
    if once:
        value, least, time = f"max({name})", f"min({name})", "max(known_at)"
    else:
        there = f"FILTER ({name} IS NOT NULL)"
        newest = f"(max({{'m': known_at, 'v': {name}}}) {there})"
        value, time = f"{newest}.v", f"{newest}.m"
        least = f"(min({{'m': -epoch_us(known_at), 'v': {name}}}) {there}).v"
    torn = "false" if derived else f"coalesce({value} <> {least}, false)"
    return f"{value} AS {_v(column)}, {time} AS {time_of(column)}, {torn} AS {is_torn(column)}"
