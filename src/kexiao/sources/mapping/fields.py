"""How a kind of sheet is described: the fields that it may have, by which words their columns are known, how their cells are read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from kexiao.text import Text

Reads = Literal[
    "key",
    "text",
    "free_text",
    "money",
    "number",
    "rate",
    "instant",
    "date",
    "birthday",
    "phone",
    "email",
    "choice",
    "score",
]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a kind of sheet.

    ``words`` are the headings it is known by in both languages, the best first. A cell of a ``required`` or ``strict`` field that cannot be
    read refuses its row; elsewhere it becomes null with a warning. ``past`` marks instants that cannot lie in the future. ``choices`` gives
    for each canonical value the words for it. ``personal`` cells are never quoted.
    """

    name: str
    reads: Reads
    label: Text
    words: tuple[str, ...]
    required: bool = False
    strict: bool = False
    past: bool = False
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    personal: bool = False


@dataclass(frozen=True, slots=True)
class SheetKind:
    """One kind of sheet, such as an order export.

    ``needs``: of each group at least one field must be there. ``signs`` are the fields that tell this kind from others. Where none of them is there,
    one of the ``stems`` must stand in a heading or in the name of the file or sheet: a day and a customer alone could be anything.
    """

    name: str
    label: Text
    fields: tuple[Field, ...]
    needs: tuple[tuple[str, ...], ...]
    signs: tuple[str, ...]
    stems: tuple[str, ...] = ()

    def field_named(self, name: str) -> Field | None:
        """The field of a name, if this kind has it."""
        return next((one for one in self.fields if one.name == name), None)


_UNITS: dict[str, Decimal] = {
    "元": Decimal(1),
    "人民币": Decimal(1),
    "cny": Decimal(1),
    "rmb": Decimal(1),
    "人民币元": Decimal(1),
    "分": Decimal("0.01"),
    "角": Decimal("0.1"),
    "千元": Decimal(1_000),
    "万元": Decimal(10_000),
    "万": Decimal(10_000),
    "百万元": Decimal(1_000_000),
    "万美元": Decimal(10_000),
    "亿元": Decimal(100_000_000),
    "亿": Decimal(100_000_000),
    "cents": Decimal("0.01"),
    "fen": Decimal("0.01"),
}
CHOSEN_UNITS = ("分", "角", "元", "千元", "万元", "百万元", "亿元")
"""The units that a person can say of a column whose heading names none, or another."""
_CURRENCIES: dict[str, str] = {
    **{
        code.casefold(): code
        for code in (
            "CNY",
            "USD",
            "EUR",
            "GBP",
            "JPY",
            "HKD",
            "TWD",
            "KRW",
            "SGD",
            "AUD",
            "CAD",
            "MYR",
            "THB",
            "BRL",
            "INR",
        )
    },
    "rmb": "CNY",
    "人民币": "CNY",
    "人民币元": "CNY",
    "美元": "USD",
    "万美元": "USD",
    "美金": "USD",
    "欧元": "EUR",
    "英镑": "GBP",
    "日元": "JPY",
    "港币": "HKD",
    "港元": "HKD",
    "新台币": "TWD",
    "台币": "TWD",
    "$": "USD",
    "us$": "USD",
    "€": "EUR",
    "£": "GBP",
}
_LAST_CODE = re.compile(r"(?i)^(.*?[^\W_])[\s_-]+(CNY|RMB|USD|EUR|GBP|JPY|HKD|TWD|KRW|SGD|AUD|CAD)$")
_RANGE = re.compile(r"(?:满分)?\d{1,3}\s*分?(?:\s*[-~—–至到]\s*\d{1,3}\s*分?)?(?:制)?|分|打分|评分")
_LAST_BRACKET = re.compile(r"^(.*?)[(\[【]([^()\[\]【】]*)[)\]】]\s*$")


def normal(heading: str) -> str:
    """A heading without case, spaces, punctuation and width, and without a unit or scale in brackets.

    >>> normal("订单 Id"), normal("ORDER_ID"), normal("金额（万元）"), normal("满意度（1-5分）")
    ('订单id', 'orderid', '金额', '满意度')
    """
    text, _ = _without_unit(heading)
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def unit_of(heading: str) -> Decimal:
    """The unit that a heading names, in yuan (or the currency's main unit); 1 where it names none.

    >>> unit_of("金额（万元）"), unit_of("金额")
    (Decimal('10000'), Decimal('1'))
    """
    return _UNITS.get(_without_unit(heading)[1], Decimal(1))


def worth_of(unit: str) -> Decimal:
    """What one of ``CHOSEN_UNITS`` is worth in yuan (or the currency's main unit).

    >>> worth_of("万元"), worth_of("分")
    (Decimal('10000'), Decimal('0.01'))
    """
    return _UNITS[unit]


def currency_of(heading: str) -> str | None:
    """The currency that a heading names beside its name; None where it names none.

    >>> currency_of("amount (USD)"), currency_of("Amount_EUR"), currency_of("金额（万元）"), currency_of("金额")
    ('USD', 'EUR', None, None)
    """
    return _CURRENCIES.get(_without_unit(heading)[1])


def _without_unit(heading: str) -> tuple[str, str]:
    text = unicodedata.normalize("NFKC", heading)
    found = _LAST_BRACKET.match(text)
    if found and (unit := found[2].strip().casefold()) in _UNITS | _CURRENCIES:
        return found[1], unit
    if found and _RANGE.fullmatch(found[2].strip()):
        return found[1], ""
    if found := _LAST_CODE.match(text):
        return found[1], found[2].casefold()
    for split in ("/", "-", ":"):
        head, _, tail = text.rpartition(split)
        if head and tail.strip().casefold() in ("万元", "千元", "元", "分"):
            return head, tail.strip().casefold()
    return text, ""
