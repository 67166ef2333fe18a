"""``kexiao review``: did each initiative work?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from kexiao.cli.options import argument, option, session
from kexiao.text import Text

if TYPE_CHECKING:
    from kexiao.effect.verdicts import Verdict

HELP = Text(zh="复盘：举措是否有效", en="Did each initiative work?")


def review(
    initiative: Annotated[str, argument(zh="举措的 id；不写则全部", en="id of the initiative; all when left out")] = "",
    as_of: Annotated[str, option("--as-of", zh="按某个快照或日期", en="read an older snapshot or day")] = "",
) -> None:
    """Print verdicts; one initiative opens to its estimate, assumption and checks."""
    from kexiao.cli.output import write_json
    from kexiao.cycle.review import review as look_back

    verdicts = look_back(session().folder(), initiative or None, as_of or None)
    if session().format == "json":
        records = [verdict.record() for verdict in verdicts]
        write_json(records[0] if initiative else records)
        return
    if initiative and session().format == "table":
        _show_one(verdicts[0])
    else:
        _show_all(verdicts)


def _show_all(verdicts: tuple[Verdict, ...]) -> None:
    from kexiao.cli.output import Shown, show
    from kexiao.effect.ruling import OUTCOMES, signed

    columns = [
        Shown("initiative", Text(zh="举措", en="Initiative")),
        Shown("name", Text(zh="名称", en="Name")),
        Shown("verdict", Text(zh="结论", en="Verdict")),
        Shown("estimate", Text(zh="效果", en="Effect"), right=True),
        Shown("interval", Text(zh="95 % 区间", en="95 % interval"), right=True),
        Shown("expected", Text(zh="承诺", en="Promised"), right=True),
        Shown("design", Text(zh="方法", en="Design")),
        Shown("reason", Text(zh="说明", en="Note")),
    ]
    rows = []
    for verdict in verdicts:
        limits = [verdict.interval_low, verdict.interval_high]
        rows.append(
            [
                verdict.initiative,
                verdict.name(),
                OUTCOMES[verdict.outcome](),
                None if verdict.estimate is None else signed(verdict.estimate, verdict.unit),
                None if None in limits else " – ".join(signed(x, verdict.unit) for x in limits if x is not None),
                signed(verdict.expected, verdict.unit),
                verdict.design_label(),
                verdict.reason() if verdict.reason else None,
            ]
        )
    show(columns, rows)


def _show_one(verdict: Verdict) -> None:
    from kexiao.cli.output import printable

    lines = [
        Text(zh="{n}（{o}）", en="{n} ({o})").fill(n=verdict.name, o=verdict.owner),
        verdict.headline,
        *([Text(zh="原因：{r}", en="Reason: {r}").fill(r=verdict.reason)] if verdict.reason else []),
        Text(zh="方法：{d}。{m}", en="Design: {d}. {m}").fill(d=verdict.design_label, m=verdict.method),
        Text(zh="前提：{a}", en="Assumes: {a}").fill(a=verdict.assumption),
        *([_sides(verdict)] if verdict.treated and verdict.comparison else []),
        *(Text(zh="检验：{w}", en="Check: {w}").fill(w=check.words) for check in verdict.checks),
        Text(zh="判定：{r}", en="Rule: {r}").fill(r=verdict.rule),
    ]
    for line in lines:
        print(printable(line()))


def _sides(verdict: Verdict) -> Text:
    assert verdict.treated and verdict.comparison
    words = Text(zh="{l}（{n}）：之前 {b}，之后 {a}", en="{l} ({n}): before {b}, after {a}")
    sides = [
        words.fill(l=side.label, n=side.n, b=_short(side.before), a=_short(side.after))
        for side in (verdict.treated, verdict.comparison)
    ]
    return Text(zh="{x}；{y}", en="{x}; {y}").fill(x=sides[0], y=sides[1])


def _short(value: float | None) -> str:
    return "—" if value is None else f"{value:,.4g}"
