"""What the company spent: by day, channel, campaign, kind of cost and purpose; each combination once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

import numpy as np

from kexiao.demo import setting
from kexiao.demo.calendar import MONTH_OF_DAY, MONTHS, Floats, Integers, day_of
from kexiao.demo.setting import CHANNELS, DOUYIN, STORE

MEDIA, PROMOTION, CONTENT, LABOUR, COMMISSION = "媒介", "促销", "内容", "营销人力", "佣金"
WINNING, KEEPING = "拉新", "留存"
CAMPAIGN_SHARE = 0.10  # of a channel's yearly plan, for each yearly campaign
KEEPING_SHARE = 0.12  # of a month's plan, spent on those already won
COMMISSION_FIRST, COMMISSION_REPEAT = 0.05, 0.03  # of store sales


class Cost(NamedTuple):
    """One row of the spend file; the amount in fen."""

    day: int
    channel: str
    campaign: str
    category: str
    purpose: str
    fen: int


def monthly_plan(customers: int) -> Integers:
    """Planned acquisition spend in fen per channel and month.

    In proportion to the customers expected, except that in 2025 抖音直播 keeps spending as in December 2024: its CAC rises.
    """
    plan = np.zeros((len(CHANNELS), len(MONTHS)), dtype=np.int64)
    for index, channel in enumerate(CHANNELS):
        weight = setting.arrivals(index)
        if index == DOUYIN:
            spent = weight.copy()
            spent[day_of(date(2025, 1, 1)) :] = weight[day_of(date(2024, 12, 31))]
        else:
            spent = weight
        daily: Floats = spent / weight.sum() * customers * channel.share * channel.cost * 100
        plan[index] = np.rint(np.bincount(MONTH_OF_DAY, weights=daily, minlength=len(MONTHS))).astype(np.int64)
    return plan


def draw_costs(
    rng: np.random.Generator, customers: int, treated: tuple[int, ...], store_sales: Integers, cared: tuple[int, ...]
) -> list[Cost]:
    """All rows by day. ``treated`` per experiment; ``store_sales``: fen of (first, repeat) orders per month; ``cared`` per plan."""
    plan = monthly_plan(customers)
    rows = [row for index in range(len(CHANNELS)) for row in _of_channel(rng, index, plan[index])]
    rows += list(_of_campaigns(plan, treated)) + list(_of_plans(cared)) + list(_commissions(store_sales))
    return sorted(row for row in rows if row.fen > 0)


def _of_channel(rng: np.random.Generator, channel: int, plan: Integers) -> Iterator[Cost]:
    name = CHANNELS[channel].name
    for month, amount in enumerate(plan.tolist()):
        days = np.flatnonzero(np.equal(MONTH_OF_DAY, month))
        media = amount * 60 // 100
        parts = np.floor(media * (w := 0.9 + 0.2 * rng.random(len(days))) / w.sum()).astype(np.int64)
        parts[-1] += media - int(parts.sum())
        yield from (Cost(int(day), name, "", MEDIA, WINNING, int(fen)) for day, fen in zip(days, parts, strict=True))
        yield Cost(int(days[0]), name, "", PROMOTION, WINNING, amount * 15 // 100)
        yield Cost(int(days[14]), name, "", CONTENT, WINNING, amount * 15 // 100)
        yield Cost(int(days[-1]), name, "", LABOUR, WINNING, amount * 10 // 100)
        yield Cost(int(days[0]), name, "", PROMOTION, KEEPING, round(amount * KEEPING_SHARE))


def campaign_cost(campaign: setting.Campaign, plan: Integers) -> int:
    """Fen spent on a yearly campaign."""
    year = slice(12 * (campaign.start.year - 2023), 12 * (campaign.start.year - 2022))
    return round(int(plan[campaign.channel][year].sum()) * CAMPAIGN_SHARE)


def _of_campaigns(plan: Integers, treated: tuple[int, ...]) -> Iterator[Cost]:
    for campaign in setting.YEARLY_CAMPAIGNS:
        name = CHANNELS[campaign.channel].name
        yield Cost(day_of(campaign.start), name, campaign.code, PROMOTION, WINNING, campaign_cost(campaign, plan))
    for experiment, reached in zip(setting.EXPERIMENTS, treated, strict=True):
        campaign = experiment.campaign
        fen = round(experiment.cost * 100 * reached)
        yield Cost(day_of(campaign.start), CHANNELS[campaign.channel].name, campaign.code, PROMOTION, KEEPING, fen)


def _of_plans(cared: tuple[int, ...]) -> Iterator[Cost]:
    for plan, reached in zip(setting.PLANS, cared, strict=True):
        fen = round(plan.cost * 100 * reached)
        yield Cost(day_of(plan.start), CHANNELS[STORE].name, "", CONTENT, KEEPING, fen)


def _commissions(store_sales: Integers) -> Iterator[Cost]:
    name = CHANNELS[STORE].name
    for month in range(len(MONTHS)):
        last = int(np.flatnonzero(np.equal(MONTH_OF_DAY, month))[-1])
        first, repeat = (int(value) for value in store_sales[:, month])
        yield Cost(last, name, "", COMMISSION, WINNING, round(first * COMMISSION_FIRST))
        yield Cost(last, name, "", COMMISSION, KEEPING, round(repeat * COMMISSION_REPEAT))
