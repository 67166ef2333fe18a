"""Numbers on pages: written by the report's own rules, with why they are missing and how sure a change is."""

from __future__ import annotations

import pytest
from web_company import empty

from kexiao.facts.metric import MetricValue
from kexiao.text import Text, in_language

BASIS = Text(zh="环比", en="vs previous")


@pytest.fixture(autouse=True)
def django() -> None:
    empty()


def measured(value: float | None, low: float | None = None, high: float | None = None, **more: object) -> MetricValue:
    fields: dict[str, object] = {
        "metric": "retention_rate", "period": "2025Q3", "dimensions": {}, "value": value, "unit": "ratio",
        "numerator": None, "denominator": None, "n": 100, "interval_low": low, "interval_high": high, "complete": True,
        "immature": None, "variant": None, "settings": {"currency": "CNY", "marks": []}, "reason": None, "snapshot": "s1",
    }  # fmt: skip
    return MetricValue(**{**fields, **more})  # type: ignore[arg-type]


def test_a_number_comes_with_its_interval_and_its_exact_figure() -> None:
    from kexiao.web.parts.numbers import value

    with in_language("en"):
        shown = value(measured(0.6844, 0.669, 0.698))
    assert "68.4 %</span>" in shown and "(66.9–69.8)" in shown and 'title="68.44 %"' in shown


def test_a_missing_number_is_a_dash_that_tells_why_to_eyes_and_ears() -> None:
    from kexiao.web.parts.numbers import value

    with in_language("en"):
        shown = value(measured(None, reason=Text(zh="没有订单", en="no <orders>")))
    assert shown.count("no &lt;orders&gt;") == 2 and "—" in shown and "0" not in shown.replace('tabindex="0"', "")


@pytest.mark.parametrize(
    ("now", "before", "better", "words"),
    [
        (measured(0.70, 0.69, 0.71), measured(0.60, 0.59, 0.61), "higher", "kx-better"),
        (measured(0.70, 0.69, 0.71), measured(0.60, 0.59, 0.61), "lower", "kx-worse"),
        (measured(0.62, 0.55, 0.69), measured(0.60, 0.53, 0.67), "higher", "may be chance"),
        (measured(0.70), None, "higher", "Not comparable"),
        (measured(None), measured(0.6), "higher", "Not comparable"),
    ],
)
def test_a_change_is_called_good_or_bad_only_if_it_is_beyond_chance(
    now: MetricValue, before: MetricValue | None, better: str, words: str
) -> None:
    from kexiao.web.parts.numbers import change

    with in_language("en"):
        assert words in change(now, before, better, BASIS)


def test_marks_are_told_in_words() -> None:
    from kexiao.web.parts.numbers import marks

    doubtful = measured(
        0.5, complete=False, settings={"currency": "CNY", "marks": ["history_too_short", "3_below_zero_as_zero"]}
    )
    with in_language("en"):
        shown = marks(doubtful)
    assert all(words in shown for words in ("History too short", "3 below 0", "Unfinished"))
