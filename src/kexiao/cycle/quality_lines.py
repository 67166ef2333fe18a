"""Quality as people read it: one line a table, and how each source went from load to load."""

from __future__ import annotations

from dataclasses import dataclass

from kexiao.cycle.quality import NAMES, Quality
from kexiao.cycle.quality_gate import shortfalls
from kexiao.facts.metric import MetricValue
from kexiao.tables.catalogue import table_named
from kexiao.text import Text


def written(value: MetricValue | None) -> str | None:
    """A value as text, rounded to its worse side, so that 99.99 % never reads as all; None where it cannot be told."""
    if value is None or value.value is None:
        return None
    if value.unit == "hours":
        return f"{value.value:,.1f}"
    return f"{int(float(value.value) * 1000) / 10:.1f} %"


@dataclass(frozen=True, slots=True)
class QualityLine:
    """One table's quality as text, with why lateness cannot be told and what is below a limit."""

    table: Text
    rows: int
    accuracy: str | None
    completeness: str | None
    late: str | None
    late_reason: Text | None
    short: tuple[Text, ...]


def quality_lines(found: Quality) -> list[QualityLine]:
    """One line a table, in the order of the catalogue."""
    lines = []
    for name in dict.fromkeys(str(value.dimensions["table"]) for value in found.tables):
        values = {metric: found.of(metric, name) for metric in NAMES}
        shares = [written(values[metric]) for metric in NAMES]
        late, accuracy = values[NAMES[2]], values[NAMES[0]]
        short = tuple(one.words() for one in shortfalls(found, [name]))
        rows = int(accuracy.denominator or 0) if accuracy else 0
        lines.append(QualityLine(table_named(name).label, rows, shares[0], shares[1], shares[2], late.reason if late else None, short))  # fmt: skip
    return lines


@dataclass(frozen=True, slots=True)
class Trend:
    """How the accuracy of one source went, load by load: (day, file, share as text), oldest first."""

    source: str
    loads: tuple[tuple[str, str, str | None], ...]


def trends(found: Quality, most: int = 12) -> list[Trend]:
    """The last loads of each source that was loaded more than once."""
    by_source: dict[str, list[tuple[str, str, str | None]]] = {}
    for value in found.loads:
        one = (value.period, str(value.dimensions["file"]), written(value))
        by_source.setdefault(str(value.dimensions["source"]), []).append(one)
    return [Trend(source, tuple(loads[-most:])) for source, loads in by_source.items() if len(loads) > 1]
