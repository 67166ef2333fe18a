"""Judging an initiative by the strongest design that the data support, or saying why none does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Literal

from kexiao.effect.by_differences import by_differences
from kexiao.effect.by_holdout import by_holdout
from kexiao.effect.panel import can_be_followed
from kexiao.effect.ruling import DESIGNS, OUTCOMES, RULE
from kexiao.effect.verdicts import Verdict
from kexiao.facts.availability import tables_of, why_not
from kexiao.facts.dated import not_yet
from kexiao.facts.formula import is_dated
from kexiao.facts.source import FactSource, covered_until
from kexiao.improvement.initiatives import Initiative
from kexiao.metrics.catalogue import definitions_on, metric_named
from kexiao.text import Text


def judge(source: FactSource, initiative: Initiative) -> Verdict:
    """The verdict on one initiative, from the facts as they are; it never raises for what the data cannot tell.

    The metric is taken as it was defined when the initiative began, before and after.
    """
    with definitions_on(initiative.start):
        return _judged(source, initiative)


def _judged(source: FactSource, initiative: Initiative) -> Verdict:
    blank = _blank(source, initiative)
    reason = _why_not_yet(source, initiative)
    if reason is not None:
        return replace(blank, reason=reason)
    if initiative.campaign:
        return by_holdout(source, initiative, blank)
    return by_differences(source, initiative, blank)


def _blank(source: FactSource, initiative: Initiative) -> Verdict:
    metric = metric_named(initiative.metric)
    good: Literal[1, -1] = (
        -1 if metric.better == "lower" or (metric.better == "neither" and initiative.expected < 0) else 1
    )
    ends = [day for tables in tables_of(metric.formula) if (day := covered_until(source.coverage, tables))]
    over = bool(ends) and min(ends) > initiative.deadline
    return Verdict(
        initiative=initiative.id,
        name=initiative.name,
        owner=initiative.owner,
        metric=initiative.metric,
        label=metric.label,
        outcome="cannot_tell",
        state="over" if over else "running",
        design="none",
        design_label=DESIGNS["none"],
        unit=initiative.expected_unit,
        estimate=None,
        interval_low=None,
        interval_high=None,
        other_unit=None,
        total=None,
        expected=initiative.expected,
        good_side=good,
        treated=None,
        comparison=None,
        checks=(),
        series=(),
        before=None,
        after=None,
        method=Text(zh="没有估计。", en="Nothing was estimated."),
        assumption=Text(zh="没有。", en="None."),
        rule=RULE,
        headline=OUTCOMES["cannot_tell"],
        reason=None,
        start=initiative.start,
        deadline=initiative.deadline,
        snapshot=source.snapshot,
        settings={"currency": source.policy.currency, "active_window_days": source.policy.window},
    )


def _why_not_yet(source: FactSource, initiative: Initiative) -> Text | None:
    formula = metric_named(initiative.metric).formula
    if initiative.status == "cancelled":
        return Text(zh="举措已取消。", en="The initiative was cancelled.")
    if is_dated(formula):
        return not_yet(formula)
    if (missing := why_not(source, formula, tuple(initiative.scope))) is not None:
        return missing
    ends = [day for tables in tables_of(formula) if (day := covered_until(source.coverage, tables))]
    if not ends or min(ends) <= initiative.deadline:
        last = min(ends) - timedelta(days=1) if ends else None
        return Text(
            zh="数据只到 {d}，还没有覆盖到截止日 {e}。", en="The data reach {d} only, not the deadline {e}."
        ).fill(d=last or "—", e=initiative.deadline)
    if not can_be_followed(formula):
        return Text(
            zh="这个指标不能按时段比较（增长、集中度、同期群、模型分数）。",
            en="This metric cannot be compared block by block (growth, concentration, cohorts, model scores).",
        )
    if initiative.campaign is None and initiative.comparison is None:
        return Text(
            zh="所有人都参加了，没有未参加的可比对象，无从知道不做会怎样。下次请随机留出一部分，或先在部分地区做。",
            en=(
                "Everyone took part: nobody is left to compare with, so what would have happened without it is unknown. Next time hold out a random part, "
                "or begin in some regions."
            ),
        )
    return None
