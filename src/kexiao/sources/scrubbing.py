"""Files of the inbox without one person's cells: read once more, emptied where they speak of the person, kept as staged sheets.

The staged sheets take the file's place: whatever its format was, putting the load in again gives the same rows, row numbers and refusals. Only the
person's cells are gone; a token stands where an id stood, so that the rows stay those of one customer, whom nobody can name any more.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from kexiao.engine.duck import Connection, connect, quote_text, run
from kexiao.engine.folder import Folder
from kexiao.engine.posix import storage_errors, sync
from kexiao.errors import KexiaoError
from kexiao.sources.files.reading import finished_reading, read_file, same_reading
from kexiao.sources.files.staged import StagedSheet, sheet_from_json, sheet_to_json
from kexiao.sources.inbox import Source
from kexiao.sources.mapping.batch import Batch, BatchSheet
from kexiao.sources.mapping.plan import SheetMapping
from kexiao.sources.mapping.preparing import Recognised, recognise_file, type_sheet
from kexiao.sources.mapping.typed import Surroundings
from kexiao.sources.resuming import take_over
from kexiao.tables.contact_files import contacts_query
from kexiao.tables.erased import WAYS, digest_sql, email_token, phone_token, ref_token, token
from kexiao.tables.identity import use_key
from kexiao.tables.person import Person, without_way

SCRUBBED = "scrubbed"
MASK = "***"
_IDS = frozenset({"customer_id", "link_id", "parent", "value"})
_PERSONAL = {"customer_name": "names", "phone": "phones", "email": "emails", "wechat": "wechats"}


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """What became of the files of one load: those rewritten (fingerprints), rows emptied, the person as the files knew them, and aliases of tokens."""

    files: tuple[str, ...]
    rows: int
    person: Person
    aliases: Mapping[int, int]


def scrubbed_path(folder: Folder, fingerprint: str) -> Path:
    """Where a file lies once it was scrubbed."""
    return folder.inbox / SCRUBBED / f"{fingerprint}.zip"


def original_path(folder: Folder, fingerprint: str) -> Path | None:
    """The file of a fingerprint as it lies in the inbox now, scrubbed or as it came; None where it is gone."""
    scrubbed = scrubbed_path(folder, fingerprint)
    return scrubbed if scrubbed.exists() else next(iter(sorted(folder.inbox.glob(f"{fingerprint}*"))), None)


def read_sheets(source: Source, work: Path, *, on_share: Callable[[float], None] | None = None) -> list[StagedSheet]:
    """The sheets of a file of the inbox: read in the capped child, as a killed load had read them, or as they were kept when the file was scrubbed.

    ``on_share`` is told how much of it is read, where that can be told.
    """
    if source.path.parent.name != SCRUBBED:
        same = same_reading(source.path, source.name)
        done = finished_reading(work) if take_over(work.parent.parent, same, work) else None
        return done or read_file(source.path, work, original_name=source.name, on_share=on_share)
    with storage_errors(source.path), zipfile.ZipFile(source.path) as kept:
        work.mkdir(parents=True, exist_ok=True)
        described = json.loads(kept.read("sheets.json"))
        for one in described:
            name = Path(one["parquet"]).name
            (work / name).write_bytes(kept.read(name))
    return [sheet_from_json(one, work) for one in described]


def scrub_load(
    folder: Folder, work: Path, sources: Sequence[Source], mappings: Sequence[SheetMapping], person: Person
) -> Scrubbed:
    """Take a person out of the files of one load, with the mappings that it was read by; files that do not speak of them stay as they are."""
    work.mkdir(parents=True, exist_ok=True)
    connection = connect(work / "spill")
    try:
        use_key(connection, folder)
        recognised = [
            one
            for number, source in enumerate(sources)
            for one in _recognised(connection, folder, source, work / f"f{number}", mappings)
        ]
        batch, known = _batch(connection, folder, work, sources, recognised)
        found = {number: _rows_of(folder, batch, sheet, person) for number, sheet in known.items()}
        for told in found.values():
            person = person.and_also(told.person)
        person = _without_others(connection, folder, person)
        return _rewrite(connection, folder, work, sources, recognised, known, found, person)
    finally:
        connection.close()


def _without_others(connection: Connection, folder: Folder, person: Person) -> Person:
    """The person without phones, e-mails and WeChat ids that somebody else holds as well."""
    customers = ", ".join(map(str, sorted(person.customers))) or "NULL"
    kept = {}
    for way, name in zip(WAYS, ("phones", "emails", "wechats"), strict=True):
        values = getattr(person, name)
        if values:
            listed = ", ".join(quote_text(value) for value in sorted(values))
            sql = f"SELECT {way} FROM ({contacts_query(folder)}) WHERE {way} IN ({listed}) AND customer_id NOT IN ({customers})"
            kept[name] = values - {str(row[0]) for row in run(connection, sql)}
    return replace(person, **kept)


def _recognised(
    connection: Connection, folder: Folder, source: Source, work: Path, mappings: Sequence[SheetMapping]
) -> list[Recognised]:
    try:
        sheets = read_sheets(source, work)
    except KexiaoError:
        return []
    try:
        return recognise_file(connection, source.name, sheets, folder.root / "mappings", mappings)
    except KexiaoError:
        return [Recognised(source.name, sheet, None, new=False) for sheet in sheets]


def _batch(
    connection: Connection, folder: Folder, work: Path, sources: Sequence[Source], recognised: Sequence[Recognised]
) -> tuple[Batch, dict[int, BatchSheet]]:
    """The sheets that can be typed, by their place among ``recognised``."""
    zone = ZoneInfo(folder.timezone)
    around = Surroundings(zone, datetime.now(zone).date(), folder.currency)
    exported = {source.name: source.exported_at for source in sources}
    known = {}
    for number, one in enumerate(recognised):
        if one.mapping is None:
            continue
        try:
            typed = type_sheet(connection, one, work / "mappings", around, work / f"t{number}.parquet")
        except KexiaoError:
            continue
        known[number] = BatchSheet(number, one.file, exported[one.file], typed)
    batch = Batch(connection, work, around, tuple(known.values()), {})
    batch.begin()
    batch.make_links()
    return batch, known


@dataclass(frozen=True, slots=True)
class _Rows:
    """The person's rows of one sheet, what the sheet calls them, and (origin, ref, number) of each way it names them."""

    numbers: tuple[int, ...]
    person: Person
    refs: tuple[tuple[str, str, int], ...]


def _rows_of(folder: Folder, batch: Batch, sheet: BatchSheet, person: Person) -> _Rows:
    """Rows that name one of the person's numbers, or hold what only they are known by."""
    fields = {field.name for field in sheet.mapping.sheet_kind.fields}
    customers = ", ".join(map(str, sorted(person.customers))) or "NULL"
    own_number = f"_person IN ({customers})"
    # A row of somebody known otherwise stays theirs, whatever phone it gives; the phone itself is masked in it.
    strange = f"_person NOT IN (SELECT customer_id FROM ({contacts_query(folder)}))"
    tests = []
    for way, values in zip(WAYS, (person.phones, person.emails, person.wechats), strict=True):
        if way in fields:
            listed = ", ".join(quote_text(value.lower()) for value in sorted(values)) or "NULL"
            tests.append(f"lower({way}) IN ({listed})")
            tests.append(f"list_contains(getvariable('erased_digests'), {digest_sql(way, way)})")
    shown = ", ".join(name if name in fields else f"CAST(NULL AS VARCHAR) AS {name}" for name in _PERSONAL)
    birthday = "CAST(birthday AS VARCHAR)" if "birthday" in fields else "CAST(NULL AS VARCHAR)"
    matched = " OR ".join(f"coalesce({test}, false)" for test in tests) or "false"
    where = f"coalesce({own_number}, false) OR (({matched}) AND coalesce({strange}, true))"
    rows = run(
        batch.connection,
        f"SELECT row_no, _origin, _ref, _person, {shown}, {birthday} FROM ({batch.sheet_rows(sheet)}) WHERE {where} ORDER BY row_no",
    )
    told = {
        place: frozenset(str(row[4 + at]) for row in rows if row[4 + at]) for at, place in enumerate(_PERSONAL.values())
    }
    met = frozenset(int(row[3]) for row in rows if row[3] is not None)
    refs = {(str(row[1]), str(row[2]), int(row[3])) for row in rows if row[3] is not None}
    own = Person(
        met,
        source_ids=without_way(ref for _, ref, _ in refs),
        birthdays=frozenset(str(row[8]) for row in rows if row[8]),
        **told,
    )
    numbers = {int(row[0]) for row in rows} | _refused_rows(batch, sheet, person.and_also(own))
    return _Rows(tuple(sorted(numbers)), own, tuple(sorted(refs)))


def _refused_rows(batch: Batch, sheet: BatchSheet, person: Person) -> set[int]:
    """Rows that were refused, and so belong to nobody, but hold what the person is known by."""
    mapped = sheet.mapping.columns
    tests = []
    for name, values in (
        ("customer_id", person.source_ids),
        ("link_id", person.source_ids),
        ("phone", person.phones),
        ("email", person.emails),
    ):
        if name in mapped and values:
            tests.append(
                f"coalesce(lower({name}) IN ({', '.join(quote_text(v.lower()) for v in sorted(values))}), false)"
            )
    if not tests:
        return set()
    sql = f"SELECT row_no FROM {batch.parquet(sheet)} WHERE _code IS NOT NULL AND ({' OR '.join(tests)})"
    return {int(row[0]) for row in run(batch.connection, sql)}


def _rewrite(
    connection: Connection,
    folder: Folder,
    work: Path,
    sources: Sequence[Source],
    recognised: Sequence[Recognised],
    known: Mapping[int, BatchSheet],
    found: Mapping[int, _Rows],
    person: Person,
) -> Scrubbed:
    files: list[str] = []
    rows, aliases = 0, {}
    for source in sources:
        places = [number for number, one in enumerate(recognised) if one.file == source.name]
        emptied = {n: _speaking(connection, recognised[n], found.get(n), n in known, person) for n in places}
        named = any(found[n].numbers for n in places if n in found)
        if not named and not any(emptied.values()):
            continue
        kept: list[Mapping[str, object]] = []
        for number in places:
            out = work / f"s{number}.parquet"
            own = found[number].numbers if number in found else ()
            _write_sheet(connection, folder, recognised[number], emptied[number] | set(own), set(own), person, out)
            kept.append({**sheet_to_json(recognised[number].sheet), "parquet": out.name})
            rows += len(set(own))
            for origin, ref, customer in found[number].refs if number in found else ():
                aliases[_number(connection, origin, ref_token(folder, ref))] = customer
        _keep(folder, source, work, kept)
        files.append(source.fingerprint)
    return Scrubbed(tuple(files), rows, person, aliases)


def _number(connection: Connection, origin: str, ref: str) -> int:
    return int(run(connection, "SELECT person(?, ?)", [origin, ref])[0][0])


def _speaking(connection: Connection, one: Recognised, rows: _Rows | None, typed: bool, person: Person) -> set[int]:
    """Rows that speak of the person in some cell, beside those that are theirs."""
    patterns = person.patterns() + person.name_patterns()
    if not patterns or not one.sheet.header:
        return set()
    pattern = quote_text("|".join(f"({each})" for each in patterns))
    cells = " OR ".join(f"coalesce(regexp_matches(c{i}, {pattern}), false)" for i in range(len(one.sheet.header)))
    sql = f"SELECT row_no FROM {one.sheet.cells} WHERE {cells}"
    return {int(row[0]) for row in run(connection, sql)}


def _write_sheet(
    connection: Connection,
    folder: Folder,
    one: Recognised,
    touched: set[int],
    own: set[int],
    person: Person,
    out: Path,
) -> None:
    """The sheet with the person's own rows emptied of what is personal or not read, and their traces elsewhere masked."""
    connection.execute("CREATE OR REPLACE TEMP TABLE own_rows (row_no BIGINT)")
    connection.execute("CREATE OR REPLACE TEMP TABLE touched_rows (row_no BIGINT)")
    for name, numbers in (("own_rows", own), ("touched_rows", touched)):
        if numbers:
            connection.execute(f"INSERT INTO {name} SELECT unnest(?)", [sorted(numbers)])
    by_column = {column: name for name, column in one.mapping.columns.items()} if one.mapping else {}
    _make_tokens(connection, folder, one, by_column, own)
    shown = []
    for place, heading in enumerate(one.sheet.header):
        cell, field = f"t.c{place}", by_column.get(heading)
        theirs = _own_cell(cell, one, field, person)
        shown.append(
            f"CASE WHEN t.row_no IN (SELECT row_no FROM own_rows) THEN {theirs} "
            f"WHEN t.row_no IN (SELECT row_no FROM touched_rows) THEN {_other_cell(cell, one, field, person)} ELSE {cell} END AS c{place}"
        )
    listed = ", ".join(["t.row_no", *shown])
    run(
        connection,
        f"COPY (SELECT {listed} FROM {one.sheet.cells} AS t ORDER BY t.row_no) "
        f"TO {quote_text(str(out))} (FORMAT parquet, COMPRESSION zstd)",
    )


def _make_tokens(
    connection: Connection, folder: Folder, one: Recognised, by_column: Mapping[str, str], own: set[int]
) -> None:
    """The table ``tokens`` (cell, token): what takes the place of ids in the person's rows; a phone or e-mail is an id where the sheet has no other."""
    connection.execute("CREATE OR REPLACE TEMP TABLE tokens (field VARCHAR, cell VARCHAR, token VARCHAR)")
    if not own:
        return
    has_id = "customer_id" in by_column.values()
    makers: dict[str, Callable[[Folder, str], str]] = {"customer_id": token, "link_id": token}
    if not has_id:
        makers |= {"phone": phone_token, "email": email_token, "customer_name": token}
    for place, heading in enumerate(one.sheet.header):
        name = by_column.get(heading)
        if name is None or name not in makers:
            continue
        sql = f"SELECT DISTINCT c{place} FROM {one.sheet.cells} SEMI JOIN own_rows USING (row_no) WHERE c{place} IS NOT NULL"
        for (cell,) in run(connection, sql):
            made = makers[name](folder, _as_read(name, str(cell)))
            connection.execute("INSERT INTO tokens VALUES (?, ?, ?)", [name, cell, made])


def _as_read(name: str, cell: str) -> str:
    """A cell as the reader of its field gives it, so that one id has one token however it is written."""
    from kexiao.sources.mapping.values.names import read_email, read_key, read_phone

    reader = {"phone": read_phone, "email": read_email}.get(name, read_key)
    return reader(cell).value or cell


def _own_cell(cell: str, one: Recognised, name: str | None, person: Person) -> str:
    """SQL of a cell in one of the person's rows."""
    if name is None or one.mapping is None:
        return "CAST(NULL AS VARCHAR)"
    field = one.mapping.sheet_kind.field_named(name)
    if name in ("parent", "value"):
        return _other_cell(cell, one, name, person)
    if field is not None and field.personal:
        return f"(SELECT max(k.token) FROM tokens AS k WHERE k.field = {quote_text(name)} AND k.cell = {cell})"
    return _other_cell(cell, one, name, person)


def _other_cell(cell: str, one: Recognised, name: str | None, person: Person) -> str:
    """SQL of a cell elsewhere: what only the person is known by is masked, their name where people write freely; keys and amounts stay."""
    field = one.mapping.sheet_kind.field_named(name) if one.mapping and name else None
    if field is not None and field.reads not in ("text", "free_text") and not field.personal:
        return cell
    shown = cell
    for pattern in person.patterns():
        shown = f"regexp_replace({shown}, {quote_text(pattern)}, '{MASK}', 'g')"
    if field is None or field.reads == "free_text":
        for pattern in person.name_patterns():
            # A cell that is nothing but the name may be another person of that name.
            plain = quote_text(pattern)
            shown = f"CASE WHEN regexp_full_match(trim({shown}), {plain}) THEN {shown} ELSE regexp_replace({shown}, {plain}, '{MASK}', 'g') END"
    return shown


def _keep(folder: Folder, source: Source, work: Path, sheets: Sequence[Mapping[str, object]]) -> None:
    """Put the staged sheets in the file's place; the file itself goes last."""
    target = scrubbed_path(folder, source.fingerprint)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    with storage_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as kept:
                kept.writestr("sheets.json", json.dumps(sheets, ensure_ascii=False))
                for sheet in sheets:
                    kept.write(work / str(sheet["parquet"]), str(sheet["parquet"]))
            temporary.chmod(0o600)
            sync(temporary)
            temporary.rename(target)
        finally:
            temporary.unlink(missing_ok=True)
        sync(target.parent)
        for path in folder.inbox.glob(f"{source.fingerprint}*"):
            path.unlink()
        sync(folder.inbox)


def unrecorded(folder: Folder, fingerprints: set[str]) -> list[Path]:
    """Files of the inbox that no load names any more: taken back, refused, or never loaded."""
    return [
        path
        for path in sorted(folder.inbox.glob("*"))
        if path.is_file() and path.name.split(".")[0] not in fingerprints
    ]


def as_source(path: Path, name: str) -> Source:
    """A file of the inbox, for reading it once more."""
    return Source(path, name, path.name.split(".")[0], datetime.now(UTC).isoformat())


__all__ = [
    "Scrubbed",
    "as_source",
    "original_path",
    "read_sheets",
    "scrub_load",
    "scrubbed_path",
    "unrecorded",
]
