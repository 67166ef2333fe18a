"""Every load, with its conservation law: read = loaded + quarantined + duplicate + skipped."""

from __future__ import annotations

from kexiao.tables.description import Column, Table
from kexiao.text import Text

loads = Table(
    name="loads",
    label=Text(zh="导入记录", en="Loads"),
    one_row=Text(zh="一次导入中的一个文件。", en="One file of one load."),
    key=("load_id", "file_name"),
    columns=(
        Column(
            "load_id",
            "integer",
            Text(zh="导入编号", en="Load"),
            Text(zh="导入编号。", en="The number of the load."),
            required=True,
        ),
        Column(
            "loaded_at",
            "instant",
            Text(zh="导入时间", en="Loaded at"),
            Text(zh="导入的时刻。", en="When."),
            required=True,
        ),
        Column(
            "file_name",
            "text",
            Text(zh="文件", en="File"),
            Text(zh="文件名。", en="The name of the file."),
            required=True,
        ),
        Column(
            "fingerprint",
            "text",
            Text(zh="内容指纹", en="Fingerprint"),
            Text(zh="文件内容的 SHA-256。", en="SHA-256 of the content."),
            required=True,
        ),
        Column("mapping", "text", Text(zh="映射", en="Mapping"), Text(zh="所用的列映射。", en="The mapping used.")),
        Column(
            "tables", "text", Text(zh="写入的表", en="Tables"), Text(zh="写入了哪些表。", en="Which tables it wrote.")
        ),
        Column("rows_read", "integer", Text(zh="读取", en="Read"), Text(zh="读取行数。", en="Rows read."), unit="rows"),
        Column(
            "rows_loaded",
            "integer",
            Text(zh="导入", en="Loaded"),
            Text(zh="导入行数。", en="Rows loaded."),
            unit="rows",
        ),
        Column(
            "rows_quarantined",
            "integer",
            Text(zh="隔离", en="Quarantined"),
            Text(zh="隔离行数。", en="Rows in quarantine."),
            unit="rows",
        ),
        Column(
            "rows_duplicate",
            "integer",
            Text(zh="重复", en="Duplicate"),
            Text(zh="重复行数。", en="Rows already known."),
            unit="rows",
        ),
        Column(
            "rows_skipped",
            "integer",
            Text(zh="跳过", en="Skipped"),
            Text(zh="跳过行数（空行、合计行等）。", en="Rows skipped: blank, totals."),
            unit="rows",
        ),
        Column("warnings", "text", Text(zh="提醒", en="Warnings"), Text(zh="提醒（JSON）。", en="Warnings, as JSON.")),
    ),
    group="results",
)
