"""One customer: the canonical tables as facts read them, with merged customers as one and, where the policy says so, accounts as their parent.

Nothing is written. The tables keep the numbers that the sources gave; these views put the survivor's number in their place, so that a merge
taken back leaves no trace. Without merges and hierarchy the views are the tables themselves and cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kexiao.engine.duck import Connection, DuckEngine, connect, run
from kexiao.engine.query import QueryEngine
from kexiao.engine.store import Snapshot, Store
from kexiao.errors import IntegrityFailed
from kexiao.tables.catalogue import all_tables, table_named
from kexiao.tables.description import Table
from kexiao.tables.survivors import parents_now, survivors, tops
from kexiao.text import Text

DEPENDS_ON = ("merges", "assignments")
"""Tables on which every fact rests beside those it is derived from."""


def create_canonical_views(
    connection: Connection, store: Store, snapshot: Snapshot, counted_as: str = "customer"
) -> None:
    """One view per versioned canonical table, named as the table; ``counted_as`` is ``customer`` or ``parent``."""
    tables = {name: table.stored_columns for name, table in all_tables().items() if table.versioned}
    store.create_views(connection, snapshot, tables)
    if not _stands_for(connection, store, snapshot, counted_as):
        return
    orders = store.table_query(snapshot, "orders", table_named("orders").stored_columns)
    connection.execute(f"CREATE OR REPLACE VIEW orders_as_loaded AS {orders}")
    engine = DuckEngine(connection)
    for name in _of_customers():
        raw = store.table_query(snapshot, name, table_named(name).stored_columns)
        engine.make_view(name, _resolved(table_named(name), raw, counted_as))


def create_canonical_views_on(
    engine: QueryEngine, store: Store, snapshot: Snapshot, place: Callable[[str], str], counted_as: str = "customer"
) -> None:
    """The same on any engine; ``place`` says where it finds a file of the store. Who stands for whom is settled here and sent to it."""
    stands = _standing_for(store, snapshot, counted_as)
    if stands:
        engine.hold_rows("stands_for", (("customer_id", "BIGINT"), ("as_id", "BIGINT")), stands)
    changed, counts = _of_customers() if stands else [], {}
    for name, table in all_tables().items():
        if table.versioned:
            version, view = snapshot.tables.get(name), f"{name}_as_loaded" if name in changed else name
            engine.read_files(
                view, [place(part.path) for part in version.files] if version else [], table.stored_columns
            )
            counts[view] = version.rows if version else 0
    _refuse_other_rows(engine, {view: rows for view, rows in counts.items() if rows})
    for name in changed:
        engine.make_view(name, _resolved(table_named(name), f"SELECT * FROM {name}_as_loaded", counted_as))


def _refuse_other_rows(engine: QueryEngine, counts: Mapping[str, int]) -> None:
    """An engine that reads a copy of the store must find what the snapshot names."""
    if not counts:
        return
    asked = " UNION ALL ".join(f"SELECT '{view}' AS name, count(*) AS found FROM {view}" for view in counts)
    for view, found in engine.rows(asked):
        if found != counts[view]:
            raise IntegrityFailed(
                Text(
                    zh="表 {t} 应有 {n} 行，计算引擎看到的文件里有 {f} 行。",
                    en="The table {t} has {n} rows; in the files that the engine sees there are {f}.",
                ).fill(t=view.removesuffix("_as_loaded"), n=counts[view], f=found),
                next_step=Text(
                    zh="把工作区的 data 文件夹重新完整复制到 kexiao.toml 中 data 所写的位置。",
                    en="Copy the folder data of the workspace anew to the place that data names in kexiao.toml.",
                ),
            )


def _of_customers() -> list[str]:
    """The versioned tables that name customers, but for those that say who is whom."""
    return [
        name
        for name, table in all_tables().items()
        if table.versioned and name not in DEPENDS_ON and any(column.kind == "customer" for column in table.columns)
    ]


def _standing_for(store: Store, snapshot: Snapshot, counted_as: str) -> list[tuple[int, int]]:
    connection = connect(store.data / "_tmp")
    try:
        if not _stands_for(connection, store, snapshot, counted_as):
            return []
        return [
            (int(number), int(other)) for number, other in run(connection, "SELECT customer_id, as_id FROM stands_for")
        ]
    finally:
        connection.close()


def _stands_for(connection: Connection, store: Store, snapshot: Snapshot, counted_as: str) -> bool:
    """Make the table ``stands_for`` (customer_id, as_id); False where every customer stands for itself."""
    merges, assignments, customers = (
        store.table_query(snapshot, name, table_named(name).stored_columns)
        for name in ("merges", "assignments", "customers")
    )
    connection.execute("CREATE OR REPLACE TABLE stands_for (customer_id BIGINT PRIMARY KEY, as_id BIGINT)")
    if any(version.rows for name, version in snapshot.tables.items() if name == "merges"):
        connection.execute(f"INSERT INTO stands_for {survivors(merges)}")
    if counted_as == "parent":
        _add_parents(connection, parents_now(customers, assignments))
    return bool(run(connection, "SELECT count(*) FROM stands_for")[0][0])


def _add_parents(connection: Connection, parents: str) -> None:
    """Let every customer stand for the parent at the top of the survivor's account; of several parents in one merge the survivor's counts, else the first."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE held_parents AS "
        "SELECT coalesce(s.as_id, p.customer_id) AS customer_id, "
        "arg_min(coalesce(u.as_id, p.parent_id), CASE WHEN s.as_id IS NULL THEN -1 ELSE p.customer_id END) AS parent_id "
        f"FROM ({parents}) AS p LEFT JOIN stands_for AS s ON s.customer_id = p.customer_id LEFT JOIN stands_for AS u ON u.customer_id = p.parent_id GROUP BY 1"
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE held_tops AS {tops('SELECT * FROM held_parents')}")
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE stands_higher AS SELECT s.customer_id, coalesce(t.top_id, s.as_id) AS as_id FROM stands_for AS s LEFT JOIN held_tops AS t ON t.customer_id = s.as_id "
        "UNION ALL SELECT t.customer_id, t.top_id FROM held_tops AS t ANTI JOIN stands_for AS s ON s.customer_id = t.customer_id"
    )
    connection.execute("DELETE FROM stands_for")
    connection.execute("INSERT INTO stands_for SELECT * FROM stands_higher")


def _resolved(table: Table, raw: str, counted_as: str) -> str:
    if table.name == "customers":
        return _customers(table, raw)
    named = [column.name for column in table.columns if column.kind == "customer"]
    shown = ", ".join(
        f"coalesce(s_{name}.as_id, t.{name}) AS {name}" if name in named else f't."{name}"'
        for name, _ in table.stored_columns
    )
    joins = " ".join(f"LEFT JOIN stands_for AS s_{name} ON s_{name}.customer_id = t.{name}" for name in named)
    sql = f"SELECT {shown} FROM ({raw}) AS t {joins}"
    if table.name == "participations":
        return _once_a_campaign(table, sql)
    if table.name in ("scores", "segment_memberships"):
        # Models are run over customers, never over parents: their results say nothing of accounts.
        return f"SELECT * FROM ({raw}) WHERE false" if counted_as == "parent" else _of_these_customers(raw)
    return sql


def _customers(table: Table, raw: str) -> str:
    """Merged customers as one row: the survivor's word counts, else the first that says something; acquired with the earliest of them."""
    rank = "CASE WHEN s.as_id IS NULL THEN -1 ELSE t.customer_id END"
    earliest = f"coalesce(t.acquired_on, DAY_OF('2299-12-31')), {rank}"
    special = {
        "customer_id": "coalesce(s.as_id, t.customer_id)",
        "registered_on": "min(t.registered_on)",
        "acquired_on": "min(t.acquired_on)",
        "acquisition_channel": f"OF_LEAST_TWO(t.acquisition_channel, {earliest})",
        "acquisition_campaign": f"OF_LEAST_TWO(t.acquisition_campaign, {earliest})",
        "parent_id": f"nullif(OF_LEAST(coalesce(p.as_id, t.parent_id), {rank}), coalesce(s.as_id, t.customer_id))",
        "known_at": "max(t.known_at)",
        "load_id": "max(t.load_id)",
    }
    names = [name for name, _ in table.stored_columns]
    shown = ", ".join(f"{special.get(name) or f'OF_LEAST(t.{name}, {rank})'} AS {name}" for name in names)
    together = (
        f"SELECT {shown} FROM ({raw}) AS t LEFT JOIN stands_for AS s ON s.customer_id = t.customer_id "
        "LEFT JOIN stands_for AS p ON p.customer_id = t.parent_id "
        "WHERE coalesce(s.as_id, t.customer_id) IN (SELECT as_id FROM stands_for) GROUP BY coalesce(s.as_id, t.customer_id)"
    )
    own = ", ".join(
        "coalesce(p.as_id, t.parent_id) AS parent_id" if name == "parent_id" else f"t.{name}" for name in names
    )
    alone = (
        f"SELECT {own} FROM ({raw}) AS t LEFT JOIN stands_for AS p ON p.customer_id = t.parent_id "
        "WHERE t.customer_id NOT IN (SELECT customer_id FROM stands_for) AND t.customer_id NOT IN (SELECT as_id FROM stands_for)"
    )
    return f"{together} UNION ALL {alone}"


def _once_a_campaign(table: Table, sql: str) -> str:
    """One row a campaign and customer; who was drawn into both arms by way of two numbers belongs to neither."""
    special = {
        "joined_on": "min(joined_on)",
        "arm": "CASE WHEN count(DISTINCT arm) = 1 THEN min(arm) END",
        "mode": "CASE WHEN count(DISTINCT mode) = 1 THEN min(mode) END",
    }
    names = [name for name, _ in table.stored_columns]
    shown = ", ".join(
        name if name in table.key else f"{special.get(name) or f'max({name})'} AS {name}" for name in names
    )
    return f"SELECT {shown} FROM ({sql}) GROUP BY {', '.join(table.key)}"


def _of_these_customers(raw: str) -> str:
    """Results of models, unless customers with orders were merged or taken apart after the model ran: then it speaks of others than these."""
    then = "m.merged_at <= r.known_at AND (m.undone_at IS NULL OR m.undone_at > r.known_at)"
    moved = (
        f"SELECT DISTINCT r.known_at FROM (SELECT DISTINCT known_at FROM ({raw})) AS r JOIN merges AS m ON ({then}) <> (m.undone_at IS NULL) "
        "WHERE m.customer_id IN (SELECT o.customer_id FROM orders_as_loaded AS o)"
    )
    return f"SELECT * FROM ({raw}) WHERE known_at NOT IN ({moved})"
