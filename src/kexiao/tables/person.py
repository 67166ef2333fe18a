"""Everything that tells one person from others, and how it is found again in text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_SHORTEST_ID = 5
_SHORTEST_NAME = 2


@dataclass(frozen=True, slots=True)
class Person:
    """One person under all their numbers: ``customers``, and what only they are known by.

    ``source_ids`` are ids of sources as these gave them. Phones and e-mails that other people hold too are left out, since they are theirs as well.
    """

    customers: frozenset[int]
    phones: frozenset[str] = field(default_factory=frozenset)
    emails: frozenset[str] = field(default_factory=frozenset)
    wechats: frozenset[str] = field(default_factory=frozenset)
    source_ids: frozenset[str] = field(default_factory=frozenset)
    names: frozenset[str] = field(default_factory=frozenset)
    birthdays: frozenset[str] = field(default_factory=frozenset)

    def and_also(self, other: Person) -> Person:
        """Both together."""
        return Person(*(getattr(self, name) | getattr(other, name) for name in self.__slots__))

    def patterns(self) -> list[str]:
        """Regular expressions (RE2 and Python alike) of what only this person is known by: phones however spaced, e-mails, ids that are long enough."""
        found = [
            r"(\+?86[- ]?)?" + "[- ]?".join(phone)
            for phone in sorted(self.phones)
            if phone.isdigit() and len(phone) >= 7
        ]
        found += [f"(?i:{re.escape(text)})" for text in sorted(self.emails)]
        found += [_bounded(text) for text in sorted(self.wechats | self.source_ids) if len(text) >= _SHORTEST_ID]
        return [pattern.replace(r"\-", "-").replace("\\ ", " ") for pattern in found]

    def name_patterns(self) -> list[str]:
        """The names, for text that people wrote."""
        return [re.escape(name) for name in sorted(self.names) if len(name) >= _SHORTEST_NAME]

    def needles(self) -> list[str]:
        """What a search of bytes looks for: everything that is long enough to mean this person."""
        ids = (text for text in self.wechats | self.source_ids if len(text) >= _SHORTEST_ID)
        names = (name for name in self.names if len(name) >= _SHORTEST_NAME)
        return sorted({*self.phones, *self.emails, *ids, *names})


def _bounded(text: str) -> str:
    """An id on its own, not as a part of a longer one."""
    start = r"\b" if re.match(r"\w", text, re.ASCII) else ""
    end = r"\b" if re.search(r"\w$", text, re.ASCII) else ""
    return start + re.escape(text) + end


def without_way(refs: Iterable[str]) -> frozenset[str]:
    """Ids that a source gave, without those made of a phone, an e-mail or a name."""
    return frozenset(ref for ref in refs if ref and not ref.startswith(("phone:", "email:", "name:")))
