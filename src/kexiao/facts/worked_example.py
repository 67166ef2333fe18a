"""Worked examples: small canonical tables drawn as text, computed by the very code that computes everything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import gettempdir

from kexiao.engine.duck import Connection, DuckEngine, connect, quote_name, quote_text
from kexiao.facts.dressing import Request
from kexiao.facts.evaluate import evaluate
from kexiao.facts.metric import Example, Metric, MetricValue
from kexiao.facts.periods import parse
from kexiao.facts.policy import Policy
from kexiao.facts.source import FactSource, facts_in_memory
from kexiao.tables.catalogue import all_tables

_DEFAULTS = {"orders": {"status": "completed"}, "staff": {"from_on": "2000-01-01"}}


def rows_of(drawn: str) -> list[dict[str, str | None]]:
    """The rows of a table drawn as text: a header line, then a line a row, cells between ``|``; an empty cell is null.

    >>> rows_of("order_id | amount\\n a | 60\\n b | ")
    [{'order_id': 'a', 'amount': '60'}, {'order_id': 'b', 'amount': None}]
    """
    lines = [[cell.strip() for cell in line.split("|")] for line in drawn.strip().splitlines() if line.strip()]
    header, *body = lines
    return [{name: cell or None for name, cell in zip(header, line, strict=True)} for line in body]


def source_of(
    tables: Mapping[str, str], *, window: int | None = None, now: date = date(2100, 1, 1), policy: Policy | None = None
) -> FactSource:
    """The facts over tables drawn as text; canonical tables that are not drawn are empty."""
    policy = policy or Policy()
    policy = replace(policy, active_window_days=window or policy.active_window_days)
    return facts_in_memory(DuckEngine(drawn_tables(tables)), policy, now=now)


def drawn_tables(tables: Mapping[str, str]) -> Connection:
    """A DuckDB with the canonical tables drawn as text; those that are not drawn are empty."""
    connection = connect(Path(gettempdir()))
    for name, table in all_tables().items():
        if table.versioned:
            columns = ", ".join(f"{quote_name(column)} {kind}" for column, kind in table.stored_columns)
            connection.execute(f"CREATE TABLE {name} ({columns})")
            _fill(connection, name, rows_of(tables[name]) if name in tables else [])
    return connection


def _fill(connection: Connection, table: str, rows: Sequence[Mapping[str, str | None]]) -> None:
    if not rows:
        return
    filled = [{**_DEFAULTS.get(table, {}), **row} for row in rows]
    names = ", ".join(quote_name(name) for name in filled[0])
    values = ", ".join(
        "(" + ", ".join("NULL" if value is None else quote_text(value) for value in row.values()) + ")"
        for row in filled
    )
    connection.execute(f"INSERT INTO {table} ({names}) VALUES {values}")


def answer_of(name: str, metric: Metric, example: Example, source: FactSource | None = None) -> MetricValue:
    """The value that the product computes for a worked example; ``source`` holds its tables on another engine."""
    source = source or source_of(example.tables, window=example.window)
    formula = metric.variants[example.variant].formula if example.variant else metric.formula
    cohort = "cohort" in example.dimensions
    values = evaluate(
        source,
        [Request(name, formula, metric.unit, example.variant)],
        [parse(example.period)],
        () if cohort else tuple(example.dimensions),
    )
    return next(value for value in values if all(value.dimensions.get(k) == v for k, v in example.dimensions.items()))
