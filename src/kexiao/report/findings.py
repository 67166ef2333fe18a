"""What an analysis says, in sentences: the title, the ten-second answers, and the headline of each part. Words only; every number is the analysis's own."""

from __future__ import annotations

from dataclasses import dataclass

from kexiao.cycle.analyze import Analysis
from kexiao.cycle.breakdowns import Explained
from kexiao.cycle.overview import Flow, Reading
from kexiao.facts.units import UNKNOWN
from kexiao.models.clv.backtest import BacktestCard
from kexiao.models.inputs import Unfitted
from kexiao.report.numbers import Judgement, show_change, show_column, show_signed
from kexiao.report.words import Voice, basis_of, group_name
from kexiao.text import Text

MAIN_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the ten-second answers: what it is about, the sentence, what it means, and the part of the page that shows it."""

    about: str
    sentence: str
    judgement: Judgement
    anchor: str


def title(analysis: Analysis, voice: Voice) -> str:
    """The finding that the page leads with: what was sold, whether more or less, and why."""
    reading = analysis.metric("net_sales").in_span(analysis.main_span.name)
    assert reading is not None
    sold = voice.show(reading.value.value, "money")
    if reading.span.name != "latest":
        return voice.say(
            Text(zh="{n} 位客户、{o} 张订单，净销售额 {s}", en="{n} customers, {o} orders, net sales of {s}"),
            n=voice.show(analysis.holdings.customers, "customers"), o=voice.show(analysis.holdings.orders, "orders"), s=sold,
        )  # fmt: skip
    if reading.before is None or reading.before.amount is None:
        alone = voice.say(Text(zh="近 12 个月净销售额 {s}", en="Net sales of the latest 12 months: {s}"), s=sold)
        return alone + _against_a_year_before(analysis, voice)
    reason = _reason(_explained(analysis, "latest", "before"), voice)
    return voice.say(
        Text(zh="近 12 个月净销售额 {s}，{c}{r}", en="Net sales of the latest 12 months are {s}, {c}{r}"),
        s=sold, c=_moved(reading, voice), r=reason,
    )  # fmt: skip


def _against_a_year_before(analysis: Analysis, voice: Voice) -> str:
    """What the last quarter adds where there are no 24 months to compare."""
    quarter = analysis.metric("net_sales").in_span("quarter")
    if quarter is None or quarter.year_before is None or quarter.year_before.amount is None:
        return ""
    change = voice.change(quarter.value, quarter.year_before, "higher")
    words = Text(zh="，最近一季同比 {c}", en="; the last quarter is {c} on the year before")
    return voice.say(words, c=change.text)


def answers(analysis: Analysis, voice: Voice) -> list[Answer]:
    """The ten-second answers, the most important first."""
    found = [
        _latest_quarter(analysis, voice), _customers(analysis, voice), _repeat(analysis, voice), _concentration(analysis, voice),
        _value(analysis, voice), _caveat(analysis, voice),
    ]  # fmt: skip
    return [answer for answer in found if answer]


def _moved(reading: Reading, voice: Voice) -> str:
    """A change in words, with how sure it is."""
    change = voice.change(reading.value, reading.before, "higher")
    size = change.text.split(" ", 1)[-1]
    words = {
        "up": Text(zh="比前 12 个月多 {s}", en="{s} more than in the 12 months before"),
        "down": Text(zh="比前 12 个月少 {s}", en="{s} less than in the 12 months before"),
    }.get(change.direction, Text(zh="与前 12 个月持平", en="as in the 12 months before"))
    unsure = Text(zh="，但仍在波动范围内", en=", still within chance")
    return voice.say(words, s=size) + (voice.say(unsure) if change.judgement == "unsure" else "")


def _reason(found: Explained | None, voice: Voice) -> str:
    """Whether it was orders or order value that moved sales."""
    split = found.change.decomposition if found else None
    if split is None or not split.change:
        return ""
    volume, value = (split.volume or 0.0) / split.change, (split.mix + split.rate) / split.change
    if max(volume, value) < MAIN_SHARE:
        return ""
    more = split.change > 0
    if volume >= value:
        words = (
            Text(zh="，主要因为订单更多", en=", mostly because of more orders")
            if more
            else Text(zh="，主要因为订单更少", en=", mostly because of fewer orders")
        )
    else:
        words = (
            Text(zh="，主要因为每单买得更多", en=", mostly because orders are larger")
            if more
            else Text(zh="，主要因为每单买得更少", en=", mostly because orders are smaller")
        )
    return voice.say(words)


def reason_in_words(found: Explained, voice: Voice) -> str:
    """One sentence on a split change: how much of it is orders, how much order value, and which group carries most."""
    split = found.change.decomposition
    assert split is not None
    parts = {
        "volume": Text(zh="订单数", en="the number of orders"),
        "mix": Text(zh="{d}构成", en="the mix of {d}").fill(d=_lower(found.label)),
        "rate": Text(zh="每单金额", en="order value"),
    }
    amounts = show_column(
        [getattr(split, name) or 0.0 for name in parts],
        "money",
        currency=voice.currency,
        language=voice.language,
        signed=True,
    )
    told = [f"{voice.say(words)} {amount}" for words, amount in zip(parts.values(), amounts, strict=True)]
    first = next((part for part in split.segments if part.segment != UNKNOWN), None)
    text = Text(zh="{all}。", en="{all}.")
    if first is not None and found.beyond_chance and abs(first.change) > 0:
        text = Text(zh="{all}。变动最大的是“{g}”（{c}）。", en="{all}. “{g}” moved most ({c}).")
    sentence = voice.say(
        text, all=voice.list(told), g=group_name(voice, first.segment) if first else "", c=_signed(voice, first.change) if first else "",
    )  # fmt: skip
    if not found.beyond_chance:
        sentence += voice.say(
            Text(zh="各{d}大致同步变动，差别在波动范围内。", en=" All groups of {d} moved alike, within chance.").fill(
                d=_lower(found.label)
            )
        )
    return sentence[:1].upper() + sentence[1:]


def _lower(label: Text) -> Text:
    return Text(zh=label.zh, en=label.en.lower())


def _signed(voice: Voice, amount: float) -> str:
    return show_signed(amount, "money", currency=voice.currency, language=voice.language)


def change_title(found: Explained, voice: Voice) -> str:
    """The finding above a split change."""
    now, before = found.change.now, found.change.before
    change = show_change(now.value, before.value, "money", currency=voice.currency, language=voice.language)
    other = found.span.before if found.against == "before" else found.span.year_before
    assert other is not None
    if found.span.name == "latest":
        words = Text(
            zh="近 12 个月净销售额比前 12 个月 {c}", en="Net sales of the latest 12 months against the 12 before: {c}"
        )
        return voice.say(words, c=change.text)
    return voice.say(
        Text(zh="{p}净销售额比 {o} {c}", en="Net sales of {p} against {o}: {c}"),
        p=voice.period(found.span.period) + (" " if voice.language == "zh" else ""), o=voice.period(other), c=change.text,
    )  # fmt: skip


def _explained(analysis: Analysis, span: str, against: str) -> Explained | None:
    return next((e for e in analysis.changes if e.span.name == span and e.against == against), None)


def _latest_quarter(analysis: Analysis, voice: Voice) -> Answer | None:
    reading = analysis.metric("net_sales").in_span("quarter")
    if reading is None or reading.value.value is None:
        return None
    told, judgement = [], "neither"
    for difference, basis in (
        (reading.before, basis_of(reading.span)),
        (reading.year_before, Text(zh="同比", en="year on year")),
    ):
        if difference is not None and difference.amount is not None:
            change = voice.change(reading.value, difference, "higher", basis)
            unsure = (
                voice.say(Text(zh="（在波动范围内）", en=" (within chance)")) if change.judgement == "unsure" else ""
            )
            told.append(change.text + unsure)
            judgement = change.judgement
    sentence = voice.say(
        Text(zh="{p} 净销售额 {v}{c}。", en="{p}: net sales {v}{c}."),
        p=voice.period(reading.span.period), v=voice.show(reading.value.value, "money"), c=("，" if voice.language == "zh" else ", ") + voice.list(told) if told else "",
    )  # fmt: skip
    return Answer(voice.say(Text(zh="最近一季", en="Last quarter")), sentence, judgement, "changes")  # type: ignore[arg-type]


def main_flow(analysis: Analysis) -> Flow | None:
    """The customer flow of the main span, else of the first one there is."""
    period = analysis.main_span.period
    return next(
        (flow for flow in analysis.flows if flow.period == period), analysis.flows[0] if analysis.flows else None
    )


def _customers(analysis: Analysis, voice: Voice) -> Answer | None:
    flow = main_flow(analysis)
    if flow is None:
        return None
    about = voice.say(Text(zh="客户", en="Customers"))
    if flow.history_too_short:
        words = Text(
            zh="期末活跃客户 {e} 位；历史太短，还分不清新老客户。",
            en="{e} customers active at the end; the history is too short to tell new ones from old ones.",
        )
        return Answer(about, voice.say(words, e=voice.show(flow.end, "customers")), "neither", "customers")
    words = Text(
        zh="活跃客户由 {s} 位变为 {e} 位：新增 {n}、召回 {r}、流失 {l}。",
        en="Active customers went from {s} to {e}: {n} new, {r} won back, {l} lost.",
    )
    numbers = {k: voice.show(v, "customers") for k, v in zip("senrl", (flow.start, flow.end, flow.new, flow.reactivated, flow.lost), strict=True)}  # fmt: skip
    judgement: Judgement = "better" if flow.end > flow.start else "worse" if flow.end < flow.start else "neither"
    return Answer(about, voice.say(words, **numbers), judgement, "customers")


def _repeat(analysis: Analysis, voice: Voice) -> Answer | None:
    reading = analysis.metric("repeat_purchase_rate").in_span(analysis.main_span.name)
    if reading is None or reading.value.value is None:
        return None
    words = Text(
        zh="下过单的客户中 {v} 买了两次及以上。", en="{v} of ordering customers bought at least twice."
    )  # fmt: skip
    sentence = voice.say(words, v=voice.line(reading.value))
    if analysis.holdings.few_gaps is not None:
        sentence += voice.say(
            Text(
                zh="回头客只有 {n} 位，留存与活跃窗口没有依据。",
                en=" Only {n} ever came back, so retention and the active window rest on nothing.",
            ),
            n=analysis.holdings.few_gaps,
        )
    change = voice.change(reading.value, reading.before, "higher", basis_of(reading.span))
    if change.direction not in ("missing", "flat"):
        sentence += voice.say(Text(zh="（{c}）", en=" ({c})"), c=change.text)
    return Answer(voice.say(Text(zh="复购", en="Repeat")), sentence, change.judgement, "customers")


def _concentration(analysis: Analysis, voice: Voice) -> Answer | None:
    found = analysis.concentration
    if found is None or found.found.top_fifth_share is None:
        return None
    worth = Text(zh="毛利", en="margin") if found.basis == "margin" else Text(zh="净销售额", en="net sales")
    words = Text(zh="最好的 20 % 客户带来 {v} 的{w}。", en="The best 20 % of customers bring {v} of {w}.")
    low, high = found.found.top_fifth_low, found.found.top_fifth_high
    sentence = voice.say(words, v=voice.range(found.found.top_fifth_share, low, high, "ratio"), w=worth)
    return Answer(voice.say(Text(zh="集中度", en="Concentration")), sentence, "neither", "value")


def _value(analysis: Analysis, voice: Voice) -> Answer:
    about = voice.say(Text(zh="未来价值", en="Future value"))
    value = analysis.value
    if isinstance(value, Unfitted):
        return Answer(
            about, voice.say(Text(zh="暂不预测：{r}", en="No forecast: {r}"), r=value.reason), "unsure", "future"
        )
    words = (
        Text(zh="现有客户未来 {y} 年预计带来毛利 {v}（已贴现）。", en="Over {y} years today’s customers are expected to bring a margin of {v}, discounted.")
        if value.is_margin
        else Text(zh="现有客户未来 {y} 年预计带来净销售额 {v}（已贴现；成本未知，不是毛利）。", en="Over {y} years today’s customers are expected to bring net sales of {v}, discounted (not margin: costs are unknown).")
    )  # fmt: skip
    sentence = voice.say(words, y=f"{value.horizon_years:g}", v=voice.range(*value.equity, "money"))
    if isinstance(value.backtest, BacktestCard) and (share := value.backtest.share_of_actual):
        sentence += voice.say(
            Text(zh="回测时预测为实际的 {s}。", en=" On held-out time the forecast was {s} of what happened."),
            s=voice.show(share, "ratio", places=0),
        )
    return Answer(about, sentence, "neither", "future")


def _caveat(analysis: Analysis, voice: Voice) -> Answer | None:
    held = analysis.holdings
    told = []
    rejected = sum(one.rows_quarantined for one in held.files)
    if rejected:
        told.append(
            voice.say(Text(zh="{n} 行被隔离", en="{n} rows are in quarantine"), n=voice.show(rejected, "count"))
        )
    if held.left_out:
        orders = sum(one.orders for one in held.left_out)
        told.append(
            voice.say(
                Text(zh="{n} 张订单不计入销售", en="{n} orders do not count as sales"), n=voice.show(orders, "orders")
            )
        )
    if held.empty_months:
        told.append(voice.say(Text(zh="{m} 没有订单", en="no orders in {m}"), m=voice.list(held.empty_months)))
    if held.unfinished:
        words = Text(zh="数据到 {d} 为止，未结束的时段：{p}", en="the data end on {d}; unfinished: {p}")
        names = [voice.period_name(name) for name in held.unfinished]
        told.append(voice.say(words, d=held.last, p=voice.list(names)))
    if not told:
        return None
    sentence = ("；" if voice.language == "zh" else "; ").join(told) + voice.say(Text(zh="。", en="."))
    return Answer(voice.say(Text(zh="请留意", en="Mind")), sentence[:1].upper() + sentence[1:], "neither", "data")
