"""What the money columns of a sheet of orders mean, decided from the whole sheet, and the SQL of net, gross, discount and cost of a row."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kexiao.engine.duck import run
from kexiao.errors import Ambiguous, Place
from kexiao.sources.mapping.batch import Batch, BatchSheet
from kexiao.text import Text

SHARE = 0.95
_NAMES_THE_ORDER = re.compile(r"(?i)订单|整单|order")
FEWEST = 3


@dataclass(frozen=True, slots=True)
class Amounts:
    """SQL expressions over the fields of one sheet; ``whole`` is the order's amount where the sheet repeats it on each line."""

    net: str
    gross: str
    cost: str
    quantity: str
    whole: str = "CAST(NULL AS DECIMAL(18,2))"
    freight_repeats: bool = False
    lines_have_amounts: bool = True


def amounts_of(batch: Batch, sheet: BatchSheet, has_lines: bool) -> Amounts:
    """Decide and express the amounts of one sheet.

    Errors: ``Ambiguous`` where it cannot be told whether amounts are the line's or the order's, or what a discount rate of 0.8 means.
    """
    mapped = sheet.mapping.columns
    whole = has_lines and "amount" in mapped and _is_of_order(batch, sheet)
    quantity = "quantity" if "quantity" in mapped else ("1" if "unit_price" in mapped else "CAST(NULL AS DOUBLE)")
    times = "coalesce(quantity, 1)" if "quantity" in mapped else "1"
    priced = f"CAST(round_even(CAST(unit_price AS DECIMAL(18,2)) * CAST({times} AS DECIMAL(18,4)), 2) AS DECIMAL(18,2))"
    rate = _rate(batch, sheet) if "discount_rate" in mapped else None
    less = _discount(batch, sheet) if "discount" in mapped else None
    paid = "amount"
    if sheet.mapping.options.freight_in_amount and "freight" in mapped:
        paid = "CAST(amount - coalesce(freight, 0) AS DECIMAL(18,2))"
    if "amount" in mapped and not whole:
        net = paid
        gross = _gross_from_net(mapped.keys() & {"gross", "unit_price", "quantity"}, less, rate, priced).replace(
            "amount", paid
        )
    else:
        # Lines without prices of their own say nothing but what was sold: the order's amount stands for all of them.
        unpriced = whole and not mapped.keys() & {"gross", "unit_price"}
        gross = paid if unpriced else "gross" if "gross" in mapped else priced
        if unpriced and "quantity" in mapped:
            quantity = "sum(quantity) OVER (PARTITION BY t.order_id)"
        part = less or (
            f"CAST(round_even(({gross}) * CAST({rate} AS DECIMAL(18,6)), 2) AS DECIMAL(18,2))" if rate else "0"
        )
        net = gross if whole else f"CAST(({gross}) - {part} AS DECIMAL(18,2))"
    return Amounts(
        net=net,
        gross=gross,
        cost=_cost(mapped.keys() & {"cost", "unit_cost", "profit"}, net, times),
        quantity=f"CAST({quantity} AS DOUBLE)",
        whole=paid if whole else "CAST(NULL AS DECIMAL(18,2))",
        freight_repeats=has_lines and "freight" in mapped and _repeats(batch, sheet, "freight")[0],
        lines_have_amounts=not whole or "unit_price" in mapped or "gross" in mapped,
    )


def _gross_from_net(there: set[str], less: str | None, rate: str | None, priced: str) -> str:
    if "gross" in there:
        return "coalesce(gross, amount)"
    if less:
        return f"CAST(amount + {less} AS DECIMAL(18,2))"
    if rate:
        # net = gross · (1 − rate); a rate of 1 hides the gross amount.
        return f"CASE WHEN {rate} < 1 THEN CAST(round_even(amount / CAST(1 - {rate} AS DECIMAL(9,6)), 2) AS DECIMAL(18,2)) ELSE amount END"
    if {"unit_price", "quantity"} <= there:
        return f"greatest(coalesce({priced}, amount), amount)"
    return "amount"


def _cost(there: set[str], net: str, times: str) -> str:
    if "cost" in there:
        return "cost"
    if "unit_cost" in there:
        return (
            f"CAST(round_even(CAST(unit_cost AS DECIMAL(18,2)) * CAST({times} AS DECIMAL(18,4)), 2) AS DECIMAL(18,2))"
        )
    return f"CAST(({net}) - profit AS DECIMAL(18,2))" if "profit" in there else "CAST(NULL AS DECIMAL(18,2))"


def _discount(batch: Batch, sheet: BatchSheet) -> str:
    """Discounts as positive amounts; a sheet may write all of them with a minus."""
    low, high = run(
        batch.connection, f"SELECT min(discount), max(discount) FROM {batch.parquet(sheet)} WHERE _code IS NULL"
    )[0]
    return "-coalesce(discount, 0)" if low is not None and low < 0 and high <= 0 else "coalesce(discount, 0)"


def _rate(batch: Batch, sheet: BatchSheet) -> str:
    """The rate taken off, 0–1: from per cent, and from 折 that say what is paid."""
    top, zeros, ones, low = run(
        batch.connection,
        f"SELECT max(discount_rate), count(*) FILTER (discount_rate = 0), count(*) FILTER (discount_rate = 1), min(discount_rate) "
        f"FROM {batch.parquet(sheet)} WHERE _code IS NULL",
    )[0]
    rate = "coalesce(discount_rate, 0)"
    if top is not None and top > 1:
        return f"({rate} / 100)"
    wanted = sheet.mapping.options.discount_rate or (
        "off" if zeros or top is None or (top or 0) < 0.5 else "pay" if ones else None
    )
    if wanted is None:
        raise Ambiguous(
            Text(
                zh="折扣率 {low}–{top} 可能指减去的比例，也可能指实付的比例。",
                en="Discount rates of {low} to {top} may be what is taken off or what is paid.",
            ).fill(low=low, top=top),
            next_step=_say_option(sheet, 'discount_rate = "off"', 'discount_rate = "pay"'),
            place=Place(file=sheet.file, column=sheet.column_of("discount_rate")),
        )
    return rate if wanted == "off" else "(1 - coalesce(discount_rate, 1))"


def _is_of_order(batch: Batch, sheet: BatchSheet) -> bool:
    """Whether the amount on each line is the whole order's: the same on all lines of nearly every order."""
    option = sheet.mapping.options.amount_of
    if option or "order_id" not in sheet.mapping.columns:
        return option == "order"
    repeats, orders = _repeats(batch, sheet, "amount")
    if not repeats:
        return False
    if {"unit_price", "quantity"} <= sheet.mapping.columns.keys():
        by_line, by_order = run(
            batch.connection,
            "SELECT sum(abs(priced - amounts)), sum(abs(priced - once)) FROM (SELECT sum(unit_price * quantity) AS priced, sum(amount) AS amounts, "
            f"max(amount) AS once FROM {batch.parquet(sheet)} WHERE _code IS NULL GROUP BY order_id HAVING count(*) > 1)",
        )[0]
        return bool(by_order is not None and by_order < by_line)
    if _NAMES_THE_ORDER.search(sheet.column_of("amount")):
        return True
    if orders < FEWEST:
        return False
    if orders < 10:
        batch.warnings.append(
            Text(
                zh='“{file}”同一订单各行的“{column}”都相同，按每行金额读取；若是整单金额，请在映射文件写 amount_of = "order"。',
                en="In “{file}” all lines of an order show the same “{column}”; it is read as the line's. If it is the order's, write amount_of = \"order\" in the mapping file.",
            ).fill(file=sheet.file, column=sheet.column_of("amount"))
        )
        return False
    raise Ambiguous(
        Text(
            zh="同一订单各行的金额都相同，无法判断是每行金额还是整单金额。",
            en="All lines of an order show the same amount; it cannot be told whether it is the line's or the order's.",
        ),
        next_step=_say_option(sheet, 'amount_of = "line"', 'amount_of = "order"'),
        place=Place(file=sheet.file, column=sheet.column_of("amount")),
    )


def _repeats(batch: Batch, sheet: BatchSheet, name: str) -> tuple[bool, int]:
    """Whether a column is the same on all lines of nearly every order of several lines, and how many such orders there are."""
    if "order_id" not in sheet.mapping.columns:
        return False, 0
    same, orders = run(
        batch.connection,
        f"SELECT count(*) FILTER (low = high), count(*) FROM (SELECT min({name}) AS low, max({name}) AS high FROM {batch.parquet(sheet)} "
        "WHERE _code IS NULL GROUP BY order_id HAVING count(*) > 1)",
    )[0]
    return bool(orders and same >= SHARE * orders), int(orders)


def _say_option(sheet: BatchSheet, one: str, other: str) -> Text:
    return Text(
        zh="请在映射文件 mappings/{file} 的 [options] 中写 {one} 或 {other}，再用 --mapping 指定它。",
        en="Write {one} or {other} under [options] in mappings/{file}, and name it with --mapping.",
    ).fill(one=one, other=other, file=f"{sheet.mapping.kind}-{sheet.mapping.signature}.toml")
