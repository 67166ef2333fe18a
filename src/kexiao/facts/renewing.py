"""Facts renewed after a load: only orders that changed and whole customers who have one are derived again, the rest is taken over.

What changed is told by the file lists of two snapshots: files are immutable, so only those that one of them lacks are read. Every order with a changed
row (its own, a line, a refund, a product's) is derived again, and with it every customer who has or had one, over their whole life: an order in May
changes June's retention too. Files of facts without a changed row are the same files, linked; so what is renewed equals what is derived from nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kexiao.engine.dialects import render
from kexiao.engine.duck import Connection, files_as_query, quote_text, run
from kexiao.engine.store import Snapshot, Store, TableVersion
from kexiao.facts.derive import fact_queries
from kexiao.facts.fact_files import Files, query_of, write_fact
from kexiao.facts.policy import Policy
from kexiao.facts.window import GAP_COUNTS_QUERY
from kexiao.tables.catalogue import table_named

_OF_ORDERS = ("order_sums", "sale_orders", "sale_lines", "returns", "return_lines")
_GROUPS = {
    "order_sums": ("order_id",),
    "sale_orders": ("order_id",),
    "sale_lines": ("order_id",),
    "returns": ("order_id", "refund_id"),
    "return_lines": ("order_id", "refund_id"),
    "purchase_days": ("customer_id", "sold_on"),
    "customer_summary": ("customer_id",),
}
"""What is replaced as a whole where any row of it differs."""
_BOOKKEEPING = ("load_id", "known_at")
# Beyond this share of changed rows a derivation from nothing is quicker.
_MOST_CHANGED = 0.3
# So many small files of a fact are put together with what comes next.
_MANY_FILES = 24
_SMALL_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Before:
    """Facts as they were kept for an earlier snapshot: their folder, files by fact, and the files of the tables that they were derived from."""

    folder: Path
    files: Files
    tables: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class _Change:
    """SQL of the rows that only the new snapshot's files hold (``added``) and only the old one's (``removed``; None where no file is gone)."""

    table: str
    added: str
    removed: str | None


def renew(
    connection: Connection, store: Store, snapshot: Snapshot, before: Before, policy: Policy, folder: Path
) -> Files | None:
    """Write the facts of ``snapshot`` into ``folder`` from those of ``before``; None where they are better derived from nothing.

    ``connection`` holds the canonical views of the snapshot.
    """
    changes = _changes(store, snapshot, before)
    if changes is None:
        return None
    for schema in ("old", "part", "whole"):
        connection.execute(f"CREATE SCHEMA {schema}")
    for name, files in before.files.items():
        connection.execute(f"CREATE VIEW old.{name} AS {query_of(before.folder, files)}")
    _find_changed(connection, changes)
    queries = fact_queries(policy)
    found: dict[str, Sequence[str]] = {}
    _derive_orders(connection, queries)
    for name in _OF_ORDERS:
        found[name] = _replaced(connection, before, name, folder, f"SELECT * FROM part.{name}", _known_orders(name))
    _find_customers(connection, changes["customers"])
    sale_orders = query_of(folder, found["sale_orders"])
    _derive_customers(connection, queries, sale_orders)
    for name in ("purchase_days", "customer_summary"):
        theirs = f"SELECT o.* FROM old.{name} AS o SEMI JOIN part.of_customers AS c ON c.customer_id = o.customer_id"
        found[name] = _replaced(connection, before, name, folder, f"SELECT * FROM whole.{name}", theirs)
    for name, files in found.items():
        connection.execute(f"CREATE OR REPLACE VIEW main.{name} AS {query_of(folder, files)}")
    return {**found, "gap_counts": _counted_anew(connection, folder)}


def _changes(store: Store, snapshot: Snapshot, before: Before) -> dict[str, _Change] | None:
    """What the files that differ hold, table by table; None where files of before are gone or too much differs."""
    found, moved, whole = {}, 0, 0
    for name in ("orders", "order_lines", "refunds", "products", "customers"):
        version = snapshot.tables.get(name) or TableVersion((), ())
        now = {part.path: part for part in version.files}
        then = set(before.tables.get(name, ()))
        gone = sorted(then - set(now))
        if not all((store.data / path).exists() for path in gone):
            return None
        fresh = tuple(part for path, part in now.items() if path not in then)
        moved, whole = moved + sum(part.rows for part in fresh), whole + version.rows
        found[name] = _Change(
            name, _rows(store, name, [part.path for part in fresh]), _rows(store, name, gone) if gone else None
        )
    return found if moved <= _MOST_CHANGED * whole else None


def _rows(store: Store, name: str, paths: Sequence[str]) -> str:
    columns = [(column, kind) for column, kind in table_named(name).stored_columns if column not in _BOOKKEEPING]
    query = files_as_query([store.data / path for path in paths], columns)
    return f"SELECT {', '.join(column for column, _ in columns)} FROM ({query})"


def _differing(change: _Change, *columns: str) -> str:
    """SQL of these columns of rows that one side alone holds."""
    shown = ", ".join(columns)
    if change.removed is None:
        return f"SELECT {shown} FROM ({change.added})"
    return (
        f"SELECT {shown} FROM (({change.added}) EXCEPT ALL ({change.removed})) UNION ALL "
        f"SELECT {shown} FROM (({change.removed}) EXCEPT ALL ({change.added}))"
    )


def _find_changed(connection: Connection, changes: Mapping[str, _Change]) -> None:
    """The orders to derive again: ``part.sold`` for what they came to, ``part.touched`` for their refunds too, ``part.known`` those that were there before."""
    orders, lines, refunds = (changes[name] for name in ("orders", "order_lines", "refunds"))
    connection.execute(
        f"CREATE TABLE part.changed_products AS SELECT DISTINCT product_id FROM ({_differing(changes['products'], 'product_id')})"
    )
    connection.execute(
        f"CREATE TABLE part.changed_refunds AS SELECT DISTINCT refund_id, order_id FROM ({_differing(refunds, 'refund_id', 'order_id')})"
    )
    of_products = "SELECT l.order_id FROM main.order_lines AS l SEMI JOIN part.changed_products AS p ON p.product_id = l.product_id"
    of_products = (
        of_products if run(connection, "SELECT 1 FROM part.changed_products LIMIT 1") else "SELECT NULL WHERE false"
    )
    connection.execute(
        f"CREATE TABLE part.sold AS SELECT DISTINCT order_id FROM ({_differing(orders, 'order_id')} UNION ALL "
        f"{_differing(lines, 'order_id')} UNION ALL {of_products})"
    )
    connection.execute(
        "CREATE TABLE part.touched AS SELECT order_id FROM part.sold UNION "
        "SELECT order_id FROM part.changed_refunds WHERE order_id IS NOT NULL"
    )
    # Rows are appended under new keys or replace others, whose file is then gone: without one, what is added was not there.
    fresh = (
        f"SELECT order_id FROM ({orders.added})"
        if orders.removed is None
        else "SELECT order_id FROM part.touched WHERE false"
    )
    connection.execute(f"CREATE TABLE part.known AS FROM part.touched ANTI JOIN ({fresh}) AS f USING (order_id)")


def _derive_orders(connection: Connection, queries: Mapping[str, str]) -> None:
    """The facts of the orders found, by the very queries that derive them all, over tables that hold nothing else."""
    for name in ("orders", "order_lines"):
        connection.execute(
            f"CREATE TABLE part.{name} AS SELECT t.* FROM main.{name} AS t SEMI JOIN part.touched AS c ON c.order_id = t.order_id"
        )
    connection.execute(
        "CREATE TABLE part.refunds AS SELECT t.* FROM main.refunds AS t "
        "WHERE t.order_id IN (SELECT order_id FROM part.touched) OR t.refund_id IN (SELECT refund_id FROM part.changed_refunds)"
    )
    _derive(connection, "part", {name: queries[name] for name in _OF_ORDERS})


def _derive(connection: Connection, schema: str, queries: Mapping[str, str]) -> None:
    connection.execute(f"SET search_path = '{schema},main'")
    for name, sql in queries.items():
        connection.execute(f"CREATE TABLE {schema}.{name} AS {render(sql)}")
    connection.execute("SET search_path = 'main'")


def _known_orders(name: str) -> str:
    """SQL of the old rows of a fact that belong to the orders (or refunds without one) found."""
    # Lines and refunds may have been there before their order.
    which = "known" if name in ("sale_orders", "sale_lines") else "touched"
    rows = f"SELECT o.* FROM old.{name} AS o WHERE o.order_id IN (SELECT order_id FROM part.{which})"
    if "refund_id" not in _GROUPS[name]:
        return rows
    return f"{rows} OR (o.order_id IS NULL AND o.refund_id IN (SELECT refund_id FROM part.changed_refunds))"


def _find_customers(connection: Connection, customers: _Change) -> None:
    """``part.of_customers``: who has or had a changed order, or is described otherwise; by the number under which they count."""
    connection.execute(
        "CREATE TABLE part.of_customers AS SELECT DISTINCT customer_id FROM ("
        "SELECT customer_id FROM part.fresh_sale_orders UNION ALL SELECT customer_id FROM part.gone_sale_orders UNION ALL "
        f"SELECT coalesce(s.as_id, c.customer_id) AS customer_id FROM ({_differing(customers, 'customer_id')}) AS c "
        "LEFT JOIN main.stands_for AS s ON s.customer_id = c.customer_id) WHERE customer_id IS NOT NULL"
    )


def _derive_customers(connection: Connection, queries: Mapping[str, str], sale_orders: str) -> None:
    # What the queries of customers read of orders, and no more: these are many.
    read = f"(SELECT order_id, customer_id, sold_on, net, channel, campaign, region FROM ({sale_orders}))"
    for name, rows in {"sale_orders": read, "customers": "main.customers"}.items():
        connection.execute(
            f"CREATE TABLE whole.{name} AS SELECT t.* FROM {rows} AS t SEMI JOIN part.of_customers AS c ON c.customer_id = t.customer_id"
        )
    _derive(connection, "whole", {name: queries[name] for name in ("purchase_days", "customer_summary")})


def _replaced(connection: Connection, before: Before, name: str, folder: Path, new: str, known: str) -> Sequence[str]:
    """The files of a fact with the groups of rows that differ replaced; ``new`` are the rows derived again, ``known`` those they may replace."""
    columns, same = ", ".join(_GROUPS[name]), _same_group(name)
    connection.execute(f"CREATE TEMP TABLE rows_then AS {known}")
    connection.execute(f"CREATE TEMP TABLE rows_now AS {new}")
    connection.execute(
        f"CREATE TEMP TABLE differing AS SELECT DISTINCT {columns} FROM "
        "((FROM rows_now EXCEPT ALL FROM rows_then) UNION ALL (FROM rows_then EXCEPT ALL FROM rows_now))"
    )
    connection.execute(
        f"CREATE TABLE part.fresh_{name} AS SELECT t.* FROM rows_now AS t SEMI JOIN differing AS g ON {same}"
    )
    connection.execute(
        f"CREATE TABLE part.gone_{name} AS SELECT t.* FROM rows_then AS t SEMI JOIN differing AS g ON {same}"
    )
    for table in ("rows_then", "rows_now", "differing"):
        connection.execute(f"DROP TABLE {table}")
    return _rewritten(connection, before, name, folder)


def _same_group(name: str) -> str:
    return " AND ".join(f"g.{column} IS NOT DISTINCT FROM t.{column}" for column in _GROUPS[name])


def _rewritten(connection: Connection, before: Before, name: str, folder: Path) -> Sequence[str]:
    """Link the files that stay, and write the fresh rows with what is left of those that hold a row that is gone."""
    files = list(before.files[name])
    fresh, gone = (bool(run(connection, f"SELECT 1 FROM part.{which}_{name} LIMIT 1")) for which in ("fresh", "gone"))
    listed = ", ".join(quote_text(str(before.folder / file)) for file in files)
    anew: set[str] = set()
    if gone and files:
        rows = f"SELECT DISTINCT t.filename FROM read_parquet([{listed}], filename = true) AS t SEMI JOIN part.gone_{name} AS g ON {_same_group(name)}"
        anew = {Path(found).name for (found,) in run(connection, rows)}
    if fresh and len(files) > _MANY_FILES:
        counted = run(connection, f"SELECT file_name, num_rows FROM parquet_file_metadata([{listed}])")
        small = {Path(found).name for found, count in counted if count < _SMALL_ROWS}
        anew |= small if len(small) > _MANY_FILES else set()
    kept = [file for file in files if file not in anew]
    for file in kept:
        os.link(before.folder / file, folder / file)
    if not (fresh or anew):
        return kept
    left = (
        f"SELECT t.* FROM ({query_of(before.folder, sorted(anew))}) AS t ANTI JOIN part.gone_{name} AS g ON {_same_group(name)} UNION ALL "
        if anew
        else ""
    )
    return [*kept, *write_fact(connection, folder, name, f"{left}FROM part.fresh_{name}")]


def _counted_anew(connection: Connection, folder: Path) -> Sequence[str]:
    """How often each gap occurs, by how many gaps the customer has: less what the customers found had, and what they have now."""
    theirs = "SELECT o.* FROM old.purchase_days AS o SEMI JOIN part.of_customers AS c ON c.customer_id = o.customer_id"
    then = GAP_COUNTS_QUERY.format(purchase_days=f"({theirs})")
    now = GAP_COUNTS_QUERY.format(purchase_days="whole.purchase_days")
    sql = f"""
        SELECT gaps, gap, CAST(sum(times) AS BIGINT) AS times
        FROM (FROM old.gap_counts UNION ALL SELECT gaps, gap, -times FROM ({then}) UNION ALL FROM ({now}))
        GROUP BY gaps, gap HAVING sum(times) <> 0"""
    return write_fact(connection, folder, "gap_counts", sql)
