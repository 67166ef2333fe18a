"""The planted stories with their truth: what was done, what it did, and what anyone should be able to find."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from kexiao.demo import aftersales, calendar, leads, setting
from kexiao.demo.answers import Totals
from kexiao.demo.calendar import QUARTERS, day_of
from kexiao.demo.orders import FROM_CAMPAIGN, FROM_CARE, cared_for
from kexiao.demo.people import NEWCOMER_PLACE, Staff
from kexiao.demo.setting import CHANNELS, DOUYIN, TMALL, Experiment, Plan
from kexiao.demo.tables import Chunk


@dataclass
class Tally:
    """What the stories really did, summed over chunks."""

    treated: list[int] = field(default_factory=lambda: [0] * len(setting.EXPERIMENTS))
    held_out: list[int] = field(default_factory=lambda: [0] * len(setting.EXPERIMENTS))
    orders_treated: list[int] = field(default_factory=lambda: [0] * len(setting.EXPERIMENTS))
    orders_held_out: list[int] = field(default_factory=lambda: [0] * len(setting.EXPERIMENTS))
    extra: list[int] = field(default_factory=lambda: [0] * len(setting.EXPERIMENTS))
    cared: list[int] = field(default_factory=lambda: [0] * len(setting.PLANS))
    care_orders: list[int] = field(default_factory=lambda: [0] * len(setting.PLANS))
    care_extra: list[int] = field(default_factory=lambda: [0] * len(setting.PLANS))
    newcomer: list[int] = field(default_factory=lambda: [0, 0])

    def add_chunk(self, chunk: Chunk) -> None:
        """Count one chunk."""
        for index, experiment in enumerate(setting.EXPERIMENTS):
            self._add_experiment(chunk, index, experiment)
        for index, plan in enumerate(setting.PLANS):
            self._add_plan(chunk, index, plan)
        hers = chunk.leads.place == NEWCOMER_PLACE
        self.newcomer[0] += int(hers.sum())
        self.newcomer[1] += int((hers & (chunk.leads.status == leads.WON)).sum())

    def _add_experiment(self, chunk: Chunk, index: int, experiment: Experiment) -> None:
        arms, orders = chunk.arms[index], chunk.orders
        reached, spared = arms.customer[arms.treated], arms.customer[~arms.treated]
        inside = orders.counted & (orders.day >= day_of(experiment.campaign.start))
        inside &= orders.day <= day_of(experiment.campaign.end)
        ours = orders.kind == FROM_CAMPAIGN
        self.treated[index] += len(reached)
        self.held_out[index] += len(spared)
        self.orders_treated[index] += int((inside & np.isin(orders.customer, reached)).sum())
        self.orders_held_out[index] += int((inside & np.isin(orders.customer, spared)).sum())
        self.extra[index] += int((inside & ours & np.isin(orders.customer, reached)).sum())

    def _add_plan(self, chunk: Chunk, index: int, plan: Plan) -> None:
        orders, members = chunk.orders, cared_for(chunk.people, plan)
        inside = orders.counted & (orders.day >= day_of(plan.start)) & (orders.day <= day_of(plan.end))
        inside &= np.isin(orders.customer, members)
        self.cared[index] += len(members)
        self.care_orders[index] += int(inside.sum())
        self.care_extra[index] += int((inside & (orders.kind == FROM_CARE)).sum())


def tell(tally: Tally, totals: Totals, staff: Staff) -> dict[str, Any]:
    """All stories as plain data."""
    return {
        "declining_channel": _declining(totals),
        "campaign_that_worked": _experiment(tally, 0),
        "campaign_that_did_not": _experiment(tally, 1),
        "plan_that_worked": _plan(tally, 0),
        "plan_that_did_nothing": _plan(tally, 1),
        "seasons": _seasons(),
        "lucky_salesperson": _lucky(tally, totals, staff),
        "simpson": _simpson(totals),
    }


def _declining(totals: Totals) -> dict[str, Any]:
    name = CHANNELS[DOUYIN].name
    quarters = [index for index, quarter in enumerate(QUARTERS) if quarter >= "2024Q4"]
    cells = {QUARTERS[index]: totals.cell("quarter", index, name) for index in quarters}
    return {
        "channel": name,
        "daily_rate_of_new_customers": "level until 2024-12-31, then a straight fall to 0.3 of it on 2025-12-31",
        "new_customers": {quarter: cell["new_customers"] for quarter, cell in cells.items()},
        "acquisition_spend_fen": {quarter: cell["acquisition_spend_fen"] for quarter, cell in cells.items()},
        "customer_acquisition_cost": {
            quarter: cell["acquisition_spend_fen"] / 100 / cell["new_customers"] if cell["new_customers"] else None
            for quarter, cell in cells.items()
        },
        "nps_shares_2024": aftersales.nps_shares(DOUYIN, 2024),
        "nps_shares_2025": aftersales.nps_shares(DOUYIN, 2025),
    }


def _experiment(tally: Tally, index: int) -> dict[str, Any]:
    experiment = setting.EXPERIMENTS[index]
    treated, held_out = tally.treated[index], tally.held_out[index]
    return {
        "campaign": experiment.campaign.code,
        "name": experiment.campaign.name,
        "channel": CHANNELS[experiment.campaign.channel].name,
        "start": experiment.campaign.start.isoformat(),
        "end": experiment.campaign.end.isoformat(),
        "eligible": "customers won by the channel before the start",
        "treated": treated,
        "held_out": held_out,
        "true_extra_orders_per_treated": experiment.extra,
        "extra_orders": tally.extra[index],
        "orders_of_treated": tally.orders_treated[index],
        "orders_of_held_out": tally.orders_held_out[index],
        "cost_fen": round(experiment.cost * 100 * treated),
    }


def _plan(tally: Tally, index: int) -> dict[str, Any]:
    plan = setting.PLANS[index]
    return {
        "plan": plan.code,
        "name": plan.name,
        "channel": CHANNELS[setting.STORE].name,
        "region": plan.region,
        "comparable_regions": [region for region in setting.REGIONS if region != plan.region],
        "start": plan.start.isoformat(),
        "end": plan.end.isoformat(),
        "affected": "store customers of the region who first bought before the start",
        "customers": tally.cared[index],
        "true_extra_orders_per_customer": plan.extra,
        "extra_orders": tally.care_extra[index],
        "orders": tally.care_orders[index],
        "orders_without_the_plan": tally.care_orders[index] - tally.care_extra[index],
        "true_rise": _share(tally.care_extra[index], tally.care_orders[index] - tally.care_extra[index]),
        "cost_fen": round(plan.cost * 100 * tally.cared[index]),
    }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _seasons() -> dict[str, Any]:
    return {
        "lunar_new_year": [day.isoformat() for day in calendar.LUNAR_NEW_YEAR],
        "factors": {
            "28 to 4 days before the lunar new year": calendar.BEFORE_NEW_YEAR,
            "3 days before to 6 days after it": calendar.AT_NEW_YEAR,
            "20 March to 30 April": calendar.SPRING_TEA,
            "1 to 20 June": calendar.JUNE_SALE,
            "24 October to 11 November": calendar.NOVEMBER_SALE,
        },
        "first_purchases_follow": [channel.name for channel in CHANNELS if channel.seasonal],
        "repeat_purchases_follow": [channel.name for channel in CHANNELS if channel.tempo],
        "yearly_growth_of_first_purchases": 0.12,
    }


def _lucky(tally: Tally, totals: Totals, staff: Staff) -> dict[str, Any]:
    seller = staff.sellers[-1]
    stores = totals.cell("quarter", QUARTERS.index("2025Q3"), CHANNELS[setting.STORE].name)
    return {
        "number": seller.number,
        "name": seller.name,
        "team": seller.team,
        "period": "2025Q3",
        "leads": tally.newcomer[0],
        "won": tally.newcomer[1],
        "all_stores": {"leads": stores["leads"], "won": stores["leads_won"]},
        "true_rate": CHANNELS[setting.STORE].lead_rate,
        "verdict": "cannot tell: too few leads",
    }


def _simpson(totals: Totals) -> dict[str, Any]:
    """Lead conversion by quarter of creation: every channel gains, the company loses."""
    names = [CHANNELS[channel].name for channel in leads.LEAD_CHANNELS]
    found: dict[str, Any] = {"metric": "lead_conversion_rate", "dimension": "channel"}
    rates: dict[str, dict[str, float | None]] = {}
    for quarter in (setting.SIMPSON_BEFORE, setting.SIMPSON_AFTER):
        cells = {n: totals.cell("quarter", QUARTERS.index(quarter), n) for n in ("total", *names)}
        found[quarter] = {n: {"leads": c["leads"], "won": c["leads_won"]} for n, c in cells.items()}
        rates[quarter] = {n: _share(c["leads_won"], c["leads"]) for n, c in cells.items()}
    before, after = (rates[quarter] for quarter in (setting.SIMPSON_BEFORE, setting.SIMPSON_AFTER))
    known = all(rate is not None for quarter in rates.values() for rate in quarter.values())
    found["reversal"] = known and all((after[n] or 0) > (before[n] or 0) for n in names)
    found["reversal"] = bool(found["reversal"] and (after["total"] or 0) < (before["total"] or 0))
    return found


def models() -> dict[str, Any]:
    """The true parameters per channel, and where a plain fit must find them again."""
    stirred = {
        TMALL: "tempo (seasonal repeat purchases) and the extra orders of the campaign that worked",
        setting.STORE: "tempo (seasonal repeat purchases) and the extra orders of the plan that worked",
    }
    return {
        channel.name: {
            "share_of_customers": channel.share,
            "bg_nbd": {**asdict(channel.purchases), "unit": "day"},
            "gamma_gamma": {**asdict(channel.spending), "unit": "yuan paid per order, before refunds"},
            "recoverable": index not in stirred,
            "disturbed_by": stirred.get(index),
            "lead_conversion_rate": channel.lead_rate or None,
            "nps_shares": channel.nps,
            "csat_top_two": channel.csat_top_two,
            "full_refund_chance": channel.refunded,
            "complaint_chance_per_order": channel.complaining,
        }
        for index, channel in enumerate(CHANNELS)
    }
