"""Money, numbers and rates as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal

from kexiao.sources.mapping.values.reading import MISSING, NOTHING, Read, plain

Style = Literal["point", "comma"]

_CURRENCIES = {
    "HKD": ("hk$", "hkd", "港币", "港元"),
    "TWD": ("nt$", "twd", "台币", "新台币"),
    "USD": ("us$", "usd", "美元", "美金", "$"),
    "CNY": ("cny", "rmb", "人民币", "¥", "元整", "元", "圆", "yuan"),
    "EUR": ("eur", "欧元", "€"),
    "GBP": ("gbp", "英镑", "£"),
    "JPY": ("jpy", "日元"),
    "KRW": ("krw", "韩元", "₩"),
}
_WORDS = sorted(((word, code) for code, words in _CURRENCIES.items() for word in words), key=lambda pair: -len(pair[0]))
_SCALES = (
    ("百万", Decimal(10**6)),
    ("千万", Decimal(10**7)),
    ("万", Decimal(10**4)),
    ("亿", Decimal(10**8)),
    ("千", Decimal(10**3)),
)
_POINT = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+")
_COMMA = re.compile(r"(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d*)?|,\d+")
_SPACED = re.compile(r"\d{1,3}(?:[ ']\d{3})+(?:[.,]\d*)?")
_SHOWS_COMMA = re.compile(r"^\D*(?:\d{1,3}(?:\.\d{3})+,\d+|\d+,(?:\d{1,2}|\d{4,}))\D*$")
_SHOWS_POINT = re.compile(r"^\D*(?:\d{1,3}(?:,\d{3})+\.\d+|\d+\.(?:\d{1,2}|\d{4,}))\D*$")
_COUNTED = re.compile(r"(件|个|只|盒|瓶|套|张|条|支|台|份|袋|箱|双|本|次|pcs|pc|ea)$", re.IGNORECASE)
LARGEST = Decimal(10**12)
FEN = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """What a whole column decides: decimal point or comma, and the unit its heading names."""

    style: Style = "point"
    unit: Decimal = Decimal(1)


def decimal_style(cells: Iterable[str]) -> Style | None:
    """Whether a column writes decimals with a point or a comma; None where some cells prove the one and some the other.

    A lone ``1.234`` proves nothing and is read with a point.

    >>> decimal_style(["1.234,56", "7,00"]), decimal_style(["1.234"]), decimal_style(["1,234.50", "1.234,50"])
    ('comma', 'point', None)
    """
    comma = point = False
    for cell in cells:
        text = plain(cell)
        comma = comma or bool(_SHOWS_COMMA.match(text))
        point = point or bool(_SHOWS_POINT.match(text))
    if comma and point:
        return None
    return "comma" if comma else "point"


def read_money(raw: str, style: NumberStyle) -> Read:
    """An amount to the fen, half-even; ``extra`` names its currency where it shows one.

    >>> read_money("￥１，２３４．５６元", NumberStyle()).value, read_money("(1,234.00)", NumberStyle()).value, read_money("1.2345万", NumberStyle()).value
    ('1234.56', '-1234.00', '12345.00')
    >>> read_money("0x1F", NumberStyle()).code
    'not_a_number'
    """
    text, currency = _without_currency(plain(raw).replace("，", ","))
    if text.casefold() in NOTHING:
        return MISSING
    number = _number(text, style)
    if number is None:
        return Read(code="scientific" if _scientific(text) else "not_a_number")
    # A cell that says 万 itself says all of it, whatever the heading adds.
    number *= Decimal(1) if any(word in text for word, _ in _SCALES) else style.unit
    if abs(number) > LARGEST:
        return Read(code="too_large")
    exact = number.quantize(FEN, ROUND_HALF_EVEN) + 0
    return Read(value=str(exact), note="rounded" if exact != number else None, extra=currency)


def read_number(raw: str, style: NumberStyle) -> Read:
    """A quantity, with or without a counting word.

    >>> read_number("3件", NumberStyle()).value, read_number("TRUE", NumberStyle()).code
    ('3', 'not_a_number')
    """
    text = _COUNTED.sub("", plain(raw)).strip()
    if text.casefold() in NOTHING:
        return MISSING
    number = _number(text, style)
    if number is None or abs(number) > LARGEST:
        return Read(code="not_a_number" if number is None else "too_large")
    return Read(value=format(number.normalize(), "f"))


def read_rate(raw: str, percent: bool) -> Read:
    """A rate 0–1; ``percent`` says that the column's bare numbers are per cent. ``8.5折`` is 15 % off.

    >>> read_rate("12.5%", False).value, read_rate("8.5折", False).value
    ('0.125', '0.15')
    """
    text = plain(raw)
    if text.casefold() in NOTHING:
        return MISSING
    style = NumberStyle()
    if text.endswith("折"):
        number = _number(text[:-1].strip(), style)
        number = None if number is None else 1 - number / (10 if number <= 10 else 100)
    elif text.endswith("%"):
        number = _number(text[:-1].strip(), style)
        number = None if number is None else number / 100
    else:
        number = _number(text, style)
        number = number / 100 if number is not None and percent else number
    return Read(code="not_a_number") if number is None else Read(value=format(number.normalize(), "f"))


def _without_currency(text: str) -> tuple[str, str | None]:
    found: str | None = None
    sign = "-" if text.startswith("-") else ""
    bare = text[1:].strip() if sign else text
    folded = bare.casefold()
    for word, code in _WORDS:
        if folded.startswith(word):
            bare, found = bare[len(word) :].strip(), code
        elif folded.endswith(word):
            bare, found = bare[: -len(word)].strip(), found or code
        if found:
            break
    if found:
        folded = bare.casefold()
        same = next((w for w in _CURRENCIES[found] if folded.endswith(w)), None)
        bare = bare[: -len(same)].strip() if same else bare
    return sign + bare, found


def _number(text: str, style: NumberStyle) -> Decimal | None:
    bare, negative = _sign(text)
    scale = Decimal(1)
    for word, worth in _SCALES:
        if bare.endswith(word):
            bare, scale = bare[: -len(word)].strip(), worth
            break
    if _SPACED.fullmatch(bare):
        bare = bare.replace(" ", "").replace("'", "")
    pattern = _POINT if style.style == "point" else _COMMA
    if not bare.isascii() or not pattern.fullmatch(bare):
        return None
    digits = bare.replace(",", "") if style.style == "point" else bare.replace(".", "").replace(",", ".")
    if len(digits) > 40:
        return None
    number = Decimal(digits if digits[-1] != "." else digits[:-1]) * scale
    return -number if negative else number


def _sign(text: str) -> tuple[str, bool]:
    if len(text) > 2 and text[0] == "(" and text[-1] == ")":
        return _without_currency(text[1:-1].strip())[0], True
    if text.endswith("-") and len(text) > 1:
        return text[:-1].strip(), True
    if text.startswith("-"):
        return _without_currency(text[1:].strip())[0], True
    return text.removeprefix("+").strip(), False


def _scientific(text: str) -> bool:
    return bool(re.fullmatch(r"[+-]?\d+(\.\d+)?[eE][+-]?\d+", text))
