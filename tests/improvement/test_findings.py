"""What moved: intervals of changes, false alarms, shares of a change, and declines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kexiao.facts.intervals import wilson
from kexiao.facts.metric import MetricValue
from kexiao.improvement.breaking import Side, breakdown_of, ranked, split_of
from kexiao.improvement.moving import Pair, beyond_chance, compared
from kexiao.improvement.playbook import PLAYBOOK, remedies_for
from kexiao.improvement.trends import declining
from kexiao.metrics.catalogue import all_metrics, metric_named


def value(number: float | None, low: float | None, high: float | None, **more: Any) -> MetricValue:
    marks = more.pop("marks", [])
    usual: dict[str, Any] = {
        "metric": "retention_rate", "period": "2025Q3", "dimensions": {}, "value": number, "unit": "ratio", "numerator": None, "denominator": None,
        "n": 100, "interval_low": low, "interval_high": high, "complete": True, "immature": None, "variant": None,
        "settings": {"marks": marks}, "reason": None, "snapshot": "s1",
    }  # fmt: skip
    return MetricValue(**(usual | more))


def test_the_interval_of_a_difference_of_proportions_is_newcombes() -> None:
    # Newcombe 1998, Statistics in Medicine 17, table II, method 10: 56/70 against 48/80 gives 0.0524 to 0.3339.
    (l1, u1), (l2, u2) = wilson(56, 70), wilson(48, 80)  # type: ignore[misc]
    found = compared(Pair(value(56 / 70, l1, u1), value(48 / 80, l2, u2)))
    assert (found.change_low, found.change_high) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert found.p_value is not None
    assert 0.005 < found.p_value < 0.015


def test_a_growth_paired_by_customer_is_used_where_there_is_one() -> None:
    growth = value(0.1, 0.05, 0.15)
    found = compared(Pair(value(110.0, 90.0, 130.0), value(100.0, 80.0, 120.0), growth))
    assert (found.change, found.change_low, found.change_high) == pytest.approx((10, 5, 15))


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (value(0.5, 0.4, 0.6, complete=False), "is not over"),
        (value(0.5, 0.4, 0.6, marks=["history_too_short"]), "too short"),
        (value(0.5, 0.4, 0.6, immature=3), "not matured"),
        (value(0.5, None, None), "no interval"),
    ],
)
def test_what_is_not_settled_has_not_moved(now: MetricValue, said: str) -> None:
    found = compared(Pair(now, value(0.1, 0.05, 0.15)))
    assert found.p_value is None
    assert found.reason is not None
    assert said in found.reason.en
    assert not beyond_chance([found])[0].moved


def test_with_nothing_going_on_hardly_any_review_calls_anything_moved() -> None:
    rng = np.random.default_rng(12)
    alarms = 0
    for _ in range(400):
        changes = []
        for _ in range(20):
            a, b = rng.binomial(400, 0.4, 2) / 400
            changes.append(compared(Pair(value(a, *wilson(a * 400, 400)), value(b, *wilson(b * 400, 400)))))  # type: ignore[misc]
        alarms += any(one.moved for one in beyond_chance(changes))
    assert alarms / 400 <= 0.075  # held at 5 %


def side(whole: float, groups: dict[str, tuple[float, float]]) -> Side:
    top, bottom = sum(t for t, _ in groups.values()), sum(b for _, b in groups.values())
    return Side(value(whole, None, None, numerator=top, denominator=bottom), groups)


def test_shares_of_a_change_add_up_to_it_and_the_leader_is_named() -> None:
    metric = metric_named("new_customers")
    before = {"抖音": (300, 300), "门店": (400, 400), "京东": (300, 300)}
    now = {"抖音": (100, 100), "门店": (380, 380), "京东": (310, 310)}
    split = split_of(metric, side(790, now), side(1000, before))
    assert split is not None
    found = breakdown_of("channel", split)
    assert sum(c.contribution for c in found.contributions) == pytest.approx(-210)
    assert sum(c.share or 0 for c in found.contributions) == pytest.approx(1)
    assert found.contributions[0].segment == "抖音"
    assert found.explained == pytest.approx(200 / 230 - 0.3)
    assert found.words.zh == "按渠道：抖音占下降的 95%。"
    assert found.words.en == "By channel: 抖音 is 95% of the fall."


def test_groups_that_overlap_are_not_split() -> None:
    metric = metric_named("new_customers")
    assert (
        split_of(metric, side(700, {"a": (400, 400), "b": (400, 400)}), side(800, {"a": (400, 400), "b": (400, 400)}))
        is None
    )


def test_the_paradox_is_noticed() -> None:
    metric = metric_named("lead_conversion_rate")
    before = {"抖音": (40.0, 400.0), "门店": (180.0, 600.0)}
    now = {"抖音": (99.0, 900.0), "门店": (33.0, 100.0)}
    split = split_of(metric, side(132 / 1000, now), side(220 / 1000, before))
    assert split is not None
    found = breakdown_of("channel", split)
    assert found.simpson
    assert found.mix + found.rate == pytest.approx(-0.088)
    assert found.mix < -0.088
    assert "结构" in found.words.zh


def test_the_dimension_that_singles_out_a_segment_comes_first() -> None:
    metric = metric_named("new_customers")
    even = split_of(
        metric, side(800, {"东": (400, 400), "西": (400, 400)}), side(1000, {"东": (500, 500), "西": (500, 500)})
    )
    single = split_of(
        metric,
        side(800, {"抖音": (100, 100), "门店": (700, 700)}),
        side(1000, {"抖音": (300, 300), "门店": (700, 700)}),
    )
    assert even is not None
    assert single is not None
    assert [b.dimension for b in ranked([breakdown_of("region", even), breakdown_of("channel", single)])] == [
        "channel",
        "region",
    ]


def weeks(rng: np.random.Generator, falls: float) -> dict[str, np.ndarray]:
    """A year of five channels with a shared season; one falls by ``falls`` a month (in logarithms)."""
    season = 1 + 0.3 * np.sin(np.arange(52) / 52 * 2 * np.pi)
    paces = (("天猫", 70), ("京东", 35), ("门店", 45), ("微信", 40))
    found = {name: rng.poisson(pace * season).astype(float) for name, pace in paces}
    return found | {"抖音": rng.poisson(55 * season * np.exp(-falls * np.arange(52) / 52 * 12)).astype(float)}


@pytest.mark.parametrize("seed", range(6))
def test_a_channel_that_keeps_falling_is_found_with_its_pace(seed: int) -> None:
    found = declining("channel", weeks(np.random.default_rng(seed), 0.06))
    assert [trend.segment for trend in found] == ["抖音"]
    assert found[0].slope_low - 0.01 < np.expm1(-0.06) < found[0].slope_high + 0.01
    assert found[0].periods == 12


def test_with_nothing_going_on_at_most_one_review_in_twenty_raises_an_alarm() -> None:
    rng = np.random.default_rng(2)
    alarms = sum(bool(declining("channel", weeks(rng, 0.0))) for _ in range(200))
    assert alarms / 200 <= 0.07


def test_too_few_to_follow_raise_no_alarm() -> None:
    falling = np.linspace(4, 1, 52)
    assert declining("channel", {"a": falling, "b": np.full(52, 50.0)}) == []
    assert declining("channel", {"a": 20 * falling[:20], "b": np.full(20, 50.0)}) == []
    assert declining("channel", {}) == []


def test_every_remedy_is_for_metrics_that_exist_or_are_in_the_catalogue_to_come() -> None:
    to_come = {"cost_per_lead"}
    for name, remedy in PLAYBOOK.items():
        assert set(remedy.metrics) <= set(all_metrics()) | to_come, name
    assert remedies_for("refund_rate") == ("fix_refund_causes",)
