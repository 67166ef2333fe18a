"""A metric and its value: what the catalogue's blocks are made of, and what comes with every number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from kexiao.facts.formula import Formula
from kexiao.text import Text

Better = Literal["higher", "lower", "neither"]
Unit = Literal[
    "customers", "count", "orders", "ratio", "money", "money/order", "money/customer", "orders/customer", "items/order",
    "score", "nps", "per_100_customers", "per_1000_orders", "money/lead", "money/person", "money/click", "money/thousand", "days", "hours", "months", "periods", "times", "index", "count/lead",
]  # fmt: skip
Number = int | float | Decimal


@dataclass(frozen=True, slots=True)
class Example:
    """A worked example: rows of canonical tables drawn as text, a period, and the answer; it is the test and the documentation.

    ``where`` picks one cell of a breakdown. Columns left out are null; a table starts with its header line.
    """

    tables: Mapping[str, str]
    answer: float | None
    period: str = "2025-03"
    window: int | None = None
    dimensions: Mapping[str, str | int] = field(default_factory=dict)
    variant: str | None = None


@dataclass(frozen=True, slots=True)
class Variant:
    """A formula that others print for the same name, computed beside ours; ``unit`` where it is not the metric's."""

    label: Text
    formula: Formula
    caution: Text
    unit: Unit | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of the catalogue; its name is the name of the variable that holds it. A company's own may do without an example."""

    label: Text
    why: Text
    formula: Formula
    unit: Unit
    better: Better
    source: Text
    example: Example | None = None
    variants: Mapping[str, Variant] = field(default_factory=dict)
    volume: Formula | None = None
    more_examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class MetricValue:
    """One number with all that comes with it, in the order in which it is exported."""

    metric: str
    period: str
    dimensions: Mapping[str, Any]
    value: Number | None
    unit: str
    numerator: Number | None
    denominator: Number | None
    n: int | None
    interval_low: float | None
    interval_high: float | None
    complete: bool
    immature: int | None
    variant: str | None
    settings: Mapping[str, Any]
    reason: Text | None
    snapshot: str

    def as_record(self, language: Literal["zh", "en"] | None = None) -> dict[str, Any]:
        """The value as plain JSON types: numbers are numbers, money keeps its two places."""
        record = {name: getattr(self, name) for name in self.__dataclass_fields__}
        record["dimensions"], record["settings"] = dict(self.dimensions), dict(self.settings)
        record["reason"] = self.reason(language) if self.reason else None
        return {name: _plain(value) for name, value in record.items()}


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value
