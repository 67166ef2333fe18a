"""Collect 收集: files in, one load, one snapshot; nothing lost in silence, nothing seen before it is whole."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from kexiao.engine import audit
from kexiao.engine.duck import Connection, connect, quote_text, run
from kexiao.engine.folder import Folder
from kexiao.engine.posix import sha256, storage_errors, sync
from kexiao.engine.store import EMPTY, Snapshot, Store, Writer
from kexiao.errors import PARTLY_LOADED, InputRejected, IntegrityFailed, Place, WrongUse
from kexiao.sources.files.reading import printable, read_file
from kexiao.sources.files.staged import StagedSheet
from kexiao.sources.mapping import saved
from kexiao.sources.mapping.batch import Batch, BatchSheet
from kexiao.sources.mapping.orders import has_lines
from kexiao.sources.mapping.plan import SheetMapping
from kexiao.sources.mapping.preparing import Recognised, drift, recognise_file, refuse_incomplete, type_sheet
from kexiao.sources.mapping.recognise import guessed
from kexiao.sources.mapping.refusals import note, reason
from kexiao.sources.mapping.shaping import NOT_STORED, shape
from kexiao.sources.mapping.typed import Surroundings
from kexiao.tables.catalogue import all_tables, table_named
from kexiao.tables.identity import contacts_query, keep_contacts_of, merge_contacts, refuse_collisions, use_key
from kexiao.tables.loading import Merged, append, merge
from kexiao.text import Text

SHOWN_ERRORS = 1000
LOADED_GROUPS = ("who", "trade", "contact", "voice")


@dataclass(frozen=True, slots=True)
class RowError:
    """One refused row: file, sheet, row (as the user sees it, from 1), column, stable code, reason."""

    file: str
    sheet: str
    row: int
    column: str | None
    code: str
    message: Text


@dataclass(frozen=True, slots=True)
class PartReport:
    """What became of one sheet of one file; the five counts are rows."""

    file: str
    sheet: str
    kind: str | None
    rows_read: int
    rows_loaded: int
    rows_quarantined: int
    rows_duplicate: int
    rows_skipped: int
    mapping: SheetMapping | None


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What became of one load: counts of rows, what was told on the way, and the snapshot that now counts.

    ``load_id`` is None where nothing changed. ``tables`` gives (added, changed) rows by table. rows_read = loaded + quarantined + duplicate + skipped.
    """

    load_id: int | None
    snapshot: str
    rows_read: int
    rows_loaded: int
    rows_quarantined: int
    rows_duplicate: int
    rows_skipped: int
    warnings: tuple[Text, ...] = ()
    errors: tuple[RowError, ...] = ()
    parts: tuple[PartReport, ...] = ()
    tables: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0 all done · 3 nothing loaded · 4 partly loaded."""
        if not self.rows_quarantined:
            return 0
        return PARTLY_LOADED if self.rows_loaded + self.rows_duplicate else InputRejected.exit_code

    def as_json(self) -> dict[str, Any]:
        """The report as one JSON object, words in the current language."""
        return {
            **{
                name: getattr(self, name)
                for name in ("rows_read", "rows_loaded", "rows_quarantined", "rows_duplicate", "rows_skipped")
            },
            "warnings": [str(text) for text in self.warnings],
            "errors": [
                {
                    "file": e.file,
                    "sheet": e.sheet,
                    "row": e.row,
                    "column": e.column,
                    "code": e.code,
                    "message": str(e.message),
                }
                for e in self.errors
            ],
            "load": self.load_id,
            "snapshot": self.snapshot,
            "tables": {name: {"added": added, "changed": changed} for name, (added, changed) in self.tables.items()},
            "files": [
                {
                    "file": p.file,
                    "sheet": p.sheet,
                    "kind": p.kind,
                    "rows_read": p.rows_read,
                    "rows_loaded": p.rows_loaded,
                    "rows_quarantined": p.rows_quarantined,
                    "rows_duplicate": p.rows_duplicate,
                    "rows_skipped": p.rows_skipped,
                }
                for p in self.parts
            ],
        }


@dataclass(frozen=True, slots=True)
class _Source:
    """One file of a load: where it lies now, what the user called it, its SHA-256, when it was exported (ISO, UTC)."""

    path: Path
    name: str
    fingerprint: str
    exported_at: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """How one sheet would be read: its mapping and its first rows (headings and cells as they stand)."""

    file: str
    sheet: str
    mapping: SheetMapping | None
    preview: tuple[tuple[str | None, ...], ...]


Progress = Callable[[Text], None]


def collect(
    folder: Folder,
    files: Sequence[Path],
    *,
    mapping: Path | None = None,
    exported_at: datetime | None = None,
    on_progress: Progress | None = None,
) -> LoadReport:
    """Load files as one load. The same files again change nothing.

    ``mapping`` is a TOML file for the sheets that have its columns; ``exported_at`` says how new the rows are where they don't say so themselves
    (default: each file's time). Errors: ``WrongUse``, ``InputRejected``, ``Ambiguous``, ``LimitExceeded``, ``StorageError``; then nothing was loaded.
    """
    tell = on_progress or (lambda _: None)
    given = [saved.read(mapping, None)] if mapping else []
    with _workplace(folder) as work:
        sources = [_into_inbox(folder, path, exported_at) for path in _checked(files)]
        store = Store(folder.data)
        with store.writing(
            "collect",
            on_wait=lambda: tell(Text(zh="另一个进程正在写入，等待中…", en="Waiting for another process to finish…")),
        ) as writer:
            _begin(folder, store)
            load = _Load(folder, writer, work, writer.base.number + 1, tell)
            report = load.run(sources, given)
            if report.load_id is None:
                _sweep(folder, store)
                return replace(report, snapshot=writer.base.name)
            snapshot = writer.commit()
            _mark(folder).unlink(missing_ok=True)
        load.keep_mappings()
        audit.record(
            folder.root,
            "collect",
            load=report.load_id,
            snapshot=snapshot.name,
            files=[s.fingerprint for s in sources],
            rows=report.rows_loaded,
        )
    return replace(report, snapshot=snapshot.name)


def undo(folder: Folder, load_id: int, *, on_progress: Progress | None = None) -> Snapshot:
    """Take one load back: the data as they were before it, with every later load put in again from the inbox.

    Errors: ``WrongUse`` for a load that is not there.
    """
    tell = on_progress or (lambda _: None)
    store = Store(folder.data)
    with _workplace(folder) as work, store.writing(f"undo {load_id}") as writer:
        connection = connect(work / "spill")
        _begin(folder, store)
        current = writer.base
        loads = _loads(connection, store, current)
        if load_id not in loads:
            raise WrongUse(
                Text(zh="没有导入 {n}。", en="There is no load {n}.").fill(n=load_id),
                next_step=Text(zh="现有：{all}。", en="There are: {all}.").fill(all=", ".join(map(str, loads)) or "—"),
            )
        parent = store.read(load_id).parent
        before = store.read(parent) if parent else EMPTY
        ours = {name for name, table in all_tables().items() if table.group in LOADED_GROUPS} | {
            "loads",
            "quarantined",
            "conflicts",
        }
        kept = {name: version for name, version in current.tables.items() if name not in ours}
        writer.tables = {**kept, **{name: version for name, version in before.tables.items() if name in ours}}
        for later in [number for number in loads if number > load_id]:
            tell(Text(zh="重放导入 {n}…", en="Replaying load {n}…").fill(n=later))
            sources, mappings = _recorded(folder, loads[later])
            _Load(folder, writer, work / str(later), later, tell, replayed=True).run(sources, mappings)
        snapshot = writer.commit()
        _mark(folder).unlink(missing_ok=True)
        customers = store.table_query(snapshot, "customers", table_named("customers").stored_columns)
        keep_contacts_of(connection, folder, customers)
    audit.record(folder.root, "undo", load=load_id, snapshot=snapshot.name)
    return snapshot


def propose(folder: Folder, files: Sequence[Path], *, mapping: Path | None = None) -> list[Proposal]:
    """How the files would be read, without loading them."""
    given = [saved.read(mapping, None)] if mapping else []
    found = []
    with _workplace(folder) as work:
        connection = connect(work / "spill")
        for number, path in enumerate(_checked(files)):
            sheets = read_file(path, work / f"p{number}", original_name=path.name)
            for one in recognise_file(connection, printable(path.name), sheets, folder.root / "mappings", given):
                cells = ", ".join(f"c{i}" for i in range(len(one.sheet.header)))
                rows = run(
                    connection,
                    f"SELECT {cells} FROM read_parquet({quote_text(str(one.sheet.parquet))}) ORDER BY row_no LIMIT 5",
                )
                found.append(Proposal(one.file, one.sheet.sheet, one.mapping, tuple(rows)))
    return found


class _Load:
    """One load under way: reads the sources, merges their rows into a writer, and says what became of each row."""

    def __init__(
        self, folder: Folder, writer: Writer, work: Path, load_id: int, tell: Progress, *, replayed: bool = False
    ) -> None:
        self.folder, self.writer, self.work, self.load_id, self.tell = folder, writer, work, load_id, tell
        self.before, self.replayed = dict(writer.tables), replayed
        work.mkdir(parents=True, exist_ok=True)
        self.connection = connect(work / "spill")
        zone = ZoneInfo(folder.timezone)
        self.around = Surroundings(zone, datetime.now(zone).date(), folder.currency)
        self.mappings = folder.root / "mappings"
        self.warnings: list[Text] = []
        self.kept: list[SheetMapping] = []

    def run(self, sources: Sequence[_Source], given: Sequence[SheetMapping]) -> LoadReport:
        use_key(self.connection, self.folder)
        recognised = self._recognise(sources, given)
        batch = self._batch(recognised, {s.name: s for s in sources})
        merged = self._merge(batch)
        parts, errors = self._account(batch, recognised, merged)
        batch.warnings += self._unlike_before(batch)
        report = self._report(batch, merged, parts, errors)
        return self._record(batch, sources, recognised, merged, report)

    def keep_mappings(self) -> None:
        """Save the mappings of a load that was committed, so that people can see and edit them."""
        for mapping in self.kept:
            saved.save(self.mappings, mapping)

    def _recognise(self, sources: Sequence[_Source], given: Sequence[SheetMapping]) -> list[Recognised]:
        found: list[Recognised] = []

        def read(numbered: tuple[int, _Source]) -> list[StagedSheet]:
            number, source = numbered
            self.tell(Text(zh="读取 {file}…", en="Reading {file}…").fill(file=source.name))
            return read_file(source.path, self.work / f"f{number}", original_name=source.name)

        with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
            staged = list(pool.map(read, enumerate(sources)))
        for source, sheets in zip(sources, staged, strict=True):
            found += recognise_file(self.connection, source.name, sheets, self.mappings, given)
        version = self.writer.tables.get("order_lines")
        return refuse_incomplete(found, lines_stored=bool(version and version.rows))

    def _batch(self, recognised: Sequence[Recognised], sources: dict[str, _Source]) -> Batch:
        sheets = []
        for number, one in enumerate(recognised):
            self.warnings += [
                Text(zh="“{file}”：{words}", en="“{file}”: {words}").fill(file=one.file, words=words)
                for words in one.sheet.warnings
            ]
            if one.mapping is None:
                self.warnings.append(
                    Text(
                        zh="“{file}”的工作表“{sheet}”认不出，已跳过。",
                        en="Sheet “{sheet}” of “{file}” is not known and was skipped.",
                    ).fill(file=one.file, sheet=one.sheet.sheet)
                )
                continue
            if one.new:
                self.warnings += [*drift(one.mapping, one.file, self.mappings), *guessed(one.mapping)]
            typed = type_sheet(self.connection, one, self.mappings, self.around, self.work / f"t{number}.parquet")
            sheet = BatchSheet(number, one.file, sources[one.file].exported_at, typed)
            if not one.sheet.rows and not one.sheet.refused:
                self.warnings.append(Text(zh="“{file}”没有数据行。", en="“{file}” has no rows.").fill(file=one.file))
            self.warnings += [
                words.fill() if not one.file else Text(zh=f"“{one.file}”：{words.zh}", en=f"“{one.file}”: {words.en}")
                for (name, code), rows in typed.notes.items()
                if (words := note(code, sheet.column_of(name), rows))
            ]
            sheets.append(sheet)
        orders = self.writer.tables.get("orders")
        stored = {
            "orders": _read(self.writer, "orders")
            if orders
            else "SELECT NULL::VARCHAR AS order_id, NULL::BIGINT AS customer_id, NULL::VARCHAR AS channel, NULL::VARCHAR AS campaign, NULL::VARCHAR AS region, NULL::VARCHAR AS team WHERE false"
        }
        return Batch(self.connection, self.work, self.around, tuple(sheets), stored)

    def _merge(self, batch: Batch) -> list[Merged]:
        self.tell(Text(zh="整理 {n} 张表…", en="Shaping {n} sheets…").fill(n=len(batch.sheets)))
        merged = []
        for number, incoming in enumerate(shape(batch)):
            merged.append(merge(self.connection, self.writer, incoming, self.load_id, str(number)))
        for one in merged:
            if one.incoming.decides:
                key = one.incoming.table.key[0]
                batch.refuse(f"SELECT src, row_no, {quote_text(key)} AS field, 'conflict' AS code FROM {one.refused}")
            if one.withdrawn:
                batch.warnings.append(
                    Text(
                        zh="“{table}”中有 {n} 行与本次同样新的数据矛盾，已一并撤下，等更新的数据。",
                        en="{n} stored rows of {table} contradict equally new ones of this load; both wait for something newer.",
                    ).fill(table=one.incoming.table.label, n=one.withdrawn)
                )
        return merged

    def _account(
        self, batch: Batch, recognised: Sequence[Recognised], merged: Sequence[Merged]
    ) -> tuple[list[PartReport], list[RowError]]:
        """Every row read is loaded, quarantined, duplicate or skipped."""
        by_sheet = {sheet.src: sheet for sheet in batch.sheets}
        fates = _fates(self.connection, batch, merged)
        parts, errors = [], []
        for number, one in enumerate(recognised):
            sheet = by_sheet.get(number)
            refused, skipped = len(one.sheet.refused), one.sheet.rows_skipped
            stored = sheet is not None and sheet.mapping.kind not in NOT_STORED
            duplicate = quarantined = 0
            if not stored:
                skipped += one.sheet.rows
                if sheet is not None:
                    batch.warnings.append(NOT_STORED[sheet.mapping.kind].fill(file=one.file, n=one.sheet.rows))
            else:
                duplicate, outdated, quarantined = fates.get(number, (0, 0, 0))
                skipped += outdated
                if duplicate and len(recognised) == len(batch.sheets):
                    self._tell_twice(batch, merged, one.file, number)
            loaded = one.sheet.rows_read - refused - quarantined - duplicate - skipped
            parts.append(
                PartReport(
                    one.file,
                    one.sheet.sheet,
                    sheet.mapping.kind if sheet else None,
                    one.sheet.rows_read,
                    loaded,
                    refused + quarantined,
                    duplicate,
                    skipped,
                    sheet.mapping if sheet else None,
                )
            )
            errors += [
                RowError(one.file, one.sheet.sheet, r.row_no, r.column, r.code, r.message) for r in one.sheet.refused
            ]
            errors += _errors(self.connection, sheet, number) if sheet else []
        return parts, errors

    def _tell_twice(self, batch: Batch, merged: Sequence[Merged], file: str, src: int) -> None:
        twice = sum(
            batch.count(f"SELECT count(*) FROM {one.twice} WHERE src = {src}") for one in merged if one.incoming.decides
        )
        if twice:
            batch.warnings.append(
                Text(
                    zh="“{file}”有 {n} 行与另一行完全相同，只算一次。",
                    en="“{file}” has {n} rows that say the same as another; they count once.",
                ).fill(file=file, n=twice)
            )

    def _unlike_before(self, batch: Batch) -> list[Text]:
        """Whether new amounts are about a hundred times, or a hundredth of, what is stored: yuan and fen mixed up."""
        before = self.writer.base.tables.get("orders")
        if self.replayed or not before or not before.rows or not batch.of_kind("orders"):
            return []
        store = self.writer.store
        lines = self.writer.base.tables.get("order_lines")
        old_sql = f"SELECT amount AS v FROM ({store.table_query(self.writer.base, 'orders', table_named('orders').stored_columns)}) WHERE amount > 0"
        if lines:
            old_sql += f" UNION ALL SELECT net FROM ({store.table_query(self.writer.base, 'order_lines', table_named('order_lines').stored_columns)}) WHERE net > 0"
        old, count = run(self.connection, f"SELECT approx_quantile(v, 0.5), count(*) FROM ({old_sql})")[0]
        new, fresh = run(self.connection, "SELECT approx_quantile(net, 0.5), count(*) FROM order_rows WHERE net > 0")[0]
        if not old or not new or count < 10 or fresh < 5 or 1 / 30 < new / old < 30:
            return []
        return [
            Text(
                zh="金额的分布异常：中位数 {new}，此前为 {old}，相差约 {times} 倍（是不是“分”与“元”混用？）。",
                en="The distribution of amounts has drifted: median {new}, before {old}, about {times}× (fen and yuan mixed up?).",
            ).fill(new=f"{new:.2f}", old=f"{old:.2f}", times=f"{max(new / old, old / new):.0f}")
        ]

    def _report(
        self, batch: Batch, merged: Sequence[Merged], parts: Sequence[PartReport], errors: Sequence[RowError]
    ) -> LoadReport:
        counts = {
            name: sum(getattr(part, name) for part in parts)
            for name in ("rows_read", "rows_loaded", "rows_quarantined", "rows_duplicate", "rows_skipped")
        }
        if counts["rows_read"] != sum(counts.values()) - counts["rows_read"] or min(counts.values()) < 0:
            raise IntegrityFailed(
                Text(
                    zh="行数对不上：{counts}，未导入。",
                    en="The row counts do not add up ({counts}); nothing was loaded.",
                ).fill(counts=counts),
                next_step=Text(zh="这是程序缺陷，请反馈。", en="This is a bug; please report it."),
            )
        tables: dict[str, tuple[int, int]] = {}
        for one in merged:
            added, changed = tables.get(one.incoming.table.name, (0, 0))
            if one.anything:
                tables[one.incoming.table.name] = (added + one.added, changed + one.changed)
        told = tuple(dict.fromkeys([*self.warnings, *batch.warnings]))
        return LoadReport(
            self.load_id,
            "",
            **counts,
            warnings=told,
            errors=tuple(errors[:SHOWN_ERRORS]),
            parts=tuple(parts),
            tables=tables,
        )

    def _record(
        self,
        batch: Batch,
        sources: Sequence[_Source],
        recognised: Sequence[Recognised],
        merged: Sequence[Merged],
        report: LoadReport,
    ) -> LoadReport:
        """Contacts, quarantine and the load's own record; a load that changes nothing leaves nothing behind."""
        people = "SELECT customer_id, origin, source_id FROM people"
        refuse_collisions(self.connection, people, self.folder)
        known = {
            row[0] for row in run(self.connection, f"SELECT DISTINCT fingerprint FROM ({_read(self.writer, 'loads')})")
        }
        seen_before = all(source.fingerprint in known for source in sources)
        changed = any(one.anything for one in merged)
        withdrawn = any(one.withdrawn for one in merged)
        nothing = report.exit_code == InputRejected.exit_code and not withdrawn
        told = changed or (report.rows_quarantined and not seen_before)
        if not self.replayed and (nothing or not told):
            if not report.rows_quarantined or report.rows_loaded + report.rows_duplicate:
                merge_contacts(self.connection, self.folder, "SELECT * FROM people", self.load_id)
            self.writer.tables = self.before
            return replace(report, load_id=None)
        merge_contacts(self.connection, self.folder, "SELECT * FROM people", self.load_id)
        self._quarantine(batch, recognised)
        self._write_load(sources, report)
        self.kept = [_with_decisions(sheet, batch.decided.get(sheet.src, {})) for sheet in batch.sheets]
        return report

    def _quarantine(self, batch: Batch, recognised: Sequence[Recognised]) -> None:
        """Refused rows by place and reason in the store; their cells in a file of their own outside it."""
        codes = self.work / "quarantine.json"
        cells = []
        with codes.open("w", encoding="utf-8") as handle:
            for number, one in enumerate(recognised):
                sheet = next((s for s in batch.sheets if s.src == number), None)
                found = [
                    RowError(one.file, one.sheet.sheet, r.row_no, r.column, r.code, r.message)
                    for r in one.sheet.refused
                ]
                found += _errors(self.connection, sheet, number, limit=None) if sheet else []
                for e in found:
                    handle.write(
                        json.dumps(
                            {
                                "file_name": e.file,
                                "sheet": e.sheet,
                                "row_no": e.row,
                                "column": e.column,
                                "code": e.code,
                                "message_zh": e.message.zh,
                                "message_en": e.message.en,
                            },
                            ensure_ascii=False,
                        )
                        + "\n"
                    )
                if sheet and found:
                    named = ", ".join(f"{quote_text(name)}, c{i}" for i, name in enumerate(one.sheet.header))
                    cells.append(
                        f"SELECT {quote_text(one.file)} AS file_name, {quote_text(one.sheet.sheet)} AS sheet, row_no, CAST(json_object({named}) AS VARCHAR) AS cells "
                        f"FROM read_parquet({quote_text(str(one.sheet.parquet))}) SEMI JOIN (SELECT row_no FROM refused_rows WHERE src = {number}) USING (row_no)"
                    )
        if not codes.stat().st_size:
            return
        kinds = "{'file_name': 'VARCHAR', 'sheet': 'VARCHAR', 'row_no': 'BIGINT', 'column': 'VARCHAR', 'code': 'VARCHAR', 'message_zh': 'VARCHAR', 'message_en': 'VARCHAR'}"
        append(
            self.connection,
            self.writer,
            table_named("quarantined"),
            f"SELECT *, {self.load_id} AS load_id, now() AS known_at FROM read_json({quote_text(str(codes))}, format = 'newline_delimited', columns = {kinds}, maximum_object_size = 100000000)",
        )
        if cells:
            place = self.folder.root / "quarantine" / f"{self.load_id}.parquet"
            with storage_errors(place):
                place.parent.mkdir(exist_ok=True)
                run(
                    self.connection,
                    f"COPY ({' UNION ALL '.join(cells)}) TO {quote_text(str(place))} (FORMAT parquet, COMPRESSION zstd)",
                )
                place.chmod(0o600)
                sync(place)

    def _write_load(self, sources: Sequence[_Source], report: LoadReport) -> None:
        rows = self.work / "load.json"
        with rows.open("w", encoding="utf-8") as handle:
            for source in sources:
                parts = [part for part in report.parts if part.file == source.name]
                record = {
                    "load_id": self.load_id,
                    "loaded_at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S"),
                    "file_name": source.name,
                    "fingerprint": source.fingerprint,
                    "mapping": json.dumps(
                        {
                            "exported_at": source.exported_at,
                            "sheets": [saved.as_dict(p.mapping) for p in parts if p.mapping],
                        },
                        ensure_ascii=False,
                    ),
                    "tables": ", ".join(sorted(report.tables)),
                    **{
                        name: sum(getattr(p, name) for p in parts)
                        for name in ("rows_read", "rows_loaded", "rows_quarantined", "rows_duplicate", "rows_skipped")
                    },
                    "warnings": json.dumps(
                        [
                            asdict(words)
                            for words in report.warnings
                            if f"“{source.name}”" in words.zh or len(sources) == 1
                        ],
                        ensure_ascii=False,
                    ),
                }
                handle.write(json.dumps(record, ensure_ascii=False) + "\n")
        append(
            self.connection,
            self.writer,
            table_named("loads"),
            f"SELECT * REPLACE (timezone('UTC', CAST(loaded_at AS TIMESTAMP)) AS loaded_at), now() AS known_at FROM read_json({quote_text(str(rows))}, format = 'newline_delimited', "
            "columns = {'load_id': 'BIGINT', 'loaded_at': 'VARCHAR', 'file_name': 'VARCHAR', 'fingerprint': 'VARCHAR', 'mapping': 'VARCHAR', 'tables': 'VARCHAR', 'rows_read': 'BIGINT', "
            "'rows_loaded': 'BIGINT', 'rows_quarantined': 'BIGINT', 'rows_duplicate': 'BIGINT', 'rows_skipped': 'BIGINT', 'warnings': 'VARCHAR'}, maximum_object_size = 100000000)",
        )


def _with_decisions(sheet: BatchSheet, decided: dict[str, Any]) -> SheetMapping:
    """The mapping with what the data decided, so that the next file of this layout is read the same way."""
    return replace(sheet.mapping, options=replace(sheet.mapping.options, **decided))


def _fates(connection: Connection, batch: Batch, merged: Sequence[Merged]) -> dict[int, tuple[int, int, int]]:
    """By sheet: rows that are duplicate, outdated, refused."""
    deciding = [one for one in merged if one.incoming.decides]

    def every(part: str) -> str:
        return (
            " UNION ALL ".join(f"SELECT src, row_no FROM {getattr(one, part)}" for one in deciding)
            or "SELECT 0 AS src, 0 AS row_no WHERE false"
        )

    moved = [f"SELECT src, row_no FROM {one.moved}" for one in deciding]
    # An order whose header changed counts as loaded, line by line, though its lines are as they were.
    headers = [
        one for one in merged if one.incoming.table.name == "orders" and not one.incoming.decides and one.anything
    ]
    if headers and any(has_lines(sheet) for sheet in batch.of_kind("orders")):
        moved += [
            f"SELECT src, row_no FROM order_rows WHERE order_key IN (SELECT order_id FROM {one.keys})"
            for one in headers
        ]
    changed = " UNION ALL ".join(moved) or "SELECT 0 AS src, 0 AS row_no WHERE false"
    found = run(
        connection,
        f"WITH twice AS (SELECT DISTINCT * FROM ({every('twice')})), moved AS ({changed}), "
        f"outdated AS (SELECT DISTINCT * FROM ({every('outdated')}) ANTI JOIN moved USING (src, row_no) ANTI JOIN refused_rows USING (src, row_no)), "
        f"repeated AS (SELECT DISTINCT * FROM ({every('repeated')}) ANTI JOIN moved USING (src, row_no) ANTI JOIN outdated USING (src, row_no)), "
        "duplicate AS (SELECT * FROM (SELECT * FROM twice ANTI JOIN (SELECT src, row_no FROM moved_several) USING (src, row_no) UNION SELECT * FROM repeated) ANTI JOIN refused_rows USING (src, row_no)), "
        "counted AS (SELECT src, 1 AS d, 0 AS o, 0 AS q FROM duplicate UNION ALL SELECT src, 0, 1, 0 FROM outdated UNION ALL SELECT src, 0, 0, 1 FROM refused_rows) "
        "SELECT src, sum(d), sum(o), sum(q) FROM counted GROUP BY 1".replace(
            "SELECT src, row_no FROM moved_several",
            " UNION ALL ".join(f"SELECT src, row_no FROM {one.moved}" for one in deciding)
            or "SELECT 0 AS src, 0 AS row_no WHERE false",
        ),
    )
    return {int(src): (int(d), int(o), int(q)) for src, d, o, q in found}


def _errors(connection: Connection, sheet: BatchSheet, src: int, limit: int | None = SHOWN_ERRORS) -> list[RowError]:
    found = run(
        connection,
        f"SELECT row_no, field, code FROM refused_rows WHERE src = {src} ORDER BY row_no"
        + (f" LIMIT {limit}" if limit else ""),
    )
    return [
        RowError(
            sheet.file,
            sheet.typed.source.sheet,
            int(row),
            sheet.column_of(name),
            code,
            reason(code, sheet.column_of(name)),
        )
        for row, name, code in found
    ]


def _read(writer: Writer, name: str) -> str:
    from kexiao.engine.duck import files_as_query

    version = writer.tables.get(name)
    return files_as_query(writer.store.paths(version) if version else [], table_named(name).stored_columns)


def _checked(files: Sequence[Path]) -> list[Path]:
    if not files:
        raise WrongUse(
            Text(zh="没有给出文件。", en="No file was named."),
            next_step=Text(zh="例如：kexiao collect 订单.xlsx", en="For example: kexiao collect orders.xlsx"),
        )
    for path in files:
        if not path.is_file():
            raise WrongUse(
                Text(zh="没有文件“{name}”。", en="There is no file “{name}”.").fill(
                    name=printable(path.name) or str(path)
                ),
                next_step=Text(zh="请检查路径。", en="Check the path."),
            )
    return list(files)


def _into_inbox(folder: Folder, path: Path, exported_at: datetime | None) -> _Source:
    """Copy a file into the inbox under the hash of its content, whole or not at all."""
    with storage_errors(path):
        fingerprint = sha256(path)
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    ending = (
        path.suffix.lower() if path.suffix[1:].isascii() and path.suffix[1:].isalnum() and len(path.suffix) <= 8 else ""
    )
    place = folder.inbox / f"{fingerprint}{ending}"
    with storage_errors(place):
        folder.inbox.mkdir(exist_ok=True)
        if not place.exists():
            temporary = place.with_name(f".{place.name}.{os.getpid()}.tmp")
            try:
                shutil.copyfile(path, temporary)
                sync(temporary)
                temporary.rename(place)
            except OSError:
                temporary.unlink(missing_ok=True)
                raise
            sync(folder.inbox)
    return _Source(
        place, printable(path.name) or place.name, fingerprint, (exported_at or changed).astimezone(UTC).isoformat()
    )


def _recorded(folder: Folder, rows: Sequence[dict[str, Any]]) -> tuple[list[_Source], list[SheetMapping]]:
    """The files and mappings of an earlier load."""
    sources, mappings = [], []
    for row in rows:
        record = json.loads(row["mapping"])
        path = next(iter(sorted(folder.inbox.glob(f"{row['fingerprint']}*"))), None)
        if path is None:
            raise IntegrityFailed(
                Text(
                    zh="inbox 中没有“{name}”，不能重放。", en="The inbox lacks “{name}”, so it cannot be replayed."
                ).fill(name=row["file_name"]),
                next_step=Text(zh="从备份恢复 inbox 后重试。", en="Restore the inbox from a backup and try again."),
            )
        sources.append(_Source(path, row["file_name"], row["fingerprint"], record["exported_at"]))
        mappings += [saved.from_dict(document, None, Place()) for document in record["sheets"]]
    return sources, mappings


def _loads(connection: Connection, store: Store, snapshot: Snapshot) -> dict[int, list[dict[str, Any]]]:
    """The files of each load of a snapshot, in the order of the loads."""
    sql = store.table_query(snapshot, "loads", table_named("loads").stored_columns)
    found: dict[int, list[dict[str, Any]]] = {}
    for load, name, fingerprint, mapping in run(
        connection, f"SELECT load_id, file_name, fingerprint, mapping FROM ({sql}) ORDER BY load_id, file_name"
    ):
        found.setdefault(int(load), []).append({"file_name": name, "fingerprint": fingerprint, "mapping": mapping})
    return found


@contextmanager
def _workplace(folder: Folder) -> Iterator[Path]:
    """A folder for the files of one run; those of runs that died are swept away."""
    root = folder.data / "_tmp"
    with storage_errors(root):
        root.mkdir(parents=True, exist_ok=True)
        for left in root.glob("load-*"):
            if not _alive(left.name):
                shutil.rmtree(left, ignore_errors=True)
        work = root / f"load-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        work.mkdir()
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _alive(name: str) -> bool:
    try:
        os.kill(int(name.split("-")[1]), 0)
    except (ProcessLookupError, ValueError, IndexError):
        return False
    except PermissionError:
        return True
    return True


def _mark(folder: Folder) -> Path:
    """The file that is there while a load is being written."""
    return folder.data / "_writing"


def _begin(folder: Folder, store: Store) -> None:
    """Note that a load is being written; where an earlier one never ended, remove what it left. Called with the store held alone."""
    if _mark(folder).exists():
        _sweep(folder, store)
    with storage_errors(_mark(folder)):
        _mark(folder).touch()


def _sweep(folder: Folder, store: Store) -> None:
    """Remove Parquet files that no snapshot names, and the mark."""
    named = {
        part.path
        for number in store.numbers()
        for version in store.read(number).tables.values()
        for part in version.files
    }
    for path in folder.data.glob("*/part-*.parquet"):
        if str(path.relative_to(folder.data)) not in named:
            path.unlink(missing_ok=True)
    _mark(folder).unlink(missing_ok=True)


__all__ = ["LoadReport", "PartReport", "Proposal", "RowError", "collect", "contacts_query", "propose", "undo"]
