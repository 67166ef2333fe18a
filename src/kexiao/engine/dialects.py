"""SQL for each engine: queries are plain SQL and our own operators, and every operator is rendered here, engine by engine.

An operator is written as a function call (``MONTH_INDEX(sold_on)``). Nothing but plain SELECT, JOIN, UNION, CASE and aggregate functions may stand
around it, because that much every engine reads alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, get_args

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


_FORMS: dict[Dialect, Mapping[str, str]] = {
    engine: {name: forms[engine] for name, forms in OPERATORS.items()} for engine in get_args(Dialect)
}
# A literal or quoted name, in which nothing is an operator; or an operator with its opening bracket.
_TOKEN = re.compile(rf"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\b({"|".join(OPERATORS)})\s*\(""")
_EDGE = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[(),]""")
_SIMPLE = re.compile(r"""[\w.]+|'[^']*'|[\w.]*\((?:[^()])*\)""")


@lru_cache(maxsize=512)
def render(sql: str, dialect: Dialect = "duckdb") -> str:
    """Neutral SQL with our operators as the SQL of one engine.

    Only the operators are touched: parsing the whole would take longer than most queries do.

    >>> render("SELECT MONTH_INDEX(day) AS m FROM t")
    'SELECT CAST(year(day) * 12 + month(day) - 1 AS BIGINT) AS m FROM t'
    """
    pieces, at = [], 0
    while found := _TOKEN.search(sql, at):
        name = found[1]
        pieces.append(sql[at : found.start() if name else found.end()])
        at = found.end()
        if name:
            operands, at = _operands(sql, at)
            said = [
                operand.strip("'") if name == "DAY_OF" else _whole(render(operand, dialect)) for operand in operands
            ]
            pieces.append(_FORMS[dialect][name].format(*said))
    return "".join([*pieces, sql[at:]])


def _operands(sql: str, start: int) -> tuple[list[str], int]:
    """The operands of the call whose bracket opened just before ``start``, and where the call ends."""
    operands, depth, begun = [], 0, start
    for edge in _EDGE.finditer(sql, start):
        sign = edge[0]
        if sign == "(":
            depth += 1
        elif sign == ")" and depth:
            depth -= 1
        elif sign == ")" or (sign == "," and not depth):
            operands.append(sql[begun : edge.start()].strip())
            begun = edge.end()
            if sign == ")":
                return operands, edge.end()
    raise ValueError(f"a bracket is not closed: {sql[start : start + 80]}")


def _whole(operand: str) -> str:
    """An operand that no neighbour can pull apart."""
    return operand if _SIMPLE.fullmatch(operand) else f"({operand})"
