"""From measured values to scores: each indicator through its curve, the weighted total with its interval, and the grade with its probability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from kexiao.assessment.chances import drawn, limits_of, shares
from kexiao.assessment.curves import Curve
from kexiao.assessment.fairness import Basis, beside_group
from kexiao.assessment.results import GradeChance, IndicatorResult, SubjectKind, SubjectResult
from kexiao.assessment.scorecard import ADDITIVE_UNITS, SUBJECT_LABELS, Indicator, Scorecard, Target
from kexiao.facts.dressing import SMALL
from kexiao.facts.formula import Ratio, words
from kexiao.facts.intervals import Z
from kexiao.facts.metric import MetricValue
from kexiao.text import Text

# The spread among fewer customers than these says too little to give a mean an interval.
_FEWEST_FOR_A_MEAN = 5
_MEANS = ("money/order", "orders/customer", "items/order", "score")


@dataclass(frozen=True, slots=True)
class Measured:
    """One subject with the metric value of every indicator, in the scorecard's order; None where the data hold nothing of it."""

    name: str
    label: Text
    kind: SubjectKind
    values: tuple[MetricValue | None, ...]


def score_subjects(card: Scorecard, period: str, measured: Sequence[Measured]) -> tuple[SubjectResult, ...]:
    """Every subject with indicators, total and grade; values of the same kind stand beside their group.

    Subjects of the card's own kind take its general targets. Levels above do so only where the unit does not grow with size (a rate, a mean); sums need
    a target that names them.
    """
    rows = [
        (
            subject,
            tuple(
                _indicator(card, i, period, subject, v) for i, v in zip(card.indicators, subject.values, strict=True)
            ),
        )
        for subject in measured
    ]
    results = _beside_their_group(card, [indicators for _, indicators in rows])
    return tuple(_subject(card, subject, indicators) for (subject, _), indicators in zip(rows, results, strict=True))


def _indicator(
    card: Scorecard, indicator: Indicator, period: str, subject: Measured, value: MetricValue | None
) -> IndicatorResult:
    definition = indicator.definition
    formula = definition.variants[indicator.variant].formula if indicator.variant else definition.formula
    above = subject.kind != card.kind
    target = indicator.target_for(subject.name, period, only_named=above and definition.unit in ADDITIVE_UNITS)
    number = None if value is None or value.value is None else float(value.value)
    empty = IndicatorResult(
        indicator=indicator.key,
        label=indicator.label,
        formula=words(formula),
        scope=dict(indicator.scope),
        unit=definition.unit,
        better=indicator.better,
        weight=indicator.weight,
        value=number,
        interval_low=value.interval_low if value else None,
        interval_high=value.interval_high if value else None,
        numerator=_float(value.numerator) if value else None,
        denominator=_float(value.denominator) if value else None,
        n=value.n if value else None,
        floor=target.floor if target else None,
        target=target.target if target else None,
        stretch=target.stretch if target else None,
        attainment=_attainment(indicator, number, target),
        score=None,
        score_low=None,
        score_high=None,
        shrunk=None,
        group_mean=None,
        funnel_low=None,
        funnel_high=None,
        beyond_funnel=None,
        marks=tuple(value.settings.get("marks", ())) if value else (),
        reason=None,
    )
    reason = why_no_score(value, target)
    return replace(empty, reason=reason) if reason or target is None else _scored(empty, indicator, target)


def _float(value: object) -> float | None:
    return None if value is None else float(value)  # type: ignore[arg-type]


def why_no_score(value: MetricValue | None, target: Target | None) -> Text | None:
    """Why an indicator is not scored: missing, incomplete, history too short, immature, too few for an interval, or no target; None where it is."""
    if value is None:
        return Text(zh="期内没有这个对象的数据。", en="The data hold nothing of this subject in the period.")
    if value.value is None:
        return value.reason or Text(zh="没有值。", en="There is no value.")
    if not value.complete:
        return Text(zh="期间尚未结束，或数据还没有到齐。", en="The period is not over, or its data are not all in.")
    if "history_too_short" in value.settings.get("marks", ()):
        return Text(
            zh="历史太短：数据起点之前的客户无从知道，不计分。",
            en="History is too short: customers from before the data are unknown, so it is not scored.",
        )
    if value.immature:
        return Text(
            zh="还有 {n} 个对象的观察期未满，不计分。",
            en="The window of {n} subjects is not over yet, so it is not scored.",
        ).fill(n=value.immature)
    if value.interval_low is None and value.n is not None and value.n < SMALL:
        return Text(zh="只有 {n} 个客户，无法给出区间。", en="Only {n} customers: no interval can be given.").fill(
            n=value.n
        )
    if value.unit in _MEANS and value.n is not None and value.n < _FEWEST_FOR_A_MEAN:
        return Text(zh="只有 {n} 个客户，均值不可靠。", en="Only {n} customers: too few for a mean.").fill(n=value.n)
    if target is None:
        return Text(zh="这一层级没有目标。", en="There is no target at this level.")
    return None


def _attainment(indicator: Indicator, value: float | None, target: Target | None) -> float | None:
    """value ÷ target, or target ÷ value where lower is better; only for positive numbers."""
    if value is None or target is None or value <= 0 or target.target <= 0:
        return None
    return value / target.target if indicator.better == "higher" else target.target / value


def _scored(result: IndicatorResult, indicator: Indicator, target: Target) -> IndicatorResult:
    assert result.value is not None
    curve, higher = indicator.curve_for(target), indicator.better == "higher"
    marks = result.marks
    if result.interval_low is None or result.interval_high is None:
        limits = (result.value, result.value)
        # Spend and other known amounts have no sampling error; for the rest the missing interval is said.
        marks += () if result.n is None else ("no_interval",)
    else:
        limits = (result.interval_low, result.interval_high)
    score = float(curve.points(result.value, higher=higher))
    ends = sorted(float(curve.points(limit, higher=higher)) for limit in limits)
    return replace(result, score=score, score_low=ends[0], score_high=ends[1], marks=marks)


def _beside_their_group(
    card: Scorecard, rows: Sequence[tuple[IndicatorResult, ...]]
) -> list[tuple[IndicatorResult, ...]]:
    columns = [_column(indicator, [row[place] for row in rows]) for place, indicator in enumerate(card.indicators)]
    return [tuple(column[number] for column in columns) for number in range(len(rows))]


def _column(indicator: Indicator, results: list[IndicatorResult]) -> list[IndicatorResult]:
    """One indicator over all subjects, with shrinkage and funnel where the value does not grow with the subject's size."""
    known = [
        (number, r)
        for number, r in enumerate(results)
        if r.value is not None and r.interval_low is not None and r.unit not in ADDITIVE_UNITS
    ]
    standings = beside_group([_basis(indicator, result) for _, result in known])
    if standings is None:
        return results
    found = list(results)
    for (number, result), stands in zip(known, standings, strict=True):
        found[number] = replace(
            result,
            shrunk=stands.shrunk,
            group_mean=stands.mean,
            funnel_low=stands.low,
            funnel_high=stands.high,
            beyond_funnel=stands.beyond,
        )
    return found


def _basis(indicator: Indicator, result: IndicatorResult) -> Basis:
    assert result.value is not None and result.interval_low is not None and result.interval_high is not None
    definition = indicator.definition
    formula = definition.variants[indicator.variant].formula if indicator.variant else definition.formula
    counts = None
    if isinstance(formula, Ratio) and formula.kind == "share" and result.numerator is not None and result.denominator:
        counts = (result.numerator, result.denominator)
    return Basis(result.value, (result.interval_high - result.interval_low) / (2 * Z), counts)


def _subject(card: Scorecard, subject: Measured, indicators: tuple[IndicatorResult, ...]) -> SubjectResult:
    scored = [result for result in indicators if result.score is not None]
    weight = sum(result.weight for result in scored)
    plain = SubjectResult(
        name=subject.name,
        label=subject.label,
        kind=subject.kind,
        indicators=indicators,
        score=None,
        score_low=None,
        score_high=None,
        measured_weight=min(1.0, weight),
        measured_score=sum(r.weight * (r.score or 0.0) for r in scored) / weight if weight else None,
        outcome="cannot_tell" if subject.kind == card.kind or scored else "not_scored",
        grade=None,
        grade_label=None,
        closest=None,
        chances=(),
        reason=None,
    )
    if len(scored) < len(indicators):
        return replace(plain, reason=_missing(indicators))
    return _graded(card, plain)


def _missing(indicators: Sequence[IndicatorResult]) -> Text:
    lost = [result for result in indicators if result.score is None]
    names = Text(zh="、".join(r.label.zh for r in lost), en=", ".join(r.label.en for r in lost))
    return Text(
        zh="缺 {names}（权重 {w:.0%}），总分不作推断；其余权重不重新分配。",
        en="Missing: {names} (weight {w:.0%}); no total is made up, and the weight is not given to others.",
    ).fill(names=names, w=sum(r.weight for r in lost))


def _graded(card: Scorecard, result: SubjectResult) -> SubjectResult:
    """Total, limits and grade of a subject whose indicators are all scored."""
    draws = drawn([_limits(indicator) for indicator in result.indicators])
    total = sum(
        own.weight * _curve(card, number, own).points(draws[number], higher=own.better == "higher")
        for number, own in enumerate(result.indicators)
    )
    score = sum(own.weight * (own.score or 0.0) for own in result.indicators)
    low, high = limits_of(total)
    odds = shares(total, [grade.at_least for grade in card.grades])
    chances = tuple(GradeChance(g.code, g.label, p) for g, p in zip(card.grades, odds, strict=True))
    best = max(chances, key=lambda chance: chance.probability)
    sure = best.probability >= card.certainty and card.grade_of(score).code == best.code
    return replace(
        result,
        score=score,
        score_low=min(low, score),
        score_high=max(high, score),
        chances=chances,
        closest=best.code,
        outcome="graded" if sure else "cannot_tell",
        grade=best.code if sure else None,
        grade_label=best.label if sure else None,
        reason=None if sure else _unsure(card, chances),
    )


def _limits(result: IndicatorResult) -> tuple[float, float, float]:
    assert result.value is not None
    low = result.value if result.interval_low is None else result.interval_low
    high = result.value if result.interval_high is None else result.interval_high
    return result.value, low, high


def _curve(card: Scorecard, number: int, result: IndicatorResult) -> Curve:
    assert result.target is not None
    return card.indicators[number].curve_for(Target(result.target, result.floor, result.stretch))


def _unsure(card: Scorecard, chances: Sequence[GradeChance]) -> Text:
    likely = [chance for chance in chances if chance.probability >= 0.05]
    return Text(
        zh="没有一个等级的把握达到 {c:.0%}：{odds}。",
        en="No grade reaches {c:.0%} certainty: {odds}.",
    ).fill(c=card.certainty, odds=", ".join(f"{chance.code} {chance.probability:.0%}" for chance in likely))


def label_of(kind: SubjectKind, name: str, labels: Mapping[str, str]) -> Text:
    """How a subject is shown: a person by the name on file, the company as a whole, anything else as it stands in the data."""
    return SUBJECT_LABELS["company"] if kind == "company" else Text.same(labels.get(name, name))
