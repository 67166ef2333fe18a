"""Records that their source has deleted: their rows are taken out, and older rows of the same record do not bring them back."""

from __future__ import annotations

from kexiao.tables.description import Column, Table
from kexiao.tables.speaking import of_table
from kexiao.text import Text

withdrawn = Table(
    name="withdrawn",
    label=Text(zh="撤下的记录", en="Withdrawn records"),
    one_row=Text(
        zh="来源系统已删除的一条记录；它的行不再计入，比删除更新的数据到来时才恢复。",
        en="One record that its source has deleted; its rows no longer count, until something newer than the deletion comes.",
    ),
    key=("table_name", "digest"),
    columns=(
        of_table,
        Column(
            "digest",
            "key",
            Text(zh="编号摘要", en="Digest of the id"),
            Text(zh="记录编号的 MD5。", en="MD5 of the record's id."),
            required=True,
        ),
        Column(
            "rows",
            "integer",
            Text(zh="撤下行数", en="Rows taken out"),
            Text(zh="撤下了几行。", en="How many rows were taken out."),
            unit="rows",
        ),
    ),
    group="results",
)
