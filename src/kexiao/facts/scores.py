"""Means of a model's scores over the customers acquired in a period, read from the table ``scores``.

Their interval is that of the model's parameters; where a run stored no such errors beside the score there is none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from kexiao.facts import intervals
from kexiao.facts.calendar import runs
from kexiao.facts.formula import ScoreMean
from kexiao.facts.grouping import cell_of, grouping
from kexiao.facts.periods import Period
from kexiao.facts.source import FactSource
from kexiao.facts.units import Cell
from kexiao.text import Text


@dataclass(frozen=True, slots=True)
class ScoreOfCell:
    """Mean score, its total over customers, how many customers, limits of the mean, and why it is missing."""

    mean: float | None
    total: float | None
    customers: int
    limits: intervals.Interval
    reason: Text | None


def run_score_means(
    source: FactSource,
    formula: ScoreMean,
    periods: Sequence[Period],
    dimensions: Sequence[str],
    where: Sequence[tuple[str, str]],
) -> dict[Cell, ScoreOfCell]:
    """The mean of the newest scores; null with the reason where the model was not run, or the data are newer than its scores."""
    if formula.over == "base":
        return _over_base(source, formula, periods, dimensions, where)
    newest = source.query(
        f"SELECT max(as_of) FROM scores WHERE model = '{formula.model}' AND score = '{formula.score}'"
    )[0][0]
    covered = source.covered(("orders",))
    if newest is None or (covered and newest < covered.last + timedelta(days=1)):
        reason = Text(
            zh="需要先运行模型：kexiao model {m}。",
            en="The model has not been run on these data; run: kexiao model {m}.",
        ).fill(m=formula.model)
        return (
            {(number,): ScoreOfCell(None, None, 0, None, reason) for number in range(len(periods))}
            if not dimensions
            else {}
        )
    total, *errors = _sums(source, formula, newest, periods, dimensions, where)
    found: dict[Cell, ScoreOfCell] = {}
    for cell, (n, value) in total.items():
        variance = math.fsum((error[cell][1] / n) ** 2 for error in errors if cell in error)
        limits = intervals.around_on_log_scale(value / n, variance) if errors else None
        found[cell] = ScoreOfCell(value / n, value, n, limits, None)
    return found


def _over_base(
    source: FactSource,
    formula: ScoreMean,
    periods: Sequence[Period],
    dimensions: Sequence[str],
    where: Sequence[tuple[str, str]],
) -> dict[Cell, ScoreOfCell]:
    """Over everyone acquired by the day for which the model ran, which must be the period's end, or the data's where that comes first."""
    covered = source.covered(("orders",))
    found: dict[Cell, ScoreOfCell] = {}
    for number, period in enumerate(periods):
        end = min(period.end, covered.last + timedelta(days=1)) if covered else period.end
        scored = f"s.model = '{formula.model}' AND s.score = '{formula.score}' AND s.as_of = DAY_OF('{end}')"
        by = grouping(dimensions, where)
        rows = source.query(f"""
            SELECT count(*), sum(value){by.names} FROM (
                SELECT s.value{by.selected} FROM customer_summary AS c JOIN scores AS s ON s.customer_id = c.customer_id
                WHERE {scored} AND c.acquired_on < DAY_OF('{end}'){by.filters}
            ) {by.grouped}""")
        for customers, total, *group in rows:
            cell = cell_of(number, group)
            if customers:
                found[cell] = ScoreOfCell(float(total) / customers, float(total), int(customers), None, None)
            else:
                reason = Text(
                    zh="没有截至 {d} 的得分；请先运行：kexiao model {m}（只给出数据末日的得分）。",
                    en="There are no scores as of {d}; run: kexiao model {m} (it scores the data's last day).",
                ).fill(d=end, m=formula.model)
                found[cell] = ScoreOfCell(None, None, 0, None, reason)
    return found


def _sums(
    source: FactSource,
    formula: ScoreMean,
    newest: date,
    periods: Sequence[Period],
    dimensions: Sequence[str],
    where: Sequence[tuple[str, str]],
) -> list[dict[Cell, tuple[int, float]]]:
    """Customers and total by cell: of the score itself, then of each direction in which the uncertainty of the parameters moves it."""
    by = grouping(dimensions, where)
    of_model = f"s.model = '{formula.model}' AND s.as_of = DAY_OF('{newest}')"
    stored = {row[0] for row in source.query(f"SELECT DISTINCT s.score FROM scores AS s WHERE {of_model}")}
    names = [formula.score, *sorted(name for name in stored if name.startswith(f"{formula.score}_error_"))]
    listed = ", ".join(f"'{name}'" for name in names)
    found: dict[str, dict[Cell, tuple[int, float]]] = {name: {} for name in names}
    for run in runs(periods):
        sql = f"""
            SELECT score, p{by.names}, count(*), sum(value) FROM (
                SELECT s.score, {run.number("c.new_on")} AS p{by.selected}, s.value FROM customer_summary AS c
                JOIN scores AS s ON s.customer_id = c.customer_id
                WHERE {of_model} AND s.score IN ({listed}) AND {run.inside("c.new_on")}{by.filters}
            ) GROUP BY score, p{by.names}"""
        for name, *row in source.query(sql):
            width = 1 + len(dimensions)
            cell = cell_of(row[0], row[1:width])
            found[name][cell] = int(row[width]), float(row[width + 1])
    return list(found.values())
