"""The evidence at the end of the analysis page: breakdowns, every metric, what the data hold, what is missing, definitions and methods."""

from __future__ import annotations

from kexiao.cycle.analyze import Analysis
from kexiao.cycle.breakdowns import BREAKDOWN_METRICS, Breakdown
from kexiao.cycle.overview import MetricReport, Span
from kexiao.metrics.catalogue import THEMES, metric_named
from kexiao.report import analysis_charts as charts
from kexiao.report.html import Html, details, join, table, tag
from kexiao.report.panels import figure, metric_panel
from kexiao.report.words import Voice, basis_of, change_html, group_name, value_html
from kexiao.text import Text

SHOWN_NOTES = 12
MOST_ROWS = 30


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
