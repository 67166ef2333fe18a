"""Rows into the store: new keys are added, newer content replaces older, equal rows change nothing, contradictions go to quarantine.

A null says nothing: it never takes the place of a value. What makes a row newer is its ``known_at``. A column marked ``forward`` keeps the furthest
of its values. Equally new rows that contradict each other are all refused, a stored one withdrawn, and their key stays in dispute (table
``conflicts``) until a newer row comes. So the state is the same whichever file came first. A row that says what is stored changes nothing, not
even the time: a daily export of everything would else write everything anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kexiao.engine.duck import Connection, any_repeats, files_as_query, quote_name, quote_text, run
from kexiao.engine.store import PartFile, Writer
from kexiao.tables.conflicts import conflicts
from kexiao.tables.description import Column, Table
from kexiao.tables.withdrawn import withdrawn

MOST_SORTED = 2_000_000


@dataclass(frozen=True, slots=True)
class Incoming:
    """Rows for one table: SQL with columns of the table (those left out are null), ``known_at``, ``src`` and ``row_no`` of the source row.

    ``derived`` rows are made from rows of another table; where they contradict each other the greater value is taken and nothing is refused.
    ``decides``: what becomes of these rows is what became of the source rows; ``several``: a source row may give several of them; ``unique``: no key
    repeats, as was seen in so many rows (0: not known).
    """

    table: Table
    sql: str
    derived: bool = False
    decides: bool = True
    several: bool = False
    unique: int = 0


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of the rows of one ``Incoming``: counts, and the names of tables of (src, row_no) that hold the rows of each fate.

    ``twice``: a row of the load says the same; ``repeated``: the store does; ``outdated``: the store has newer; ``refused``: they contradict;
    ``withdrawn`` counts stored rows that an equally new one contradicts. ``moved``: new or changed rows, kept only where a source row may give several. ``keys`` holds the keys of new or changed rows
    that decide nothing.
    """

    incoming: Incoming
    added: int
    changed: int
    withdrawn: int
    twice: str
    repeated: str
    outdated: str
    refused: str
    moved: str
    keys: str

    @property
    def anything(self) -> bool:
        """Whether the table changes at all."""
        return self.added + self.changed + self.withdrawn > 0


def merge(connection: Connection, writer: Writer, incoming: Incoming, load_id: int, tag: str) -> Merged:
    """Bring rows into the next version of their table.

    Only files that hold changed rows are written anew. ``tag`` names the temporary tables, which stay until the connection closes.
    """
    table = incoming.table
    names = {
        part: f"{part}_{tag}"
        for part in (
            "given",
            "best",
            "twice",
            "repeated",
            "outdated",
            "refused",
            "fresh",
            "keys",
            "moved",
            "gone",
            "torn",
        )
    }
    key = ", ".join(quote_name(name) for name in table.key)
    _begin_fates(connection, table, names)
    if streamed := _stream(connection, writer, incoming, load_id, names):
        return streamed
    _take(connection, incoming, names)
    _skip_withdrawn(connection, writer, table, names)
    if not incoming.derived:
        _refuse_disputed(connection, writer, table, names)
    _settle_within(connection, incoming, names)
    _compare(connection, writer, incoming, names)
    added, changed = run(
        connection, f"SELECT count(*) FILTER (NOT known), count(*) FILTER (known) FROM {names['fresh']}"
    )[0]
    connection.execute(f"INSERT INTO {names['gone']} SELECT {key} FROM {names['fresh']} WHERE known")
    gone = int(run(connection, f"SELECT count(*) FROM {names['gone']}")[0][0])
    if added or gone:
        _write(connection, writer, table, names, gone, load_id)
    _remember_disputes(connection, writer, table, names, load_id)
    wanted = not incoming.decides
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {names['keys']} AS SELECT {key} FROM {names['fresh']} WHERE {wanted}"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {names['moved']} AS SELECT src, row_no FROM {names['fresh']} WHERE {incoming.several}"
    )
    for part in ("given", "best", "fresh", "gone", "torn"):
        connection.execute(f"DROP TABLE IF EXISTS {names[part]}")
    return _merged_as(incoming, names, added=int(added), changed=int(changed), withdrawn=gone - int(changed))


def _content(table: Table) -> list[Column]:
    return [column for column in table.columns if column.name not in table.key]


def _key(table: Table, alias: str = "") -> str:
    return ", ".join(f"{alias}{quote_name(name)}" for name in table.key)


def _same_key(table: Table, left: str, right: str) -> str:
    """Keys match; the nullable parts of a key (the channel of spend) match as nulls do."""
    return " AND ".join(
        f"{left}.{quote_name(n)} = {right}.{quote_name(n)}"
        if table.by_name[n].required
        else f"{left}.{quote_name(n)} IS NOT DISTINCT FROM {right}.{quote_name(n)}"
        for n in table.key
    )


def _stream(
    connection: Connection, writer: Writer, incoming: Incoming, load_id: int, names: dict[str, str]
) -> Merged | None:
    """Write rows straight into a table that has none yet, where no key repeats and none is in dispute or withdrawn; else None.

    A first load is the largest one, and so never stands in memory or on disk in between.
    """
    table = incoming.table
    remembered = [version for each in (conflicts, withdrawn) if (version := writer.tables.get(each.name))]
    if incoming.derived or not incoming.decides or incoming.several:
        return None
    if writer.tables.get(table.name) or any(version.files for version in remembered):
        return None
    given = _given(connection, incoming)
    if not incoming.unique and any_repeats(connection, f"({given})", _key(table)):
        return None
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {names['fresh']} AS {given}")
    _write(connection, writer, table, names, 0, load_id, rows=incoming.unique)
    connection.execute(f"DROP VIEW {names['fresh']}")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {names['moved']} (src BIGINT, row_no BIGINT)")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {names['keys']} AS FROM {names['gone']}")
    version = writer.tables.get(table.name)
    return _merged_as(incoming, names, added=version.rows if version else 0)


def _merged_as(
    incoming: Incoming, names: dict[str, str], *, added: int, changed: int = 0, withdrawn: int = 0
) -> Merged:
    fates = {part: names[part] for part in ("twice", "repeated", "outdated", "refused", "moved", "keys")}
    return Merged(incoming, added, changed, withdrawn, **fates)


def _given(connection: Connection, incoming: Incoming) -> str:
    """SQL of the given rows with every column of the table, typed."""
    described = {row[0] for row in run(connection, f"DESCRIBE SELECT * FROM ({incoming.sql})")}
    shown = ", ".join(
        f"CAST({quote_name(c.name) if c.name in described else 'NULL'} AS {c.sql_type}) AS {quote_name(c.name)}"
        for c in incoming.table.columns
    )
    return f"SELECT {shown}, CAST(known_at AS TIMESTAMPTZ) AS known_at, src, row_no FROM ({incoming.sql})"


def _take(connection: Connection, incoming: Incoming, names: dict[str, str]) -> None:
    """The given rows as a table, to be compared with each other and the store."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {names['given']} AS {_given(connection, incoming)}")


def _begin_fates(connection: Connection, table: Table, names: dict[str, str]) -> None:
    for part in ("twice", "repeated", "outdated", "refused"):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {names[part]} (src BIGINT, row_no BIGINT)")
    key = ", ".join(f"{quote_name(name)} {table.by_name[name].sql_type}" for name in table.key)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {names['gone']} ({key})")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {names['torn']} (digest VARCHAR, known_at TIMESTAMPTZ)")


def _digest(table: Table) -> str:
    parts = " || chr(31) || ".join(f"coalesce(CAST({quote_name(name)} AS VARCHAR), chr(30))" for name in table.key)
    return f"md5({parts})"


def _skip_withdrawn(connection: Connection, writer: Writer, table: Table, names: dict[str, str]) -> None:
    """Rows of a record that its source has deleted since are outdated."""
    version = writer.tables.get(withdrawn.name)
    if version is None or not version.files:
        return
    deleted = f"SELECT digest, max(known_at) AS until FROM ({_stored(writer, withdrawn)}) WHERE table_name = {quote_text(table.name)} GROUP BY 1"
    if not run(connection, f"SELECT count(*) FROM ({deleted})")[0][0]:
        return
    connection.execute(
        f"INSERT INTO {names['outdated']} SELECT src, row_no FROM (SELECT *, {_record(table)} AS digest FROM {names['given']}) JOIN ({deleted}) USING (digest) "
        "WHERE known_at <= until"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {names['given']} AS SELECT * FROM {names['given']} ANTI JOIN {names['outdated']} USING (src, row_no)"
    )


def _record(table: Table, alias: str = "") -> str:
    """Digest of a record's id, which begins its table's key; a key made of id and customer, or id and day, ends with ~ and digits."""
    return f"md5(regexp_replace(CAST({alias}{quote_name(table.key[0])} AS VARCHAR), '~[0-9a-f]{{1,8}}$', ''))"


def withdraw(connection: Connection, writer: Writer, table: Table, deleted: str, load_id: int, tag: str) -> Merged:
    """Take out the rows of deleted records (``deleted`` gives id, until) that are not newer than the deletion, and remember them.

    Older rows of these records are outdated from now on; a newer one brings the record back.
    """
    names = {
        part: f"{part}_{tag}" for part in ("fresh", "gone", "twice", "repeated", "outdated", "refused", "moved", "keys")
    }
    for part in ("twice", "repeated", "outdated", "refused", "moved"):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {names[part]} (src BIGINT, row_no BIGINT)")
    kept = _stored(writer, table) if table.name in writer.tables else files_as_query([], table.stored_columns)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {names['gone']} AS SELECT {_key(table, 's.')}, d.digest FROM ({kept}) AS s "
        f"JOIN (SELECT md5(id) AS digest, until FROM ({deleted})) AS d ON d.digest = {_record(table, 's.')} WHERE s.known_at <= d.until"
    )
    for part in ("fresh", "keys"):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {names[part]} AS SELECT * FROM ({kept}) WHERE false")
    gone = int(run(connection, f"SELECT count(*) FROM {names['gone']}")[0][0])
    if gone:
        _write(connection, writer, table, names, gone, load_id)
    known = files_as_query([], withdrawn.stored_columns)
    if withdrawn.name in writer.tables:
        known = _stored(writer, withdrawn)
    append(
        connection,
        writer,
        withdrawn,
        f"SELECT {quote_text(table.name)} AS table_name, md5(d.id) AS digest, count(g.digest) AS rows, any_value(d.until) AS known_at, {load_id} AS load_id "
        f"FROM ({deleted}) AS d LEFT JOIN {names['gone']} AS g ON g.digest = md5(d.id) "
        f"ANTI JOIN (SELECT digest, known_at FROM ({known}) WHERE table_name = {quote_text(table.name)}) AS k ON k.digest = md5(d.id) AND k.known_at >= d.until GROUP BY d.id",
    )
    connection.execute(f"DROP TABLE {names['gone']}")
    connection.execute(f"DROP TABLE {names['fresh']}")
    incoming = Incoming(table, "", derived=True, decides=False)
    fates = {part: names[part] for part in ("twice", "repeated", "outdated", "refused", "moved", "keys")}
    return Merged(incoming, 0, 0, gone, **fates)


def _refuse_disputed(connection: Connection, writer: Writer, table: Table, names: dict[str, str]) -> None:
    """Rows of a key that is in dispute, and not newer than the dispute, are refused as those before them were."""
    version = writer.tables.get(conflicts.name)
    if version is None or not version.files:
        return
    disputed = f"SELECT digest, max(known_at) AS until FROM ({_stored(writer, conflicts)}) WHERE table_name = {quote_text(table.name)} GROUP BY 1"
    connection.execute(
        f"INSERT INTO {names['refused']} SELECT src, row_no FROM (SELECT *, {_digest(table)} AS digest FROM {names['given']}) JOIN ({disputed}) USING (digest) "
        "WHERE known_at <= until"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {names['given']} AS SELECT * FROM {names['given']} ANTI JOIN {names['refused']} USING (src, row_no)"
    )


def _remember_disputes(
    connection: Connection, writer: Writer, table: Table, names: dict[str, str], load_id: int
) -> None:
    append(
        connection,
        writer,
        conflicts,
        f"SELECT {quote_text(table.name)} AS table_name, digest, max(known_at) AS known_at, {load_id} AS load_id FROM {names['torn']} GROUP BY digest",
    )


def _settle_within(connection: Connection, incoming: Incoming, names: dict[str, str]) -> None:
    """One row per key; what loses is repeated, or refused where the newest contradict each other."""
    table, given = incoming.table, names["given"]
    key = _key(table)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE many AS SELECT {key} FROM {given} GROUP BY {key} HAVING count(*) > 1"
    )
    if not run(connection, "SELECT count(*) FROM many")[0][0]:
        connection.execute(f"ALTER TABLE {given} RENAME TO {names['best']}")
        return
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE crowd AS SELECT g.* FROM {given} AS g JOIN many AS m ON {_same_key(table, 'g', 'm')}"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {names['best']} AS SELECT g.* FROM {given} AS g "
        f"WHERE NOT EXISTS (SELECT 1 FROM many AS m WHERE {_same_key(table, 'g', 'm')})"
    )
    if not incoming.derived:
        _refuse_within(connection, table, names)
    winners = ", ".join(_latest(column) for column in _content(table))
    connection.execute(
        f"INSERT INTO {names['best']} BY NAME SELECT {key}, {winners}{',' if winners else ''} max(known_at) AS known_at, "
        f"CAST(arg_min(src, src * 1000000000000 + row_no) AS BIGINT) AS src, CAST(arg_min(row_no, src * 1000000000000 + row_no) AS BIGINT) AS row_no "
        f"FROM crowd GROUP BY {key}"
    )
    connection.execute(
        f"INSERT INTO {names['twice']} SELECT c.src, c.row_no FROM crowd AS c ANTI JOIN {names['best']} AS b ON b.src = c.src AND b.row_no = c.row_no"
    )


def _refuse_within(connection: Connection, table: Table, names: dict[str, str]) -> None:
    """Rows of one key that are equally new and say different things: all of them are refused."""
    firm = [quote_name(c.name) for c in _content(table) if not c.forward]
    if not firm:
        return
    key = _key(table)
    differ = " OR ".join(f"count(DISTINCT {name}) > 1" for name in firm)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE torn AS SELECT {key} FROM (SELECT *, max(known_at) OVER (PARTITION BY {key}) AS newest FROM crowd) "
        f"WHERE known_at = newest GROUP BY {key} HAVING {differ}"
    )
    same = _same_key(table, "c", "t")
    connection.execute(
        f"INSERT INTO {names['refused']} SELECT c.src, c.row_no FROM crowd AS c WHERE EXISTS (SELECT 1 FROM torn AS t WHERE {same})"
    )
    connection.execute(
        f"INSERT INTO {names['torn']} SELECT {_digest(table)}, known_at FROM crowd AS c WHERE EXISTS (SELECT 1 FROM torn AS t WHERE {same})"
    )
    connection.execute(f"DELETE FROM crowd AS c WHERE EXISTS (SELECT 1 FROM torn AS t WHERE {same})")


def _latest(column: Column) -> str:
    """The newest value of a column that is not null; the furthest of a forward one; of equally new ones the greatest."""
    name = quote_name(column.name)
    if column.forward:
        return f"{_choice_at(column, f'max({_rank(column, name)})')} AS {name}"
    return f"(max({{'m': known_at, 'v': {name}}}) FILTER ({name} IS NOT NULL)).v AS {name}"


def _rank(column: Column, sql: str) -> str:
    listed = ", ".join(quote_text(choice) for choice in column.choices)
    return f"list_position([{listed}], {sql})"


def _choice_at(column: Column, sql: str) -> str:
    listed = ", ".join(quote_text(choice) for choice in column.choices)
    return f"([{listed}])[{sql}]"


def _compare(connection: Connection, writer: Writer, incoming: Incoming, names: dict[str, str]) -> None:
    """Split the settled rows into new, changed, repeated, outdated and refused, against the store."""
    table, best, fresh = incoming.table, names["best"], names["fresh"]
    version = writer.tables.get(table.name)
    if version is None or not version.files:
        connection.execute(f"ALTER TABLE {best} ADD COLUMN known BOOLEAN DEFAULT false")
        connection.execute(f"ALTER TABLE {best} RENAME TO {fresh}")
        return
    stored = _stored(writer, table)
    _withdraw_torn(connection, table, stored, names)
    content = _content(table)
    same = _same_key(table, "b", "s")
    kept = ", ".join(f"s.{quote_name(c.name)} AS {quote_name('s_' + c.name)}" for c in content)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE met AS SELECT b.*, s.known_at AS s_known_at{', ' + kept if kept else ''} "
        f"FROM {best} AS b JOIN ({stored}) AS s ON {same}"
    )
    merged = ", ".join(_merged(column) for column in content)
    moved = " OR ".join(f"m_{c.name} IS DISTINCT FROM s_{c.name}" for c in content) or "false"
    firm = [c for c in content if not c.forward]
    torn = " OR ".join(f"({quote_name(c.name)} <> s_{c.name})" for c in firm) or "false"
    torn = "false" if incoming.derived else f"(known_at = s_known_at AND coalesce({torn}, false))"
    differs = " OR ".join(f"coalesce({quote_name(c.name)} <> s_{c.name}, false)" for c in content) or "false"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE judged AS SELECT *, {torn} AS torn, {moved} AS moved, {differs} AS differs FROM (SELECT *{', ' + merged if merged else ''} FROM met)"
    )
    connection.execute(f"INSERT INTO {names['refused']} SELECT src, row_no FROM judged WHERE torn")
    connection.execute(f"INSERT INTO {names['torn']} SELECT {_digest(table)}, known_at FROM judged WHERE torn")
    connection.execute(f"INSERT INTO {names['gone']} SELECT {_key(table)} FROM judged WHERE torn")
    connection.execute(
        f"INSERT INTO {names['repeated']} SELECT src, row_no FROM judged WHERE NOT torn AND NOT moved AND NOT differs"
    )
    connection.execute(
        f"INSERT INTO {names['outdated']} SELECT src, row_no FROM judged WHERE NOT torn AND NOT moved AND differs"
    )
    shown = ", ".join(f"m_{c.name} AS {quote_name(c.name)}" for c in content)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {fresh} AS SELECT b.*, false AS known FROM {best} AS b WHERE NOT EXISTS (SELECT 1 FROM met AS s WHERE {same}) "
        f"UNION ALL BY NAME SELECT {_key(table)}, {shown}{',' if shown else ''} greatest(known_at, s_known_at) AS known_at, src, row_no, true AS known "
        "FROM judged WHERE moved AND NOT torn"
    )


def _withdraw_torn(connection: Connection, table: Table, stored: str, names: dict[str, str]) -> None:
    """Take out stored rows of keys that rows of this load contradict each other on, unless they are newer: it would depend on the order of files else."""
    if run(connection, f"SELECT 1 FROM {names['torn']} LIMIT 1"):
        connection.execute(
            f"INSERT INTO {names['gone']} SELECT {_key(table)} FROM (SELECT *, {_digest(table)} AS digest FROM ({stored})) "
            f"JOIN (SELECT digest, max(known_at) AS until FROM {names['torn']} GROUP BY 1) USING (digest) WHERE known_at <= until"
        )


def _merged(column: Column) -> str:
    """The column after the merge, as m_<name>: the newer value that is not null; the furthest of a forward one."""
    name, old = quote_name(column.name), f"s_{column.name}"
    if column.forward:
        furthest = f"greatest({_rank(column, name)}, {_rank(column, old)})"
        return f"{_choice_at(column, furthest)} AS m_{column.name}"
    # Of equally new values the greater one, so that the order of loads does not matter for derived rows.
    return (
        f"CASE WHEN known_at > s_known_at THEN coalesce({name}, {old}) WHEN known_at < s_known_at THEN coalesce({old}, {name}) "
        f"ELSE greatest({name}, {old}) END AS m_{column.name}"
    )


def _stored(writer: Writer, table: Table) -> str:
    version = writer.tables[table.name]
    return files_as_query(writer.store.paths(version), table.stored_columns)


def _write(
    connection: Connection, writer: Writer, table: Table, names: dict[str, str], gone: int, load_id: int, rows: int = 0
) -> None:
    """Add one file with the fresh rows; files that held rows now changed or withdrawn are written anew without them.

    Fresh rows stand in the order of time, so that a period is found in few row groups; very many ``rows`` keep the order of their files.
    """
    columns = table.stored_columns
    added: list[PartFile] = []
    removed: list[str] = []
    if gone:
        for path in _files_with(connection, writer, table, names["gone"]):
            relative = str(path.relative_to(writer.store.data))
            rest = (
                f"SELECT s.* FROM read_parquet({quote_text(str(path))}) AS s "
                f"WHERE NOT EXISTS (SELECT 1 FROM {names['gone']} AS b WHERE {_same_key(table, 'b', 's')})"
            )
            part = writer.write(connection, table.name, columns, _with_missing(connection, rest, columns))
            removed.append(relative)
            added += [part] if part else []
    order = f" ORDER BY {quote_name(table.date_column)}" if table.date_column and rows <= MOST_SORTED else ""
    fresh = writer.write(
        connection,
        table.name,
        columns,
        f"SELECT *, {load_id} AS load_id FROM {names['fresh']}{order}",
    )
    added += [fresh] if fresh else []
    writer.change(table.name, columns, add=added, remove=removed)


def _with_missing(connection: Connection, sql: str, columns: Sequence[tuple[str, str]]) -> str:
    """Rows of an older file with the columns that have been described since as nulls."""
    there = {row[0] for row in run(connection, f"DESCRIBE {sql}")}
    blank = "".join(f", CAST(NULL AS {kind}) AS {quote_name(name)}" for name, kind in columns if name not in there)
    return f"SELECT *{blank} FROM ({sql})"


def _files_with(connection: Connection, writer: Writer, table: Table, gone: str) -> Iterable[Path]:
    paths = writer.store.paths(writer.tables[table.name])
    found = []
    for path in paths:
        hit = run(
            connection,
            f"SELECT 1 FROM read_parquet({quote_text(str(path))}) AS s WHERE EXISTS "
            f"(SELECT 1 FROM {gone} AS b WHERE {_same_key(table, 'b', 's')}) LIMIT 1",
        )
        found += [path] if hit else []
    return found


def append(connection: Connection, writer: Writer, table: Table, sql: str) -> int:
    """Add rows to a table without looking at keys, for the tables that record what happened; returns how many."""
    part = writer.write(connection, table.name, table.stored_columns, sql)
    if part is None:
        return 0
    writer.change(table.name, table.stored_columns, add=[part])
    return part.rows
