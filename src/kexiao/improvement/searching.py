"""Looking for findings: every metric watched, against earlier periods, taken apart over every dimension; and channels that keep declining."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Literal

import numpy as np

from kexiao.facts.availability import dimensions_of
from kexiao.facts.decomposition import Amounts
from kexiao.facts.dressing import Request
from kexiao.facts.evaluate import evaluate
from kexiao.facts.formula import Growth, Ratio, is_linear, rests_on_states
from kexiao.facts.metric import MetricValue, Number
from kexiao.facts.periods import Period
from kexiao.facts.source import FactSource
from kexiao.facts.units import UNKNOWN
from kexiao.improvement.breaking import EXISTING, NEW, NEWNESS, Side, breakdown_of, leading_part, ranked, split_of
from kexiao.improvement.findings import Breakdown, Comparison, Finding, Trend
from kexiao.improvement.moving import WATCHED, Pair, beyond_chance, compared
from kexiao.improvement.playbook import remedies_for
from kexiao.improvement.trends import WEEKS, declining
from kexiao.metrics.catalogue import metric_named
from kexiao.text import Text

_TRENDS = ("new_customers", "net_sales")
# Not by salesperson: people are assessed with care, here they would only be blamed. Not by member level: it follows from what the customer bought.
_SPLIT_BY = (NEWNESS, "channel", "region", "team", "segment", "category", "mode")
_VOLUME = "volume of "
_AGAINST: tuple[tuple[Literal["before", "year_before"], Callable[[Period], Period]], ...] = (
    ("before", Period.before),
    ("year_before", Period.year_before),
)
Values = Mapping[tuple[str, str], MetricValue]


def find(source: FactSource, period: Period, others: Sequence[Period]) -> tuple[Finding, ...]:
    """Every finding of a period, the unwelcome and lasting ones first."""
    values = _values(source, [period, *others])
    pairs = [[_pair(source, values, name, period, other) for name in WATCHED] for other in others]
    columns = [beyond_chance([compared(pair) for pair in column]) for column in pairs]
    comparisons = {name: tuple(column[number] for column in columns) for number, name in enumerate(WATCHED)}
    moved = {name: found for name, found in comparisons.items() if any(one.moved for one in found)}
    splits = _all_breakdowns(source, values, period, others, moved)
    found = [_moved(source, values[name, period.name], rows, splits.get(name, ())) for name, rows in moved.items()]
    found += [finding for name in _TRENDS for finding in _declines(source, name, period)]
    return tuple(sorted(found, key=_importance))


def _values(source: FactSource, periods: Sequence[Period]) -> Values:
    """Every metric watched in every period, in one pass."""
    requests = [Request(name, metric_named(name).formula, metric_named(name).unit) for name in WATCHED]
    return {(value.metric, value.period): value for value in evaluate(source, requests, periods)}


def _importance(finding: Finding) -> tuple[int, float]:
    group = 0 if finding.good is False and not finding.seasonal else 1 if finding.good is False else 2
    sizes = [abs(c.relative) for c in finding.comparisons if c.moved and c.relative is not None]
    return group, -max([*sizes, abs(finding.trend.slope) * finding.trend.periods if finding.trend else 0.0])


def _pair(source: FactSource, values: Values, name: str, period: Period, other: Period) -> Pair:
    formula = metric_named(name).formula
    growth = None
    if is_linear(formula):
        for against, compared_with in _AGAINST:
            if compared_with(period) == other:
                growth = evaluate(source, [Request(name, Growth(formula, against), "ratio")], [period])[0]
                break
    return Pair(values[name, period.name], values[name, other.name], growth)


def _moved(
    source: FactSource, now: MetricValue, comparisons: tuple[Comparison, ...], breakdowns: tuple[Breakdown, ...]
) -> Finding:
    metric = metric_named(now.metric)
    main = comparisons[_main(comparisons)]
    seasonal = (
        len(comparisons) > 1
        and comparisons[0].moved
        and comparisons[1].reason is None
        and not _alike(comparisons[0], comparisons[1])
    )
    part = leading_part(breakdowns[0]) if breakdowns else None
    good = None if metric.better == "neither" else ((main.change or 0.0) > 0) == (metric.better == "higher")
    headline = _headline(metric.label, main, now.unit, seasonal=seasonal)
    return Finding(
        id=finding_id("moved", now.metric, now.period),
        kind="moved",
        metric=now.metric,
        label=metric.label,
        unit=now.unit,
        period=now.period,
        value=None if now.value is None else float(now.value),
        good=good,
        seasonal=seasonal,
        comparisons=comparisons,
        breakdowns=breakdowns,
        trend=None,
        remedies=remedies_for(now.metric, part) if good is False else (),
        headline=headline,
        words=_joined(headline, breakdowns),
        n=now.n,
        snapshot=source.snapshot,
    )


def _alike(first: Comparison, second: Comparison) -> bool:
    return second.moved and (first.change or 0.0) * (second.change or 0.0) > 0


def finding_id(*parts: str) -> str:
    """The id of a finding, the same whenever the same thing is found again.

    >>> finding_id("moved", "new_customers", "2025Q3") == finding_id("moved", "new_customers", "2025Q3")
    True
    """
    return "f" + hashlib.sha256("\\n".join(parts).encode()).hexdigest()[:8]


def _main(comparisons: Sequence[Comparison]) -> int:
    """The place of the comparison that is explained: the first that moved."""
    return next(number for number, comparison in enumerate(comparisons) if comparison.moved)


def _all_breakdowns(
    source: FactSource,
    values: Values,
    period: Period,
    others: Sequence[Period],
    moved: Mapping[str, tuple[Comparison, ...]],
) -> dict[str, tuple[Breakdown, ...]]:
    """The breakdowns of every metric that moved, one pass a dimension."""
    found: dict[str, list[Breakdown]] = {name: [] for name in moved}
    for dimension in _SPLIT_BY:
        names = [name for name in moved if _can_be_split(name, dimension, [period, *others])]
        groups = _groups(source, names, [period, *others], dimension)
        for name in names:
            other = others[_main(moved[name])]
            now, then = (Side(values[name, p.name], groups.get((name, p.name), {})) for p in (period, other))
            split_found = split_of(metric_named(name), now, then)
            if split_found is not None and split_found.change:
                found[name].append(breakdown_of(dimension, split_found))
    return {name: ranked(breakdowns) for name, breakdowns in found.items()}


def _can_be_split(name: str, dimension: str, periods: Sequence[Period]) -> bool:
    formula = metric_named(name).formula
    if dimension != NEWNESS:
        return dimension in dimensions_of(formula)
    # Who is new is told by the month of acquisition, so periods must be whole months; states have their own notion of new.
    whole_months = all(period.grain in ("month", "quarter", "year") for period in periods)
    return whole_months and "cohort" in dimensions_of(formula) and not rests_on_states(formula)


def _group_of(dimension: str, value: MetricValue, periods: Mapping[str, Period]) -> str:
    if dimension != NEWNESS:
        return str(value.dimensions[dimension])
    month = str(value.dimensions["cohort"])
    if month == UNKNOWN:
        return UNKNOWN
    period = periods[value.period]
    return NEW if f"{period.start:%Y-%m}" <= month < f"{period.end:%Y-%m}" else EXISTING


def _groups(
    source: FactSource, names: Sequence[str], periods: Sequence[Period], dimension: str
) -> dict[tuple[str, str], dict[str, Amounts]]:
    """Per metric and period, the two amounts of each group: of a ratio its parts, of a total itself and its volume."""
    metrics = {name: metric_named(name) for name in names}
    requests = [Request(name, metric.formula, metric.unit) for name, metric in metrics.items()]
    requests += [Request(_VOLUME + name, m.volume, "count") for name, m in metrics.items() if m.volume is not None]
    found: dict[tuple[str, str], dict[str, Amounts]] = {}
    by, named = ("cohort" if dimension == NEWNESS else dimension), {period.name: period for period in periods}
    for value in evaluate(source, requests, periods, (by,)) if requests else ():
        if not value.dimensions:
            continue
        name = value.metric.removeprefix(_VOLUME)
        cells = found.setdefault((name, value.period), {})
        top, bottom = cells.get(group := _group_of(dimension, value, named), (0, 0))
        if value.metric.startswith(_VOLUME):
            cells[group] = (top, _plus(bottom, value.value))
        elif isinstance(metrics[name].formula, Ratio):
            cells[group] = (_plus(top, value.numerator), _plus(bottom, value.denominator))
        else:
            cells[group] = (_plus(top, value.value), bottom)
    return found


def _plus(sum_so_far: Number, value: Number | None) -> Number:
    """Exact amounts stay exact."""
    if isinstance(sum_so_far, float) or isinstance(value, float):
        return float(sum_so_far) + float(value or 0)
    return sum_so_far + (value or 0)


def _headline(label: Text, comparison: Comparison, unit: str, *, seasonal: bool) -> Text:
    change = comparison.change or 0.0
    words = Text(zh="{m}比 {a} {way} {by}，超出随机波动{s}", en="{m} {way} by {by} from {a}, beyond chance{s}")
    return words.fill(
        m=label,
        a=comparison.against,
        way=Text(zh="上升", en="rose") if change > 0 else Text(zh="下降", en="fell"),
        by=_amount(comparison, unit),
        s=Text(zh="；去年同期没有这样的变化，可能是季节", en="; not so against a year before, so it may be the season")
        if seasonal
        else "",
    )


def _amount(comparison: Comparison, unit: str) -> Text:
    """A change of a share or a score in points, of anything else in per cent."""
    change = abs(comparison.change or 0.0)
    if unit == "ratio" and abs(comparison.before or 0.0) <= 1:
        return Text(zh="{x:.1f} 个百分点", en="{x:.1f} points").fill(x=change * 100)
    if unit in ("nps", "score") or comparison.relative is None:
        return Text(zh="{x:.3g} 分", en="{x:.3g} points").fill(x=change)
    return Text.same(f"{abs(comparison.relative):.1%}".replace("%", " %"))


def _joined(headline: Text, breakdowns: Sequence[Breakdown]) -> Text:
    said = [found.words for found in breakdowns[:2]]
    if any(found.simpson for found in breakdowns):
        said.append(_SIMPSON)
    return Text(
        zh="。".join([headline.zh, "".join(t.zh for t in said)]),
        en=". ".join([headline.en, " ".join(t.en for t in said)]),
    )


def _declines(source: FactSource, name: str, period: Period) -> list[Finding]:
    """Channels that keep losing ground over the year up to the period's end."""
    metric = metric_named(name)
    first = period.end - timedelta(days=7 * WEEKS)
    # Seven-day blocks count as weeks, so that one pass reads them all; they end with the period, whatever its weekday.
    blocks = [Period(first + timedelta(days=7 * n), first + timedelta(days=7 * n + 7), "week") for n in range(WEEKS)]
    values = [
        v for v in evaluate(source, [Request(name, metric.formula, metric.unit)], blocks, ("channel",)) if v.dimensions
    ]
    if not values or not all(value.complete and "history_too_short" not in value.settings["marks"] for value in values):
        return []
    places = {block.name: number for number, block in enumerate(blocks)}
    table: dict[str, np.ndarray] = {}
    for value in values:
        channel = str(value.dimensions["channel"])
        if channel != UNKNOWN:
            table.setdefault(channel, np.zeros(WEEKS))[places[value.period]] = float(value.value or 0)
    return [_declining(source, metric.label, name, metric.unit, period, trend) for trend in declining("channel", table)]


def _declining(source: FactSource, label: Text, name: str, unit: str, period: Period, trend: Trend) -> Finding:
    words = Text(
        zh="{c}的{m}相对其他渠道连续走低：{n} 个月里平均每月 {s:.1%}（95 % 区间 {a:.1%} 至 {b:.1%}；无事发生时误报不超过 {f:.0%}）",
        en=(
            "{m} of {c} keep falling behind the other channels: {s:.1%} a month over {n} months (95 % interval {a:.1%} to {b:.1%}; at most {f:.0%} false alarms "
            "when nothing goes on)"
        ),
    ).fill(
        c=trend.segment, m=label, n=trend.periods, s=trend.slope, a=trend.slope_low, b=trend.slope_high, f=trend.false_alarm_rate
    )  # fmt: skip
    return Finding(
        id=finding_id("declining", name, period.name, trend.dimension, trend.segment),
        kind="declining",
        metric=name,
        label=label,
        unit=unit,
        period=period.name,
        value=None,
        good=False,
        seasonal=False,
        comparisons=(),
        breakdowns=(),
        trend=trend,
        remedies=remedies_for(name),
        headline=Text(zh="{c}的{m}持续走低", en="{m} of {c} keep declining").fill(c=trend.segment, m=label),
        words=words,
        n=None,
        snapshot=source.snapshot,
    )


_SIMPSON = Text(
    zh="注意：每一组的方向都与总体相反（辛普森悖论），总体的变化来自结构。",
    en="Note: every segment moved against the whole (Simpson's paradox); the change comes from the mix.",
)
