"""One load under way: its files are read, its rows merged into the version to come, and every row accounted for."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from kexiao.engine.duck import connect, default_memory_bytes, files_as_query, quote_text, run
from kexiao.engine.folder import Folder
from kexiao.engine.store import Writer
from kexiao.errors import InputRejected
from kexiao.sources.files.staged import StagedSheet
from kexiao.sources.inbox import Source
from kexiao.sources.mapping import saved
from kexiao.sources.mapping.accounting import account, report_of
from kexiao.sources.mapping.batch import Batch, BatchSheet
from kexiao.sources.mapping.following import follow_orders
from kexiao.sources.mapping.outcome import LoadReport
from kexiao.sources.mapping.plan import SheetMapping
from kexiao.sources.mapping.preparing import Recognised, drift, recognise_file, refuse_incomplete, type_sheet
from kexiao.sources.mapping.recognise import guessed
from kexiao.sources.mapping.recording import keep_record, keep_refused
from kexiao.sources.mapping.refusals import note
from kexiao.sources.mapping.shaping import shape
from kexiao.sources.mapping.typed import Surroundings
from kexiao.sources.mapping.unusual import hold, is_lot, unusual_amounts, unusual_volume
from kexiao.sources.mapping.withdrawing import withdraw_deleted
from kexiao.sources.scrubbing import read_sheets
from kexiao.sources.shares import Shares
from kexiao.tables.catalogue import table_named
from kexiao.tables.identity import merge_contacts, refuse_collisions, use_key
from kexiao.tables.loading import Merged, merge
from kexiao.text import Text

READ, TYPED, SHAPED = 0.5, 0.62, 0.7
"""How much of a large load is done once its files are read, its cells typed, its rows shaped: measured with ten million orders."""
MEMORY_BYTES = 1024**3
"""What a load may hold in memory, and as much as its files are long, or twice what the store's take on disk: what is larger spills, but for what DuckDB groups by text."""
Progress = Callable[[Text], None]


class Load:
    """One load under way: reads the sources, merges their rows into a writer, and says what became of each row."""

    def __init__(
        self, folder: Folder, writer: Writer, work: Path, load_id: int, tell: Progress, *, replayed: bool = False,
        accept_change: bool = False, on_share: Callable[[float], None] | None = None,
    ) -> None:  # fmt: skip
        self.folder, self.writer, self.work, self.load_id, self.tell = folder, writer, work, load_id, tell
        self.before, self.replayed, self.accept_change = dict(writer.tables), replayed, accept_change
        work.mkdir(parents=True, exist_ok=True)
        self.connection = connect(work / "spill")
        zone = ZoneInfo(folder.timezone)
        self.around = Surroundings(zone, datetime.now(zone).date(), folder.currency)
        self.mappings = folder.root / "mappings"
        self.share = on_share or (lambda _: None)
        self.warnings: list[Text] = []
        self.kept: list[SheetMapping] = []

    def run(self, sources: Sequence[Source], given: Sequence[SheetMapping]) -> LoadReport:
        use_key(self.connection, self.folder)
        read = sum(source.path.stat().st_size for source in sources)
        stored = sum(part.size for version in self.writer.tables.values() for part in version.files)
        needed = max(MEMORY_BYTES, read, 2 * stored)
        self.connection.execute(f"SET memory_limit = '{min(needed, default_memory_bytes())}B'")
        recognised = self._recognise(sources, given)
        self._unusual_volume(recognised, sources)
        batch = self._batch(recognised, {s.name: s for s in sources})
        merged = self._merge(batch)
        follow_orders(batch, self.writer, self.load_id)
        merged += withdraw_deleted(batch, self.writer, self.load_id)
        parts, errors = account(batch, recognised, merged)
        batch.warnings += self._unusual(batch, merged)
        report = report_of(self.load_id, [*self.warnings, *batch.warnings], merged, parts, errors)
        return self._record(batch, sources, recognised, merged, report)

    def keep_mappings(self) -> None:
        """Save the mappings of a load that was committed, so that people can see and edit them."""
        for mapping in self.kept:
            saved.save(self.mappings, mapping)

    def _recognise(self, sources: Sequence[Source], given: Sequence[SheetMapping]) -> list[Recognised]:
        found: list[Recognised] = []

        reading = Shares([source.path.stat().st_size for source in sources], lambda done: self.share(READ * done))

        def read(numbered: tuple[int, Source]) -> list[StagedSheet]:
            number, source = numbered
            self.tell(Text(zh="读取 {file}…", en="Reading {file}…").fill(file=source.name))
            sheets = read_sheets(source, self.work / f"f{number}", on_share=lambda done: reading.tell(number, done))
            reading.tell(number, 1.0)
            return sheets

        with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
            staged = list(pool.map(read, enumerate(sources)))
        for source, sheets in zip(sources, staged, strict=True):
            found += recognise_file(self.connection, source.name, sheets, self.mappings, given)
        version = self.writer.tables.get("order_lines")
        return refuse_incomplete(found, lines_stored=bool(version and version.rows))

    def _batch(self, recognised: Sequence[Recognised], sources: dict[str, Source]) -> Batch:
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
            self.share(READ + (TYPED - READ) * (number + 1) / len(recognised))
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
        shaped = shape(batch)
        steps = Shares(
            [3 if one.decides else 1 for one in shaped], lambda done: self.share(SHAPED + (1 - SHAPED) * done)
        )
        for number, incoming in enumerate(shaped):
            steps.tell(number, 0.0)
            merged.append(merge(self.connection, self.writer, incoming, self.load_id, str(number)))
            steps.tell(number, 1.0)
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

    def _unusual(self, batch: Batch, merged: Sequence[Merged]) -> list[Text]:
        """What of this load is so unlike everything before that a person must say that it is meant. Errors: ``Ambiguous``."""
        if self.replayed:
            return []
        amounts = {one.incoming.table.name: f"SELECT amount AS v FROM ({one.incoming.sql})" for one in merged}
        amounts = {name: sql for name, sql in amounts.items() if name in ("spend", "refunds")}
        if batch.of_kind("orders"):
            amounts["orders"] = "SELECT net AS v FROM order_rows"
        found = unusual_amounts(self.connection, self.writer.store, self.writer.base, amounts)
        return hold(found, accepted=self.accept_change)

    def _unusual_volume(self, recognised: Sequence[Recognised], sources: Sequence[Source]) -> None:
        if not self.replayed:
            rows = {s.name: sum(r.sheet.rows_read for r in recognised if r.file == s.name) for s in sources}
            files = {source.name: (source.fingerprint, rows[source.name]) for source in sources}
            found = unusual_volume(self.connection, _read(self.writer, "loads"), files)
            self.warnings += hold(found, accepted=self.accept_change)

    def _record(
        self,
        batch: Batch,
        sources: Sequence[Source],
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
        # Rows that contradict each other are refused, but remembered; rows that say what is stored say that it was so later.
        # What a connected source repeats is as it was: it is read every hour, and the last reading counts.
        repeated = all(is_lot(source.name) for source in sources) and not report.rows_quarantined
        noted = any(one.noted for one in merged) and not repeated
        withdrawn = any(one.withdrawn for one in merged)
        nothing = report.exit_code == InputRejected.exit_code and not (withdrawn or noted)
        told = changed or noted or (report.rows_quarantined and not seen_before)
        merge_contacts(self.connection, self.folder, "SELECT * FROM people", self.load_id)
        if not self.replayed and (nothing or not told):
            self.writer.tables = self.before
            return replace(report, load_id=None)
        keep_refused(self.folder, self.writer, self.work, self.load_id, batch, recognised)
        keep_record(self.connection, self.writer, self.work, self.load_id, sources, report)
        for_people = [sheet for sheet in batch.sheets if sheet.mapping.kind != "withdrawals"]
        self.kept = [_with_decisions(sheet, batch.decided.get(sheet.src, {})) for sheet in for_people]
        return report


def _with_decisions(sheet: BatchSheet, decided: dict[str, Any]) -> SheetMapping:
    """The mapping with what the data decided, so that the next file of this layout is read the same way."""
    return replace(sheet.mapping, options=replace(sheet.mapping.options, **decided))


def _read(writer: Writer, name: str) -> str:
    version = writer.tables.get(name)
    return files_as_query(writer.store.paths(version) if version else [], table_named(name).stored_columns)
