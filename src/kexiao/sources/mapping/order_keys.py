"""Which orders are which: ids that repeat are told apart by customer or day, and sheets without ids get them from their content."""

from __future__ import annotations

from kexiao.engine.duck import any_repeats, quote_text, run
from kexiao.errors import Ambiguous, Place
from kexiao.sources.mapping.batch import Batch, BatchSheet
from kexiao.sources.mapping.clock import day_of
from kexiao.text import Text

FEWEST = 3


def refuse_unknown_customers(batch: Batch, sheet: BatchSheet) -> None:
    """Stop where the sheet has a column for customers and not one of them is filled; tell how many rows have none."""
    mapped = sheet.mapping.columns
    ref = batch.ref(sheet, "t")
    if not mapped.keys() & {"customer_id", "phone", "email", "customer_name"}:
        batch.warnings.append(
            Text(
                zh="“{file}”没有客户列，订单按匿名导入。",
                en="“{file}” has no column for customers; its orders are anonymous.",
            ).fill(file=sheet.file)
        )
        return
    rows = known = 0
    if "customer_id" not in sheet.typed.whole:
        rows, known = run(
            batch.connection, f"SELECT count(*), count({ref}) FROM {batch.parquet(sheet)} AS t WHERE _code IS NULL"
        )[0]
    if rows and not known:
        raise Ambiguous(
            Text(zh="所有行的客户都为空。", en="No row names its customer."),
            next_step=Text(
                zh="请补上客户编号；若订单本来就匿名，请删除客户列或在映射文件中去掉它。",
                en="Fill in the customer ids; if the orders are anonymous, leave the customer columns out of the file or the mapping.",
            ),
            place=Place(
                file=sheet.file, column=sheet.column_of("customer_id" if "customer_id" in mapped else "customer_name")
            ),
        )
    if rows > known:
        batch.warnings.append(
            Text(
                zh="“{file}”有 {n} 行没有客户，按匿名订单导入。",
                en="“{file}” has {n} rows without a customer, loaded as anonymous orders.",
            ).fill(file=sheet.file, n=rows - known)
        )
    if not mapped.keys() & {"customer_id", "phone", "email"}:
        batch.warnings.append(
            Text(
                zh="“{file}”没有客户编号，按姓名区分客户，同名者会并为一人。",
                en="“{file}” has no customer ids; customers are told apart by name, and namesakes are one.",
            ).fill(file=sheet.file)
        )


def order_key(batch: Batch, sheet: BatchSheet, has_lines: bool) -> str:
    """SQL of the order key of each row (the sheet's rows as ``t``, with ``_person``).

    One id with several customers, or days, in more than a few orders is a number that the source gives out again: the key is then id and
    customer, or id and day. Where it happens rarely it is an error, and those rows are refused.
    """
    if "order_id" not in sheet.mapping.columns:
        batch.warnings.append(
            Text(
                zh="“{file}”没有订单号，每行算一张订单，编号由内容生成。",
                en="“{file}” has no order ids; each row is an order, its id made from its content.",
            ).fill(file=sheet.file)
        )
        return _from_content(sheet)
    option = sheet.mapping.options.order_key
    key = option or _decide(batch, sheet, has_lines)
    batch.decided.setdefault(sheet.src, {})["order_key"] = key
    if key == "order_id+customer":
        return "t.order_id || coalesce('~' || lower(hex(t._person & 4294967295)), '')"
    if key == "order_id+day":
        zone = quote_text(batch.around.zone.key)
        return f"t.order_id || '~' || strftime(timezone({zone}, t.ordered_at), '%Y%m%d')"
    return "t.order_id"


def _decide(batch: Batch, sheet: BatchSheet, has_lines: bool) -> str:
    ids = f"(SELECT order_id FROM {batch.parquet(sheet)} WHERE _code IS NULL)"
    if not any_repeats(batch.connection, ids, "order_id", count=sheet.typed.source.rows):
        batch.unrepeated.add(sheet.src)
        return "order_id"
    ref = batch.ref(sheet, "t")
    day = day_of("t.ordered_at", batch.around.zone)
    orders, customers, days = run(
        batch.connection,
        f"SELECT count(*), count(*) FILTER (a <> b), count(*) FILTER (c <> d) FROM (SELECT min({ref}) AS a, max({ref}) AS b, min({day}) AS c, max({day}) AS d "
        f"FROM {batch.parquet(sheet)} AS t WHERE _code IS NULL GROUP BY t.order_id)",
    )[0]
    enough = max(FEWEST, orders * (0.01 if has_lines else 0.2))
    if customers >= enough:
        _tell(batch, sheet, customers, Text(zh="客户", en="customer"))
        return "order_id+customer"
    if days >= enough:
        _tell(batch, sheet, days, Text(zh="日期", en="day"))
        return "order_id+day"
    if has_lines and customers:
        batch.refuse(
            f"SELECT {sheet.src} AS src, row_no, 'order_id' AS field, 'conflict' AS code FROM {batch.parquet(sheet)} AS t WHERE _code IS NULL AND order_id IN "
            f"(SELECT order_id FROM {batch.parquet(sheet)} AS t WHERE _code IS NULL GROUP BY 1 HAVING min({ref}) <> max({ref}))"
        )
    return "order_id"


def _tell(batch: Batch, sheet: BatchSheet, orders: int, by: Text) -> None:
    batch.warnings.append(
        Text(
            zh="“{file}”有 {n} 个订单号对应多个{by}，订单改按“订单号 + {by}”区分。",
            en="In “{file}” {n} order ids stand for more than one {by}; orders are told apart by order id and {by}.",
        ).fill(file=sheet.file, n=orders, by=by)
    )


def _from_content(sheet: BatchSheet) -> str:
    """A key made of what a row says; the second of two equal rows gets another."""
    parts = [
        name
        for name in ("ordered_at", "amount", "quantity", "product_id", "product_name", "channel")
        if name in sheet.mapping.columns
    ]
    said = " || chr(31) || ".join(
        ["coalesce(CAST(t._person AS VARCHAR), '')", *(f"coalesce(CAST(t.{name} AS VARCHAR), '')" for name in parts)]
    )
    digest = f"substr(md5({said}), 1, 16)"
    return f"'T' || {digest} || '-' || row_number() OVER (PARTITION BY {digest} ORDER BY t.row_no)"
