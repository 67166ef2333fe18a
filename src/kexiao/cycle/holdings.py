"""What the data hold and what was left out: files, tables, days, orders that do not count, rows refused, and what more data would unlock."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from kexiao.cycle.collect import LoadReport, PartReport
from kexiao.cycle.overview import MetricReport, known_from
from kexiao.cycle.words import WORDS
from kexiao.engine.posix import sha256
from kexiao.facts.availability import missing_of, table_label, tables_of
from kexiao.facts.formula import Formula
from kexiao.facts.periods import period_holding, split
from kexiao.facts.source import FactSource
from kexiao.metrics.catalogue import metric_named
from kexiao.sources.mapping.outcome import COUNTS
from kexiao.tables.catalogue import all_tables
from kexiao.text import Text

SHOWN_PLACES = 5
PRINT = 12  # letters of a file's SHA-256 that are shown
FEW_GAPS = 30
STATUS_WORDS = {
    **{code: WORDS[code] for code in ("unpaid", "paid", "shipped", "completed", "refunded", "cancelled")},
    "test": Text(zh="测试单", en="tests"),
}
AMOUNT_WORDS = {
    "zero": Text(zh="金额为 0", en="amount 0"),
    "negative": Text(zh="金额为负，计作退款", en="a negative amount, booked as a refund"),
    "no amount": Text(zh="金额未知", en="amount unknown"),
}
# What a file must hold to fill a table, in the words of the person who would export it.
NEEDED = {
    "spend": Text(zh="费用表：日期、渠道、金额（类别、用途更好）", en="spend: day, channel, amount (category and purpose help)"),
    "leads": Text(zh="线索表：线索编号、创建日期、客户、渠道", en="leads: id, day created, customer, channel"),
    "survey_responses": Text(zh="问卷：答卷编号、日期、题目、得分（满意度或 0–10 推荐意愿）", en="surveys: response id, day, question, score (satisfaction or 0–10 recommendation)"),
    "complaints": Text(zh="投诉：编号、日期、客户", en="complaints: id, day, customer"),
    "refunds": Text(zh="退款：订单号、日期、金额", en="refunds: order id, day, amount"),
    "cost": Text(zh="每行商品的成本或利润", en="the cost or profit of each line"),
    "discount": Text(zh="优惠前金额或优惠额", en="amounts before discount, or the discounts"),
    "history": Text(zh="更长时间、带客户编号的订单", en="a longer history of orders that name their customer"),
    "channel": Text(zh="订单的渠道或来源", en="the channel or source of each order"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FileHeld:
    """One sheet of one file: what it was read as, which column became which field, and what became of its rows."""

    name: str
    sheet: str
    fingerprint: str
    kind: Text | None
    rows_read: int
    rows_loaded: int
    rows_quarantined: int
    rows_duplicate: int
    rows_skipped: int
    columns: tuple[tuple[Text, str, Text | None], ...]
    unused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableHeld:
    """A canonical table: rows, and the days it covers where it has any."""

    name: str
    label: Text
    rows: int
    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Orders that are in the data and not in sales: why, how many, and what they add up to."""

    why: Text
    orders: int
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Rows refused for one reason: how many, and where the first ones are."""

    message: Text
    rows: int
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of the files: each with its rows, the rows refused, and what was decided or noticed on the way."""

    files: tuple[FileHeld, ...]
    refused: tuple[Refusal, ...]
    notes: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the data hold: everything a reader needs to judge the numbers that follow.

    ``unfinished``: periods that the data cover in part, by name. ``empty_months``: months without any sale between the first and the last.
    ``known_from``: the first day from which new and active customers can be told apart. ``few_gaps``: the active window rests on that few customers.
    """

    files: tuple[FileHeld, ...]
    tables: tuple[TableHeld, ...]
    first: date
    last: date
    orders: int
    customers: int
    anonymous_orders: int
    net_sales: Decimal
    left_out: tuple[LeftOut, ...]
    refused: tuple[Refusal, ...]
    notes: tuple[Text, ...]
    unfinished: tuple[str, ...]
    empty_months: tuple[str, ...]
    known_from: date | None
    few_gaps: int | None


@dataclass(frozen=True, slots=True)
class Unlock:
    """Something that is missing, and the metrics it would give."""

    missing: str
    what: Text
    gives: tuple[Text, ...]


def reading_of_load(report: LoadReport, files: Sequence[Path]) -> Reading:
    """What became of the files of one load."""
    prints = {path.name: sha256(path)[:PRINT] for path in files}
    refused = [(f"{e.file}:{e.row}", (e.code, e.column or ""), e.message) for e in report.errors]
    return Reading(tuple(_file(part, prints) for part in report.parts), _refusals(refused), report.warnings)


def reading_of_store(source: FactSource) -> Reading:
    """What became of every file that a workspace was ever given, from its own records, the newest first."""
    rows = source.query(
        f"SELECT file_name, fingerprint, warnings, {', '.join(COUNTS)} FROM loads ORDER BY load_id DESC, file_name"
    )
    files = tuple(
        FileHeld(name, "", str(mark)[:PRINT], None, read, loaded, held, twice, skipped, (), ())
        for name, mark, _, read, loaded, held, twice, skipped in rows
    )
    notes = [Text(**words) for _, _, told, *_ in rows for words in json.loads(told or "[]")]
    found = source.query(
        'SELECT file_name, row_no, code, "column", message_zh, message_en FROM quarantined ORDER BY load_id, file_name, row_no'
    )
    refused = [
        (f"{name}:{row}", (code, column or ""), Text(zh=zh or code, en=en or code))
        for name, row, code, column, zh, en in found
    ]
    return Reading(files, _refusals(refused), tuple(dict.fromkeys(notes)))


def holdings(source: FactSource, reading: Reading) -> Holdings:
    """What was loaded and what it covers."""
    covered = source.coverage["orders"]
    orders, customers, anonymous, net = source.query(
        "SELECT count(*), count(DISTINCT customer_id), sum(CASE WHEN customer_id IS NULL THEN 1 ELSE 0 END), sum(net) FROM sale_orders"
    )[0]
    window = source.window
    return Holdings(
        files=reading.files,
        tables=_tables(source),
        first=covered.first,
        last=covered.last,
        orders=int(orders),
        customers=int(customers),
        anonymous_orders=int(anonymous or 0),
        net_sales=net or Decimal(0),
        left_out=_left_out(source),
        refused=reading.refused,
        notes=reading.notes,
        unfinished=_unfinished(source),
        empty_months=_empty_months(source),
        known_from=known_from(source),
        few_gaps=int(window.customers_with_gaps) if window and window.customers_with_gaps < FEW_GAPS else None,
    )


def unlocks(source: FactSource, reports: Sequence[MetricReport]) -> tuple[Unlock, ...]:
    """What more data would give, the most metrics first."""
    gives: dict[str, list[Text]] = {}
    for report in reports:
        if not report.known:
            gives.setdefault(_missing(source, report), []).append(report.label)
    if not source.query("SELECT count(channel) FROM sale_orders")[0][0]:
        by_channel = Text(zh="以上各项按渠道细分", en="all of the above by channel")
        gives.setdefault("channel", []).append(by_channel)
    found = [Unlock(name, _what(name), tuple(labels)) for name, labels in gives.items()]
    return tuple(sorted(found, key=lambda one: (one.missing == "channel", -len(one.gives), one.missing)))


def _missing(source: FactSource, report: MetricReport) -> str:
    formula: Formula = metric_named(report.name).formula
    for tables in tables_of(formula):
        if lacking := missing_of(source, tables):
            return lacking
    if report.name in ("refunds", "refund_rate"):
        return "refunds"
    if report.name == "discount_rate":
        return "discount"
    if report.name == "customer_lifetime_value":
        return "history"
    if report.theme == "satisfaction":
        return "survey_responses"
    return "cost" if any("成本" in str(r.value.reason.zh) for r in report.readings if r.value.reason) else "history"


def _what(name: str) -> Text:
    return NEEDED.get(name) or table_label(name)


def _file(part: PartReport, prints: dict[str, str]) -> FileHeld:
    mapping = part.mapping
    columns: list[tuple[Text, str, Text | None]] = []
    for name, column in (mapping.columns if mapping else {}).items():
        field = mapping.sheet_kind.field_named(name) if mapping else None
        because = mapping.reasons.get(name) if mapping else None
        columns.append((field.label if field else Text.same(name), column, because))
    return FileHeld(
        part.file, part.sheet, prints.get(part.file, ""), mapping.sheet_kind.label if mapping else None,
        part.rows_read, part.rows_loaded, part.rows_quarantined, part.rows_duplicate, part.rows_skipped,
        tuple(columns), mapping.unused if mapping else (),
    )  # fmt: skip


def _tables(source: FactSource) -> tuple[TableHeld, ...]:
    found = []
    for name, table in all_tables().items():
        if not table.versioned or table.group in ("results", "decisions"):
            continue
        rows = int(source.query(f"SELECT count(*) FROM {name}")[0][0])
        if rows:
            covered = source.coverage.get(name)
            found.append(
                TableHeld(
                    name, table.label, rows, covered.first if covered else None, covered.last if covered else None
                )
            )
    return tuple(sorted(found, key=lambda one: -one.rows))


def _left_out(source: FactSource) -> tuple[LeftOut, ...]:
    """Orders that are no sale: by status, and of those whose status counts by what is wrong with their amount."""
    completed = ", ".join(f"'{status}'" for status in source.policy.completed)
    rows = source.query(
        f"""
        SELECT kind, count(*), sum(net) FROM (
            SELECT a.net, CASE WHEN a.status NOT IN ({completed}) THEN a.status WHEN a.net IS NULL THEN 'no amount'
                               WHEN a.net < 0 THEN 'negative' ELSE 'zero' END AS kind
            FROM (
                SELECT p.order_id, p.status, coalesce(p.amount, s.net - coalesce(p.discount, 0)) AS net
                FROM orders AS p LEFT JOIN order_sums AS s ON s.order_id = p.order_id
            ) AS a LEFT JOIN sale_orders AS k ON k.order_id = a.order_id WHERE k.order_id IS NULL
        ) GROUP BY kind ORDER BY 2 DESC, 1"""
    )
    words = {**STATUS_WORDS, **AMOUNT_WORDS}
    return tuple(LeftOut(words.get(kind, Text.same(str(kind or "—"))), int(n), net) for kind, n, net in rows)


def _refusals(rows: Sequence[tuple[str, tuple[str, str], Text]]) -> tuple[Refusal, ...]:
    """Refused rows by reason (code and column), with the first places."""
    grouped: dict[tuple[str, str], list[str]] = {}
    words: dict[tuple[str, str], Text] = {}
    for place, key, message in rows:
        grouped.setdefault(key, []).append(place)
        words[key] = message
    found = [Refusal(words[key], len(places), tuple(places[:SHOWN_PLACES])) for key, places in grouped.items()]
    return tuple(sorted(found, key=lambda one: -one.rows))


def _unfinished(source: FactSource) -> tuple[str, ...]:
    end = min(source.coverage["orders"].last + timedelta(days=1), source.now)
    holding = [
        period_holding(end - timedelta(days=1), grain, source.fiscal_start) for grain in ("month", "quarter", "year")
    ]
    return tuple(period.name for period in holding if period.end > end)


def _empty_months(source: FactSource) -> tuple[str, ...]:
    from kexiao.facts.periods import Period

    covered = source.coverage["orders"]
    months = split(Period(covered.first, covered.last + timedelta(days=1)), "month")
    full = {row[0] for row in source.query("SELECT DISTINCT MONTH_LABEL(sold_on) FROM sale_orders")}
    return tuple(month.name for month in months if month.name not in full)
