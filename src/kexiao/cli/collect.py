"""``kexiao collect``: files into the workspace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

from kexiao.cli.options import argument, option, session
from kexiao.cli.progress import bar, step, waiting
from kexiao.errors import KexiaoError, WrongUse
from kexiao.text import Text

if TYPE_CHECKING:
    from kexiao.cycle.collect import LoadReport
    from kexiao.engine.folder import Folder
    from kexiao.sources.mapping.plan import SheetMapping

HELP = Text(
    zh="导入文件（订单、客户、退款、费用等，Excel 或 CSV）",
    en="Load files (orders, customers, refunds, spend and more; Excel or CSV)",
)


def collect(
    files: Annotated[
        list[Path] | None,
        argument(zh="文件，可一次多个；或一个来源的名称", en="files, several at once, or the name of a source"),
    ] = None,
    mapping: Annotated[Path | None, option("--mapping", zh="列映射文件（TOML）", en="a mapping file (TOML)")] = None,
    show_mapping: Annotated[
        bool, option("--show-mapping", zh="只显示如何识别，不导入", en="only show how columns are read")
    ] = False,
    preview: Annotated[
        bool,
        option("--preview", zh="先看如何识别，确认或修改后再导入", en="look at how columns are read, then confirm"),
    ] = False,
    exported_at: Annotated[
        str, option("--exported-at", zh="文件导出时间，如 2025-03-31", en="when the files were exported")
    ] = "",
    accept_change: Annotated[
        bool,
        option(
            "--accept-change",
            zh="金额或行数与以往差别很大，确认无误",
            en="amounts or row counts quite unlike before are meant",
        ),
    ] = False,
    undo: Annotated[int | None, option("--undo", zh="撤销某次导入", en="take one load back")] = None,
    full: Annotated[bool, option("--full", zh="来源：全部重新读取", en="sources: read everything anew")] = False,
    example: Annotated[
        str, option("--example", zh="输出某系统的来源文件样例", en="print a source file to begin with, for one system")
    ] = "",
) -> int:
    """Load files as one load; the same files again change nothing."""
    if example:
        from kexiao.cycle import pull

        print(pull.example(example), end="")
        return 0
    named = files or []
    from kexiao.engine.folder import open_folder

    # Loading needs no metrics, so those of the company are not read here.
    folder = open_folder(session().workspace)
    if undo is not None:
        _undo(folder, undo)
        return 0
    source = _source(folder, named, full)
    if source:
        _refuse_for_source(source, bool(mapping or exported_at or show_mapping or preview))
        return _told(lambda: _pulled(folder, source, full, accept_change))
    if show_mapping or (preview and not session().may_ask):
        _show(folder, named, mapping)
        return 0
    talk = _is_talk(named, mapping, preview)
    if talk and not _confirmed(folder, named, mapping, preview):
        return 0
    how = {"mapping": mapping, "exported_at": _when(exported_at, folder.timezone), "accept_change": accept_change}
    return _told(lambda: _collected(talk, folder, named, **how))


def _undo(folder: Folder, load: int) -> None:
    from kexiao.cycle.collect import undo

    snapshot = undo(folder, load, on_progress=step, on_wait=waiting)
    print(
        Text(zh="已撤销导入 {n}，当前快照 {s}。", en="Load {n} was taken back; the snapshot is now {s}.").fill(
            n=load, s=snapshot.name
        )()
    )


def _refuse_for_source(source: str, options: bool) -> None:
    if options:
        raise WrongUse(
            Text(
                zh="读取来源时，列映射等都写在 sources/{name}.toml 里。",
                en="For a source, mapping and the like stand in sources/{name}.toml.",
            ).fill(name=source),
            next_step=Text(zh="去掉这些选项后重试。", en="Leave these options out and try again."),
        )


def _told(load: Callable[[], LoadReport]) -> int:
    """Load, and say what came of it; programs that read JSON get a report of no rows where it was refused."""
    from kexiao.cli.output import write_json

    as_json = session().format == "json"
    try:
        report = load()
    except KexiaoError as problem:
        if as_json:
            write_json(_refusal(problem))
        raise
    if as_json:
        write_json(report.as_json())
    else:
        _tell(report)
    return report.exit_code


def _refusal(problem: KexiaoError) -> dict[str, Any]:
    from kexiao.cli.output import printable
    from kexiao.sources.mapping.outcome import COUNTS

    none = dict.fromkeys(COUNTS, 0)
    told = {
        "row": problem.place.row if problem.place else None,
        "column": problem.place.column if problem.place else None,
        "code": problem.code,
        "message": printable(problem.message()),
    }
    return {**none, "warnings": [], "errors": [told]}


def _source(folder: Folder, named: list[Path], full: bool) -> str | None:
    """The source that is named; None where files are meant. A file that is there is a file, whatever sources are called."""
    from kexiao.sources.connecting.described import source_names

    sources = [path.name for path in named if not path.exists() and path.name == str(path)]
    if not (set(source_names(folder)) & set(sources) or (full and sources)):
        return None
    if len(named) > 1:
        raise WrongUse(
            Text(
                zh="来源一次读一个，也不与文件同时导入。",
                en="Sources are read one at a time, and not together with files.",
            ),
            next_step=Text(zh="例如：kexiao collect {name}", en="For example: kexiao collect {name}").fill(
                name=sources[0]
            ),
        )
    return sources[0]


def _pulled(folder: Folder, source: str, full: bool, accept_change: bool) -> LoadReport:
    from kexiao.cycle import pull

    return pull.pull(folder, source, full=full, accept_change=accept_change, on_progress=step)


def _is_talk(files: list[Path], mapping: Path | None, preview: bool) -> bool:
    """Whether to ask how files are to be read: a person sits there, the files too, and they are small or a preview is wanted."""
    from kexiao.cli.confirming import LARGEST

    there = bool(files) and all(path.is_file() for path in files)
    if not (session().may_ask and session().format == "table" and there):
        return False
    return preview or (mapping is None and sum(path.stat().st_size for path in files) <= LARGEST)


def _confirmed(folder: Folder, files: list[Path], mapping: Path | None, preview: bool) -> bool:
    from kexiao.cli.confirming import confirm

    return confirm(folder, files, mapping=mapping, all_sheets=preview)


def _collected(talk: bool, folder: Folder, files: list[Path], **how: Any) -> LoadReport:
    """Load files; where a person sits there, what is ambiguous is asked and the load tried again."""
    from kexiao.cli.confirming import load_asking
    from kexiao.cycle.collect import collect as load

    def run() -> LoadReport:
        with bar() as shown:
            return load(folder, files, on_progress=shown.step, on_share=shown.share, on_wait=waiting, **how)

    return load_asking(folder, files, run) if talk else run()


def _when(given: str, timezone: str) -> datetime | None:
    if not given:
        return None
    try:
        when = datetime.fromisoformat(given)
    except ValueError:
        raise WrongUse(
            Text(zh="--exported-at 应为日期或时刻。", en="--exported-at takes a date or an instant."),
            next_step=Text(
                zh="例如 2025-03-31 或 2025-03-31T18:00。", en="For example 2025-03-31 or 2025-03-31T18:00."
            ),
        ) from None
    return when if when.tzinfo else when.replace(tzinfo=ZoneInfo(timezone))


def _tell(report: LoadReport) -> None:
    _tell_parts(report)
    if session().format != "table":
        return
    for words in report.warnings:
        print(Text(zh="注意：{words}", en="Note: {words}").fill(words=words)())
    _tell_errors(report)
    done = Text(zh="导入 {n} 完成，快照 {s}。", en="Load {n} is done; snapshot {s}.")
    same = Text(zh="没有新内容，数据未变（{s}）。", en="Nothing new; the data are unchanged ({s}).")
    print((same if report.load_id is None else done).fill(n=report.load_id, s=report.snapshot)())


def _tell_parts(report: LoadReport) -> None:
    from kexiao.cli.output import Shown, show

    show(
        [
            Shown("file", Text(zh="文件", en="File")),
            Shown("sheet", Text(zh="工作表", en="Sheet")),
            Shown("kind", Text(zh="识别为", en="Read as")),
            Shown("read", Text(zh="读取", en="Read"), right=True),
            Shown("loaded", Text(zh="导入", en="Loaded"), right=True),
            Shown("quarantined", Text(zh="隔离", en="Quarantined"), right=True),
            Shown("duplicate", Text(zh="重复", en="Duplicate"), right=True),
            Shown("skipped", Text(zh="跳过", en="Skipped"), right=True),
        ],
        [
            (
                p.file,
                p.sheet or "",
                str(p.mapping.sheet_kind.label) if p.mapping else "—",
                p.rows_read,
                p.rows_loaded,
                p.rows_quarantined,
                p.rows_duplicate,
                p.rows_skipped,
            )
            for p in report.parts
        ],
    )


def _tell_errors(report: LoadReport) -> None:
    from kexiao.cli.output import printable

    for error in report.errors[:20]:
        where = Text(zh="{file} 第 {row} 行", en="{file} row {row}").fill(file=error.file, row=error.row)
        print(
            Text(zh="隔离：{where}：{why}", en="Quarantined: {where}: {why}").fill(
                where=where, why=printable(str(error.message))
            )()
        )
    if len(report.errors) > 20:
        print(
            Text(zh="……另有 {n} 行，见 kexiao dump quarantined", en="… and {n} more, see kexiao dump quarantined").fill(
                n=report.rows_quarantined - 20
            )()
        )


def _show(folder: Folder, files: list[Path], mapping: Path | None) -> None:
    from kexiao.cli.output import printable, write_json
    from kexiao.cycle.collect import propose
    from kexiao.sources.mapping.saved import as_dict

    for proposal in propose(folder, files, mapping=mapping):
        found = proposal.mapping
        if session().format == "json":
            mapped = as_dict(found) if found else None
            write_json({"file": proposal.file, "sheet": proposal.sheet, "mapping": mapped})
            continue
        print(f"# {printable(proposal.file)} {printable(proposal.sheet)}")
        if found is None:
            print(Text(zh="# 认不出，将跳过", en="# not known, to be skipped")())
        else:
            _show_mapping(found, proposal.preview)


def _show_mapping(mapping: SheetMapping, preview: Sequence[Sequence[str | None]]) -> None:
    from kexiao.cli.output import Shown, show
    from kexiao.sources.mapping.saved import as_toml

    print(as_toml(mapping))
    kind = mapping.sheet_kind
    lines = []
    for name, column in mapping.columns.items():
        field = kind.field_named(name)
        place = mapping.header.index(column)
        example = next((str(row[place]) for row in preview if row[place]), None)
        lines.append((str(field.label if field else name), column, str(mapping.reasons.get(name, "")), example))
    heads = (
        Shown("field", Text(zh="字段", en="Field")),
        Shown("column", Text(zh="列", en="Column")),
        Shown("reason", Text(zh="理由", en="Because")),
        Shown("example", Text(zh="示例", en="First cell")),
    )
    show(list(heads), lines)
