"""Whether a formula can be computed: are its tables there, do they know the dimensions, is the period covered and over, is history long enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from kexiao.facts.formula import (
    ATOMS,
    CohortSecondOrder,
    CohortShare,
    Formula,
    ScoreMean,
    State,
    TopShare,
    rests_on_activity,
    rests_on_states,
    walk,
)
from kexiao.facts.listening import LISTENING_LABELS
from kexiao.facts.passes import Gini, OwnPass
from kexiao.facts.periods import Period
from kexiao.facts.selling import SELLING_LABELS
from kexiao.facts.source import FactSource, covered_until
from kexiao.facts.subjects import COVERAGE_LABELS, CUSTOMER_DIMENSIONS, DIMENSION_LABELS
from kexiao.facts.units import fact_for
from kexiao.tables.catalogue import all_tables, table_named
from kexiao.text import Text

_KNOWN_CUSTOMERS_SHARE = 0.95
_YEAR = 365
_LABELS = {**COVERAGE_LABELS, **SELLING_LABELS, **LISTENING_LABELS}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a period stands to the data: ``reason`` why nothing can be said, ``complete``, and ``history_too_short``."""

    reason: Text | None
    complete: bool
    history_too_short: bool


def tables_of(formula: Formula) -> list[tuple[str, ...]]:
    """The canonical tables that a formula rests on, a group a fact."""
    found = [part.fact.canonical for part in walk(formula) if isinstance(part, ATOMS)]
    found += [group for part in walk(formula) if isinstance(part, OwnPass) for group in part.canonical]
    if any(isinstance(part, (State, CohortShare, CohortSecondOrder, ScoreMean)) for part in walk(formula)):
        found.append(("orders",))
    return list(dict.fromkeys(found))


def dimensions_of(formula: Formula) -> set[str]:
    """The dimensions along which a formula can be broken down."""
    allowed: set[str] | None = None
    for part in walk(formula):
        own: set[str] | None = None
        if isinstance(part, ATOMS):
            own = {name for name in DIMENSION_LABELS if fact_for(part, (name,)) is not None}
        elif isinstance(part, (State, CohortSecondOrder, CohortShare)):
            own = set(CUSTOMER_DIMENSIONS)
        elif isinstance(part, OwnPass):
            own = set(part.broken_down_by)
        elif isinstance(part, ScoreMean):
            own = {"channel", "campaign", "region"}
        if own is not None:
            allowed = own if allowed is None else allowed & own
    return allowed or set()


def why_not(source: FactSource, formula: Formula, dimensions: Sequence[str]) -> Text | None:
    """Why a formula cannot be computed at all along these dimensions; None where it can."""
    for tables in tables_of(formula):
        if lacking := missing_of(source, tables):
            return Text(
                zh="还没有{table}；导入后可用。",
                en="There is nothing of this kind yet: {table}; load some to see this.",
            ).fill(table=table_label(lacking))
    possible = dimensions_of(formula)
    wrong = [name for name in dimensions if name not in possible]
    if wrong:
        listed = [DIMENSION_LABELS[name] for name in DIMENSION_LABELS if name in possible]
        return Text(zh="不能按{d}细分；可以按：{ok}。", en="Cannot be broken down by {d}; possible: {ok}.").fill(
            d=DIMENSION_LABELS.get(wrong[0], Text.same(wrong[0])), ok=_joined(listed)
        )
    if any(isinstance(part, (TopShare, Gini)) for part in walk(formula)) and "category" in dimensions:
        return Text(zh="客户集中度不按商品类别细分。", en="Concentration is not broken down by product category.")
    return None


def missing_of(source: FactSource, tables: tuple[str, ...]) -> str | None:
    """What is missing for a fact: the first canonical table without rows, else the coverage of its own (a column that is never filled)."""
    if source.covered(tables) is not None:
        return None
    return next((name for name in tables if name in all_tables() and name not in source.coverage), tables[0])


def table_label(name: str) -> Text:
    """A table's name, or that of what has a coverage of its own."""
    return table_named(name).label if name in all_tables() else _LABELS[name]


def _joined(texts: Sequence[Text]) -> Text:
    return Text(zh="、".join(t.zh for t in texts) or "—", en=", ".join(t.en.lower() for t in texts) or "—")


def standing(source: FactSource, formula: Formula, period: Period) -> Standing:
    """How a period stands to the data that a formula rests on."""
    groups = [(tables, source.covered(tables)) for tables in tables_of(formula)]
    ends = [covered_until(source.coverage, tables) for tables, _ in groups]
    end = min((day for day in ends if day), default=period.start)
    first = max((covered.first for _, covered in groups if covered), default=period.start)
    reason = None
    if period.end <= first or period.start >= end:
        reason = Text(zh="数据只覆盖 {a} 至 {b}。", en="The data cover {a} to {b} only.").fill(
            a=first, b=end - timedelta(days=1)
        )
    complete = period.end <= end and period.end <= source.now
    return Standing(reason, complete, _history_too_short(source, formula, period))


def _history_too_short(source: FactSource, formula: Formula, period: Period) -> bool:
    """Too early: who is new is known from acquisition days on file, who was active only if nobody came before the data."""
    orders = source.coverage.get("orders")
    on_file = source.acquired_on_share >= _KNOWN_CUSTOMERS_SHARE
    if orders is None or (on_file and source.acquired_earlier_share <= 1 - _KNOWN_CUSTOMERS_SHARE):
        return False
    needed = _history_needed(formula, source.policy.window, on_file)
    return needed > 0 and period.start < orders.first + timedelta(days=needed)


def _history_needed(formula: Formula, window: int, on_file: bool) -> int:
    """How many days of orders before a period a formula rests on."""
    looks_back = {part.fact.looks_back for part in walk(formula) if isinstance(part, ATOMS)}
    looks_back |= {part.looks_back for part in walk(formula) if isinstance(part, OwnPass)}
    acquired = rests_on_states(formula) or "acquired" in looks_back
    return max(
        window if rests_on_activity(formula) or "window" in looks_back or (acquired and not on_file) else 0,
        _YEAR if "year" in looks_back else 0,
    )


def elapsed_days(source: FactSource, formula: Formula, period: Period) -> int:
    """How many days of a period the data cover so far."""
    ends = [day for tables in tables_of(formula) if (day := covered_until(source.coverage, tables))]
    return max(0, (min([period.end, source.now, *ends]) - period.start).days)
