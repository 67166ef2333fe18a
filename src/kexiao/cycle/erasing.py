"""How each part of a workspace loses a person: files of the inbox, quarantined rows, every version of every table, mappings, reports, the app's records."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from kexiao.cycle.traces import scrub_sqlite, traces_in
from kexiao.engine import audit
from kexiao.engine.delta import align_delta_log
from kexiao.engine.duck import Connection, connect, quote_name, quote_text, run
from kexiao.engine.folder import Folder
from kexiao.engine.posix import storage_errors, sync, write_durably
from kexiao.engine.store import PartFile, Snapshot, TableVersion, Writer, read_snapshot, write_snapshot
from kexiao.errors import Place
from kexiao.sources.inbox import Source
from kexiao.sources.mapping import saved
from kexiao.sources.mapping.plan import SheetMapping
from kexiao.sources.scrubbing import Scrubbed, as_source, original_path, scrub_load, unrecorded
from kexiao.tables.catalogue import all_tables, table_named
from kexiao.tables.description import Table
from kexiao.tables.person import Person

MASK = "***"
# Where people write freely: there a name is masked too.
_FREE = frozenset(
    {
        "note",
        "comment",
        "evidence",
        "reason",
        "message_zh",
        "message_en",
        "warnings",
        "file_name",
        "mapping",
        "title",
        "kept",
    }
)
_TEXT_FILES = ("mappings", "reports", "initiatives", "scorecards", "playbook")
_RECORDS = frozenset({"loads", "quarantined"})


def scrub_inbox(folder: Folder, writer: Writer, work: Path, person: Person) -> Scrubbed:
    """Every load's files without the person's cells; files that no load names and that speak of them go."""
    connection = connect(work / "loads")
    sql = writer.store.table_query(writer.base, "loads", table_named("loads").stored_columns)
    loads: dict[int, list[tuple[str, str, str]]] = {}
    for load, name, fingerprint, mapping in run(
        connection, f"SELECT load_id, file_name, fingerprint, mapping FROM ({sql}) ORDER BY 1, 2"
    ):
        loads.setdefault(int(load), []).append((name, fingerprint, mapping))
    connection.close()
    files: list[str] = []
    rows = 0
    aliases: dict[int, int] = {}
    for load, recorded in loads.items():
        sources, mappings = sources_of(folder, recorded)
        done = scrub_load(folder, work / f"load{load}", sources, mappings, person)
        person, rows = person.and_also(done.person), rows + done.rows
        files += done.files
        aliases.update(done.aliases)
        shutil.rmtree(work / f"load{load}", ignore_errors=True)
    for number, path in enumerate(unrecorded(folder, {f for recorded in loads.values() for _, f, _ in recorded})):
        if _speaks_of(folder, path, work / f"loose{number}", person):
            path.unlink()
            files.append(path.name)
    return Scrubbed(tuple(files), rows, person, aliases)


def sources_of(folder: Folder, recorded: Sequence[tuple[str, str, str]]) -> tuple[list[Source], list[SheetMapping]]:
    """The files of a load as they lie in the inbox (those that are gone left out), and how they were read."""
    sources, mappings = [], []
    for name, fingerprint, mapping in recorded:
        record = json.loads(mapping)
        path = original_path(folder, fingerprint)
        if path is not None:
            sources.append(Source(path, name, fingerprint, record["exported_at"]))
        mappings += [saved.from_dict(document, None, Place()) for document in record["sheets"]]
    return sources, mappings


def _speaks_of(folder: Folder, path: Path, work: Path, person: Person) -> bool:
    """Whether a file that no load names speaks of the person, in its bytes or once it is read."""
    if traces_in(path, person.needles()):
        return True
    done = scrub_load(folder, work, [as_source(path, path.name)], [], person)
    return bool(done.files)


def scrub_quarantine(folder: Folder, work: Path, person: Person) -> int:
    """Empty the quarantined rows that speak of the person."""
    connection = connect(work / "quarantine")
    patterns = person.patterns() + person.name_patterns() + [_whole(text) for text in sorted(person.source_ids)]
    if not patterns:
        return 0
    pattern = quote_text("|".join(f"({each})" for each in patterns))
    emptied = 0
    for path in sorted((folder.root / "quarantine").glob("*.parquet")):
        source = f"read_parquet({quote_text(str(path))})"
        hit = f"regexp_matches(CAST(cells AS VARCHAR), {pattern})"
        count = int(run(connection, f"SELECT count(*) FILTER ({hit}) FROM {source}")[0][0])
        if not count:
            continue
        emptied += count
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        with storage_errors(path):
            run(
                connection,
                f"COPY (SELECT * REPLACE (CASE WHEN {hit} THEN '{{}}' ELSE cells END AS cells) FROM {source}) TO {quote_text(str(temporary))} (FORMAT parquet, COMPRESSION zstd)",
            )
            temporary.chmod(0o600)
            sync(temporary)
            temporary.rename(path)
            sync(path.parent)
    connection.close()
    return emptied


def _whole(text: str) -> str:
    """A cell of quarantined JSON that is nothing but this text."""
    return f'"{re.escape(text)}"'


def scrub_files(folder: Folder, person: Person) -> None:
    """Mappings, reports and decisions, which are text; and the app's own database."""
    patterns = [re.compile(p) for p in person.patterns() + person.name_patterns()]
    for name in _TEXT_FILES:
        for path in sorted((folder.root / name).rglob("*")):
            if not path.is_file() or path.suffix not in (".toml", ".html", ".json", ".md", ".csv", ".txt", ".svg"):
                continue
            text = path.read_text(encoding="utf-8", errors="surrogateescape")
            changed = text
            for pattern in patterns:
                changed = pattern.sub(MASK, changed)
            if changed != text:
                write_durably(path, changed.encode("utf-8", "surrogateescape"))
    for path in sorted(folder.root.glob("*.sqlite3")):
        scrub_sqlite(path, person.needles())
    _scrub_sources(folder, person)


def _scrub_sources(folder: Folder, person: Person) -> None:
    """What connectors keep of their systems: pages not yet loaded are fetched anew; the person's ids go from the lists of what was loaded."""
    sources = folder.data / "_sources"
    for walk in sources.glob("*/*/walk"):
        shutil.rmtree(walk, ignore_errors=True)
    # Pushed answers come once only, so only those that speak of the person go.
    for pushed in sources.glob("*/*/_push/*.json"):
        if traces_in(pushed, person.needles()):
            pushed.unlink()
    listed = ", ".join(quote_text(text) for text in sorted(person.source_ids))
    for path in sources.rglob("*.parquet") if listed else ():
        connection = connect(folder.data / "_tmp")
        source = f"read_parquet({quote_text(str(path))})"
        if "id" in {row[0] for row in run(connection, f"DESCRIBE SELECT * FROM {source}")}:
            temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
            with storage_errors(path):
                run(
                    connection,
                    f"COPY (SELECT * FROM {source} WHERE id NOT IN ({listed})) TO {quote_text(str(temporary))} (FORMAT parquet, COMPRESSION zstd)",
                )
                temporary.chmod(0o600)
                sync(temporary)
                temporary.rename(path)
        connection.close()


def scrub_tables(folder: Folder, writer: Writer, work: Path, person: Person) -> tuple[str, int]:
    """Mask the person in the text of every file that any snapshot names; the files get new names, and each snapshot names those."""
    store = writer.store
    connection = connect(work / "tables")
    done: dict[str, PartFile] = {}
    for path, part in store.named_files().items():
        table = all_tables().get(path.split("/", 1)[0])
        if table is not None and (new := _scrub_part(connection, writer, table, part, person)):
            done[path] = new
    connection.close()
    if not done:
        return writer.base.name, 0
    for file in [*map(store.path, store.numbers()), *sorted(store.retired.glob("s[0-9]*.json"))]:
        snapshot = read_snapshot(file)
        if any(part.path in done for part in snapshot.files()):
            write_snapshot(file, replace(snapshot, tables={n: _with(v, done) for n, v in snapshot.tables.items()}))
    current = store.current()
    for name, version in current.tables.items():
        align_delta_log(store.data / name, version.columns, {p.path.split("/", 1)[1]: p for p in version.files})
    # A new number, so that whoever holds the newest snapshot open asks again.
    fresh = Snapshot(
        current.number + 1,
        datetime.now(UTC).isoformat(),
        "erase",
        current.tables,
        current.number,
        audit.head(folder.root),
    )
    write_snapshot(store.path(fresh.number), fresh)
    writer.base = fresh
    for old in done:
        (store.data / old).unlink(missing_ok=True)
    shutil.rmtree(store.data / "_facts", ignore_errors=True)
    return fresh.name, len(done)


def _with(version: TableVersion, done: dict[str, PartFile]) -> TableVersion:
    return replace(version, files=tuple(done.get(part.path, part) for part in version.files))


def _scrub_part(
    connection: Connection, writer: Writer, table: Table, part: PartFile, person: Person
) -> PartFile | None:
    """One file written anew with the person's traces masked; None where there are none. Keys stay: they are what rows are counted by."""
    source = f"read_parquet({quote_text(str(writer.store.data / part.path))})"
    there = {row[0] for row in run(connection, f"DESCRIBE SELECT * FROM {source}")}
    masks = {}
    for column in table.columns:
        free = column.name in _FREE
        if (
            column.name not in there
            or column.kind != "text"
            or (column.name in table.key and table.name not in _RECORDS)
        ):
            continue
        patterns = person.patterns() + (person.name_patterns() if free else [])
        if patterns:
            masks[column.name] = quote_text("|".join(f"({each})" for each in patterns))
    if not masks:
        return None
    hit = " OR ".join(
        f"coalesce(regexp_matches({quote_name(name)}, {pattern}), false)" for name, pattern in masks.items()
    )
    if not run(connection, f"SELECT 1 FROM {source} WHERE {hit} LIMIT 1"):
        return None
    shown = ", ".join(
        f"regexp_replace({quote_name(name)}, {pattern}, '{MASK}', 'g') AS {quote_name(name)}"
        for name, pattern in masks.items()
    )
    return writer.write(
        connection,
        table.name,
        [(n, k) for n, k in table.stored_columns if n in there],
        f"SELECT * REPLACE ({shown}) FROM {source}",
    )


def sweep_temporary(folder: Folder, work: Path) -> None:
    """Folders of runs that died may hold what they read."""
    for left in (folder.data / "_tmp").glob("*"):
        if left.name != work.name and left.is_dir() and not left.name.startswith(f"load-{os.getpid()}-"):
            shutil.rmtree(left, ignore_errors=True)
