"""Sheets of orders and of order lines → rows of orders, order_lines and products."""

from __future__ import annotations

from kexiao.engine.duck import quote_text, run
from kexiao.sources.mapping.amounts import Amounts, amounts_of
from kexiao.sources.mapping.batch import NEVER, Batch, BatchSheet
from kexiao.sources.mapping.clock import day_of
from kexiao.sources.mapping.following import line_keys
from kexiao.sources.mapping.kinds.orders import LINE_FIELDS
from kexiao.sources.mapping.masking import masked
from kexiao.sources.mapping.order_keys import order_key, refuse_unknown_customers
from kexiao.sources.mapping.testers import is_tester
from kexiao.tables.catalogue import table_named
from kexiao.tables.loading import Incoming
from kexiao.text import Text

_HEADER = ("channel", "campaign", "region", "team", "salesperson", "segment")
_LINE = "order_key, product, line_key, quantity, gross, net, cost, known_at, src, row_no"


def shape_orders(batch: Batch) -> list[Incoming]:
    """The rows of all sheets of orders and lines; leaves the tables ``order_rows`` and ``line_rows`` for what follows.

    Errors: ``Ambiguous`` as told by ``order_keys`` and ``amounts``.
    """
    orders = [(sheet, has_lines(sheet)) for sheet in batch.of_kind("orders")]
    for sheet, _ in orders:
        refuse_unknown_customers(batch, sheet)
    made = [_order_rows(batch, sheet, lines) for sheet, lines in orders]
    # Rows that stand for whole orders are used hardly more than once: made when they are asked for, they need no place in between.
    plain = all(not has_lines and "order_id" in sheet.mapping.columns for sheet, has_lines in orders)
    _make(batch, "order_rows", made, stored=not plain)
    keys = line_keys(batch) if batch.of_kind("order_lines") else None
    _make(batch, "line_rows", [_line_rows(batch, sheet, keys) for sheet in batch.of_kind("order_lines")], stored=True)
    _refuse_incomplete(batch)
    return [*_lines(batch), *_orders(batch), *_products(batch)]


def has_lines(sheet: BatchSheet) -> bool:
    """Whether a sheet of orders has a row per line."""
    return any(name in sheet.mapping.columns for name in LINE_FIELDS)


def _order_rows(batch: Batch, sheet: BatchSheet, lines: bool) -> str:
    """SQL of one sheet of orders, each row with its order key and its amounts."""
    amounts = amounts_of(batch, sheet, lines)
    if {"amount", "freight"} <= sheet.mapping.columns.keys() and not sheet.mapping.options.freight_in_amount:
        batch.warnings.append(
            Text(
                zh="“{file}”的“{amount}”按不含“{freight}”读取；若已含运费，请先减去。",
                en="“{amount}” of “{file}” is read as without “{freight}”; if it holds the freight, take it off first.",
            ).fill(file=sheet.file, amount=sheet.column_of("amount"), freight=sheet.column_of("freight"))
        )
    key = order_key(batch, sheet, lines)
    status = "t.status" if "status" in sheet.mapping.columns else "'completed'"
    status = f"CASE WHEN {_of_a_tester(batch, sheet)} THEN 'test' ELSE {status} END"
    currency = f"coalesce(t.currency, {quote_text(sheet.typed.currency)})" if sheet.typed.currency else "t.currency"
    rows = batch.sheet_rows(sheet)
    if "amount" not in sheet.mapping.columns and not sheet.mapping.columns.keys() & {"gross", "unit_price"}:
        unknown = "CAST(NULL AS DECIMAL(18,2))"
        amounts = Amounts(net=unknown, gross=unknown, cost=unknown, quantity="CAST(NULL AS DOUBLE)")
    return (
        f"SELECT {key} AS order_key, _person, ordered_at, {status} AS status, {', '.join(_HEADER)}, ({amounts.net}) AS net, ({amounts.gross}) AS gross, "
        f"({amounts.cost}) AS cost, ({amounts.quantity}) AS quantity, freight, ({amounts.whole}) AS whole, {currency} AS currency, "
        f"{masked('note', 'customer_name')} AS note, coalesce(product_id, product_name) AS product, product_name, category, subcategory, line_key, "
        f"{lines and amounts.lines_have_amounts} AS has_lines, {_has_amounts(sheet)} AS has_amounts, {amounts.freight_repeats} AS freight_repeats, _origin, _ref, known_at, src, row_no "
        f"FROM ({rows}) AS t"
    )


def _of_a_tester(batch: Batch, sheet: BatchSheet) -> str:
    """The condition that a row's customer is a test account; such rows are told of."""
    told = [is_tester(name, f"t.{name}") for name in sheet.typed.testers]
    condition = f"coalesce({' OR '.join(told)}, false)" if told else "false"
    rows = batch.count(f"SELECT count(*) FROM ({batch.sheet_rows(sheet)}) AS t WHERE {condition}") if told else 0
    if not rows:
        return "false"
    batch.warnings.append(
        Text(
            zh="“{file}”有 {n} 行属于测试客户，按测试单处理，不计入指标。",
            en="“{file}” has {n} rows of test customers; they are kept as tests and counted nowhere.",
        ).fill(file=sheet.file, n=rows)
    )
    return condition


def _has_amounts(sheet: BatchSheet) -> bool:
    return bool(sheet.mapping.columns.keys() & {"amount", "gross", "unit_price"})


def _line_rows(batch: Batch, sheet: BatchSheet, keys: str | None) -> str:
    """SQL of one sheet of order lines; ``keys`` gives the order keys of numbers that are given out again."""
    amounts = amounts_of(batch, sheet, has_lines=True)
    rows = batch.sheet_rows(sheet)
    if keys:
        rows = f"SELECT g.* REPLACE (coalesce(k.order_id, g.order_id) AS order_id) FROM ({rows}) AS g LEFT JOIN ({keys}) AS k ON k.named_order = g.order_id"
    return (
        f"SELECT order_id AS order_key, coalesce(product_id, product_name) AS product, product_name, category, subcategory, line_key, "
        f"({amounts.net}) AS net, ({amounts.gross}) AS gross, ({amounts.cost}) AS cost, ({amounts.quantity}) AS quantity, freight, "
        f"{amounts.freight_repeats} AS freight_repeats, known_at, src, row_no FROM ({rows}) AS t"
    )


def _make(batch: Batch, name: str, parts: list[str], *, stored: bool) -> None:
    """The view ``name`` of rows; ``stored``: put on disk first, so that a large load stays within memory."""
    if not parts:
        batch.connection.execute(f"DROP VIEW IF EXISTS {name}")
        return
    rows = "(" + " UNION ALL BY NAME ".join(parts) + ")"
    if stored:
        path = quote_text(str(batch.work / f"{name}.parquet"))
        run(batch.connection, f"COPY {rows} TO {path} (FORMAT parquet, COMPRESSION snappy)")
        rows = f"read_parquet({path})"
    batch.connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT * FROM {rows} AS o ANTI JOIN refused_rows AS r USING (src, row_no)"
    )


def _refuse_incomplete(batch: Batch) -> None:
    """Rows without an amount are refused, and with a refused line its whole order, which would be too small without it."""
    if batch.of_kind("orders"):
        batch.refuse(
            "SELECT src, row_no, 'amount' AS field, 'missing' AS code FROM order_rows WHERE net IS NULL AND has_amounts"
        )
    if batch.of_kind("order_lines"):
        batch.refuse("SELECT src, row_no, 'amount' AS field, 'missing' AS code FROM line_rows WHERE net IS NULL")
    for sheet in [*batch.of_kind("orders"), *batch.of_kind("order_lines")]:
        refused = batch.count(f"SELECT count(*) FROM refused_rows WHERE src = {sheet.src}")
        if (
            not refused
            or "order_id" not in sheet.mapping.columns
            or not (sheet.mapping.kind == "order_lines" or has_lines(sheet))
        ):
            continue
        same = (
            f"(t.order_id, coalesce({batch.ref(sheet, 't')}, ''))"
            if batch.decided.get(sheet.src, {}).get("order_key") == "order_id+customer"
            else "t.order_id"
        )
        batch.refuse(
            f"SELECT {sheet.src} AS src, t.row_no, 'order_id' AS field, 'order_incomplete' AS code FROM {batch.parquet(sheet)} AS t WHERE {same} IN "
            f"(SELECT {same} FROM {batch.parquet(sheet)} AS t JOIN refused_rows AS r ON r.src = {sheet.src} AND r.row_no = t.row_no WHERE t.order_id IS NOT NULL)"
        )


def _lines(batch: Batch) -> list[Incoming]:
    parts = []
    if any(has_lines(sheet) for sheet in batch.of_kind("orders")):
        parts.append(f"SELECT {_LINE} FROM order_rows WHERE has_lines")
    if batch.of_kind("order_lines"):
        parts.append(f"SELECT {_LINE} FROM line_rows")
    if not parts:
        return []
    _number_lines(batch, " UNION ALL ".join(parts))
    sql = (
        "SELECT order_key AS order_id, line_no, product AS product_id, quantity, gross, CAST(gross - net AS DECIMAL(18,2)) AS discount, net, cost, "
        "known_at, src, row_no FROM numbered_lines"
    )
    return [Incoming(table_named("order_lines"), sql)]


def _number_lines(batch: Batch, rows: str) -> None:
    """The view ``numbered_lines``: the source's line number, or one made from the product, so that the same line has the same number in every export.

    A product that stands twice in an order is counted up in the order of its amounts; rows equal in everything are one row written twice.
    Each sheet counts for itself: two exports that tell of one line tell of the same line.
    """
    own = "CASE WHEN TRY_CAST(line_key AS BIGINT) >= 0 THEN TRY_CAST(line_key AS BIGINT) ELSE CAST(md5_number_lower(line_key) >> 4 AS BIGINT) END"
    made = "CAST((md5_number_lower(coalesce(product, '')) >> 20) << 12 AS BIGINT)"
    path = batch.work / "lines.parquet"
    run(
        batch.connection,
        f"COPY (SELECT *, CASE WHEN line_key IS NOT NULL THEN {own} ELSE {made} END AS first_no FROM ({rows})) TO {quote_text(str(path))} (FORMAT parquet, COMPRESSION snappy)",
    )
    source = f"read_parquet({quote_text(str(path))})"
    batch.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE twice AS SELECT order_key, first_no FROM {source} WHERE line_key IS NULL GROUP BY ALL HAVING count(*) > 1"
    )
    batch.connection.execute(
        f"CREATE OR REPLACE TEMP VIEW numbered_lines AS SELECT * REPLACE (CAST(NULL AS VARCHAR) AS line_key), first_no AS line_no FROM {source} ANTI JOIN twice USING (order_key, first_no) "
        f"UNION ALL BY NAME SELECT * REPLACE (CAST(NULL AS VARCHAR) AS line_key), first_no + dense_rank() OVER (PARTITION BY src, order_key, first_no ORDER BY net, quantity, gross, cost) - 1 AS line_no "
        f"FROM {source} SEMI JOIN twice USING (order_key, first_no)"
    )


def _orders(batch: Batch) -> list[Incoming]:
    if not batch.of_kind("orders"):
        return []
    orders = table_named("orders")
    day = day_of("ordered_at", batch.around.zone)
    found = []
    if any(not has_lines(sheet) for sheet in batch.of_kind("orders")) or batch.count(
        "SELECT count(*) FROM order_rows WHERE NOT has_lines"
    ):
        freight, join = _freight_of_lines(batch)
        # People are numbered once each, not once an order: the keyed hash is the dearest part of a row.
        join += " LEFT JOIN (SELECT origin, source_id, customer_id FROM people) AS w ON w.origin = o._origin AND w.source_id = o._ref"
        found.append(
            Incoming(
                orders,
                f"SELECT o.order_key AS order_id, w.customer_id, ordered_at, {day} AS ordered_on, status, {', '.join(_HEADER)}, coalesce(whole, net) AS amount, "
                f"CASE WHEN gross > coalesce(whole, net) THEN CAST(gross - coalesce(whole, net) AS DECIMAL(18,2)) END AS discount, {freight} AS freight, cost, "
                f"CASE WHEN net < 0 THEN abs(quantity) ELSE quantity END AS quantity, currency, note, known_at, src, row_no FROM order_rows AS o {join} WHERE NOT has_lines",
                unique=_unrepeated(batch),
            )
        )
    if batch.count("SELECT count(*) FROM order_rows WHERE has_lines"):
        _tell_mixed_headers(batch)
        found.append(
            Incoming(
                orders,
                f"SELECT *, {day} AS ordered_on FROM ({_headers()})",
                derived=True,
                decides=False,
            )
        )
    return found


def _unrepeated(batch: Batch) -> int:
    """How many rows a load's only sheet of orders has, if each is an order of its own; 0 otherwise: two sheets may tell of the same order."""
    sheets = batch.of_kind("orders")
    return sheets[0].typed.source.rows if len(sheets) == 1 and sheets[0].src in batch.unrepeated else 0


def _headers() -> str:
    """One row an order for each sheet with a row a line. Its amount stands on its lines; where the sheet repeats it, it is the order's own."""
    statuses = ", ".join(map(quote_text, table_named("orders").by_name["status"].choices))
    same = ", ".join(f"max({name}) AS {name}" for name in (*_HEADER, "currency", "note"))
    return (
        f"SELECT order_key AS order_id, max(_person) AS customer_id, min(ordered_at) AS ordered_at, ([{statuses}])[max(list_position([{statuses}], status))] AS status, {same}, "
        "max(whole) AS amount, CASE WHEN sum(gross) > max(whole) THEN CAST(sum(gross) - max(whole) AS DECIMAL(18,2)) END AS discount, "
        "CAST(CASE WHEN bool_or(freight_repeats) THEN max(freight) ELSE sum(freight) END AS DECIMAL(18,2)) AS freight, "
        "max(known_at) AS known_at, src, min(row_no) AS row_no FROM order_rows WHERE has_lines GROUP BY order_key, src"
    )


def _freight_of_lines(batch: Batch) -> tuple[str, str]:
    """Freight that stands on the lines of another sheet, added up for its order; of several exports of its lines the newest counts."""
    if not any("freight" in sheet.mapping.columns for sheet in batch.of_kind("order_lines")):
        return "freight", ""
    summed = (
        "SELECT order_key, CAST(CASE WHEN bool_or(freight_repeats) THEN max(freight) ELSE sum(freight) END AS DECIMAL(18,2)) AS line_freight, "
        "max(known_at) AS known_at FROM line_rows GROUP BY order_key, src"
    )
    newest = "SELECT order_key, max({'at': known_at, 'freight': line_freight}).freight AS line_freight"
    newest = f"({newest} FROM ({summed}) WHERE line_freight IS NOT NULL GROUP BY 1)"
    return "coalesce(freight, line_freight)", f"LEFT JOIN {newest} AS f ON f.order_key = o.order_key"


def _tell_mixed_headers(batch: Batch) -> None:
    """Orders whose lines disagree on what belongs to the whole order are told, not hidden."""
    tests = {name: f"min({name}) <> max({name})" for name in ("ordered_at", "status", *_HEADER)}
    counts = run(
        batch.connection,
        "SELECT "
        + ", ".join(f"count(*) FILTER ({name})" for name in tests)
        + " FROM (SELECT "
        + ", ".join(f"{test} AS {name}" for name, test in tests.items())
        + " FROM order_rows WHERE has_lines GROUP BY order_key, src)",
    )[0]
    orders = table_named("orders")
    how = {
        "ordered_at": Text(zh="取最早的", en="the earliest counts"),
        "status": Text(zh="取最靠后的状态", en="the furthest counts"),
    }
    for name, count in zip(tests, counts, strict=True):
        if count:
            batch.warnings.append(
                Text(
                    zh="有 {n} 张订单各行的“{column}”不一致，{how}。",
                    en="{n} orders have lines with different “{column}”; {how}.",
                ).fill(
                    n=count,
                    column=orders.by_name[name].label,
                    how=how.get(name, Text(zh="取其一", en="one of them was taken")),
                )
            )


def _products(batch: Batch) -> list[Incoming]:
    """Products as the lines name them; a product file of its own, being newer, has the last word."""
    parts = []
    if any(s.mapping.columns.keys() & {"product_id", "product_name"} for s in batch.of_kind("orders")):
        parts.append(
            f"SELECT product, product_name, category, subcategory, coalesce(ordered_at, {NEVER}) AS moment, src, row_no FROM order_rows"
        )
    if any(s.mapping.columns.keys() & {"product_name", "category"} for s in batch.of_kind("order_lines")):
        parts.append(
            f"SELECT product, product_name, category, subcategory, {NEVER} AS moment, src, row_no FROM line_rows"
        )
    if not parts:
        return []
    names = {"name": "product_name", "category": "category", "subcategory": "subcategory"}
    newest = ", ".join(
        f"max({{'m': moment, 'v': {said}}}) FILTER ({said} IS NOT NULL) AS {name}" for name, said in names.items()
    )
    # Each value with the time at which it was said, so that it makes no difference which of them come in one load.
    told = [
        {other: f"{other}.v" if other == name else "NULL" for other in names} | {"m": f"{name}.m"} for name in names
    ]
    bare = f"CASE WHEN coalesce({', '.join(f'{name}.m' for name in names)}) IS NULL THEN last END"
    listed = [*told, dict.fromkeys(names, "NULL") | {"m": bare}]
    structs = ", ".join("{" + ", ".join(f"'{name}': {sql}" for name, sql in one.items()) + "}" for one in listed)
    sql = (
        f"SELECT product AS product_id, {', '.join(f'max(t.{name}) AS {name}' for name in names)}, t.m AS known_at, min(src) AS src, min(row_no) AS row_no "
        f"FROM (SELECT product, {newest}, max(moment) AS last, min(src) AS src, min(row_no) AS row_no FROM ({' UNION ALL '.join(parts)}) WHERE product IS NOT NULL GROUP BY 1), "
        f"unnest([{structs}]) AS u(t) WHERE t.m IS NOT NULL GROUP BY product, t.m"
    )
    return [Incoming(table_named("products"), sql, derived=True, decides=False)]
