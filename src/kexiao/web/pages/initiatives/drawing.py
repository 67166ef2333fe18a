"""The picture of an effect: where it was done, what would have been without it, and when it began."""

from __future__ import annotations

from kexiao.effect.verdicts import Verdict
from kexiao.facts.metric import Metric
from kexiao.report.charts import Chart, Event, Point, Series, line_chart
from kexiao.text import Text


def course(verdict: Verdict, metric: Metric, currency: str) -> Chart | None:
    """The metric where the plan was done against its course without it; None where nothing was compared over time."""
    if not verdict.series:
        return None
    done = [Point(one.period, one.treated) for one in verdict.series]
    without = [Point(one.period, one.counterfactual) for one in verdict.series]
    series = [
        Series(Text(zh="实际", en="as it was"), done),
        Series(Text(zh="若没有它", en="without it"), without),
    ]
    first = next((one.period for one in verdict.series if one.after), None)
    events = [Event(first, Text(zh="开始：{n}", en="begins: {n}").fill(n=verdict.name))] if first else []
    return line_chart(
        series,
        metric.unit,
        title=verdict.headline,
        subtitle=Text(
            zh="{m}，实施部分与推算的“若没有它”", en="{m} where it was done, and the course reckoned without it"
        ).fill(m=verdict.label),
        events=events,
        currency=currency,
    )
