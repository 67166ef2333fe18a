"""Who was erased: their numbers and keyed digests, never what they were called; stops re-imports and is applied after each restore.

A customer number is itself a keyed hash of origin and source id. Where a file of the inbox is kept without the person's cells, a token stands in
place of their id, and ``aliases`` lead from the token's number to the person's, so that a load put in again gives the same orders to the same number.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kexiao.engine.folder import Folder
from kexiao.engine.posix import write_durably
from kexiao.errors import IntegrityFailed, Place
from kexiao.text import Text

FILE = "erased.json"
TOKEN = "erased-"
MASKED_PHONE = "****"
WAYS = ("phone", "email", "wechat")


@dataclass(frozen=True, slots=True)
class Entry:
    """One erasure: when (UTC, ISO), by whom, the customers' numbers, digests of what only they were known by, and aliases (token's number → number).

    ``lifted_at``: the person came back of their own will and may be stored again.
    """

    erased_at: str
    by: str
    customers: tuple[int, ...]
    digests: tuple[str, ...]
    aliases: Mapping[int, int]
    lifted_at: str | None = None


@dataclass(frozen=True, slots=True)
class Erased:
    """Every erasure of a workspace."""

    entries: tuple[Entry, ...]

    @property
    def customers(self) -> set[int]:
        """The numbers of which nothing personal may be stored."""
        return {number for entry in self.entries if entry.lifted_at is None for number in entry.customers}

    @property
    def digests(self) -> set[str]:
        """Digests of phones, e-mails and WeChat ids that may not be stored."""
        return {text for entry in self.entries if entry.lifted_at is None for text in entry.digests}

    @property
    def aliases(self) -> dict[int, int]:
        """From tokens' numbers to customers' numbers, of every erasure, lifted or not: the files keep their tokens."""
        return {token: number for entry in self.entries for token, number in entry.aliases.items()}


def read_erased(folder: Folder) -> Erased:
    """The erasures of a workspace. Errors: ``IntegrityFailed`` for a damaged list, since loading without it could bring people back."""
    return read_list(folder.root / FILE)


def read_list(path: Path) -> Erased:
    """The erasures in one file; none where there is no file."""
    if not path.exists():
        return Erased(())
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))["erased"]
        return Erased(tuple(_entry(one) for one in listed))
    except (ValueError, KeyError, TypeError) as problem:
        raise IntegrityFailed(
            Text(zh="已删除人员的名单已损坏。", en="The list of erased people is damaged."),
            next_step=Text(zh="从备份恢复该文件。", en="Restore this file from a backup."),
            place=Place(file=path.name),
        ) from problem


def write_erased(folder: Folder, entries: Iterable[Entry]) -> None:
    """Write the whole list, durably."""
    listed = [
        {
            "erased_at": one.erased_at,
            "by": one.by,
            "customers": [str(number) for number in one.customers],
            "digests": list(one.digests),
            "aliases": {str(token): str(number) for token, number in one.aliases.items()},
            "lifted_at": one.lifted_at,
        }
        for one in entries
    ]
    path = folder.root / FILE
    write_durably(path, json.dumps({"erased": listed}, indent=1).encode())
    path.chmod(0o600)


def _entry(one: Mapping[str, Any]) -> Entry:
    return Entry(
        one["erased_at"],
        one["by"],
        tuple(int(number) for number in one["customers"]),
        tuple(one["digests"]),
        {int(token): int(number) for token, number in one["aliases"].items()},
        one["lifted_at"],
    )


def digest(folder: Folder, way: str, value: str) -> str:
    """The keyed digest of a phone, e-mail or WeChat id; ``digest_sql`` gives the same."""
    return hashlib.sha256(folder.key() + b"\x1f" + way.encode() + b"\x1f" + value.lower().encode()).hexdigest()[:32]


def digest_sql(way: str, column: str) -> str:
    """SQL of the keyed digest of a column, in a connection prepared by ``use_key``."""
    return f"substr(sha256(getvariable('customer_key') || chr(31) || '{way}' || chr(31) || lower({column})), 1, 32)"


def token(folder: Folder, value: str) -> str:
    """What stands in place of an id: the same for the same id, of no use without the key.

    Errors: none. A phone's token is ``phone_token``, an e-mail's ``email_token``, so that each is still read as one.
    """
    return TOKEN + hmac.new(folder.key(), b"token\x1f" + value.encode(), hashlib.sha256).hexdigest()[:16]


def phone_token(folder: Folder, value: str) -> str:
    """What stands in place of a phone: masked digits that no phone has."""
    number = int(hmac.new(folder.key(), b"phone\x1f" + value.encode(), hashlib.sha256).hexdigest()[:12], 16)
    return f"{MASKED_PHONE}{number % 10**10:010d}"


def email_token(folder: Folder, value: str) -> str:
    """What stands in place of an e-mail address; the domain .invalid is reserved (RFC 2606)."""
    return f"{token(folder, value)}@erased.invalid"


def ref_token(folder: Folder, ref: str) -> str:
    """The token of whatever tells a customer apart: an id, or ``phone:``, ``email:``, ``name:`` with its value."""
    way, colon, value = ref.partition(":")
    if colon and way == "phone":
        return f"phone:{phone_token(folder, value)}"
    if colon and way == "email":
        return f"email:{email_token(folder, value)}"
    if colon and way == "name":
        return f"name:{token(folder, value)}"
    return token(folder, ref)
