"""The catalogue: every metric by the name of the variable that holds it."""

from __future__ import annotations

import importlib
from functools import cache

from kexiao.errors import unknown_name
from kexiao.facts.metric import Metric
from kexiao.text import Text

THEMES: dict[str, Text] = {
    "acquisition": Text(zh="客户获取", en="Acquisition"),
    "retention": Text(zh="客户留存", en="Retention"),
    "value": Text(zh="客户价值", en="Value"),
    "lifetime": Text(zh="客户终身价值", en="Lifetime value"),
    "satisfaction": Text(zh="满意度与客户之声", en="Satisfaction and voice of the customer"),
    "campaigns": Text(zh="市场活动", en="Campaigns"),
    "channels": Text(zh="渠道", en="Channels"),
    "people": Text(zh="人员", en="People"),
}


@cache
def all_metrics() -> dict[str, Metric]:
    """Every metric by name, in the order of the themes and of the blocks inside them."""
    found: dict[str, Metric] = {}
    for theme in THEMES:
        module = importlib.import_module(f"kexiao.metrics.{theme}")
        found |= {
            name: value
            for name, value in vars(module).items()
            if isinstance(value, Metric) and not name.startswith("_")
        }
    return found


@cache
def theme_of(name: str) -> str:
    """The theme in which a metric stands."""
    return next(theme for theme in THEMES if name in vars(importlib.import_module(f"kexiao.metrics.{theme}")))


def metric_named(name: str) -> Metric:
    """One metric; an unknown name is answered with the nearest ones."""
    known = all_metrics()
    if name not in known:
        raise unknown_name(Text(zh="指标", en="metric"), name, list(known))
    return known[name]
