"""The metrics that come with the program, by theme."""

from __future__ import annotations

import importlib
from functools import cache

from kexiao.facts.metric import Metric
from kexiao.text import Text

OWN = "own"
THEMES: dict[str, Text] = {
    "acquisition": Text(zh="客户获取", en="Acquisition"),
    "retention": Text(zh="客户留存", en="Retention"),
    "value": Text(zh="客户价值", en="Value"),
    "contracts": Text(zh="合同与订阅", en="Contracts and subscriptions"),
    "lifetime": Text(zh="客户终身价值", en="Lifetime value"),
    "satisfaction": Text(zh="满意度与客户之声", en="Satisfaction and voice of the customer"),
    "campaigns": Text(zh="市场活动", en="Campaigns"),
    "channels": Text(zh="渠道", en="Channels"),
    "brand": Text(zh="品牌", en="Brand"),
    "people": Text(zh="人员", en="People"),
    OWN: Text(zh="自定义指标", en="Own metrics"),
}


@cache
def built_in_metrics() -> dict[str, Metric]:
    """Every metric of the program by name, in the order of the themes and of the blocks inside them."""
    return {name: metric for theme in THEMES for name, metric in _blocks(theme).items()}


@cache
def built_in_theme(name: str) -> str:
    """The theme in which a metric of the program stands."""
    return next(theme for theme in THEMES if name in _blocks(theme))


@cache
def _blocks(theme: str) -> dict[str, Metric]:
    if theme == OWN:
        return {}
    module = importlib.import_module(f"kexiao.metrics.{theme}")
    return {
        name: value for name, value in vars(module).items() if isinstance(value, Metric) and not name.startswith("_")
    }
