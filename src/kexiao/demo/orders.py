"""Orders of one chunk of customers: what the models draw, what the planted stories add, and what must not count."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kexiao.demo import calendar, setting
from kexiao.demo.calendar import DAYS, Floats, Integers, day_of
from kexiao.demo.people import People, Staff
from kexiao.demo.setting import CAMPAIGNS, CHANNELS, STORE
from kexiao.models.clv.simulate import simulate, spend

FIRST_ORDER, REPEAT, FROM_CAMPAIGN, FROM_CARE, ABANDONED, ANONYMOUS, TEST, BROKEN = range(8)
DONE, CANCELLED, UNPAID, REFUNDED = range(4)
STATUS_WORDS = ("已完成", "已取消", "待付款", "已退款")
NOBODY, TESTER = -1, -2
NO_MESS, BAD_DATE, BAD_AMOUNT = range(3)

CANCELLED_SHARE, UNPAID_SHARE, ANONYMOUS_SHARE = 0.035, 0.008, 0.06
TESTS_A_YEAR = 8
BROKEN_DATES = {2023: 3, 2024: 5, 2025: 4}
BROKEN_AMOUNTS = {2023: 2, 2024: 3, 2025: 3}


@dataclass(frozen=True, slots=True)
class Orders:
    """One chunk of orders in time order; arrays of equal length, codes as in ``setting``; −1 where there is none."""

    customer: Integers
    day: Integers
    second: Integers
    kind: Integers
    status: Integers
    channel: Integers
    team: Integers
    province: Integers
    seller: Integers
    campaign: Integers
    amount: Integers
    """What was paid for the whole order, in fen."""
    mess: Integers

    def __len__(self) -> int:
        return len(self.customer)

    @property
    def counted(self) -> NDArray[np.bool_]:
        """Orders that count as sold: completed or refunded later, no test, not broken."""
        sold = (self.status == DONE) | (self.status == REFUNDED)
        return np.asarray(sold & (self.kind != TEST) & (self.kind != BROKEN), dtype=bool)


@dataclass(frozen=True, slots=True)
class Arms:
    """Who takes part in an experiment: customers of the chunk, and whether they are treated."""

    customer: Integers
    treated: NDArray[np.bool_]


def draw_arms(rng: np.random.Generator, people: People) -> tuple[Arms, ...]:
    """For each experiment, the earlier customers of its channel, split by lot."""
    found = []
    for experiment in setting.EXPERIMENTS:
        start = day_of(experiment.campaign.start)
        eligible = np.flatnonzero((people.channel == experiment.campaign.channel) & (people.birth < start))
        found.append(Arms(eligible, rng.random(len(eligible)) < experiment.treated))
    return tuple(found)


def cared_for(people: People, plan: setting.Plan) -> Integers:
    """Customers of the region's stores who came before the plan began."""
    home = people.region == setting.REGIONS.index(plan.region)
    return np.flatnonzero((people.store >= 0) & home & (people.birth < day_of(plan.start)))


def draw_orders(rng: np.random.Generator, people: People, staff: Staff, arms: tuple[Arms, ...]) -> Orders:
    """All orders of the chunk, sorted by time."""
    customer, day, kind = _when(rng, people, arms)
    size = len(customer)
    channel = _channel_of(rng, people, customer, kind)
    store = np.where(customer >= 0, people.store[customer], _some_store(rng, size))
    team = _team_of(channel, store)
    place = np.where(customer >= 0, people.place[customer], rng.integers(0, setting.SELLERS_A_TEAM, size))
    has_seller = np.array([c.has_sellers for c in CHANNELS])[channel] & (kind != TEST)
    province = np.where(customer >= 0, people.province[customer], setting.PROVINCE_OF_STORE[np.maximum(store, 0)])
    orders = Orders(
        customer=customer,
        day=day,
        second=_second_of_day(rng, kind),
        kind=kind,
        status=_status(rng, kind),
        channel=channel,
        team=team,
        province=province,
        seller=np.where(has_seller, staff.on(team, place, day), -1),
        campaign=_campaign_of(rng, customer, day, channel, kind, arms),
        amount=_amounts(rng, people, customer, kind),
        mess=_mess(kind),
    )
    return select(orders, np.lexsort((orders.second, orders.day)))


def select(orders: Orders, rows: NDArray[np.int64]) -> Orders:
    """The chosen orders in the chosen order."""
    return replace(orders, **{name: getattr(orders, name)[rows] for name in orders.__dataclass_fields__})


def _when(rng: np.random.Generator, people: People, arms: tuple[Arms, ...]) -> tuple[Integers, Integers, Integers]:
    """Customer, day and kind of every order: the model's own first, then what the stories add."""
    parts = [_model_orders(rng, people, channel) for channel in range(len(CHANNELS))]
    for experiment, taking_part in zip(setting.EXPERIMENTS, arms, strict=True):
        reached = taking_part.customer[taking_part.treated]
        window = (day_of(experiment.campaign.start), day_of(experiment.campaign.end))
        parts.append(_extra_orders(rng, reached, experiment.extra, window, FROM_CAMPAIGN))
    for plan in setting.PLANS:
        window = (day_of(plan.start), day_of(plan.end))
        parts.append(_extra_orders(rng, cared_for(people, plan), plan.extra, window, FROM_CARE))
    customer, day = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    parts.append(_abandoned(rng, customer, day))
    parts.append(_anonymous(rng, people, day))
    parts.append(_tests(rng))
    parts.append(_broken(rng, customer, day))
    joined = [np.concatenate([part[i] for part in parts]).astype(np.int64) for i in (0, 1, 2)]
    return joined[0], joined[1], joined[2]


Part = tuple[Integers, Integers, Integers]


def _model_orders(rng: np.random.Generator, people: People, channel: int) -> Part:
    chosen = np.flatnonzero(people.channel == channel)
    pace: Floats | None = calendar.tempo() if CHANNELS[channel].tempo else None
    who, day = simulate(rng, people.birth[chosen], DAYS, CHANNELS[channel].purchases, tempo=pace)
    place = _place_in_run(who)
    day = _days_of_their_own(who, day, place)
    inside = day < DAYS
    kind = np.where(place == 0, FIRST_ORDER, REPEAT)
    return chosen[who[inside]], day[inside], kind[inside]


def _place_in_run(who: Integers) -> Integers:
    """0, 1, 2 … along each run of equal values."""
    first = np.ones(len(who), dtype=bool)
    first[1:] = who[1:] != who[:-1]
    starts = np.flatnonzero(first)
    places: Integers = np.arange(len(who)) - starts[np.cumsum(first) - 1]
    return places


def _days_of_their_own(who: Integers, day: Integers, place: Integers) -> Integers:
    """Move a purchase that falls on the day of the one before to the next day.

    A fit counts purchase days. Where two purchases shared one, it would lose a purchase and with 10,000 customers find
    α some 5 % too large; moved by a day, the true parameters come out again.
    """
    apart = who * (2 * DAYS)  # customers cannot reach into one another
    own: Integers = np.maximum.accumulate(day - place + apart) - apart + place
    return own


def _extra_orders(rng: np.random.Generator, reached: Integers, mean: float, window: tuple[int, int], kind: int) -> Part:
    counts = rng.poisson(mean, len(reached))
    customer = np.repeat(reached, counts)
    return customer, rng.integers(window[0], window[1] + 1, len(customer)), np.full(len(customer), kind)


def _abandoned(rng: np.random.Generator, customer: Integers, day: Integers) -> Part:
    """Orders begun and dropped on a day when the same customer did buy, so that no history changes."""
    chosen = np.flatnonzero(rng.random(len(customer)) < CANCELLED_SHARE + UNPAID_SHARE)
    return customer[chosen], day[chosen], np.full(len(chosen), ABANDONED)


def _anonymous(rng: np.random.Generator, people: People, day: Integers) -> Part:
    """Store orders of people who left no name, spread like the shop's other days."""
    share = ANONYMOUS_SHARE * float(np.mean(people.channel == STORE)) if len(people) else 0.0
    days = rng.permutation(day)[: round(share * len(day))]
    return np.full(len(days), NOBODY), days, np.full(len(days), ANONYMOUS)


def _tests(rng: np.random.Generator) -> Part:
    days = np.concatenate([start + rng.integers(0, 360, TESTS_A_YEAR) for start in _year_starts()])
    return np.full(len(days), TESTER), days, np.full(len(days), TEST)


def _broken(rng: np.random.Generator, customer: Integers, day: Integers) -> Part:
    """Orders of their own whose date or amount cannot be read; beside the truth, so that losing them changes nothing."""
    counts = [BROKEN_DATES[year] + BROKEN_AMOUNTS[year] for year in calendar.YEARS]
    days = np.concatenate([s + rng.integers(0, 360, n) for s, n in zip(_year_starts(), counts, strict=True)])
    buyers = customer[rng.integers(0, len(customer), len(days))]
    return buyers, days, np.full(len(days), BROKEN)


def _year_starts() -> list[int]:
    return [day_of(calendar.FIRST_DAY.replace(year=year)) for year in calendar.YEARS]


def _mess(kind: Integers) -> Integers:
    pattern = [
        code
        for year in calendar.YEARS
        for code in [BAD_DATE] * BROKEN_DATES[year] + [BAD_AMOUNT] * BROKEN_AMOUNTS[year]
    ]
    mess = np.full(len(kind), NO_MESS, dtype=np.int64)
    mess[kind == BROKEN] = pattern
    return mess


def _channel_of(rng: np.random.Generator, people: People, customer: Integers, kind: Integers) -> Integers:
    """The customer's own channel; a few repeat orders of online customers go through another online shop."""
    channel = np.where(customer >= 0, people.channel[customer], np.where(kind == TEST, setting.WECHAT, STORE))
    stray = (kind == REPEAT) & (channel != STORE) & (rng.random(len(kind)) < setting.OTHER_CHANNEL_SHARE)
    other = np.array(setting.OTHER_CHANNELS)[rng.integers(0, len(setting.OTHER_CHANNELS), len(kind))]
    return np.where(stray, other, channel)


def _some_store(rng: np.random.Generator, size: int) -> Integers:
    weights = np.array([w for _, _, w in setting.STORES], dtype=np.float64)
    return np.searchsorted(np.cumsum(weights / weights.sum()), rng.random(size)).clip(0, len(weights) - 1)


def _team_of(channel: Integers, store: Integers) -> Integers:
    online = np.array([setting.team_of_channel(c) if CHANNELS[c].team else -1 for c in range(len(CHANNELS))])
    return np.where(channel == STORE, store, online[channel])


def _second_of_day(rng: np.random.Generator, kind: Integers) -> Integers:
    """A first order between 9 and 10 in the morning, so that nothing on its day comes before it; others until 22."""
    first = rng.integers(9 * 3600, 10 * 3600, len(kind))
    return np.where(kind == FIRST_ORDER, first, rng.integers(10 * 3600, 22 * 3600, len(kind)))


def _status(rng: np.random.Generator, kind: Integers) -> Integers:
    dropped = rng.random(len(kind)) < CANCELLED_SHARE / (CANCELLED_SHARE + UNPAID_SHARE)
    return np.where(kind == ABANDONED, np.where(dropped, CANCELLED, UNPAID), DONE)


def _campaign_of(
    rng: np.random.Generator,
    customer: Integers,
    day: Integers,
    channel: Integers,
    kind: Integers,
    arms: tuple[Arms, ...],
) -> Integers:
    """The campaign code on the order; of an experiment only the treated carry it."""
    code = np.full(len(customer), -1, dtype=np.int64)
    lot = rng.random(len(customer))
    reach = np.ones(len(customer), dtype=bool)
    treated = {x.campaign.code: a.customer[a.treated] for x, a in zip(setting.EXPERIMENTS, arms, strict=True)}
    for index, campaign in enumerate(CAMPAIGNS):
        inside = (channel == campaign.channel) & (day >= day_of(campaign.start)) & (day <= day_of(campaign.end))
        inside &= (customer >= 0) & (kind != BROKEN)
        if campaign.code in treated:
            reach = np.isin(customer, treated[campaign.code])
            inside = inside & reach & ((lot < campaign.tagged) | (kind == FROM_CAMPAIGN))
        else:
            inside = inside & (lot < campaign.tagged)
        code[inside & (code < 0)] = index
    return code


def _amounts(rng: np.random.Generator, people: People, customer: Integers, kind: Integers) -> Integers:
    """Gamma-Gamma by the channel that won the customer; an anonymous buyer is a person of the stores."""
    yuan = np.full(len(customer), 0.01)
    owner = np.where(customer >= 0, people.channel[customer], STORE)
    local = np.where(customer >= 0, customer, len(people) + np.arange(len(customer)))
    for channel, facts in enumerate(CHANNELS):
        chosen = np.flatnonzero((owner == channel) & (kind != TEST))
        _, dense = np.unique(local[chosen], return_inverse=True)
        yuan[chosen] = spend(rng, dense.astype(np.int64), facts.spending.p, facts.spending.q, facts.spending.v)
    fen = np.rint(yuan * 100).astype(np.int64)
    return np.where(kind == TEST, 1, np.maximum(fen, 100))
