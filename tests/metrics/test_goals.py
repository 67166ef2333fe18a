"""Goals of campaigns beside a loop over lists, and every metric in which one can be set."""

from __future__ import annotations

from datetime import date, timedelta
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metrics.random_shops import LAST, SLOW, measured, table

from kexiao.cycle.measure import measure_facts
from kexiao.facts.worked_example import source_of
from kexiao.metrics.campaigns import goal_attainment_rate
from kexiao.metrics.catalogue import all_metrics
from kexiao.metrics.goal_parts import GOAL_METRICS
from kexiao.tables.targets import METRICS

CAMPAIGNS = st.sampled_from(["spring", "autumn"])
MARCH = st.integers(0, 30).map(lambda n: date(2025, 3, 1) + timedelta(days=n))
Sold = tuple[date, str, int]
Goal = tuple[str, str, date, int, int]  # metric, campaign, last day, days before it, value


@SLOW
@given(
    st.lists(st.tuples(MARCH, CAMPAIGNS, st.integers(1, 90)), max_size=12),
    st.lists(
        st.tuples(st.sampled_from(["net_sales", "orders"]), CAMPAIGNS, MARCH, st.integers(0, 40), st.integers(1, 200)),
        min_size=1, max_size=5, unique_by=lambda row: row[:4],
    ),
)  # fmt: skip
def test_a_period_takes_the_mean_of_the_goals_that_ended_in_it(sold: list[Sold], goals: list[Goal]) -> None:
    orders = [(f"o{n}", 1, *row) for n, row in enumerate(sold)]
    edges = [("first", 8, "2025-01-01", "other", 1), ("last", 9, LAST, "other", 1)]
    spans = [(metric, which, last - timedelta(days=back), last, value) for metric, which, last, back, value in goals]
    source = source_of(
        {
            "orders": table("order_id | customer_id | ordered_on | campaign | amount", [*orders, *edges]),
            "targets": table("metric | campaign | from_on | to_on | value", spans),
        }
    )

    def share(metric: str, which: str, first: date, last: date, value: int) -> float:
        own = [yuan for day, campaign, yuan in sold if campaign == which and first <= day <= last]
        return (sum(own) if metric == "net_sales" else len(own)) / value

    for which in (None, "spring"):
        wanted = [share(*goal) for goal in spans if which in (None, goal[1])]
        value = measured(source, "goal_attainment_rate", where=(("campaign", which),) if which else ())
        if wanted:
            assert value.value == pytest.approx(fmean(wanted)) and value.settings["goals"] == len(wanted)
        else:
            assert value.value is None and value.reason is not None
    groups = measure_facts(source, ["goal_attainment_rate"], period="2025-03", by=["campaign"]).values
    assert {v.dimensions["campaign"] for v in groups} == {goal[1] for goal in spans}


def test_every_metric_of_the_table_of_targets_is_the_one_of_the_catalogue() -> None:
    catalogue = all_metrics()
    assert {one.name: (one.formula, one.better) for one in GOAL_METRICS} == {
        name: (catalogue[name].formula, catalogue[name].better) for name in METRICS
    }
    assert goal_attainment_rate.example is not None


def test_a_goal_whose_days_are_not_over_waits_and_is_counted() -> None:
    source = source_of(
        {
            "orders": table(
                "order_id | customer_id | ordered_on | campaign | amount",
                [("a", 1, "2025-03-02", "spring", 50), ("z", 2, "2025-03-20", "spring", 70)],
            ),
            "targets": table(
                "metric | campaign | from_on | to_on | value",
                [("net_sales", "spring", "2025-03-01", "2025-03-10", 100), ("net_sales", "spring", "2025-03-01", "2025-03-31", 100)],
            ),
        }
    )  # fmt: skip
    value = measured(source, "goal_attainment_rate")
    assert (value.value, value.immature, value.numerator, value.denominator) == (0.5, 1, 50, 100)
