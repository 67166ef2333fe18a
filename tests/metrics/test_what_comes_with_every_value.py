"""What holds for every metric and variant: an interval or the reason why not, rows that add up, parts that the total agrees with."""

from __future__ import annotations

from collections import defaultdict

import pytest

from kexiao.cycle.explain import rows
from kexiao.cycle.measure import measure_facts
from kexiao.facts.dressing import NO_INTERVAL
from kexiao.facts.formula import CohortShare, Ratio, is_linear
from kexiao.facts.marks import marks_beside
from kexiao.facts.periods import parse
from kexiao.facts.worked_example import answer_of, source_of
from kexiao.metrics.catalogue import all_metrics
from kexiao.text import Text

METRICS = all_metrics()
EXAMPLES = [
    (name, example)
    for name, metric in METRICS.items()
    for example in (metric.example, *metric.more_examples)
    if example.answer is not None
]
IDS = [f"{name}-{example.variant or 'ours'}-{i}" for i, (name, example) in enumerate(EXAMPLES)]


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=IDS)
def test_it_has_an_interval_or_says_why_not(name: str, example: object) -> None:
    value = answer_of(name, METRICS[name], example)  # type: ignore[arg-type]
    assert all(mark.label.zh and mark.why.en for mark in marks_beside(value))
    if value.interval_low is None:
        assert value.settings.get("no_interval") in NO_INTERVAL
    else:
        assert "no_interval" not in value.settings
        assert value.interval_low <= float(value.value or 0) <= (value.interval_high or 0) + 1e-9


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=IDS)
def test_the_rows_behind_it_add_up_to_it(name: str, example: object) -> None:
    """Where a list of rows can; a formula of sums and counts always must."""
    source = source_of(example.tables, window=example.window)  # type: ignore[attr-defined]
    variant, period = example.variant, example.period  # type: ignore[attr-defined]
    where = tuple((k, str(v)) for k, v in example.dimensions.items())  # type: ignore[attr-defined]
    formula = METRICS[name].variants[variant].formula if variant else METRICS[name].formula
    if isinstance(formula, CohortShare):
        return
    behind = rows(source, name, period, where, variant)
    if isinstance(behind, Text):
        linear = is_linear(formula) or (
            isinstance(formula, Ratio) and is_linear(formula.numerator) and is_linear(formula.denominator)
        )
        assert not linear
        return
    value = answer_of(name, METRICS[name], example)  # type: ignore[arg-type]
    sums: dict[str, float] = defaultdict(float)
    for row in behind:
        sums[row.part] += float(row.contribution)
    top = value.value if value.numerator is None else value.numerator
    assert sums["value"] + sums["numerator"] == pytest.approx(float(top or 0))
    if value.denominator is not None:
        assert sums["denominator"] == pytest.approx(float(value.denominator))


def test_a_ratio_over_groups_is_a_ratio_of_their_sums_and_no_mean_of_rates() -> None:
    """The average of rates: web keeps 1 of 1, store 1 of 3; together that is 2 of 4, not two thirds."""
    drawn = """
        order_id | customer_id | ordered_on | channel | amount
        a        | 1           | 2025-01-03 | web     | 10
        b        | 2           | 2025-01-04 | store   | 10
        c        | 3           | 2025-01-05 | store   | 10
        d        | 4           | 2025-01-06 | store   | 10
        e        | 1           | 2025-03-09 | web     | 10
        f        | 2           | 2025-03-10 | store   | 10
        g        | 4           | 2025-04-20 | store   | 10
        """
    source = source_of({"orders": drawn}, window=30)
    parts = {
        v.dimensions["channel"]: v
        for v in measure_facts(source, ["reactivation_rate"], period="2025-03", by=["channel"])
    }
    assert {k: v.value for k, v in parts.items()} == {"web": 1, "store": pytest.approx(1 / 3)}
    whole = measure_facts(source, ["reactivation_rate"], period="2025-03").values[0]
    assert whole.value == 0.5 == sum(v.numerator or 0 for v in parts.values()) / sum(v.denominator or 0 for v in parts.values())  # fmt: skip


def test_who_came_back_is_neither_kept_nor_new() -> None:
    """Reactivation: asleep at the start, active at the end. It raises E, and neither retention nor N."""
    drawn = """
        order_id | customer_id | ordered_on | amount
        a        | 1           | 2025-01-03 | 10
        b        | 2           | 2025-02-20 | 10
        c        | 2           | 2025-03-20 | 10
        d        | 1           | 2025-03-21 | 10
        e        | 3           | 2025-04-20 | 10
        """
    names = ["reactivation_rate", "reactivated_customers", "retained_customers", "new_customers", "customers_at_end"]
    found = {v.metric: v.value for v in measure_facts(source_of({"orders": drawn}, window=30), names, period="2025-03")}
    assert found == {
        "reactivation_rate": 1, "reactivated_customers": 1, "retained_customers": 1, "new_customers": 0, "customers_at_end": 2
    }  # fmt: skip


def test_a_refund_that_comes_late_lowers_what_is_kept_in_its_own_month_alone() -> None:
    """A sale of March 2024, refunded in April 2025: March is whole, April bears it, and last year's base stays what it was."""
    tables = {
        "orders": """
            order_id | customer_id | ordered_on | amount
            z        | 9           | 2024-01-01 | 1
            a        | 1           | 2024-03-05 | 100
            b        | 1           | 2024-04-05 | 80
            c        | 1           | 2025-03-05 | 50
            d        | 1           | 2025-04-05 | 60
            y        | 9           | 2025-06-30 | 1
            """,
        "refunds": """
            refund_id | order_id | refunded_on | amount
            r1        | a        | 2025-04-10  | 40
            r2        | y        | 2025-06-30  | 1
            """,
    }
    source = source_of(tables)
    march, april = (
        measure_facts(source, ["net_revenue_retention"], period=p).values[0] for p in ("2025-03", "2025-04")
    )
    assert (march.value, april.value) == (0.5, pytest.approx(20 / 80))


def test_hours_run_by_the_clock_whatever_day_it_was_in_the_business_time_zone() -> None:
    """Opened at 23:30 in Shanghai, resolved at 00:30 the next day there: one hour, though a day later, and the same day in UTC."""
    tables = {
        "orders": "order_id | customer_id | ordered_on | amount\n a | 1 | 2025-01-01 | 1\n b | 1 | 2025-04-05 | 1",
        "complaints": """
            complaint_id | opened_at                 | opened_on  | resolved_at               | resolved_on
            c1           | 2025-03-31 23:30:00+08:00 | 2025-03-31 | 2025-04-01 00:30:00+08:00 | 2025-04-01
            """,
    }
    source = source_of(tables)
    assert measure_facts(source, ["resolution_hours"], period="2025-03").values[0].value == 1
    assert measure_facts(source, ["resolution_hours"], period="2025-04").values[0].value is None


def test_lifetime_value_less_cost_and_over_cost_are_of_the_same_customers() -> None:
    metric = METRICS["net_customer_lifetime_value"]
    source = source_of(metric.example.tables, window=metric.example.window)
    names = ["customer_lifetime_value", "customer_acquisition_cost", "net_customer_lifetime_value", "clv_to_cac"]
    value, cost, net, times = (float(v.value or 0) for v in measure_facts(source, names, period=parse("2025-03")))
    assert net == pytest.approx(value - cost) and times == pytest.approx(value / cost)
