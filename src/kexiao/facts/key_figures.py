"""The pass over a campaign's days and the same number of days before them: how a figure changed, which proves nothing by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from kexiao.facts import intervals
from kexiao.facts.dressing import Part, few
from kexiao.facts.grouping import cell_of, grouping
from kexiao.facts.growth import paired_sql, why_no_comparison
from kexiao.facts.passes import KeyFigureChange
from kexiao.facts.periods import Period
from kexiao.facts.source import FactSource, covered_until
from kexiao.facts.units import Cell, Filters, SumsQuery
from kexiao.text import Text


@dataclass(frozen=True, slots=True)
class _Campaign:
    """A campaign's channel, its days, and as many days before them."""

    channel: str | None
    days: Period
    before: Period


def run_key_figure_change(
    source: FactSource, formula: KeyFigureChange, periods: Sequence[Period], dimensions: tuple[str, ...], where: Filters
) -> dict[Cell, Part]:
    """The change by cell, where one campaign ended in it; those whose days are not over yet are left out and counted."""
    over: dict[Cell, list[_Campaign]] = defaultdict(list)
    early: dict[Cell, int] = defaultdict(int)
    end = covered_until(source.coverage, ("orders",)) or source.now
    for group, campaign in _campaigns(source, dimensions, where):
        last = campaign.days.end - timedelta(days=1)
        for number, period in enumerate(periods):
            if not period.start <= last < period.end:
                continue
            if campaign.days.end <= min(end, source.now):
                over[cell_of(number, group)].append(campaign)
            else:
                early[cell_of(number, group)] += 1
    return {cell: _change(source, formula, over.get(cell, []), early[cell]) for cell in {**over, **early}}


def _campaigns(
    source: FactSource, dimensions: tuple[str, ...], where: Filters
) -> list[tuple[tuple[object, ...], _Campaign]]:
    by = grouping(dimensions, where, None)
    sql = f"SELECT channel, start_on, end_on{by.selected} FROM campaigns WHERE end_on >= start_on{by.filters} ORDER BY campaign"
    found = []
    for channel, first, last, *group in source.query(sql):
        end, days = last + timedelta(days=1), (last - first).days + 1
        own = Period(first, end, "range", source.fiscal_start)
        before = Period(first - timedelta(days=days), first, "range", source.fiscal_start)
        found.append((tuple(group), _Campaign(channel, own, before)))
    return found


def _change(source: FactSource, formula: KeyFigureChange, campaigns: Sequence[_Campaign], early: int) -> Part:
    immature = early or None
    if not campaigns:
        return Part(None, n=0, reason=_TOO_EARLY, immature=immature)
    if len(campaigns) > 1:
        return Part(None, n=len(campaigns), reason=_SEVERAL.fill(n=len(campaigns)), immature=immature)
    (campaign,) = campaigns
    if reason := why_no_comparison(source, formula.of, campaign.before):
        return Part(None, reason=reason, immature=immature)
    # In the channel that it runs in, where it names one: what others sell would drown it.
    where = (("channel", campaign.channel),) if campaign.channel else ()
    query = SumsQuery((formula.of,), (), (campaign.days, campaign.before), (), where)
    rows = source.query(paired_sql(query, formula.of, 1))
    now, then, units, squares = rows[0][1:5] if rows else (0, 0, 0, 0)
    change = (now or 0) - (then or 0)
    limits = intervals.around(float(change), float(squares)) if units else None
    marks = ("not_proof", *few(units or 0))
    shown = {"days_compared": campaign.days.days}
    return Part(change, now or 0, then or 0, int(units or 0), limits, None, marks, immature, shown)


_SEVERAL = Text(
    zh="该期有 {n} 个活动结束，各有各的对比天数，不能相加；请按活动细分。",
    en="{n} campaigns ended in the period, each with days of its own to compare; break it down by campaign.",
)
_TOO_EARLY = Text(zh="活动还没有结束。", en="The campaign is not over yet.")
