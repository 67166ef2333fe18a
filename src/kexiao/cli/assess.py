"""``kexiao assess``: a scorecard over a period, and closing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from kexiao.cli.options import argument, option, session
from kexiao.text import Text

if TYPE_CHECKING:
    from kexiao.assessment.results import Assessment, IndicatorResult, SubjectResult

HELP = Text(zh="按评分卡评估人员、团队、渠道、公司", en="Judge people, teams, channels, the company by a scorecard")


def assess(
    scorecard: Annotated[str, argument(zh="评分卡的 id", en="id of the scorecard")],
    period: Annotated[str, option("--period", zh="期间，如 2025Q3", en="a period such as 2025Q3")] = "",
    close: Annotated[
        bool, option("--close", zh="关账：保存这一期的数值", en="close: keep the values of this period")
    ] = False,
    reopen: Annotated[
        str, option("--reopen", zh="重开已关的账，写明原因", en="open a closed period again: the reason")
    ] = "",
    subject: Annotated[str, option("--subject", zh="只看一个对象的明细", en="open one subject")] = "",
    as_of: Annotated[str, option("--as-of", zh="按某个快照或日期", en="read an older snapshot or day")] = "",
) -> None:
    """Print every subject's score, interval and grade; one subject opens to its indicators."""
    from kexiao.cli.measure import named_period
    from kexiao.cli.output import write_json
    from kexiao.cycle.assess import assess as judge

    found = judge(
        session().folder(), scorecard, named_period(period), close=close, reopen=reopen or None, as_of=as_of or None
    )
    if session().format == "json":
        write_json(found.record())
        return
    opened = [found.subject(subject)] if subject in _names(found) else []
    if subject and not opened:
        from kexiao.errors import unknown_name

        raise unknown_name(Text(zh="评估对象", en="subject"), subject, sorted(_names(found)))
    _show(found, opened or (list(found.subjects) if len(found.subjects) == 1 else []))


def _names(found: Assessment) -> set[str]:
    return {result.name for result in (*found.subjects, *found.rolled_up)}


def _show(found: Assessment, opened: list[SubjectResult]) -> None:
    from kexiao.cli.output import printable
    from kexiao.cli.restatements import show_ledger

    for result in opened:
        _show_indicators(found, result)
    if not opened or session().format == "table":
        _show_subjects(found)
    if session().format != "table":
        return
    for note in found.notes:
        print(note())
    if found.closed:
        words = Text(zh="已关账：第 {r} 版，{at}，{who}", en="Closed: revision {r}, {at}, {who}")
        print(printable(words.fill(r=found.closed.revision, at=found.closed.at, who=found.closed.who)()))
        if found.closed.reason:
            print(printable(Text(zh="重开原因：{r}", en="Opened again because: {r}").fill(r=found.closed.reason)()))
        show_ledger([found])


def _title(found: Assessment) -> Text:
    from kexiao.report.numbers import show_period

    return Text(zh="{n} · {p}", en="{n} · {p}").fill(n=found.name, p=show_period(found.period))


def _show_subjects(found: Assessment) -> None:
    from kexiao.assessment.scorecard import SUBJECT_LABELS
    from kexiao.cli.output import Shown, show

    columns = [
        Shown("subject", SUBJECT_LABELS[found.kind]),
        Shown("score", Text(zh="得分", en="Score"), right=True),
        Shown("interval", Text(zh="95 % 区间", en="95 % interval"), right=True),
        Shown("grade", Text(zh="等级", en="Grade")),
        Shown("chances", Text(zh="各等级的把握", en="Chance of each grade")),
        Shown("note", Text(zh="说明", en="Note")),
    ]
    rows = [_subject_row(result) for result in (*found.subjects, *found.rolled_up)]
    show(columns, rows, title=_title(found))


def _subject_row(result: SubjectResult) -> list[object]:
    grade = {
        "graded": f"{result.grade} {result.grade_label() if result.grade_label else ''}".strip(),
        "cannot_tell": Text(zh="尚不能判断", en="cannot tell")(),
        "not_scored": Text(zh="不计分", en="not scored")(),
    }[result.outcome]
    known = result.score is not None and result.score_low is not None and result.score_high is not None
    return [
        result.label(),
        f"{result.score:.1f}" if result.score is not None else None,
        f"{result.score_low:.1f} – {result.score_high:.1f}" if known else None,
        grade,
        "  ".join(f"{chance.code} {chance.probability:.0%}" for chance in result.chances) or None,
        result.reason() if result.reason else None,
    ]


def _show_indicators(found: Assessment, result: SubjectResult) -> None:
    from kexiao.cli.output import Shown, show

    columns = [
        Shown("indicator", Text(zh="指标", en="Indicator")),
        Shown("weight", Text(zh="权重", en="Weight"), right=True),
        Shown("value", Text(zh="数值", en="Value"), right=True),
        Shown("interval", Text(zh="95 % 区间", en="95 % interval"), right=True),
        Shown("target", Text(zh="目标", en="Target"), right=True),
        Shown("score", Text(zh="得分", en="Score"), right=True),
        Shown("score_interval", Text(zh="得分区间", en="Score interval"), right=True),
        Shown("beside", Text(zh="向均值收缩后", en="Shrunk to the mean"), right=True),
        Shown("note", Text(zh="说明", en="Note")),
    ]
    currency = str(found.policy.get("currency", "CNY"))
    title = Text(zh="{t} · {s}", en="{t} · {s}").fill(t=_title(found), s=result.label)
    show(columns, [_indicator_row(indicator, currency) for indicator in result.indicators], title=title)


def _indicator_row(result: IndicatorResult, currency: str) -> list[object]:
    from kexiao.report.numbers import show as number

    def shown(value: float | None) -> str | None:
        return None if value is None else number(value, result.unit, currency=currency)

    limits = None if result.interval_low is None else f"{shown(result.interval_low)} – {shown(result.interval_high)}"
    return [
        result.label(),
        f"{result.weight:.0%}",
        shown(result.value),
        limits,
        shown(result.target),
        None if result.score is None else f"{result.score:.1f}",
        None if result.score is None else f"{result.score_low:.1f} – {result.score_high:.1f}",
        shown(result.shrunk),
        _note(result),
    ]


def _note(result: IndicatorResult) -> str | None:
    from kexiao.facts.marks import marks_of

    said = [result.reason()] if result.reason else []
    said += [mark.label() for mark in marks_of(result.marks)]
    if result.beyond_funnel:
        words = Text(zh="超出同等规模的波动范围", en="beyond what size explains")
        said.append(words())
    return Text(zh="；", en="; ")().join(said) or None
