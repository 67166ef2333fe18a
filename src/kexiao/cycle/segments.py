"""RFM segments, how customers moved between them, and value tiers, over the facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kexiao.cycle.histories import Histories, Ids, data_end, histories
from kexiao.facts.source import FactSource
from kexiao.models.inputs import Unfitted
from kexiao.models.segments import rfm, value_tiers
from kexiao.models.segments.rfm import Limits, Movement, RfmScores
from kexiao.text import Text

Basis = Literal["margin", "net_sales"]
FEWEST_CUSTOMERS = 10
SHORTEST_LOOK_BACK = 365
EARLIER = ((365, Text(zh="一年前", en="a year before")), (91, Text(zh="一个季度前", en="a quarter before")))
TIER_CODES = ("high", "middle", "low")


@dataclass(frozen=True, slots=True)
class GroupSummary:
    """One segment or tier: customers, and what they bought in the look-back (money); shares 0–1 of all."""

    name: str
    label: Text
    rule: Text
    advice: Text | None
    customers: int
    customer_share: float
    value: float
    value_share: float | None


@dataclass(frozen=True, slots=True)
class Moves:
    """How customers moved between segments since ``before``, both days judged by today's limits (rows before, columns now; last: not a customer)."""

    before: date
    words: Text
    movement: Movement


@dataclass(frozen=True, slots=True)
class Segmentation:
    """Segments as of ``as_of`` (exclusive), from purchases of the ``look_back_days`` before it. ``moves`` or the reason why there are none."""

    as_of: date
    look_back_days: int
    customer: Ids
    limits: Limits
    scores: RfmScores
    segments: tuple[GroupSummary, ...]
    moves: Moves | Text
    basis: Basis
    tier: NDArray[np.int8]
    tiers: tuple[GroupSummary, ...]


def segments(source: FactSource) -> Segmentation | Unfitted:
    """RFM segments and value tiers of everyone who bought within the look-back: two active windows, a year at least.

    R: days since the last purchase; F: purchase days; M: net sales less refunds. Tiers are by margin where every cost is known, else by net sales.
    """
    end, covered = data_end(source), source.coverage.get("orders")
    look_back = max(SHORTEST_LOOK_BACK, 2 * source.policy.window)
    now = histories(source, end - timedelta(days=look_back), end) if end else None
    if end is None or covered is None or now is None or len(now) < FEWEST_CUSTOMERS:
        return _too_few(len(now) if now else 0)
    limits = rfm.limits_of(now.recency, now.days, now.net)
    scores = rfm.score(now.recency, now.days, now.net, limits)
    basis: Basis = "margin" if now.margin_known else "net_sales"
    worth = now.margin if basis == "margin" else now.net
    tier = value_tiers.tiers(worth)
    return Segmentation(
        as_of=end,
        look_back_days=look_back,
        customer=now.customer,
        limits=limits,
        scores=scores,
        segments=_segment_summaries(scores, now.net),
        moves=_moves(source, covered.first, now, scores, limits, look_back),
        basis=basis,
        tier=tier,
        tiers=_tier_summaries(tier, worth),
    )


def _moves(
    source: FactSource, first: date, now: Histories, scores: RfmScores, limits: Limits, look_back: int
) -> Moves | Text:
    """Since a year ago if the data reach back a look-back before that, else since a quarter ago, else why not."""
    for days, words in EARLIER:
        before = now.until - timedelta(days=days)
        since = before - timedelta(days=look_back)
        if since < first:
            continue
        then = histories(source, since, before)
        if len(then) < FEWEST_CUSTOMERS:
            break
        old = rfm.score(then.recency, then.days, then.net, limits)
        moved = rfm.movement(then.customer, old.segment, now.customer, scores.segment)
        return Moves(before, words, moved)
    return Text(
        zh="历史不够长：要看迁移，需要至少 {n} 天的订单。",
        en="The history is too short: movement needs at least {n} days of orders.",
    ).fill(n=look_back + EARLIER[-1][0])


def _segment_summaries(scores: RfmScores, net: NDArray[np.float64]) -> tuple[GroupSummary, ...]:
    named = [(segment.name, segment.label, segment.rule, segment.advice) for segment in rfm.SEGMENTS]
    return _summaries(named, scores.segment, net)


def _tier_summaries(tier: NDArray[np.int8], worth: NDArray[np.float64]) -> tuple[GroupSummary, ...]:
    upper, lower = value_tiers.SHARES["value"]
    rules = (
        Text(zh="贡献前 {a:.0%} 价值的客户", en="those who bring the first {a:.0%} of value").fill(a=upper),
        Text(zh="贡献其后 {b:.0%} 价值的客户", en="those who bring the next {b:.0%}").fill(b=lower - upper),
        Text(zh="其余客户", en="everyone else"),
    )
    named: list[tuple[str, Text, Text, Text | None]] = [
        (code, label, rule, None) for code, label, rule in zip(TIER_CODES, value_tiers.TIERS, rules, strict=True)
    ]
    return _summaries(named, tier, worth)


def _summaries(
    named: list[tuple[str, Text, Text, Text | None]] | list[tuple[str, Text, Text, Text]],
    group: NDArray[np.int8],
    worth: NDArray[np.float64],
) -> tuple[GroupSummary, ...]:
    many = np.bincount(group, minlength=len(named))
    value = np.bincount(group, worth, minlength=len(named))
    total = float(worth.sum())
    return tuple(
        GroupSummary(
            name, label, rule, advice, int(many[i]), int(many[i]) / len(group), float(value[i]),
            float(value[i]) / total if total > 0 else None,
        )
        for i, (name, label, rule, advice) in enumerate(named)
    )  # fmt: skip


def _too_few(customers: int) -> Unfitted:
    return Unfitted(
        Text(
            zh="可识别且近期下过单的客户只有 {n} 位，少于 {least} 位。",
            en="Only {n} known customers have bought recently; at least {least} are needed.",
        ).fill(n=customers, least=FEWEST_CUSTOMERS),
        Text(zh="导入带客户编号的订单。", en="Load orders that name their customer."),
    )
