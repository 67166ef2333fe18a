"""Changing a mapping by short instructions, as people type them or a form sends them, and naming what comes nearest to a slip."""

from __future__ import annotations

from dataclasses import replace

from kexiao.errors import InputRejected, Place, WrongUse
from kexiao.sources.mapping import saved
from kexiao.sources.mapping.fields import Field, normal
from kexiao.sources.mapping.likeness import nearest
from kexiao.sources.mapping.plan import SheetMapping
from kexiao.text import Text


def edited(mapping: SheetMapping, instruction: str) -> SheetMapping:
    """The mapping after one instruction: ``金额=实收`` (a field, by name or label, reads a column), ``备注=`` (reads none),
    ``date_order=dmy`` (an option; ``date_order=`` leaves it to the data again), ``q3=nps 0-10`` (what a question asks), ``status:成交=completed`` (a word of a choice),
    ``金额:单位=万元`` (the unit of a column of amounts; ``金额:单位=`` leaves it to the heading again).

    Errors: ``WrongUse`` for what is not understood, with what comes nearest.

    >>> plan = SheetMapping("orders", ("单号", "日期", "实收"), {"order_id": "单号", "ordered_at": "日期"})
    >>> dict(edited(plan, "金额=实收").columns)["amount"]
    '实收'
    """
    name, equals, value = (part.strip() for part in instruction.partition("="))
    document = saved.as_dict(mapping)
    if not equals or not name:
        raise _not_understood(instruction)
    if name in saved.OPTIONS:
        kept = {option: said for option, said in document["options"].items() if option != name}
        document["options"] = {**kept, name: _typed(value)} if value else kept
    elif ":" in name or "：" in name:
        field, word = name.replace("：", ":").split(":", 1)
        found = _field(mapping, field.strip())
        if found.reads == "money" and word.strip() in ("单位", "unit"):
            units = {name: unit for name, unit in mapping.units.items() if name != found.name}
            return _checked({**document, "units": {**units, found.name: value} if value else units}, mapping)
        document["choices"] = {
            **document["choices"],
            found.name: {**document["choices"].get(found.name, {}), word.strip(): value},
        }
    elif name in mapping.questions and value not in mapping.header:
        document["questions"] = {**document["questions"], name: value}
    else:
        _set_column(document, mapping, _field(mapping, name), value)
    return _checked(document, mapping)


def _set_column(document: dict[str, dict[str, str]], mapping: SheetMapping, field: Field, value: str) -> None:
    columns = {name: column for name, column in mapping.columns.items() if name != field.name}
    if value:
        # A column is one field's; whoever had it reads nothing now.
        columns = {name: column for name, column in columns.items() if column != _column(mapping, value)}
        columns[field.name] = _column(mapping, value)
    document["columns"] = columns
    # A unit was said of the column that was read then.
    document["units"] = {
        name: unit for name, unit in mapping.units.items() if columns.get(name) == mapping.columns[name]
    }
    if "questions" in document:
        document["questions"] = {name: spec for name, spec in mapping.questions.items() if name in columns}


def _typed(value: str) -> str | bool:
    return {"true": True, "false": False, "是": True, "否": False}.get(value.casefold(), value)


def _field(mapping: SheetMapping, name: str) -> Field:
    """A field by its name, its label in either language, or the column that it reads now."""
    fields = mapping.sheet_kind.fields
    for field in fields:
        if name in (field.name, field.label.zh, field.label.en) or mapping.columns.get(field.name) == name:
            return field
    near = nearest([name], [known for field in fields for known in (field.name, field.label.zh)])
    raise WrongUse(
        Text(zh="没有字段“{name}”。", en="There is no field “{name}”.").fill(name=name[:60]),
        next_step=Text(zh="最接近的：{near}；全部：{all}。", en="Nearest: {near}. There are: {all}.").fill(
            near=near or "—", all="、".join(f"{field.label.zh}({field.name})" for field in fields)
        ),
    )


def _column(mapping: SheetMapping, name: str) -> str:
    found = next((column for column in mapping.header if column == name or normal(column) == normal(name) != ""), None)
    if found is not None:
        return found
    raise WrongUse(
        Text(zh="文件里没有列“{name}”。", en="The file has no column “{name}”.").fill(name=name[:60]),
        next_step=Text(zh="最接近的：{near}；全部：{all}。", en="Nearest: {near}. There are: {all}.").fill(
            near=nearest([name], mapping.header) or "—", all="、".join(mapping.header[:60])
        ),
    )


def _checked(document: dict[str, object], mapping: SheetMapping) -> SheetMapping:
    try:
        found = saved.from_dict(document, mapping.header, Place())
    except InputRejected as problem:
        raise WrongUse(problem.what, next_step=_EXAMPLES) from None
    kept = {
        name: mapping.reasons[name]
        for name in found.columns
        if mapping.columns.get(name) == found.columns[name] and name in mapping.reasons
    }
    return replace(found, reasons={**dict.fromkeys(found.columns, _BY_PERSON), **kept}, saved=None)


_BY_PERSON = Text(zh="由您指定", en="as you said")
_EXAMPLES = Text(
    zh="例如：金额=实收金额、备注=（不读）、date_order=dmy、q3=nps 0-10、status:成交=completed。",
    en="For example: amount=Total, note= (not read), date_order=dmy, q3=nps 0-10, status:Won=completed.",
)


def _not_understood(instruction: str) -> WrongUse:
    return WrongUse(
        Text(zh="看不懂“{said}”。", en="“{said}” is not understood.").fill(said=instruction[:60]), next_step=_EXAMPLES
    )
