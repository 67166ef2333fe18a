"""Results as plain JSON and back: what is stored at a close, printed by the command line and read by pages is one and the same.

A ``Text`` becomes ``{"zh": …, "en": …}``, a date its ISO name, a decimal a number, a tuple a list.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

Kind = TypeVar("Kind")


def record_of(value: Any) -> Any:
    """A value as plain JSON types; a number that is not finite is refused, since null with a reason is what it should have been.

    >>> from kexiao.text import Text
    >>> record_of((Text(zh="好", en="good"), Decimal("1.50"), date(2025, 7, 1)))
    [{'zh': '好', 'en': 'good'}, 1.5, '2025-07-01']
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: record_of(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): record_of(part) for name, part in value.items()}
    if isinstance(value, (tuple, list)):
        return [record_of(part) for part in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is no number to store")
    return value


def value_from(kind: type[Kind], record: Any) -> Kind:
    """The value of a described type from its plain record, the reverse of ``record_of``.

    >>> from kexiao.text import Text
    >>> value_from(tuple[Text, ...], [{"zh": "好", "en": "good"}])
    (Text(zh='好', en='good'),)
    """
    return cast(Kind, _read(kind, record))


def _read(kind: Any, record: Any) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        if record is None or (isinstance(record, str) and str in inner):
            return record
        return _read(next(part for part in inner if part is not NoneType), record)
    if origin is tuple:
        parts = [inner[0]] * len(record) if inner[-1] is Ellipsis else inner
        return tuple(_read(part, item) for part, item in zip(parts, record, strict=True))
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return {name: _read(inner[1], item) for name, item in record.items()}
    return _read_plain(kind, record)


def _read_plain(kind: Any, record: Any) -> Any:
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{name: _read(hint, record[name]) for name, hint in hints.items() if name in record})
    if kind is date:
        return date.fromisoformat(record)
    return float(record) if kind is float else record


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
