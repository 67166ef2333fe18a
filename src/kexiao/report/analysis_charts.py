"""The charts of an analysis: its values handed to the chart builders, each under the finding that it shows."""

from __future__ import annotations

from collections.abc import Sequence

from kexiao.cycle.analyze import Analysis, ValueSummary
from kexiao.cycle.breakdowns import Breakdown, Explained
from kexiao.cycle.overview import Flow
from kexiao.cycle.segments import Segmentation
from kexiao.facts.metric import MetricValue
from kexiao.facts.periods import Period
from kexiao.models.clv.backtest import BacktestCard
from kexiao.report.charts import (
    Bar,
    Chart,
    Cohort,
    Event,
    Part,
    Point,
    Series,
    SplitRow,
    bar_chart,
    cohort_chart,
    line_chart,
    lorenz_chart,
    sparkline,
    split_chart,
    waterfall_chart,
)
from kexiao.report.numbers import unit_words
from kexiao.report.words import Voice, group_name
from kexiao.text import Text

MOST_BARS = 12
MOST_SPLIT_ROWS = 8
COHORT_AGES = {
    "month": Text(zh="获客后的月数", en="Months since the first order"),
    "quarter": Text(zh="获客后的季数", en="Quarters since the first order"),
    "year": Text(zh="获客后的年数", en="Years since the first order"),
}
OTHERS = Text(zh="其余 {n} 组", en="{n} others")


def points_of(values: Sequence[MetricValue], *, bands: bool = True) -> list[Point]:
    """Values over time as points; marked ones (history too short) are left out, with the reason."""
    found = []
    for value in values:
        short = "history_too_short" in value.settings.get("marks", ())
        reason = value.reason or (
            Text(zh="历史太短，分不清新老客户", en="history too short to tell new from old") if short else None
        )
        known = None if short else value.value
        low, high = (value.interval_low, value.interval_high) if bands and known is not None else (None, None)
        found.append(Point(value.period, known, low, high, value.complete, reason))
    return found


def trend_chart(analysis: Analysis, voice: Voice, name: str, title: str) -> Chart:
    """One metric over the whole span of the data."""
    report = analysis.metric(name)
    series = Series("", points_of(analysis.trend[name]))
    return line_chart(
        [series], report.unit, title=title, subtitle=_unit_line(voice, report.label, report.unit), as_of=str(analysis.holdings.last),
        currency=voice.currency, language=voice.language,
    )  # fmt: skip


def trend_line(analysis: Analysis, voice: Voice, name: str) -> Chart | None:
    """The small line of a card: the latest 24 points."""
    values = analysis.trend.get(name)
    if not values or sum(value.value is not None for value in values) < 3:
        return None
    points = points_of(values, bands=False)[-24:]
    if sum(point.value is not None for point in points) < 3:
        return None
    return sparkline(points, analysis.metric(name).unit, currency=voice.currency, language=voice.language)


def _unit_line(voice: Voice, label: Text, unit: str) -> Text:
    if unit in ("count", "customers", "orders"):
        return Text(zh="{l}；浅色带为 95 % 区间", en="{l}; the band is the 95 % interval").fill(l=label)
    return Text(zh="{l}，单位：{u}；浅色带为 95 % 区间", en="{l}, in {u}; the band is the 95 % interval").fill(
        l=label, u=unit_words(unit, currency=voice.currency)
    )


def parts_chart(found: Explained, voice: Voice) -> Chart:
    """A change as orders, mix and order value."""
    split = found.change.decomposition
    assert split is not None
    title = Text(zh="订单数、构成与每单金额各占多少", en="How much orders, mix and order value add")
    parts = [
        Part(Text(zh="订单数", en="Number of orders"), split.volume or 0.0, _good(split.volume)),
        Part(Text(zh="{d}构成", en="Mix of {d}").fill(d=_lower(found.label)), split.mix, _good(split.mix)),
        Part(Text(zh="每单金额", en="Order value"), split.rate, _good(split.rate)),
    ]
    return waterfall_chart(
        parts,
        split.before,
        split.now,
        "money",
        title=title,
        currency=voice.currency,
        language=voice.language,
    )


def groups_chart(found: Explained, voice: Voice) -> Chart:
    """The same change by group; the smallest groups together."""
    split = found.change.decomposition
    assert split is not None
    shown, rest = split.segments[:MOST_SPLIT_ROWS], split.segments[MOST_SPLIT_ROWS:]
    if len(rest) == 1:
        shown, rest = split.segments, ()
    rows = [SplitRow(group_name(voice, part.segment), (part.volume, part.mix, part.rate)) for part in shown]
    if rest:
        sums = [sum(getattr(part, name) for part in rest) for name in ("volume", "mix", "rate")]
        rows.append(SplitRow(OTHERS.fill(n=len(rest)), sums))
    names = [
        Text(zh="订单数", en="Orders"),
        Text(zh="构成", en="Mix"),
        Text(zh="每单金额", en="Order value"),
    ]
    title = Text(zh="按{d}：各组各占多少", en="By {d}: what each group adds").fill(d=_lower(found.label))
    subtitle = Text(zh="每行三段相加即该组的变动，全部相加即总变动", en="The parts of a row add up to its change, the rows to the whole")  # fmt: skip
    return split_chart(
        rows,
        names,
        split.before,
        split.now,
        "money",
        title=title,
        subtitle=subtitle,
        currency=voice.currency,
        language=voice.language,
    )


def flow_chart(flow: Flow, voice: Voice) -> Chart:
    """From the customers at the start to those at the end."""
    parts = [
        Part(Text(zh="新增", en="New"), flow.new, True),
        Part(Text(zh="召回", en="Won back"), flow.reactivated, True),
        Part(Text(zh="流失", en="Lost"), -flow.lost, False),
    ]
    if flow.new_gone:
        parts.append(Part(Text(zh="新增后期末已不活跃", en="New, gone by the end"), -flow.new_gone, False))
    words = Text(zh="活跃客户：{s} → {e} 位", en="Active customers: {s} → {e}").fill(
        s=voice.show(flow.start, "customers"), e=voice.show(flow.end, "customers")
    )
    subtitle = Text(zh="{p}，单位：位", en="{p}, customers").fill(p=voice.period(flow.period))
    return waterfall_chart(
        parts, flow.start, flow.end, "customers", title=words, subtitle=subtitle, language=voice.language
    )


def cohorts_chart(analysis: Analysis, voice: Voice) -> Chart:
    """Who of those won together orders later; cohorts of the first window are marked with an asterisk."""
    names: dict[Period, list[float | None]] = {}
    sizes: dict[Period, int] = {}
    for cell in analysis.cohorts:
        known = cell.over and cell.customers > 0
        names.setdefault(cell.cohort, []).append(float(cell.numerator) / cell.customers if known else None)
        sizes[cell.cohort] = cell.customers
    edge = analysis.holdings.known_from
    rows = [
        Cohort(voice.period(p) + (" *" if edge and p.start < edge else ""), sizes[p], values)
        for p, values in names.items()
        if sizes[p] > 0
    ]
    subtitle = Text(
        zh="每格：该批客户在第 k 期下单的占比（%）；左侧为首单所在时段与人数；未满期的留空{star}",
        en="Each cell: share of the cohort that ordered k periods later (%); at the left its period and size; unfinished ones empty{star}",
    ).fill(
        star=Text(zh="；* 可能含数据开始前就有的老客户", en="; * may hold customers from before the data")
        if edge
        else ""
    )
    return cohort_chart(
        rows,
        title=_cohort_title(analysis, voice),
        subtitle=subtitle,
        age_name=COHORT_AGES[analysis.cohort_grain],
        language=voice.language,
    )


def _cohort_title(analysis: Analysis, voice: Voice) -> Text:
    edge = analysis.holdings.known_from
    first = [
        cell
        for cell in analysis.cohorts
        if cell.age == 1 and cell.over and cell.customers and not (edge and cell.cohort.start < edge)
    ]
    people = sum(cell.customers for cell in first)
    if not people:
        return Text(zh="按首单时间分批看复购", en="Cohorts by their first order")
    share = sum(int(cell.numerator) for cell in first) / people
    return Text(
        zh="新客户在下一{g}再次下单的占 {s}", en="Of new customers, {s} order again in the next {g}"
    ).fill(s=voice.show(share, "ratio"), g=_GRAIN_WORDS[analysis.cohort_grain])  # fmt: skip


_GRAIN_WORDS = {
    "month": Text(zh="个月", en="month"),
    "quarter": Text(zh="个季度", en="quarter"),
    "year": Text(zh="年", en="year"),
}


def window_chart(analysis: Analysis, voice: Voice) -> Chart | None:
    """The curve that the active window is read from."""
    window = analysis.window
    if window is None or len(window.curve) < 5:
        return None
    longest = max(window.days, min(window.curve[-1][0], 2 * window.days))
    step = next(days for days in (1, 2, 5, 10, 15, 30, 60, 90, 180, 365) if longest <= 36 * days or days == 365)
    points = []
    for day in range(0, longest + 1, step):
        below = [share for gap, share in window.curve if gap <= day]
        points.append(Point(str(day), below[-1] if below else 0.0))
    title = Text(zh="90 % 的复购发生在 {q} 天之内，活跃窗口取 {d} 天", en="90 % of repeat purchases come within {q} days, so the active window is {d}").fill(
        q=window.quantile_days, d=window.days
    )  # fmt: skip
    subtitle = Text(
        zh="横轴：两次购买的间隔（天）；纵轴：间隔不超过它的占比，每位客户权重相同",
        en="Across: days between purchases; up: share of gaps no longer than that, customers weighing the same",
    )
    nearest = min(points, key=lambda point: abs(int(point.at) - window.quantile_days)).at
    mark = Event(nearest, Text(zh="天：90 % 的间隔不超过这里", en="days: 90 % of gaps are no longer"))
    return line_chart(
        [Series("", points)], "ratio", title=title, subtitle=subtitle, events=[mark], language=voice.language
    )


def segments_chart(found: Segmentation, voice: Voice) -> Chart:
    """Customers by RFM segment."""
    bars = [Bar(s.label, s.customer_share, n=s.customers) for s in found.segments]
    best = max(found.segments, key=lambda s: s.value_share or 0.0)
    title = Text(
        zh="“{s}”占客户的 {c}，带来净销售额的 {v}", en="“{s}” are {c} of customers and bring {v} of net sales"
    ).fill(s=best.label, c=voice.show(best.customer_share, "ratio"), v=voice.show(best.value_share, "ratio"))
    subtitle = Text(zh="各分群占客户数的比例", en="Share of customers in each segment")
    return bar_chart(bars, "ratio", title=title, subtitle=subtitle, language=voice.language)


def concentration_chart(analysis: Analysis, voice: Voice) -> Chart | None:
    """The Lorenz curve, best customers first."""
    held = analysis.concentration
    if held is None:
        return None
    found = held.found
    points = [
        (1.0 - x, 1.0 - y)
        for x, y in zip(found.curve_customers[::-1].tolist(), found.curve_value[::-1].tolist(), strict=True)
    ]
    worth = Text(zh="毛利", en="margin") if held.basis == "margin" else Text(zh="净销售额", en="net sales")
    title = Text(zh="最好的 20 % 客户带来 {v} 的{w}", en="The best 20 % of customers bring {v} of {w}").fill(
        v=voice.show(found.top_fifth_share, "ratio"), w=worth
    )
    return lorenz_chart(points, title=title, language=voice.language)


def alive_chart(value: ValueSummary, voice: Voice) -> Chart:
    """How many customers are how likely still there."""
    bars = [
        Bar(f"{place * 10}–{place * 10 + 10} %", count) for place, count in reversed(list(enumerate(value.alive_bins)))
    ]
    title = Text(zh="平均活跃概率 {p}", en="On average customers are still there with {p}").fill(
        p=voice.show(value.mean_probability_alive, "ratio")
    )
    subtitle = Text(zh="按活跃概率分组的客户数", en="Customers by their probability of being still there")
    return bar_chart(bars, "customers", title=title, subtitle=subtitle, language=voice.language)


def backtest_chart(card: BacktestCard, voice: Voice) -> Chart:
    """Purchases in the held-out time by number of repeat purchases before it, counted and forecast (Fader, Hardie & Lee 2005, figure 4)."""
    names = [f"{bucket.frequency}{'+' if bucket.and_more else ''}" for bucket in card.buckets]
    series = [
        Series(Text(zh="实际", en="Counted"), [Point(at, b.actual) for at, b in zip(names, card.buckets, strict=True)]),
        Series(
            Text(zh="预测", en="Forecast"), [Point(at, b.expected) for at, b in zip(names, card.buckets, strict=True)]
        ),
    ]
    share = card.share_of_actual
    title = (
        Text(
            zh="留出最后 {d} 天检验：预测为实际的 {s}",
            en="Tested on the last {d} days: the forecast is {s} of what happened",
        ).fill(s=voice.show(share, "ratio", places=0), d=round(card.end_day - card.cut_day))
        if share
        else Text(zh="留出的时间里没有购买", en="Nothing was bought in the held-out time")
    )
    subtitle = Text(
        zh="横轴：留出期之前的复购次数；纵轴：留出期内每位客户的购买日数",
        en="Across: repeat purchases before the held-out time; up: purchase days per customer inside it",
    )
    return line_chart(series, "score", title=title, subtitle=subtitle, language=voice.language)


def breakdown_chart(found: Breakdown, voice: Voice) -> Chart:
    """Net sales by group, the largest first; the smallest together where groups add up."""
    values = sorted(
        (v for v in found.now if v.metric == "net_sales"), key=lambda v: (-float(v.value or 0), str(_group(v)))
    )
    bars = [
        Bar(group_name(voice, _group(v)), v.value, v.interval_low, v.interval_high, n=v.n) for v in values[:MOST_BARS]
    ]
    rest = values[MOST_BARS:]
    if rest:
        bars.append(Bar(OTHERS.fill(n=len(rest)), sum(float(v.value or 0) for v in rest)))
    total = sum(float(v.value or 0) for v in values)
    title: Text | str = Text(zh="各{d}的净销售额", en="Net sales by {d}").fill(d=_lower(found.label))
    if values and total > 0:
        share = float(values[0].value or 0) / total
        title = Text(zh="{g}占净销售额的 {s}", en="{g}: {s} of net sales").fill(
            g=group_name(voice, _group(values[0])), s=voice.show(share, "ratio")
        )
    subtitle = Text(zh="{p}净销售额，横线为 95 % 区间", en="Net sales, {p}; whiskers are 95 % intervals").fill(
        p=voice.period(found.period) + (" " if voice.language == "zh" else "")
    )
    return bar_chart(bars, "money", title=title, subtitle=subtitle, currency=voice.currency, language=voice.language)


def _group(value: MetricValue) -> object:
    return next(iter(value.dimensions.values()), None)


def _good(amount: float | None) -> bool | None:
    return None if not amount else amount > 0


def _lower(label: Text) -> Text:
    return Text(zh=label.zh, en=label.en.lower())
