"""Dates and instants as people and programs write them."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Literal
from zoneinfo import ZoneInfo

from kexiao.sources.mapping.values.reading import MISSING, NOTHING, Read, plain

Order = Literal["dmy", "mdy", "ymd"]
MonthDay = Literal["first", "last"]

_TIME = (
    r"(?:\s*(?:星期.|周[一二三四五六日]))?(?:\s*[T ]?\s*(?P<half>上午|下午|凌晨|早上|中午|晚上|AM|PM|am|pm)?\s*(?P<h>\d{1,2})[:时点](?P<mi>\d{1,2})?"
    r"(?:[:分](?P<s>\d{1,2})?(?:[.,](?P<f>\d{1,9}))?)?[秒分]?\s*(?P<half2>AM|PM|am|pm)?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?"
)
_YEAR_FIRST = re.compile(r"(?P<y>\d{4})\s*[-/.年]\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})\s*[日号]?" + _TIME)
_YEAR_LAST = re.compile(r"(?P<a>\d{1,2})(?P<sep>[-/.])(?P<b>\d{1,2})(?P=sep)(?P<y>\d{4})" + _TIME)
_SHORT_YEAR = re.compile(
    r"(?P<a>\d{1,2})\s*(?P<sep>[-/.年])\s*(?P<b>\d{1,2})\s*[-/.月]\s*(?P<c>\d{2})\s*[日号]?" + _TIME
)
_MONTH_ONLY = re.compile(r"(?P<y>(?:19|20)\d{2})(?:\s*[-/.年]\s*(?P<m>\d{1,2})\s*月?|(?P<m2>0[1-9]|1[0-2]))")
_ENGLISH = re.compile(
    r"(?:(?P<d>\d{1,2})[ -](?P<mon>[A-Za-z]{3,9})\.?[ -,]+|(?P<mon2>[A-Za-z]{3,9})\.? (?P<d2>\d{1,2}),? )(?P<y>\d{4})"
    + _TIME
)
_MONTHS = {
    name: n
    for n, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}
_SERIAL_START = datetime(1899, 12, 30)
_DIGITS = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}


@dataclass(frozen=True, slots=True)
class MomentStyle:
    """What a whole column decides: which of day and month comes first, where a two-digit year stands, and the day that a month alone stands for."""

    order: Order | None = None
    short_year: Order | None = None
    month_day: MonthDay | None = None


class Undecided(Exception):
    """The column can be read in two ways; ``examples`` shows cells, ``months`` says that they are months without a day."""

    def __init__(self, examples: Sequence[str], *, months: bool = False) -> None:
        super().__init__(*examples)
        self.examples = tuple(examples)
        self.months = months


def moment_style(
    cells: Sequence[str], *, order: Order | None = None, month_day: MonthDay | None = None, needed: bool = False
) -> MomentStyle:
    """Read the order of day and month from a whole column; ``order`` and ``month_day`` are the user's own words.

    Errors: ``Undecided`` where day and month could change places, or where most cells of a ``needed`` column are months without a day.

    >>> moment_style(["03/04/2025", "25/04/2025"]).order
    'dmy'
    """
    long: list[tuple[int, int, str]] = []
    short: list[tuple[int, int, int, str]] = []
    for cell in cells:
        text = plain(cell)
        if (found := _YEAR_LAST.fullmatch(text)) and found["sep"] != ".":
            long.append((int(found["a"]), int(found["b"]), text))
        elif found := _SHORT_YEAR.fullmatch(text):
            short.append((int(found["a"]), int(found["b"]), int(found["c"]), text))
    months = [cell for cell in cells if _MONTH_ONLY.fullmatch(plain(cell))]
    if needed and month_day is None and len(months) * 2 >= len(cells) > 0:
        raise Undecided(months[:2], months=True)
    return MomentStyle(order or _long_order(long), order or _short_order(short), month_day)


def _long_order(found: Sequence[tuple[int, int, str]]) -> Order | None:
    if not found:
        return None
    first, second = max(a for a, _, _ in found), max(b for _, b, _ in found)
    if first > 12 and second <= 12:
        return "dmy"
    if second > 12 and first <= 12:
        return "mdy"
    if first <= 12 and all(a == b for a, b, _ in found):
        return "dmy"
    raise Undecided([text for a, b, text in found if a != b][:2])


def _short_order(found: Sequence[tuple[int, int, int, str]]) -> Order | None:
    """Years vary less than days over a column, and stand where no month or day can."""
    if not found:
        return None
    firsts, lasts = {a for a, *_ in found}, {c for _, _, c, _ in found}
    year_first = all(1 <= b <= 12 and 1 <= c <= 31 for _, b, c, _ in found)
    year_last = all(1 <= a <= 31 and 1 <= b <= 31 for a, b, _, _ in found)
    if year_first and (not year_last or len(firsts) < len(lasts)):
        return "ymd"
    if year_last and (not year_first or len(lasts) < len(firsts)):
        return _long_order([(a, b, text) for a, b, _, text in found])
    raise Undecided([found[0][3]])


def read_moment(raw: str, style: MomentStyle, zone: ZoneInfo) -> Read:
    """An instant as UTC text; without a zone of its own it is business time. ``note`` tells what was assumed.

    >>> read_moment("2025年1月6日 下午1:05", MomentStyle(), ZoneInfo("Asia/Shanghai")).value
    '2025-01-06 05:05:00'
    """
    text = plain(raw)
    if text.casefold() in NOTHING:
        return MISSING
    try:
        moment, note = _moment(text, style)
    except (ValueError, OverflowError):
        return Read(code="no_such_date")
    if moment is None:
        return Read(code="not_a_date")
    if moment.tzinfo is None:
        moment, odd = _in_zone(moment, zone)
        note = odd or note
        if odd == "no_such_local_time":
            return Read(code=odd)
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        return Read(code="no_such_date")
    return Read(value=moment.replace(tzinfo=None).isoformat(sep=" "), note=note)


def read_day(raw: str, style: MomentStyle, zone: ZoneInfo | None = None) -> Read:
    """A date; a time beside it is left out. An instant that names its zone, or counts seconds, is a day of the business ``zone``.

    >>> read_day("20250106", MomentStyle()).value
    '2025-01-06'
    >>> read_day("1735747200000", MomentStyle(), ZoneInfo("Asia/Shanghai")).value
    '2025-01-02'
    """
    text = plain(raw)
    if text.casefold() in NOTHING:
        return MISSING
    try:
        moment, note = _moment(text, style)
    except (ValueError, OverflowError):
        return Read(code="no_such_date")
    if moment and moment.tzinfo and zone:
        moment = moment.astimezone(zone)
    return Read(value=moment.date().isoformat(), note=note) if moment else Read(code="not_a_date")


def _in_zone(moment: datetime, zone: ZoneInfo) -> tuple[datetime, str | None]:
    """The local time in its zone; a time that the clock skipped or showed twice is told."""
    early, late = moment.replace(tzinfo=zone, fold=0), moment.replace(tzinfo=zone, fold=1)
    if early.utcoffset() == late.utcoffset():
        return early, None
    back = early.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    return early, "no_such_local_time" if back != moment else "twice_in_local_time"


def _moment(text: str, style: MomentStyle) -> tuple[datetime | None, str | None]:
    if found := _YEAR_FIRST.fullmatch(text):
        return _built(found, int(found["y"]), int(found["m"]), int(found["d"])), None
    if found := _YEAR_LAST.fullmatch(text):
        a, b = int(found["a"]), int(found["b"])
        day, month = (a, b) if found["sep"] == "." or style.order != "mdy" else (b, a)
        return _built(found, int(found["y"]), month, day), None
    if found := _SHORT_YEAR.fullmatch(text):
        return _short(found, style), "short_year"
    if found := _ENGLISH.fullmatch(text):
        month = _MONTHS.get((found["mon"] or found["mon2"])[:3].lower(), 0)
        return _built(found, int(found["y"]), month, int(found["d"] or found["d2"])), None
    if style.month_day and (found := _MONTH_ONLY.fullmatch(text)):
        return _day_of_month(int(found["y"]), int(found["m"] or found["m2"]), style.month_day), "month_only"
    return _from_digits(text)


def _day_of_month(year: int, month: int, which: MonthDay) -> datetime:
    return datetime(year, month, 1 if which == "first" else monthrange(year, month)[1])


def _short(found: re.Match[str], style: MomentStyle) -> datetime:
    a, b, c = int(found["a"]), int(found["b"]), int(found["c"])
    year, month, day = {"ymd": (a, b, c), "mdy": (c, a, b)}.get(style.short_year or "ymd", (c, b, a))
    return _built(found, year + (2000 if year < 70 else 1900), month, day)


def _built(found: re.Match[str], year: int, month: int, day: int) -> datetime:
    hour, minute, second = int(found["h"] or 0), int(found["mi"] or 0), int(found["s"] or 0)
    half = (found["half"] or found["half2"] or "").upper()
    if half in ("下午", "晚上", "PM", "中午") and hour < 12 and not (half == "中午" and hour >= 10):
        hour += 12
    elif half in ("上午", "凌晨", "早上", "AM") and hour == 12:
        hour = 0
    elif half and hour > 12 and half in ("上午", "凌晨", "早上", "AM"):
        raise ValueError(half)
    micro = int((found["f"] or "").ljust(6, "0")[:6])
    past_midnight = hour == 24 and minute == second == 0
    moment = datetime(year, month, day, 0 if past_midnight else hour, minute, second, micro)
    moment += timedelta(days=1) if past_midnight else timedelta()
    zone = found["zone"]
    if not zone:
        return moment
    if zone in ("Z", "UTC", "GMT"):
        return moment.replace(tzinfo=UTC)
    digits = zone[1:].replace(":", "").ljust(4, "0")
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return moment.replace(tzinfo=timezone(-ahead if zone[0] == "-" else ahead))


def _from_digits(text: str) -> tuple[datetime | None, str | None]:
    """Digits alone: a day, a time stamp, seconds or milliseconds since 1970, or a spreadsheet's day number."""
    if text.isascii() and text.isdigit() and len(text) in _DIGITS and text[:2] in ("19", "20"):
        return datetime.strptime(text, _DIGITS[len(text)]), None
    if re.fullmatch(r"[1-3]\d{9}(\.\d+)?", text) or re.fullmatch(r"[1-3]\d{12}", text):
        seconds = int(text) / 1000 if len(text) == 13 else float(text)
        return datetime.fromtimestamp(seconds, UTC), "epoch"
    if re.fullmatch(r"[2-7]\d{4}(\.\d+)?", text):
        moment = _SERIAL_START + timedelta(days=float(text))
        return (moment + timedelta(milliseconds=500)).replace(microsecond=0), "serial"
    return None, None


def is_implausible(day: date, today: date, *, past: bool, birthday: bool = False) -> bool:
    """Whether a date cannot be meant: before 1970 (1900 for births), or more than a year ahead; births and past events: after tomorrow.

    >>> is_implausible(date(9999, 12, 31), date(2026, 1, 1), past=True)
    True
    """
    if birthday:
        return day.year < 1900 or day > today
    return day.year < 1970 or day > today + timedelta(days=366 if past else 36_525)
