"""The passes that follow customers' money over time: revenue kept from a year earlier, margin to date, and when a cohort has paid back its cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from kexiao.facts import intervals
from kexiao.facts.calendar import Run, runs
from kexiao.facts.dressing import Part, few
from kexiao.facts.formula import Rows
from kexiao.facts.grouping import cell_of, grouping
from kexiao.facts.growth import compared_with, why_no_comparison
from kexiao.facts.passes import HistoricValue, Payback, RevenueKept
from kexiao.facts.periods import Period
from kexiao.facts.source import FactSource, covered_until
from kexiao.facts.subjects import SALES
from kexiao.facts.sums import Term, run_sums
from kexiao.facts.units import OF_CUSTOMER, Cell, Filters, SumsQuery
from kexiao.text import Text

MONTH_DAYS = 30
_ORDERS = Rows(SALES, Text(zh="订单", en="orders"))
UNKNOWN_COST = Text(zh="有 {n} 行的成本未知。", en="The cost of {n} rows is unknown.")


def run_revenue_kept(
    source: FactSource, formula: RevenueKept, periods: Sequence[Period], dimensions: tuple[str, ...], where: Filters
) -> dict[Cell, Part]:
    """Customers with net sales a year earlier: what they brought then, and bring now."""
    others = [compared_with(source, _ORDERS, period, "year_before") for period in periods]
    now = "least(now, earlier)" if formula.gross else "now"
    found: dict[Cell, Part] = {}
    width = len(dimensions)
    for row in source.query(_kept_sql([*periods, *others], len(periods), dimensions, where, now)):
        number = int(row[0])
        n, y, x, yy, xx, xy = row[1 + width :]
        reason = why_no_comparison(source, _ORDERS, others[number])
        if reason is not None:
            found[cell_of(number, row[1 : 1 + width])] = Part(None, y, x, int(n), reason=reason)
            continue
        value = float(y) / float(x)
        variance = intervals.ratio_variance(int(n), float(y), float(x), float(yy), float(xx), float(xy))
        marks = few(int(n)) + (() if others[number].grain == periods[number].grain else ("same_progress",))
        found[cell_of(number, row[1 : 1 + width])] = Part(
            value, y, x, int(n), intervals.around(value, variance), None, marks
        )
    for number, other in enumerate(others):
        if not dimensions and (number,) not in found:
            reason = why_no_comparison(source, _ORDERS, other)
            nobody = Text(
                zh="上年同期没有可识别客户的销售额。", en="No known customer had net sales in the same period a year earlier."
            )  # fmt: skip
            found[(number,)] = Part(None, reason=reason or nobody, n=0)
    return found


def _kept_sql(periods: Sequence[Period], half: int, dimensions: tuple[str, ...], where: Filters, now: str) -> str:
    money = " UNION ALL ".join(_money_in(run) for run in runs(periods))
    by = grouping(dimensions, where)
    return f"""
        SELECT p{by.names}, count(*), sum({now}), sum(earlier), SQUARE_SUM({now}), SQUARE_SUM(earlier), PRODUCT_SUM({now}, earlier) FROM (
            SELECT CASE WHEN m.p < {half} THEN m.p ELSE m.p - {half} END AS p, m.customer_id{by.selected},
                   sum(CASE WHEN m.p < {half} THEN m.net ELSE 0 END) AS now, sum(CASE WHEN m.p >= {half} THEN m.net ELSE 0 END) AS earlier
            FROM ({money}) AS m JOIN customer_summary AS c ON c.customer_id = m.customer_id WHERE true{by.filters}
            GROUP BY CASE WHEN m.p < {half} THEN m.p ELSE m.p - {half} END, m.customer_id{"".join(f", {OF_CUSTOMER[d]}" for d in dimensions)}
        ) WHERE earlier > 0 GROUP BY p{by.names}"""


def _money_in(run: Run) -> str:
    return f"""
        SELECT {run.number("sold_on")} AS p, customer_id, net FROM sale_orders WHERE customer_id IS NOT NULL AND {run.inside("sold_on")}
        UNION ALL SELECT {run.number("booked_on")} AS p, customer_id, -amount AS net FROM returns
        WHERE customer_id IS NOT NULL AND {run.inside("booked_on")}"""


def run_historic_value(
    source: FactSource, formula: HistoricValue, periods: Sequence[Period], dimensions: tuple[str, ...], where: Filters
) -> dict[Cell, Part]:
    """Margin to date per customer ever acquired, at each period's end. One pass: a customer's running total moves by (new² − old²) at each change."""
    found: dict[Cell, Part] = {}
    for run in runs(periods):
        for group, changes in _changes(source, run, dimensions, where).items():
            total, squares, unknown, base = Decimal(0), 0.0, 0, 0
            for place in range(len(run.periods) + 1):
                amount, square, missing, acquired = changes.get(place, (Decimal(0), 0.0, 0, 0))
                total, squares = total + amount, squares + square
                unknown, base = unknown + missing, base + acquired
                if place >= 1:
                    found[(run.first + place - 1, *group)] = _to_date(total, squares, unknown, base)
    return found


def _to_date(total: Decimal, squares: float, unknown: int, base: int) -> Part:
    if unknown:
        return Part(None, None, base, base, reason=UNKNOWN_COST.fill(n=unknown))
    if base == 0:
        return Part(None, total, 0, 0, reason=Text(zh="还没有客户。", en="There is no customer yet."))
    value = float(total) / base
    variance = intervals.ratio_variance(base, float(total), base, squares, base, float(total))
    return Part(value, total, base, base, intervals.around(value, variance), None, few(base))


def _changes(
    source: FactSource, run: Run, dimensions: tuple[str, ...], where: Filters
) -> dict[tuple[object, ...], dict[int, tuple[Decimal, float, int, int]]]:
    """Per group and place (0: before the run, i + 1: in its period i): margin, change of the sum of squares, unknown costs, customers acquired."""
    by = grouping(dimensions, where)
    end = run.periods[-1].end

    def place(day: str) -> str:
        return f"least({len(run.periods)}, greatest(0, {run.edges_until(day)}))"

    moves = f"""
        SELECT customer_id, {place("sold_on")} AS i, net - coalesce(cost, 0) AS y, CASE WHEN cost IS NULL THEN 1 ELSE 0 END AS missing
        FROM sale_orders WHERE customer_id IS NOT NULL AND sold_on < DAY_OF('{end}')
        UNION ALL SELECT customer_id, {place("booked_on")} AS i, cost - amount AS y, 0 AS missing
        FROM returns WHERE customer_id IS NOT NULL AND booked_on < DAY_OF('{end}')"""
    running = "sum(y) OVER (PARTITION BY customer_id ORDER BY i ROWS UNBOUNDED PRECEDING)"
    per = f"SELECT customer_id, i, sum(y) AS y, sum(missing) AS missing FROM ({moves}) GROUP BY customer_id, i"
    money = f"""
        SELECT i{by.names}, sum(y) AS y, sum(CAST(y AS DOUBLE) * CAST(2 * upto - y AS DOUBLE)) AS squares, sum(missing) AS missing, 0 AS people FROM (
            SELECT t.i, t.y, t.upto, t.missing{by.selected} FROM (SELECT q.*, {running} AS upto FROM ({per}) AS q) AS t
            JOIN customer_summary AS c ON c.customer_id = t.customer_id WHERE c.acquired_on < DAY_OF('{end}'){by.filters}
        ) GROUP BY i{by.names}"""
    people = f"""
        SELECT i{by.names}, 0 AS y, 0 AS squares, 0 AS missing, count(*) AS people FROM (
            SELECT {place("c.acquired_on")} AS i{by.selected} FROM customer_summary AS c WHERE c.acquired_on < DAY_OF('{end}'){by.filters}
        ) GROUP BY i{by.names}"""
    found: dict[tuple[object, ...], dict[int, tuple[Decimal, float, int, int]]] = defaultdict(dict)
    rows = source.query(
        f"SELECT i{by.names}, sum(y), sum(squares), sum(missing), sum(people) FROM ({money} UNION ALL {people}) GROUP BY i{by.names}"
    )
    for row in rows:
        _, *group = cell_of(row[0], row[1:-4])
        amount, squares, missing, acquired = row[-4:]
        found[tuple(group)][int(row[0])] = (
            Decimal(str(amount or 0)).quantize(Decimal("0.01")), float(squares or 0), int(missing or 0), int(acquired or 0)
        )  # fmt: skip
    return found


def run_payback(
    source: FactSource, formula: Payback, periods: Sequence[Period], dimensions: tuple[str, ...], where: Filters
) -> dict[Cell, Part]:
    """The month of age in which the customers of each period have brought what they cost; months not over for all of them do not count."""
    costs = run_sums(source, SumsQuery((formula.cost,), (), tuple(periods), dimensions, where)).terms
    end = covered_until(source.coverage, ("orders",))
    found: dict[Cell, Part] = {}
    for cell, (people, months) in _margins(source, periods, dimensions, where).items():
        period = periods[cell[0]]
        over = ((min(end, source.now) - period.end).days + 1) // MONTH_DAYS if end else 0
        cost = costs.get(cell, {}).get(formula.cost, Term()).total
        found[cell] = _paid_back(float(cost), people, months, over)
    return found


def _margins(
    source: FactSource, periods: Sequence[Period], dimensions: tuple[str, ...], where: Filters
) -> dict[Cell, tuple[int, dict[int, tuple[Decimal, int]]]]:
    """Per cell of acquisition: customers, and by month of age their margin and the rows of unknown cost."""
    by = grouping(dimensions, where)
    people: dict[Cell, int] = {}
    months: dict[Cell, dict[int, tuple[Decimal, int]]] = defaultdict(dict)
    for run in runs(periods):
        acquired = f"SELECT c.customer_id, c.new_on, {run.number('c.new_on')} AS p{by.selected} FROM customer_summary AS c WHERE {run.inside('c.new_on')}{by.filters}"
        age = f"FLOOR_DIVIDE(DAY_INDEX(m.day) - DAY_INDEX(a.new_on), {MONTH_DAYS})"
        moves = """
            SELECT customer_id, sold_on AS day, net - coalesce(cost, 0) AS y, CASE WHEN cost IS NULL THEN 1 ELSE 0 END AS missing
            FROM sale_orders WHERE customer_id IS NOT NULL
            UNION ALL SELECT customer_id, booked_on AS day, cost - amount AS y, 0 AS missing FROM returns WHERE customer_id IS NOT NULL"""
        for *cell, count in source.query(f"SELECT p{by.names}, count(*) FROM ({acquired}) GROUP BY p{by.names}"):
            people[cell_of(cell[0], cell[1:])] = int(count)
        by_age = f"""
            SELECT a.p{by.names}, {age} AS age, sum(m.y), sum(m.missing) FROM ({acquired}) AS a
            JOIN ({moves}) AS m ON m.customer_id = a.customer_id GROUP BY a.p{by.names}, {age}"""
        for *cell, month, margin, missing in source.query(by_age):
            months[cell_of(cell[0], cell[1:])][int(month)] = (Decimal(str(margin or 0)), int(missing or 0))
    return {cell: (count, months.get(cell, {})) for cell, count in people.items()}


_TOO_EARLY = Text(
    zh="期内最后获得的客户还不满 30 天，现在下结论太早。",
    en="The customers acquired last have not been here for 30 days: it is too early to tell.",
)


def _paid_back(cost: float, people: int, months: dict[int, tuple[Decimal, int]], over: int) -> Part:
    """The first month whose end finds the cost covered."""
    per_customer, so_far = cost / people, 0.0
    shown = {"no_interval": "a_month_reached", "cost_per_customer": round(per_customer, 2), "months_seen": max(0, over)}
    for month in range(over):
        margin, missing = months.get(month, (Decimal(0), 0))
        if missing:
            return Part(None, n=people, reason=UNKNOWN_COST.fill(n=missing), shown=shown)
        so_far += float(margin) / people
        if so_far >= per_customer - 1e-9:
            return Part(month + 1, n=people, marks=few(people), shown=shown)
    if over <= 0:
        return Part(None, n=people, reason=_TOO_EARLY, shown=shown)
    reason = Text(
        zh="还没有回本：{m} 个月内每客毛利 {a:.2f}，成本 {c:.2f}。",
        en="Not yet: {a:.2f} of margin per customer in {m} months, against a cost of {c:.2f}.",
    ).fill(m=over, a=so_far, c=per_customer)
    return Part(None, n=people, reason=reason, shown=shown)
