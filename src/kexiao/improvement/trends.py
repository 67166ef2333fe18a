"""Declines that no single quarter shows: a segment that keeps losing ground to the rest, with a stated rate of false alarms."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from kexiao.improvement.findings import Trend
from kexiao.improvement.series import Contrast, Floats, in_series

FALSE_ALARMS = 0.05
WEEKS, WEEKS_A_MONTH = 52, 52 / 12
_FEWEST_WEEKS, _SMALLEST = 26, 5.0


def declining(dimension: str, weeks: Mapping[str, Floats]) -> list[Trend]:
    """The segments whose share of the whole falls over the weeks given, steepest first.

    Tested is the slope of log(segment ÷ all others) by week, one-sided, honest under autocorrelation (``series.in_series``); season and growth that all
    share cancel. Half a unit is added to both sides, so that an empty week does no harm (Haldane 1956). An alarm needs p below 5 % ÷ number of segments
    (Bonferroni), so that at most one review in twenty raises any when nothing goes on. Segments under 5 a week on average are not tested, nor fewer than
    26 weeks.
    """
    whole = np.sum(list(weeks.values()), axis=0) if weeks else np.zeros(0)
    tested = {
        name: values
        for name, values in weeks.items()
        if len(values) >= _FEWEST_WEEKS and _SMALLEST <= values.mean() < whole.mean()
    }
    found = []
    for name, values in tested.items():
        # A channel whose refunds exceed its sales has no share of them.
        own = np.maximum(values, 0.0)
        slope = _slope(np.log((own + 0.5) / (np.maximum(whole - own, 0.0) + 0.5)))
        p_value = slope.p_value / 2 if slope.estimate < 0 else 1 - slope.p_value / 2
        if p_value < FALSE_ALARMS / len(tested):
            low, middle, high = (float(np.expm1(x * WEEKS_A_MONTH)) for x in (slope.low, slope.estimate, slope.high))
            months = round(len(values) / WEEKS_A_MONTH)
            found.append(Trend(dimension, name, months, middle, low, high, p_value, FALSE_ALARMS))
    return sorted(found, key=lambda trend: trend.slope)


def _slope(series: Floats) -> Contrast:
    steps = np.arange(len(series), dtype=np.float64)
    return in_series(series, np.column_stack([np.ones_like(steps), steps - steps.mean()]), 1)
