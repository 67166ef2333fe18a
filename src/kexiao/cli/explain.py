"""``kexiao explain``: what a number is made of, its rows, and why it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from kexiao.cli.options import argument, option, session
from kexiao.text import Text

if TYPE_CHECKING:
    from kexiao.cycle.explain import Change, Explanation
    from kexiao.facts.decomposition import Side
    from kexiao.facts.rows import BehindRow

HELP = Text(zh="解释一个数字：公式、组成、明细、变化原因", en="Explain a number: formula, parts, rows, why it changed")


def explain(
    metric: Annotated[str, argument(zh="指标名", en="the metric")],
    period: Annotated[str, option("--period", zh="期间，如 2025Q3", en="a period such as 2025Q3")] = "",
    where: Annotated[
        list[str] | None, option("--where", zh="限定，如 channel=门店", en="a filter such as channel=store")
    ] = None,
    rows: Annotated[
        bool, option("--rows", zh="列出加总成这个数字的每一行", en="list the rows that add up to it")
    ] = False,
    change_from: Annotated[
        str, option("--change-from", zh="与哪个期间相比", en="split the change from this period")
    ] = "",
    by: Annotated[str, option("--by", zh="按哪个维度拆分变化", en="the dimension to split the change by")] = "",
    as_of: Annotated[str, option("--as-of", zh="按某个快照或日期", en="read an older snapshot or day")] = "",
) -> None:
    """Open one number."""
    from kexiao.cli.measure import filters, named_period
    from kexiao.cycle import explain as opening
    from kexiao.facts.source import open_facts

    name, _, variant = metric.partition(":")
    period, fixed = named_period(period), filters(where)
    source = open_facts(session().folder(), as_of=as_of or None)
    if change_from:
        dimensions = [by] if by else opening.dimensions_to_split(source, name)
        changes = [opening.change_of(source, name, period, change_from, dimension, fixed) for dimension in dimensions]
        _show_changes(changes, one=bool(by))
    elif rows:
        _show_rows(opening.rows(source, name, period, fixed, variant or None))
    else:
        _show_explanation(opening.explain(source, name, period, fixed, variant or None))


def _show_explanation(opened: Explanation) -> None:
    from kexiao.cli.measure import note
    from kexiao.cli.output import write_json
    from kexiao.report.numbers import show_period, shown

    if session().format == "json":
        write_json(opened.record())
        return
    value = opened.value
    currency = str(value.settings["currency"])
    line = shown(value.value, value.unit, low=value.interval_low, high=value.interval_high, currency=currency).line
    print(f"{opened.label()} · {show_period(value.period)}")
    print(f"  {line}  {note(value)}".rstrip())
    print(Text(zh="公式：{f}", en="Formula: {f}").fill(f=opened.formula)())
    for label, part in opened.parts:
        amount = shown(part.value, part.unit, currency=currency).line if part.value is not None else "—"
        print(f"  {label()}: {amount}")
    print(Text(zh="为什么看：{w}", en="Why it matters: {w}").fill(w=opened.why)())
    print(Text(zh="口径：", en="Policy:")())
    for sentence in opened.policy:
        print(f"  {sentence()}")
    print(Text(zh="快照：{s}", en="Snapshot: {s}").fill(s=value.snapshot)())
    if opened.sql:
        print(f"SQL:\n{opened.sql}")


def _show_rows(found: list[BehindRow] | Text) -> None:
    from kexiao.cli.output import Shown, show
    from kexiao.errors import WrongUse

    if isinstance(found, Text):
        raise WrongUse(found, next_step=Text(zh="可以换成它的组成部分来看。", en="Look at its parts instead."))
    columns = [
        Shown("part", Text(zh="部分", en="Part")),
        Shown("item", Text(zh="项目", en="Item")),
        Shown("row_id", Text(zh="编号", en="Id")),
        Shown("customer_id", Text(zh="客户", en="Customer"), right=True),
        Shown("day", Text(zh="日期", en="Day")),
        Shown("contribution", Text(zh="贡献", en="Contribution"), right=True),
    ]
    show(columns, [[r.part, r.item(), r.row_id, r.customer_id, r.day, r.contribution] for r in found])


def _show_changes(changes: list[Change], *, one: bool) -> None:
    from kexiao.cli.output import write_json
    from kexiao.errors import WrongUse

    if session().format == "json":
        records = [change.record() for change in changes]
        write_json(records[0] if one else records)
        return
    split = [change for change in changes if change.decomposition is not None]
    if not split:
        reason = changes[0].reason if changes else None
        raise WrongUse(
            reason or Text(zh="这个指标的变化不能拆分。", en="The change of this metric cannot be split."),
            next_step=Text(zh="请换一个指标或维度。", en="Choose another metric or dimension."),
        )
    for change in split:
        _show_change(change)


def _show_change(change: Change) -> None:
    from kexiao.cli.output import Shown, show
    from kexiao.facts.subjects import DIMENSION_LABELS
    from kexiao.report.numbers import show as number
    from kexiao.report.numbers import show_signed

    split = change.decomposition
    assert split is not None
    unit, currency = change.now.unit, str(change.now.settings["currency"])

    def signed(amount: float | None) -> str | None:
        return None if amount is None else show_signed(amount, unit, currency=currency)

    def own(side: Side) -> str | None:
        amount = side.value if split.volume is None else side.numerator
        return None if amount is None else number(amount, unit, currency=currency)

    title = Text(zh="{b} → {n}：变化 {c}，按{d}拆分{s}", en="{b} → {n}: change {c}, split by {d}{s}").fill(
        b=number(split.before, unit, currency=currency),
        n=number(split.now, unit, currency=currency),
        c=signed(split.change) or "—",
        d=DIMENSION_LABELS[change.dimension],
        s=Text(zh="（辛普森反转：每组都与总体相反）", en=" (Simpson: every group moved the other way)")
        if split.simpson
        else "",
    )
    columns = [
        Shown("segment", DIMENSION_LABELS[change.dimension]),
        Shown("before", Text(zh="之前", en="Before"), right=True),
        Shown("now", Text(zh="现在", en="Now"), right=True),
        *([Shown("volume", Text(zh="量", en="Volume"), right=True)] if split.volume is not None else []),
        Shown("mix", Text(zh="结构", en="Mix"), right=True),
        Shown("rate", Text(zh="率", en="Rate"), right=True),
        Shown("change", Text(zh="合计", en="Total"), right=True),
    ]
    with_volume = split.volume is not None
    rows = [
        [
            part.segment, own(part.before), own(part.now),
            *([signed(part.volume)] if with_volume else []), signed(part.mix), signed(part.rate), signed(part.change),
        ]
        for part in split.segments
    ]  # fmt: skip
    total = [Text(zh="合计", en="Total")(), None, None, *([signed(split.volume)] if with_volume else [])]
    show(columns, [*rows, [*total, signed(split.mix), signed(split.rate), signed(split.change)]], title=title)
