"""The two real data sets, analyzed with no setting at all: every number by another road, plain Python or hand-written SQL over the raw files."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kexiao.cycle.analyze import Analysis, ValueSummary, analyze
from kexiao.cycle.overview import SpanName
from kexiao.facts.periods import Period
from kexiao.models.clv.backtest import BacktestCard
from kexiao.models.inputs import Unfitted

NOW = date(2026, 11, 22)


@pytest.fixture(scope="module")
def superstore(shared: Path) -> tuple[Analysis, list[dict[str, Any]]]:
    """The analysis, and the raw rows of the workbook."""
    from python_calamine import CalamineWorkbook

    path = shared / "data/retail_cn/示例-超市.xls"
    book = CalamineWorkbook.from_path(str(path))
    head, *rows = book.get_sheet_by_name(book.sheet_names[0]).to_python()
    return analyze([path], now=NOW), [dict(zip(head, row, strict=True)) for row in rows if row[0]]


def number(analysis: Analysis, metric: str, span: SpanName, variant: str | None = None) -> float:
    report = analysis.metric(metric)
    reading = report.in_span(span)
    assert reading is not None
    if variant is None:
        return float(reading.value.value)  # type: ignore[arg-type]
    place = report.readings.index(reading)
    return float(next(v for v in report.variants if v.name == variant).values[place].value)  # type: ignore[arg-type]


def period_of(analysis: Analysis, name: SpanName) -> Period:
    return next(span.period for span in analysis.spans if span.name == name)


Orders = dict[tuple[str, str], dict[str, Any]]


def orders_of(rows: list[dict[str, Any]]) -> Orders:
    """Orders by (order id, customer): in this file the id alone stands for several customers."""
    found: Orders = {}
    for row in rows:
        one = found.setdefault((row["订单 Id"], row["客户名称"]), {"day": row["订单日期"], "net": 0.0, "profit": 0.0})
        one["day"] = min(one["day"], row["订单日期"])
        one["net"] += row["销售额"]
        one["profit"] += row["利润"]
    return found


def within(orders: Orders, period: Period) -> list[tuple[str, dict[str, Any]]]:
    return [(who, one) for (_, who), one in orders.items() if period.start <= one["day"] < period.end]


def test_the_order_ids_of_the_supermarket_are_not_unique_and_it_says_so(
    superstore: tuple[Analysis, list[dict[str, Any]]],
) -> None:
    analysis, rows = superstore
    held = analysis.holdings
    assert (
        (held.orders, held.customers) == (len(orders_of(rows)), len({row["客户名称"] for row in rows})) == (4947, 771)
    )
    ids = defaultdict(set)
    for row in rows:
        ids[row["订单 Id"]].add(row["客户名称"])
    shared_ids = sum(len(people) > 1 for people in ids.values())
    assert any(str(shared_ids) in note.en and "order id and customer" in note.en for note in held.notes)
    assert float(held.net_sales) == sum(row["销售额"] for row in rows) == 15_984_343


@pytest.mark.parametrize("span", ["latest", "year", "quarter", "month", "whole"])
def test_sales_orders_and_margin_of_the_supermarket_are_those_of_plain_python(
    superstore: tuple[Analysis, list[dict[str, Any]]], span: SpanName
) -> None:
    analysis, rows = superstore
    inside = within(orders_of(rows), period_of(analysis, span))
    net, profit = sum(one["net"] for _, one in inside), sum(one["profit"] for _, one in inside)
    buyers: dict[str, int] = defaultdict(int)
    for who, _ in inside:
        buyers[who] += 1
    assert number(analysis, "net_sales", span) == pytest.approx(net, abs=0.005)
    assert number(analysis, "orders", span) == len(inside)
    assert number(analysis, "ordering_customers", span) == len(buyers)
    assert number(analysis, "average_order_value", span) == pytest.approx(net / len(inside), abs=0.005)
    assert number(analysis, "repeat_purchase_rate", span) == pytest.approx(
        sum(n > 1 for n in buyers.values()) / len(buyers)
    )
    assert number(analysis, "gross_margin_rate", span) == pytest.approx(profit / net)


def test_customer_states_of_the_supermarket_are_those_counted_one_by_one(
    superstore: tuple[Analysis, list[dict[str, Any]]],
) -> None:
    analysis, rows = superstore
    orders, window = orders_of(rows), timedelta(days=analysis.active_window_days)
    days: dict[str, list[date]] = defaultdict(list)
    for (_, who), one in orders.items():
        days[who].append(one["day"])

    def active(who: str, at: date) -> bool:
        return any(at - window <= day < at for day in days[who])

    for span in ("latest", "quarter"):
        period = period_of(analysis, span)  # type: ignore[arg-type]
        start = {who for who in days if active(who, period.start)}
        kept = {who for who in start if active(who, period.end)}
        new = {who for who, some in days.items() if period.start <= min(some) < period.end}
        assert number(analysis, "customers_at_start", span) == len(start)  # type: ignore[arg-type]
        assert number(analysis, "retention_rate", span) == pytest.approx(len(kept) / len(start))  # type: ignore[arg-type]
        assert number(analysis, "new_customers", span) == len(new)  # type: ignore[arg-type]
        flow = next(flow for flow in analysis.flows if flow.period == period)
        assert (
            flow.start - flow.lost + flow.reactivated + flow.new - flow.new_gone
            == flow.end
            == sum(active(who, period.end) for who in days)
        )


def test_the_active_window_is_the_ninetieth_percentile_of_gaps_customers_weighing_the_same(
    superstore: tuple[Analysis, list[dict[str, Any]]],
) -> None:
    analysis, rows = superstore
    days: dict[str, set[date]] = defaultdict(set)
    for (_, who), one in orders_of(rows).items():
        days[who].add(one["day"])
    weighed = []
    for some in days.values():
        listed = sorted(some)
        gaps = [(b - a).days for a, b in pairwise(listed)]
        weighed += [(gap, 1 / len(gaps)) for gap in gaps]
    weighed.sort()
    total = sum(weight for _, weight in weighed)
    upto = accumulate(weight for _, weight in weighed)
    quantile = next(gap for (gap, _), so_far in zip(weighed, upto, strict=True) if so_far >= 0.9 * total - 1e-9)
    assert analysis.window is not None
    assert analysis.window.quantile_days == quantile == 506
    assert analysis.active_window_days == 510


def test_concentration_is_one_number_wherever_it_is_shown(superstore: tuple[Analysis, list[dict[str, Any]]]) -> None:
    analysis, rows = superstore
    worth: dict[str, float] = defaultdict(float)
    for who, one in within(orders_of(rows), period_of(analysis, "latest")):
        worth[who] += one["profit"]
    falling = sorted((max(0.0, value) for value in worth.values()), reverse=True)
    size = 0.2 * len(falling)
    top = sum(falling[: int(size)]) + (size - int(size)) * falling[int(size)]
    held = analysis.concentration
    assert held is not None and held.basis == "margin"
    assert held.found.top_fifth_share == pytest.approx(top / sum(falling))
    assert number(analysis, "top_fifth_share", "latest") == pytest.approx(top / sum(falling))


def test_the_parts_of_each_change_add_up_to_it(superstore: tuple[Analysis, list[dict[str, Any]]]) -> None:
    analysis, _ = superstore
    assert len(analysis.changes) == 3
    for found in analysis.changes:
        split = found.change.decomposition
        assert split is not None
        now, before = (float(v.value or 0) for v in (found.change.now, found.change.before))
        assert split.change == pytest.approx(now - before)
        assert (split.volume or 0) + split.mix + split.rate == pytest.approx(now - before)
        assert sum(part.change for part in split.segments) == pytest.approx(now - before)


def test_cohorts_of_the_supermarket_are_those_counted_one_by_one(
    superstore: tuple[Analysis, list[dict[str, Any]]],
) -> None:
    analysis, rows = superstore
    assert analysis.cohort_grain == "quarter"
    of: dict[str, set[tuple[int, int]]] = defaultdict(set)
    for (_, who), one in orders_of(rows).items():
        of[who].add((one["day"].year, (one["day"].month - 1) // 3))
    born = {who: min(quarters) for who, quarters in of.items()}
    for cell in analysis.cohorts:
        year, quarter = cell.cohort.start.year, (cell.cohort.start.month - 1) // 3
        later = divmod(year * 4 + quarter + cell.age, 4)
        people = [who for who, first in born.items() if first == (year, quarter)]
        assert cell.customers == len(people)
        assert cell.numerator == sum((later[0], later[1]) in of[who] for who in people)


def test_what_is_unfinished_or_too_short_is_told_and_not_compared(
    superstore: tuple[Analysis, list[dict[str, Any]]],
) -> None:
    analysis, _ = superstore
    held = analysis.holdings
    assert held.unfinished == ("2016-12", "2016Q4", "2016")
    assert [span.period.name for span in analysis.spans][1:4] == ["2015", "2016Q3", "2016-11"]
    assert held.known_from == date(2013, 1, 1) + timedelta(days=510)
    year = analysis.metric("retention_rate").in_span("year")
    assert year is not None and year.before is not None
    assert "history_too_short" in year.before.before.settings["marks"] and year.before.amount is None
    whole = analysis.metric("retention_rate").in_span("whole")
    assert whole is not None and whole.value.value is None and whole.value.reason is not None


def test_missing_refunds_are_not_zero(superstore: tuple[Analysis, list[dict[str, Any]]]) -> None:
    analysis, _ = superstore
    for name in ("refunds", "refund_rate"):
        assert not analysis.metric(name).known
    assert "refunds" in {unlock.missing for unlock in analysis.unlocks}


def test_lifetime_value_of_the_supermarket_is_tested_on_the_last_quarter_of_the_time(
    superstore: tuple[Analysis, list[dict[str, Any]]],
) -> None:
    analysis, rows = superstore
    value = analysis.value
    assert isinstance(value, ValueSummary) and isinstance(value.backtest, BacktestCard)
    card = value.backtest
    cut = date(1970, 1, 1) + timedelta(days=int(card.cut_day))
    days: dict[str, set[date]] = defaultdict(set)
    for (_, who), one in orders_of(rows).items():
        days[who].add(one["day"])
    known = {who for who, some in days.items() if min(some) < cut}
    assert card.customers == len(known)
    assert card.actual_total == sum(len([d for d in days[who] if d >= cut]) for who in known)
    assert value.equity.low < value.equity.value < value.equity.high
    assert value.basis.en.startswith("net sales × the overall margin rate")


@pytest.fixture(scope="module")
def olist(shared: Path) -> tuple[Analysis, duckdb.DuckDBPyConnection]:
    """The analysis of all files at once, and the raw files as views."""
    files = sorted((shared / "data/olist").glob("*.csv.gz"))
    raw = duckdb.connect(":memory:")
    for file in files:
        name = file.name.removeprefix("olist_").removesuffix(".csv.gz").removesuffix("_dataset")
        raw.execute(f"CREATE VIEW {name} AS SELECT * FROM read_csv('{file}', all_varchar = true)")
    raw.execute(
        """CREATE VIEW sold AS SELECT o.order_id, c.customer_unique_id AS who, CAST(o.order_purchase_timestamp AS DATE) AS day,
           sum(CAST(i.price AS DECIMAL(18,2))) AS net, count(*) AS items
           FROM orders AS o JOIN customers AS c USING (customer_id) JOIN order_items AS i USING (order_id)
           WHERE o.order_status NOT IN ('canceled', 'unavailable', 'created') GROUP BY ALL"""
    )
    return analyze(files, now=NOW), raw


@pytest.mark.parametrize("span", ["latest", "year", "quarter", "month", "whole"])
def test_olist_is_what_hand_written_sql_says(olist: tuple[Analysis, duckdb.DuckDBPyConnection], span: SpanName) -> None:
    analysis, raw = olist
    period = period_of(analysis, span)
    row = raw.execute(
        "SELECT sum(net), count(*), count(DISTINCT who), sum(items) FROM sold WHERE day >= ? AND day < ?",
        [period.start, period.end],
    ).fetchone()
    assert row is not None
    net, orders, people, items = row
    assert number(analysis, "net_sales", span) == pytest.approx(float(net), abs=0.005)
    assert number(analysis, "orders", span) == orders
    assert number(analysis, "ordering_customers", span) == people
    assert number(analysis, "average_order_value", span) == pytest.approx(float(net) / orders, abs=0.005)
    assert number(analysis, "items_per_order", span) == pytest.approx(items / orders)


def test_new_and_repeating_customers_of_olist_are_what_sql_says(
    olist: tuple[Analysis, duckdb.DuckDBPyConnection],
) -> None:
    analysis, raw = olist
    period = period_of(analysis, "quarter")
    new = raw.execute(
        "SELECT count(*) FROM (SELECT who, min(day) AS first FROM sold GROUP BY who) WHERE first >= ? AND first < ?",
        [period.start, period.end],
    ).fetchone()
    assert new is not None and number(analysis, "new_customers", "quarter") == new[0]
    twice = raw.execute("SELECT count(*) FROM (SELECT who FROM sold GROUP BY who HAVING count(*) > 1)").fetchone()
    assert twice is not None and number(analysis, "repeat_purchase_rate", "whole") == pytest.approx(twice[0] / 3958)


def test_satisfaction_of_olist_is_what_sql_says(olist: tuple[Analysis, duckdb.DuckDBPyConnection]) -> None:
    """A customer's latest answer in the period counts, of all that came on the same instant the last by id."""
    analysis, raw = olist
    period = period_of(analysis, "quarter")
    rows = raw.execute(
        """SELECT avg(CASE WHEN CAST(review_score AS INT) >= 4 THEN 1.0 ELSE 0 END) FROM (
             SELECT r.*, row_number() OVER (PARTITION BY c.customer_unique_id ORDER BY CAST(review_answer_timestamp AS TIMESTAMP) DESC) AS latest
             FROM order_reviews AS r JOIN orders USING (order_id) JOIN customers AS c USING (customer_id)
             WHERE CAST(CAST(review_answer_timestamp AS TIMESTAMP) AS DATE) >= ? AND CAST(CAST(review_answer_timestamp AS TIMESTAMP) AS DATE) < ?
           ) WHERE latest = 1""",
        [period.start, period.end],
    ).fetchone()
    assert rows is not None
    assert number(analysis, "csat_top_two", "quarter") == pytest.approx(float(rows[0]), abs=0.003)


def test_olist_is_told_what_it_cannot_say(olist: tuple[Analysis, duckdb.DuckDBPyConnection]) -> None:
    analysis, raw = olist
    assert isinstance(analysis.value, Unfitted) and "Only 2 of 3958" in analysis.value.reason("en")
    assert analysis.holdings.few_gaps == 2
    assert analysis.holdings.empty_months == ("2016-11", "2016-12")
    left = raw.execute("SELECT count(*) FROM orders WHERE order_id NOT IN (SELECT order_id FROM sold)").fetchone()
    assert left is not None and sum(one.orders for one in analysis.holdings.left_out) == left[0] == 40
    assert analysis.currency.value == "BRL"
    assert {"cost", "spend", "leads", "refunds", "history"} <= {unlock.missing for unlock in analysis.unlocks}


def test_every_row_of_every_file_is_accounted_for(
    superstore: tuple[Analysis, list[dict[str, Any]]], olist: tuple[Analysis, duckdb.DuckDBPyConnection]
) -> None:
    for analysis in (superstore[0], olist[0]):
        for file in analysis.holdings.files:
            assert file.rows_read == file.rows_loaded + file.rows_quarantined + file.rows_duplicate + file.rows_skipped
