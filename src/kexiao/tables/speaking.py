"""The columns by which one table speaks of rows of another: which table it is, and which row of it."""

from __future__ import annotations

from kexiao.tables.description import Column
from kexiao.text import Text

of_table = Column(
    "table_name",
    "key",
    Text(zh="数据表", en="Table"),
    Text(zh="哪张规范表。", en="The canonical table."),
    required=True,
)
of_key = Column(
    "digest",
    "key",
    Text(zh="主键摘要", en="Digest of the key"),
    Text(zh="主键的 MD5。", en="MD5 of the key."),
    required=True,
)
