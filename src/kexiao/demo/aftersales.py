"""What follows an order: refunds, answers to surveys, complaints. Each has its true chance per channel."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kexiao.demo import setting
from kexiao.demo.calendar import DAYS, LAST_DAY, Integers, day_of
from kexiao.demo.lines import Lines, Products
from kexiao.demo.orders import REFUNDED, Orders
from kexiao.demo.setting import CHANNELS, DOUYIN

PARTLY_REFUNDED = 0.012  # of orders with several lines
REASONS = ("七天无理由", "包装破损", "口感不符", "发错商品", "物流超时")
COMPLAINTS = ("物流", "包装", "品质", "客服态度", "价格与优惠")
SURVEYED, ASKED_TWICE, UNRESOLVED = 0.07, 0.015, 0.08
NPS, CSAT = range(2)


@dataclass(frozen=True, slots=True)
class Refunds:
    """One row a refund, by time; money in fen."""

    order: Integers
    day: Integers
    second: Integers
    amount: Integers
    cost: Integers
    reason: Integers


@dataclass(frozen=True, slots=True)
class Answers:
    """One row an answer to a survey, by time; ``measure``: NPS 0–10 or CSAT 1–5; ``mode`` 0 网络 1 电话 2 面访."""

    customer: Integers
    channel: Integers
    measure: Integers
    score: Integers
    mode: Integers
    day: Integers
    second: Integers


@dataclass(frozen=True, slots=True)
class Complaints:
    """One row a complaint, by time; ``resolved`` −1 while open."""

    order: Integers
    day: Integers
    second: Integers
    category: Integers
    resolved: Integers


def draw_refunds(rng: np.random.Generator, orders: Orders, lines: Lines, products: Products) -> tuple[Refunds, Orders]:
    """Refunds booked before the last day, and the orders with the status of those refunded in full."""
    cost = products.cost[lines.product] * lines.quantity
    order_cost = np.bincount(lines.order, weights=cost, minlength=len(orders)).astype(np.int64)
    first_line = np.flatnonzero(lines.number == 1)
    several = np.bincount(lines.order, minlength=len(orders)) > 1
    booked = orders.day + rng.integers(1, 16, len(orders))
    lot = rng.random(len(orders))
    possible = orders.counted & (booked < DAYS)
    full = possible & (lot < np.array([c.refunded for c in CHANNELS])[orders.channel])
    partly = possible & ~full & several & (lot > 1 - PARTLY_REFUNDED)
    chosen = np.flatnonzero(full | partly)
    whole = full[chosen]
    refunds = Refunds(
        order=chosen,
        day=booked[chosen],
        second=rng.integers(9 * 3600, 21 * 3600, len(chosen)),
        amount=np.where(whole, orders.amount[chosen], lines.paid[first_line][chosen]),
        cost=np.where(whole, order_cost[chosen], cost[first_line][chosen]),
        reason=rng.integers(0, len(REASONS), len(chosen)),
    )
    by_time = np.lexsort((refunds.second, refunds.day))
    refunds = replace(refunds, **{name: getattr(refunds, name)[by_time] for name in refunds.__dataclass_fields__})
    return refunds, replace(orders, status=np.where(full, REFUNDED, orders.status))


def draw_answers(rng: np.random.Generator, orders: Orders) -> Answers:
    """Answers one to seven days after an order, half NPS and half CSAT; a few people answer once more."""
    chosen = np.flatnonzero(orders.counted & (orders.customer >= 0) & (rng.random(len(orders)) < SURVEYED))
    again = chosen[rng.random(len(chosen)) < ASKED_TWICE]
    measure = rng.integers(0, 2, len(chosen))
    asked = np.concatenate([chosen, again])
    measure = np.concatenate([measure, measure[np.searchsorted(chosen, again)]])
    day = orders.day[asked] + rng.integers(1, 8, len(asked))
    day[len(chosen) :] += 8
    kept = np.flatnonzero(day < DAYS)
    asked, measure, day = asked[kept], measure[kept], day[kept]
    channel = orders.channel[asked]
    second = rng.integers(8 * 3600, 23 * 3600, len(asked))
    answers = Answers(
        customer=orders.customer[asked],
        channel=channel,
        measure=measure,
        score=np.where(measure == NPS, _nps_scores(rng, channel, day), _csat_scores(rng, channel)),
        mode=np.where(channel == setting.STORE, 2, np.where(rng.random(len(asked)) < 0.2, 1, 0)),
        day=day,
        second=second,
    )
    by_time = np.lexsort((second, day))
    return replace(answers, **{name: getattr(answers, name)[by_time] for name in answers.__dataclass_fields__})


def nps_shares(channel: int, year: int) -> tuple[float, float, float]:
    """True shares of promoters, passives and detractors of a channel in a year."""
    return setting.DOUYIN_2025_NPS if channel == DOUYIN and year == 2025 else CHANNELS[channel].nps


def _nps_scores(rng: np.random.Generator, channel: Integers, day: Integers) -> Integers:
    late = day >= day_of(LAST_DAY.replace(month=1, day=1))
    shares = np.array([[nps_shares(c, year) for c in range(len(CHANNELS))] for year in (2024, 2025)])
    mine = shares[late.astype(np.int64), channel]
    lot = rng.random(len(channel))
    promoter, passive = lot < mine[:, 0], lot < mine[:, 0] + mine[:, 1]
    detractor = np.minimum(rng.binomial(9, 0.55, len(channel)), 6)
    return np.where(
        promoter, rng.integers(9, 11, len(channel)), np.where(passive, rng.integers(7, 9, len(channel)), detractor)
    )


def _csat_scores(rng: np.random.Generator, channel: Integers) -> Integers:
    top = rng.random(len(channel)) < np.array([c.csat_top_two for c in CHANNELS])[channel]
    return np.where(top, rng.integers(4, 6, len(channel)), rng.integers(1, 4, len(channel)))


def draw_complaints(rng: np.random.Generator, orders: Orders) -> Complaints:
    """Complaints within ten days of an order; the declining channel draws more of them in 2025."""
    chance = np.array([c.complaining for c in CHANNELS])[orders.channel]
    late = orders.day >= day_of(LAST_DAY.replace(month=1, day=1))
    chance = np.where(late & (orders.channel == DOUYIN), setting.DOUYIN_2025_COMPLAINING, chance)
    chosen = np.flatnonzero(orders.counted & (orders.customer >= 0) & (rng.random(len(orders)) < chance))
    day = orders.day[chosen] + rng.integers(0, 11, len(chosen))
    second = rng.integers(22 * 3600, 24 * 3600, len(chosen))
    resolved = day + 1 + rng.exponential(2.0, len(chosen)).astype(np.int64)
    resolved = np.where((rng.random(len(chosen)) < UNRESOLVED) | (resolved >= DAYS), -1, resolved)
    complaints = Complaints(chosen, day, second, rng.integers(0, len(COMPLAINTS), len(chosen)), resolved)
    kept = np.lexsort((second, day))
    kept = kept[day[kept] < DAYS]
    return replace(complaints, **{name: getattr(complaints, name)[kept] for name in complaints.__dataclass_fields__})
