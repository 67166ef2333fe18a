"""Settled rows of a load against what is stored, value by value: the later of two values counts, whenever it arrived.

Of each value the store knows when it was last said: with the row (``known_at``) or, where that differs, in ``value_times``. Equally new values that
differ contradict each other: neither counts. While that is the newest that is known of a row, the row waits in ``conflicts`` with the rest of its values.
So what is known of a row is, column by column, a greatest time and what was said then. Joining such states is associative, commutative and
idempotent, which is why any order, grouping and repetition of the same rows gives one state.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kexiao.engine.duck import Connection, quote_name, quote_text, run
from kexiao.engine.store import Writer
from kexiao.tables.conflicts import conflicts
from kexiao.tables.description import Column, Table
from kexiao.tables.rows import (
    any_of,
    content,
    digest,
    firm,
    furthest,
    is_there,
    is_torn,
    key_list,
    near,
    of_table,
    rank,
    same_key,
    speaks_of,
    stored,
    time_of,
)
from kexiao.tables.settling import times_type
from kexiao.tables.value_times import value_times


@dataclass(frozen=True, slots=True)
class Meeting:
    """How settled rows meet stored ones: SQL of what is known of a column on either side.

    ``timed``: the settled rows have ``_said`` and ``_torn``; ``named``: so has the store for some columns of these rows; ``waiting``: some of them may
    wait; ``follows``: the rows are as new as what is stored; ``derived``: they never contradict. ``silent``: columns on which no settled row says anything.
    """

    table: Table
    timed: bool
    named: bool
    waiting: bool
    follows: bool
    derived: bool
    silent: frozenset[str]

    def spoken(self, columns: Iterable[Column]) -> list[Column]:
        """Those of some columns on which settled rows may say something."""
        return [c for c in columns if c.name not in self.silent]

    def given_time(self, c: Column) -> str:
        """When a given value was said."""
        if self.follows:
            return f"CASE WHEN {old(c)} IS NULL THEN s_top ELSE {self.stored_time(c)} END"
        return f"coalesce(_said.{quote_name(c.name)}, known_at)" if self.timed else "known_at"

    def given_torn(self, c: Column) -> str:
        """Whether the given rows contradict each other on the column."""
        return f"coalesce(_torn.{quote_name(c.name)}, false)" if self.timed else "false"

    def stored_time(self, c: Column) -> str:
        """When the stored value was last said; of a column that is torn, when it was."""
        if not self.named:
            return f"CASE WHEN {old(c)} IS NULL THEN s_known_at ELSE s_all END"
        own = f"s_said.{quote_name(c.name)}"
        return f"CASE WHEN {old(c)} IS NULL THEN coalesce({own}, s_known_at) ELSE coalesce(greatest(s_confirmed, {own}), s_known_at) END"

    def stored_torn(self, c: Column) -> str:
        """Whether stored rows contradicted each other on the column."""
        if not self.named and not self.waiting:
            return "false"
        marked = f"coalesce(s_torn.{quote_name(c.name)}, false) OR " if self.named else ""
        return f"({old(c)} IS NULL AND ({marked}s_unknown))"


def old(c: Column) -> str:
    """The stored value."""
    return quote_name(f"s_{c.name}")


def new(c: Column) -> str:
    """The value after the meeting."""
    return quote_name(f"m_{c.name}")


def is_news(c: Column) -> str:
    """Whether the time of the value, or that it is torn, is not yet stored."""
    return quote_name(f"n_{c.name}")


def compare(
    connection: Connection, writer: Writer, table: Table, best: str, *, timed: bool, follows: bool, derived: bool
) -> bool:
    """Judge settled rows by what is stored.

    Leaves the tables ``met`` (the keys of rows that are stored or wait), ``quiet`` (rows of which at most a time is news: src, row_no, ``differs``, what
    is to be noted) and ``judged`` (the others of them, and new rows that are not all of one time: m_, t_, x_, n_ a column, ``top``, ``hides``,
    ``was_hidden``, ``is_new``, ``moved``). False: nothing is stored, and nothing needs judging.
    """
    waiting = speaks_of(connection, writer, conflicts, table)
    if not (timed or waiting or is_there(writer, table)):
        return False
    spoken = speaks_of(connection, writer, value_times, table)
    _meet(connection, writer, table, best, waiting=waiting, spoken=spoken)
    named, source = _hear(connection, writer, table) if spoken else (False, _UNTOLD)
    silent = frozenset() if timed else _silent(connection, table, best)
    meeting = Meeting(table, timed, named, waiting, follows, derived, silent)
    heard_rows = f"SELECT *, {_quiet(meeting)} AS is_quiet, {_differs(meeting)} AS differs FROM ({source})"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE quiet AS {_quiet_rows(meeting, heard_rows, spoken)}")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE judged AS {_judged(meeting, heard_rows)}")
    if timed:
        connection.execute(f"INSERT INTO judged BY NAME {_new(table, best)}")
    return True


def _silent(connection: Connection, table: Table, best: str) -> frozenset[str]:
    """The columns on which no settled row says anything: most files speak of few of a table's columns."""
    columns = content(table)
    if not columns:
        return frozenset()
    found = run(connection, f"SELECT {', '.join(f'count({quote_name(c.name)})' for c in columns)} FROM {best}")[0]
    return frozenset(c.name for c, count in zip(columns, found, strict=True) if not count)


_UNTOLD = "SELECT *, s_known_at AS s_all, CAST(NULL AS TIMESTAMPTZ) AS s_confirmed, s_known_at AS s_top FROM met"


def _meet(connection: Connection, writer: Writer, table: Table, best: str, *, waiting: bool, spoken: bool) -> None:
    """The table ``met``: settled rows beside the stored ones of their key, or what waits of it."""
    kept = "".join(f", s.{quote_name(c.name)} AS {old(c)}" for c in content(table))
    named = f", {digest(table, 'b.')} AS s_digest" if spoken else ""
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE met AS SELECT b.*, s.known_at AS s_known_at, s.load_id AS s_load_id, false AS s_hidden, false AS s_unknown{kept}{named} "
        f"FROM {best} AS b JOIN ({stored(writer, table)}) AS s ON {same_key(table, 'b', 's')} WHERE {near(connection, table, best, 's')}"
    )
    if not waiting:
        return
    kept = "".join(
        f", CAST(json_extract_string(s.kept, {quote_text('$.' + quote_name(c.name))}) AS {c.sql_type}) AS {old(c)}"
        for c in content(table)
    )
    # Of a contradiction that an older release remembered it is not known what else was said: all of it is torn.
    connection.execute(
        f"INSERT INTO met BY NAME SELECT b.* EXCLUDE (_digest), s.known_at AS s_known_at, s.load_id AS s_load_id, true AS s_hidden, s.kept IS NULL AS s_unknown"
        f"{kept}{', b._digest AS s_digest' if spoken else ''} FROM (SELECT *, {digest(table)} AS _digest FROM {best}) AS b "
        f"JOIN ({waiting_rows(writer, table)}) AS s ON s.digest = b._digest "
        f"WHERE NOT EXISTS (SELECT 1 FROM met AS m WHERE {same_key(table, 'm', 'b')})"
    )


def waiting_rows(writer: Writer, table: Table) -> str:
    """SQL of the rows that wait for something newer: digest, kept, known_at, load_id."""
    return (
        f"SELECT * FROM ({of_table(writer, conflicts, table)}) "
        "QUALIFY row_number() OVER (PARTITION BY digest ORDER BY kept IS NULL, known_at DESC) = 1"
    )


def heard(writer: Writer, table: Table, versions: str) -> str:
    """SQL of what ``value_times`` says of the row versions (digest, of_load, of_known_at) that ``versions`` gives."""
    return (
        f"SELECT digest, of_load, of_known_at, columns, known_at, torn FROM ({of_table(writer, value_times, table)}) "
        f"SEMI JOIN ({versions}) USING (digest, of_load, of_known_at)"
    )


def _hear(connection: Connection, writer: Writer, table: Table) -> tuple[bool, str]:
    """SQL of ``met`` with when all values were said (``s_all``; ``s_confirmed`` where that is not the row's time), when the row was last named
    (``s_top``) and, where columns are told by name, ``s_said`` and ``s_torn``; and whether any is.
    """
    versions = "SELECT s_digest AS digest, s_load_id AS of_load, s_known_at AS of_known_at FROM met"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE told AS {heard(writer, table, versions)}")
    groups = "digest, of_load, of_known_at"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE told_all AS SELECT {groups}, max(known_at) FILTER (columns IS NULL) AS s_confirmed, max(known_at) AS s_top FROM told GROUP BY ALL"
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE told AS {_speaking('told')}")
    named = bool(firm(table)) and bool(run(connection, "SELECT 1 FROM told LIMIT 1"))
    beside = "{0}.digest = m.s_digest AND {0}.of_load = m.s_load_id AND {0}.of_known_at = m.s_known_at"
    said, joined = "", ""
    if named:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE told_named AS {_by_name(table, groups)}")
        said, joined = ", n.s_said, n.s_torn", f"LEFT JOIN told_named AS n ON {beside.format('n')}"
    return named, (
        f"SELECT m.*, coalesce(a.s_confirmed, m.s_known_at) AS s_all, a.s_confirmed, greatest(m.s_known_at, a.s_top) AS s_top{said} "
        f"FROM met AS m LEFT JOIN told_all AS a ON {beside.format('a')} {joined}"
    )


def _speaking(told: str) -> str:
    """SQL of what is told by name and not outdone by all values having been said since; a tear is not, since all values are those that are there."""
    return (
        f"SELECT t.* FROM {told} AS t LEFT JOIN told_all AS a USING (digest, of_load, of_known_at) "
        "WHERE t.columns <> '' AND (t.torn OR a.s_confirmed IS NULL OR t.known_at > a.s_confirmed)"
    )


def _by_name(table: Table, groups: str) -> str:
    """SQL of when each column was last told by name, and whether it was told to be torn."""
    names = [quote_name(c.name) for c in firm(table)]
    # The lists of columns are few: each is looked through once.
    flags = ", ".join(
        f"list_contains(string_split(columns, ','), {quote_text(c.name)}) AS {quote_name(c.name)}" for c in firm(table)
    )
    times = ", ".join(f"{n} := max(t.known_at) FILTER (f.{n})" for n in names)
    marks = ", ".join(f"{n} := bool_or(t.torn) FILTER (f.{n})" for n in names)
    return (
        f"SELECT {groups}, struct_pack({times}) AS s_said, struct_pack({marks}) AS s_torn "
        f"FROM told AS t JOIN (SELECT columns AS listed, {flags} FROM (SELECT DISTINCT columns FROM told)) AS f ON f.listed = t.columns "
        "GROUP BY ALL"
    )


def _quiet_rows(meeting: Meeting, heard_rows: str, spoken: bool) -> str:
    """SQL of the rows of which at most a time is news; ``columns`` as ``value_times`` has them, of those that are said later than before."""
    table = meeting.table
    covers = [f"({quote_name(c.name)} IS NOT NULL OR {old(c)} IS NULL)" for c in meeting.spoken(firm(table))]
    covers += [f"{old(c)} IS NULL" for c in firm(table) if c.name in meeting.silent]
    news = ", ".join(
        f"CASE WHEN {quote_name(c.name)} IS NOT NULL AND known_at > {meeting.stored_time(c)} THEN {quote_text(c.name)} END"
        for c in meeting.spoken(firm(table))
    )
    listed = f"concat_ws(',', {news})" if news else "''"
    # All values said later than the row needs no list; where some have times of their own an earlier word of all would make the others older.
    columns = f"CASE WHEN known_at > s_all AND {' AND '.join(covers) or 'true'} THEN NULL ELSE {listed} END"
    noted = "columns IS NULL OR columns <> '' OR known_at > s_top"
    return (
        f"SELECT src, row_no, differs, CASE WHEN {noted} THEN {'s_digest' if spoken else digest(table)} END AS digest, of_load, of_known_at, columns, known_at FROM "
        f"(SELECT *, s_load_id AS of_load, s_known_at AS of_known_at, {columns} AS columns FROM ({heard_rows}) WHERE is_quiet)"
    )


def _differs(meeting: Meeting) -> str:
    return any_of(
        [f"coalesce({quote_name(c.name)} <> {old(c)}, false)" for c in meeting.spoken(content(meeting.table))]
    )


def _quiet(meeting: Meeting) -> str:
    """Whether a row says what is stored, or less: then at most its time is news."""
    table = meeting.table
    if meeting.follows:
        return "false"
    tests = [
        f"({quote_name(c.name)} IS NULL OR coalesce({rank(c, quote_name(c.name))} <= {rank(c, old(c))}, false))"
        if c.forward
        else f"({quote_name(c.name)} IS NULL OR coalesce({quote_name(c.name)} = {old(c)}, false))"
        for c in meeting.spoken(content(table))
    ]
    plain = ["NOT s_hidden"]
    plain += ["_said IS NULL AND _torn IS NULL"] if meeting.timed else []
    return " AND ".join([*plain, *tests])


def _judged(meeting: Meeting, heard_rows: str) -> str:
    """SQL of the rows that are not quiet after meeting what is stored."""
    table = meeting.table
    columns = ", ".join(part for c in firm(table) for part in _judge(meeting, c))
    columns += "".join(
        f", {furthest(c, rank(c, quote_name(c.name)), rank(c, old(c)))} AS {new(c)}"
        for c in content(table)
        if c.forward
    )
    met = (
        f"SELECT {key_list(table)}, src, row_no, s_hidden, s_known_at, s_load_id, differs, {', '.join(old(c) for c in content(table)) or 'NULL AS nothing'}, "
        f"greatest(known_at, s_top) AS top, coalesce(known_at > s_top, false) AS later{', s_said' if meeting.named else ''}"
        f"{', ' + columns.lstrip(', ') if columns else ''} FROM ({heard_rows}) WHERE NOT is_quiet"
    )
    moved = any_of([f"{new(c)} IS DISTINCT FROM {old(c)}" for c in meeting.spoken(content(table))])
    said = (
        "s_said"
        if meeting.named
        else f"CAST(NULL AS {times_type(table)}) AS s_said"
        if firm(table)
        else "NULL AS s_said"
    )
    values = "".join(f", {new(c)}" for c in content(table))
    told = "".join(f", {time_of(c)}, {is_torn(c)}, {is_news(c)}" for c in firm(table))
    return (
        f"SELECT {key_list(table)}, src, row_no{values}{told}, top, later, differs, s_known_at, s_load_id, {said}, s_hidden AS was_hidden, false AS is_new, {moved} AS moved, "
        f"{_hides(table)} AS hides FROM ({met})"
    )


def _judge(meeting: Meeting, c: Column) -> tuple[str, str, str, str]:
    """Of one column: whether it is torn, its time, its value, and whether time or tear are news."""
    value, here, there = quote_name(c.name), meeting.given_time(c), meeting.stored_time(c)
    given_torn, stored_torn = meeting.given_torn(c), meeting.stored_torn(c)
    if c.name in meeting.silent:
        time = f"CASE WHEN {old(c)} IS NOT NULL OR {stored_torn} THEN {there} END"
        return (
            f"{stored_torn} AS {is_torn(c)}",
            f"{time} AS {time_of(c)}",
            f"{old(c)} AS {new(c)}",
            f"false AS {is_news(c)}",
        )
    given = f"({value} IS NOT NULL OR {given_torn})"
    kept = f"({old(c)} IS NOT NULL OR {stored_torn})"
    newer = f"({given} AND (NOT {kept} OR {here} > {there}))"
    tie = f"({given} AND {kept} AND {here} = {there})"
    differ = "false" if meeting.derived else f"coalesce({value} <> {old(c)}, false)"
    return (
        f"CASE WHEN {newer} THEN {given_torn} WHEN {tie} THEN {given_torn} OR {stored_torn} OR {differ} ELSE {stored_torn} END AS {is_torn(c)}",
        f"CASE WHEN {newer} THEN {here} WHEN {kept} THEN {there} END AS {time_of(c)}",
        # Of equally new values that were derived the greater one.
        f"CASE WHEN {is_torn(c)} THEN NULL WHEN {newer} THEN {value} WHEN {tie} THEN greatest({value}, {old(c)}) ELSE {old(c)} END AS {new(c)}",
        f"{newer} OR ({is_torn(c)} AND NOT {stored_torn}) AS {is_news(c)}",
    )


def _hides(table: Table) -> str:
    """Whether the newest that is known of a row contradicts itself."""
    return any_of([f"({is_torn(c)} AND {time_of(c)} >= top)" for c in firm(table)])


def _new(table: Table, best: str) -> str:
    """SQL of the settled rows whose key is not stored and whose values are not all of one time, as if judged."""
    columns = "".join(
        f", {quote_name(c.name)} AS {new(c)}"
        + (
            ""
            if c.forward
            else f", coalesce(_torn.{quote_name(c.name)}, false) AS {is_torn(c)}, true AS {is_news(c)}, "
            f"CASE WHEN {quote_name(c.name)} IS NOT NULL OR {is_torn(c)} THEN coalesce(_said.{quote_name(c.name)}, known_at) END AS {time_of(c)}"
        )
        for c in content(table)
    )
    return (
        f"SELECT *, {_hides(table)} AS hides FROM (SELECT {key_list(table)}, src, row_no{columns}, known_at AS top, true AS later, false AS differs, false AS was_hidden, "
        f"true AS is_new, true AS moved FROM {best} AS b WHERE (_said IS NOT NULL OR _torn IS NOT NULL) "
        f"AND NOT EXISTS (SELECT 1 FROM met AS m WHERE {same_key(table, 'm', 'b')}))"
    )
