"""``kexiao measure``: metrics over a period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from kexiao.cli.options import argument, option, session
from kexiao.text import Text

if TYPE_CHECKING:
    from kexiao.cycle.measure import Measurement
    from kexiao.facts.metric import MetricValue

HELP = Text(zh="计算指标", en="Compute metrics")


def measure(
    metrics: Annotated[
        list[str] | None,
        argument(zh="指标名，可写成“指标:变体”；不写则算全部", en="metrics, or metric:variant; all when left out"),
    ] = None,
    period: Annotated[
        str,
        option(
            "--period", zh="期间：2025Q3、2025-03、2025、2024-01..2025-09", en="2025Q3, 2025-03, 2025, 2024-01..2025-09"
        ),
    ] = "",
    grain: Annotated[
        str,
        option("--grain", zh="按 day、week、month、quarter、year 切分", en="split by day, week, month, quarter, year"),
    ] = "",
    by: Annotated[str, option("--by", zh="维度，逗号分隔", en="dimensions, comma-separated")] = "",
    where: Annotated[
        list[str] | None, option("--where", zh="限定，如 channel=门店", en="a filter such as channel=store")
    ] = None,
    variants: Annotated[
        bool, option("--variants", zh="并列显示其他公式", en="show published variants beside ours")
    ] = False,
    trailing: Annotated[
        int | None,
        option(
            "--trailing",
            zh="滚动窗口：合并几个粒度，如 12 个月",
            en="a moving window of so many grains, such as 12 months",
        ),
    ] = None,
    as_of: Annotated[str, option("--as-of", zh="按某个快照或日期", en="read an older snapshot or day")] = "",
) -> None:
    """Print metrics with their intervals; JSON has every field that comes with a value."""
    from kexiao.cli.output import write_json
    from kexiao.cycle.measure import measure as compute
    from kexiao.cycle.measure import of_quality

    about_data = bool(metrics) and len(of_quality(metrics or [])) == len(metrics or [])
    measured = compute(
        session().folder(),
        metrics or [],
        period=period if about_data else named_period(period),
        grain=grain or None,
        by=comma_list(by),
        where=filters(where),
        variants=variants,
        window=trailing,
        as_of=as_of or None,
    )
    if session().format == "json":
        write_json(measured.records())
        return
    _print(measured, bool(metrics))


def named_period(given: str) -> str:
    """The period asked for; leaving it out is wrong use, since no default is right for everyone."""
    from kexiao.errors import WrongUse

    if not given:
        raise WrongUse(
            Text(zh="没有指定期间。", en="No period was given."),
            next_step=Text(zh="加上 --period，例如 --period 2025Q3。", en="Add --period, for example --period 2025Q3."),
        )
    return given


def comma_list(given: str) -> list[str]:
    """Names between commas."""
    return [name.strip() for name in given.replace("，", ",").split(",") if name.strip()]


def filters(given: list[str] | None) -> tuple[tuple[str, str], ...]:
    """``channel=store`` as (dimension, value). Errors: ``WrongUse`` for anything without an equals sign."""
    from kexiao.errors import WrongUse

    found = []
    for item in given or []:
        name, equals, value = item.partition("=")
        if not equals:
            raise WrongUse(
                Text(zh="看不懂限定“{w}”。", en="The filter “{w}” is not understood.").fill(w=item),
                next_step=Text(
                    zh="写成 维度=值，例如 channel=门店。", en="Write dimension=value, for example channel=store."
                ),
            )
        found.append((name.strip(), value.strip()))
    return tuple(found)


def _print(measured: Measurement, few: bool) -> None:
    from kexiao.cli.output import Shown, show

    if session().format != "table":
        rows = measured.flat()
        names = list(rows[0]) if rows else ["metric"]
        show([Shown(name, Text.same(name)) for name in names], [[row[name] for name in names] for row in rows])
        return
    dimensions = sorted({name for value in measured for name in value.dimensions})
    columns = [
        Shown("metric", Text(zh="指标", en="Metric")),
        Shown("period", Text(zh="期间", en="Period")),
        *(Shown(name, _dimension(name)) for name in dimensions),
        Shown("value", Text(zh="数值", en="Value"), right=True),
        Shown("interval", Text(zh="95 % 区间", en="95 % interval"), right=True),
        Shown("n", Text(zh="样本", en="n"), right=True),
        Shown("note", Text(zh="说明", en="Note")),
    ]
    rows_of = [_quality_row if "table" in value.dimensions else _row for value in measured]
    show(columns, [row_of(value, dimensions) for row_of, value in zip(rows_of, measured, strict=True)])
    if not len(measured):
        print(Text(zh="这一期间没有数据。", en="There are no data in the period.")())
    elif not few:
        print(Text(zh="共 {n} 个数值。", en="{n} values.").fill(n=len(measured))())


def _dimension(name: str) -> Text:
    from kexiao.facts.subjects import DIMENSION_LABELS

    return {**DIMENSION_LABELS, **_OF_QUALITY}.get(name, Text.same(name))


_OF_QUALITY = {"table": Text(zh="表", en="Table"), "source": Text(zh="来源", en="Source")}


def _quality_row(value: MetricValue, dimensions: list[str]) -> list[object]:
    from kexiao.cycle.quality_lines import written
    from kexiao.metrics.data_quality import QUALITY_METRICS
    from kexiao.tables.catalogue import table_named

    shown = {**value.dimensions, "table": table_named(str(value.dimensions["table"])).label()}
    unit = Text(zh=" 小时", en=" hours")() if value.unit == "hours" and value.value is not None else ""
    said = f"{written(value)}{unit}" if value.value is not None else None
    places = (shown.get(name) for name in dimensions)
    return [QUALITY_METRICS[value.metric].label(), value.period, *places, said, None, value.n, note(value)]


def _row(value: MetricValue, dimensions: list[str]) -> list[object]:
    from kexiao.metrics.catalogue import metric_named
    from kexiao.report.numbers import show as number
    from kexiao.report.numbers import show_period

    metric = metric_named(value.metric)
    label = metric.label
    if value.variant:
        label = Text(zh="{m}：{v}", en="{m}: {v}").fill(m=label, v=metric.variants[value.variant].label)
    currency = str(value.settings["currency"])
    places = 0 if value.unit in ("customers", "count") else None
    limits = [
        number(v, value.unit, currency=currency, places=places) for v in (value.interval_low, value.interval_high)
    ]
    interval = " – ".join(limits) if value.interval_low is not None else None
    return [
        label(),
        show_period(value.period),
        *(value.dimensions.get(name) for name in dimensions),
        number(value.value, value.unit, currency=currency) if value.value is not None else None,
        interval,
        value.n,
        note(value),
    ]


def note(value: MetricValue) -> str:
    """What must be said beside a value: why it is missing, and its marks."""
    from kexiao.facts.marks import marks_beside

    said = [value.reason().rstrip("。.")] if value.reason else []
    if value.immature:
        said.append(Text(zh="{n} 个观察期未满", en="{n} not matured").fill(n=value.immature)())
    if value.value is not None:
        said += [mark.label() for mark in marks_beside(value)]
    return Text(zh="；", en="; ")().join(said)
