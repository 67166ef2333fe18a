"""The passes over quotas and the open pipeline: what was to be sold, what is left of it, and what may still come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from kexiao.facts.availability import elapsed_days
from kexiao.facts.dressing import Part
from kexiao.facts.grouping import cell_of, grouping
from kexiao.facts.passes import OpenPipeline, Quota
from kexiao.facts.periods import Period
from kexiao.facts.source import FactSource, covered_until
from kexiao.facts.sums import run_sums
from kexiao.facts.units import UNKNOWN, Cell, Filters, SumsQuery
from kexiao.text import Text

_EXACTLY = {"no_interval": "known_exactly"}


@dataclass(frozen=True, slots=True)
class Term:
    """One quota on the days [first, until) on which its holder has it; ``value`` is for ``days`` days."""

    holder: str
    team: str | None
    region: str | None
    first: date
    until: date
    value: Fraction
    days: int


def run_quota(
    source: FactSource, formula: Quota, periods: Sequence[Period], dimensions: tuple[str, ...], where: Filters
) -> dict[Cell, Part]:
    """Quotas by cell, by the days in post; of several that cover a day the shortest counts (a month's before its quarter's)."""
    sql = "SELECT holder, salesperson, team, region, from_on, until_on, value, days FROM quota_terms"
    terms: dict[tuple[str | None, ...], list[Term]] = defaultdict(list)
    for holder, person, team, region, first, until, value, days in source.query(sql):
        known = {"salesperson": person, "team": team, "region": region}
        if all((known[name] or UNKNOWN) == wanted for name, wanted in where):
            group = tuple(known[name] for name in dimensions)
            terms[group].append(Term(holder, team, region, first, until, Fraction(str(value)), int(days)))
    found: dict[Cell, Part] = {}
    for number, period in enumerate(periods):
        for group, held in terms.items():
            amount = quota_of(held, period)
            if amount is not None:
                found[cell_of(number, group)] = Part(float(amount), shown=_EXACTLY)
    return _left(source, formula, found, periods, dimensions, where) if formula.less else found


def quota_of(terms: Iterable[Term], period: Period) -> Fraction | None:
    """What the holders are to sell in a period; None where none has a quota on any of its days.

    >>> from kexiao.facts.periods import parse
    >>> quarter = Term("s1", None, None, date(2025, 1, 1), date(2025, 4, 1), Fraction(900), 90)
    >>> march = Term("s1", None, None, date(2025, 3, 1), date(2025, 4, 1), Fraction(500), 31)
    >>> int(quota_of([quarter, march], parse("2025Q1")))
    1090
    """
    of_holder: dict[str, list[Term]] = defaultdict(list)
    for term in terms:
        if term.first < period.end and term.until > period.start:
            of_holder[term.holder].append(term)
    return sum((_of_one(held, period) for held in of_holder.values()), Fraction(0)) if of_holder else None


def _of_one(terms: Sequence[Term], period: Period) -> Fraction:
    edges = {day for term in terms for day in (max(term.first, period.start), min(term.until, period.end))}
    total = Fraction(0)
    ordered = sorted(edges)
    for first, until in pairwise(ordered):
        covering = [term for term in terms if term.first <= first and until <= term.until]
        if covering:
            term = min(covering, key=lambda one: (one.days, -one.value))
            total += term.value * (until - first).days / term.days
    return total


def _left(
    source: FactSource,
    formula: Quota,
    quotas: dict[Cell, Part],
    periods: Sequence[Period],
    dimensions: tuple[str, ...],
    where: Filters,
) -> dict[Cell, Part]:
    """What is left of the quotas after what was sold so far; nothing where they are met."""
    assert formula.less is not None
    sold = run_sums(source, SumsQuery((formula.less,), (), tuple(periods), dimensions, where)).terms
    found = {}
    for cell, quota in quotas.items():
        term = sold.get(cell, {}).get(formula.less)
        left = float(quota.value or 0) - (float(term.total) if term else 0.0)
        met = Text(zh="指标已完成，没有余额需要覆盖。", en="The quota is met, so nothing is left to cover.")
        found[cell] = Part(left, shown=_EXACTLY) if left > 0 else Part(None, reason=met)
    return found


def run_open_pipeline(
    source: FactSource, formula: OpenPipeline, periods: Sequence[Period], dimensions: tuple[str, ...], where: Filters
) -> dict[Cell, Part]:
    """What opportunities open at each period's end (so far) are expected to bring."""
    by = grouping(dimensions, where, None)
    edge = covered_until(source.coverage, ("opportunities",))
    found: dict[Cell, Part] = {}
    for number, period in enumerate(periods):
        end = period.start + timedelta(days=elapsed_days(source, formula, period))
        if end <= period.start:
            continue
        # What a source that keeps one day alone calls won or lost is so by the data's last day, even where that day lies ahead.
        closed = "closed_on" if edge and end >= edge else "coalesce(closed_on, expected_on)"
        sql = f"""
            SELECT count(*), coalesce(sum(amount), 0), sum(CASE WHEN amount IS NULL THEN 1 ELSE 0 END){by.names} FROM (
                SELECT amount{by.selected} FROM opportunities WHERE opened_on < DAY_OF('{end}') AND (status = 'open' OR {closed} >= DAY_OF('{end}')){by.filters}
            ) {by.grouped}"""
        for deals, amount, unknown, *group in source.query(sql):
            found[cell_of(number, group)] = _pipeline(int(deals), amount, int(unknown or 0))
    return found


def _pipeline(deals: int, amount: object, unknown: int) -> Part:
    if unknown:
        reason = Text(zh="有 {n} 个进行中的商机没有金额。", en="{n} open opportunities have no amount.").fill(n=unknown)
        return Part(None, n=deals, reason=reason)
    return Part(amount, n=deals, shown=_EXACTLY)  # type: ignore[arg-type]
