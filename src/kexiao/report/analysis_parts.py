"""The parts of the analysis page, one function each: a sentence that answers, then charts and tables. None where the data have nothing to say."""

from __future__ import annotations

from collections.abc import Sequence

from kexiao.cycle.analyze import Analysis, ValueSummary
from kexiao.cycle.overview import BREAKDOWN_METRICS, Breakdown, MetricReport, Span
from kexiao.cycle.segments import Moves, Segmentation
from kexiao.metrics.catalogue import THEMES, metric_named
from kexiao.models.clv.backtest import BacktestCard
from kexiao.models.inputs import Unfitted
from kexiao.models.segments.rfm import SEGMENTS
from kexiao.report import analysis_charts as charts
from kexiao.report.findings import change_title, main_flow, reason_in_words
from kexiao.report.html import Html, details, join, table, tag
from kexiao.report.panels import figure, metric_panel
from kexiao.report.words import Voice, basis_of, change_html, group_name, main_change, value_html
from kexiao.text import Text

TRENDS = ("net_sales", "orders", "ordering_customers", "average_order_value", "new_customers", "retention_rate")
SHOWN_NOTES = 12
MOST_ROWS = 30


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


def trend_part(analysis: Analysis, voice: Voice) -> Html:
    """The main metrics over the whole span of the data."""
    drawn = []
    for name in TRENDS:
        report = analysis.metric(name)
        if sum(value.value is not None for value in analysis.trend[name]) >= 2:
            title = _trend_title(analysis, voice, report)
            drawn.append(figure(voice, charts.trend_chart(analysis, voice, name, title), half=True))
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
    return join(tag("p", says, cls="says"), short, drawn, figure(voice, charts.cohorts_chart(analysis, voice)))


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


def breakdowns_part(analysis: Analysis, voice: Voice) -> Html | None:
    """The main span along every dimension of the data."""
    if not analysis.breakdowns:
        return None
    drawn = [figure(voice, charts.breakdown_chart(found, voice), half=True) for found in analysis.breakdowns]
    return join(tag("div", drawn, cls="pair"), [_breakdown(found, voice) for found in analysis.breakdowns])


def _breakdown(found: Breakdown, voice: Voice) -> Html:
    """Every figure of one dimension, folded."""
    values = {(v.metric, next(iter(v.dimensions.values()))): v for v in found.now}
    then = {(v.metric, next(iter(v.dimensions.values()))): v for v in found.then}
    groups = sorted(
        {g for _, g in values}, key=lambda g: (-float(getattr(values.get(("net_sales", g)), "value", 0) or 0), str(g))
    )
    shown = [
        name for name in BREAKDOWN_METRICS if any(v.value is not None for (m, _), v in values.items() if m == name)
    ]
    headers = [voice.say(found.label), *(voice.say(metric_named(name).label) for name in shown)]
    if then:
        headers.insert(2, voice.say(Text(zh="变化", en="Change")))
    rows = []
    for group in groups[:MOST_ROWS]:
        row: list[object] = [group_name(voice, group)]
        for name in shown:
            value = values.get((name, group))
            row.append(value_html(voice, value) if value else "—")
            if name == "net_sales" and then:
                row.append(_group_change(voice, values.get((name, group)), then.get((name, group))))
        rows.append(row)
    overlap = None
    if found.overlapping:
        words = Text(
            zh="一张订单可含多个类别，订单数与客户数不能相加。",
            en="An order may hold several categories, so orders and customers do not add up.",
        )
        overlap = tag("p", voice.say(words), cls="note")
    if len(groups) > MOST_ROWS:
        more = Text(zh="只列净销售额最高的 {n} 组，共 {t} 组。", en="The {n} largest of {t} groups are listed.")
        overlap = join(overlap, tag("p", voice.say(more, n=MOST_ROWS, t=len(groups)), cls="note"))
    summary = voice.say(
        Text(zh="各{d}的全部数字", en="All figures by {d}"), d=Text(zh=found.label.zh, en=found.label.en.lower())
    )
    return details(summary, table(headers, rows), overlap, cls="more")


def _group_change(voice: Voice, now: object, then: object) -> Html:
    from kexiao.cycle.overview import difference
    from kexiao.facts.metric import MetricValue
    from kexiao.facts.periods import parse

    if not isinstance(now, MetricValue) or not isinstance(then, MetricValue):
        return Html("—")
    return change_html(
        voice, voice.change(now, difference(now, then, parse(then.period)), "higher"), word=False
    ) or Html("—")


def metrics_part(analysis: Analysis, voice: Voice) -> Html:
    """Every metric that the data allow, in every span, each row open to its formula."""
    says = Text(
        zh="每行点开可看公式、由来、区间、比较、口径和同名的其他公式；括号里是 95 % 区间，以客户为抽样单位。",
        en="Each row opens to formula, parts, interval, comparison, policy and other formulas of the same name; in brackets the 95 % interval, the customer being the sampling unit.",
    )  # fmt: skip
    spans = analysis.spans
    head = tag(
        "div",
        tag("span", ""),
        [_span_head(voice, span) for span in spans],
        cls="metrics-head",
    )
    blocks = []
    for theme, label in THEMES.items():
        reports = [report for report in analysis.metrics if report.theme == theme and report.known]
        if reports:
            rows = [_metric_row(analysis, voice, report) for report in reports]
            blocks.append(join(tag("p", voice.say(label), cls="theme"), tag("div", rows, cls="metrics")))
    return tag("div", tag("p", voice.say(says), cls="says"), head, blocks, style=f"--spans:{len(spans)}")


def _span_head(voice: Voice, span: Span) -> Html:
    """A span above its column: its name, its days, and what its changes are against."""
    days = [
        tag("span", part, cls="sub")
        for part in voice.period(span.period).replace(" 至 ", " 至|").replace(" to ", " to|").split("|")
    ]
    basis = (
        tag("span", voice.say(Text(zh="变化{b}", en="change {b}"), b=basis_of(span)), cls="sub")
        if span.before
        else None
    )
    return tag("span", tag("b", voice.say(span.label)), days, basis)


def _metric_row(analysis: Analysis, voice: Voice, report: MetricReport) -> Html:
    cells = []
    for reading in report.readings:
        name = tag("span", voice.say(reading.span.label), cls="period-name")
        change = (
            change_html(voice, voice.change(reading.value, reading.before, report.better), word=False)
            if reading.before
            else None
        )
        cells.append(
            tag("span", name, value_html(voice, reading.value), tag("span", change, cls="sub") if change else None)
        )
    chosen = report.in_span(analysis.main_span.name) or report.readings[-1]
    summary = tag("summary", tag("span", voice.say(report.label)), cells)
    return tag("details", summary, metric_panel(analysis, voice, report, chosen), cls="metric")


def data_part(analysis: Analysis, voice: Voice) -> Html:
    """What was read, what became of every row, what does not count, and what to keep in mind."""
    held = analysis.holdings
    says = Text(
        zh="读到的每一行都有去处：读取 = 导入 + 隔离 + 重复 + 跳过。",
        en="Every row read is accounted for: read = loaded + quarantined + duplicate + skipped.",
    )
    headers = [Text(zh="文件", en="File"), Text(zh="识别为", en="Read as"), Text(zh="读取", en="Read"), Text(zh="导入", en="Loaded"), Text(zh="隔离", en="Quarantined"), Text(zh="重复", en="Duplicate"), Text(zh="跳过", en="Skipped")]  # fmt: skip
    rows = [
        (
            join(f.name, tag("span", f.fingerprint, cls="sub")), voice.say(f.kind) if f.kind else voice.say(Text(zh="认不出", en="not known")),
            *(voice.show(n, "count") for n in (f.rows_read, f.rows_loaded, f.rows_quarantined, f.rows_duplicate, f.rows_skipped)),
        )
        for f in held.files
    ]  # fmt: skip
    return join(
        tag("p", voice.say(says), cls="says"), table([voice.say(h) for h in headers], rows, words=(1,)),
        _mapping(analysis, voice), _covered(analysis, voice), _not_counted(analysis, voice), _notes(analysis, voice),
    )  # fmt: skip


def _mapping(analysis: Analysis, voice: Voice) -> Html:
    blocks = []
    for file in analysis.holdings.files:
        if not file.columns:
            continue
        rows = [(voice.say(label), column, voice.say(why) if why else "") for label, column, why in file.columns]
        headers = [Text(zh="字段", en="Field"), Text(zh="列", en="Column"), Text(zh="理由", en="Because")]
        unused = None
        if file.unused:
            words = Text(zh="没有用到的列：{c}", en="Columns not used: {c}")
            unused = tag("p", voice.say(words, c=voice.list(file.unused)), cls="note")
        name = " · ".join(part for part in (file.name, file.sheet) if part)
        blocks.append(
            join(tag("h3", name), table([voice.say(h) for h in headers], rows, words=(1, 2), cls="small"), unused)
        )
    summary = voice.say(Text(zh="每一列读成了什么", en="Which column was read as what"))
    return details(summary, blocks, cls="more") if blocks else Html("")


def _covered(analysis: Analysis, voice: Voice) -> Html:
    rows = [
        (voice.say(t.label), voice.show(t.rows, "count"), str(t.first or "—"), str(t.last or "—"))
        for t in analysis.holdings.tables
    ]
    headers = [Text(zh="数据", en="Data"), Text(zh="行数", en="Rows"), Text(zh="第一天", en="First day"), Text(zh="最后一天", en="Last day")]  # fmt: skip
    return join(
        tag("h3", voice.say(Text(zh="整理后", en="After shaping"))), table([voice.say(h) for h in headers], rows)
    )


def _not_counted(analysis: Analysis, voice: Voice) -> Html:
    held = analysis.holdings
    lines: list[str] = []
    for one in held.left_out:
        words = Text(zh="{n} 张订单不计入销售：{w}{a}", en="{n} orders are no sales: {w}{a}")
        amount = (
            voice.say(Text(zh="（合计 {a}）", en=" ({a} in all)"), a=voice.show(one.amount, "money"))
            if one.amount
            else ""
        )
        lines.append(voice.say(words, n=voice.show(one.orders, "orders"), w=one.why, a=amount))
    for refused in held.refused:
        words = Text(zh="{n} 行被隔离：{w}（{p}）", en="{n} rows in quarantine: {w} ({p})")
        lines.append(
            voice.say(words, n=voice.show(refused.rows, "count"), w=refused.message, p=voice.list(refused.places))
        )
    if held.anonymous_orders:
        words = Text(
            zh="{n} 张订单没有客户，计入销售，不计入按客户的指标",
            en="{n} orders name no customer: they count in sales, not in metrics per customer",
        )
        lines.append(voice.say(words, n=voice.show(held.anonymous_orders, "orders")))
    if not lines:
        lines.append(
            voice.say(
                Text(zh="没有被隔离的行，所有订单都计入销售。", en="No row is in quarantine and every order counts.")
            )
        )
    return join(
        tag("h3", voice.say(Text(zh="没有算进去的", en="What was left out"))),
        tag("ul", [tag("li", line) for line in lines], cls="plain"),
    )


def _notes(analysis: Analysis, voice: Voice) -> Html | None:
    held = analysis.holdings
    lines = [voice.say(note) for note in held.notes[:SHOWN_NOTES]]
    if held.unfinished:
        words = Text(zh="最后一张订单在 {d}，这些时段视为未结束：{p}；若数据其实覆盖到更晚，用 --until 说明。", en="The last order is of {d}, so these count as unfinished: {p}; if the data reach further, say so with --until.")  # fmt: skip
        lines.append(voice.say(words, d=held.last, p=voice.list([voice.period_name(name) for name in held.unfinished])))
    if held.empty_months:
        lines.append(voice.say(Text(zh="{m} 没有任何订单，可能是导出不全。", en="There is no order at all in {m}: the export may be incomplete."), m=voice.list(held.empty_months)))  # fmt: skip
    if held.known_from:
        words = Text(
            zh="{d} 之前的新客户与活跃客户标为“历史太短”。",
            en="New and active customers before {d} are marked “history too short”.",
        )
        lines.append(voice.say(words, d=held.known_from))
    if not lines:
        return None
    heading = tag("h3", voice.say(Text(zh="读取时的判断", en="Decisions made while reading")))
    return join(heading, tag("ul", [tag("li", line) for line in lines], cls="plain"))


def unlock_part(analysis: Analysis, voice: Voice) -> Html | None:
    """Which files would give which metrics."""
    if not analysis.unlocks:
        return None
    headers = [Text(zh="补上这些数据", en="With these data"), Text(zh="就能看到", en="you would see")]
    rows = [(voice.say(u.what), voice.list([voice.say(g) for g in u.gives])) for u in analysis.unlocks]
    says = Text(
        zh="缺的不当作 0，也不猜；补上后重新运行即可。",
        en="What is missing is neither zero nor guessed; add it and run again.",
    )
    return join(tag("p", voice.say(says), cls="says"), table([voice.say(h) for h in headers], rows, words=(1,)))


def method_part(analysis: Analysis, voice: Voice) -> Html:
    """What counts, which settings were guessed, and the methods with their papers."""
    settings = [
        (Text(zh="币种", en="Currency"), f"{analysis.currency.value}（{voice.say(analysis.currency.why)}）" if voice.language == "zh" else f"{analysis.currency.value} ({voice.say(analysis.currency.why)})"),
        (Text(zh="时区", en="Time zone"), f"{analysis.timezone.value}（{voice.say(analysis.timezone.why)}）" if voice.language == "zh" else f"{analysis.timezone.value} ({voice.say(analysis.timezone.why)})"),
        (Text(zh="口径", en="Policy"), join([voice.say(line) + " " for line in analysis.policy])),
        (Text(zh="区间", en="Intervals"), voice.say(Text(zh="95 %，以客户为抽样单位；共同的冲击不在其中。占比用 Wilson，计数用精确泊松，均值与比率用 delta 法，集中度用刀切法。", en="95 %, the customer being the sampling unit; shared shocks are not in them. Wilson for shares, exact Poisson for counts, the delta method for means and ratios, the jackknife for concentration."))),
        (Text(zh="变化的拆分", en="Splits"), voice.say(Text(zh="Shapley 对称拆分（Shorrocks 2013），各部分之和恒等于总变动。", en="Shapley’s symmetric rule (Shorrocks 2013); parts always add up to the change."))),
        (Text(zh="模型", en="Models"), voice.say(Text(zh="BG/NBD（Fader、Hardie & Lee 2005），Gamma-Gamma（Fader & Hardie 2013），RFM（Hughes 1994），ABC 分层（Dickie 1951），洛伦兹曲线与基尼系数。", en="BG/NBD (Fader, Hardie & Lee 2005), Gamma-Gamma (Fader & Hardie 2013), RFM (Hughes 1994), ABC tiers (Dickie 1951), Lorenz curve and Gini."))),
    ]  # fmt: skip
    return tag("dl", [join(tag("dt", voice.say(name)), tag("dd", cell)) for name, cell in settings], cls="facts")
