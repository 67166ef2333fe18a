"""Who and what the made-up company 山岚茶业 is: channels with their true parameters, stores, staff, teas, campaigns, plans.

Everything here is invented. Nothing is drawn here; the numbers are the truth that the drawn files carry.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from kexiao.demo import calendar
from kexiao.models.clv.simulate import PurchaseParameters

COMPANY = "山岚茶业"


@dataclass(frozen=True, slots=True)
class Spending:
    """Gamma-Gamma truth of the amount paid per order, in yuan: mean over customers p·v / (q − 1)."""

    p: float
    q: float
    v: float


@dataclass(frozen=True, slots=True)
class Channel:
    """One sales channel and the truth about those it brought.

    ``share`` of all customers; ``purchases`` in days; ``seasonal``: first purchases follow the season; ``tempo``: repeat
    purchases follow it too (so a plain BG/NBD fit is no longer exact). ``lead_share``: share of its customers who came as a
    lead, 0 where the channel has none; ``lead_rate``: share of its leads that become customers. ``cost`` is the planned
    acquisition cost per new customer in yuan. ``nps``: shares of promoters, passives, detractors.
    """

    name: str
    share: float
    purchases: PurchaseParameters
    spending: Spending
    team: str
    cost: float
    nps: tuple[float, float, float]
    csat_top_two: float
    refunded: float
    complaining: float
    seasonal: bool = True
    tempo: bool = False
    lead_share: float = 0.0
    lead_rate: float = 0.0
    has_sellers: bool = False


TMALL, JD, DOUYIN, WECHAT, STORE = range(5)

CHANNELS = (
    Channel(
        "天猫旗舰店", 0.26, PurchaseParameters(0.85, 62.0, 0.75, 2.9), Spending(6.0, 4.0, 78.0), "天猫运营部",
        cost=62.0, nps=(0.46, 0.34, 0.20), csat_top_two=0.82, refunded=0.022, complaining=0.006, tempo=True,
    ),
    Channel(
        "京东", 0.14, PurchaseParameters(0.80, 70.0, 0.80, 2.6), Spending(6.0, 4.0, 80.0), "京东运营部",
        cost=58.0, nps=(0.44, 0.35, 0.21), csat_top_two=0.83, refunded=0.020, complaining=0.006,
    ),
    Channel(
        "抖音直播", 0.20, PurchaseParameters(0.60, 80.0, 1.10, 2.2), Spending(6.0, 4.0, 48.0), "抖音直播间",
        cost=40.0, nps=(0.36, 0.34, 0.30), csat_top_two=0.74, refunded=0.050, complaining=0.012, seasonal=False,
        lead_share=0.35, lead_rate=0.10, has_sellers=True,
    ),
    Channel(
        "微信小程序", 0.20, PurchaseParameters(0.90, 55.0, 0.60, 2.7), Spending(6.0, 4.0, 84.0), "微信私域部",
        cost=30.0, nps=(0.52, 0.32, 0.16), csat_top_two=0.86, refunded=0.015, complaining=0.004,
        lead_share=0.40, lead_rate=0.18, has_sellers=True,
    ),
    Channel(
        "直营门店", 0.20, PurchaseParameters(0.95, 60.0, 0.60, 2.8), Spending(6.0, 4.0, 110.0), "",
        cost=46.0, nps=(0.55, 0.31, 0.14), csat_top_two=0.89, refunded=0.008, complaining=0.003, tempo=True,
        lead_share=0.60, lead_rate=0.30, has_sellers=True,
    ),
)  # fmt: skip

OTHER_CHANNEL_SHARE = 0.06  # of repeat orders of customers won online: placed in another online shop
OTHER_CHANNELS = (TMALL, JD, WECHAT)


def arrivals(channel: int) -> calendar.Floats:
    """Relative number of new customers of a channel on each day."""
    if channel == DOUYIN:
        return calendar.falling(date(2025, 1, 1), 0.3)
    return calendar.season() * calendar.growing(0.12)


PROVINCES = (
    ("上海", "华东", 9), ("江苏", "华东", 8), ("浙江", "华东", 9), ("安徽", "华东", 4), ("福建", "华东", 5), ("山东", "华东", 6),
    ("广东", "华南", 13), ("广西", "华南", 3), ("海南", "华南", 1),
    ("北京", "华北", 8), ("天津", "华北", 3), ("河北", "华北", 4),
    ("四川", "西南", 6), ("重庆", "西南", 4), ("云南", "西南", 3), ("贵州", "西南", 2),
    ("湖北", "华中", 5), ("湖南", "华中", 4), ("河南", "华中", 3),
)  # fmt: skip
REGIONS = ("华东", "华南", "华北", "西南", "华中")
REGION_OF_PROVINCE = np.array([REGIONS.index(region) for _, region, _ in PROVINCES], dtype=np.int64)

STORES = (
    ("上海徐汇店", "上海", 8), ("上海静安店", "上海", 8), ("杭州西湖店", "浙江", 8), ("南京新街口店", "江苏", 7), ("苏州观前店", "江苏", 6),
    ("广州天河店", "广东", 8), ("深圳福田店", "广东", 8), ("南宁青秀店", "广西", 4),
    ("北京国贸店", "北京", 8), ("北京中关村店", "北京", 6), ("天津和平店", "天津", 5),
    ("成都锦江店", "四川", 8), ("重庆解放碑店", "重庆", 6),
    ("武汉江汉店", "湖北", 6), ("长沙五一店", "湖南", 5),
)  # fmt: skip
TEAMS = tuple(name for name, _, _ in STORES) + tuple(channel.team for channel in CHANNELS if channel.team)
SELLERS_A_TEAM = 4


def team_of_channel(channel: int) -> int:
    """The team that serves an online channel (its place in ``TEAMS``)."""
    return TEAMS.index(CHANNELS[channel].team)


PROVINCE_OF_STORE = np.array([[p for p, _, _ in PROVINCES].index(place) for _, place, _ in STORES], dtype=np.int64)

CATEGORIES = ("绿茶", "红茶", "乌龙茶", "白茶", "普洱茶", "花茶", "礼盒", "茶具")
CATEGORY_WEIGHTS = (0.22, 0.16, 0.14, 0.11, 0.12, 0.09, 0.08, 0.08)
COST_SHARE = (0.42, 0.40, 0.44, 0.38, 0.36, 0.45, 0.48, 0.52)
GIFTS, GREEN = 6, 0
PRICES_A_CATEGORY = 16
ORIGINS = ("西湖", "武夷", "安溪", "祁门", "福鼎", "勐海", "正山", "黄山")
FORMS = ("试饮装", "随身罐", "日常装", "家庭装", "珍藏罐", "典藏装", "大师作", "年份藏")


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign: where, when, and the share of orders in its reach that carry its code (which proves nothing)."""

    code: str
    name: str
    channel: int
    start: date
    end: date
    goal: str
    tagged: float = 0.5


@dataclass(frozen=True, slots=True)
class Experiment:
    """A campaign with a randomised hold-out among the earlier customers of its channel.

    ``extra``: true extra orders per treated customer inside the window; ``cost`` in yuan per treated customer.
    """

    campaign: Campaign
    treated: float
    extra: float
    cost: float


@dataclass(frozen=True, slots=True)
class Plan:
    """An improvement plan for the store customers of one region; ``extra``: true extra orders per earlier customer."""

    code: str
    name: str
    region: str
    start: date
    end: date
    extra: float
    cost: float


def _yearly_campaigns() -> list[Campaign]:
    found = []
    for index, year in enumerate(calendar.YEARS):
        new_year = calendar.LUNAR_NEW_YEAR[index]
        gifts = max(calendar.date_of(calendar.day_of(new_year) - 28), calendar.FIRST_DAY)
        last_gifts = calendar.date_of(calendar.day_of(new_year) - 4)
        autumn = calendar.MID_AUTUMN[index]
        first_autumn = calendar.date_of(calendar.day_of(autumn) - 21)
        short = year % 100
        found += [
            Campaign(f"HD{short}01", f"{year} 年货节", TMALL, gifts, last_gifts, "新客户数"),
            Campaign(f"HD{short}02", f"{year} 春茶上新", WECHAT, date(year, 3, 20), date(year, 4, 30), "销售额"),
            Campaign(f"HD{short}03", f"{year} 618", JD, date(year, 6, 1), date(year, 6, 20), "销售额"),
            Campaign(f"HD{short}04", f"{year} 中秋礼遇", STORE, first_autumn, autumn, "销售额"),
            Campaign(f"HD{short}05", f"{year} 双 11", TMALL, date(year, 10, 24), date(year, 11, 11), "新客户数"),
        ]
    return found


WORKED = Experiment(
    Campaign("HD2511", "2025 老客回礼", TMALL, date(2025, 4, 10), date(2025, 6, 8), "老客复购", tagged=0.3),
    treated=0.7, extra=0.20, cost=4.0,
)  # fmt: skip
FAILED = Experiment(
    Campaign("HD2512", "2025 会员满减周", JD, date(2025, 7, 15), date(2025, 9, 12), "老客复购", tagged=0.5),
    treated=0.7, extra=0.0, cost=6.0,
)  # fmt: skip
EXPERIMENTS = (WORKED, FAILED)
CAMPAIGNS = (*_yearly_campaigns(), WORKED.campaign, FAILED.campaign)
YEARLY_CAMPAIGNS = CAMPAIGNS[:-2]

CARE = Plan("care_east", "华东门店老客关怀", "华东", date(2025, 7, 1), date(2025, 9, 30), extra=0.15, cost=5.0)
SHELVES = Plan("shelves_south", "华南门店陈列改造", "华南", date(2025, 4, 1), date(2025, 6, 30), extra=0.0, cost=8.0)
PLANS = (CARE, SHELVES)

SIMPSON_BEFORE, SIMPSON_AFTER = "2024Q3", "2024Q4"
SIMPSON_RATE = 1.10  # every channel converts a tenth better in the later quarter …
SIMPSON_LEAD_SHARE = {DOUYIN: 0.95, WECHAT: 0.25, STORE: 0.40}  # … while the channel with the poorest leads floods in

LUCKY_SELLER = "顾小满"
LUCKY_TEAM = "上海徐汇店"
LUCKY_SINCE = date(2025, 7, 15)
LUCKY_WON, LUCKY_LOST = 3, 2

DOUYIN_2025_NPS = (0.30, 0.33, 0.37)
DOUYIN_2025_COMPLAINING = 0.025
