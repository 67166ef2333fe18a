"""Improve: what moved and where it came from, which remedies fit, which initiatives run, and which are overdue; and writing down a new one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Literal

import numpy as np

from kexiao.cycle.explain import dimensions_to_split
from kexiao.cycle.review import kept_verdicts
from kexiao.effect.verdicts import Outcome
from kexiao.engine.folder import Folder
from kexiao.engine.posix import write_durably
from kexiao.errors import WrongUse, unknown_name
from kexiao.facts.availability import dimensions_of
from kexiao.facts.decomposition import Amounts
from kexiao.facts.evaluate import Request, evaluate
from kexiao.facts.formula import Growth, Ratio, is_linear, rests_on_states
from kexiao.facts.metric import MetricValue, Number
from kexiao.facts.periods import Period, parse, period_holding
from kexiao.facts.source import FactSource, open_facts
from kexiao.facts.units import UNKNOWN
from kexiao.improvement.breaking import EXISTING, NEW, NEWNESS, Side, breakdown_of, leading_part, ranked, split_of
from kexiao.improvement.findings import Breakdown, Comparison, Finding, Trend
from kexiao.improvement.initiatives import Improvement, Initiative, Overdue, Scope, Suggestion
from kexiao.improvement.moving import WATCHED, Pair, beyond_chance, compared
from kexiao.improvement.playbook import PLAYBOOK, Remedy, remedies_for
from kexiao.improvement.reading import read_initiatives, write_initiative
from kexiao.improvement.trends import WEEKS, declining
from kexiao.metrics.catalogue import metric_named
from kexiao.text import Text

FOLDER = "findings"
_TRENDS = ("new_customers", "net_sales")
# Not by salesperson: people are assessed with care, here they would only be blamed. Not by member level: it follows from what the customer bought.
_SPLIT_BY = (NEWNESS, "channel", "region", "team", "segment", "category", "mode")
_SUGGESTED = 2
_VOLUME = "volume of "
_AGAINST: tuple[tuple[Literal["before", "year_before"], Callable[[Period], Period]], ...] = (
    ("before", Period.before),
    ("year_before", Period.year_before),
)
Values = Mapping[tuple[str, str], MetricValue]


def improve(
    folder: Folder,
    period: str | None = None,
    against: str | None = None,
    *,
    as_of: str | None = None,
    today: date | None = None,
) -> Improvement:
    """Findings of a period (the last complete quarter unless named) against the one before and the same a year before, or against one period named.

    Findings over the newest data are written to ``findings/<period>.json``. Errors: ``WrongUse`` for what is no period, ``InputRejected`` for an initiative that
    cannot be read.
    """
    source = open_facts(folder, as_of=as_of)
    now = parse(period, folder.fiscal_year_start) if period else last_complete_quarter(source)
    others = [parse(against, folder.fiscal_year_start)] if against else [now.before(), now.year_before()]
    findings = find(source, now, others)
    initiatives = read_initiatives(folder.root)
    found = Improvement(
        period=now.name,
        against=tuple(other.name for other in others),
        findings=findings,
        suggestions=_suggestions(findings, _past(folder, initiatives)),
        initiatives=initiatives,
        overdue=_overdue(initiatives, today or date.today()),
        notes=(_NOTE,),
        snapshot=source.snapshot,
    )
    if as_of is None:
        content = json.dumps(
            [f.record() for f in findings], ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False
        )
        write_durably(folder.root / FOLDER / f"{now.name}.json", content.encode())
    return found


def last_complete_quarter(source: FactSource) -> Period:
    """The last quarter that the orders cover to its end. Errors: ``WrongUse`` where they cover none."""
    orders = source.coverage.get("orders")
    if orders is not None:
        end = min(orders.last + timedelta(days=1), source.now)
        quarter = period_holding(end, "quarter", source.fiscal_start).before()
        if quarter.start >= orders.first:
            return quarter
    raise WrongUse(
        Text(zh="数据还没有覆盖一个完整的季度。", en="The data do not cover a whole quarter yet."),
        next_step=Text(zh="用 --period 指定期间。", en="Name a period with --period."),
    )


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
        names = [name for name in moved if _can_be_split(source, name, dimension, [period, *others])]
        groups = _groups(source, names, [period, *others], dimension)
        for name in names:
            other = others[_main(moved[name])]
            now, then = (Side(values[name, p.name], groups.get((name, p.name), {})) for p in (period, other))
            split_found = split_of(metric_named(name), now, then)
            if split_found is not None and split_found.change:
                found[name].append(breakdown_of(dimension, split_found))
    return {name: ranked(breakdowns) for name, breakdowns in found.items()}


def _can_be_split(source: FactSource, name: str, dimension: str, periods: Sequence[Period]) -> bool:
    if dimension != NEWNESS:
        return dimension in dimensions_to_split(source, name)
    # Who is new is told by the month of acquisition, so periods must be whole months; states have their own notion of new.
    whole_months = all(period.grain in ("month", "quarter", "year") for period in periods)
    formula = metric_named(name).formula
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


def _past(folder: Folder, initiatives: Sequence[Initiative]) -> dict[str, dict[str, Outcome]]:
    """Per remedy, the verdicts of this company's own initiatives with it."""
    outcomes = {verdict.initiative: verdict.outcome for verdict in kept_verdicts(folder.root)}
    found: dict[str, dict[str, Outcome]] = {}
    for initiative in initiatives:
        if initiative.remedy and initiative.id in outcomes:
            found.setdefault(initiative.remedy, {})[initiative.id] = outcomes[initiative.id]
    return found


def _suggestions(findings: Sequence[Finding], past: Mapping[str, Mapping[str, Outcome]]) -> tuple[Suggestion, ...]:
    """The fitting remedies of each unwelcome finding; those that did not work here before come last."""
    found = []
    for finding in findings:
        if finding.good is not False or finding.seasonal:
            continue
        order = sorted(finding.remedies, key=lambda name: "did_not" in past.get(name, {}).values())
        found += [_suggestion(finding, name, PLAYBOOK[name], past.get(name, {})) for name in order[:_SUGGESTED]]
    return tuple(found)


def _suggestion(finding: Finding, name: str, remedy: Remedy, past: Mapping[str, Outcome]) -> Suggestion:
    return Suggestion(
        finding.id, name, remedy.name, remedy.mechanism, finding.metric, _where(finding), remedy.check, dict(past)
    )


def _where(finding: Finding) -> Scope:
    """Where a remedy would apply: the declining segment, or the one that leads the change."""
    if finding.trend is not None:
        return {finding.trend.dimension: (finding.trend.segment,)}
    # Where a customer stands is no place to do something; and where the mix turned everything round, no single segment is the cause.
    first = next((one for one in finding.breakdowns if one.dimension != NEWNESS), None)
    if first is None or first.explained <= 0 or first.simpson:
        return {}
    lead = next(c for c in first.contributions if (c.share or 0.0) > 0)
    return {} if lead.segment == UNKNOWN else {first.dimension: (lead.segment,)}


def _overdue(initiatives: Sequence[Initiative], today: date) -> tuple[Overdue, ...]:
    found = []
    for plan in initiatives:
        if plan.overdue(today):
            days = (today - plan.deadline).days
            words = Text(
                zh="“{n}”（{o}）已超期 {d} 天，截止日 {x}。",
                en="“{n}” ({o}) is {d} days overdue; the deadline was {x}.",
            )
            filled = words.fill(n=plan.name, o=plan.owner, d=days, x=plan.deadline)
            found.append(Overdue(plan.id, plan.name, plan.owner, plan.deadline, days, filled))
    return tuple(sorted(found, key=lambda late: -late.days))


def plan(
    folder: Folder,
    finding: str,
    *,
    owner: str,
    deadline: date,
    expected: float,
    period: str | None = None,
    remedy: str | None = None,
    start: date | None = None,
) -> Initiative:
    """Write a new initiative that answers a finding, with the remedy that fits best unless one is named; compared with every other value of its dimension.

    Errors: ``WrongUse`` for a finding that is not there, a remedy unknown to the playbook, or a file that exists.
    """
    improvement = improve(folder, period)
    answered = next((found for found in improvement.findings if found.id == finding), None)
    if answered is None:
        raise unknown_name(Text(zh="发现", en="finding"), finding, [found.id for found in improvement.findings])
    name = remedy or next(iter(answered.remedies), None)
    if name is None or name not in PLAYBOOK:
        raise unknown_name(Text(zh="措施", en="remedy"), name or "—", list(PLAYBOOK))
    scope = _where(answered)
    begin = start or date.today()
    made = Initiative(
        id=f"{name}_{answered.id}_{begin:%Y%m%d}",
        name=_named(PLAYBOOK[name].name, scope),
        owner=owner,
        metric=answered.metric,
        start=begin,
        deadline=deadline,
        scope=scope,
        campaign=None,
        comparison="auto" if scope else None,
        expected=expected,
        expected_unit="relative",
        status="planned",
        finding=answered.id,
        remedy=name,
    )
    if deadline < begin:
        raise WrongUse(
            Text(zh="截止日早于开始日。", en="The deadline is before the start."),
            next_step=Text(zh="改 --deadline 或 --start。", en="Change --deadline or --start."),
        )
    write_initiative(folder.root, made)
    return made


def _named(remedy: Text, scope: Scope) -> Text:
    if not scope:
        return remedy
    where = ", ".join(value for values in scope.values() for value in values)
    return Text(zh="{w}：{r}", en="{w}: {r}").fill(w=where, r=remedy)


_SIMPSON = Text(
    zh="注意：每一组的方向都与总体相反（辛普森悖论），总体的变化来自结构。",
    en="Note: every segment moved against the whole (Simpson's paradox); the change comes from the mix.",
)
_NOTE = Text(
    zh="“超出随机波动”按 Benjamini–Hochberg 控制，被列出的发现中约 5 % 可能是偶然；拆分的各部分严格相加等于总变化。",
    en="“Beyond chance” is held by Benjamini–Hochberg: about 5 % of what is listed may be chance; the parts of a split add up to the change exactly.",
)
