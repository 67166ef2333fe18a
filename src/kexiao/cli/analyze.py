"""``kexiao analyze``: files in, a report out; nothing to set up."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from kexiao.cli.options import argument, option, session
from kexiao.cli.progress import step
from kexiao.errors import PARTLY_LOADED, WrongUse
from kexiao.text import Text

if TYPE_CHECKING:
    from kexiao.cycle.analyze import Analysis
    from kexiao.report.words import Voice

HELP = Text(
    zh="分析订单文件，生成一份报告，无需任何设置", en="Analyze order files into a report, with nothing to set up"
)

SHOWN = (
    "net_sales", "orders", "average_order_value", "ordering_customers", "new_customers", "retention_rate",
    "repeat_purchase_rate", "gross_margin_rate", "top_fifth_share", "customer_lifetime_value", "customer_acquisition_cost",
    "return_on_marketing_investment", "csat_top_two", "net_promoter_score",
)  # fmt: skip


def analyze(
    files: Annotated[
        list[Path],
        argument(zh="订单、明细、客户等文件，可一次多个", en="files with orders, lines, customers; several at once"),
    ],
    output: Annotated[Path, option("-o", "--output", zh="报告文件", en="the report to write")] = Path("report.html"),
    spend: Annotated[Path | None, option("--spend", zh="费用文件", en="a file with spend")] = None,
    currency: Annotated[
        str,
        option(
            "--currency", zh="币种，如 CNY；不写则由文件推断", en="such as CNY; guessed from the files when left out"
        ),
    ] = "",
    timezone: Annotated[str, option("--timezone", zh="业务时区，如 Asia/Shanghai", en="business time zone")] = "",
    until: Annotated[
        str,
        option(
            "--until",
            zh="数据覆盖到哪一天，若晚于最后一张订单",
            en="the last day that the data cover, if later than the last order",
        ),
    ] = "",
    now: Annotated[
        str, option("--now", zh="按哪一天计算，默认今天", en="compute as of this day; today by default")
    ] = "",
) -> int:
    """Write one self-contained page in Chinese and English, and print the main figures."""
    from kexiao.cycle.analyze import analyze as compute

    check_target(output)
    found = compute(
        files,
        spend=spend,
        now=as_day("--now", now),
        until=as_day("--until", until),
        currency=currency.upper() or None,
        timezone=timezone or None,
        on_progress=step,
    )
    write_report(found, output)
    tell(found, output)
    return PARTLY_LOADED if any(one.rows_quarantined for one in found.holdings.files) else 0


def check_target(output: Path) -> None:
    """Refuse a place where no report can be written before the work is done."""
    if output.is_dir():
        raise WrongUse(
            Text(zh="“{name}”是文件夹。", en="“{name}” is a folder.").fill(name=output.name or str(output)),
            next_step=Text(zh="给出文件名，例如 -o report.html。", en="Name a file, such as -o report.html."),
        )


def as_day(name: str, given: str) -> date | None:
    """A day from an option; empty is None."""
    if not given:
        return None
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise WrongUse(
            Text(zh="{name} 应为日期。", en="{name} takes a date.").fill(name=name),
            next_step=Text(zh="例如 2025-03-31。", en="For example 2025-03-31."),
        ) from None


def write_report(found: Analysis, output: Path) -> None:
    """Write the page, whole or not at all."""
    from kexiao.engine.posix import write_durably
    from kexiao.report.analysis_page import analysis_html

    step(Text(zh="绘制报告…", en="Drawing the report…"))
    write_durably(output, analysis_html(found).encode())


def tell(found: Analysis, output: Path) -> None:
    """The main figures and the answers; JSON is the whole analysis."""
    from kexiao.cli.output import Shown, printable, show, write_json
    from kexiao.report.findings import answers, title
    from kexiao.report.words import Voice

    if session().format == "json":
        write_json({**found.record(), "report": str(output)})
        return
    voice = Voice(session().language, found.currency.value)
    if session().format == "table":
        print(printable(title(found, voice)))
    shown = [span for span in found.spans if span.name != "whole"] or list(found.spans)
    columns = [Shown("metric", Text(zh="指标", en="Metric"))]
    for span in shown:
        columns.append(
            Shown(
                span.name,
                Text(zh="{l}（{p}）", en="{l} ({p})").fill(l=span.label, p=voice.period(span.period)),
                right=True,
            )
        )
        columns.append(Shown(f"{span.name}_change", Text(zh="变化", en="Change"), right=True))
    show(columns, [_row(found, voice, name, len(shown)) for name in SHOWN if found.metric(name).known])
    if session().format != "table":
        return
    for answer in answers(found, voice):
        print(printable(f"{answer.about}  {answer.sentence}"))
    print(printable(Text(zh="报告已写入：{p}", en="The report is in: {p}").fill(p=output)()))


def _row(found: Analysis, voice: Voice, name: str, spans: int) -> list[str]:
    report = found.metric(name)
    row = [voice.say(report.label)]
    for reading in report.readings[:spans]:
        change = voice.change(reading.value, reading.before, report.better)
        row += [voice.line(reading.value), "" if change.direction == "missing" else change.text]
    return row
