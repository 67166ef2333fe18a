"""Erase a person 删除: everything that names them goes, everywhere; every total stays, since facts know no names.

What goes: their rows of ``contacts``, their cells in the files of the inbox and in quarantine, their traces in free text of every version of every
table, in mappings, reports and the app's database. What stays: orders and all else that is counted, under a number that nobody can trace back, and
a keyed digest that stops re-imports and is applied after each restore.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kexiao.cycle.customers import Opened, numbers_of
from kexiao.cycle.erasing import scrub_files, scrub_inbox, scrub_quarantine, scrub_tables, sweep_temporary
from kexiao.cycle.merging import Forest
from kexiao.cycle.traces import find_traces
from kexiao.engine import audit
from kexiao.engine.duck import Connection, connect, run
from kexiao.engine.folder import Folder
from kexiao.engine.store import Store, Writer
from kexiao.errors import WrongUse
from kexiao.sources.inbox import Source, workplace
from kexiao.sources.mapping.outcome import COUNTS, LoadReport
from kexiao.sources.mapping.plan import SheetMapping
from kexiao.sources.scrubbing import scrub_load, scrubbed_path
from kexiao.tables.catalogue import table_named
from kexiao.tables.contact_files import contacts_query
from kexiao.tables.erased import FILE, Entry, digest, read_erased, read_list, ref_token, write_erased
from kexiao.tables.identity import drop_contacts_of, use_key
from kexiao.tables.person import Person, without_way
from kexiao.text import Text

Progress = Callable[[Text], None]


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure did: the customers' numbers, rows of contacts, files of the inbox rewritten, quarantined rows emptied, table files rewritten,
    the snapshot after it, ``traces``: files in which something of the person is left (with why they were left), and archives made before that hold them."""

    customers: tuple[int, ...]
    contacts: int
    files: int
    quarantined: int
    table_files: int
    snapshot: str
    traces: tuple[str, ...]
    older_backups: tuple[str, ...]


def person_of(at: Opened, given: str) -> tuple[Person, tuple[int, ...]]:
    """The person that someone asks about, under all their numbers, and numbers of others who share a phone or e-mail with them and stay.

    All numbers merged into one customer are the person; so are records that a source knew by nothing but their phone or e-mail, without another name.
    """
    found = numbers_of(at, given)
    if not found:
        raise WrongUse(
            Text(zh="没有找到这位客户。", en="No such customer was found."),
            next_step=Text(
                zh="请用客户编号、来源编号、手机号或邮箱。",
                en="Give our number, the source's id, a phone or an e-mail.",
            ),
        )
    groups = {at.forest.survivor(number) for number in found}
    if len(groups) > 1:
        from kexiao.cycle.customers import customer_named

        customer_named(at, given)
    numbers = set(at.forest.members(groups.pop()))
    return _gathered(at, numbers)


def _gathered(at: Opened, numbers: set[int]) -> tuple[Person, tuple[int, ...]]:
    contacts = contacts_query(at.folder)
    rows = _related(at.connection, contacts, numbers)
    own = [row for row in rows if row[0] in numbers]
    names = {row[2] for row in own if row[2]}
    values = {(way, row[at_]) for row in own for way, at_ in (("phone", 3), ("email", 4), ("wechat", 5)) if row[at_]}
    for row in rows:
        nameless = row[2] is None or row[2] in names
        made_of_it = any(row[1] == f"{way}:{value}" for way, value in values)
        if row[0] not in numbers and made_of_it and nameless:
            numbers = {*numbers, int(row[0])}
    own = [row for row in rows if row[0] in numbers]
    others = [row for row in rows if row[0] not in numbers]
    phones, emails, wechats = (
        frozenset(str(row[place]) for row in own if row[place]) - {row[place] for row in others} for place in (3, 4, 5)
    )
    person = Person(
        frozenset(numbers),
        phones,
        emails,
        wechats,
        without_way(row[1] for row in own),
        frozenset(row[2] for row in own if row[2]),
        frozenset(row[6] for row in own if row[6]),
    )
    return person, tuple(sorted({int(row[0]) for row in others}))


def _related(connection: Connection, contacts: str, numbers: set[int]) -> list[tuple[Any, ...]]:
    """Contacts of some numbers and of whoever shares a phone, e-mail or WeChat id with them."""
    listed = ", ".join(map(str, sorted(numbers)))
    columns = "customer_id, source_id, name, phone, email, wechat, CAST(birthday AS VARCHAR)"
    shared = " OR ".join(
        f"({way} IS NOT NULL AND {way} IN (SELECT {way} FROM ({contacts}) WHERE customer_id IN ({listed})))"
        for way in ("phone", "email", "wechat")
    )
    return run(
        connection,
        f"SELECT {columns} FROM ({contacts}) WHERE customer_id IN ({listed}) OR {shared} ORDER BY customer_id",
    )


def erase(folder: Folder, given: str, *, who: str | None = None, on_progress: Progress | None = None) -> Erasure:
    """Erase the person that ``given`` names (our number, the source's id, a phone or an e-mail).

    A run that is killed can be run again: the list of the erased is written first, the contacts go last. Errors: ``WrongUse``, ``Ambiguous``,
    ``StorageError``.
    """
    by, tell = who or audit.system_user(), on_progress or (lambda _: None)
    store = Store(folder.data)
    with workplace(folder) as work, store.writing("erase", on_wait=lambda: tell(store.busy())) as writer:
        with _asked(folder, writer, work) as at:
            person, _ = person_of(at, given)
            refs = _refs(at, person)
        return _erase(folder, writer, work, person, refs, by, tell)


@contextmanager
def _asked(folder: Folder, writer: Writer, work: Path) -> Iterator[Opened]:
    """A workspace opened for questions inside the one that writes to it."""
    connection = connect(work / "questions")
    try:
        forest = Forest.read(connection, writer.store, writer.base)
        yield Opened(folder, connection, writer.store, writer.base, forest)
    finally:
        connection.close()


def _refs(at: Opened, person: Person) -> list[tuple[str, str, int]]:
    """(origin, ref, number) under which the sources know the person."""
    listed = ", ".join(map(str, sorted(person.customers)))
    rows = run(
        at.connection,
        f"SELECT origin, source_id, customer_id FROM ({contacts_query(at.folder)}) WHERE customer_id IN ({listed}) AND source_id IS NOT NULL",
    )
    return [(str(row[0]), str(row[1]), int(row[2])) for row in rows]


def _erase(
    folder: Folder,
    writer: Writer,
    work: Path,
    person: Person,
    refs: Sequence[tuple[str, str, int]],
    by: str,
    tell: Progress,
) -> Erasure:
    _remember(folder, work, person, refs, by)
    tell(Text(zh="改写 inbox 中的文件…", en="Rewriting files of the inbox…"))
    scrubbed = scrub_inbox(folder, writer, work, person)
    known = person.and_also(scrubbed.person)
    if scrubbed.aliases or known.customers != person.customers:
        _remember(folder, work, replace(known, names=frozenset()), (), by, scrubbed.aliases)
    tell(Text(zh="改写隔离的行与各版本的数据表…", en="Rewriting quarantined rows and every version of the tables…"))
    quarantined = scrub_quarantine(folder, work, known)
    scrub_files(folder, known)
    snapshot, rewritten = scrub_tables(folder, writer, work, known)
    connection = connect(work / "contacts")
    contacts = drop_contacts_of(connection, folder, sorted(known.customers))
    connection.close()
    sweep_temporary(folder, work)
    audit.record(
        folder.root,
        "erase",
        who=by,
        customers=[str(number) for number in sorted(known.customers)],
        contacts=contacts,
        files=len(scrubbed.files),
    )
    tell(Text(zh="核对是否还有残留…", en="Looking for what is left…"))
    traces = [
        trace for trace in find_traces(folder.root, known.needles()) if not trace.startswith(f"data/_tmp/{work.name}")
    ]
    return Erasure(
        tuple(sorted(known.customers)),
        contacts,
        len(scrubbed.files),
        quarantined,
        rewritten,
        snapshot,
        tuple(traces),
        tuple(sorted(path.name for path in (folder.root / "backups").glob("*.zip"))),
    )


def _remember(
    folder: Folder,
    work: Path,
    person: Person,
    refs: Iterable[tuple[str, str, int]],
    by: str,
    aliases: Mapping[int, int] | None = None,
) -> None:
    """Put the person on the list: numbers, digests, aliases; once, however often it is called."""
    listed = list(read_erased(folder).entries)
    connection = connect(work / "numbers")
    use_key(connection, folder)
    led = dict(aliases or {})
    for origin, ref, number in refs:
        made = int(run(connection, "SELECT person(?, ?)", [origin, ref_token(folder, ref)])[0][0])
        if made != number:
            led[made] = number
    connection.close()
    ways = (("phone", person.phones), ("email", person.emails), ("wechat", person.wechats))
    digests = sorted(digest(folder, way, value) for way, values in ways for value in values)
    known = read_erased(folder)
    if person.customers <= known.customers and set(digests) <= known.digests and led.keys() <= known.aliases.keys():
        return
    now = datetime.now(UTC).isoformat(timespec="seconds")
    listed.append(Entry(now, by, tuple(sorted(person.customers)), tuple(digests), led))
    write_erased(folder, listed)


def apply_erasures(folder: Folder, living: Path | None = None, *, on_progress: Progress | None = None) -> int:
    """Erase again whoever is on the list, for a workspace that came back from a backup; returns how many people were there again.

    ``living``: the workspace in use, whose list may be longer than the backup's. Erasures lifted since are lifted here too.
    """
    newer = read_list(living / FILE).entries if living else ()
    ours = read_erased(folder).entries
    known = {(one.erased_at, one.customers): one for one in ours}
    known.update({(one.erased_at, one.customers): one for one in newer})
    if not known:
        return 0
    entries = sorted(known.values(), key=lambda one: (one.erased_at, one.customers))
    write_erased(folder, entries)
    tell, back = on_progress or (lambda _: None), 0
    store = Store(folder.data)
    for one in entries:
        if one.lifted_at is not None:
            continue
        with workplace(folder) as work, store.writing("erase again") as writer:
            with _asked(folder, writer, work) as at:
                person, _ = _gathered(at, set(one.customers))
                refs = _refs(at, person)
            if refs:
                back += 1
                _erase(folder, writer, work, person, refs, one.by, tell)
    return back


def told_before(
    folder: Folder, writer: Writer, work: Path, sources: list[Source], kept: Callable[[], object]
) -> tuple[list[Source], LoadReport | None]:
    """Leave out files that a load holds already and that lost an erased person's cells since: reading them again could only bring the person back.

    Returns the other files, and what is to be said of these: every row that counted is known already. Their copies in the inbox go, for which
    ``kept`` waits until they are there. Without erasures nothing is done.
    """
    if not (folder.root / FILE).exists():
        return sources, None
    kept()
    again = [source for source in sources if scrubbed_path(folder, source.fingerprint).exists()]
    if not again:
        return sources, None
    connection = connect(work / "again")
    sql = writer.store.table_query(writer.base, "loads", table_named("loads").stored_columns)
    columns = "fingerprint, rows_read, rows_loaded + rows_duplicate, rows_quarantined, rows_skipped"
    rows = {row[0]: tuple(map(int, row[1:])) for row in run(connection, f"SELECT {columns} FROM ({sql})")}
    connection.close()
    known = [source for source in again if source.fingerprint in rows]
    for source in known:
        for path in folder.inbox.glob(f"{source.fingerprint}*"):
            path.unlink()
    if not known:
        return sources, None
    read, twice, refused, skipped = (sum(rows[one.fingerprint][place] for one in known) for place in range(4))
    words = Text(
        zh="“{file}”导入过，其中有人已被删除，不再重新读取。",
        en="“{file}” was loaded before and names someone who was erased since; it is not read again.",
    )
    warnings = tuple(words.fill(file=one.name) for one in known)
    told = LoadReport(None, writer.base.name, read, 0, refused, twice, skipped, warnings)
    return [one for one in sources if one not in known], told


def scrub_again(folder: Folder, work: Path, sources: Sequence[Source], mappings: Sequence[SheetMapping]) -> int:
    """After a load that named erased people: its files in the inbox and its refused rows lose their cells; returns how many files did."""
    person = Person(frozenset(read_erased(folder).customers))
    done = scrub_load(folder, work, sources, mappings, person)
    met = replace(done.person, phones=frozenset(), emails=frozenset(), wechats=frozenset())
    _remember(folder, work, met, (), "re-import", done.aliases)
    scrub_quarantine(folder, work, done.person)
    return len(done.files)


def lift(folder: Folder, given: str, *, who: str | None = None) -> int:
    """Let someone be stored again who came back of their own will, named by customer number, phone, e-mail or ``origin:id``; returns how many entries were lifted."""
    by = who or audit.system_user()
    with workplace(folder) as work:
        connection = connect(work / "spill")
        use_key(connection, folder)
        origin, colon, ref = given.partition(":")
        pairs = [(origin, ref)] if colon else [("file", given)]
        numbers = {int(run(connection, "SELECT person(?, ?)", list(pair))[0][0]) for pair in pairs}
        connection.close()
    numbers |= {int(given)} if given.isdigit() and len(given) < 20 else set()
    digests = {digest(folder, way, given) for way in ("phone", "email", "wechat")}
    now, lifted, listed = datetime.now(UTC).isoformat(timespec="seconds"), 0, []
    for one in read_erased(folder).entries:
        hit = one.lifted_at is None and (numbers & set(one.customers) or digests & set(one.digests))
        lifted += bool(hit)
        listed.append(replace(one, lifted_at=now) if hit else one)
    if not lifted:
        raise WrongUse(
            Text(zh="名单中没有这个人。", en="This person is not on the list of the erased."),
            next_step=Text(zh="用 kexiao privacy list 查看名单。", en="See the list with: kexiao privacy list"),
        )
    write_erased(folder, listed)
    audit.record(folder.root, "lift_erasure", who=by, entries=lifted)
    return lifted


def together(report: LoadReport, told: LoadReport | None) -> LoadReport:
    """A load's report with what is to be said of the files that were not read again."""
    if told is None:
        return report
    counts = {name: getattr(report, name) + getattr(told, name) for name in COUNTS}
    return replace(report, **counts, warnings=told.warnings + report.warnings)
