"""The charts of the metric pages: finished values into the builders that reports use too."""

from __future__ import annotations

from collections.abc import Sequence

from kexiao.cycle.explain import Change
from kexiao.facts.metric import Metric, MetricValue
from kexiao.facts.periods import parse
from kexiao.facts.subjects import DIMENSION_LABELS
from kexiao.report.charts import (
    Bar,
    Chart,
    Cohort,
    Point,
    Series,
    SplitRow,
    bar_chart,
    cohort_chart,
    colours_for,
    line_chart,
    split_chart,
)
from kexiao.report.charts.theme import GREY
from kexiao.report.numbers import show, show_period, unit_words
from kexiao.text import Text

MOST_BARS = 15
_ADDS_UP = ("money", "customers", "orders", "count")
UNKNOWN = Text(zh="未知", en="unknown")


def course(metric: Metric, values: Sequence[MetricValue], as_of: str | None) -> Chart:
    """A metric over periods with its band; the heading says where it stands now and where it was."""
    points = [
        Point(show_period(v.period), v.value, v.interval_low, v.interval_high, v.complete, v.reason) for v in values
    ]
    unit, currency = metric.unit, values[0].settings["currency"]
    return line_chart(
        [Series("", points)],
        unit,
        title=_course_words(metric, values),
        subtitle=_course_unit(metric, values),
        as_of=as_of,
        currency=currency,
    )


def _course_unit(metric: Metric, values: Sequence[MetricValue]) -> Text:
    unit = unit_words(metric.unit, currency=values[0].settings["currency"])
    if all(v.interval_low is None for v in values):
        return Text(zh="{m}，单位：{u}", en="{m}, unit: {u}").fill(m=metric.label, u=unit)
    return Text(zh="{m}，单位：{u}；色带为 95 % 区间", en="{m}, unit: {u}; the band is the 95 % interval").fill(
        m=metric.label, u=unit
    )


def _course_words(metric: Metric, values: Sequence[MetricValue]) -> Text:
    """The last complete value, and the one a year before it."""
    known = [v for v in values if v.complete]
    last = known[-1] if known else None
    if last is None or last.value is None:
        return Text(zh="{m}的走势", en="{m} over time").fill(m=metric.label)
    year_before = parse(last.period).year_before().name
    then = next((v for v in values if v.period == year_before and v.value is not None), None)
    if then is None:
        return Text(zh="{b} 为 {y}", en="{b}: {y}").fill(b=_period(last), y=_shown(last))
    return Text(zh="{b} 为 {y}，一年前 {x}", en="{b}: {y}, a year before {x}").fill(
        b=_period(last), y=_shown(last), x=_shown(then)
    )


def _period(value: MetricValue) -> Text:
    return Text(zh=show_period(value.period, "zh"), en=show_period(value.period, "en"))


def _shown(value: MetricValue) -> Text:
    currency = value.settings["currency"]
    sides = [show(value.value, value.unit, currency=currency, language=language) for language in ("zh", "en")]
    return Text(zh=sides[0], en=sides[1])


def group_name(value: MetricValue, by: str) -> Text:
    """The group that a value belongs to."""
    name = value.dimensions.get(by)
    return UNKNOWN if name in (None, "", "unknown") else Text.same(str(name))


def groups(metric: Metric, values: Sequence[MetricValue], whole: MetricValue, by: str) -> Chart:
    """A bar a group, the largest first, the company's own value as the line."""
    drawn = sorted(values[:MOST_BARS], key=lambda v: (v.value is None, -float(v.value or 0)))
    colours = colours_for(str(v.dimensions.get(by)) for v in drawn) if by == "channel" and len(drawn) <= 8 else {}
    bars = [
        Bar(
            group_name(v, by),
            v.value,
            v.interval_low,
            v.interval_high,
            None,
            v.reason,
            v.n,
            colours.get(str(v.dimensions.get(by))),
        )
        for v in drawn
    ]
    known = [v for v in drawn if v.value is not None]
    title = Text(zh="各{d}的{m}", en="{m} by {d}").fill(d=_lower(DIMENSION_LABELS[by]), m=metric.label)
    if len(known) > 1:
        title = Text(zh="{m}：{a}最高（{x}），{b}最低（{y}）", en="{m}: {a} highest ({x}), {b} lowest ({y})").fill(
            m=metric.label,
            a=group_name(known[0], by),
            x=_shown(known[0]),
            b=group_name(known[-1], by),
            y=_shown(known[-1]),
        )
    if metric.unit not in _ADDS_UP:
        bars.insert(
            0,
            Bar(
                Text(zh="全公司", en="The company"),
                whole.value,
                whole.interval_low,
                whole.interval_high,
                None,
                whole.reason,
                whole.n,
                GREY,
            ),
        )
    return bar_chart(bars, metric.unit, title=title, subtitle=_whiskers(values), currency=whole.settings["currency"])


def _whiskers(values: Sequence[MetricValue]) -> Text | None:
    if all(v.interval_low is None for v in values):
        return None
    return Text(zh="须线为 95 % 区间", en="Whiskers are 95 % intervals")


def _lower(text: Text) -> Text:
    return Text(zh=text.zh, en=text.en.lower())


def split(metric: Metric, change: Change) -> Chart:
    """A change over the groups of a dimension, in its exact parts."""
    found = change.decomposition
    assert found is not None
    segments = sorted(found.segments, key=lambda part: -abs(part.change))
    with_volume = found.volume is not None
    names = [Text(zh="结构", en="Mix"), Text(zh="水平", en="Rate")]
    if with_volume:
        names.insert(0, Text(zh="数量", en="Volume"))
    rows = [
        SplitRow(
            UNKNOWN if part.segment in ("", "None", "unknown") else part.segment,
            [*([part.volume] if with_volume else []), part.mix, part.rate],
        )
        for part in segments
    ]
    return split_chart(
        rows,
        names,
        found.before,
        found.now,
        metric.unit,
        title=Text(zh="{m}的变化来自哪里", en="Where the change of {m} comes from").fill(m=_lower(metric.label)),
        currency=change.now.settings["currency"],
    )


def cohorts(metric: Metric, values: Sequence[MetricValue]) -> Chart:
    """Those acquired in a month by how many came back in each later month."""
    by_cohort: dict[str, list[MetricValue]] = {}
    for value in values:
        by_cohort.setdefault(str(value.dimensions["cohort"]), []).append(value)
    rows = [
        Cohort(
            name, int(found[0].denominator or 0), [v.value for v in sorted(found, key=lambda v: v.dimensions["age"])]
        )
        for name, found in sorted(by_cohort.items())
    ]
    return cohort_chart(rows, title=metric.label, unit=metric.unit)
