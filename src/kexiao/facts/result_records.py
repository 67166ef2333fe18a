"""Values of metrics as one compact JSON document and back, type for type: exact decimals, nulls, reasons, limits, marks.

Column by column, with what repeats (names, dimensions, settings, reasons) written once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from kexiao.facts.metric import MetricValue
from kexiao.text import Text

_FIELDS = tuple(MetricValue.__dataclass_fields__)
_REPEATING = ("metric", "period", "dimensions", "unit", "variant", "settings", "reason", "snapshot")


def packed(values: Sequence[MetricValue]) -> dict[str, Any]:
    """Values as plain JSON types. Raises ``TypeError`` for a value of a type that would not come back as it was."""
    columns: dict[str, Any] = {}
    for name in _FIELDS:
        column = [getattr(value, name) for value in values]
        if name in _REPEATING:
            columns[name] = _pooled(column, repr if name == "settings" else _same)
        else:
            columns[name] = [_number(one) for one in column]
    return columns


def unpacked(columns: dict[str, Any]) -> tuple[MetricValue, ...]:
    """The values again. Raises ``KeyError``, ``TypeError``, ``ValueError`` or the like for what ``packed`` did not make."""
    found = []
    for name in _FIELDS:
        if name in _REPEATING:
            pool = [_read(one) for one in columns[name]["pool"]]
            found.append([pool[at] for at in columns[name]["at"]])
        else:
            found.append([Decimal(one) if type(one) is str else one for one in columns[name]])
    if len({len(column) for column in found}) != 1:
        raise ValueError("columns of different length")
    return tuple(map(MetricValue, *found))


def _same(value: Any) -> Hashable:
    return tuple(value.items()) if isinstance(value, dict) else value


def _pooled(column: Iterable[Any], same: Callable[[Any], Hashable]) -> dict[str, Any]:
    """Different values once, and for each row which of them it has."""
    pool: dict[Hashable, int] = {}
    shown: list[Any] = []
    at = []
    for value in column:
        known = same(value)
        place = pool.get(known)
        if place is None:
            place = pool[known] = len(shown)
            shown.append(_plain(value))
        at.append(place)
    return {"pool": shown, "at": at}


def _number(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, int):
        return int(value)
    raise TypeError(f"{type(value).__name__} is no number to store")


def _plain(value: Any) -> Any:
    """What is no JSON as a list that begins with its kind; lists bear theirs too, so nothing is mistaken."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Text):
        return ["text", value.zh, value.en]
    if isinstance(value, Decimal):
        return ["decimal", str(value)]
    if isinstance(value, date):
        return ["date", value.isoformat()]
    if isinstance(value, (list, tuple)):
        return ["list" if isinstance(value, list) else "tuple", *map(_plain, value)]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: _plain(part) for key, part in value.items()}
    raise TypeError(f"{type(value).__name__} is nothing to store")


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _read(part) for key, part in value.items()}
    if not isinstance(value, list):
        return value
    kind, *parts = value
    if kind == "text":
        return Text(zh=parts[0], en=parts[1])
    if kind == "decimal":
        return Decimal(parts[0])
    if kind == "date":
        return date.fromisoformat(parts[0])
    return [_read(part) for part in parts] if kind == "list" else tuple(_read(part) for part in parts)
