"""What every operator must give, with its edge cases: a query of one value, and the value reckoned by Python."""

from __future__ import annotations

import math
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from kexiao.engine.dialects import render
from kexiao.engine.query import QueryEngine

_DAYS = [
    date(1969, 12, 31),
    date(1970, 1, 1),
    date(1999, 12, 31),
    date(2000, 2, 29),
    date(2024, 12, 31),
    date(2049, 6, 30),
]
_AMOUNTS = [0.0, 0.004, 0.005, 0.125, 1.005, 2.675, 33.335, 1234567.895, 99999999.995, 1e-9]


def _fen(amount: float) -> Decimal:
    """To the fen as the double says it: 100 times, then the nearest whole number, halves away from 0."""
    whole = Decimal(amount * 100).quantize(Decimal(1), ROUND_HALF_UP)
    return whole / 100


def cases() -> list[tuple[str, object]]:
    """(Expression or scalar subquery, what it must be)."""
    found: list[tuple[str, object]] = []
    for day in _DAYS:
        said = f"DAY_OF('{day}')"
        found += [
            (f"MONTH_INDEX({said})", day.year * 12 + day.month - 1),
            (f"DAY_INDEX({said})", (day - date(1970, 1, 1)).days),
            (f"MONTH_LABEL({said})", f"{day:%Y-%m}"),
            (f"DAYS_LATER({said}, 1)", day + timedelta(days=1)),
            (f"DAYS_LATER({said}, CAST(-366 AS BIGINT))", day - timedelta(days=366)),
            (f"DAY_INDEX(DAYS_LATER({said}, 2 + 3)) - DAY_INDEX({said})", 5),
        ]
    for number in (-500, -12, -1, 0, 1, 11, 499):
        found += [(f"FLOOR_DIVIDE({number}, {step})", number // step) for step in (1, 3, 7, 12)]
    found += [(f"LOW_BITS({count})", 2**count - 1) for count in (0, 1, 31, 32, 61)]
    found += [
        (f"BIT(CAST({mask} AS BIGINT), {place})", mask >> place & 1)
        for mask in (0, 5, 2**61, 2**61 - 1)
        for place in (0, 1, 31, 61)
    ]
    found += [
        ("BITS_AND(CAST(6 AS BIGINT), LOW_BITS(2))", 2),
        ("(SELECT BITS_OR_ALL(LOW_BITS(n)) FROM (SELECT CAST(1 AS BIGINT) AS n UNION ALL SELECT CAST(3 AS BIGINT)) AS t)", 7),
        ("(SELECT sum(i) FROM WHOLE_NUMBERS(2, 5) AS w)", 9),
        ("(SELECT count(*) FROM WHOLE_NUMBERS(3, 3) AS w)", 0),
        ("(SELECT SQUARE_SUM(x) FROM (SELECT CAST(9000000000000000 AS DECIMAL(18,2)) AS x) AS t)", 8.1e31),
        ("(SELECT PRODUCT_SUM(x, y) FROM (SELECT CAST(-1.25 AS DECIMAL(18,2)) AS x, CAST(4 AS BIGINT) AS y) AS t)", -5.0),
        ("MINUTES_BETWEEN(CAST('2024-03-01 10:00:00.999+00' AS TIMESTAMPTZ), CAST('2024-03-01 10:01:00.998+00' AS TIMESTAMPTZ))", 0),
        ("MINUTES_BETWEEN(CAST('2024-03-01 10:00:00.999+00' AS TIMESTAMPTZ), CAST('2024-03-01 10:01:00.999+00' AS TIMESTAMPTZ))", 1),
        ("MINUTES_BETWEEN(CAST('2024-03-01 10:00:30+00' AS TIMESTAMPTZ), CAST('2024-03-01 10:00:00+00' AS TIMESTAMPTZ))", -1),
        ("MINUTES_BETWEEN(CAST('2024-02-28 23:00:00+00' AS TIMESTAMPTZ), CAST('2024-03-01 01:00:00+02' AS TIMESTAMPTZ))", 1440),
        ("'it''s a \\ and a \"'", 'it\'s a \\ and a "'),
        ("'BIT(5, 0), (it''s)'", "BIT(5, 0), (it's)"),
        ("CAST(7 AS VARCHAR)", "7"),
    ]  # fmt: skip
    for amount in _AMOUNTS:
        for signed in (amount, -amount):
            found.append((f"TO_THE_FEN(CAST('{signed!r}' AS DOUBLE))", _fen(signed)))
    pairs = "(SELECT 'b' AS v, CAST(2 AS BIGINT) AS k, CAST(1 AS BIGINT) AS l UNION ALL SELECT NULL, 1, 1 UNION ALL SELECT 'a', 2, 0) AS t"
    found += [
        (f"(SELECT OF_LEAST(v, k + l) FROM {pairs})", "a"),
        (f"(SELECT OF_LEAST_TWO(v, k, l) FROM {pairs})", "a"),
        (f"(SELECT OF_LEAST(v, k) FROM {pairs} WHERE k = 1)", None),
    ]
    return found


def unlike(engine: QueryEngine) -> list[str]:
    """The cases that an engine gets wrong, in words; all are asked in one query."""
    asked = cases()
    shown = ", ".join(f"{expression} AS c{number}" for number, (expression, _) in enumerate(asked))
    row = engine.rows(f"SELECT {shown}")[0]
    return [
        f"{render(expression, engine.dialect)} gives {got!r}, not {want!r}"
        for (expression, want), got in zip(asked, row, strict=True)
        if not _same(got, want)
    ]


def _same(got: object, want: object) -> bool:
    if isinstance(want, float) and isinstance(got, float):
        return math.isclose(got, want, rel_tol=1e-15)
    return type(got) is type(want) and got == want
