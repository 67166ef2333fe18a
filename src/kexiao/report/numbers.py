"""How a number is written, in both languages: the one place that report, web, command line and charts share.

Input is a plain value with its unit, as every metric value carries them; output is text. Ratios are 0–1 and shown as per cent,
differences of ratios as points, money with its currency. Rounding is half away from zero on the decimal digits that the value
prints with, as a spreadsheet does. Exact values live in exports and in ``Shown.exact``.

>>> shown(0.684, "ratio", low=0.669, high=0.698, language="en").line
'68.4 % (66.9–69.8)'
>>> show(1234567.891, "money", language="zh"), show(1234567.891, "money", language="en")
('¥123.46 万', '¥1,234,568')
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from kexiao.text import Language, Text, current_language

Number = int | float | Decimal
Better = Literal["higher", "lower", "neither"]
Direction = Literal["up", "down", "flat", "missing"]
Judgement = Literal["better", "worse", "neither", "unsure", "missing"]

MISSING = "—"
MINUS = "−"

SYMBOLS = {
    "CNY": "¥",
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
    "HKD": "HK$",
    "TWD": "NT$",
    "JPY": "JP¥",
    "BRL": "R$",
    "INR": "₹",
}
NO_MINOR_UNIT = {"JPY", "KRW", "VND"}

UNIT_NAMES = {
    "customers": Text(zh="位客户", en="customers"),
    "orders": Text(zh="单", en="orders"),
    "count": Text(zh="个", en="count"),
    "ratio": Text(zh="%", en="%"),
    "percent_points": Text(zh="百分点", en="pp"),
    "money": Text(zh="金额", en="money"),
    "money/order": Text(zh="每单金额", en="money per order"),
    "money/customer": Text(zh="每客金额", en="money per customer"),
    "money/lead": Text(zh="每条线索金额", en="money per lead"),
    "money/person": Text(zh="人均金额", en="money per person"),
    "money/click": Text(zh="每次点击金额", en="money per click"),
    "money/thousand": Text(zh="每千次金额", en="money per thousand"),
    "periods": Text(zh="期", en="periods"),
    "orders/customer": Text(zh="单/客", en="orders per customer"),
    "items/order": Text(zh="件/单", en="items per order"),
    "times": Text(zh="倍", en="times"),
    "score": Text(zh="分", en="points"),
    "nps": Text(zh="分", en="points"),
    "index": Text(zh="分", en="points"),
    "count/lead": Text(zh="次/条线索", en="per lead"),
    "per_100_customers": Text(zh="每百位客户", en="per 100 customers"),
    "per_1000_orders": Text(zh="每千单", en="per 1,000 orders"),
    "days": Text(zh="天", en="days"),
    "hours": Text(zh="小时", en="hours"),
    "months": Text(zh="个月", en="months"),
}

_COUNTS = {"customers", "orders", "count"}
_SPANS = {"days", "hours", "months"}
_FIXED_PLACES = {
    "ratio": 1,
    "percent_points": 1,
    "nps": 1,
    "index": 1,
    "score": 2,
    "count/lead": 2,
    "per_100_customers": 2,
    "per_1000_orders": 2,
}
# A change of these is told as a difference; of the others as per cent of what it was.
_TOLD_AS_DIFFERENCE = {
    "ratio",
    "percent_points",
    "times",
    "score",
    "nps",
    "index",
    "per_100_customers",
    "per_1000_orders",
} | _SPANS


@dataclass(frozen=True, slots=True)
class Shown:
    """One value ready for the page.

    ``text`` is the value, ``interval`` its bounds without the unit (empty when unknown), ``exact`` the full figure for hover and
    copying, ``reason`` why the value is missing (empty when it is not).
    """

    text: str
    interval: str = ""
    exact: str = ""
    reason: str = ""

    @property
    def line(self) -> str:
        """Value and interval in one line, as ``68.4 % (66.9–69.8)``."""
        return f"{self.text} ({self.interval})" if self.interval else self.text


@dataclass(frozen=True, slots=True)
class Change:
    """A comparison ready for the page: ``text`` as ``↑ 2.1 百分点 同比``, ``word`` for readers who cannot see the arrow."""

    text: str
    direction: Direction
    judgement: Judgement
    word: str


@dataclass(frozen=True, slots=True)
class AxisScale:
    """What a chart's axis multiplies values by and how it writes its ticks (``{value}`` is ECharts' placeholder)."""

    factor: float
    formatter: str
    unit: Text

    def of(self, value: Number | None) -> float | None:
        """A value on this axis; None stays None."""
        known = _known(value)
        return None if known is None else float(f"{float(known) * self.factor:.10g}")


@dataclass(frozen=True, slots=True)
class _Style:
    """How one unit is written: value ÷ ``divisor`` with ``places``, between prefix and suffix."""

    places: int
    divisor: Decimal = Decimal(1)
    prefix: str = ""
    suffix: str = ""


def show(
    value: Number | None,
    unit: str,
    *,
    currency: str = "CNY",
    language: Language | None = None,
    places: int | None = None,
) -> str:
    """One value in words; a missing one is an em dash.

    >>> show(0.68449, "ratio"), show(None, "ratio"), show(12345, "customers"), show(9999.5, "money/order")
    ('68.4 %', '—', '12,345', '¥9,999.50')
    """
    known = _known(value)
    if known is None:
        return MISSING
    style = _style([known], unit, currency, language)
    return _write(known, style if places is None else _with_places(style, places))


def show_signed(
    value: Number | None,
    unit: str,
    *,
    currency: str = "CNY",
    language: Language | None = None,
    places: int | None = None,
) -> str:
    """A difference with its sign; the unit of a difference of ratios is points.

    >>> show_signed(-0.021, "ratio", language="en"), show_signed(1200, "orders", language="en")
    ('−2.1 pp', '+1,200')
    """
    return _sign(show(value, _difference_unit(unit), currency=currency, language=language, places=places))


def shown(
    value: Number | None,
    unit: str,
    *,
    low: Number | None = None,
    high: Number | None = None,
    reason: Text | None = None,
    currency: str = "CNY",
    language: Language | None = None,
) -> Shown:
    """A value with its interval, exact figure and, if it is missing, the reason.

    >>> shown(None, "ratio", reason=Text(zh="还没有订单", en="no orders yet"), language="en")
    Shown(text='—', interval='', exact='', reason='no orders yet')
    """
    known = _known(value)
    if known is None:
        return Shown(MISSING, reason=reason(language) if reason else "")
    style = _style([known], unit, currency, language)
    interval = _interval(_known(low), _known(high), style, language)
    return Shown(_write(known, style), interval, show_exact(known, unit, currency=currency, language=language))


def show_exact(value: Number | None, unit: str, *, currency: str = "CNY", language: Language | None = None) -> str:
    """The full figure: money to its minor unit, everything else to six decimals at most.

    >>> show_exact(123456789.5, "money", language="zh"), show_exact(2 / 3, "ratio")
    ('¥123,456,789.50', '66.666667 %')
    """
    known = _known(value)
    if known is None:
        return MISSING
    if _is_money(unit):
        return _write(known, _Style(_minor_places(currency), prefix=_symbol(currency)))
    style = _style([known], unit, currency, language)
    return _write(known, _with_places(style, min(6, _digits_after_point(known / style.divisor))))


def show_column(
    values: Sequence[Number | None],
    unit: str,
    *,
    currency: str = "CNY",
    language: Language | None = None,
    signed: bool = False,
) -> list[str]:
    """Values that stand under one another: the same scale and the same decimals for all; ``signed`` for differences.

    >>> show_column([1200, 340000, None], "money", language="zh")
    ['¥0.12 万', '¥34.00 万', '—']
    """
    known = [_known(value) for value in values]
    present = [value for value in known if value is not None]
    if not present:
        return [MISSING] * len(known)
    style = _style(present, _difference_unit(unit) if signed else unit, currency, language)
    texts = [MISSING if value is None else _write(value, style) for value in known]
    return [_sign(text) for text in texts] if signed else texts


def show_change(
    now: Number | None,
    before: Number | None,
    unit: str,
    *,
    basis: Text | None = None,
    better: Better = "higher",
    low: Number | None = None,
    high: Number | None = None,
    currency: str = "CNY",
    language: Language | None = None,
) -> Change:
    """How a value compares with an earlier one; ``low`` and ``high`` bound the difference ``now − before``.

    Ratios, scores and spans of time change by a difference, money and counts by per cent. If the interval of the difference holds 0,
    the judgement is "unsure".

    >>> show_change(0.684, 0.663, "ratio", basis=Text(zh="同比", en="year on year"), language="zh").text
    '↑ 2.1 百分点 同比'
    >>> show_change(80, 100, "orders", better="higher", language="en")
    Change(text='↓ 20.0 %', direction='down', judgement='worse', word='down')
    """
    new, old = _known(now), _known(before)
    if new is None or old is None:
        return Change(MISSING, "missing", "missing", Text(zh="无法比较", en="not comparable")(language))
    size = _size_of_change(new, old, unit, currency, language)
    direction: Direction = "flat" if not any(d in size for d in "123456789") else "up" if new > old else "down"
    arrow, word = {
        "up": ("↑", Text(zh="上升", en="up")),
        "down": ("↓", Text(zh="下降", en="down")),
        "flat": ("→", Text(zh="持平", en="unchanged")),
    }[direction]
    parts = [arrow, word(language) if direction == "flat" else size, basis(language) if basis else ""]
    judgement = _judge(direction, better, _known(low), _known(high))
    return Change(" ".join(part for part in parts if part), direction, judgement, word(language))


def show_period(period: str, language: Language | None = None) -> str:
    """A period's name as people write it.

    >>> show_period("2025Q3", "zh"), show_period("2025Q3", "en"), show_period("2025-W14", "zh"), show_period("2025-03", "zh")
    ('2025 年 Q3', '2025 Q3', '2025 年第 14 周', '2025-03')
    """
    year, quarter = period[:4], period[4:]
    if quarter.startswith("Q"):
        return Text(zh="{y} 年 {q}", en="{y} {q}").fill(y=year, q=quarter)(language)
    if quarter.startswith("-W"):
        return Text(zh="{y} 年第 {w} 周", en="{y} week {w}").fill(y=year, w=int(quarter[2:]))(language)
    return Text(zh="{y} 年", en="{y}").fill(y=year)(language) if not quarter else period


def unit_name(unit: str) -> Text:
    """A unit's name for headers and subtitles; an unknown unit is its own name."""
    return UNIT_NAMES.get(unit) or Text.same(unit)


def unit_words(unit: str, *, currency: str = "CNY") -> Text:
    """What a chart's subtitle says of the unit, money with its currency.

    >>> unit_words("money/order")("en")
    'CNY per order'
    """
    if not _is_money(unit):
        return unit_name(unit)
    code = Text(zh="元", en="CNY") if currency == "CNY" else Text.same(currency)
    per = {
        "order": Text(zh="单", en="order"),
        "customer": Text(zh="客", en="customer"),
        "lead": Text(zh="线索", en="lead"),
        "person": Text(zh="人", en="person"),
        "click": Text(zh="次点击", en="click"),
        "thousand": Text(zh="千次", en="thousand"),
    }
    _, _, each = unit.partition("/")
    if not each:
        return code
    return Text(zh="{c}/{e}", en="{c} per {e}").fill(c=code, e=per.get(each, Text.same(each)))


def axis_scale(unit: str, largest: Number, *, currency: str = "CNY", language: Language | None = None) -> AxisScale:
    """The scale of a chart's axis that reaches to ``largest`` (in absolute size).

    >>> axis_scale("money", 340000, language="zh").of(120000)
    12.0
    """
    words = unit_words(unit, currency=currency)
    if unit in {"ratio", "percent_points"}:
        return AxisScale(100.0, "{value} %" if unit == "ratio" else "{value}", words)
    if not (_is_money(unit) or unit in _COUNTS):
        return AxisScale(1.0, "{value}", words)
    for power, mark in ((8, " 亿"), (4, " 万")) if _lang(language) == "zh" else ((9, "bn"), (6, "M"), (4, "k")):
        if abs(largest) >= 10**power:
            return AxisScale(10.0 ** -(3 if mark == "k" else power), "{value}" + mark, words)
    return AxisScale(1.0, "{value}", words)


def _known(value: Number | None) -> Decimal | None:
    """The value as the decimal it prints as; None for a missing or non-finite one."""
    if value is None:
        return None
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    if isinstance(value, int):
        return Decimal(value)
    # float() first: numpy's floats print as np.float64(…).
    number = float(value)
    return Decimal(repr(number)) if math.isfinite(number) else None


def _style(values: Sequence[Decimal], unit: str, currency: str, language: Language | None) -> _Style:
    if unit in {"ratio", "percent_points"}:
        words = " %" if unit == "ratio" else " " + UNIT_NAMES["percent_points"](language)
        return _Style(1, Decimal("0.01"), suffix=words)
    if _is_money(unit):
        return _money_style(max(abs(value) for value in values), currency, _lang(language))
    if unit == "times":
        return _Style(2, suffix=Text(zh=" 倍", en="×")(language))
    if unit in _COUNTS:
        return _Style(0 if _all_whole(values) else 1)
    if unit in _SPANS:
        return _Style(0 if _all_whole(values) else 1, suffix=" " + _span_name(unit, values, language))
    return _Style(_FIXED_PLACES.get(unit, 2))


def _money_style(largest: Decimal, currency: str, language: Language) -> _Style:
    """Two decimals; above 10,000 in Chinese as 万 or 亿, in English without decimals."""
    places, symbol = _minor_places(currency), _symbol(currency)
    # The size that decides is the rounded one: 9,999.999 is written as 1.00 万, never as 10,000.00.
    if _round(largest, places) < 10_000:
        return _Style(places, prefix=symbol)
    if language == "en":
        return _Style(0, prefix=symbol)
    if _round(largest / 10_000, 2) < 10_000:
        return _Style(2, Decimal(10_000), symbol, " 万")
    return _Style(2, Decimal(100_000_000), symbol, " 亿")


def _write(value: Decimal, style: _Style) -> str:
    rounded = _round(value / style.divisor, style.places)
    sign = MINUS if rounded < 0 else ""
    return f"{sign}{style.prefix}{abs(rounded):,.{style.places}f}{style.suffix}"


def _interval(low: Decimal | None, high: Decimal | None, style: _Style, language: Language | None) -> str:
    if low is None or high is None:
        return ""
    bare = _Style(style.places, style.divisor)
    between = Text(zh=" 至 ", en=" to ")(language) if low < 0 or high < 0 else "–"
    return f"{_write(low, bare)}{between}{_write(high, bare)}"


def _difference_unit(unit: str) -> str:
    return "percent_points" if unit == "ratio" else unit


def _sign(text: str) -> str:
    """A plus before what is written as more than zero."""
    unsigned = text == MISSING or text.startswith(MINUS) or not any(digit in text for digit in "123456789")
    return text if unsigned else f"+{text}"


def _size_of_change(new: Decimal, old: Decimal, unit: str, currency: str, language: Language | None) -> str:
    if unit in _TOLD_AS_DIFFERENCE or old <= 0:
        size = show(abs(new - old), _difference_unit(unit), currency=currency, language=language)
        named = unit in {"score", "nps"}
        return f"{size} {unit_name(unit)(language)}" if named else size
    return show(abs(new - old) / old, "ratio", language=language)


def _judge(direction: Direction, better: Better, low: Decimal | None, high: Decimal | None) -> Judgement:
    if low is not None and high is not None and low <= 0 <= high:
        return "unsure"
    if direction == "flat" or better == "neither":
        return "neither"
    return "better" if (direction == "up") == (better == "higher") else "worse"


def _round(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def _with_places(style: _Style, places: int) -> _Style:
    return _Style(places, style.divisor, style.prefix, style.suffix)


def _digits_after_point(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _span_name(unit: str, values: Sequence[Decimal], language: Language | None) -> str:
    name = unit_name(unit)(language)
    return name[:-1] if _lang(language) == "en" and list(values) == [1] else name


def _all_whole(values: Sequence[Decimal]) -> bool:
    return all(value == value.to_integral_value() for value in values)


def _is_money(unit: str) -> bool:
    return unit == "money" or unit.startswith("money/")


def _symbol(currency: str) -> str:
    return SYMBOLS.get(currency, f"{currency} ")


def _minor_places(currency: str) -> int:
    return 0 if currency in NO_MINOR_UNIT else 2


def _lang(language: Language | None) -> Language:
    return language or current_language()
