"""What the records of a table look like, so that one swallowed by an open quote is noticed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

_CLASSES = (
    ("number", re.compile(r"^[-+]?[¥￥$€]?\d[\d,]*(\.\d+)?%?$")),
    ("date", re.compile(r"^\d{4}[-/.年]\d{1,2}([-/.月]\d{1,2}.*)?$")),
    ("key", re.compile(r"^(?=.*\d)[A-Za-z0-9_-]{4,}$")),
)
FEWEST = 3
"""So many records are needed before their shape says anything."""


def class_of(cell: str) -> str:
    """The class of a cell: number, date, key, text, or empty.

    >>> [class_of(cell) for cell in ("12.50", "2025-01-06 09:00", "SO20250001", "很好", "")]
    ['number', 'date', 'key', 'text', '']
    """
    bare = cell.strip().strip('"')
    if not bare:
        return ""
    return next((name for name, pattern in _CLASSES if pattern.match(bare)), "text")


def record_test(records: Sequence[Sequence[str]], width: int, delimiter: str) -> Callable[[str], bool] | None:
    """A function that tells whether a line looks like a record of its own; None where the columns tell nothing.

    Columns that hold almost only numbers, dates or keys tell; a line of free text hardly matches two of them.
    """
    telling = {}
    for column in range(width):
        seen = Counter(class_of(record[column]) for record in records if len(record) == width)
        seen.pop("", None)
        if seen.total() >= FEWEST:
            name, times = seen.most_common(1)[0]
            if name != "text" and times >= 0.9 * seen.total():
                telling[column] = name
    if len(telling) < 2:
        return None

    def is_record(line: str) -> bool:
        cells = line.split(delimiter)
        if len(cells) != width:
            return False
        found = [class_of(cells[column]) for column in telling]
        matching = sum(one == name for one, name in zip(found, telling.values(), strict=True))
        return matching >= 2 and matching >= 0.75 * sum(bool(one) for one in found)

    return is_record
