"""Records as JSON has them → one level of text cells."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

BETWEEN = "┋"
"""What stands between several options of one answer, as 问卷星 writes it."""


def flat(record: Mapping[str, Any]) -> dict[str, str | None]:
    """One record as text cells: what lies inside another value is named with a dot, several plain values stand in one cell.

    >>> flat({"id": 7, "Owner": {"name": "Li", "id": "9"}, "tags": ["a", "b"], "won": True, "sum": Decimal("1E+2")})
    {'id': '7', 'Owner.name': 'Li', 'Owner.id': '9', 'tags': 'a┋b', 'won': 'TRUE', 'sum': '100'}
    """
    cells: dict[str, str | None] = {}
    for name, value in record.items():
        if isinstance(value, Mapping) and value:
            cells |= {f"{name}.{inner}": cell for inner, cell in flat(value).items()}
        else:
            cells[str(name)] = cell_of(value)
    return cells


def cell_of(value: object) -> str | None:
    """One value as text, exact; an empty text is None.

    >>> cell_of(Decimal("0.10")), cell_of(0.1), cell_of([]), cell_of("")
    ('0.10', '0.1', None, None)
    """
    if value is None or value in ("", [], {}):
        return None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else str(value)
    if isinstance(value, list):
        if all(isinstance(one, str | int | Decimal | bool) for one in value):
            return BETWEEN.join(cell_of(one) or "" for one in value)
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def instant_of(text: str | None) -> datetime | None:
    """An instant from ISO text with a zone, or from epoch milliseconds; None for anything else.

    >>> instant_of("2025-01-01T08:00:00+08:00").isoformat(), instant_of("1735689600000").isoformat(), instant_of("soon")
    ('2025-01-01T00:00:00+00:00', '2025-01-01T00:00:00+00:00', None)
    """
    if not text:
        return None
    if text.isdigit() and len(text) == 13:
        return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(text))
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if when.tzinfo is None else when.astimezone(UTC)


def written(when: datetime) -> str:
    """An instant as the text that sorts as time does.

    >>> written(datetime(2025, 1, 1, tzinfo=UTC))
    '2025-01-01T00:00:00.000000+00:00'
    """
    return when.astimezone(UTC).isoformat(timespec="microseconds")
