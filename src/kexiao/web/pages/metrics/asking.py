"""What the metric pages ask of the cycle, remembered between requests."""

from __future__ import annotations

from dataclasses import dataclass

from kexiao.cycle.explain import rows as rows_of
from kexiao.facts.availability import dimensions_of
from kexiao.facts.metric import MetricValue
from kexiao.facts.rows import BehindRow
from kexiao.facts.source import FactSource
from kexiao.facts.subjects import DIMENSION_LABELS
from kexiao.metrics.catalogue import metric_named
from kexiao.text import Text
from kexiao.web import workspace
from kexiao.web.choices import Chosen

MOST_ROWS = 200
MOST_GROUPS = 30
_NOT_OFFERED = {"cohort", "age", "product"}


@dataclass(frozen=True, slots=True)
class Behind:
    """The first rows behind a number and how many there are; or the reason why there is no such list."""

    rows: tuple[BehindRow, ...]
    count: int
    reason: Text | None


def dimensions(name: str) -> list[str]:
    """The dimensions along which a metric can be shown."""
    possible = dimensions_of(metric_named(name).formula) - _NOT_OFFERED
    return [d for d in DIMENSION_LABELS if d in possible]


def breakdown_of(name: str, choice: Chosen, by: str) -> list[MetricValue]:
    """The groups of a dimension, those with the most behind them first."""
    values = [v for v in workspace.measured((name,), choice.period, by=(by,)) if by in v.dimensions]
    return sorted(values, key=lambda v: (v.value is None, -(v.n or 0), -float(v.value or 0)))[:MOST_GROUPS]


def rows_shown(name: str, choice: Chosen) -> Behind:
    """The rows behind a number, so many as a page shows."""

    def first_rows(source: FactSource) -> Behind:
        found = rows_of(source, name, choice.period)
        if isinstance(found, Text):
            return Behind((), 0, found)
        return Behind(tuple(found[:MOST_ROWS]), len(found), None)

    return workspace.ask(("rows", name, choice.period), first_rows)
