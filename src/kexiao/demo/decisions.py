"""What the company decided: scorecards, targets and initiatives, as plain data for whoever writes them down.

Targets were set before the results; the comments in ``truth`` say what the drawn company makes of each plan.
"""

from __future__ import annotations

from typing import Any

from kexiao.demo import setting

_USUAL_CUSTOMERS = 50_000


def recommended(customers: int) -> dict[str, Any]:
    """Scorecards with weights and targets, and initiatives with owner, deadline, expected effect and true outcome."""
    return {"scorecards": _scorecards(customers / _USUAL_CUSTOMERS), "initiatives": _initiatives()}


def _indicator(metric: str, weight: float, floor: float, target: float, stretch: float) -> dict[str, Any]:
    return {"metric": metric, "weight": weight, "floor": floor, "target": target, "stretch": stretch}


def _scorecards(scale: float) -> list[dict[str, Any]]:
    """Ratios are 0–1, money yuan; where floor > target, lower is better. Sums follow the size of the company."""
    return [
        {
            "id": "company",
            "name": {"zh": "公司季度评估", "en": "Company, quarterly"},
            "scope": "company",
            "periods": ["2025Q3", "2025Q4"],
            "indicators": [
                _indicator("new_customers", 0.15, 3600 * scale, 4300 * scale, 4800 * scale),
                _indicator("customer_acquisition_cost", 0.15, 70, 58, 48),
                _indicator("retention_rate", 0.15, 0.60, 0.70, 0.78),
                _indicator("repeat_purchase_rate", 0.15, 0.34, 0.40, 0.45),
                _indicator("sales_growth_yoy", 0.15, 0.05, 0.25, 0.45),
                _indicator("gross_margin_rate", 0.10, 0.47, 0.51, 0.55),
                _indicator("net_promoter_score", 0.10, 20, 32, 42),
                _indicator("complaint_rate", 0.05, 2.0, 1.0, 0.6),
            ],
        },
        {
            "id": "channels",
            "name": {"zh": "渠道评估", "en": "Channels"},
            "scope": "channel",
            "members": [channel.name for channel in setting.CHANNELS],
            "periods": ["2025Q3", "2025Q4"],
            "indicators": [
                _indicator("new_customers", 0.25, 600 * scale, 850 * scale, 1100 * scale),
                _indicator("customer_acquisition_cost", 0.25, 90, 60, 40),
                _indicator("refund_rate", 0.20, 0.05, 0.02, 0.01),
                _indicator("csat_top_two", 0.15, 0.72, 0.84, 0.92),
                _indicator("net_promoter_score", 0.15, 5, 30, 45),
            ],
        },
        {
            "id": "stores",
            "name": {"zh": "门店评估", "en": "Stores"},
            "scope": "team",
            "members": [name for name, _, _ in setting.STORES],
            "periods": ["2025Q3", "2025Q4"],
            "indicators": [
                _indicator("lead_conversion_rate", 0.35, 0.22, 0.30, 0.38),
                _indicator("average_order_value", 0.30, 180, 215, 250),
                _indicator("repeat_purchase_rate", 0.35, 0.34, 0.42, 0.50),
            ],
        },
        {
            "id": "sellers",
            "name": {"zh": "导购评估", "en": "Sellers"},
            "scope": "salesperson",
            "periods": ["2025Q3"],
            "indicators": [
                _indicator("lead_conversion_rate", 0.6, 0.22, 0.30, 0.38),
                _indicator("average_order_value", 0.4, 180, 215, 250),
            ],
        },
    ]


def _initiatives() -> list[dict[str, Any]]:
    return [
        _plan(setting.CARE, "王店管", "orders", 0.20, "worked", "difference_in_differences"),
        _plan(setting.SHELVES, "陈陈列", "orders", 0.10, "did_not", "difference_in_differences"),
        _campaign(setting.WORKED, "李会员", 0.15, "worked"),
        _campaign(setting.FAILED, "赵京东", 0.15, "did_not"),
        {
            "id": "member_day",
            "name": {"zh": "全渠道会员日", "en": "Member day in all channels"},
            "owner": "周增长",
            "metric": "orders",
            "start": "2025-10-01",
            "deadline": "2025-12-31",
            "expected_effect": 0.08,
            "applies_to": {},
            "compare_with": {},
            "method": "none: everyone took part",
            "truth": {"effect": 0.0, "verdict": "cannot_tell"},
        },
        {
            "id": "douyin_rescue",
            "name": {"zh": "抖音直播获客整改", "en": "Repair acquisition on Douyin"},
            "owner": "吴直播",
            "metric": "customer_acquisition_cost",
            "start": "2025-11-01",
            "deadline": "2026-03-31",
            "expected_effect": -0.30,
            "applies_to": {"channel": setting.CHANNELS[setting.DOUYIN].name},
            "compare_with": {},
            "method": "not yet due",
            "truth": {"effect": 0.0, "verdict": "still_running"},
        },
        {
            "id": "fewer_refunds",
            "name": {"zh": "抖音退款原因治理", "en": "Fewer refunds on Douyin"},
            "owner": "郑客服",
            "metric": "refund_rate",
            "start": "2025-08-01",
            "deadline": "2025-11-30",
            "expected_effect": -0.20,
            "applies_to": {"channel": setting.CHANNELS[setting.DOUYIN].name},
            "compare_with": {"channel": [c.name for c in setting.CHANNELS if c.team][:2]},
            "method": "overdue: nothing was done",
            "truth": {"effect": 0.0, "verdict": "overdue"},
        },
    ]


def _plan(plan: setting.Plan, owner: str, metric: str, expected: float, verdict: str, method: str) -> dict[str, Any]:
    store = setting.CHANNELS[setting.STORE].name
    return {
        "id": plan.code,
        "name": {"zh": plan.name, "en": _ENGLISH[plan.code]},
        "owner": owner,
        "metric": metric,
        "start": plan.start.isoformat(),
        "deadline": plan.end.isoformat(),
        "expected_effect": expected,
        "applies_to": {"channel": store, "region": plan.region},
        "compare_with": {"channel": store, "region": [name for name in setting.REGIONS if name != plan.region]},
        "method": method,
        "truth": {"extra_orders_per_earlier_customer": plan.extra, "verdict": verdict},
    }


def _campaign(experiment: setting.Experiment, owner: str, expected: float, verdict: str) -> dict[str, Any]:
    campaign = experiment.campaign
    return {
        "id": campaign.code,
        "name": {"zh": campaign.name, "en": _ENGLISH[campaign.code]},
        "owner": owner,
        "metric": "incremental_conversions",
        "start": campaign.start.isoformat(),
        "deadline": campaign.end.isoformat(),
        "expected_effect": expected,
        "applies_to": {"campaign": campaign.code, "arm": "实验组"},
        "compare_with": {"campaign": campaign.code, "arm": "对照组"},
        "method": "holdout",
        "truth": {"extra_orders_per_treated": experiment.extra, "verdict": verdict},
    }


_ENGLISH = {
    setting.CARE.code: "Care for earlier store customers in the east",
    setting.SHELVES.code: "New shelves in the southern stores",
    setting.WORKED.campaign.code: "A gift for earlier customers, 2025",
    setting.FAILED.campaign.code: "Member discount week, 2025",
}
