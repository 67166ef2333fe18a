"""What a sheet is, and which of its columns is which field, from its headings and its cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from kexiao.errors import Ambiguous, InputRejected, Place
from kexiao.sources.mapping.fields import Field, SheetKind, currency_of, normal
from kexiao.sources.mapping.likeness import nearest
from kexiao.sources.mapping.making import all_kinds
from kexiao.sources.mapping.plan import SheetMapping
from kexiao.sources.mapping.questions import asks_for_a_score, told
from kexiao.text import Text

_BY_NAME = Text(zh="列名“{column}”", en="named “{column}”")
_BY_ENDING = Text(zh="列名以“{word}”结尾", en="its name ends with “{word}”")
_BY_CELLS = Text(zh="内容都是{what}", en="its cells are {what}")
_OTHER_DATES = (
    "发货",
    "送达",
    "签收",
    "到期",
    "截止",
    "生日",
    "出生",
    "预计",
    "ship",
    "deliver",
    "limit",
    "due",
    "expir",
    "birth",
    "estimat",
    "approv",
)
_SUFFIX_READS = frozenset({"key", "text", "phone", "email", "instant", "date", "birthday", "choice"})


@dataclass(frozen=True, slots=True)
class ColumnLook:
    """What the first cells of a column look like: shares from 0 to 1 of its filled cells."""

    filled: float
    dates: float
    phones: float
    numbers: float
    rates: float


def recognise(header: Sequence[str], looks: Mapping[str, ColumnLook], place: Place) -> SheetMapping:
    """Propose a mapping.

    Errors: ``InputRejected`` where no kind fits or what a kind needs is missing, naming it; ``Ambiguous`` where two columns claim a field.
    """
    proposals = [_map(kind, header, looks) for kind, _ in all_kinds().values()]
    proposals = [proposal for proposal in proposals if _is_evident(proposal, place)]
    best = max(proposals, key=lambda proposal: (_score(proposal), len(proposal.columns)))
    if len(best.columns) < 2:
        raise _unknown(header, place)
    _refuse_twins(best, place)
    return _with_currency(_by_cells(best, looks), place)


def recognise_as(kind: str, header: Sequence[str], looks: Mapping[str, ColumnLook], place: Place) -> SheetMapping:
    """Propose a mapping for a kind that a person has named, whatever the headings suggest. Errors: ``Ambiguous`` for mixed currencies in headings."""
    return _with_currency(_by_cells(_map(all_kinds()[kind][0], header, looks), looks), place)


def _with_currency(mapping: SheetMapping, place: Place) -> SheetMapping:
    """The mapping with the currency that its headings name, such as “amount (USD)”."""
    money = [f for f in mapping.sheet_kind.fields if f.reads == "money" and f.name in mapping.columns]
    named = {currency: mapping.columns[f.name] for f in money if (currency := currency_of(mapping.columns[f.name]))}
    if not named or "currency" in mapping.columns:
        return mapping
    if len(named) > 1:
        raise Ambiguous(
            Text(
                zh="金额列写着不同的货币（{all}），不能相加。",
                en="The columns of amounts name different currencies ({all}) and cannot be added.",
            ).fill(all=", ".join(sorted(named.values()))),
            next_step=Text(
                zh="请换算成一种货币，或按币种分成多个文件。",
                en="Convert them into one currency, or split the file by currency.",
            ),
            place=place,
        )
    return replace(mapping, options=replace(mapping.options, currency=next(iter(named))))


def _is_evident(proposal: SheetMapping, place: Place) -> bool:
    """Whether something tells this kind from others, where its other fields could stand in any sheet."""
    kind = proposal.sheet_kind
    if not kind.stems or any(sign in proposal.columns for sign in kind.signs):
        return True
    named = " ".join([*proposal.header, place.file or "", place.sheet or ""]).casefold()
    return any(stem in named for stem in kind.stems)


def missing_needs(mapping: SheetMapping) -> list[tuple[Field, ...]]:
    """The groups of fields of which the sheet has none."""
    kind = mapping.sheet_kind
    there = {*mapping.columns, *mapping.constants, *(("csat_score",) if mapping.questions else ())}
    lacking = [group for group in kind.needs if not there.intersection(group)]
    return [tuple(found for name in group if (found := kind.field_named(name))) for group in lacking]


def refuse_missing(mapping: SheetMapping, lacking: Sequence[tuple[Field, ...]], place: Place) -> InputRejected:
    """The error that names what a sheet lacks, with the headings that would do."""
    comma = Text(zh="、", en=", ")
    named = [
        Text(zh=" 或 ".join(f.label.zh for f in group[:3]), en=" or ".join(f.label.en for f in group[:3]))
        for group in lacking
    ]
    words = ", ".join(f"“{word}”" for group in lacking for word in (group[0].words[:2] + group[0].words[-2:]))
    what = Text(
        zh=comma.zh.join(name.zh for name in named),
        en=comma.en.join(name.en for name in named),
    )
    return InputRejected(
        Text(
            zh="看起来是{kind}表，但没有{what}列。",
            en="This looks like a sheet of {kind}, but it has no column for {what}.",
        ).fill(kind=mapping.sheet_kind.label, what=what),
        why=_may_be(mapping, lacking),
        next_step=Text(
            zh="请补上这一列（如 {words}），或用 --mapping 指定映射文件。",
            en="Add the column (for example {words}), or name a mapping file with --mapping.",
        ).fill(words=words),
        place=place,
    )


def _may_be(mapping: SheetMapping, lacking: Sequence[tuple[Field, ...]]) -> Text | None:
    """Which column of the sheet may be what is missing, by its name."""
    near = [column for group in lacking if (column := nearest([w for f in group for w in f.words], mapping.unused))]
    if not near:
        return None
    return Text(zh="最接近的列：“{columns}”。", en="The nearest columns: “{columns}”.").fill(columns="”、“".join(near))


def _map(kind: SheetKind, header: Sequence[str], looks: Mapping[str, ColumnLook]) -> SheetMapping:
    columns: dict[str, str] = {}
    reasons: dict[str, Text] = {}
    names = {column: normal(column) for column in header}
    for field in kind.fields:
        free = [column for column in header if column not in columns.values()]
        found = _by_words(field, [c for c in free if _suits(field, looks.get(c))], names)
        if found:
            columns[field.name], reasons[field.name] = found, _BY_NAME.fill(column=found)
    for field in kind.fields:
        if field.name in columns or field.reads not in _SUFFIX_READS:
            continue
        free = [column for column in header if column not in columns.values() and _suits(field, looks.get(column))]
        ending = _by_ending(field, free, names)
        if ending:
            columns[field.name], reasons[field.name] = ending[0], _BY_ENDING.fill(word=ending[1])
    return SheetMapping(kind.name, tuple(header), columns, reasons=reasons)


def _by_words(field: Field, free: Sequence[str], names: Mapping[str, str]) -> str | None:
    for word in field.words:
        for column in free:
            if names[column] == word:
                return column
    return None


def _by_ending(field: Field, free: Sequence[str], names: Mapping[str, str]) -> tuple[str, str] | None:
    """A column such as 买家手机号 for 手机号: the longest Chinese word that ends its name, of two letters or more."""
    for word in sorted((w for w in field.words if len(w) >= 3 and not w.isascii()), key=len, reverse=True):
        for column in free:
            if names[column].endswith(word):
                return column, word
    return None


def _by_cells(mapping: SheetMapping, looks: Mapping[str, ColumnLook]) -> SheetMapping:
    """A date or phone that no heading gives away, where just one column can be meant. Money is never guessed."""
    columns, reasons = dict(mapping.columns), dict(mapping.reasons)
    needed = {field.name for group in missing_needs(mapping) for field in group}
    for field in mapping.sheet_kind.fields:
        share = {"instant": "dates", "phone": "phones"}.get(field.reads)
        if field.name in columns or share is None or (field.name not in needed and field.reads != "phone"):
            continue
        free = [
            column
            for column in mapping.header
            if column not in columns.values()
            and column in looks
            and getattr(looks[column], share) > 0.95
            and looks[column].filled > 0.5
            and not any(word in normal(column) for word in _OTHER_DATES)
        ]
        if len(free) == 1:
            columns[field.name], reasons[field.name] = free[0], _BY_CELLS.fill(what=field.label)
    return replace(mapping, columns=columns, reasons=reasons)


def guessed(mapping: SheetMapping) -> list[Text]:
    """What was concluded from cells alone, or of the questions of a survey, to be told."""
    return told(mapping) + [
        Text(
            zh="“{column}”列按内容当作“{field}”。", en="Column “{column}” is taken as “{field}” by what it holds."
        ).fill(column=mapping.columns[field.name], field=field.label)
        for field in mapping.sheet_kind.fields
        if field.name in mapping.reasons and mapping.reasons[field.name].zh.startswith("内容")
    ]


def _suits(field: Field, look: ColumnLook | None) -> bool:
    """Whether the cells allow the field: 折扣 is a rate where all are at most 1, money otherwise."""
    if look is None or look.filled == 0:
        return True
    if field.name == "discount_rate":
        return look.rates > 0.95
    if field.name == "discount":
        return look.rates <= 0.95 or look.numbers > 0.95 > look.rates
    return True


def _score(proposal: SheetMapping) -> float:
    kind = proposal.sheet_kind
    named = [name for name in proposal.columns if "“" in proposal.reasons[name].zh]
    complete = not missing_needs(proposal)
    if kind.name == "surveys":
        # A column that asks for satisfaction or recommendation makes a list of customers a survey, whatever else it holds.
        named += [column for column in proposal.unused if asks_for_a_score(column)] * 3
    return len(named) + 2 * sum(sign in proposal.columns for sign in kind.signs) + (3 if complete else 0)


def _refuse_twins(mapping: SheetMapping, place: Place) -> None:
    """Two columns with the very same heading, of which one was taken."""
    for field, column in mapping.columns.items():
        twins = [
            other
            for other in mapping.unused
            if normal(other).rstrip("0123456789") == normal(column) and normal(other) != ""
        ]
        twins = [other for other in twins if other != column and other.startswith(column)]
        if twins:
            described = mapping.sheet_kind.field_named(field)
            raise Ambiguous(
                Text(
                    zh="有两列都叫“{column}”，无法判断用哪一列。",
                    en="Two columns are called “{column}”; it cannot be told which one counts.",
                ).fill(column=column),
                next_step=Text(
                    zh="请改名，或用 --mapping 指定“{field}”用哪一列。",
                    en="Rename one, or say with --mapping which one is “{field}”.",
                ).fill(field=described.label if described else field),
                place=place,
            )


def _unknown(header: Sequence[str], place: Place) -> InputRejected:
    shown = ", ".join(header[:8])[:120]
    return InputRejected(
        Text(
            zh="认不出这是什么表（列名：{header}）。", en="It cannot be told what this sheet is (columns: {header})."
        ).fill(header=shown),
        next_step=Text(
            zh="请在首行写列名（如 订单号、下单时间、金额），或用 --mapping 指定映射文件。",
            en="Put names in the first row (such as order_id, order_time, amount), or name a mapping file with --mapping.",
        ),
        place=place,
    )
