"""Rows into the store: new keys are added, newer content replaces older, equal rows change nothing, contradictions go to quarantine.

A null says nothing: it never takes the place of a value. What makes a value newer is the ``known_at`` of the row that says it. A column marked
``forward`` keeps the furthest of its values. Equally new rows that contradict each other are all refused, a stored one withdrawn, and their key waits
(table ``conflicts``) until a newer row comes. So the state is the same whichever file came first, and however often. A row that says what is
stored is not written anew; when it was said again is noted (table ``value_times``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kexiao.engine.duck import Connection, any_repeats, quote_name, quote_text, run
from kexiao.engine.store import PartFile, Writer
from kexiao.tables.comparing import compare, heard, new
from kexiao.tables.conflicts import conflicts
from kexiao.tables.description import Table
from kexiao.tables.remembering import keep_waiting, note_times, refuse_torn, withdraw_waiting
from kexiao.tables.rows import (
    append,
    content,
    digest,
    is_there,
    key_list,
    near,
    of_table,
    record,
    same_key,
    speaks_of,
    stored,
)
from kexiao.tables.settling import settle
from kexiao.tables.value_times import value_times
from kexiao.tables.withdrawn import withdrawn

MOST_SORTED = 2_000_000


@dataclass(frozen=True, slots=True)
class Incoming:
    """Rows for one table: SQL with columns of the table (those left out are null), ``known_at``, ``src`` and ``row_no`` of the source row.

    ``derived`` rows are made from rows of another table; where they contradict each other the greater value is taken and nothing is refused, and rows
    that stand for themselves have the last word. ``follows``: the rows complete stored ones and are as new as those, whatever ``known_at``.
    ``decides``: what becomes of these rows is what became of the source rows; ``several``: a source row may give several of them; ``unique``: no key
    repeats, as was seen in so many rows (0: not known).
    """

    table: Table
    sql: str
    derived: bool = False
    decides: bool = True
    several: bool = False
    unique: int = 0
    follows: bool = False


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of the rows of one ``Incoming``: counts, and the names of tables of (src, row_no) that hold the rows of each fate.

    ``twice``: a row of the load says the same; ``repeated``: the store does; ``outdated``: the store has newer; ``refused``: they contradict;
    ``withdrawn`` counts stored rows that an equally new one contradicts; ``noted`` what is remembered beside the rows. ``moved``: new or changed rows,
    kept only where a source row may give several. ``keys`` holds the keys of new or changed rows that decide nothing.
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
    noted: int = 0

    @property
    def anything(self) -> bool:
        """Whether the table changes at all."""
        return self.added + self.changed + self.withdrawn > 0


def merge(connection: Connection, writer: Writer, incoming: Incoming, load_id: int, tag: str) -> Merged:
    """Bring rows into the next version of their table.

    Only files that hold changed rows are written anew. ``tag`` names the temporary tables, which stay until the connection closes.
    """
    table = incoming.table
    parts = ("given", "best", "twice", "repeated", "outdated", "refused", "fresh", "keys", "moved", "gone")
    names = {part: f"{part}_{tag}" for part in parts}
    key = key_list(table)
    _begin_fates(connection, table, names)
    if streamed := _stream(connection, writer, incoming, load_id, names):
        return streamed
    _take(connection, incoming, names)
    _skip_withdrawn(connection, writer, table, names)
    timed = settle(connection, table, names["given"], names["best"], names["twice"], derived=incoming.derived)
    met = compare(
        connection, writer, table, names["best"], timed=timed, follows=incoming.follows, derived=incoming.derived
    )
    _decide(connection, table, names, met=met, timed=timed)
    added, changed = run(
        connection, f"SELECT count(*) FILTER (NOT known), count(*) FILTER (known) FROM {names['fresh']}"
    )[0]
    gone = int(run(connection, f"SELECT count(*) FROM {names['gone']}")[0][0])
    if added or gone:
        _write(connection, writer, table, names, gone, load_id)
    noted = 0
    if met:
        noted = keep_waiting(connection, writer, table, load_id) + note_times(connection, writer, table, load_id)
    wanted = not incoming.decides
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {names['keys']} AS SELECT {key} FROM {names['fresh']} WHERE {wanted}"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {names['moved']} AS SELECT src, row_no FROM {names['fresh']} WHERE {incoming.several}"
    )
    for part in (*(names[part] for part in ("given", "best", "fresh", "gone")), "met", "quiet", "judged", "disputed"):
        connection.execute(f"DROP TABLE IF EXISTS {part}")
    return _merged_as(
        incoming, names, added=int(added), changed=int(changed), withdrawn=gone - int(changed), noted=noted
    )


def _decide(connection: Connection, table: Table, names: dict[str, str], *, met: bool, timed: bool) -> None:
    """What becomes of each settled row: rows to be written (``fresh``, ``known`` where a stored one goes for it), stored rows to be taken out, fates."""
    best, fresh = names["best"], names["fresh"]
    if not met:
        connection.execute(f"ALTER TABLE {best} ADD COLUMN known BOOLEAN DEFAULT false")
        connection.execute(f"ALTER TABLE {best} RENAME TO {fresh}")
        return
    plain = "AND _said IS NULL AND _torn IS NULL" if timed else ""
    columns = ", ".join([key_list(table), *(quote_name(c.name) for c in content(table)), "known_at", "src", "row_no"])
    values = "".join(f", {new(c)} AS {quote_name(c.name)}" for c in content(table))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {fresh} AS SELECT {columns}, false AS known FROM {best} AS b "
        f"WHERE NOT EXISTS (SELECT 1 FROM met AS s WHERE {same_key(table, 'b', 's')}) {plain} UNION ALL BY NAME "
        f"SELECT {key_list(table)}{values}, top AS known_at, src, row_no, NOT is_new AND NOT was_hidden AS known FROM judged WHERE NOT hides AND (moved OR was_hidden)"
    )
    connection.execute(
        f"INSERT INTO {names['gone']} SELECT {key_list(table)} FROM judged WHERE NOT is_new AND NOT was_hidden AND (moved OR hides)"
    )
    stays = "SELECT src, row_no, differs FROM quiet UNION ALL SELECT src, row_no, differs FROM judged WHERE NOT moved AND NOT hides AND NOT was_hidden"
    connection.execute(f"INSERT INTO {names['repeated']} SELECT src, row_no FROM ({stays}) WHERE NOT differs")
    connection.execute(f"INSERT INTO {names['outdated']} SELECT src, row_no FROM ({stays}) WHERE differs")
    refuse_torn(connection, table, names["given"] if timed else best, names)


def _stream(
    connection: Connection, writer: Writer, incoming: Incoming, load_id: int, names: dict[str, str]
) -> Merged | None:
    """Write rows straight into a table that has none yet, where no key repeats and none is in dispute or withdrawn; else None.

    A first load is the largest one, and so never stands in memory or on disk in between.
    """
    table = incoming.table
    if incoming.derived or not incoming.decides or incoming.several:
        return None
    if writer.tables.get(table.name) or is_there(writer, conflicts) or is_there(writer, withdrawn):
        return None
    given = _given(connection, incoming)
    if not incoming.unique and any_repeats(connection, f"({given})", key_list(table)):
        return None
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {names['fresh']} AS {given}")
    _write(connection, writer, table, names, 0, load_id, rows=incoming.unique)
    connection.execute(f"DROP VIEW {names['fresh']}")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {names['moved']} (src BIGINT, row_no BIGINT)")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {names['keys']} AS FROM {names['gone']}")
    version = writer.tables.get(table.name)
    return _merged_as(incoming, names, added=version.rows if version else 0)


def _merged_as(
    incoming: Incoming, names: dict[str, str], *, added: int, changed: int = 0, withdrawn: int = 0, noted: int = 0
) -> Merged:
    fates = {part: names[part] for part in ("twice", "repeated", "outdated", "refused", "moved", "keys")}
    return Merged(incoming, added, changed, withdrawn, noted=noted, **fates)


def _given(connection: Connection, incoming: Incoming) -> str:
    """SQL of the given rows with every column of the table, typed."""
    described = {row[0] for row in run(connection, f"DESCRIBE SELECT * FROM ({incoming.sql})")}
    shown = ", ".join(
        f"CAST({quote_name(c.name) if c.name in described else 'NULL'} AS {c.sql_type}) AS {quote_name(c.name)}"
        for c in incoming.table.columns
    )
    known = "CAST(known_at AS TIMESTAMPTZ)"
    # Just before rows that stand for themselves: whichever comes first, those count where both are of one time.
    known = f"{known} - INTERVAL 1 MICROSECOND" if incoming.derived and not incoming.follows else known
    return f"SELECT {shown}, {known} AS known_at, src, row_no FROM ({incoming.sql})"


def _take(connection: Connection, incoming: Incoming, names: dict[str, str]) -> None:
    """The given rows as a table, to be compared with each other and the store."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {names['given']} AS {_given(connection, incoming)}")


def _begin_fates(connection: Connection, table: Table, names: dict[str, str]) -> None:
    for part in ("twice", "repeated", "outdated", "refused"):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {names[part]} (src BIGINT, row_no BIGINT)")
    key = ", ".join(f"{quote_name(name)} {table.by_name[name].sql_type}" for name in table.key)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {names['gone']} ({key})")


def _skip_withdrawn(connection: Connection, writer: Writer, table: Table, names: dict[str, str]) -> None:
    """Rows of a record that its source has deleted since are outdated."""
    if not speaks_of(connection, writer, withdrawn, table):
        return
    deleted = f"SELECT digest, max(known_at) AS until FROM ({of_table(writer, withdrawn, table)}) GROUP BY 1"
    connection.execute(
        f"INSERT INTO {names['outdated']} SELECT src, row_no FROM (SELECT *, {record(quote_name(table.key[0]))} AS digest FROM {names['given']}) JOIN ({deleted}) USING (digest) "
        "WHERE known_at <= until"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {names['given']} AS SELECT * FROM {names['given']} ANTI JOIN {names['outdated']} USING (src, row_no)"
    )


def withdraw(connection: Connection, writer: Writer, table: Table, deleted: str, load_id: int, tag: str) -> Merged:
    """Take out the rows of deleted records (``deleted`` gives id, until) that are not newer than the deletion, and remember them.

    Older rows of these records are outdated from now on; a newer one brings the record back.
    """
    names = {
        part: f"{part}_{tag}" for part in ("fresh", "gone", "twice", "repeated", "outdated", "refused", "moved", "keys")
    }
    for part in ("twice", "repeated", "outdated", "refused", "moved"):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {names[part]} (src BIGINT, row_no BIGINT)")
    kept = stored(writer, table)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {names['gone']} AS SELECT {key_list(table, 's.')}, d.digest, d.until, {digest(table, 's.')} AS row_digest, s.load_id AS of_load, "
        f"s.known_at AS of_known_at FROM ({kept}) AS s JOIN (SELECT md5(id) AS digest, until FROM ({deleted})) AS d "
        f"ON d.digest = {record(f's.{quote_name(table.key[0])}')} WHERE s.known_at <= d.until"
    )
    if speaks_of(connection, writer, value_times, table):
        versions = f"SELECT row_digest AS digest, of_load, of_known_at FROM {names['gone']}"
        connection.execute(
            f"DELETE FROM {names['gone']} AS g USING (SELECT digest, of_load, of_known_at, max(known_at) AS last FROM ({heard(writer, table, versions)}) GROUP BY ALL) AS h "
            "WHERE g.row_digest = h.digest AND g.of_load = h.of_load AND g.of_known_at = h.of_known_at AND h.last > g.until"
        )
    for part in ("fresh", "keys"):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {names[part]} AS SELECT * FROM ({kept}) WHERE false")
    gone = int(run(connection, f"SELECT count(*) FROM {names['gone']}")[0][0])
    if gone:
        _write(connection, writer, table, names, gone, load_id)
    withdraw_waiting(connection, writer, table, deleted)
    append(
        connection,
        writer,
        withdrawn,
        f"SELECT {quote_text(table.name)} AS table_name, md5(d.id) AS digest, count(g.digest) AS rows, any_value(d.until) AS known_at, {load_id} AS load_id "
        f"FROM ({deleted}) AS d LEFT JOIN {names['gone']} AS g ON g.digest = md5(d.id) "
        f"ANTI JOIN (SELECT digest, known_at FROM ({of_table(writer, withdrawn, table)})) AS k ON k.digest = md5(d.id) AND k.known_at >= d.until GROUP BY d.id",
    )
    connection.execute(f"DROP TABLE {names['gone']}")
    connection.execute(f"DROP TABLE {names['fresh']}")
    incoming = Incoming(table, "", derived=True, decides=False)
    fates = {part: names[part] for part in ("twice", "repeated", "outdated", "refused", "moved", "keys")}
    return Merged(incoming, 0, 0, gone, noted=0, **fates)


def _write(
    connection: Connection, writer: Writer, table: Table, names: dict[str, str], gone: int, load_id: int, rows: int = 0
) -> None:
    """Add files with the fresh rows; those that held rows now changed or withdrawn are written anew without them.

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
                f"WHERE NOT EXISTS (SELECT 1 FROM {names['gone']} AS b WHERE {same_key(table, 'b', 's')})"
            )
            part = writer.write(connection, table.name, columns, _with_missing(connection, rest, columns))
            removed.append(relative)
            added += [part] if part else []
    order = f" ORDER BY {quote_name(table.date_column)}" if table.date_column and rows <= MOST_SORTED else ""
    added += writer.write_parts(
        connection, table.name, columns, f"SELECT *, {load_id} AS load_id FROM {names['fresh']}{order}"
    )
    writer.change(table.name, columns, add=added, remove=removed)


def _with_missing(connection: Connection, sql: str, columns: Sequence[tuple[str, str]]) -> str:
    """Rows of an older file with the columns that have been described since as nulls."""
    there = {row[0] for row in run(connection, f"DESCRIBE {sql}")}
    blank = "".join(f", CAST(NULL AS {kind}) AS {quote_name(name)}" for name, kind in columns if name not in there)
    return f"SELECT *{blank} FROM ({sql})"


def _files_with(connection: Connection, writer: Writer, table: Table, gone: str) -> list[Path]:
    listed = ", ".join(quote_text(str(path)) for path in writer.store.paths(writer.tables[table.name]))
    held = run(
        connection,
        f"SELECT DISTINCT s.filename FROM read_parquet([{listed}], union_by_name = true, filename = true) AS s WHERE {near(connection, table, gone, 's')} "
        f"AND EXISTS (SELECT 1 FROM {gone} AS b WHERE {same_key(table, 'b', 's')})",
    )
    return sorted(Path(name) for (name,) in held)
