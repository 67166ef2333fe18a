"""From values to scores, grades and “cannot tell”."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from kexiao.assessment.chances import drawn, limits_of
from kexiao.assessment.reading import scorecard_from_text
from kexiao.assessment.results import Assessment, SubjectResult
from kexiao.assessment.scoring import Measured, score_subjects
from kexiao.facts.metric import MetricValue
from kexiao.text import Text

CARD = scorecard_from_text("""
id = "shops"
name = { zh = "门店", en = "Shops" }
subject = "team"
[[indicators]]
metric = "lead_conversion_rate"
weight = 60
floor = 0.2
target = 0.3
stretch = 0.4
[[indicators]]
metric = "orders"
weight = 40
floor = 50
target = 100
stretch = 150
""")


def value(metric: str, number: float | None, low: float | None, high: float | None, **more: Any) -> MetricValue:
    settings = {"marks": more.pop("marks", [])}
    plain = MetricValue(
        metric, "2025Q3", {}, number, "ratio", number, 1, more.pop("n", 200), low, high, True, more.pop("immature", None), None,
        settings, None, "s000001",
    )  # fmt: skip
    return replace(plain, **more)


RATE, ORDERS = value("lead_conversion_rate", 0.30, 0.28, 0.32), value("orders", 100.0, 80.0, 125.0)


def score(*values: MetricValue | None, kind: str = "team") -> SubjectResult:
    measured = Measured("一店", Text.same("一店"), kind, values)  # type: ignore[arg-type]
    return score_subjects(CARD, "2025Q3", [measured])[0]


def test_the_total_is_the_weighted_mean_of_the_scores() -> None:
    found = score(value("lead_conversion_rate", 0.25, 0.24, 0.26), value("orders", 125.0, 120.0, 130.0))
    assert [i.score for i in found.indicators] == pytest.approx([50, 110])
    assert found.score == pytest.approx(0.6 * 50 + 0.4 * 110)


def test_a_score_has_the_curve_at_the_metrics_limits() -> None:
    rate = score(RATE, ORDERS).indicators[0]
    assert (rate.score_low, rate.score, rate.score_high) == pytest.approx((80, 100, 104))


def test_the_interval_of_the_total_is_that_of_independent_indicators() -> None:
    # On a straight piece of both curves the total is normal: variances add up by the square of weight × slope.
    found = score(value("lead_conversion_rate", 0.25, 0.24, 0.26), value("orders", 75.0, 70.0, 80.0))
    spread = np.hypot(0.6 * 10.0, 0.4 * 10.0)
    assert found.score_low == pytest.approx(50 - spread, abs=0.05)
    assert found.score_high == pytest.approx(50 + spread, abs=0.05)


def test_the_chance_of_a_grade_is_the_normal_one_on_a_straight_piece() -> None:
    found = score(value("lead_conversion_rate", 0.25, 0.23, 0.27), value("orders", 80.0, 70.0, 90.0))
    total, spread = 0.6 * 50 + 0.4 * 60, np.hypot(0.6 * 20, 0.4 * 20) / norm.ppf(0.975)
    chances = {chance.code: chance.probability for chance in found.chances}
    assert chances["D"] == pytest.approx(norm.cdf(60, total, spread), abs=0.003)
    assert sum(chances.values()) == pytest.approx(1)


def test_a_clear_score_gets_its_grade_and_a_score_on_the_border_cannot_be_told() -> None:
    clear = score(value("lead_conversion_rate", 0.29, 0.285, 0.295), value("orders", 98.0, 97.0, 99.0))
    assert (clear.outcome, clear.grade) == ("graded", "B")
    unsure = score(value("lead_conversion_rate", 0.28, 0.25, 0.31), value("orders", 101.0, 85.0, 118.0))
    assert (unsure.outcome, unsure.grade) == ("cannot_tell", None)
    assert unsure.score is not None
    assert max(chance.probability for chance in unsure.chances) < CARD.certainty
    assert unsure.reason is not None
    assert "80%" in unsure.reason.en


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        (None, "nothing of this subject"),
        (
            value("orders", None, None, None, reason=Text(zh="没有数据", en="There are no orders.")),
            "There are no orders.",
        ),
        (value("orders", 100.0, 80.0, 125.0, complete=False), "not over"),
        (value("orders", 100.0, 80.0, 125.0, marks=["history_too_short"]), "History is too short"),
        (value("orders", 100.0, 80.0, 125.0, immature=7), "7 subjects"),
        (value("orders", 100.0, None, None, n=3), "Only 3 customers"),
        (value("orders", 100.0, 20.0, 180.0, n=4, unit="money/order"), "too few for a mean"),
    ],
)
def test_what_is_missing_is_null_with_a_reason_and_never_0(missing: MetricValue | None, said: str) -> None:
    found = score(RATE, missing)
    assert found.indicators[1].score is None
    assert found.indicators[1].reason is not None
    assert said in found.indicators[1].reason.en
    assert (found.score, found.grade, found.outcome) == (None, None, "cannot_tell")
    assert found.reason is not None
    assert "weight 40%" in found.reason.en
    # For orientation only: the mean over what was measured, the weight not given to others.
    assert (found.measured_weight, found.measured_score) == pytest.approx((0.6, 100))


def test_a_level_above_is_judged_by_rates_but_not_by_sums_without_a_target_of_its_own() -> None:
    found = score(RATE, value("orders", 5000.0, 4800.0, 5200.0), kind="company")
    assert found.indicators[0].score == pytest.approx(100)
    assert found.indicators[1].score is None
    assert found.indicators[1].value == 5000
    assert found.indicators[1].reason is not None
    assert "no target at this level" in found.indicators[1].reason.en


def test_attainment_turns_round_where_lower_is_better() -> None:
    card = scorecard_from_text(CARD.text.replace('"lead_conversion_rate"', '"refund_rate"').replace("0.4\n", "0.1\n")
                               .replace("floor = 0.2\n", "floor = 0.5\n"))  # fmt: skip
    measured = Measured("一店", Text.same("一店"), "team", (value("refund_rate", 0.15, 0.14, 0.16), ORDERS))
    found = score_subjects(card, "2025Q3", [measured])[0].indicators
    assert found[0].attainment == pytest.approx(2.0)
    assert found[1].attainment == pytest.approx(1.0)


def test_draws_keep_value_and_both_limits() -> None:
    rows = drawn([(0.6, 0.23, 0.88), (3.0, 3.0, 3.0)])
    assert limits_of(rows[0]) == pytest.approx((0.23, 0.88), abs=1e-3)
    assert np.median(rows[0]) == pytest.approx(0.6, abs=1e-3)
    assert (rows[1] == 3.0).all()
    assert abs(np.corrcoef(drawn([(0, -1, 1), (0, -1, 1)]))[0, 1]) < 0.02


def test_the_same_question_gets_the_same_answer() -> None:
    assert score(RATE, ORDERS) == score(RATE, ORDERS)


def test_an_assessment_survives_the_way_to_json_and_back() -> None:
    from datetime import date

    made = Assessment(
        "shops", CARD.name, date(2025, 1, 1), "team", "2025Q3", True, 0.8, CARD.grades, (score(RATE, ORDERS), score(RATE, None)), (), (),
        {"currency": "CNY", "completed": ["paid"]}, "s000001", "0.1.0", CARD.text, None, "abc",
    )  # fmt: skip
    assert Assessment.from_record(made.record()) == made
