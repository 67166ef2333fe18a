"""Typed sheets of every kind → rows of the canonical tables."""

from __future__ import annotations

from kexiao.engine.duck import any_repeats, quote_name, quote_text
from kexiao.sources.mapping.batch import NEVER, Batch, BatchSheet
from kexiao.sources.mapping.clock import day_of
from kexiao.sources.mapping.following import looked_up, make_order_lookup
from kexiao.sources.mapping.making import Makes, all_kinds
from kexiao.sources.mapping.masking import masked
from kexiao.sources.mapping.orders import shape_orders
from kexiao.sources.mapping.surveys import shape_surveys
from kexiao.tables.catalogue import table_named
from kexiao.tables.checks import refusal
from kexiao.tables.contact_files import SAID
from kexiao.tables.description import Column
from kexiao.tables.loading import Incoming
from kexiao.text import Text

NOT_STORED = {
    "payments": Text(
        zh="“{file}”是支付流水：订单金额已由订单与明细给出，未导入（{n} 行）。",
        en="“{file}” holds payments: amounts come from orders and lines, so its {n} rows were left out.",
    ),
    "category_names": Text(
        zh="“{file}”是类别名称对照，已用于商品类别（{n} 行）。",
        en="“{file}” translates category names and was used for products ({n} rows).",
    ),
}


_PERSONAL = ("customer_name", "phone", "email", "wechat", "birthday", "gender")


def shape(batch: Batch) -> list[Incoming]:
    """Rows for every table that the load fills, those first that others look up."""
    batch.begin()
    batch.make_links()
    made = shape_orders(batch)
    make_order_lookup(batch)
    made += shape_surveys(batch)
    for name, (_, makes) in all_kinds().items():
        if batch.of_kind(name):
            made += [_generic(batch, name, one) for one in makes]
    return [*made, *_people(batch)]


def _generic(batch: Batch, kind: str, makes: Makes) -> Incoming:
    """Rows of a table straight from the fields of a kind."""
    table = table_named(makes.table)
    rows = batch.rows(kind)
    # A row's own id must not depend on which orders are known: it is made from the number as it was given.
    order = "_named_order" if _names_orders(batch, kind) else "order_id"
    fields = {field.name for field in all_kinds()[kind][0].fields}
    shown = []
    for column in table.columns:
        expression = makes.columns.get(column.name) or _plain(column, fields, batch)
        if expression:
            shown.append(f"{expression} AS {quote_name(column.name)}")
    if makes.identity and table.key[0] in fields:
        said = " || chr(31) || ".join(
            f"coalesce(CAST({order if name == 'order_id' else name} AS VARCHAR), '')" for name in makes.identity
        )
        digest = f"substr(md5({said}), 1, 16)"
        numbered = f"{digest} || '-' || row_number() OVER (PARTITION BY {quote_name(table.key[0])} IS NULL, {digest} ORDER BY src, row_no)"
        shown = [
            f"coalesce({quote_name(table.key[0])}, {numbered}) AS {quote_name(table.key[0])}",
            *(s for s in shown if not s.endswith(f" AS {quote_name(table.key[0])}")),
        ]
    _refuse_limits(batch, kind, makes)
    for name, counted in makes.only.items():
        listed = ", ".join(map(quote_text, counted))
        batch.refuse(
            f"SELECT src, row_no, {quote_text(name)} AS field, 'not_counted' AS code FROM ({rows}) WHERE {name} NOT IN ({listed})"
        )
    if "customer_id" in table.key:
        batch.refuse(
            f"SELECT src, row_no, 'customer_id' AS field, 'no_person' AS code FROM ({batch.rows(kind)}) WHERE _person IS NULL"
        )
    source = _with_lookups(batch, kind, f"({rows})")
    # A list that links ids names a customer once an id, at home here and there: none of these rows contradicts another.
    linked = any("link_id" in sheet.mapping.columns for sheet in batch.of_kind(kind))
    return Incoming(
        table,
        derived=linked,
        sql=f"SELECT {', '.join(shown)}, known_at, src, row_no FROM {source} AS g ANTI JOIN refused_rows AS r USING (src, row_no) WHERE {makes.where}",
    )


def _plain(column: Column, fields: set[str], batch: Batch) -> str | None:
    """A column that is the field of the same name: instants get their zone, dates of instants the business day."""
    if column.derived_from and column.derived_from in fields:
        return day_of(quote_name(column.derived_from), batch.around.zone)
    if column.name not in fields:
        return None
    if column.kind == "instant":
        return quote_name(column.name)
    return masked(quote_name(column.name)) if column.name in ("note", "comment") else quote_name(column.name)


def _refuse_limits(batch: Batch, kind: str, makes: Makes) -> None:
    """Rows whose values lie outside what their table allows, or lack what it requires."""
    fields = {field.name for field in all_kinds()[kind][0].fields}
    for column in table_named(makes.table).columns:
        needed = makes.columns.get(column.name) or (quote_name(column.name) if column.name in fields else None)
        if (
            column.required
            and needed
            and column.kind != "customer"
            and not (makes.identity and column.name in table_named(makes.table).key)
        ):
            batch.refuse(
                f"SELECT src, row_no, {quote_text(column.name)} AS field, 'missing' AS code FROM ({batch.rows(kind)}) WHERE {needed} IS NULL"
            )
        expression = makes.columns.get(column.name, quote_name(column.name))
        test = refusal(column, expression)
        if test and column.name in fields:
            batch.refuse(
                f"SELECT src, row_no, {quote_text(column.name)} AS field, {test} AS code FROM ({batch.rows(kind)}) WHERE {test} IS NOT NULL"
            )


def _with_lookups(batch: Batch, kind: str, rows: str) -> str:
    """Category names translated; the key of the order that a row names, and its customer where the row names nobody."""
    if kind == "products" and batch.of_kind("category_names"):
        names = f"(SELECT category AS named, max(translated) AS translated FROM ({batch.rows('category_names')}) GROUP BY 1)"
        return f"(SELECT p.* REPLACE (coalesce(n.translated, p.category) AS category) FROM {rows} AS p LEFT JOIN {names} AS n ON n.named = p.category)"
    if _names_orders(batch, kind):
        return looked_up(rows, kind)
    return rows


def _names_orders(batch: Batch, kind: str) -> bool:
    return kind in ("refunds", "complaints") and any(
        "order_id" in sheet.mapping.columns for sheet in batch.of_kind(kind)
    )


def _people(batch: Batch) -> list[Incoming]:
    """One row for each customer that any sheet names; the table ``people`` has them with what is known of them for ``contacts``."""
    parts = []
    for sheet in batch.sheets:
        if sheet.mapping.columns.keys() & {"customer_id", "phone", "email", "customer_name"}:
            parts.append(_person_rows(batch, sheet))
    if not parts:
        batch.connection.execute(
            "CREATE OR REPLACE TEMP TABLE people AS SELECT CAST(NULL AS BIGINT) AS customer_id, '' AS origin, '' AS source_id, '' AS name, '' AS phone, '' AS email, "
            "'' AS wechat, CAST(NULL AS DATE) AS birthday, '' AS gender, now() AS known_at, NULL AS said WHERE false"
        )
        return []
    rows = " UNION ALL ".join(parts)
    held = [name for name in _PERSONAL if any(name in sheet.mapping.columns for sheet in batch.sheets)]
    # A row that says nothing of a person makes nothing newer that others say: whichever file came first, the same word is the latest.
    anything = f"coalesce({', '.join(f'CAST({name} AS VARCHAR)' for name in held)}) IS NOT NULL" if held else "false"
    batch.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE said AS SELECT *, person(_origin, _ref) AS _person FROM "
        f"(SELECT {', '.join(['_origin', '_ref', *held])}, max(moment) AS moment FROM ({rows}) WHERE _ref IS NOT NULL GROUP BY ALL)"
    )
    # Most customers say the same of themselves in every row; only the others need the newest of each value.
    same = f"CASE WHEN {anything} THEN coalesce(moment, {NEVER}) ELSE {NEVER} END AS known_at"
    found = f"SELECT * EXCLUDE (moment), {same}, CAST(NULL AS {SAID[1]}) AS said FROM said"
    if any_repeats(batch.connection, "said", "_origin, _ref"):
        batch.connection.execute(
            "CREATE OR REPLACE TEMP TABLE various AS SELECT _origin, _ref FROM said GROUP BY 1, 2 HAVING count(*) > 1"
        )
        newest = ", ".join(
            f"(max({{'m': moment, 'v': {name}}}) FILTER ({name} IS NOT NULL)).v AS {name}" for name in held
        )
        times = ", ".join(
            f"{name.removeprefix('customer_')} := "
            + (f"(max({{'m': moment}}) FILTER ({name} IS NOT NULL)).m" if name in held else "CAST(NULL AS TIMESTAMPTZ)")
            for name in _PERSONAL
        )
        found = (
            f"{found} ANTI JOIN various USING (_origin, _ref) UNION ALL BY NAME SELECT _origin, _ref, _person, {newest}, "
            f"coalesce(max(moment) FILTER ({anything}), {NEVER}) AS known_at, struct_pack({times}) AS said FROM said SEMI JOIN various USING (_origin, _ref) GROUP BY 1, 2, 3"
        )
    shown = ", ".join(
        (name if name in held else _no_value(name)) + f" AS {name.removeprefix('customer_')}" for name in _PERSONAL
    )
    batch.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE people AS SELECT _person AS customer_id, _origin AS origin, _ref AS source_id, "
        f"{shown}, known_at, said FROM ({found})"
    )
    batch.connection.execute("DROP TABLE said")
    batch.connection.execute("DROP TABLE IF EXISTS various")
    _tell_case(batch)
    sql = f"SELECT customer_id, {NEVER} AS known_at, CAST(-1 AS BIGINT) AS src, CAST(-1 AS BIGINT) AS row_no FROM people GROUP BY 1"
    return [Incoming(table_named("customers"), sql, derived=True, decides=False)]


def _no_value(name: str) -> str:
    return f"CAST(NULL AS {'DATE' if name == 'birthday' else 'VARCHAR'})"


def _person_rows(batch: Batch, sheet: BatchSheet) -> str:
    """Who the rows of one sheet name. In a list of customers the file's time counts, in a history the row's own."""
    fields = {field.name for field in sheet.mapping.sheet_kind.fields}
    shown = ", ".join(name if name in fields else f"{_no_value(name)} AS {name}" for name in _PERSONAL)
    when = next(
        (name for name in ("ordered_at", "created_at", "opened_at", "responded_at", "refunded_at") if name in fields),
        "known_at",
    )
    return f"SELECT _origin, _ref, {shown}, coalesce(CAST({when} AS TIMESTAMPTZ), known_at) AS moment FROM ({batch.sheet_rows(sheet)}) ANTI JOIN refused_rows USING (src, row_no)"


def _tell_case(batch: Batch) -> None:
    if not any_repeats(batch.connection, "people", "origin, lower(source_id)"):
        return
    doubled = batch.count(
        "SELECT sum(n - 1) FROM (SELECT count(*) AS n FROM people GROUP BY origin, lower(source_id) HAVING count(*) > 1)"
    )
    if doubled:
        batch.warnings.append(
            Text(
                zh="有 {n} 个客户编号只差大小写，按不同客户处理。",
                en="{n} customer ids differ in case only and are taken as different customers.",
            ).fill(n=doubled)
        )
