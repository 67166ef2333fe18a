"""SQL for each engine: queries are SQLGlot trees of plain SQL and our own operators, and every operator is rendered here, engine by engine.

An operator is written as a function call (``MONTH_INDEX(sold_on)``). Nothing but plain SELECT, JOIN, UNION, CASE and aggregate functions may stand
around it, because that much every engine reads alike.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from sqlglot import exp, parse_one
from sqlglot.generator import Generator

Dialect = Literal["duckdb"]

# Operator → engine → how to write it; {0}, {1} are the operands.
OPERATORS: dict[str, dict[Dialect, str]] = {
    "MONTH_INDEX": {"duckdb": "CAST(year({0}) * 12 + month({0}) - 1 AS BIGINT)"},
    "DAY_INDEX": {"duckdb": "CAST(({0} - DATE '1970-01-01') AS BIGINT)"},
    "DAY_OF": {"duckdb": "DATE '{0}'"},
    "MINUTES_BETWEEN": {"duckdb": "CAST(floor((epoch_ms({1}) - epoch_ms({0})) / 60000) AS BIGINT)"},
    "DAYS_LATER": {"duckdb": "({0} + CAST({1} AS INTEGER))"},
    "FLOOR_DIVIDE": {"duckdb": "CAST(floor(CAST({0} AS DOUBLE) / {1}) AS BIGINT)"},
    "BIT": {"duckdb": "(({0} >> CAST({1} AS INTEGER)) & 1)"},
    "LOW_BITS": {"duckdb": "((CAST(1 AS BIGINT) << CAST({0} AS INTEGER)) - 1)"},
    "BITS_AND": {"duckdb": "({0} & {1})"},
    "BITS_OR_ALL": {"duckdb": "bit_or({0})"},
    "SQUARE_SUM": {"duckdb": "sum(CAST({0} AS DOUBLE) * CAST({0} AS DOUBLE))"},
    "PRODUCT_SUM": {"duckdb": "sum(CAST({0} AS DOUBLE) * CAST({1} AS DOUBLE))"},
    "WHOLE_NUMBERS": {"duckdb": "(SELECT CAST(range AS BIGINT) AS i FROM range({0}, {1}))"},
    "MONTH_LABEL": {"duckdb": "strftime({0}, '%Y-%m')"},
}


class _PlainGenerator(Generator):
    """Writes the tree as it stands; operators by the table above."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__()
        self._engine = dialect

    def anonymous_sql(self, expression: exp.Anonymous) -> str:
        name = str(expression.this).upper()
        if name not in OPERATORS:
            return super().anonymous_sql(expression)
        operands = [self.sql(operand) for operand in expression.expressions]
        if name == "DAY_OF":
            operands = [operands[0].strip("'")]
        return OPERATORS[name][self._engine].format(*operands)


@lru_cache(maxsize=512)
def render(sql: str, dialect: Dialect = "duckdb") -> str:
    """Neutral SQL with our operators as the SQL of one engine.

    >>> render("SELECT MONTH_INDEX(day) AS m FROM t")
    'SELECT CAST(year(day) * 12 + month(day) - 1 AS BIGINT) AS m FROM t'
    """
    tree = parse_one(sql)
    return _PlainGenerator(dialect).generate(tree, copy=False)
