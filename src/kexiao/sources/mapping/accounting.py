"""What became of every row of a load: loaded, quarantined, duplicate or skipped, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from kexiao.engine.duck import Connection, run
from kexiao.errors import IntegrityFailed
from kexiao.sources.mapping.batch import Batch, BatchSheet
from kexiao.sources.mapping.orders import has_lines
from kexiao.sources.mapping.outcome import COUNTS, LoadReport, PartReport, RowError
from kexiao.sources.mapping.preparing import Recognised
from kexiao.sources.mapping.refusals import reason
from kexiao.sources.mapping.shaping import NOT_STORED
from kexiao.tables.loading import Merged
from kexiao.text import Text

SHOWN_ERRORS = 1000


def account(
    batch: Batch, recognised: Sequence[Recognised], merged: Sequence[Merged]
) -> tuple[list[PartReport], list[RowError]]:
    """What became of each sheet's rows, and why rows were refused: every row read is loaded, quarantined, duplicate or skipped."""
    by_sheet = {sheet.src: sheet for sheet in batch.sheets}
    fates = _fates(batch.connection, batch, merged)
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
                _tell_twice(batch, merged, one.file, number)
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
        errors += errors_of(batch.connection, sheet, number) if sheet else []
    return parts, errors


def report_of(
    load_id: int,
    warnings: Sequence[Text],
    merged: Sequence[Merged],
    parts: Sequence[PartReport],
    errors: Sequence[RowError],
) -> LoadReport:
    """The report of a load. Errors: ``IntegrityFailed`` where its rows do not add up, before anything becomes visible."""
    counts = {name: sum(getattr(part, name) for part in parts) for name in COUNTS}
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
    return LoadReport(
        load_id,
        "",
        **counts,
        warnings=tuple(dict.fromkeys(warnings)),
        errors=tuple(errors[:SHOWN_ERRORS]),
        parts=tuple(parts),
        tables=tables,
    )


def _tell_twice(batch: Batch, merged: Sequence[Merged], file: str, src: int) -> None:
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


def errors_of(connection: Connection, sheet: BatchSheet, src: int, limit: int | None = SHOWN_ERRORS) -> list[RowError]:
    """Why rows of a sheet were refused, in its order; ``limit``: the first so many."""
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
