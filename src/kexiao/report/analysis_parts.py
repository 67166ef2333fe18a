"""The parts of the analysis page, one function each: a sentence that answers, then charts and tables. None where the data have nothing to say."""

from __future__ import annotations

from collections.abc import Sequence

from kexiao.cycle.analyze import Analysis, ValueSummary
from kexiao.cycle.overview import MetricReport
from kexiao.cycle.segments import Moves, Segmentation
from kexiao.models.clv.backtest import BacktestCard
from kexiao.models.inputs import Unfitted
from kexiao.models.segments.rfm import SEGMENTS
from kexiao.report import analysis_charts as charts
from kexiao.report.findings import change_title, main_flow, reason_in_words
from kexiao.report.html import Html, details, join, table, tag
from kexiao.report.panels import figure
from kexiao.report.words import Voice, main_change
from kexiao.text import Text

TRENDS = ("net_sales", "orders", "ordering_customers", "average_order_value", "new_customers", "retention_rate")


def changes_part(analysis: Analysis, voice: Voice) -> Html | None:
    """Each change split into orders, mix and order value, then by group."""
    if not analysis.changes:
        return None
    says = Text(
        zh="把变化精确拆成三部分：订单数、构成、每单金额；各部分相加等于总变动。按哪个维度拆，取各组分化最明显的那个。",
        en="Each change is split exactly into the number of orders, their mix, and order value; the parts add up to it. The dimension is the one whose groups moved apart most.",
    )  # fmt: skip
    blocks = []
    for found in analysis.changes:
        pair = tag(
            "div",
            figure(voice, charts.parts_chart(found, voice), half=True),
            figure(voice, charts.groups_chart(found, voice), half=True),
            cls="pair",
        )
        blocks.append(
            join(tag("h3", change_title(found, voice)), tag("p", reason_in_words(found, voice), cls="note"), pair)
        )
    return join(tag("p", voice.say(says), cls="says"), blocks)


def trend_part(analysis: Analysis, voice: Voice) -> Html | None:
    """The main metrics over the whole span of the data."""
    drawn = []
    for name in TRENDS:
        report = analysis.metric(name)
        if sum(point.value is not None for point in charts.points_of(analysis.trend[name])) >= 2:
            title = _trend_title(analysis, voice, report)
            drawn.append(figure(voice, charts.trend_chart(analysis, voice, name, title), half=True))
    if not drawn:
        return None
    grain = {"month": Text(zh="按月", en="by month"), "quarter": Text(zh="按季", en="by quarter"), "week": Text(zh="按周", en="by week")}[analysis.trend_grain]  # fmt: skip
    says = Text(
        zh="{g}，虚线为未结束的时段；历史太短、分不清新老客户的时段留空。",
        en="{g}; dashed where a period is unfinished, empty where the history is too short to tell new customers from old.",
    )
    sentence = voice.say(says, g=grain)
    return join(tag("p", sentence[:1].upper() + sentence[1:], cls="says"), tag("div", drawn, cls="pair"))


def _trend_title(analysis: Analysis, voice: Voice, report: MetricReport) -> str:
    reading = report.in_span(analysis.main_span.name)
    if reading is None or reading.value.value is None or reading.before is None or reading.before.amount is None:
        return voice.say(report.label)
    change = main_change(voice, reading, report.better)
    return voice.say(Text(zh="{l} {c}", en="{l} {c}"), l=report.label, c=change.text)


def customers_part(analysis: Analysis, voice: Voice) -> Html:
    """How customers came and went, who of them came again, and what counts as active."""
    flow = main_flow(analysis)
    retention = analysis.metric("retention_rate").in_span(analysis.main_span.name)
    known = retention is not None and retention.value.value is not None and analysis.holdings.few_gaps is None
    kept = Text(zh="留存率 {v}。", en="Retention rate {v}.")
    rate = voice.say(kept, v=voice.line(retention.value)) if retention and known else ""
    says = voice.say(
        Text(zh="活跃：近 {d} 天内有成交订单。{r}", en="Active: a completed order in the last {d} days. {r}"),
        d=analysis.active_window_days,
        r=rate,
    )  # fmt: skip
    short = None
    if (flow is not None and flow.history_too_short) or analysis.holdings.few_gaps is not None:
        short = _calm(voice, _why_unsure(analysis))
    drawn = tag(
        "div",
        figure(voice, charts.flow_chart(flow, voice), half=True) if flow else None,
        figure(voice, charts.window_chart(analysis, voice), half=True),
        cls="pair",
    )
    followed = any(cell.age > 0 and cell.over for cell in analysis.cohorts)
    cohorts = figure(voice, charts.cohorts_chart(analysis, voice)) if followed else None
    return join(tag("p", says, cls="says"), short, drawn, cohorts)


def _why_unsure(analysis: Analysis) -> list[Text]:
    found = []
    held = analysis.holdings
    if held.few_gaps is not None:
        found.append(
            Text(
                zh="只有 {n} 位客户在不同日子买过两次，活跃窗口、留存与流失没有依据，请当作参考。",
                en="Only {n} customers bought on two different days, so the active window, retention and churn rest on almost nothing: take them as hints.",
            ).fill(n=held.few_gaps)
        )  # fmt: skip
    if held.known_from is not None:
        found.append(
            Text(
                zh="{d} 之前分不清新客户与老客户：数据从 {f} 开始，此前的购买看不到。",
                en="Before {d} new customers cannot be told from old ones: the data begin on {f} and earlier purchases are unseen.",
            ).fill(d=held.known_from, f=held.first)
        )  # fmt: skip
    return found


def _calm(voice: Voice, lines: Sequence[Text]) -> Html:
    return tag("div", [tag("p", voice.say(line)) for line in lines], cls="calm")


def value_part(analysis: Analysis, voice: Voice) -> Html | None:
    """RFM segments, how customers moved between them, value tiers, concentration."""
    found = analysis.segments
    lorenz = figure(voice, charts.concentration_chart(analysis, voice), half=True)
    if isinstance(found, Unfitted):
        return join(_calm(voice, [found.reason, found.next_step]), lorenz)
    says = Text(
        zh="按最近 {d} 天的购买分群：R 最近一次购买、F 购买天数、M 净销售额，各分五档，4 档以上为高。",
        en="Segments from the last {d} days: recency, purchase days, net sales, each in fifths; from the fourth on it is high.",
    )
    return join(
        tag("p", voice.say(says, d=found.look_back_days), cls="says"),
        tag("div", figure(voice, charts.segments_chart(found, voice), half=True), lorenz, cls="pair"),
        _segments_table(analysis, found, voice), _moves(found, voice), _tiers(found, voice),
    )  # fmt: skip


def _segments_table(analysis: Analysis, found: Segmentation, voice: Voice) -> Html:
    future = (
        {}
        if isinstance(analysis.value, Unfitted)
        else {name: (alive, worth) for name, _, _, alive, worth in analysis.value.by_segment}
    )
    headers = [
        Text(zh="分群", en="Segment"), Text(zh="客户", en="Customers"), Text(zh="占客户", en="Of customers"),
        Text(zh="占净销售额", en="Of net sales"), Text(zh="活跃概率", en="P(alive)"), Text(zh="未来价值 / 客", en="Future value each"),
        Text(zh="建议", en="What to do"),
    ]  # fmt: skip
    rows = []
    for s in found.segments:
        alive, worth = future.get(s.name, (None, None))
        rows.append((
            join(voice.say(s.label), tag("span", voice.say(s.rule), cls="sub")), voice.show(s.customers, "customers"),
            voice.show(s.customer_share, "ratio"), voice.show(s.value_share, "ratio"), voice.show(alive, "ratio"),
            voice.show(worth, "money/customer"), voice.say(s.advice) if s.advice else "",
        ))  # fmt: skip
    keep = [i for i in range(len(headers)) if future or i not in (4, 5)]
    return table(
        [voice.say(headers[i]) for i in keep], [[row[i] for i in keep] for row in rows], words=(len(keep) - 1,)
    )


def _moves(found: Segmentation, voice: Voice) -> Html:
    moves = found.moves
    heading = tag("h3", voice.say(Text(zh="客户在分群间的迁移", en="How customers moved between segments")))
    if not isinstance(moves, Moves):
        return join(heading, tag("p", voice.say(moves), cls="note"))
    counts = moves.movement.customers
    shares = moves.movement.shares()
    stayed = shares[0, 0]
    sentence = Text(
        zh="与{w}（{d}）相比，用今天的分界：当时的“{s}”现在仍是的有 {v}。",
        en="Against {w} ({d}), by today’s limits: of the “{s}” then, {v} still are.",
    )
    told = (
        voice.say(sentence, w=moves.words, d=moves.before, s=SEGMENTS[0].label, v=voice.show(float(stayed), "ratio"))
        if counts[0].sum()
        else voice.say(Text(zh="与{w}（{d}）相比。", en="Against {w} ({d})."), w=moves.words, d=moves.before)
    )
    gone = Text(zh="期外", en="Not buying")
    names = [voice.say(s.label) for s in SEGMENTS] + [voice.say(gone)]
    rows = [
        (name, *(voice.show(int(n), "customers") for n in counts[i])) for i, name in enumerate(names) if counts[i].sum()
    ]
    summary = voice.say(Text(zh="迁移表（行：当时，列：现在）", en="Table of moves (rows: then, columns: now)"))
    return join(
        heading, tag("p", told, cls="note"), details(summary, table(["", *names], rows, cls="small"), cls="more")
    )


def _tiers(found: Segmentation, voice: Voice) -> Html:
    worth = Text(zh="毛利", en="margin") if found.basis == "margin" else Text(zh="净销售额", en="net sales")
    heading = tag("h3", voice.say(Text(zh="价值分层（按{w}）", en="Value tiers, by {w}"), w=worth))
    headers = [Text(zh="层级", en="Tier"), Text(zh="规则", en="Rule"), Text(zh="客户", en="Customers"), Text(zh="占客户", en="Of customers"), Text(zh="占{w}", en="Of {w}").fill(w=worth)]  # fmt: skip
    rows = [
        (voice.say(t.label), voice.say(t.rule), voice.show(t.customers, "customers"), voice.show(t.customer_share, "ratio"), voice.show(t.value_share, "ratio"))
        for t in found.tiers
    ]  # fmt: skip
    losing = any(t.value < 0 for t in found.tiers)
    note = (
        tag(
            "p",
            voice.say(Text(zh="负值：这些客户合计亏损。", en="Below zero: together these customers lost money.")),
            cls="note",
        )
        if losing
        else None
    )
    return join(heading, table([voice.say(h) for h in headers], rows, words=(1,)), note)


def future_part(analysis: Analysis, voice: Voice) -> Html:
    """What customers are expected to bring, how likely they are still there, and how well the forecast does."""
    value = analysis.value
    if isinstance(value, Unfitted):
        lines = [value.reason, value.next_step, *([value.instead] if value.instead else [])]
        return _calm(voice, lines)
    says = Text(
        zh="BG/NBD 估计还会买多少次（按购买日、以天计），Gamma-Gamma 估计每次多少钱；{y} 年、年贴现 {d}，以{b}计。",
        en="BG/NBD says how often they will still buy (purchase days, time in days), Gamma-Gamma how much; {y} years, discounted {d} a year, in {b}.",
    )
    sentence = voice.say(
        says, y=f"{value.horizon_years:g}", d=voice.show(value.discount_rate, "ratio", places=0), b=value.basis
    )
    backtest = value.backtest
    tested = figure(voice, charts.backtest_chart(backtest, voice), half=True) if isinstance(backtest, BacktestCard) else _calm(voice, [backtest.reason])  # fmt: skip
    # One bar alone would say no more than its title.
    alive = (
        figure(voice, charts.alive_chart(value, voice), half=True) if sum(n > 0 for n in value.alive_bins) > 1 else None
    )
    drawn = tag("div", alive, tested, cls="pair")
    return join(tag("p", sentence, cls="says"), _value_facts(value, voice), drawn, _value_notes(value, voice))


def _value_facts(value: ValueSummary, voice: Voice) -> Html:
    rows = [
        (Text(zh="现有客户未来价值合计", en="Future value of today’s customers"), voice.range(*value.equity, "money")),
        (Text(zh="平均每位", en="Mean per customer"), voice.range(*value.mean_residual, "money/customer")),
        (Text(zh="一位新客户（含首单）", en="A customer yet to be won, first order included"), voice.range(*value.of_a_new_customer, "money/customer")),
        (Text(zh="未来一年预计购买日", en="Purchase days expected in a year"), voice.show(round(value.expected_purchases), "count")),
        (Text(zh="最好的一成客户占未来价值", en="Share of the best tenth"), voice.show(value.residual_deciles[0], "ratio") if value.residual_deciles else "—"),
    ]  # fmt: skip
    return tag("dl", [join(tag("dt", voice.say(name)), tag("dd", cell)) for name, cell in rows], cls="facts")


def _value_notes(value: ValueSummary, voice: Voice) -> Html:
    notes = []
    card = value.backtest
    if isinstance(card, BacktestCard):
        better = Text(zh="好于", en="better than") if card.beats_naive else Text(zh="不如", en="worse than")
        notes.append(
            Text(zh="每位客户的平均误差 {m} 次，{b}“照旧”的 {n} 次（{c} 位客户）。", en="Mean error {m} purchases a customer, {b} “everyone goes on as before” with {n} ({c} customers).").fill(
                m=f"{card.mean_absolute_error:.2f}", n=f"{card.naive_error:.2f}", b=better, c=card.customers
            )
        )  # fmt: skip
        share = card.share_of_actual
        if share is not None and not 0.85 <= share <= 1.15:
            notes.append(Text(zh="预测与实际相差超过 15 %：季节、增长或促销不在模型里，请按区间之外还有误差来用。", en="The forecast is off by more than 15 %: seasons, growth and promotions are not in the model, so expect errors beyond the interval."))  # fmt: skip
    if {"a", "b"} & set(value.held):
        notes.append(Text(zh="数据里看不出客户会离开，活跃概率因此接近 100 %，请谨慎使用。", en="The data show no sign of customers leaving, so P(alive) is near 100 %: use it with care."))  # fmt: skip
    if abs(value.spend_correlation) > 0.3:
        notes.append(Text(zh="购买次数与每次金额相关（{c}），Gamma-Gamma 的前提不完全成立。", en="Frequency and spend are correlated ({c}); Gamma-Gamma assumes they are not.").fill(c=f"{value.spend_correlation:.2f}"))  # fmt: skip
    if value.stand_in_cost:
        notes.append(Text(zh="未知的成本由设定的毛利率代替。", en="A set margin rate stands in for unknown costs."))
    notes.append(
        Text(
            zh="区间只含参数的不确定，不含将来的冲击。",
            en="Intervals hold the uncertainty of the parameters, no shocks to come.",
        )
    )
    numbers = " · ".join(f"{name} {number:.4g}" for name, number in value.parameters.items())
    listed = tag("ul", [tag("li", voice.say(note)) for note in notes], cls="plain note")
    return join(
        listed, tag("p", voice.say(Text(zh="参数（天）：{p}", en="Parameters (days): {p}"), p=numbers), cls="note")
    )
