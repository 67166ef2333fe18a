"""Customers and sellers of the made-up company: who came when, through which channel, living where, served by whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from kexiao.demo import calendar, setting
from kexiao.demo.calendar import DAYS, Flags, Integers
from kexiao.demo.setting import CHANNELS, PROVINCES, SELLERS_A_TEAM, STORE, STORES, TEAMS

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范"
FIRST = "子雨思梓一欣佳晓嘉文诗宇浩俊明若静安清语书瑶可心怡念乐知景星"
SECOND = "涵轩然琪彤宁辰阳睿妍萱悦泽霖琳航洋博文雅婷颖诺霏远舟晴溪禾"

_SWITCH_EVERY = 9  # one seller in nine leaves and is replaced
_SWITCH_DAYS = (400, 520, 640, 760, 880)
NEVER = DAYS + 1


@dataclass(frozen=True, slots=True)
class People:
    """One chunk of customers in the order of their first purchase; arrays of equal length.

    ``first_number``: the number of the first one in the whole company. ``place``: the seller's place in the team (0–3).
    """

    first_number: int
    birth: Integers
    channel: Integers
    province: Integers
    store: Integers
    place: Integers
    birth_year: Integers
    birth_day: Integers
    woman: Flags
    registered_before: Integers
    has_email: Flags
    has_birthday: Flags

    def __len__(self) -> int:
        return len(self.birth)

    @property
    def region(self) -> Integers:
        """The region of each customer, as its place in ``REGIONS``."""
        return setting.REGION_OF_PROVINCE[self.province]


def draw_people(rng: np.random.Generator, customers: int, first_number: int) -> People:
    """Customers with their first purchase day, channel and home; sorted by that day."""
    channel = rng.choice(len(CHANNELS), customers, p=[c.share for c in CHANNELS])
    birth = np.empty(customers, dtype=np.int64)
    for index in range(len(CHANNELS)):
        here = channel == index
        birth[here] = _arrival_days(rng, index, int(here.sum()))
    order = np.argsort(birth, kind="stable")
    birth, channel = birth[order], channel[order]
    store = np.where(channel == STORE, _weighted(rng, customers, [w for _, _, w in STORES]), -1)
    province = _weighted(rng, customers, [w for _, _, w in PROVINCES])
    province = np.where(store >= 0, setting.PROVINCE_OF_STORE[store], province)
    return People(
        first_number=first_number,
        birth=birth,
        channel=channel,
        province=province,
        store=store,
        place=rng.integers(0, SELLERS_A_TEAM, customers),
        birth_year=rng.integers(1955, 2006, customers),
        birth_day=rng.integers(0, 365, customers),
        woman=rng.integers(0, 100, customers) < 61,
        registered_before=np.where(rng.random(customers) < 0.3, rng.integers(1, 21, customers), 0),
        has_email=rng.random(customers) < 0.65,
        has_birthday=rng.random(customers) < 0.75,
    )


def _arrival_days(rng: np.random.Generator, channel: int, customers: int) -> Integers:
    running = np.cumsum(setting.arrivals(channel))
    days = np.searchsorted(running, rng.random(customers) * running[-1], side="right")
    return np.asarray(np.minimum(days, DAYS - 1), dtype=np.int64)


def _weighted(rng: np.random.Generator, size: int, weights: list[int]) -> Integers:
    share = np.array(weights, dtype=np.float64)
    return rng.choice(len(weights), size, p=share / share.sum()).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Seller:
    """One member of staff and the days in post; ``until`` is the first day no longer in post, None while in post."""

    number: str
    name: str
    team: str
    region: str
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class Staff:
    """All sellers, and who holds each place of each team; the last seller is the newcomer with five leads."""

    sellers: tuple[Seller, ...]
    first: Integers
    second: Integers
    switch: Integers

    def on(self, team: Integers, place: Integers, day: Integers) -> Integers:
        """Index of the seller who holds a place of a team on a day; place 4 is the newcomer."""
        post = team * SELLERS_A_TEAM + np.minimum(place, SELLERS_A_TEAM - 1)
        holder = np.where(day < self.switch[post], self.first[post], self.second[post])
        return np.where(place == NEWCOMER_PLACE, len(self.sellers) - 1, holder)


NEWCOMER_PLACE = SELLERS_A_TEAM


def draw_staff(rng: np.random.Generator) -> Staff:
    """Four places a team; in one of nine places the seller is replaced once."""
    sellers: list[Seller] = []
    posts = len(TEAMS) * SELLERS_A_TEAM
    first, second, switch = np.zeros(posts, np.int64), np.zeros(posts, np.int64), np.full(posts, NEVER)
    for post in range(posts):
        team = TEAMS[post // SELLERS_A_TEAM]
        leaves = post % _SWITCH_EVERY == 4
        change = _SWITCH_DAYS[post // _SWITCH_EVERY % len(_SWITCH_DAYS)]
        until = calendar.date_of(change) if leaves else None
        first[post] = second[post] = len(sellers)
        sellers.append(_seller(rng, len(sellers), team, date(2022, 12, 1), until))
        if until is not None:
            second[post], switch[post] = len(sellers), change
            sellers.append(_seller(rng, len(sellers), team, until, None))
    newcomer = _seller(rng, len(sellers), setting.LUCKY_TEAM, setting.LUCKY_SINCE, None, name=setting.LUCKY_SELLER)
    return Staff((*sellers, newcomer), first, second, switch)


def _seller(
    rng: np.random.Generator, index: int, team: str, since: date, until: date | None, *, name: str | None = None
) -> Seller:
    pick = rng.integers(0, 10_000, 3)
    drawn = SURNAMES[pick[0] % len(SURNAMES)] + FIRST[pick[1] % len(FIRST)] + SECOND[pick[2] % len(SECOND)]
    homes = {store: province for store, province, _ in STORES}
    regions = {province: region for province, region, _ in PROVINCES}
    region = regions[homes[team]] if team in homes else "线上"
    return Seller(f"Y{index + 1:04d}", name or drawn, team, region, since, until)
