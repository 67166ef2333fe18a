"""What a load leaves of itself: the rows that it refused, and its own record."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from kexiao.engine.duck import Connection, quote_text, run
from kexiao.engine.folder import Folder
from kexiao.engine.posix import storage_errors, sync
from kexiao.engine.store import Writer
from kexiao.sources.inbox import Source
from kexiao.sources.mapping import saved
from kexiao.sources.mapping.accounting import errors_of
from kexiao.sources.mapping.batch import Batch
from kexiao.sources.mapping.outcome import COUNTS, LoadReport, RowError
from kexiao.sources.mapping.preparing import Recognised
from kexiao.tables.catalogue import table_named
from kexiao.tables.rows import append

_REFUSED = {"row_no": "BIGINT"} | dict.fromkeys(
    ("file_name", "sheet", "column", "code", "message_zh", "message_en"), "VARCHAR"
)
_LOAD = dict.fromkeys(
    ("loaded_at", "file_name", "fingerprint", "mapping", "tables", "warnings"), "VARCHAR"
) | dict.fromkeys(("load_id", *COUNTS), "BIGINT")


def keep_refused(
    folder: Folder, writer: Writer, work: Path, load_id: int, batch: Batch, recognised: Sequence[Recognised]
) -> None:
    """Refused rows by place and reason in the store; their cells in a file of their own outside it."""
    refused = {number: _refused(batch, one, number) for number, one in enumerate(recognised)}
    if not any(refused.values()):
        return
    codes = work / "quarantine.json"
    with codes.open("w", encoding="utf-8") as handle:
        for error in (error for errors in refused.values() for error in errors):
            handle.write(json.dumps(_described(error), ensure_ascii=False) + "\n")
    append(
        batch.connection,
        writer,
        table_named("quarantined"),
        f"SELECT *, {load_id} AS load_id, now() AS known_at FROM {_json_rows(codes, _REFUSED)}",
    )
    cells = [
        _cells(one, number)
        for number, one in enumerate(recognised)
        if refused[number] and any(sheet.src == number for sheet in batch.sheets)
    ]
    if cells:
        _keep_cells(batch.connection, folder.root / "quarantine" / f"{load_id}.parquet", " UNION ALL ".join(cells))


def _refused(batch: Batch, one: Recognised, number: int) -> list[RowError]:
    sheet = next((s for s in batch.sheets if s.src == number), None)
    unread = [RowError(one.file, one.sheet.sheet, r.row_no, r.column, r.code, r.message) for r in one.sheet.refused]
    return [*unread, *(errors_of(batch.connection, sheet, number, limit=None) if sheet else [])]


def _described(error: RowError) -> dict[str, object]:
    return {
        "file_name": error.file,
        "sheet": error.sheet,
        "row_no": error.row,
        "column": error.column,
        "code": error.code,
        "message_zh": error.message.zh,
        "message_en": error.message.en,
    }


def _cells(one: Recognised, number: int) -> str:
    """SQL of the cells of a sheet's refused rows, by their headings."""
    named = ", ".join(f"{quote_text(name)}, c{at}" for at, name in enumerate(one.sheet.header))
    return (
        f"SELECT {quote_text(one.file)} AS file_name, {quote_text(one.sheet.sheet)} AS sheet, row_no, CAST(json_object({named}) AS VARCHAR) AS cells "
        f"FROM {one.sheet.cells} SEMI JOIN (SELECT row_no FROM refused_rows WHERE src = {number}) USING (row_no)"
    )


def _keep_cells(connection: Connection, place: Path, cells: str) -> None:
    temporary = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    with storage_errors(place):
        place.parent.mkdir(exist_ok=True)
        run(connection, f"COPY ({cells}) TO {quote_text(str(temporary))} (FORMAT parquet, COMPRESSION zstd)")
        temporary.chmod(0o600)
        sync(temporary)
        temporary.rename(place)
        sync(place.parent)


def _json_rows(path: Path, kinds: Mapping[str, str]) -> str:
    """SQL that reads a file of one JSON object a line."""
    listed = ", ".join(f"{quote_text(name)}: '{kind}'" for name, kind in kinds.items())
    return f"read_json({quote_text(str(path))}, format = 'newline_delimited', columns = {{{listed}}}, maximum_object_size = 100000000)"


def keep_record(
    connection: Connection, writer: Writer, work: Path, load_id: int, sources: Sequence[Source], report: LoadReport
) -> None:
    """The load's own record: one row a file."""
    rows = work / "load.json"
    with rows.open("w", encoding="utf-8") as handle:
        for source in sources:
            record = {"load_id": load_id, **_told_of(source, report, alone=len(sources) == 1)}
            handle.write(json.dumps(record, ensure_ascii=False) + "\n")
    append(
        connection,
        writer,
        table_named("loads"),
        f"SELECT * REPLACE (timezone('UTC', CAST(loaded_at AS TIMESTAMP)) AS loaded_at), now() AS known_at FROM {_json_rows(rows, _LOAD)}",
    )


def _told_of(source: Source, report: LoadReport, *, alone: bool) -> dict[str, object]:
    """What the record says of one file of a load."""
    parts = [part for part in report.parts if part.file == source.name]
    sheets = [saved.as_dict(part.mapping) for part in parts if part.mapping]
    warnings = [asdict(words) for words in report.warnings if f"“{source.name}”" in words.zh or alone]
    return {
        "loaded_at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        "file_name": source.name,
        "fingerprint": source.fingerprint,
        "mapping": json.dumps({"exported_at": source.exported_at, "sheets": sheets}, ensure_ascii=False),
        "tables": ", ".join(sorted(report.tables)),
        **{name: sum(getattr(part, name) for part in parts) for name in COUNTS},
        "warnings": json.dumps(warnings, ensure_ascii=False),
    }
