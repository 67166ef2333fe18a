"""``kexiao check``: do the stored data still say what was written?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from kexiao.cli.options import option, session
from kexiao.text import Text

if TYPE_CHECKING:
    from kexiao.cycle.quality import Quality
    from kexiao.cycle.verify import Problem, StoreCheck
    from kexiao.engine.folder import Folder

HELP = Text(zh="核对数据完整性", en="Check that stored data are whole")


def check(
    store: Annotated[
        bool, option("--store", zh="只核对磁盘上的文件", en="what lies on disk only, file by file")
    ] = False,
    closed: Annotated[
        bool,
        option(
            "--closed", zh="重算已关账的评分卡，列出差异", en="compute closed scorecards again and list differences"
        ),
    ] = False,
    anchor: Annotated[
        str,
        option(
            "--anchor",
            zh="另处记下的审计日志指纹“行数:散列”，一并核对",
            en="a head of the audit log written down elsewhere, LINES:HASH, to check too",
        ),
    ] = "",
) -> int:
    """Verify every file of every snapshot, the audit log, closes, and the rules of every table. Code 9 where something is not as it was written."""
    from kexiao.cli.progress import step
    from kexiao.cycle.quality import quality
    from kexiao.cycle.strays import strays_in
    from kexiao.cycle.verify import verify_store

    folder = session().folder()
    if closed:
        return _closed(folder)
    found = verify_store(folder, anchor=_head(anchor), on_progress=step)
    problems = list(found.problems)
    measured = None
    if not store and not problems:
        problems += _rules(folder)
        measured = quality(folder)
        # Mistakes of the company's data, not of the store: they are told and stop nothing.
        found = replace(found, notes=(*found.notes, *(stray.words for stray in strays_in(folder))))
    _show(found, problems, measured)
    _refuse(problems)
    return 0


def _head(given: str) -> tuple[int, str] | None:
    from kexiao.errors import WrongUse

    lines, _, digest = given.partition(":")
    if given and not (lines.isdigit() and len(digest) == 64):
        raise WrongUse(
            Text(zh="--anchor 应为“行数:散列”。", en="--anchor takes LINES:HASH."),
            next_step=Text(
                zh="取自 kexiao check --store --format json 的 audit。",
                en="Take it from audit of: kexiao check --store --format json.",
            ),
        )
    return (int(lines), digest) if given else None


def _rules(folder: Folder) -> list[Problem]:
    """What the tables' own descriptions ask for."""
    from kexiao.cycle.verify import Problem
    from kexiao.engine.duck import connect
    from kexiao.engine.store import Store
    from kexiao.sources.inbox import workplace
    from kexiao.tables.checks import broken_rules

    data = Store(folder.data)
    with workplace(folder) as work:
        broken = broken_rules(connect(work / "spill"), data, data.current())
    return [
        Problem(rule.table, Text(zh="{what} × {n}", en="{what} × {n}").fill(what=rule.what, n=rule.rows))
        for rule in broken
    ]


def _show(found: StoreCheck, problems: list[Problem], measured: Quality | None) -> None:
    from kexiao.cli.output import Shown, show, write_json

    if session().format == "json":
        write_json(
            {
                "snapshot": found.snapshot,
                "ok": not problems,
                "snapshots": found.snapshots,
                "files": found.files,
                "audit": ":".join(map(str, found.audit)),
                "problems": [{"where": problem.where, "what": str(problem.what)} for problem in problems],
                "notes": [str(words) for words in found.notes],
                **(_quality_record(measured) if measured else {}),
            }
        )
        return
    if problems:
        columns = [Shown("where", Text(zh="位置", en="Where")), Shown("what", Text(zh="问题", en="Problem"))]
        show(columns, [(problem.where, str(problem.what)) for problem in problems])
    elif session().format == "table":
        words = Text(
            zh="数据完整：快照 {s}，{n} 行；核对了 {k} 个快照的 {f} 个文件（{mb:.1f} MB）。",
            en="All is well: snapshot {s}, {n} rows; {f} files of {k} snapshots checked ({mb:.1f} MB).",
        )
        print(words.fill(s=found.snapshot, n=found.rows, k=found.snapshots, f=found.files, mb=found.size / 1e6)())
    if session().format == "table":
        for note in found.notes:
            print(Text(zh="提示：{n}", en="Note: {n}").fill(n=note)())
    if measured is not None and measured.tables and not problems:
        _show_quality(measured)


def _quality_record(measured: Quality) -> dict[str, object]:
    return {
        "quality": [value.as_record() for value in (*measured.tables, *measured.sources, *measured.loads)],
        "rules": [
            {"table": one.rule.table, "column": one.rule.column, "condition": one.rule.condition, "severity": one.rule.severity,
             "own": one.rule.own, "rows": one.rows, "broken": one.broken, "words": str(one.rule.words())}
            for one in measured.rules
        ],
    }  # fmt: skip


def _show_quality(measured: Quality) -> None:
    """One line a table; as CSV one line a value, sources and loads too."""
    from kexiao.cli.output import Shown, show
    from kexiao.cycle.quality import NAMES
    from kexiao.cycle.quality_gate import shortfalls
    from kexiao.cycle.quality_lines import quality_lines
    from kexiao.metrics.data_quality import QUALITY_METRICS

    if session().format != "table":
        fields = ("metric", "period", "table", "source", "load", "value", "unit", "numerator", "denominator", "reason")
        rows = []
        for value in (*measured.tables, *measured.sources, *measured.loads):
            record = {**value.as_record(), **value.dimensions}
            rows.append(tuple(record.get(name) for name in fields))
        show([Shown(name, Text.same(name)) for name in fields], rows)
        return
    lines = [(one.table(), one.rows, one.accuracy, one.completeness, one.late) for one in quality_lines(measured)]
    columns = [
        Shown("table", Text(zh="数据", en="Table")),
        Shown("rows", Text(zh="行数（含隔离）", en="Rows, refused too"), right=True),
        Shown("accuracy", QUALITY_METRICS[NAMES[0]].label, right=True),
        Shown("completeness", QUALITY_METRICS[NAMES[1]].label, right=True),
        Shown("late", Text(zh="迟到（小时）", en="Late (hours)"), right=True),
    ]
    show(columns, lines, title=Text(zh="数据质量", en="Quality of the data"))
    for one in measured.rules:
        if one.broken:
            print(one.words()())
    for short in shortfalls(measured, [str(value.dimensions["table"]) for value in measured.tables]):
        print(Text(zh="低于关账门槛：{w}", en="Below the limit for closing: {w}").fill(w=short.words())())


def _refuse(problems: list[Problem]) -> None:
    from kexiao.errors import IntegrityFailed, Place

    if not problems:
        return
    more = Text(zh="，另有 {n} 处", en=", and {n} more").fill(n=len(problems) - 1)() if len(problems) > 1 else ""
    words = Text(zh="{what}{more}。", en="{what}{more}.")
    raise IntegrityFailed(
        words.fill(what=problems[0].what, more=more),
        next_step=Text(zh="请从备份恢复（kexiao restore）。", en="Restore it from a backup (kexiao restore)."),
        place=Place(file=problems[0].where),
    )


def _closed(folder: Folder) -> int:
    """The ledger of restatements, brought up to date; code 9 where a closed value would be another today."""
    from kexiao.cli.restatements import show_ledger
    from kexiao.cycle.verify import closes_today
    from kexiao.errors import IntegrityFailed

    closes = closes_today(folder)
    differ = sum(len(found.restatements) for found in closes)
    show_ledger(closes)
    if differ:
        raise IntegrityFailed(
            Text(
                zh="有 {n} 处与关账时不同（重述）。", en="{n} values differ from what was closed (restatements)."
            ).fill(n=differ),
            next_step=Text(
                zh="关账数值未变；如要采用新值，用 kexiao assess --reopen 写明原因。",
                en="The closed values stay; to take the new ones, reopen with the reason: kexiao assess --reopen.",
            ),
        )
    if session().format == "table":
        same = Text(zh="已关账的数值今天重算仍然相同。", en="Every closed value is computed the same today.")
        none = Text(zh="还没有关过账。", en="Nothing is closed yet.")
        print((same if closes else none)())
    return 0
