"""The pages of a finished walk → one Parquet file of records, each once, and one of deletions, which load as files do."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kexiao.engine.duck import Connection, quote_name, quote_text, run
from kexiao.engine.posix import sync
from kexiao.errors import Ambiguous, InputRejected, Place
from kexiao.sources.connecting.cells import written
from kexiao.sources.connecting.connector import SourcePlan, Thing, Walk
from kexiao.sources.connecting.staging import Progress, Staging
from kexiao.sources.files.header import clean_name, unique_names
from kexiao.sources.mapping import saved
from kexiao.sources.mapping.withdrawing import TABLES
from kexiao.text import Text

LARGEST_RECORD = 64 * 1024**2
DELETED = ("record_kind", "record_id", "origin", "withdrawn_at")


@dataclass(frozen=True, slots=True)
class Batch:
    """What one walk brings: the files to load and the mapping for them, records read more than once, ids to take out, what to tell."""

    files: tuple[Path, ...]
    mapping: Path
    repeated: int
    deleted: tuple[str, ...]
    told: tuple[Text, ...]


def make_batch(
    connection: Connection, plan: SourcePlan, thing: Thing, staging: Staging, walk: Walk, progress: Progress
) -> Batch:
    """Bring a finished walk into the form of files, in the walk's own folder.

    Of a record that was read several times the last reading counts. Errors: ``InputRejected`` where a column of the mapping never came,
    ``Ambiguous`` where too many records have vanished.
    """
    columns = list(dict.fromkeys([*thing.columns, *progress.columns]))
    place = Place(file=plan.file)
    if walk.mode == "all" and progress.rows:
        _refuse_unknown(thing, progress, place)
    names = dict(zip(columns, unique_names([clean_name(name) for name in columns]), strict=True))
    _records(connection, staging, thing, columns)
    base = f"{plan.name}.{thing.name}"
    files, repeated = [], 0
    if progress.rows:
        path = staging.walk_folder / f"{base}.parquet"
        shown = ", ".join(f"{quote_name(name)} AS {quote_name(names[name])}" for name in columns)
        kept = int(_copy(connection, f"SELECT {shown} FROM records ORDER BY n", path))
        repeated = progress.rows - kept
        files.append(path)
    deleted, told = _deletions(connection, thing, staging, walk, place)
    if deleted:
        path = staging.walk_folder / f"{base}.deleted.parquet"
        _write_deletions(connection, thing, deleted, path)
        files.append(path)
    return Batch(
        tuple(files), _mapping(thing, names, staging, place), repeated, tuple(record for record, _ in deleted), told
    )


def _records(connection: Connection, staging: Staging, thing: Thing, columns: Sequence[str]) -> None:
    """The table ``records`` (n, columns): each record once, as it was read last."""
    pages = staging.pages()
    struct = ", ".join(f"{quote_name(name)} VARCHAR" for name in columns)
    listed = ", ".join(quote_text(str(path)) for path in pages)
    shown = ", ".join(f"r.{quote_name(name)} AS {quote_name(name)}" for name in columns)
    source = (
        f"SELECT n, {shown} FROM read_json([{listed}], format = 'newline_delimited', maximum_object_size = {LARGEST_RECORD}, "
        f"columns = {{'n': 'BIGINT', 'r': {quote_text(f'STRUCT({struct})')}}}) WHERE n IS NOT NULL"
    )
    if thing.id:
        one = f"coalesce({quote_name(thing.id)}, chr(0) || n)"
        source = f"SELECT * FROM ({source}) QUALIFY row_number() OVER (PARTITION BY {one} ORDER BY n DESC) = 1"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE records AS {source}")


def new_records(connection: Connection, staging: Staging, thing: Thing, number: int) -> int:
    """How many records a round of the walk brought that no earlier round did."""
    assert thing.id
    listed = ", ".join(quote_text(str(path)) for path in staging.pages())
    struct = quote_text(f"STRUCT({quote_name(thing.id)} VARCHAR)")
    source = (
        f"SELECT round, r.{quote_name(thing.id)} AS id FROM read_json([{listed}], format = 'newline_delimited', maximum_object_size = {LARGEST_RECORD}, "
        f"columns = {{'n': 'BIGINT', 'round': 'BIGINT', 'r': {struct}}}) WHERE n IS NOT NULL"
    )
    return int(
        run(
            connection,
            f"SELECT count(*) FROM (SELECT id FROM ({source}) WHERE id IS NOT NULL GROUP BY id HAVING min(round) = {number})",
        )[0][0]
    )


def _copy(connection: Connection, sql: str, path: Path) -> int:
    temporary = path.with_suffix(".tmp")
    rows = run(connection, f"COPY ({sql}) TO {quote_text(str(temporary))} (FORMAT parquet, COMPRESSION zstd)")[0][0]
    sync(temporary)
    temporary.rename(path)
    return int(rows)


def _refuse_unknown(thing: Thing, progress: Progress, place: Place) -> None:
    unknown = [name for name in thing.columns if name not in progress.columns]
    if unknown:
        raise InputRejected(
            Text(
                zh="[objects.{thing}] 要读的列 {names} 从未出现；来源有：{there}。",
                en="[objects.{thing}] reads {names}, which never came; the source has: {there}.",
            ).fill(thing=thing.name, names=", ".join(unknown), there=", ".join(progress.columns)[:600]),
            next_step=Text(
                zh="请改正 columns 后重试。",
                en="Correct columns and try again.",
            ),
            place=place,
        )


def _deletions(
    connection: Connection, thing: Thing, staging: Staging, walk: Walk, place: Place
) -> tuple[list[tuple[str, str]], tuple[Text, ...]]:
    """(id, when) of the records to take out, and what is to be told of them."""
    stated = dict(staging.deleted())
    read = set()
    if stated and thing.id:
        listed = ", ".join(quote_text(record) for record in stated)
        sql = f"SELECT {quote_name(thing.id)} FROM records WHERE {quote_name(thing.id)} IN ({listed})"
        read = {row[0] for row in run(connection, sql)}
    # A record that was read in this walk and deleted before it was restored in between. The deletion counts from this walk on, by our clock:
    # the source's may be behind the time that its rows were known at.
    deleted = [
        (record, written(walk.started_at))
        for record, at in stated.items()
        if record not in read or (at is not None and at >= walk.started_at)
    ]
    told = []
    missed = _missed(connection, thing, staging, walk, set(stated))
    if missed and thing.missing == "withdraw":
        _refuse_mass_loss(connection, thing, staging, len(missed), place)
        deleted += [(record, written(walk.started_at)) for record in missed]
    elif missed and thing.missing == "tell":
        told.append(_TELL_MISSED.fill(thing=thing.name, n=len(missed)))
    if deleted and thing.mapping["kind"] not in TABLES:
        told.append(_TELL_UNABLE.fill(thing=thing.name, n=len(deleted)))
    return deleted, tuple(told)


_TELL_MISSED = Text(
    zh='完整读取 [objects.{thing}] 时有 {n} 条已导入的记录不再出现，仍保留；若即为删除，请设置 missing = "withdraw"。',
    en='A complete reading of [objects.{thing}] no longer finds {n} loaded records; they are kept. If they were deleted, set missing = "withdraw".',
)
_TELL_UNABLE = Text(
    zh="[objects.{thing}] 有 {n} 条记录在来源被删除，但这种表没有逐条编号，无法撤下。",
    en="{n} records of [objects.{thing}] were deleted at the source, but rows of this kind have no ids and cannot be taken out.",
)


def _missed(connection: Connection, thing: Thing, staging: Staging, walk: Walk, stated: set[str]) -> list[str]:
    if walk.mode != "all" or not thing.id or not staging.ledger.exists():
        return []
    ledger = f"read_parquet({quote_text(str(staging.ledger))})"
    found = run(
        connection,
        f"SELECT l.id FROM {ledger} AS l ANTI JOIN records AS r ON r.{quote_name(thing.id)} = l.id ORDER BY 1",
    )
    return [row[0] for row in found if row[0] not in stated]


def _refuse_mass_loss(connection: Connection, thing: Thing, staging: Staging, missed: int, place: Place) -> None:
    known = int(run(connection, f"SELECT count(*) FROM read_parquet({quote_text(str(staging.ledger))})")[0][0])
    if missed > max(20, thing.missing_share * known):
        raise Ambiguous(
            Text(
                zh="[objects.{thing}] 已导入的 {known} 条记录中有 {n} 条不再出现，可能是权限或筛选变了，未导入。",
                en="Of {known} records of [objects.{thing}] that were loaded, {n} are no longer there; a permission or a filter may have changed. Nothing was loaded.",
            ).fill(thing=thing.name, known=known, n=missed),
            next_step=Text(
                zh="若确已删除，请调高 missing_share（现为 {share}）后重试；否则请恢复权限。",
                en="If they were deleted, raise missing_share (now {share}) and try again; else restore the permission.",
            ).fill(share=f"{thing.missing_share:g}"),
            place=place,
        )


def _write_deletions(connection: Connection, thing: Thing, deleted: Sequence[tuple[str, str]], path: Path) -> None:
    lines = path.with_suffix(".ndjson")
    origin = thing.mapping["options"]["origin"]
    kind = thing.mapping["kind"]
    with lines.open("w", encoding="utf-8") as handle:
        for record, at in sorted(deleted):
            handle.write(json.dumps([kind, record, origin, at], ensure_ascii=False) + "\n")
    shown = ", ".join(
        f"json_extract_string(j, '$[{at}]') AS {quote_name('kexiao:' + name)}" for at, name in enumerate(DELETED)
    )
    _copy(connection, f"SELECT {shown} FROM read_ndjson_objects({quote_text(str(lines))}) AS t(j)", path)
    lines.unlink()


def _mapping(thing: Thing, names: Mapping[str, str], staging: Staging, place: Place) -> Path:
    """The mapping file of the batch, as the loading of files reads it."""
    columns = {field: names[column] for field, column in thing.mapping["columns"].items()}
    document = {**thing.mapping, "columns": columns}
    mapping = saved.from_dict(document, tuple(names.values()), place)
    path = staging.walk_folder / "mapping.toml"
    path.write_text(saved.as_toml(replace(mapping, header=tuple(names.values()))), encoding="utf-8")
    return path


def keep_ledger(connection: Connection, thing: Thing, staging: Staging, deleted: Sequence[str]) -> None:
    """Bring the ledger of ids to what is loaded now; the table ``records`` is still there from ``make_batch``."""
    if not thing.id:
        return
    parts = [f"SELECT DISTINCT {quote_name(thing.id)} AS id FROM records WHERE {quote_name(thing.id)} IS NOT NULL"]
    if staging.ledger.exists():
        parts.append(f"SELECT id FROM read_parquet({quote_text(str(staging.ledger))})")
    connection.execute("CREATE OR REPLACE TEMP TABLE gone (id VARCHAR)")
    if deleted:
        connection.executemany("INSERT INTO gone VALUES (?)", [[record] for record in deleted])
    _copy(connection, f"SELECT id FROM ({' UNION '.join(parts)}) ANTI JOIN gone USING (id) ORDER BY id", staging.ledger)
