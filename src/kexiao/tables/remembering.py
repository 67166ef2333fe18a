"""What a load leaves behind beside its rows: when values were said (``value_times``), and rows that wait because they contradict each other (``conflicts``)."""

from __future__ import annotations

from kexiao.engine.duck import Connection, quote_name, quote_text, run
from kexiao.engine.store import Writer
from kexiao.tables.catalogue import all_tables
from kexiao.tables.comparing import is_news, new
from kexiao.tables.conflicts import conflicts
from kexiao.tables.description import Table
from kexiao.tables.rows import (
    any_of,
    append,
    content,
    digest,
    firm,
    is_there,
    is_torn,
    of_table,
    record,
    same_key,
    speaks_of,
    stored,
    time_of,
)
from kexiao.tables.value_times import value_times

CHANGED = "(moved OR later OR is_new OR {news})"


def refuse_torn(connection: Connection, table: Table, rows: str, fates: dict[str, str]) -> None:
    """Rows that take part in a contradiction that still counts are refused, and all rows of a key that waits."""
    torn = any_of([is_torn(c) for c in firm(table)])
    connection.execute(f"CREATE OR REPLACE TEMP TABLE disputed AS SELECT * FROM judged WHERE hides OR {torn}")
    if not run(connection, "SELECT 1 FROM disputed LIMIT 1"):
        return
    part = any_of(
        [
            f"(d.{is_torn(c)} AND r.{quote_name(c.name)} IS NOT NULL AND r.known_at = d.{time_of(c)})"
            for c in firm(table)
        ]
    )
    connection.execute(
        f"INSERT INTO {fates['refused']} SELECT r.src, r.row_no FROM {rows} AS r JOIN disputed AS d ON {same_key(table, 'r', 'd')} WHERE d.hides OR {part}"
    )
    for fate in ("twice", "repeated", "outdated"):
        connection.execute(
            f"DELETE FROM {fates[fate]} AS f WHERE EXISTS (SELECT 1 FROM {fates['refused']} AS r WHERE r.src = f.src AND r.row_no = f.row_no)"
        )


def keep_waiting(connection: Connection, writer: Writer, table: Table, load_id: int) -> int:
    """Rows that contradict each other wait with the rest of what is known of them, until something newer comes; returns how many are new or changed."""
    changed = CHANGED.format(news=any_of([is_news(c) for c in firm(table)]))
    if not run(connection, f"SELECT 1 FROM judged WHERE (hides OR was_hidden) AND {changed} LIMIT 1"):
        return 0
    names = [(quote_name(name), quote_name(name)) for name in table.key] + [
        (quote_name(c.name), new(c)) for c in content(table)
    ]
    # As text, so that no amount loses a digit on its way.
    kept = f"to_json(struct_pack({', '.join(f'{name} := CAST({value} AS VARCHAR)' for name, value in names)}))"
    fresh = (
        f"SELECT {quote_text(table.name)} AS table_name, {digest(table)} AS digest, CAST({kept} AS VARCHAR) AS kept, top AS known_at, {load_id} AS load_id "
        f"FROM judged WHERE hides AND {changed}"
    )
    gone = f"SELECT {digest(table)} FROM judged WHERE was_hidden AND (NOT hides OR {changed})"
    return _replace(
        connection, writer, conflicts, f"table_name = {quote_text(table.name)} AND digest IN ({gone})", fresh
    )


def withdraw_waiting(connection: Connection, writer: Writer, table: Table, deleted: str) -> None:
    """Rows that wait are taken out too where their record was deleted (``deleted`` gives id, until) and they are not newer."""
    if not speaks_of(connection, writer, conflicts, table):
        return
    own = record(f"json_extract_string(kept, {quote_text('$.' + quote_name(table.key[0]))})")
    gone = f"SELECT c.digest FROM ({of_table(writer, conflicts, table)}) AS c JOIN ({deleted}) AS d ON md5(d.id) = {own} WHERE c.known_at <= d.until"
    if run(connection, f"SELECT 1 FROM ({gone}) LIMIT 1"):
        none = f"SELECT * FROM ({stored(writer, conflicts)}) WHERE false"
        _replace(connection, writer, conflicts, f"table_name = {quote_text(table.name)} AND digest IN ({gone})", none)


def note_times(connection: Connection, writer: Writer, table: Table, load_id: int) -> int:
    """Note when values were said, where no row tells; returns how many notes were written."""
    parts = [
        "SELECT digest, of_load, of_known_at, columns, known_at, false AS torn FROM quiet WHERE digest IS NOT NULL"
    ]
    if run(connection, "SELECT 1 FROM judged LIMIT 1"):
        parts += _notes_of_judged(table, load_id)
    return append(
        connection,
        writer,
        value_times,
        f"SELECT {quote_text(table.name)} AS table_name, *, {load_id} AS load_id FROM ({' UNION ALL BY NAME '.join(parts)})",
    )


def _notes_of_judged(table: Table, load_id: int) -> list[str]:
    """SQL of the notes on rows that were judged: on those that stay as they are, what is news; on others, what is not of the row's own time."""
    stays = "NOT moved AND NOT is_new AND NOT hides AND NOT was_hidden"

    def noted(version: str, which: str, wanted: dict[str, str]) -> str:
        listed = ", ".join(
            f"CASE WHEN {wanted[c.name]} THEN {{'c': {quote_text(c.name)}, 't': {time_of(c)}, 'x': {is_torn(c)}}} END"
            for c in firm(table)
        )
        # Most rows have nothing to note, and are not taken apart.
        some = f"SELECT * FROM judged WHERE {which} AND {any_of(list(wanted.values()))}"
        one = f"SELECT {digest(table)} AS digest, {version}, d.c AS c, d.t AS known_at, d.x AS torn FROM ({some}), unnest([{listed}]) AS u(d) WHERE d IS NOT NULL"
        return f"SELECT digest, of_load, of_known_at, string_agg(c, ',' ORDER BY c) AS columns, known_at, torn FROM ({one}) GROUP BY ALL"

    parts = []
    if firm(table):
        news = {c.name: is_news(c) for c in firm(table)}
        version = "s_load_id AS of_load, s_known_at AS of_known_at"
        parts.append(noted(version, stays, news))
        # A row may be written twice in one load: what was noted of the first stays true of the second, so it must be outdone.
        other = {
            c.name: f"({is_torn(c)} OR ({new(c)} IS NOT NULL AND ({time_of(c)} <> top OR coalesce(s_said.{quote_name(c.name)} IS NOT NULL, false))))"
            for c in firm(table)
        }
        version = f"CAST({load_id} AS BIGINT) AS of_load, top AS of_known_at"
        changed = CHANGED.format(news=any_of(list(news.values())))
        which = f"NOT ({stays}) AND (NOT (hides AND was_hidden) OR {changed})"
        parts.append(noted(version, which, other))
    told = any_of([f"({is_news(c)} AND {time_of(c)} = top)" for c in firm(table)])
    parts.append(
        f"SELECT {digest(table)} AS digest, s_load_id AS of_load, s_known_at AS of_known_at, '' AS columns, top AS known_at, false AS torn "
        f"FROM judged WHERE {stays} AND later AND NOT coalesce({told}, false)"
    )
    return parts


def _replace(connection: Connection, writer: Writer, told: Table, gone: str, fresh: str) -> int:
    """Write a table anew without the rows of a condition, and with others; it is small."""
    version = writer.tables.get(told.name)
    before = [part.path for part in version.files] if version else []
    added = int(run(connection, f"SELECT count(*) FROM ({fresh})")[0][0])
    part = writer.write(
        connection,
        told.name,
        told.stored_columns,
        f"SELECT * FROM ({stored(writer, told)}) WHERE NOT ({gone}) UNION ALL BY NAME {fresh}",
    )
    writer.change(told.name, told.stored_columns, add=[part] if part else [], remove=before)
    return max(added, 1)


def drop_idle_times(connection: Connection, writer: Writer) -> bool:
    """Leave out of ``value_times`` what no longer speaks: of row versions that are gone, and what was said later again; returns whether anything went."""
    if not is_there(writer, value_times):
        return False
    rows = stored(writer, value_times)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE versions (table_name VARCHAR, digest VARCHAR, of_load BIGINT, of_known_at TIMESTAMPTZ)"
    )
    for (name,) in run(connection, f"SELECT DISTINCT table_name FROM ({rows}) ORDER BY 1"):
        table = all_tables()[name]
        there = f"SELECT {digest(table)} AS digest, load_id AS of_load, known_at AS of_known_at FROM ({stored(writer, table)})"
        there += f" UNION ALL SELECT digest, load_id, known_at FROM ({stored(writer, conflicts)}) WHERE table_name = {quote_text(name)}"
        connection.execute(f"INSERT INTO versions SELECT {quote_text(name)}, * FROM ({there})")
    own = "table_name, digest, of_load, of_known_at, columns, torn"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE speaking AS SELECT {own}, max(known_at) AS known_at, max(load_id) AS load_id FROM ({rows}) "
        "SEMI JOIN versions USING (table_name, digest, of_load, of_known_at) GROUP BY ALL"
    )
    version = "table_name, digest, of_load, of_known_at"
    connection.execute(
        f"DELETE FROM speaking AS s USING (SELECT {version}, max(known_at) AS said FROM speaking WHERE columns IS NULL GROUP BY ALL) AS a "
        f"WHERE ({', '.join(f's.{n}' for n in version.split(', '))}) = ({', '.join(f'a.{n}' for n in version.split(', '))}) "
        "AND s.columns IS NOT NULL AND NOT s.torn AND s.known_at <= a.said"
    )
    before, after = (int(run(connection, f"SELECT count(*) FROM ({sql})")[0][0]) for sql in (rows, "FROM speaking"))
    if before > after:
        listed = writer.tables[value_times.name].files
        part = writer.write(connection, value_times.name, value_times.stored_columns, "SELECT * FROM speaking")
        writer.change(
            value_times.name,
            value_times.stored_columns,
            add=[part] if part else [],
            remove=[one.path for one in listed],
        )
    for name in ("versions", "speaking"):
        connection.execute(f"DROP TABLE {name}")
    return before > after
