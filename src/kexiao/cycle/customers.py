"""Customers one by one: find one by what people know of them, and what we hold of them, masked unless it may be read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from kexiao.cycle.merging import Forest
from kexiao.engine import audit
from kexiao.engine.duck import Connection, connect, run
from kexiao.engine.folder import Folder
from kexiao.engine.store import Snapshot, Store
from kexiao.errors import Ambiguous, NotPermitted, WrongUse
from kexiao.sources.inbox import workplace
from kexiao.tables.catalogue import table_named
from kexiao.tables.contact_files import contacts_query
from kexiao.text import Text

_NUMBER = re.compile(r"\d{1,19}")
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Known:
    """What one source says of a person; masked unless it was read with permission."""

    customer_id: int
    origin: str
    source_id: str | None
    name: str | None
    phone: str | None
    email: str | None
    wechat: str | None
    birthday: str | None
    gender: str | None


@dataclass(frozen=True, slots=True)
class Profile:
    """One customer: the number that stands for it, all its numbers, what sources say of it, and what is on file without personal data."""

    customer_id: int
    members: tuple[int, ...]
    contacts: tuple[Known, ...]
    on_file: tuple[tuple[Text, str], ...]
    revealed: bool

    @property
    def name(self) -> str | None:
        """The name, as shown."""
        return next((one.name for one in self.contacts if one.name), None)


@dataclass(frozen=True)
class Opened:
    """A workspace opened for questions about customers."""

    folder: Folder
    connection: Connection
    store: Store
    snapshot: Snapshot
    forest: Forest

    def table(self, name: str) -> str:
        """SQL of one table as the sources gave it."""
        return self.store.table_query(self.snapshot, name, table_named(name).stored_columns)


@contextmanager
def opened(folder: Folder, as_of: str | None = None) -> Iterator[Opened]:
    """Open a workspace to ask about customers."""
    store = Store(folder.data)
    snapshot = store.as_of(as_of)
    with workplace(folder) as work:
        connection = connect(work / "spill", threads=2)
        try:
            yield Opened(folder, connection, store, snapshot, Forest.read(connection, store, snapshot))
        finally:
            connection.close()


def may_read(folder: Folder) -> bool:
    """Whether whoever runs the program may read personal data: the owner of the workspace's folder, who is its administrator."""
    return os.geteuid() in (0, folder.root.stat().st_uid)


def refuse_reading(folder: Folder) -> None:
    """Errors: ``NotPermitted`` (10) for anybody but the folder's owner."""
    if not may_read(folder):
        raise NotPermitted(
            Text(
                zh="只有工作区文件夹的所有者可以读取个人信息。",
                en="Only the owner of the workspace's folder may read personal data.",
            ),
            next_step=Text(
                zh="请所有者来做，或在网页端用有权限的账号查看。",
                en="Ask the owner, or use the web app with a role that may.",
            ),
        )


def numbers_of(at: Opened, given: str) -> list[int]:
    """The customer numbers that someone may mean: our own number, ``origin:id``, the source's id, a phone or an e-mail."""
    text = given.strip()
    found: set[int] = set()
    if _NUMBER.fullmatch(text) and int(text) <= _LARGEST:
        rows = run(
            at.connection, f"SELECT customer_id FROM ({at.table('customers')}) WHERE customer_id = ?", [int(text)]
        )
        found |= {int(row[0]) for row in rows}
    if found:
        return sorted(found)
    origin, _, rest = text.partition(":")
    digits = re.sub(r"\D", "", text)
    sql = (
        f"SELECT DISTINCT customer_id FROM ({contacts_query(at.folder)}) WHERE source_id = ? OR (origin = ? AND source_id = ?) "
        "OR lower(email) = lower(?) OR (length(?) >= 7 AND regexp_replace(phone, '[^0-9]', '', 'g') IN (?, ?))"
    )
    local = digits[-11:] if len(digits) >= 11 else digits
    return [
        int(row[0])
        for row in run(at.connection, f"{sql} ORDER BY 1", [text, origin, rest, text, digits, digits, local])
    ]


def customer_named(at: Opened, given: str) -> int:
    """The one customer that is meant, as the source gave it (not its survivor).

    Errors: ``WrongUse`` where there is none, ``Ambiguous`` where several customers match, naming their numbers.
    """
    found = numbers_of(at, given)
    if not found:
        raise WrongUse(
            Text(zh="没有找到这位客户。", en="No such customer was found."),
            next_step=Text(
                zh="请用客户编号、来源编号（或 来源:编号）、手机号或邮箱。",
                en="Give our number, the source's id (or origin:id), a phone or an e-mail.",
            ),
        )
    if len(found) > 1:
        raise Ambiguous(
            Text(zh="有 {n} 个客户编号符合：{all}。", en="{n} customer numbers match: {all}.").fill(
                n=len(found), all=", ".join(map(str, found[:8]))
            ),
            next_step=Text(
                zh="请用其中一个编号；确为同一人时先合并：kexiao customers merge …",
                en="Use one of the numbers; if they are one person, merge them first: kexiao customers merge …",
            ),
        )
    return found[0]


def one_of(at: Opened, given: str) -> int:
    """The customer that is meant, where several numbers of one merged customer are no doubt; the survivor's number."""
    found = {at.forest.survivor(number) for number in numbers_of(at, given)}
    return found.pop() if len(found) == 1 else at.forest.survivor(customer_named(at, given))


def profile(at: Opened, customer: int, *, reveal: bool = False, who: str | None = None) -> Profile:
    """What is held of one customer. With ``reveal`` personal data are shown as they are, and the reading is logged."""
    survivor = at.forest.survivor(customer)
    members = at.forest.members(survivor)
    if reveal:
        refuse_reading(at.folder)
        audit.record(at.folder.root, "read_personal", who=who, table="contacts", customer=str(survivor))
    return Profile(
        survivor, tuple(members), tuple(known(at, members, reveal=reveal)), _on_file(at, survivor, members), reveal
    )


def known(at: Opened, members: Sequence[int], *, reveal: bool) -> list[Known]:
    """What the sources say of some customers, one row a source."""
    listed = ", ".join(map(str, members))
    rows = run(
        at.connection,
        f"SELECT customer_id, origin, source_id, name, phone, email, wechat, CAST(birthday AS VARCHAR), gender FROM ({contacts_query(at.folder)}) "
        f"WHERE customer_id IN ({listed}) ORDER BY customer_id, origin",
    )
    found = [Known(int(row[0]), *row[1:]) for row in rows]
    return found if reveal else [masked(one) for one in found]


def names_of(at: Opened, numbers: Sequence[int], *, reveal: bool = False) -> dict[int, str]:
    """The names of several customers (by survivor) at once, masked unless they may be read."""
    of = {member: number for number in numbers for member in at.forest.members(number)}
    found: dict[int, str] = {}
    for one in known(at, sorted(of), reveal=reveal) if of else []:
        if one.name:
            found.setdefault(of[one.customer_id], one.name)
    return found


def masked(one: Known) -> Known:
    """A person's data as whoever may not read them sees them."""
    return Known(
        one.customer_id,
        one.origin,
        mask_id(one.source_id),
        mask_name(one.name),
        mask_phone(one.phone),
        mask_email(one.email),
        mask_id(one.wechat),
        one.birthday and "****-**-**",
        one.gender and "*",
    )


def mask_name(name: str | None) -> str | None:
    """The first letter of a name.

    >>> mask_name("张小红"), mask_name("Ann Lee")
    ('张**', 'A**')
    """
    return name and f"{name[0]}**"


def mask_phone(phone: str | None) -> str | None:
    """The first three and the last two digits of a mobile number; of others the first only.

    >>> mask_phone("13812345678")
    '138******78'
    """
    if not phone:
        return phone
    return f"{phone[:3]}{'*' * 6}{phone[-2:]}" if re.fullmatch(r"1\d{10}", phone) else f"{phone[:1]}{'*' * 6}"


def mask_email(email: str | None) -> str | None:
    """The first letter of an e-mail address.

    >>> mask_email("ann@example.com")
    'a***@***'
    """
    return email and f"{email[0]}***@***"


def mask_id(text: str | None) -> str | None:
    """An id that a source gave: its first letter, or by what it was made (phone:, email:, name:).

    >>> mask_id("C00123"), mask_id("phone:13812345678")
    ('C***', 'phone:***')
    """
    if not text:
        return text
    way, colon, _ = text.partition(":")
    return f"{way}:***" if colon and way in ("phone", "email", "name") else f"{text[0]}***"


def _on_file(at: Opened, survivor: int, members: Sequence[int]) -> tuple[tuple[Text, str], ...]:
    """The columns of ``customers`` that hold something, the survivor's first."""
    table = table_named("customers")
    shown = [column for column in table.columns if column.kind != "customer"]
    names = ", ".join(f"CAST({column.name} AS VARCHAR)" for column in shown)
    listed = ", ".join(map(str, members))
    rows = run(
        at.connection,
        f"SELECT {names} FROM ({at.table('customers')}) WHERE customer_id IN ({listed}) ORDER BY customer_id <> {survivor}, customer_id",
    )
    found = []
    for place, column in enumerate(shown):
        values = [str(row[place]) for row in rows if row[place] is not None]
        if values:
            earliest = min(values) if column.name in ("acquired_on", "registered_on") else values[0]
            found.append((column.label, earliest))
    return tuple(found)
