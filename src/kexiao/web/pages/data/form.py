"""The wizard's form: what it shows of each sheet, and the changes that a sent form asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kexiao.cycle.previewing import Preview, preview
from kexiao.cycle.uploading import Sheet, Upload, change, change_kind, kinds, say_words
from kexiao.cycle.words import choice_words
from kexiao.engine.folder import Folder
from kexiao.sources.mapping.fields import CHOSEN_UNITS, Field
from kexiao.sources.mapping.plan import SheetMapping
from kexiao.sources.mapping.recognise import missing_needs
from kexiao.sources.mapping.saved import OPTIONS
from kexiao.sources.mapping.telling import missing, reason_of
from kexiao.text import Text

MOST_LISTED = 80
"""Columns that a drop-down list offers; wider sheets are typed, with suggestions."""
_DATA = Text(zh="由数据判断", en="as the data tell")
_MISSING, _ONE_OF = Text(zh="还缺", en="missing"), Text(zh="其中之一", en="one of these")
_YES, _NO = Text(zh="是", en="yes"), Text(zh="否", en="no")
_DATES, _MONEY = frozenset({"instant", "date", "birthday"}), frozenset({"money"})
ZONES = ("UTC", "Asia/Shanghai", "Asia/Hong_Kong", "Asia/Tokyo", "Asia/Singapore", "Europe/London", "Europe/Berlin", "America/New_York", "America/Los_Angeles")  # fmt: skip
UNITS: dict[str, Text] = {
    "分": Text(zh="分", en="fen, cents (0.01)"),
    "角": Text(zh="角", en="jiao (0.1)"),
    "元": Text(zh="元", en="yuan (1)"),
    "千元": Text(zh="千元", en="thousands"),
    "万元": Text(zh="万元", en="ten thousands"),
    "百万元": Text(zh="百万元", en="millions"),
    "亿元": Text(zh="亿元", en="hundred millions"),
}
CURRENCIES = ("CNY", "USD", "EUR", "GBP", "JPY", "HKD", "TWD", "KRW", "SGD", "AUD", "CAD", "MYR", "THB", "BRL", "INR")
SPECS: dict[str, Text] = {
    "csat 1-5": Text(zh="满意度 1–5（CSAT）", en="satisfaction 1–5 (CSAT)"),
    "csat 0-10": Text(zh="满意度 0–10（CSAT）", en="satisfaction 0–10 (CSAT)"),
    "nps 0-10": Text(zh="推荐 0–10（NPS）", en="recommendation 0–10 (NPS)"),
    "nps 0-10 from 1": Text(zh="推荐 0–10，选项从 1 数起", en="recommendation 0–10, options counted from 1"),
    "ces 1-7": Text(zh="费力度 1–7（CES）", en="effort 1–7 (CES)"),
    "ces 1-5": Text(zh="费力度 1–5（CES）", en="effort 1–5 (CES)"),
    "other 1-5": Text(zh="其他打分 1–5", en="another score 1–5"),
    "other 0-10": Text(zh="其他打分 0–10", en="another score 0–10"),
    "answer": Text(zh="文字或选项", en="words or options"),
    "skip": Text(zh="不导入", en="left out"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A drop-down list: its name in the form, label, current value, what it offers, and a word beside it."""

    name: str
    label: str
    value: str
    offers: tuple[tuple[str, str], ...]
    reason: str = ""
    example: str = ""
    needed: str = ""
    hidden: tuple[str, str] | None = None
    first: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """One sheet of the wizard."""

    number: int
    sheet: Sheet
    preview: Preview
    kind: Choice
    fields: tuple[Choice, ...]
    more: tuple[Choice, ...]
    questions: tuple[Choice, ...]
    words: tuple[tuple[str, tuple[Choice, ...]], ...]
    options: tuple[Choice, ...]
    lacking: tuple[Text, ...]

    @property
    def wide(self) -> bool:
        """Whether the sheet has too many columns for drop-down lists."""
        return len(self.sheet.staged.header) > MOST_LISTED

    @property
    def unused(self) -> tuple[tuple[str, str], ...]:
        """Columns that are not read, with their first cells."""
        plan, examples = self.sheet.mapping, self.preview.examples or {}
        columns = plan.unused if plan else self.sheet.staged.header
        return tuple((column, " / ".join(examples.get(column, ()))) for column in columns)

    @property
    def unknown_words(self) -> bool:
        """Whether a word of a choice stands for nothing yet."""
        return any(not one.value for _, choices in self.words for one in choices)


def shown(folder: Folder, upload: Upload) -> list[Shown]:
    """Every sheet of an upload as the wizard shows it."""
    return [_shown(folder, number, sheet) for number, sheet in enumerate(upload.sheets)]


def _shown(folder: Folder, number: int, sheet: Sheet) -> Shown:
    found, plan = preview(folder, sheet), None if sheet.left_out else sheet.mapping
    kind = "" if sheet.left_out else plan.kind if plan else "?"
    offers = [(name, label()) for name, label in sorted(kinds().items(), key=lambda one: one[1]())]
    if kind == "?":
        offers.insert(0, ("?", Text(zh="请选择", en="choose")()))
    offers.append(("", Text(zh="不导入这张表", en="leave this sheet out")()))
    chosen = Choice(f"s{number}-kind", Text(zh="这是", en="This is")(), kind, tuple(offers))
    if plan is None:
        return Shown(number, sheet, found, chosen, (), (), (), (), (), ())
    fields = [
        _field(number, field, plan, found) for field in plan.sheet_kind.fields if field.name not in plan.questions
    ]
    first = tuple(one for one in fields if one.first)
    more = tuple(one for one in fields if not one.first)
    return Shown(
        number, sheet, found, chosen, first, more, _questions(number, plan, found), _words(number, plan, found),
        _options(number, plan, folder.timezone), tuple(missing(plan)),
    )  # fmt: skip


def _field(number: int, field: Field, plan: SheetMapping, found: Preview) -> Choice:
    column = plan.columns.get(field.name, "")
    lacking = next((group for group in missing_needs(plan) if field in group), ())
    needed = (_MISSING if len(lacking) == 1 else _ONE_OF)() if lacking else ""
    offers = (("", Text(zh="（不读）", en="(nothing)")()), *((name, name) for name in plan.header))
    if len(plan.header) > MOST_LISTED:
        offers = ()
    example = " / ".join((found.examples or {}).get(column, ()))
    why = str(reason_of(plan, field.name)) if column else ""
    return Choice(
        f"s{number}-f-{field.name}",
        str(field.label),
        column,
        offers,
        why,
        example,
        needed,
        first=bool(column or needed or field.required),
    )


def _questions(number: int, plan: SheetMapping, found: Preview) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            f"s{number}-q-{name}",
            plan.columns[name],
            spec,
            tuple((one, label()) for one, label in {spec: Text.same(spec), **SPECS}.items()),
            str(reason_of(plan, name)),
            " / ".join((found.examples or {}).get(plan.columns[name], ())),
        )
        for name, spec in plan.questions.items()
    )


def _words(number: int, plan: SheetMapping, found: Preview) -> tuple[tuple[str, tuple[Choice, ...]], ...]:
    listed = []
    for name, words in (found.words or {}).items():
        field = plan.sheet_kind.field_named(name)
        if field is None:
            continue
        offers = (
            ("", Text(zh="（不认识）", en="(not known)")()),
            *((value, choice_words(value, field.choices)) for value in field.choices),
        )
        choices = tuple(
            Choice(f"s{number}-c-{name}-{at}", word, value or "", offers, hidden=(f"s{number}-w-{name}-{at}", word))
            for at, (word, value) in enumerate(words)
        )
        listed.append((str(field.label), choices))
    return tuple(listed)


def _units(number: int, plan: SheetMapping) -> tuple[Choice, ...]:
    """The unit of each column of amounts."""
    label, heading = Text(zh="“{f}”的单位", en="Unit of {f}"), Text(zh="按表头", en="as the heading says")
    offers = (("", heading()), *((unit, UNITS[unit]()) for unit in CHOSEN_UNITS))
    return tuple(
        Choice(f"s{number}-u-{field.name}", label.fill(f=field.label)(), plan.units.get(field.name, ""), offers)
        for field in plan.sheet_kind.fields
        if field.reads == "money" and field.name in plan.columns
    )


def _options(number: int, plan: SheetMapping, home: str) -> tuple[Choice, ...]:
    """What the cells alone may not tell, where the sheet has columns that it concerns; ``home`` is the company's time zone."""
    reads = {f.reads for name in plan.columns if (f := plan.sheet_kind.field_named(name))}
    found = []
    if reads & _DATES:
        orders = {"ymd": Text(zh="年月日", en="year month day"), "dmy": Text(zh="日月年", en="day month year"), "mdy": Text(zh="月日年", en="month day year")}  # fmt: skip
        found.append(("date_order", Text(zh="日期次序", en="Order of dates"), orders))
        days = {"first": Text(zh="当月第一天", en="the first"), "last": Text(zh="当月最后一天", en="the last")}
        found.append(("month_day", Text(zh="只有月份时记在", en="A month without a day is"), days))
    if "instant" in reads:
        zones = {zone: Text.same(zone) for zone in dict.fromkeys((plan.options.time_zone or home, *ZONES))}
        found.append(("time_zone", Text(zh="没写时区的时间属于", en="Times without an offset are those of"), zones))
    if reads & _MONEY:
        found.append(("currency", Text(zh="金额币种", en="Currency"), {code: Text.same(code) for code in CURRENCIES}))
    if plan.kind in ("orders", "order_lines"):
        found += _ORDER_OPTIONS
    listed = [_option(number, plan, name, label, offers, home) for name, label, offers in found]
    return (*_units(number, plan), *listed)


_ORDER_OPTIONS: list[tuple[str, Text, dict[str, Text]]] = [
    ("amount_of", Text(zh="金额属于", en="Amounts are those of"), {"line": Text(zh="每一行", en="each line"), "order": Text(zh="整张订单", en="the whole order")}),
    ("order_key", Text(zh="区分订单", en="Orders are told apart by"), {"order_id": Text(zh="订单号", en="order id"), "order_id+customer": Text(zh="订单号和客户", en="order id and customer"), "order_id+day": Text(zh="订单号和日期", en="order id and day")}),
    ("discount_rate", Text(zh="折扣率 0.8 表示", en="A discount rate of 0.8 means"), {"off": Text(zh="减去八成", en="80 % off"), "pay": Text(zh="付八成（八折）", en="80 % is paid")}),
    ("fill_down", Text(zh="订单信息只写在第一行", en="Order data stand on the first row only"), {"true": _YES}),
    ("freight_in_amount", Text(zh="金额含运费", en="Amounts include the freight"), {"true": _YES}),
]  # fmt: skip


def _option(number: int, plan: SheetMapping, name: str, label: Text, offers: Mapping[str, Text], home: str) -> Choice:
    at_home = Text(zh="公司（{z}）", en="the company ({z})").fill(z=home)
    none = _NO if set(offers) == {"true"} else at_home if name == "time_zone" else _DATA
    listed = (("", none()), *((value, words()) for value, words in offers.items()))
    return Choice(f"s{number}-o-{name}", label(), _option_value(plan, name), listed)


def _option_value(plan: SheetMapping, name: str) -> str:
    value = getattr(plan.options, name)
    return "true" if value is True else "" if value in (None, False) else str(value)


def changed(upload: Upload, given: Mapping[str, str]) -> tuple[Sheet, ...]:
    """The sheets after what a form asks for. Errors: ``WrongUse`` for a column or kind that is not there."""
    return tuple(_changed(number, sheet, given) for number, sheet in enumerate(upload.sheets))


def _changed(number: int, sheet: Sheet, given: Mapping[str, str]) -> Sheet:
    before = "" if sheet.left_out else sheet.mapping.kind if sheet.mapping else "?"
    kind = given.get(f"s{number}-kind", before)
    if kind not in (before, "?"):
        return change_kind(sheet, kind)
    if sheet.mapping is None or sheet.left_out:
        return sheet
    plan = sheet.mapping
    for name, words in _words_said(number, plan, given).items():
        sheet = say_words(sheet, name, words)
    return change(sheet, [*_columns_said(number, plan, given), *_others_said(number, plan, given)])


def _columns_said(number: int, plan: SheetMapping, given: Mapping[str, str]) -> Sequence[str]:
    """Fields that read another column now; those that read nothing come first, so that nobody's column is taken twice."""
    said = []
    for field in plan.sheet_kind.fields:
        if field.name in plan.questions:
            continue
        value = given.get(f"s{number}-f-{field.name}", plan.columns.get(field.name, "")).strip()
        if value != plan.columns.get(field.name, ""):
            # An option may be called as a field is; the field's label is its own.
            said.append((value, field.label.zh if field.name in OPTIONS else field.name))
    return [f"{name}={value}" for value, name in sorted(said, key=lambda one: bool(one[0]))]


def _others_said(number: int, plan: SheetMapping, given: Mapping[str, str]) -> Sequence[str]:
    said = []
    for name, spec in plan.questions.items():
        value = given.get(f"s{number}-q-{name}", spec)
        if value != spec:
            said.append(f"{name}={value}")
    for name in OPTIONS:
        wanted = given.get(f"s{number}-o-{name}", _option_value(plan, name))
        if wanted != _option_value(plan, name):
            said.append(f"{name}={wanted}")
    for field in plan.sheet_kind.fields:
        # A column that is given up or exchanged takes its unit along.
        unit, column = given.get(f"s{number}-u-{field.name}"), plan.columns.get(field.name, "")
        stays = column and given.get(f"s{number}-f-{field.name}", column).strip() == column
        if unit is not None and stays and unit != plan.units.get(field.name, ""):
            said.append(f"{field.name}:unit={unit}")
    return said


def _words_said(number: int, plan: SheetMapping, given: Mapping[str, str]) -> dict[str, dict[str, str]]:
    said: dict[str, dict[str, str]] = {}
    for field in plan.sheet_kind.fields:
        if field.reads != "choice":
            continue
        prefix = f"s{number}-w-{field.name}-"
        for key, word in given.items():
            value = given.get(f"s{number}-c-{field.name}-{key.removeprefix(prefix)}", "")
            if key.startswith(prefix) and value in field.choices:
                said.setdefault(field.name, {})[word] = value
    return said
