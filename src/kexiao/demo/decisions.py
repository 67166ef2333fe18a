"""What the company decided: scorecards, targets and initiatives, as plain data in the truth and as TOML in a workspace.

Targets were set before the results; ``truth`` beside each plan says what the drawn company makes of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from kexiao.demo import setting
from kexiao.engine.posix import write_durably

_USUAL_CUSTOMERS = 50_000


def recommended(customers: int) -> dict[str, Any]:
    """Scorecards with weights and targets, targets of single periods and subjects, and initiatives with expected effect and true outcome."""
    scale = customers / _USUAL_CUSTOMERS
    return {"scorecards": _scorecards(scale), "targets": _targets(scale), "initiatives": _initiatives()}


def write_decisions(workspace_root: Path, truth: Mapping[str, Any]) -> tuple[Path, ...]:
    """Write the decisions of a drawn company (its ``truth``) into a workspace; files of the same name are replaced.

    ``scorecards/*.toml``, ``targets.toml`` and ``initiatives/*.toml``. What the truth knows of the outcome is left out.
    """
    decided = truth["decisions"]
    written = {}
    for card in decided["scorecards"]:
        written[workspace_root / "scorecards" / f"{card['id']}.toml"] = _document(card, "评分卡 · A scorecard")
    written[workspace_root / "targets.toml"] = _document(
        {"targets": decided["targets"]}, "单个期间或对象的目标 · Targets of single periods or subjects"
    )
    for plan in decided["initiatives"]:
        shown = {name: value for name, value in plan.items() if name != "truth"}
        written[workspace_root / "initiatives" / f"{plan['id']}.toml"] = _document(shown, "改进举措 · An initiative")
    for path, text in written.items():
        write_durably(path, text.encode())
    return tuple(written)


def _document(table: Mapping[str, Any], about: str) -> str:
    """A TOML document: plain entries first, then tables, then lists of tables."""
    lines = [f"# {about}"]
    nested = {name: value for name, value in table.items() if _is_tables(value)}
    lines += [f"{name} = {_value(value)}" for name, value in table.items() if name not in nested and value is not None]
    for name, rows in nested.items():
        for row in rows:
            lines += ["", f"[[{name}]]"]
            lines += [f"{key} = {_value(value)}" for key, value in row.items() if value is not None]
    return "\n".join(lines) + "\n"


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(name)} = {_value(part)}" for name, part in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(part) for part in value) + "]"
    if isinstance(value, str) and _is_day(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    return name if name.isidentifier() and name.isascii() else json.dumps(name, ensure_ascii=False)


def _is_day(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _indicator(
    metric: str, weight: float, floor: float, target: float, stretch: float, scope: Mapping[str, str] | None = None
) -> dict[str, Any]:
    found = {"metric": metric, "weight": weight, "floor": floor, "target": target, "stretch": stretch}
    return found | ({"scope": dict(scope)} if scope else {})


def _in_stores(metric: str, weight: float, floor: float, target: float, stretch: float) -> dict[str, Any]:
    return _indicator(metric, weight, floor, target, stretch, {"channel": setting.CHANNELS[setting.STORE].name})


def _card(name: str, zh: str, en: str, subject: str, indicators: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    card = {"id": name, "name": {"zh": zh, "en": en}, "subject": subject, "since": "2025-01-01", **more}
    return {**card, "indicators": indicators}


def _scorecards(scale: float) -> list[dict[str, Any]]:
    """Weights in per cent; ratios are 0–1, money yuan; where floor > target, lower is better. Sums follow the size of the company."""
    return [
        _card(
            "company",
            "公司季度评估",
            "Company, quarterly",
            "company",
            [
                _indicator("new_customers", 15, 3000 * scale, 3800 * scale, 4400 * scale),
                _indicator("customer_acquisition_cost", 15, 75, 60, 50),
                _indicator("retention_rate", 15, 0.80, 0.86, 0.90),
                _indicator("repeat_purchase_rate", 15, 0.34, 0.40, 0.45),
                _indicator("sales_growth_yoy", 15, 0.05, 0.25, 0.45),
                _indicator("gross_margin_rate", 10, 0.47, 0.51, 0.55),
                _indicator("net_promoter_score", 10, 20, 32, 42),
                _indicator("complaint_rate", 5, 2.0, 1.0, 0.6),
            ],
        ),
        _card(
            "channels",
            "渠道评估",
            "Channels",
            "channel",
            [
                _indicator("new_customers", 25, 450 * scale, 800 * scale, 1100 * scale),
                _indicator("customer_acquisition_cost", 25, 90, 60, 40),
                _indicator("refund_rate", 20, 0.05, 0.02, 0.01),
                _indicator("csat_top_two", 15, 0.72, 0.84, 0.92),
                _indicator("net_promoter_score", 15, 5, 30, 45),
            ],
            subjects=[channel.name for channel in setting.CHANNELS],
        ),
        _card(
            "stores",
            "门店评估",
            "Stores",
            "team",
            [
                _in_stores("lead_conversion_rate", 35, 0.22, 0.30, 0.38),
                _in_stores("average_order_value", 30, 180, 215, 250),
                _in_stores("repeat_purchase_rate", 35, 0.34, 0.42, 0.50),
            ],
        ),
        _card(
            "sellers",
            "导购评估",
            "Sellers",
            "person",
            [
                _in_stores("lead_conversion_rate", 60, 0.22, 0.30, 0.38),
                _in_stores("average_order_value", 40, 180, 215, 250),
            ],
            roll_up=["team", "company"],
        ),
    ]


def _targets(scale: float) -> list[dict[str, Any]]:
    jd, stream = setting.CHANNELS[setting.JD].name, setting.CHANNELS[setting.DOUYIN].name
    return [
        {"scorecard": "company", "metric": "new_customers", "period": "2025Q4"}
        | {"floor": 3500 * scale, "target": 4300 * scale, "stretch": 4800 * scale},
        {"scorecard": "channels", "metric": "new_customers", "subject": jd}
        | {"floor": 350 * scale, "target": 550 * scale, "stretch": 700 * scale},
        {"scorecard": "channels", "metric": "customer_acquisition_cost", "subject": stream}
        | {"floor": 70, "target": 45, "stretch": 35},
    ]


def _initiatives() -> list[dict[str, Any]]:
    store, stream = setting.CHANNELS[setting.STORE].name, setting.CHANNELS[setting.DOUYIN].name
    others = [channel.name for channel in setting.CHANNELS if channel.name not in (store, stream)]
    return [
        _plan(setting.CARE, "王店管", 0.20, "worked"),
        _plan(setting.SHELVES, "陈陈列", 0.20, "did_not"),
        _campaign(setting.WORKED, "李会员", 0.15, "worked"),
        _campaign(setting.FAILED, "赵京东", 0.15, "did_not"),
        {
            "id": "member_day",
            "name": {"zh": "全渠道会员日", "en": "Member day in all channels"},
            "owner": "周增长",
            "metric": "orders",
            "start": "2025-10-01",
            "deadline": "2025-12-31",
            "expected": 0.08,
            "expected_unit": "relative",
            "status": "done",
            "remedy": "member_benefits",
            "truth": {"effect": 0.0, "verdict": "cannot_tell", "because": "everyone took part"},
        },
        {
            "id": "douyin_rescue",
            "name": {"zh": "抖音直播获客整改", "en": "Repair acquisition on Douyin"},
            "owner": "吴直播",
            "metric": "new_customers",
            "start": "2025-11-01",
            "deadline": "2026-03-31",
            "scope": {"channel": [stream]},
            "comparison": {"channel": others},
            "expected": 0.30,
            "expected_unit": "relative",
            "status": "running",
            "remedy": "shift_budget",
            "truth": {"effect": 0.0, "verdict": "cannot_tell", "because": "the data end before the deadline"},
        },
        {
            "id": "fewer_refunds",
            "name": {"zh": "抖音退款原因治理", "en": "Fewer refunds on Douyin"},
            "owner": "郑客服",
            "metric": "refund_rate",
            "start": "2025-08-01",
            "deadline": "2025-11-30",
            "scope": {"channel": [stream]},
            "comparison": {"channel": others},
            "expected": -0.20,
            "expected_unit": "relative",
            "status": "planned",
            "remedy": "fix_refund_causes",
            "truth": {"effect": 0.0, "overdue": True, "because": "nothing was done"},
        },
    ]


def _plan(plan: setting.Plan, owner: str, expected: float, verdict: str) -> dict[str, Any]:
    store = setting.CHANNELS[setting.STORE].name
    return {
        "id": plan.code,
        "name": {"zh": plan.name, "en": _ENGLISH[plan.code]},
        "owner": owner,
        "metric": "orders",
        "start": plan.start.isoformat(),
        "deadline": plan.end.isoformat(),
        "scope": {"channel": [store], "region": [plan.region]},
        "comparison": {"channel": [store], "region": [name for name in setting.REGIONS if name != plan.region]},
        "expected": expected,
        "expected_unit": "relative",
        "status": "done",
        "remedy": "customer_care" if plan is setting.CARE else "better_display",
        "truth": {"extra_orders_per_earlier_customer": plan.extra, "verdict": verdict},
    }


def _campaign(experiment: setting.Experiment, owner: str, expected: float, verdict: str) -> dict[str, Any]:
    campaign = experiment.campaign
    return {
        "id": campaign.code.lower(),
        "name": {"zh": campaign.name, "en": _ENGLISH[campaign.code]},
        "owner": owner,
        "metric": "orders",
        "start": campaign.start.isoformat(),
        "deadline": campaign.end.isoformat(),
        "campaign": campaign.code,
        "expected": expected,
        "expected_unit": "absolute",
        "status": "done",
        "remedy": "win_back_gift" if experiment is setting.WORKED else "coupon",
        "truth": {"extra_orders_per_treated": experiment.extra, "verdict": verdict},
    }


_ENGLISH = {
    setting.CARE.code: "Care for earlier store customers in the east",
    setting.SHELVES.code: "New shelves in the southern stores",
    setting.WORKED.campaign.code: "A gift for earlier customers, 2025",
    setting.FAILED.campaign.code: "Member discount week, 2025",
}
