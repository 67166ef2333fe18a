"""Verdicts on made-up companies whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from effect.conftest import Draw

from kexiao.effect.judging import judge
from kexiao.effect.ruling import outcome_of
from kexiao.effect.verdicts import Verdict
from kexiao.facts.source import FactSource
from kexiao.improvement.initiatives import Initiative
from kexiao.text import Text

START, LAST = date(2025, 4, 1), date(2025, 6, 30)
FIRST_DAY, DAYS = 456, 560  # the start, and the end of the data, in days since 2024-01-01


def plan(**changes: Any) -> Initiative:
    usual = Initiative(
        id="care", name=Text(zh="关怀", en="Care"), owner="王芳", metric="orders", start=START, deadline=LAST,
        scope={"region": ("东",)}, campaign=None, comparison={"region": ("西", "南")}, expected=0.2, expected_unit="relative", status="done",
    )  # fmt: skip
    return replace(usual, **changes)


def orders(effect: float, drift: float = 0.0, seed: int = 1) -> list[tuple[int | None, int, str, str, float]]:
    """Three regions over 80 weeks with a shared season; the east gains ``effect`` from the start on, and drifts by ``drift`` a week all along."""
    rng = np.random.default_rng(seed)
    found: list[tuple[int | None, int, str, str, float]] = []
    customer = 0
    for region, pace in (("东", 14.0), ("西", 15.0), ("南", 10.0)):
        for day in range(DAYS):
            season = 1 + 0.4 * np.sin(2 * np.pi * day / 364)
            mine = 1.0
            if region == "东":
                mine = (1 + effect if FIRST_DAY <= day < FIRST_DAY + 91 else 1.0) * np.exp(drift * day / 7)
            for _ in range(rng.poisson(pace * season * mine)):
                customer += 1
                found.append((customer, day, "店", region, 20.0))
    return found


@pytest.fixture(scope="module")
def worked(company: Draw) -> FactSource:
    return company(orders(0.25))


@pytest.fixture(scope="module")
def nothing(company: Draw) -> FactSource:
    return company(orders(0.0, seed=2))


def check(verdict: Verdict, kind: str) -> list[bool | None]:
    return [one.passed for one in verdict.checks if one.kind == kind]


def test_a_plan_that_worked_is_said_to_have_worked(worked: FactSource) -> None:
    found = judge(worked, plan())
    assert (found.outcome, found.design, found.state) == ("worked", "difference_in_differences", "over")
    assert found.interval_low is not None
    assert found.interval_high is not None
    assert found.interval_low < 0.25 < found.interval_high
    assert check(found, "pre_trend") == [True]
    assert check(found, "placebo_in_time") == [True, True]
    assert found.reason is None
    assert found.total is not None
    done = sum(point.treated or 0 for point in found.series if point.after)
    assert found.total == pytest.approx(done - done / (1 + found.estimate))  # type: ignore[operator]
    assert sum(point.counterfactual or 0 for point in found.series if point.after) == pytest.approx(done - found.total)


def test_a_plan_that_did_nothing_is_said_not_to_have_worked(nothing: FactSource) -> None:
    found = judge(nothing, plan())
    assert (found.outcome, found.reason) == ("did_not", None)
    assert found.interval_low is not None
    assert found.interval_high is not None
    assert found.interval_low < 0 < found.interval_high < 0.2


def test_a_small_promise_that_the_data_cannot_see_is_not_told(nothing: FactSource) -> None:
    found = judge(nothing, plan(expected=0.02))
    assert found.outcome == "cannot_tell"
    assert found.reason is not None
    assert "both 0 and the effect promised" in found.reason.en


def test_a_region_that_was_drifting_away_anyway_proves_nothing(company: Draw) -> None:
    found = judge(company(orders(0.0, drift=0.008)), plan())
    assert found.outcome == "cannot_tell"
    assert False in check(found, "pre_trend")
    assert found.reason is not None
    assert "parallel" in found.reason.en


def test_an_absolute_promise_gets_an_absolute_answer(worked: FactSource) -> None:
    relative, absolute = judge(worked, plan()), judge(worked, plan(expected=300.0, expected_unit="absolute"))
    assert absolute.estimate == pytest.approx(relative.total)
    assert absolute.other_unit == pytest.approx(relative.estimate)
    assert (absolute.outcome, absolute.unit) == ("worked", "absolute")


def test_auto_compares_with_every_other_value(worked: FactSource) -> None:
    assert judge(worked, plan(comparison="auto")).estimate == pytest.approx(judge(worked, plan()).estimate)


def test_where_everyone_took_part_nothing_can_be_told(worked: FactSource) -> None:
    found = judge(worked, plan(scope={}, comparison=None))
    assert (found.outcome, found.design, found.estimate) == ("cannot_tell", "none", None)
    assert found.reason is not None
    assert "nobody is left to compare with" in found.reason.en


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"deadline": date(2025, 12, 31)}, "The data reach 2025-07-13 only"),
        ({"metric": "sales_growth"}, "cannot be compared block by block"),
        ({"start": date(2024, 1, 8), "deadline": date(2024, 2, 20)}, "1 blocks of data before the start"),
        ({"status": "cancelled"}, "was cancelled"),
        ({"comparison": {"region": ("北",)}}, "too few data"),
        ({"metric": "net_promoter_score"}, "There is nothing of this kind yet: Survey responses"),
    ],
)
def test_what_cannot_be_told_says_why(worked: FactSource, changes: dict[str, Any], said: str) -> None:
    found = judge(worked, plan(**changes))
    assert (found.outcome, found.estimate) == ("cannot_tell", None)
    assert found.reason is not None
    assert said in found.reason.en
    assert found.reason.zh


def test_before_the_deadline_it_is_still_running(worked: FactSource) -> None:
    assert judge(worked, plan(deadline=date(2025, 12, 31))).state == "running"


@pytest.mark.parametrize(
    ("low", "high", "expected", "good", "outcome"),
    [
        (0.01, 0.4, 0.2, 1, "worked"),
        (0.01, 0.05, 0.2, 1, "worked"),  # less than promised, but on the good side
        (-0.05, 0.1, 0.2, 1, "did_not"),
        (-0.3, -0.1, 0.2, 1, "did_not"),  # on the bad side
        (-0.05, 0.3, 0.2, 1, "cannot_tell"),
        (-0.4, -0.01, -0.2, -1, "worked"),  # fewer refunds
        (-0.1, 0.05, -0.2, -1, "did_not"),
        (0.1, 0.3, -0.2, -1, "did_not"),
        (-0.3, 0.05, -0.2, -1, "cannot_tell"),
    ],
)
def test_the_rule_is_the_one_that_is_stated(low: float, high: float, expected: float, good: Any, outcome: str) -> None:
    assert outcome_of(low, high, expected, good, checks_pass=True) == outcome
    assert outcome_of(low, high, expected, good, checks_pass=False) == "cannot_tell"


def campaign(company: Draw, extra: float, *, treated: int = 700, held_out: int = 300) -> FactSource:
    rng = np.random.default_rng(4)
    found: list[tuple[int | None, int, str, str, float]] = []
    arms = []
    for customer in range(1, treated + held_out + 1):
        arm = "treated" if customer <= treated else "holdout"
        arms.append(("HD01", customer, arm))
        pace = rng.gamma(0.9, 0.9)
        days = [
            *rng.integers(FIRST_DAY - 91, FIRST_DAY, rng.poisson(pace)),
            *rng.integers(FIRST_DAY, FIRST_DAY + 91, rng.poisson(pace)),
        ]
        days += list(rng.integers(FIRST_DAY, FIRST_DAY + 91, rng.poisson(extra))) if arm == "treated" else []
        found += [(customer, int(day), "店", "东", 50.0) for day in days]
    found += [(5000, 0, "店", "东", 10.0), (5000, DAYS, "店", "东", 10.0), (None, FIRST_DAY + 3, "店", "东", 10.0)]
    return company(found, arms)


HOLDOUT: dict[str, Any] = {
    "scope": {},
    "comparison": None,
    "campaign": "HD01",
    "expected": 0.3,
    "expected_unit": "absolute",
}


def test_a_campaign_that_worked_is_read_from_its_hold_out(company: Draw) -> None:
    source = campaign(company, 0.3)
    found = judge(source, plan(**HOLDOUT))
    assert (found.outcome, found.design) == ("worked", "holdout")
    assert found.treated is not None
    assert found.comparison is not None
    assert (found.treated.n, found.comparison.n) == (700, 300)
    orders_of = {"treated": 0, "holdout": 0}
    for arm, count in source.query("""
        SELECT a.arm, count(*) FROM participations AS a JOIN orders AS o ON o.customer_id = a.customer_id
        WHERE o.ordered_on >= DATE '2025-04-01' AND o.ordered_on < DATE '2025-07-01' GROUP BY a.arm"""):
        orders_of[arm] = count
    assert found.treated.after == pytest.approx(orders_of["treated"] / 700)
    assert found.comparison.after == pytest.approx(orders_of["holdout"] / 300)
    assert check(found, "balance") == [True]
    assert found.interval_low is not None
    assert found.interval_high is not None
    assert found.interval_low < 0.3 < found.interval_high


def test_a_campaign_that_did_nothing_is_said_not_to_have_worked(company: Draw) -> None:
    assert judge(campaign(company, 0.0), plan(**HOLDOUT)).outcome == "did_not"


def test_an_arm_of_a_handful_tells_nothing(company: Draw) -> None:
    found = judge(campaign(company, 0.3, held_out=12), plan(**HOLDOUT))
    assert found.outcome == "cannot_tell"
    assert found.reason is not None
    assert "12 held out" in found.reason.en


def test_a_metric_without_a_value_per_customer_is_not_read_from_a_hold_out(company: Draw) -> None:
    found = judge(campaign(company, 0.3), plan(**HOLDOUT, metric="new_customers"))
    assert found.reason is not None
    assert "no value for each customer" in found.reason.en


def test_a_verdict_survives_the_way_to_json_and_back(worked: FactSource) -> None:
    found = judge(worked, plan())
    assert Verdict.from_record(found.record()) == found
