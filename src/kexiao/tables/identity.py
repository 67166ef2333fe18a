"""Our own customer numbers, and who they are.

A customer number is a 63-bit keyed hash of origin and source id: the same at each load, and of no use without the workspace's key.
"""

from __future__ import annotations

from collections.abc import Sequence

from kexiao.engine.duck import Connection, any_repeats, run
from kexiao.engine.folder import Folder
from kexiao.engine.store import Store
from kexiao.errors import IntegrityFailed
from kexiao.tables.contact_files import (
    SAID,
    WITH_TIMES,
    add_contacts,
    adopt_contacts,
    contacts_path,
    contacts_query,
    replace_contacts,
)
from kexiao.tables.contacts import PERSONAL, contacts
from kexiao.tables.erased import MASKED_PHONE, TOKEN, WAYS, digest_sql, read_erased
from kexiao.text import Text


def use_key(connection: Connection, folder: Folder) -> None:
    """Let ``person(origin, ref)`` work in this connection; the key itself never stands in a query.

    The token of someone who was erased leads to their number, so that files kept without their cells give the same rows.
    """
    connection.execute("SET VARIABLE customer_key = ?", [folder.key().decode()])
    number = "CAST((CAST('0x' || substr(sha256(getvariable('customer_key') || chr(31) || origin || chr(31) || ref), 1, 16) AS UBIGINT) >> 1) AS BIGINT)"
    erased = read_erased(folder)
    connection.execute("SET VARIABLE erased_customers = ?", [sorted(erased.customers)])
    connection.execute("SET VARIABLE erased_digests = CAST(? AS VARCHAR[])", [sorted(erased.digests)])
    led = number
    if aliases := erased.aliases:
        connection.execute("SET VARIABLE alias_from = ?", [list(aliases)])
        connection.execute("SET VARIABLE alias_to = ?", [list(aliases.values())])
        place = f"list_position(getvariable('alias_from'), {number})"
        token = f"contains(ref, '{TOKEN}') OR contains(ref, '{MASKED_PHONE}')"
        led = f"CASE WHEN {token} THEN coalesce(list_extract(getvariable('alias_to'), {place}), {number}) ELSE {number} END"
    connection.execute(f"CREATE OR REPLACE MACRO person(origin, ref) AS CASE WHEN ref IS NULL THEN NULL ELSE {led} END")


def _may_be_stored(folder: Folder) -> str:
    """SQL that is true for rows of people who were not erased."""
    erased = read_erased(folder)
    if not erased.customers and not erased.digests:
        return "true"
    met = " OR ".join(
        f"coalesce(list_contains(getvariable('erased_digests'), {digest_sql(way, way)}), false)" for way in WAYS
    )
    return f"NOT (list_contains(getvariable('erased_customers'), customer_id) OR {met})"


def erased_met(connection: Connection) -> list[tuple[int, str, str]]:
    """The erased people whom the last load named: number, origin, source id. Their data were not stored."""
    there = run(connection, "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'erased_met'")[0][0]
    return [(int(row[0]), row[1], row[2]) for row in run(connection, "SELECT * FROM erased_met")] if there else []


def contacts_since(connection: Connection, folder: Folder, load_id: int, customers: str | None) -> int:
    """How many contacts were last changed by this load or a later one; ``customers`` (SQL of customer_id): of these alone."""
    kept = f" SEMI JOIN ({customers}) AS c USING (customer_id)" if customers else ""
    return int(
        run(connection, f"SELECT count(*) FROM ({contacts_query(folder)}) AS k{kept} WHERE load_id >= {load_id}")[0][0]
    )


def refuse_collisions(connection: Connection, people: str, folder: Folder) -> None:
    """Stop where two source ids share a customer number, within ``people`` (customer_id, origin, source_id) or with those known.

    Errors: ``IntegrityFailed``. By chance this happens once in about 10⁵ workspaces of 10 million customers each.
    """
    known = contacts_query(folder)
    if not contacts_path(folder).exists() and not any_repeats(connection, f"({people})", "customer_id"):
        return
    found = run(
        connection,
        f"SELECT count(*) FROM (SELECT customer_id FROM (SELECT customer_id, origin, source_id FROM ({people}) UNION "
        f"SELECT customer_id, origin, source_id FROM ({known}) SEMI JOIN ({people}) USING (customer_id)) GROUP BY 1 HAVING count(*) > 1)",
    )[0][0]
    if found:
        raise IntegrityFailed(
            Text(zh="{n} 个客户编号发生碰撞，未导入。", en="{n} customer numbers collide; nothing was loaded.").fill(
                n=found
            ),
            next_step=Text(
                zh="请把 contacts 与新文件的来源编号分开（映射选项 origin），再重试。",
                en="Give the new file an origin of its own (mapping option origin) and try again.",
            ),
        )


def _incoming_types() -> list[tuple[str, str]]:
    """The columns that a load says of a person, with their types; a column of nothing but nulls has no type of its own."""
    wanted = {"customer_id", "origin", "source_id", "known_at", *PERSONAL}
    return [(name, kind) for name, kind in contacts.stored_columns if name in wanted]


def merge_contacts(connection: Connection, folder: Folder, incoming: str, load_id: int) -> int:
    """Add what ``incoming`` (customer_id, origin, source_id, personal columns, known_at; ``said`` where parts are older) says to the contacts; returns
    how many changed.

    A null says nothing; the later of two values counts, by ``known_at``, and of equally new ones the greater: the same whichever came first. They are
    put there in one step, before the load becomes visible: a load that is killed leaves at most contacts that no order names yet.
    """
    known = contacts_query(folder, WITH_TIMES)
    typed = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in _incoming_types())
    told = {row[0] for row in run(connection, f"DESCRIBE SELECT * FROM ({incoming})")}
    said = f"CAST({'said' if 'said' in told else 'NULL'} AS {SAID[1]}) AS said"
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW contacts_in AS SELECT {typed}, {said} FROM ({incoming}) WHERE customer_id IS NOT NULL"
    )
    allowed = _may_be_stored(folder)
    if allowed != "true":
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE erased_met AS SELECT DISTINCT customer_id, origin, source_id FROM contacts_in WHERE NOT {allowed}"
        )
    parts = ", ".join(part for name in PERSONAL for part in _newest(name))
    later = " OR ".join(f"t_{name} IS DISTINCT FROM o_{name}" for name in PERSONAL)
    packed = ", ".join(f"{name} := CASE WHEN t_{name} < known_at THEN t_{name} END" for name in PERSONAL)
    older = " OR ".join(f"coalesce(t_{name} < known_at, false)" for name in PERSONAL)
    # A first load tells of everybody: its people go straight into the file.
    kind = "TABLE" if contacts_path(folder).exists() else "VIEW"
    connection.execute(
        f"CREATE OR REPLACE TEMP {kind} contacts_new AS SELECT customer_id, origin, source_id, {', '.join(PERSONAL)}, known_at, "
        f"CASE WHEN {older} THEN struct_pack({packed}) END AS said FROM "
        f"(SELECT i.customer_id, i.origin, i.source_id, {parts}, k.customer_id IS NULL AS fresh, greatest(i.known_at, k.known_at) AS known_at "
        f"FROM (SELECT * FROM contacts_in WHERE {allowed}) AS i LEFT JOIN ({known}) AS k ON k.customer_id = i.customer_id AND k.origin = i.origin) WHERE fresh OR {later}"
    )
    changed = int(run(connection, "SELECT count(*) FROM contacts_new")[0][0])
    if changed:
        rows = f"SELECT *, CAST({load_id} AS BIGINT) AS load_id FROM contacts_new"
        add_contacts(connection, folder, rows, changed)
    connection.execute(f"DROP {kind} contacts_new")
    connection.execute("DROP VIEW contacts_in")
    return changed


def _newest(name: str) -> tuple[str, str, str]:
    """SQL of one part of a contact: the newer value, when it was said, and when the stored one was."""
    here, there = f"coalesce(i.said.{name}, i.known_at)", f"coalesce(k.said.{name}, k.known_at)"
    newer = f"i.{name} IS NOT NULL AND (k.{name} IS NULL OR {here} > {there})"
    tie = f"i.{name} IS NOT NULL AND {here} = {there}"
    return (
        f"CASE WHEN {newer} THEN i.{name} WHEN {tie} THEN greatest(i.{name}, k.{name}) ELSE k.{name} END AS {name}",
        f"CASE WHEN {newer} THEN {here} WHEN k.{name} IS NOT NULL THEN {there} END AS t_{name}",
        # A greater value of the same time is news as well.
        f"CASE WHEN k.{name} IS NOT NULL AND NOT coalesce({tie} AND i.{name} > k.{name}, false) THEN {there} END AS o_{name}",
    )


def drop_contacts_of(connection: Connection, folder: Folder, numbers: Sequence[int]) -> int:
    """Take people out of the contacts for good; returns how many rows went. Called with the store held alone."""
    adopt_contacts(folder, Store(folder.data))
    if not contacts_path(folder).exists() or not numbers:
        return 0
    listed = ", ".join(str(int(number)) for number in numbers)
    held = int(
        run(connection, f"SELECT count(*) FROM ({contacts_query(folder)}) WHERE customer_id IN ({listed})")[0][0]
    )
    if held:
        left = f"SELECT * FROM ({contacts_query(folder, WITH_TIMES)}) WHERE customer_id NOT IN ({listed})"
        replace_contacts(connection, folder, left)
    return held
