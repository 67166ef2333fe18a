"""A verdict from a randomised hold-out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np

from kexiao.effect.holdout import FEWEST, Arm, HoldoutEstimate, compare
from kexiao.effect.panel import can_be_counted_per_customer, read_arms
from kexiao.effect.ruling import DESIGNS, LEVEL, finished
from kexiao.effect.verdicts import ArmFigures, Check, Verdict
from kexiao.facts.formula import Ratio
from kexiao.facts.periods import Period
from kexiao.facts.source import FactSource
from kexiao.improvement.initiatives import Initiative
from kexiao.metrics.catalogue import metric_named
from kexiao.text import Text


def by_holdout(source: FactSource, initiative: Initiative, blank: Verdict) -> Verdict:
    """The verdict by comparing the arms of the initiative's campaign; ``blank`` is the verdict so far."""
    formula = metric_named(initiative.metric).formula
    now = Period(initiative.start, initiative.deadline + timedelta(days=1))
    before = now.before()
    blank = replace(
        blank, design="holdout", design_label=DESIGNS["holdout"], before=before.name, after=now.name, method=_HOLDOUT_METHOD,
        assumption=_HOLDOUT_ASSUMPTION,
    )  # fmt: skip
    if not can_be_counted_per_customer(formula):
        return replace(blank, reason=_NOT_PER_CUSTOMER)
    arms = read_arms(source, initiative.metric, initiative.campaign or "", now, before)
    treated, held_out = arms["treated"], arms["holdout"]
    if min(len(treated), len(held_out)) < FEWEST or min(treated.bottom.sum(), held_out.bottom.sum()) <= 0:
        return replace(blank, reason=_too_few(treated, held_out))
    with_before = source.coverage["orders"].first <= before.start
    if not with_before:
        treated, held_out = _without_before(treated), _without_before(held_out)
    found = compare(treated, held_out)
    estimate = found.absolute if initiative.expected_unit == "absolute" else found.relative
    figures = [
        ArmFigures(label, len(arm), arm.mean_before() if with_before else None, arm.mean())
        for label, arm in ((_TREATED, treated), (_HELD_OUT, held_out))
    ]
    blank = replace(blank, treated=figures[0], comparison=figures[1], checks=_balance(found))
    blank = replace(
        blank, settings={**blank.settings, "variance_taken_out_by_the_time_before": found.variance_taken_out}
    )
    if estimate is None:
        return replace(blank, reason=_NO_RELATIVE)
    return finished(_with_other_unit(blank, found, formula, len(treated)), estimate)


def _with_other_unit(verdict: Verdict, found: HoldoutEstimate, formula: Any, treated: int) -> Verdict:
    other = found.relative if verdict.unit == "absolute" else found.absolute
    total = None if isinstance(formula, Ratio) else found.absolute.estimate * treated
    return replace(verdict, other_unit=other.estimate if other else None, total=total)


def _without_before(arm: Arm) -> Arm:
    return Arm(arm.top, arm.bottom, np.zeros(len(arm)), np.zeros(len(arm)))


def _balance(found: HoldoutEstimate) -> tuple[Check, ...]:
    label = Text(zh="两组事前相同", en="arms alike before")
    if found.balance is None:
        words = Text(zh="没有活动之前的数据，无法检验。", en="There are no data from before, so it cannot be checked.")
        return (Check("balance", label, None, None, None, None, None, words),)
    gap = found.balance
    words = Text(
        zh="活动前两组人均相差 {d:.4g}（p = {p:.2f}）；p 低于 {l} 才算不平衡，随机分组下百次约有一次。",
        en="Before the start the arms differ by {d:.4g} per customer (p = {p:.2f}); below {l} counts as unbalanced, about one draw in a hundred.",
    ).fill(d=gap.estimate, p=gap.p_value, l=LEVEL)
    return (Check("balance", label, gap.estimate, gap.low, gap.high, gap.p_value, gap.p_value >= LEVEL, words),)


def _too_few(treated: Arm, held_out: Arm) -> Text:
    return Text(
        zh="实验组 {t} 人、对照组 {h} 人，每组至少要 {n} 人。",
        en="{t} customers were treated and {h} held out; each arm needs at least {n}.",
    ).fill(t=len(treated), h=len(held_out), n=FEWEST)


_TREATED = Text(zh="实验组", en="treated")
_HELD_OUT = Text(zh="对照组", en="held out")
_NOT_PER_CUSTOMER = Text(
    zh="这个指标不能算到每位客户，不能用对照组比较。",
    en="This metric has no value for each customer, so the arms cannot be compared by it.",
)
_NO_RELATIVE = Text(
    zh="对照组的水平不明显大于 0，算不出百分比。",
    en="The hold-out's level is not clearly above 0, so there is no percentage.",
)
_HOLDOUT_METHOD = Text(
    zh="按分到的组比较人均（无论是否真的触达），用每位客户活动前同样长时间的数值消去无关差异（CUPED），Welch 区间，抽样单位是客户。",
    en=(
        "Means per customer by the arm assigned, whoever was reached; each customer's own figure from as long a time before takes out what is unrelated (CUPED); "
        "Welch's interval, the customer being the sampling unit."
    ),
)
_HOLDOUT_ASSUMPTION = Text(
    zh="分组是随机的，且对照组没有受到活动影响。",
    en="The arms were drawn at random, and the campaign did not reach those held out.",
)
