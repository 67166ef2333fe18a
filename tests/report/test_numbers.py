"""Numbers as people read them, in both languages."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from kexiao.report.numbers import (
    MISSING,
    axis_scale,
    show,
    show_change,
    show_column,
    show_exact,
    show_period,
    show_signed,
    shown,
    unit_words,
)
from kexiao.text import Text


@pytest.mark.parametrize(
    ("value", "unit", "zh", "en"),
    [
        (0.684, "ratio", "68.4 %", "68.4 %"),
        (0.021, "percent_points", "2.1 百分点", "2.1 pp"),
        (1234, "customers", "1,234", "1,234"),
        (45, "orders", "45", "45"),
        (9999.99, "money", "¥9,999.99", "¥9,999.99"),
        (10000, "money", "¥1.00 万", "¥10,000"),
        (-1234567.891, "money", "−¥123.46 万", "−¥1,234,568"),
        (123456789, "money", "¥1.23 亿", "¥123,456,789"),
        (75, "money/order", "¥75.00", "¥75.00"),
        (2.345, "orders/customer", "2.35", "2.35"),
        (1.5, "items/order", "1.50", "1.50"),
        (4.325, "score", "4.33", "4.33"),
        (-3.04, "nps", "−3.0", "−3.0"),
        (3.214, "per_100_customers", "3.21", "3.21"),
        (12, "days", "12 天", "12 days"),
        (1, "months", "1 个月", "1 month"),
        (7.25, "hours", "7.3 小时", "7.3 hours"),
        (3.3, "times", "3.30 倍", "3.30×"),
        (1234567, "count", "1,234,567", "1,234,567"),
    ],
)
def test_a_value_is_written_by_its_unit(value, unit, zh, en):
    assert show(value, unit, language="zh") == zh
    assert show(value, unit, language="en") == en


def test_a_missing_value_is_a_dash_with_its_reason_and_never_zero():
    why = Text(zh="历史太短", en="history too short")
    for nothing in (None, float("nan"), float("inf"), Decimal("NaN"), np.float64("nan")):
        missing = shown(nothing, "ratio", reason=why, language="en")
        assert (missing.text, missing.reason) == (MISSING, "history too short")
    assert show(0, "ratio", language="en") == "0.0 %"


def test_rounding_goes_by_the_printed_digits_and_away_from_zero():
    # 0.6845 and 1.005 lie below their decimal digits in binary; a spreadsheet rounds them up all the same.
    assert show(0.6845, "ratio") == "68.5 %"
    assert show(1.005, "money/order") == "¥1.01"
    assert show(Decimal("-0.0005"), "ratio") == "−0.1 %"
    assert show(-0.0001, "ratio") == "0.0 %"


def test_a_sum_that_rounds_over_a_limit_takes_the_larger_name():
    assert show(9999.996, "money", language="zh") == "¥1.00 万"
    assert show(99_999_999.99, "money", language="zh") == "¥1.00 亿"
    assert show(99_994_999, "money", language="zh") == "¥9,999.50 万"


def test_an_interval_keeps_the_scale_of_its_value_and_drops_the_unit():
    assert shown(0.684, "ratio", low=0.669, high=0.698, language="zh").line == "68.4 % (66.9–69.8)"
    assert shown(12000, "money", low=9000, high=15000, language="zh").line == "¥1.20 万 (0.90–1.50)"
    assert shown(2, "nps", low=-1, high=5, language="en").line == "2.0 (−1.0 to 5.0)"


def test_the_exact_figure_loses_nothing():
    assert show_exact(Decimal("1234567.89"), "money", language="zh") == "¥1,234,567.89"
    assert show_exact(0.1234567, "ratio") == "12.34567 %"
    assert show_exact(5, "orders") == "5"


def test_other_currencies_have_their_sign_and_their_minor_unit():
    assert show(1234.5, "money", currency="USD", language="en") == "$1,234.50"
    assert show(1234, "money", currency="JPY", language="en") == "JP¥1,234"
    assert show(1234.5, "money", currency="CHF", language="en") == "CHF 1,234.50"


def test_numpy_numbers_read_like_pythons_own():
    assert show(np.float64(0.684), "ratio") == show(0.684, "ratio")
    assert show(np.int64(12), "orders") == "12"


def test_a_column_has_one_scale_and_one_number_of_decimals():
    assert show_column([1500, 120, None], "money", language="en") == ["¥1,500.00", "¥120.00", MISSING]
    assert show_column([250_000_000, 1_000_000], "money", language="zh") == ["¥2.50 亿", "¥0.01 亿"]
    assert show_column([31000, -4000], "money", language="en", signed=True) == ["+¥31,000", "−¥4,000"]
    assert show_column([7, 7.5], "days", language="en") == ["7.0 days", "7.5 days"]


def test_a_change_of_a_ratio_is_told_in_points_and_of_money_in_per_cent():
    year = Text(zh="同比", en="year on year")
    assert show_change(0.684, 0.663, "ratio", basis=year, language="zh").text == "↑ 2.1 百分点 同比"
    assert show_change(0.684, 0.663, "ratio", basis=year, language="en").text == "↑ 2.1 pp year on year"
    assert show_change(80, 100, "money", language="en").text == "↓ 20.0 %"
    assert show_change(42, 45, "nps", language="en").text == "↓ 3.0 points"
    assert show_change(5, 0, "orders", language="en").text == "↑ 5"
    assert show_change(100, 100, "money", language="zh").text == "→ 持平"
    assert show_change(None, 1, "money", language="en").text == MISSING


def test_a_change_is_judged_by_what_is_better_and_by_its_interval():
    assert show_change(2, 1, "orders", better="higher").judgement == "better"
    assert show_change(2, 1, "days", better="lower").judgement == "worse"
    assert show_change(2, 1, "orders", better="neither").judgement == "neither"
    assert show_change(0.68, 0.66, "ratio", low=-0.01, high=0.05).judgement == "unsure"
    assert show_change(None, 1, "orders").judgement == "missing"


def test_a_signed_difference_of_nothing_has_no_sign():
    assert show_signed(0.00001, "ratio", language="en") == "0.0 pp"
    assert show_signed(-0.021, "ratio", language="zh") == "−2.1 百分点"


def test_periods_read_as_people_write_them():
    assert [show_period(one, "zh") for one in ("2025", "2025Q3", "2025-03", "2025-W04", "2025-03-09")] == [
        "2025 年",
        "2025 年 Q3",
        "2025-03",
        "2025 年第 4 周",
        "2025-03-09",
    ]
    assert show_period("2025-W04", "en") == "2025 week 4"


def test_an_axis_is_scaled_as_its_language_counts():
    assert axis_scale("money", 3e6, language="zh").of(3_000_000) == 300.0
    assert axis_scale("money", 3e6, language="en").of(3_000_000) == 3.0
    assert axis_scale("customers", 15_000, language="en").of(15_000) == 15.0
    assert axis_scale("ratio", 0.5).of(0.123456789) == 12.3456789
    assert axis_scale("ratio", 0.5).of(None) is None


def test_the_unit_of_money_names_the_currency():
    assert unit_words("money/customer")("zh") == "元/客"
    assert unit_words("money", currency="USD")("zh") == "USD"
