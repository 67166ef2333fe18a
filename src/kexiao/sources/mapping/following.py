"""What names an order follows it: refunds, complaints and answers find their order, and its customer, whichever file came first.

Where a source gives order numbers out again, an order's key is its number with its customer or day (``order_keys``), while a refund gives the number alone.
It belongs to the order of that number which its own customer placed; without a customer, to the only one placed by its day. What could be two orders
is left with the number alone, and told.
"""

from __future__ import annotations

from kexiao.engine.duck import files_as_query, run
from kexiao.engine.store import Writer
from kexiao.sources.mapping.batch import Batch
from kexiao.sources.mapping.clock import day_of
from kexiao.tables.catalogue import table_named
from kexiao.tables.loading import Incoming, merge
from kexiao.text import Text

DIMENSIONS = ("channel", "campaign", "region", "team")
MOMENTS = {"surveys": "responded_at", "refunds": "refunded_at", "complaints": "opened_at"}
"""The kinds whose rows name an order, and when what a row tells of happened."""
_NUMBER = "regexp_replace(order_id, '~[0-9a-f]{1,8}$', '')"


def make_order_lookup(batch: Batch) -> None:
    """The table ``order_lookup`` (named_order, named_person, moment → order_id, customer_id, dimensions) for the rows of this load that name orders."""
    named = [
        f"SELECT order_id AS named_order, _person AS named_person, {moment} AS moment, src FROM ({batch.rows(kind)}) WHERE order_id IS NOT NULL"
        for kind, moment in MOMENTS.items()
        if any("order_id" in sheet.mapping.columns for sheet in batch.of_kind(kind))
    ]
    if not named:
        return
    columns = f"order_id, customer_id, ordered_at, {', '.join(DIMENSIONS)}"
    orders = (
        f"SELECT {columns.replace('ordered_at', _stored_moment(batch))}, 1 AS place FROM ({batch.stored['orders']})"
    )
    if batch.of_kind("orders"):
        orders += f" UNION ALL SELECT order_key, _person, ordered_at, {', '.join(DIMENSIONS)}, 0 FROM order_rows"
    batch.connection.execute(f"CREATE OR REPLACE TEMP TABLE naming AS {' UNION ALL '.join(named)}")
    _look_up(batch, orders)
    _tell_several(batch)


def _stored_moment(batch: Batch) -> str:
    described = {row[0] for row in run(batch.connection, f"DESCRIBE {batch.stored['orders']}")}
    return "ordered_at" if "ordered_at" in described else "CAST(NULL AS TIMESTAMPTZ) AS ordered_at"


def _look_up(batch: Batch, orders: str) -> None:
    """Fill ``order_lookup`` from ``naming`` and ``orders`` (order_id, customer_id, ordered_at, dimensions, place: the least counts)."""
    run_ = batch.connection.execute
    best = ", ".join(f"arg_min({c}, place) AS {c}" for c in ("customer_id", *DIMENSIONS))
    run_(
        f"CREATE OR REPLACE TEMP TABLE named_orders AS SELECT order_id, min(ordered_at) AS ordered_at, {best} FROM ({orders}) AS o "
        f"WHERE order_id IN (SELECT named_order FROM naming) OR (contains(order_id, '~') AND {_NUMBER} IN (SELECT named_order FROM naming)) GROUP BY 1"
    )
    dims = ", ".join(f"o.{c}" for c in DIMENSIONS)
    exact = (
        f"SELECT DISTINCT n.named_order, n.named_person, n.moment, o.order_id, o.customer_id, {dims}, 1 AS possible "
        "FROM naming AS n JOIN named_orders AS o ON o.order_id = n.named_order"
    )
    # Days are compared: a day that the source gives without a time begins before the order of that day.
    placed, told = (day_of(name, batch.around.zone) for name in ("o.ordered_at", "n.moment"))
    possible = (
        f"SELECT n.named_order, n.named_person, n.moment, o.* EXCLUDE (ordered_at) FROM (SELECT DISTINCT named_order, named_person, moment FROM naming "
        f"ANTI JOIN named_orders AS known ON known.order_id = naming.named_order) AS n JOIN (SELECT *, {_NUMBER} AS number FROM named_orders) AS o ON o.number = n.named_order "
        f"WHERE (n.named_person IS NULL OR n.named_person = o.customer_id) AND (o.ordered_at IS NULL OR n.moment IS NULL OR {placed} <= {told})"
    )
    only = ", ".join(f"any_value({c}) AS {c}" for c in ("order_id", "customer_id", *DIMENSIONS))
    run_(
        f"CREATE OR REPLACE TEMP TABLE order_lookup AS {exact} UNION ALL "
        f"SELECT named_order, named_person, moment, {only}, count(*) AS possible FROM ({possible}) GROUP BY 1, 2, 3"
    )


def _tell_several(batch: Batch) -> None:
    """Rows whose number stands for several orders, or for one of somebody else, are named by their file."""
    found = run(
        batch.connection,
        f"SELECT n.src, count(*) FROM naming AS n LEFT JOIN order_lookup AS l ON l.named_order = n.named_order AND l.named_person IS NOT DISTINCT FROM n.named_person "
        f"AND l.moment IS NOT DISTINCT FROM n.moment WHERE l.possible > 1 OR (l.possible IS NULL AND n.named_order IN (SELECT {_NUMBER} FROM named_orders)) GROUP BY 1 ORDER BY 1",
    )
    files = {sheet.src: sheet.file for sheet in batch.sheets}
    batch.connection.execute("DELETE FROM order_lookup WHERE possible > 1")
    for src, rows in found:
        batch.warnings.append(
            Text(
                zh="“{file}”有 {n} 行的订单号对应多张订单（订单按客户或日期区分），无法确定是哪一张，未与订单关联。",
                en="{n} rows of “{file}” give an order number that stands for several orders (told apart by customer or day); which one is meant cannot be told, so they are joined to none.",
            ).fill(file=files[int(src)], n=rows)
        )


def looked_up(rows: str, kind: str) -> str:
    """SQL of rows that name orders with the order's key in the place of its number and, where they name nobody, its customer; ``_named_order`` keeps the number."""
    return (
        f"(SELECT p.* REPLACE (coalesce(l.order_id, p.order_id) AS order_id, coalesce(p._person, l.customer_id) AS _person), p.order_id AS _named_order "
        f"FROM {rows} AS p LEFT JOIN order_lookup AS l ON {joined('p', MOMENTS[kind])})"
    )


def joined(alias: str, moment: str) -> str:
    """SQL condition: the row of ``order_lookup`` as ``l`` belongs to a row that names an order."""
    return (
        f"l.named_order = {alias}.order_id AND l.named_person IS NOT DISTINCT FROM {alias}._person "
        f"AND l.moment IS NOT DISTINCT FROM {alias}.{moment}"
    )


def follow_orders(batch: Batch, writer: Writer, load_id: int) -> None:
    """Refunds and complaints that came before their orders follow them now: those of this load's orders get its key and, where they name nobody, its customer."""
    if not batch.of_kind("orders") or "orders" not in writer.tables:
        return
    for kind in ("refunds", "complaints"):
        version = writer.tables.get(kind)
        if version is not None and version.files:
            _follow(batch, writer, kind, load_id)


def _follow(batch: Batch, writer: Writer, kind: str, load_id: int) -> None:
    table, orders = table_named(kind), table_named("orders")
    stored, known = (
        files_as_query(writer.store.paths(writer.tables[t.name]), t.stored_columns) for t in (table, orders)
    )
    come = f"SELECT order_key FROM order_rows UNION SELECT {_NUMBER.replace('order_id', 'order_key')} FROM order_rows WHERE contains(order_key, '~')"
    batch.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE waiting AS SELECT {table.key[0]} AS id, order_id, customer_id AS _person, {MOMENTS[kind]} AS moment, known_at FROM ({stored}) WHERE order_id IN ({come})"
    )
    if not batch.count("SELECT count(*) FROM waiting"):
        return
    batch.connection.execute(
        "CREATE OR REPLACE TEMP TABLE naming AS SELECT order_id AS named_order, _person AS named_person, moment, -1 AS src FROM waiting"
    )
    _look_up(batch, f"SELECT order_id, customer_id, ordered_at, {', '.join(DIMENSIONS)}, 1 AS place FROM ({known})")
    # What rows say themselves has the last word: an empty cell is filled, and a number is the beginning of its key and so the lesser of the two.
    found = (
        f"SELECT w.id AS {table.key[0]}, l.order_id, CASE WHEN w._person IS NULL THEN l.customer_id END AS customer_id, w.known_at, CAST(-1 AS BIGINT) AS src, CAST(-1 AS BIGINT) AS row_no "
        f"FROM waiting AS w JOIN order_lookup AS l ON {joined('w', 'moment')} WHERE l.possible = 1 AND (l.order_id <> w.order_id OR (w._person IS NULL AND l.customer_id IS NOT NULL))"
    )
    several = batch.count(
        "SELECT count(*) FROM waiting AS w JOIN order_lookup AS l ON " + joined("w", "moment") + " WHERE l.possible > 1"
    )
    if several:
        batch.warnings.append(_SEVERAL.fill(table=table.label, n=several))
    merge(
        batch.connection,
        writer,
        Incoming(table, found, derived=True, decides=False, follows=True),
        load_id,
        f"follow_{kind}",
    )


_SEVERAL = Text(
    zh="“{table}”中有 {n} 行的订单号对应多张订单（订单按客户或日期区分），无法确定是哪一张，未与订单关联。",
    en="{n} rows of {table} give an order number that stands for several orders (told apart by customer or day); which one is meant cannot be told, so they are joined to none.",
)


def line_keys(batch: Batch) -> str | None:
    """SQL (named_order → order_id) of the order keys that numbers on lines stand for; None where no order is told apart by customer or day."""
    orders = f"SELECT order_id FROM ({batch.stored['orders']})"
    if batch.of_kind("orders"):
        orders += " UNION SELECT order_key FROM order_rows"
    if not batch.count(f"SELECT count(*) FROM (SELECT 1 FROM ({orders}) WHERE contains(order_id, '~') LIMIT 1)"):
        return None
    numbers = " UNION ".join(
        f"SELECT order_id AS named_order FROM ({batch.sheet_rows(sheet)})" for sheet in batch.of_kind("order_lines")
    )
    batch.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE line_orders AS SELECT {_NUMBER} AS named_order, any_value(order_id) AS order_id, count(*) AS possible "
        f"FROM ({orders}) WHERE contains(order_id, '~') AND {_NUMBER} IN ({numbers}) AND {_NUMBER} NOT IN ({orders}) GROUP BY 1"
    )
    if not batch.count("SELECT count(*) FROM line_orders"):
        return None
    for sheet in batch.of_kind("order_lines"):
        several = batch.count(
            f"SELECT count(*) FROM ({batch.sheet_rows(sheet)}) AS t JOIN line_orders AS l ON l.named_order = t.order_id WHERE l.possible > 1"
        )
        if several:
            batch.warnings.append(
                Text(
                    zh="“{file}”有 {n} 行明细的订单号对应多张订单（订单按客户或日期区分），无法确定属于哪一张，未与订单关联。",
                    en="{n} lines of “{file}” give an order number that stands for several orders (told apart by customer or day); which one they belong to cannot be told, so they are joined to none.",
                ).fill(file=sheet.file, n=several)
            )
    return "SELECT named_order, order_id FROM line_orders WHERE possible = 1"
