"""The data dictionary 数据字典, written from the tables' own descriptions."""

from __future__ import annotations

from kexiao.tables.catalogue import all_tables
from kexiao.tables.description import Column, Table
from kexiao.text import Language, Text, in_language

_TITLE = Text(zh="数据字典", en="Data dictionary")
_LEAD = Text(
    zh="客效的规范表：来源写入，指标读取。由表的定义自动生成，请勿手改。",
    en="Kexiao's canonical tables: sources write them, metrics read them. Generated from their descriptions; do not edit.",
)
_HEAD = (
    Text(zh="列", en="Column"),
    Text(zh="名称", en="Name"),
    Text(zh="类型", en="Type"),
    Text(zh="约束", en="Constraints"),
    Text(zh="隐私", en="Privacy"),
    Text(zh="含义", en="Meaning"),
)
_PRIVACY = {
    "none": Text(zh="无", en="none"),
    "pseudonym": Text(zh="假名", en="pseudonym"),
    "employee": Text(zh="员工", en="employee"),
    "personal": Text(zh="个人信息", en="personal"),
}


def data_dictionary(language: Language) -> str:
    """The whole dictionary as Markdown in one language.

    >>> data_dictionary("en").splitlines()[0]
    '# Data dictionary'
    """
    with in_language(language):
        parts = [f"# {_TITLE()}", _LEAD(), *(_table(table) for table in all_tables().values())]
        return "\n\n".join(parts) + "\n"


def _table(table: Table) -> str:
    key = Text(zh="主键：{k}", en="Key: {k}").fill(k=", ".join(f"`{name}`" for name in table.key))()
    head = " | ".join(cell() for cell in _HEAD)
    rows = [_row(column) for column in table.columns]
    lines = [f"## {table.label()} `{table.name}`", f"{table.one_row()} {key}", ""]
    return "\n".join([*lines, f"| {head} |", "|" + "---|" * len(_HEAD), *rows])


def _row(column: Column) -> str:
    cells = (
        f"`{column.name}`",
        column.label(),
        column.sql_type,
        _constraints(column),
        _PRIVACY[column.privacy](),
        column.meaning(),
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _constraints(column: Column) -> str:
    said = []
    if column.required:
        said.append(Text(zh="必填", en="required")())
    if column.minimum is not None:
        said.append(f"≥ {column.minimum:g}")
    if column.maximum is not None:
        said.append(f"≤ {column.maximum:g}")
    if column.choices:
        said.append(" · ".join(column.choices))
    if column.forward:
        said.append(Text(zh="只能向前变化", en="moves forward only")())
    if column.derived_from:
        said.append(Text(zh="由 `{c}` 推得", en="from `{c}`").fill(c=column.derived_from)())
    return Text(zh="；", en="; ")().join(said)
