"""``kexiao improve``: findings, suggested plans, overdue initiatives; and writing a new initiative."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from kexiao.cli.options import option, session
from kexiao.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from kexiao.effect.verdicts import Outcome
    from kexiao.improvement.findings import Finding
    from kexiao.improvement.initiatives import Improvement

HELP = Text(zh="发现问题、建议举措、提醒超期", en="What moved and why, what may help, what is overdue")


def improve(
    period: Annotated[
        str,
        option("--period", zh="期间；不写则取最近一个完整季度", en="a period; the last complete quarter when left out"),
    ] = "",
    against: Annotated[
        str, option("--against", zh="只与这个期间比；不写则比上期和去年同期", en="compare with this period only")
    ] = "",
    plan: Annotated[str, option("--plan", zh="为这个发现新建举措", en="write an initiative for this finding")] = "",
    owner: Annotated[str, option("--owner", zh="负责人", en="who answers for it")] = "",
    deadline: Annotated[str, option("--deadline", zh="截止日，如 2026-03-31", en="last day, e.g. 2026-03-31")] = "",
    expected: Annotated[
        str, option("--expected", zh="承诺的效果，如 0.1 为多一成，负数为减少", en="effect promised: 0.1 is 10 % more")
    ] = "",
    remedy: Annotated[str, option("--remedy", zh="措施库里的措施", en="a remedy of the playbook")] = "",
    start: Annotated[str, option("--start", zh="开始日；不写则今天", en="first day; today when left out")] = "",
    as_of: Annotated[str, option("--as-of", zh="按某个快照或日期", en="read an older snapshot or day")] = "",
) -> None:
    """Print findings with suggested plans, or write the initiative that answers one."""
    from kexiao.cli.output import write_json
    from kexiao.cycle import improve as improving

    folder = session().folder()
    if plan:
        made = improving.plan(
            folder,
            plan,
            owner=_needed("--owner", owner),
            deadline=_day("--deadline", _needed("--deadline", deadline)),
            expected=_number("--expected", _needed("--expected", expected)),
            period=period or None,
            remedy=remedy or None,
            start=_day("--start", start) if start else None,
        )
        if session().format == "json":
            write_json(made.record())
        else:
            print(
                Text(zh="举措已写入 initiatives/{f}.toml：{n}", en="Written to initiatives/{f}.toml: {n}").fill(
                    f=made.id, n=made.name
                )()
            )
        return
    found = improving.improve(folder, period or None, against or None, as_of=as_of or None)
    if session().format == "json":
        write_json(found.record())
    elif session().format == "table":
        _show(found)
    else:
        _rows(found)


def _needed(name: str, given: str) -> str:
    from kexiao.errors import WrongUse

    if not given:
        raise WrongUse(
            Text(zh="新建举措需要 {n}。", en="A new initiative needs {n}.").fill(n=name),
            next_step=Text(
                zh="例如 --owner 王芳 --deadline 2026-03-31 --expected 0.1。",
                en="For example --owner Wang --deadline 2026-03-31 --expected 0.1.",
            ),
        )
    return given


def _day(name: str, given: str) -> date:
    from datetime import date

    from kexiao.errors import WrongUse

    try:
        return date.fromisoformat(given)
    except ValueError:
        raise WrongUse(
            Text(zh="{n} 应为日期。", en="{n} must be a date.").fill(n=name),
            next_step=Text(zh="写成 2026-03-31。", en="Write it as 2026-03-31."),
        ) from None


def _number(name: str, given: str) -> float:
    from kexiao.errors import WrongUse

    text = given.strip()
    try:
        value = float(text.rstrip("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = float("nan")
    if not abs(value) < float("inf") or value == 0:
        raise WrongUse(
            Text(zh="{n} 应为不等于 0 的数。", en="{n} must be a number other than 0.").fill(n=name),
            next_step=Text(zh="例如 0.1 或 10%。", en="For example 0.1 or 10%."),
        )
    return value


def _side(finding: Finding) -> Text:
    if finding.good is None:
        return Text(zh="变化", en="change")
    if finding.good:
        return Text(zh="向好", en="welcome")
    return (
        Text(zh="变差（或为季节）", en="worse (perhaps the season)")
        if finding.seasonal
        else Text(zh="变差", en="worse")
    )


def _rows(found: Improvement) -> None:
    from kexiao.cli.output import Shown, show

    columns = [
        Shown("finding", Text(zh="编号", en="Finding")),
        Shown("side", Text(zh="好坏", en="Side")),
        Shown("words", Text(zh="发现", en="What moved")),
    ]
    show(columns, [[f.id, _side(f)(), f.words()] for f in found.findings])


def _show(found: Improvement) -> None:
    from kexiao.cli.output import Shown, printable, show
    from kexiao.report.numbers import show_period

    print(
        Text(zh="{p} 的发现：{n} 条", en="Findings of {p}: {n}").fill(
            p=show_period(found.period), n=len(found.findings)
        )()
    )
    _rows(found)
    if found.suggestions:
        columns = [
            Shown("finding", Text(zh="编号", en="Finding")),
            Shown("remedy", Text(zh="措施", en="Remedy")),
            Shown("name", Text(zh="做什么", en="What to do")),
            Shown("where", Text(zh="在哪里", en="Where")),
            Shown("check", Text(zh="怎么验证", en="How to check it")),
            Shown("past", Text(zh="本企业的验证", en="Own verdicts")),
        ]
        rows = [
            [
                s.finding,
                s.remedy,
                s.name(),
                ", ".join(v for values in s.scope.values() for v in values) or None,
                s.check(),
                _past(s.past),
            ]
            for s in found.suggestions
        ]
        show(columns, rows, title=Text(zh="建议的举措", en="Suggested plans"))
    for late in found.overdue:
        print(printable(Text(zh="超期：{w}", en="Overdue: {w}").fill(w=late.words)()))
    for note in found.notes:
        print(note())


def _past(verdicts: Mapping[str, Outcome]) -> str | None:
    from kexiao.effect.ruling import OUTCOMES

    return ", ".join(f"{name} {OUTCOMES[outcome]()}" for name, outcome in verdicts.items()) or None
