"""``kexiao dump``: the rows of a canonical table, one JSON object a line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

from kexiao.cli.options import argument, option, session
from kexiao.text import Text

if TYPE_CHECKING:
    from kexiao.engine.duck import Connection
    from kexiao.engine.folder import Folder

HELP = Text(zh="输出一张规范表的全部行", en="Print all rows of a canonical table")


def dump(
    table: Annotated[str, argument(zh="表名，如 orders", en="a table such as orders")],
    flat: Annotated[bool, option("--flat", zh="订单与联系方式合成一行", en="orders joined with contacts")] = False,
    as_of: Annotated[str, option("--as-of", zh="快照号或日期", en="a snapshot or a date")] = "",
) -> None:
    """Print one JSON object a line; personal data are masked but for the folder's owner, whose reading is logged."""
    import shutil
    import tempfile
    from pathlib import Path

    from kexiao.cycle.customers import may_read
    from kexiao.engine.duck import connect
    from kexiao.errors import WrongUse
    from kexiao.tables.catalogue import table_named

    folder = session().folder()
    described = table_named(table)
    if flat and table != "orders":
        raise WrongUse(
            Text(zh="--flat 只用于 orders。", en="--flat is for orders only."),
            next_step=Text(zh="请用：kexiao dump orders --flat", en="Use: kexiao dump orders --flat"),
        )
    spill = Path(tempfile.mkdtemp(prefix="kexiao-"))
    try:
        connection = connect(spill)
        sql = _flat(folder, as_of or None) if flat else _plain(folder, table, as_of or None)
        if flat or not described.versioned:
            from kexiao.engine import audit

            permitted = may_read(folder)
            audit.record(folder.root, "read_personal", table=table, flat=flat, masked=not permitted)
            sql = sql if permitted else _masked(connection, sql)
        for line in _lines(connection, sql):
            sys.stdout.write(line + "\n")
    finally:
        shutil.rmtree(spill, ignore_errors=True)


def _plain(folder: Folder, name: str, as_of: str | None) -> str:
    from kexiao.engine.store import Store
    from kexiao.tables.catalogue import table_named
    from kexiao.tables.contact_files import contacts_query

    table = table_named(name)
    if not table.versioned:
        return contacts_query(folder)
    store = Store(folder.data)
    return store.table_query(store.as_of(as_of), name, table.stored_columns)


def _masked(connection: Connection, sql: str) -> str:
    """The same rows with a shape in place of personal data."""
    personal = {"source_id", "name", "phone", "email", "wechat", "birthday", "gender"}
    there = [row[0] for row in connection.execute(f"DESCRIBE {sql}").fetchall() if row[0] in personal]
    shown = ", ".join(
        f"CASE WHEN {name} IS NOT NULL THEN left(CAST({name} AS VARCHAR), 1) || '**' END AS {name}" for name in there
    )
    return f"SELECT * REPLACE ({shown}) FROM ({sql})" if there else sql


def _flat(folder: Folder, as_of: str | None) -> str:
    """One row an order with its customer's contacts; an order whose amount stands on its lines gets their sum."""
    from kexiao.engine.duck import quote_text

    zone = quote_text(folder.timezone)
    lines = f"SELECT order_id, sum(net) AS net, sum(quantity) AS quantity FROM ({_plain(folder, 'order_lines', as_of)}) GROUP BY 1"
    people = f"SELECT customer_id, max(name) AS name, max(phone) AS phone, max(birthday) AS birthday FROM ({_plain(folder, 'contacts', None)}) GROUP BY 1"
    return (
        "SELECT o.order_id, c.name, c.phone, strftime(c.birthday, '%Y-%m-%d') AS birthday, "
        f"strftime(timezone({zone}, o.ordered_at), '%Y-%m-%d %H:%M:%S') AS order_time, "
        "CAST(coalesce(o.amount, l.net - coalesce(o.discount, 0)) * 100 AS BIGINT) AS amount_fen, coalesce(l.quantity, o.quantity) AS qty, o.channel "
        f"FROM ({_plain(folder, 'orders', as_of)}) AS o LEFT JOIN ({lines}) AS l USING (order_id) LEFT JOIN ({people}) AS c USING (customer_id) ORDER BY o.order_id"
    )


def _lines(connection: Connection, sql: str) -> Iterator[str]:
    import json

    cursor = connection.execute(f"SELECT * FROM ({sql})")
    names = [column[0] for column in cursor.description]
    kinds = [str(column[1]) for column in cursor.description]
    instants = ", ".join(
        f'CAST("{name}" AS VARCHAR) AS "{name}"'
        if "TIME ZONE" in kind.upper() or "TIMESTAMP" in kind.upper()
        else f'"{name}"'
        for name, kind in zip(names, kinds, strict=True)
    )
    cursor = connection.execute(f"SELECT {instants} FROM ({sql})")
    while rows := cursor.fetchmany(10_000):
        for row in rows:
            yield json.dumps({name: _value(value) for name, value in zip(names, row, strict=True)}, ensure_ascii=False)


def _value(value: Any) -> Any:
    from kexiao.cli.output import as_json

    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return as_json(value)
