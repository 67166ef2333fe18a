"""Declines that no single quarter shows: a segment that keeps losing ground to the rest, with a stated rate of false alarms."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from kexiao.improvement.findings import Trend
from kexiao.improvement.series import Contrast, Floats, in_series

FALSE_ALARMS = 0.05
MONTHS = 12
_SMALLEST = 5.0


def declining(dimension: str, months: Mapping[str, Floats]) -> list[Trend]:
    """The segments whose share of the whole falls over the months given, steepest first.

    Tested is the slope of log(segment ÷ all others) by month, one-sided, honest under autocorrelation (``series.in_series``); season and growth that all
    share cancel. An alarm needs p below 5 % ÷ number of segments (Bonferroni), so that at most one review in twenty raises any when nothing goes on. Segments
    under 5 a month on average, or with a month without any, are not tested; at least 8 months are needed.
    """
    whole = np.sum(list(months.values()), axis=0) if months else np.zeros(0)
    tested = {
        name: values
        for name, values in months.items()
        if len(values) >= 8 and values.mean() >= _SMALLEST and (values > 0).all() and (whole - values > 0).all()
    }
    found = []
    for name, values in tested.items():
        slope = _slope(np.log(values / (whole - values)))
        p_value = slope.p_value / 2 if slope.estimate < 0 else 1 - slope.p_value / 2
        if p_value < FALSE_ALARMS / len(tested):
            limits = [float(np.expm1(x)) for x in (slope.estimate, slope.low, slope.high)]
            found.append(Trend(dimension, name, len(values), limits[0], limits[1], limits[2], p_value, FALSE_ALARMS))
    return sorted(found, key=lambda trend: trend.slope)


def _slope(series: Floats) -> Contrast:
    steps = np.arange(len(series), dtype=np.float64)
    return in_series(series, np.column_stack([np.ones_like(steps), steps - steps.mean()]), 1)
