"""Pull 拉取: collect from a described source (CRM, survey, API, database), a page at a time, so that a kill anywhere loses and doubles nothing.

Pages are kept as they come; when a walk has ended, its records load the way files do; only then does the next walk begin where this one ended.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from kexiao.cycle.collect import collect
from kexiao.cycle.source_states import noting
from kexiao.engine.duck import Connection, connect
from kexiao.engine.folder import Folder
from kexiao.engine.posix import exclusive
from kexiao.errors import Ambiguous, InputRejected, Place, WrongUse
from kexiao.sources.connecting.batch import Batch, keep_ledger, make_batch, new_records
from kexiao.sources.connecting.connector import Mode, Page, Reader, SourcePlan, Thing, Walk, all_systems
from kexiao.sources.connecting.described import read_source, source_names
from kexiao.sources.connecting.staging import Progress, Staging, State
from kexiao.sources.egress.addresses import guard_of
from kexiao.sources.egress.limits import limits_of
from kexiao.sources.inbox import workplace
from kexiao.sources.mapping.outcome import COUNTS, LoadReport
from kexiao.sources.mapping.unusual import Held
from kexiao.text import Text

MOST_ROUNDS = 4
Tell = Callable[[Text], None]


def pull(
    folder: Folder,
    name: str,
    *,
    full: bool = False,
    accept_change: bool | str = False,
    on_progress: Tell | None = None,
    who: str | None = None,
) -> LoadReport:
    """Collect what is new from the source ``sources/NAME.toml``; ``full`` reads everything anew.

    ``accept_change``: amounts quite unlike before are meant, of every object or of the one that is named; ``who`` reads, for the audit log. Each object is one load; the report is their sum. Errors: ``Held`` (what was read waits), ``SourceUnavailable`` (resumable: run the same command again), ``NotPermitted``,
    ``WrongUse`` for settings, ``Ambiguous`` where a column was renamed or too many records vanished, and those of ``collect``.
    """
    tell = on_progress or (lambda _: None)
    plan = read_source(folder, name)
    opened = _Opened(folder, plan)
    with (
        noting(folder, name),
        exclusive(folder.data / "_sources" / name / "_lock", on_wait=lambda: tell(_WAITING)),
        opened,
    ):
        how = _How(full, accept_change, tell, who)
        reports = [_pull_thing(folder, plan, thing, opened, how) for thing in plan.things]
    return _sum(reports)


@dataclass(frozen=True, slots=True)
class _How:
    full: bool
    accept_change: bool | str
    tell: Tell
    who: str | None

    def accepts(self, thing: Thing) -> bool:
        return self.accept_change is True or self.accept_change == thing.name


_WAITING = Text(zh="同一来源正在由另一个进程读取，等待中…", en="Another process is reading this source; waiting…")


def example(system: str) -> str:
    """A source file to begin with. Errors: ``WrongUse`` for an unknown system."""
    systems = all_systems()
    if system not in systems:
        raise WrongUse(
            Text(zh="没有系统“{name}”。", en="There is no system “{name}”.").fill(name=system),
            next_step=Text(zh="可用：{all}。", en="There are: {all}.").fill(all=", ".join(sorted(systems))),
        )
    return systems[system].example


def system_labels() -> dict[str, Text]:
    """Every system that can be connected, in words."""
    return {name: system.label for name, system in all_systems().items()}


class _Opened:
    """The source, opened when the first page is asked for and not before: what is fetched already needs no network to load."""

    def __init__(self, folder: Folder, plan: SourcePlan) -> None:
        self._folder, self._plan, self._reader = folder, plan, None
        egress = dict(_table(folder.settings.get("egress", {})))
        self._guard, self._limits = guard_of(egress.pop("private", [])), limits_of(egress)

    _reader: Reader | None

    def __enter__(self) -> _Opened:
        return self

    def __exit__(self, *_: object) -> None:
        if self._reader is not None:
            self._reader.close()

    def reader(self) -> Reader:
        """The open reader."""
        if self._reader is None:
            self._reader = all_systems()[self._plan.system].open(self._plan, self._guard, self._limits)
        return self._reader


def _table(given: Any) -> Mapping[str, Any]:
    if isinstance(given, Mapping) and isinstance(given.get("private", []), list):
        return given
    raise InputRejected(
        Text(zh="[egress] 写得不对。", en="[egress] is not well formed."),
        next_step=Text(zh='例如 private = ["10.0.0.0/8"]。', en='For example private = ["10.0.0.0/8"].'),
        place=Place(file="kexiao.toml"),
    )


def _pull_thing(folder: Folder, plan: SourcePlan, thing: Thing, opened: _Opened, how: _How) -> LoadReport:
    """Walk one thing to its end, load it, and note where the next walk begins."""
    staging = Staging(folder, plan.name, thing.name)
    mode = _mode(staging.state(), thing, how.full)
    walk = staging.walk(thing, mode) or staging.begin(thing, mode)
    progress = staging.progress()
    # A walk that was read to its end and held is read anew where everything is asked for: the source may have been put right.
    if progress.cursor == {} or (how.full and progress.ended):
        walk, progress = staging.begin(thing, mode), Progress()
    with workplace(folder) as work:
        connection = connect(work / "spill")
        _fetch(connection, plan, thing, opened, staging, walk, progress, how.tell)
        batch = make_batch(connection, plan, thing, staging, walk, progress)
        report = _load(folder, plan, thing, walk, batch, progress, how)
        keep_ledger(connection, thing, staging, batch.deleted)
        connection.close()
    before = staging.state()
    last_all = walk.started_at if walk.mode == "all" else before.last_all_at
    seen = tuple(dict.fromkeys([*before.columns, *progress.columns]))
    staging.keep_state(State(progress.reached or before.reached, walk.started_at, last_all, seen))
    staging.drop_walk()
    return report


def _mode(state: State, thing: Thing, full: bool) -> Mode:
    """Everything at first, on request, where changes cannot be asked for, and again after some days; else what changed."""
    if full or state.reached is None or state.last_all_at is None:
        return "all"
    if datetime.now(UTC) - state.last_all_at >= timedelta(days=thing.reread_days):
        return "all"
    return "changes"


def _fetch(
    connection: Connection,
    plan: SourcePlan,
    thing: Thing,
    opened: _Opened,
    staging: Staging,
    walk: Walk,
    progress: Progress,
    tell: Tell,
) -> None:
    """Read pages until the walk has ended and, where pages can shift, until a round brings nothing new."""
    known = set(staging.state().columns)
    while True:
        while not progress.ended:
            for page in opened.reader().pages(thing, walk, progress.cursor):
                named = _renamed(page, thing)
                _refuse_drift(named, plan, thing, known | set(progress.columns))
                staging.add(named, progress)
                tell(_READ.fill(name=f"{plan.name}.{thing.name}", n=progress.rows))
        if progress.settled or _settled(connection, thing, opened, staging, walk, progress):
            staging.settle(progress)
            return
        staging.next_round(progress)


_READ = Text(zh="{name}：已读取 {n} 条…", en="{name}: {n} records read…")


def _settled(
    connection: Connection, thing: Thing, opened: _Opened, staging: Staging, walk: Walk, progress: Progress
) -> bool:
    """Whether no further round is needed."""
    if walk.mode != "all" or not thing.id or not progress.rows or not opened.reader().settles:
        return True
    return progress.round >= MOST_ROUNDS or (
        progress.round > 1 and not new_records(connection, staging, thing, progress.round)
    )


def _renamed(page: Page, thing: Thing) -> Page:
    if not thing.renamed:
        return page
    names = thing.renamed
    rows = tuple({names.get(name, name): cell for name, cell in row.items()} for row in page.rows)
    return replace(page, rows=rows, columns=tuple(names.get(name, name) for name in page.columns))


def _refuse_drift(page: Page, plan: SourcePlan, thing: Thing, known: set[str]) -> None:
    """Stop where a column that the mapping reads has gone while one that was never seen has come: probably renamed, but only a person can say."""
    if not page.rows or not known:
        return
    there = {name for row in page.rows for name in row} | set(page.columns)
    # An object that is empty throughout a page shows its own name and none of those inside it: nothing was renamed.
    gone = [name for name in thing.columns if name in known and name not in there and name.split(".")[0] not in there]
    come = [name for name in sorted(there - known) if any(row.get(name) is not None for row in page.rows)]
    if not gone or not come:
        return
    raise Ambiguous(
        Text(
            zh="来源的列变了：{gone} 不再出现，新出现 {come}。",
            en="The columns of the source have changed: {gone} no longer comes, {come} is new.",
        ).fill(gone=", ".join(gone), come=", ".join(come[:10])),
        next_step=Text(
            zh='若是改名，请在 [objects.{thing}.renamed] 写 "{new}" = "{old}" 后重试，已读取的页保留；若是另一列，请改 columns，将重新读取。',
            en='If it was renamed, write "{new}" = "{old}" under [objects.{thing}.renamed] and try again, what was read is kept; if it is another column, change columns, and all is read anew.',
        ).fill(thing=thing.name, new=come[0], old=gone[0]),
        place=Place(file=plan.file, sheet=thing.name),
    )


def _load(
    folder: Folder,
    plan: SourcePlan,
    thing: Thing,
    walk: Walk,
    batch: Batch,
    progress: Progress,
    how: _How,
) -> LoadReport:
    """Load the batch as one load; records read twice count as read and duplicate."""
    told = tuple(dict.fromkeys([*progress.told, *batch.told]))
    if not batch.files:
        return LoadReport(None, "", 0, 0, 0, 0, 0, warnings=told)
    try:
        report = collect(
            folder,
            batch.files,
            mapping=batch.mapping,
            exported_at=walk.started_at,
            on_progress=how.tell,
            accept_change=how.accepts(thing),
            who=how.who,
        )
    except Held as held:
        raise Held(
            held.what, next_step=_HELD.fill(name=plan.name), place=Place(file=plan.file, sheet=thing.name)
        ) from None
    if batch.repeated and progress.round == 1:
        told += (_TWICE.fill(name=f"{plan.name}.{thing.name}", n=batch.repeated),)
    return replace(
        report,
        rows_read=report.rows_read + batch.repeated,
        rows_duplicate=report.rows_duplicate + batch.repeated,
        warnings=(*report.warnings, *told),
    )


_HELD = Text(
    zh="读到的内容已保留。确认无误：kexiao collect {name} --accept-change；来源改正后重新读取：kexiao collect {name} --full。",
    en="What was read is kept. If it is right: kexiao collect {name} --accept-change; once the source is put right, read it anew: kexiao collect {name} --full.",
)
_TWICE = Text(
    zh="{name} 有 {n} 条记录重复返回，以最后一次为准。",
    en="{name} gave {n} records more than once; the last reading counts.",
)


def _sum(reports: list[LoadReport]) -> LoadReport:
    """The reports of all objects as one."""
    if len(reports) == 1:
        return reports[0]
    counts = {name: sum(getattr(report, name) for report in reports) for name in COUNTS}
    tables: dict[str, tuple[int, int]] = {}
    for report in reports:
        for table, (added, changed) in report.tables.items():
            before = tables.get(table, (0, 0))
            tables[table] = (before[0] + added, before[1] + changed)
    loaded = [report for report in reports if report.load_id is not None]
    return LoadReport(
        loaded[-1].load_id if loaded else None,
        reports[-1].snapshot,
        **counts,
        warnings=tuple(dict.fromkeys(words for report in reports for words in report.warnings)),
        errors=tuple(error for report in reports for error in report.errors),
        parts=tuple(part for report in reports for part in report.parts),
        tables=tables,
    )


def forget(folder: Folder, name: str) -> None:
    """Drop everything that waits or is remembered of a source: the next pull reads everything anew. Stored data stay."""
    with exclusive(folder.data / "_sources" / name / "_lock"):
        for path in (folder.data / "_sources" / name).iterdir():
            if path.is_dir():
                shutil.rmtree(path)


@dataclass(frozen=True, slots=True)
class SourceState:
    """One source of the workspace: its name, its objects, when each was last read to the end."""

    name: str
    read_at: Mapping[str, datetime | None]


def sources(folder: Folder) -> list[SourceState]:
    """Every source of the workspace and how fresh it is."""
    found = []
    for name in source_names(folder):
        plan = read_source(folder, name)
        found.append(
            SourceState(
                name, {thing.name: Staging(folder, name, thing.name).state().started_at for thing in plan.things}
            )
        )
    return found
