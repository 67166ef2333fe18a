"""Explain: what a number is made of, the rows behind it, and why it changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kexiao.cycle.measure import measure_facts, requests_for
from kexiao.cycle.words import WORDS
from kexiao.facts.availability import dimensions_of
from kexiao.facts.dated import not_yet
from kexiao.facts.decomposition import Decomposition, split_count, split_ratio, split_total
from kexiao.facts.dressing import Request
from kexiao.facts.evaluate import evaluate
from kexiao.facts.formula import (
    CohortShare,
    Formula,
    Growth,
    Minus,
    Plus,
    Ratio,
    ScoreMean,
    TopShare,
    in_force,
    inside,
    is_dated,
    is_linear,
    since,
    walk,
    words,
)
from kexiao.facts.metric import MetricValue, Number
from kexiao.facts.passes import OwnPass
from kexiao.facts.periods import Period, parse
from kexiao.facts.policy import Policy
from kexiao.facts.rows import BehindRow, rows_behind
from kexiao.facts.source import FactSource
from kexiao.facts.subjects import DIMENSION_LABELS
from kexiao.facts.sums import readable_sql
from kexiao.facts.units import Filters, SumsQuery
from kexiao.metrics.catalogue import metric_named
from kexiao.text import Text


@dataclass(frozen=True)
class Explanation:
    """One number opened: what it is called, why it matters, its formula in words, the value, the values of its parts, the policy, and the SQL."""

    metric: str
    label: Text
    why: Text
    formula: Text
    source: Text
    value: MetricValue
    parts: tuple[tuple[Text, MetricValue], ...]
    policy: tuple[Text, ...]
    sql: str

    def record(self) -> dict[str, Any]:
        """Everything as plain JSON types, in the current language."""
        return {
            "metric": self.metric,
            "label": self.label(),
            "why": self.why(),
            "formula": self.formula(),
            "source": self.source(),
            "value": self.value.as_record(),
            "parts": [{"label": label(), **value.as_record()} for label, value in self.parts],
            "policy": [line() for line in self.policy],
            "sql": self.sql,
        }


@dataclass(frozen=True)
class Change:
    """Why a metric moved between two periods, split over one dimension; ``reason`` says why it cannot be split."""

    metric: str
    period: str
    against: str
    dimension: str
    now: MetricValue
    before: MetricValue
    decomposition: Decomposition | None
    reason: Text | None

    def record(self) -> dict[str, Any]:
        """Everything as plain JSON types, in the current language."""
        split = self.decomposition
        segments = [] if split is None else [
            {
                "segment": part.segment, "before": part.before.value, "now": part.now.value,
                "volume": part.volume, "mix": part.mix, "rate": part.rate, "change": part.change,
            }
            for part in split.segments
        ]  # fmt: skip
        return {
            "metric": self.metric, "period": self.period, "against": self.against, "dimension": self.dimension,
            "now": self.now.as_record(), "before": self.before.as_record(),
            "change": split.change if split else None, "volume": split.volume if split else None,
            "mix": split.mix if split else None, "rate": split.rate if split else None,
            "simpson": split.simpson if split else None, "segments": segments, "reason": self.reason() if self.reason else None,
        }  # fmt: skip


def explain(
    source: FactSource, metric: str, period: str | Period, where: Filters = (), variant: str | None = None
) -> Explanation:
    """Open one number: formula in words, its parts with their own values, policy, SQL."""
    request = requests_for(f"{metric}:{variant}" if variant else metric)[0]
    definition = metric_named(metric)
    when = period if isinstance(period, Period) else parse(period, source.fiscal_start)
    formula = in_force(request.formula, when.start) or request.formula
    parts = _parts(formula) if not is_dated(formula) else []
    asked = [request, *(Request(metric, part, "money" if _is_money(part) else "count") for part in parts)]
    values = evaluate(source, asked, [when], (), where)
    value, rest = values[0], values[1:] if not isinstance(formula, CohortShare) else []
    return Explanation(
        metric,
        definition.variants[variant].label if variant else definition.label,
        definition.why,
        words(formula),
        definition.source,
        value,
        tuple((words(part), found) for part, found in zip(parts, rest, strict=False)),
        policy_in_words(source.policy),
        readable_sql(SumsQuery(tuple(_linear(formula)), (), (when,), (), where)) if _linear(formula) else "",
    )


def _parts(formula: Formula) -> list[Formula]:
    """What a formula is directly made of, sums and differences opened one level more."""
    found: list[Formula] = []
    for part in inside(formula):
        found.append(part)
        if isinstance(part, (Plus, Minus)):
            found += inside(part)
    return list(dict.fromkeys(found))


def _is_money(formula: Formula) -> bool:
    return any(
        getattr(part, "column", "") in {"net", "gross", "discount", "cost", "amount"} for part in _atoms(formula)
    )


def _atoms(formula: Formula) -> list[Formula]:
    below = inside(formula)
    return [formula] if not below else [atom for part in below for atom in _atoms(part)]


def _linear(formula: Formula) -> list[Formula]:
    if is_linear(formula):
        return [formula]
    return list(dict.fromkeys(part for below in inside(formula) for part in _linear(below)))


def policy_in_words(policy: Policy) -> tuple[Text, ...]:
    """What counts, one sentence a rule."""
    suggested = (
        Text(zh="（由数据建议）", en=" (suggested from the data)")
        if policy.window_is_suggested
        else Text(zh="。", en=".")
    )
    booked = (
        Text(zh="退款按退款日入账。", en="Refunds are booked on their own day.")
        if policy.refund_date == "refund"
        else Text(zh="退款按原订单日入账。", en="Refunds are booked on the day of their order.")
    )
    return (
        Text(
            zh="成交订单：状态为{s}，金额大于 0；测试、待付款、已取消的订单不算。",
            en="Completed orders: status {s}, amount above 0; tests, unpaid and cancelled orders do not count.",
        ).fill(s=_statuses(policy.completed)),
        booked,
        Text(zh="活跃窗口 {d} 天{s}", en="Active window: {d} days{s}").fill(d=policy.window, s=suggested),
    )


def _statuses(codes: Sequence[str]) -> Text:
    words = [WORDS.get(code, Text.same(code)) for code in codes]
    return Text(zh="、".join(word.zh for word in words), en=", ".join(word.en for word in words))


def rows(
    source: FactSource, metric: str, period: str | Period, where: Filters = (), variant: str | None = None
) -> list[BehindRow] | Text:
    """The rows behind a number; a reason where no list of rows adds up to it."""
    request = requests_for(f"{metric}:{variant}" if variant else metric)[0]
    when = period if isinstance(period, Period) else parse(period, source.fiscal_start)
    formula = in_force(request.formula, when.start)
    return not_yet(request.formula) if formula is None else rows_behind(source, formula, when, where)


def change_of(
    source: FactSource, metric: str, period: str | Period, against: str | Period, by: str, where: Filters = ()
) -> Change:
    """Split the change of a metric between two periods over the groups of a dimension."""
    now, before = (p if isinstance(p, Period) else parse(p, source.fiscal_start) for p in (period, against))
    definition = metric_named(metric)
    whole = [measure_facts(source, [metric], period=p, where=where).values[0] for p in (now, before)]
    formula = in_force(definition.formula, now.start) or definition.formula
    decomposition, reason = None, _redefined(definition.formula, before, now) or _cannot_split(formula, by)
    reason = reason or whole[0].reason or whole[1].reason
    if reason is None:
        sides = [_amounts(source, metric, p, by, where) for p in (before, now)]
        reason = _do_not_add_up(formula, sides, (whole[1], whole[0]))
        decomposition = None if reason else _split(formula, definition.volume, sides)
    return Change(metric, now.name, before.name, by, whole[0], whole[1], decomposition, reason)


def dimensions_to_split(source: FactSource, metric: str) -> list[str]:
    """The dimensions along which a metric's change can be looked at and that the data know."""
    formula = metric_named(metric).formula
    return [
        name
        for name in DIMENSION_LABELS
        if name in dimensions_of(formula) and _cannot_split(formula, name) is None and name not in ("cohort", "product")
    ]


def _redefined(formula: Formula, before: Period, now: Period) -> Text | None:
    """Why a change is not split where the two periods stand under two definitions: part of it is the definition's."""
    if in_force(formula, before.start) == in_force(formula, now.start):
        return None
    return Text(
        zh="指标定义在 {d} 改过，两期不可比，因此不拆分。",
        en="The definition changed on {d}, so the two periods do not compare and the change is not split.",
    ).fill(d=max(filter(None, (since(formula, period.start) for period in (before, now)))))


def _cannot_split(formula: Formula, by: str) -> Text | None:
    if any(isinstance(part, (Growth, TopShare, CohortShare, ScoreMean, OwnPass)) for part in walk(formula)):
        return Text(zh="这个指标的变化不能拆分。", en="The change of this metric cannot be split.")
    if by not in dimensions_of(formula):
        return Text(zh="不能按{d}拆分。", en="It cannot be split by {d}.").fill(
            d=DIMENSION_LABELS.get(by, Text.same(by))
        )
    return None


def _amounts(
    source: FactSource, metric: str, period: Period, by: str, where: Filters
) -> dict[str, tuple[Number, Number]]:
    """Per group, (numerator, denominator) of a ratio or (total, volume) of a total."""
    definition = metric_named(metric)
    formula = in_force(definition.formula, period.start) or definition.formula
    if isinstance(formula, Ratio):
        values = measure_facts(source, [metric], period=period, by=[by], where=where).values
        return {str(v.dimensions[by]): (v.numerator or 0, v.denominator or 0) for v in values if v.dimensions}
    asked = [Request(metric, formula, definition.unit)]
    if definition.volume is not None:
        asked.append(Request("volume", definition.volume, "count"))
    found: dict[str, list[Number]] = {}
    for value in evaluate(source, asked, [period], (by,), where):
        if value.dimensions:
            found.setdefault(str(value.dimensions[by]), [0, 0])[0 if value.metric == metric else 1] = value.value or 0
    return {name: (pair[0], pair[1] if definition.volume is not None else pair[0]) for name, pair in found.items()}


def _do_not_add_up(
    formula: Formula, sides: Sequence[Mapping[str, tuple[Number, Number]]], whole: tuple[MetricValue, MetricValue]
) -> Text | None:
    for side, value in zip(sides, whole, strict=True):
        tops = sum((Decimal(str(top)) for top, _ in side.values()), Decimal(0))
        bottoms = sum((Decimal(str(bottom)) for _, bottom in side.values()), Decimal(0))
        ratio = isinstance(formula, Ratio)
        expected = (value.numerator if ratio else value.value) or 0
        if abs(tops - Decimal(str(expected))) > Decimal("0.005") or (
            ratio and abs(bottoms - Decimal(str(value.denominator or 0))) > Decimal("0.005")
        ):
            return Text(
                zh="分组有重叠，不能相加，因此不拆分。",
                en="The groups overlap and do not add up, so the change is not split.",
            )
    return None


def _split(
    formula: Formula, volume: Formula | None, sides: Sequence[Mapping[str, tuple[Number, Number]]]
) -> Decomposition:
    before, now = sides
    if isinstance(formula, Ratio):
        return split_ratio(before, now, formula.times)
    if volume is not None:
        return split_total(before, now)
    return split_count({name: top for name, (top, _) in before.items()}, {name: top for name, (top, _) in now.items()})
