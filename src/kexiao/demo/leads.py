"""Sales leads: those who became customers and those who did not, at a true rate per channel.

Lost leads are counted from the won ones (won × (1 − rate) ÷ rate, per channel and quarter of creation, rounded), so the
observed rate of a channel in a quarter is the true one up to rounding; what differs between sellers is chance alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from kexiao.demo import setting
from kexiao.demo.calendar import DAYS, QUARTER_OF_DAY, QUARTERS, Integers, day_of
from kexiao.demo.people import NEWCOMER_PLACE, People, Staff
from kexiao.demo.setting import CHANNELS, STORE, STORES

LONGEST_CYCLE, MEAN_CYCLE = 80, 12.0
QUALIFIED_SHARE_OF_LOST = 0.35
STILL_OPEN_DAYS = 45
LEAD_CHANNELS = tuple(index for index, channel in enumerate(CHANNELS) if channel.lead_share)

WON, LOST, OPEN = range(3)
STATUS_WORDS = ("已成交", "已流失", "跟进中")


@dataclass(frozen=True, slots=True)
class Leads:
    """One chunk of leads by time of creation; ``customer`` −1 and ``qualified`` −1 where there is none."""

    customer: Integers
    channel: Integers
    team: Integers
    place: Integers
    seller: Integers
    province: Integers
    day: Integers
    second: Integers
    qualified: Integers
    """Day of qualification."""
    status: Integers

    def __len__(self) -> int:
        return len(self.customer)


def rate_of(channel: int, quarter: int) -> float:
    """The true share of a channel's leads, created in a quarter, that become customers."""
    better = setting.SIMPSON_RATE if QUARTERS[quarter] == setting.SIMPSON_AFTER else 1.0
    return CHANNELS[channel].lead_rate * better


def draw_leads(rng: np.random.Generator, people: People, staff: Staff, with_newcomer: bool) -> tuple[Leads, People]:
    """The leads, and the people with the newcomer's few customers handed to her."""
    won, created = _won(rng, people)
    place = people.place.copy()
    if with_newcomer:
        place[_for_newcomer(people, won, created)] = NEWCOMER_PLACE
    people = replace(people, place=place)
    lost_channel, lost_day = _lost(rng, people.channel[won], created)
    lost_store = np.where(lost_channel == STORE, _stores(rng, len(lost_day)), -1)
    lost_place = rng.integers(0, setting.SELLERS_A_TEAM, len(lost_day))
    if with_newcomer:
        lost_place[_lost_by_newcomer(lost_store, lost_day)] = NEWCOMER_PLACE
    return _join(rng, people, staff, (won, created), (lost_channel, lost_day, lost_store, lost_place)), people


def _won(rng: np.random.Generator, people: People) -> tuple[Integers, Integers]:
    """Customers who came as a lead, and the day it was created: a few days before the first order."""
    share = np.array([channel.lead_share for channel in CHANNELS])[people.channel]
    in_flood = QUARTER_OF_DAY[people.birth] == QUARTERS.index(setting.SIMPSON_AFTER)
    for channel, flooded in setting.SIMPSON_LEAD_SHARE.items():
        share = np.where(in_flood & (people.channel == channel), flooded, share)
    won = np.flatnonzero(rng.random(len(people)) < share)
    cycle = np.minimum(1 + rng.exponential(MEAN_CYCLE, len(won)).astype(np.int64), LONGEST_CYCLE)
    return won, np.maximum(people.birth[won] - cycle, 0)


def _lost(rng: np.random.Generator, channel: Integers, created: Integers) -> tuple[Integers, Integers]:
    channels, days = [], []
    for index in LEAD_CHANNELS:
        for quarter in range(len(QUARTERS)):
            here = created[(channel == index) & (QUARTER_OF_DAY[created] == quarter)]
            rate = rate_of(index, quarter)
            count = round(len(here) * (1 - rate) / rate)
            days.append(rng.choice(here, count) if count else np.zeros(0, dtype=np.int64))
            channels.append(np.full(count, index))
    return np.concatenate(channels).astype(np.int64), np.concatenate(days).astype(np.int64)


def _stores(rng: np.random.Generator, size: int) -> Integers:
    weights = np.array([weight for _, _, weight in STORES], dtype=np.float64)
    return rng.choice(len(STORES), size, p=weights / weights.sum()).astype(np.int64)


def newcomer_days() -> tuple[int, int]:
    """Her leads were created between these days (the second excluded): all are old enough to judge at the year's end."""
    return day_of(setting.LUCKY_SINCE) + 3, day_of(date(2025, 9, 28))


def _for_newcomer(people: People, won: Integers, created: Integers) -> Integers:
    first, last = newcomer_days()
    hers = (people.store[won] == _her_store()) & (created >= first) & (created < last)
    return np.asarray(won[hers][: setting.LUCKY_WON], dtype=np.int64)


def _lost_by_newcomer(store: Integers, day: Integers) -> Integers:
    first, last = newcomer_days()
    return np.flatnonzero((store == _her_store()) & (day >= first) & (day < last))[: setting.LUCKY_LOST]


def _her_store() -> int:
    return [name for name, _, _ in STORES].index(setting.LUCKY_TEAM)


def _join(
    rng: np.random.Generator,
    people: People,
    staff: Staff,
    won: tuple[Integers, Integers],
    lost: tuple[Integers, Integers, Integers, Integers],
) -> Leads:
    winners, created = won
    lost_channel, lost_day, lost_store, lost_place = lost
    nobody = np.full(len(lost_day), -1, dtype=np.int64)
    day = np.concatenate([created, lost_day])
    channel = np.concatenate([people.channel[winners], lost_channel])
    store = np.concatenate([people.store[winners], lost_store])
    place = np.concatenate([people.place[winners], lost_place])
    lost_province = np.where(lost_store >= 0, setting.PROVINCE_OF_STORE[lost_store], rng.integers(0, 12, len(lost_day)))
    cycle = np.concatenate([people.birth[winners] - created, rng.integers(1, 20, len(lost_day))])
    qualifies = np.concatenate([np.ones(len(winners), bool), rng.random(len(lost_day)) < QUALIFIED_SHARE_OF_LOST])
    qualified = np.minimum(day + cycle // 2, DAYS - 1)
    lost_status = np.where(lost_day >= DAYS - STILL_OPEN_DAYS, OPEN, LOST)
    online = np.array([setting.team_of_channel(c) if CHANNELS[c].team else -1 for c in range(len(CHANNELS))])
    team = np.where(store >= 0, store, online[channel])
    leads = Leads(
        customer=np.concatenate([winners, nobody]),
        channel=channel,
        team=team,
        place=place,
        seller=staff.on(team, place, day),
        province=np.concatenate([people.province[winners], lost_province]),
        day=day,
        second=rng.integers(7 * 3600, 9 * 3600, len(day)),
        qualified=np.where(qualifies, qualified, -1),
        status=np.concatenate([np.full(len(winners), WON), lost_status]).astype(np.int64),
    )
    order = np.lexsort((leads.second, leads.day))
    return replace(leads, **{name: getattr(leads, name)[order] for name in leads.__dataclass_fields__})
