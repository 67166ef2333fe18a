"""Keys, phones, e-mails and choices."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence

from kexiao.sources.mapping.values.reading import INVISIBLE, MISSING, NO_KEY, NOTHING, SPACES, Read, plain

_LOST_DIGITS = re.compile(r"\d(\.\d+)?[eE]\+\d+")
_WITH_POINT, _WHOLE = re.compile(r"\d+\.\d+"), re.compile(r"(\d+)\.0+")
_MOBILE = re.compile(r"1[3-9]\d{9}")


def read_key(raw: str) -> Read:
    """An id as text, its zeros kept; what cannot be seen in it is taken out and told.

    >>> read_key("C\\u200b00001"), read_key("2.02512E+15").code
    (Read(value='C00001', code=None, note='invisible', extra=None), 'lost_digits')
    """
    text = raw.translate(SPACES).strip()
    bare = unicodedata.normalize("NFKC", text) if any("\uff00" <= letter <= "\uffef" for letter in text) else text
    bare = bare.translate(INVISIBLE).strip().removeprefix("'")
    if bare.casefold() in NO_KEY:
        return MISSING
    if _LOST_DIGITS.fullmatch(bare):
        return Read(code="lost_digits")
    return Read(value=bare, note="invisible" if bare != raw.strip(" \t").removeprefix("'") else None)


def key_reader(cells: Sequence[str]) -> Callable[[str], Read]:
    """The reader of a column of ids. Where all that have a decimal point are whole numbers, a program took the ids for numbers: 1001.0 is 1001.

    >>> key_reader(["1001.0", "A7"])("１００１.0"), key_reader(["1001.0", "1001.1"])("1001.0").value
    (Read(value='1001', code=None, note='whole', extra=None), '1001.0')
    """
    pointed = [value for cell in cells if (value := read_key(cell).value) and _WITH_POINT.fullmatch(value)]
    if not pointed or not all(map(_WHOLE.fullmatch, pointed)):
        return read_key

    def read(raw: str) -> Read:
        found = read_key(raw)
        whole = _WHOLE.fullmatch(found.value or "")
        return Read(value=whole[1], note="whole") if whole else found

    return read


def read_phone(raw: str) -> Read:
    """A phone number: mobile numbers as eleven digits, others as digits with their dashes.

    >>> read_phone("+86 138-1234-5678").value, read_phone("1.38E+10").code
    ('13812345678', 'lost_digits')
    """
    text = plain(raw).removeprefix("'")
    if text.casefold() in NOTHING:
        return MISSING
    if _LOST_DIGITS.fullmatch(text):
        return Read(code="lost_digits")
    text = text.removesuffix(".0")
    bare = re.sub(r"[\s\-()（）.]", "", text)
    for prefix in ("+86", "0086", "86"):
        if bare.startswith(prefix) and _MOBILE.fullmatch(bare[len(prefix) :]):
            return Read(value=bare[len(prefix) :])
    if _MOBILE.fullmatch(bare):
        return Read(value=bare)
    if re.fullmatch(r"\+?[\d*]{5,15}(转\d+)?", bare):
        return Read(value=text)
    return Read(code="not_a_phone")


def read_email(raw: str) -> Read:
    """An e-mail address, lower case.

    >>> read_email("A@Example.com").value
    'a@example.com'
    """
    text = plain(raw)
    if text.casefold() in NOTHING:
        return MISSING
    if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text):
        return Read(value=text.casefold())
    return Read(code="not_an_email")


def read_choice(raw: str, words: Mapping[str, str]) -> Read:
    """One of the known values by any of its words.

    >>> read_choice("交易成功", {"交易成功": "completed"}).value
    'completed'
    """
    text = plain(raw).casefold()
    if text in NOTHING:
        return MISSING
    found = words.get("".join(letter for letter in text if letter.isalnum()))
    return Read(value=found) if found else Read(code="unknown_choice")
