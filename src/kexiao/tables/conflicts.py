"""Keys whose newest rows contradict each other: none of them counts until a newer row comes; what else is known of them waits here."""

from __future__ import annotations

from kexiao.tables.description import Column, Table
from kexiao.tables.speaking import of_key, of_table
from kexiao.text import Text

conflicts = Table(
    name="conflicts",
    label=Text(zh="矛盾", en="Conflicts"),
    one_row=Text(
        zh="一个编号在同一时间有互相矛盾的内容，更新的数据到来之前都不算数。",
        en="One key with contradicting content of the same time; none of it counts until something newer comes.",
    ),
    key=("table_name", "digest"),
    columns=(
        of_table,
        of_key,
        Column(
            "kept",
            "text",
            Text(zh="暂存内容", en="What waits"),
            Text(
                zh="其余没有矛盾的取值，更新的数据到来时恢复。",
                en="The values that nothing contradicts; they come back with something newer.",
            ),
        ),
    ),
    group="results",
)
