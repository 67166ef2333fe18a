"""Rows that were refused; their cells lie in the folder quarantine/, never here."""

from __future__ import annotations

from kexiao.tables.description import Column, Table
from kexiao.text import Text

quarantined = Table(
    name="quarantined",
    label=Text(zh="隔离行", en="Quarantined rows"),
    one_row=Text(zh="一个未能导入的行及其原因。", en="One row that was not loaded, and why."),
    key=("load_id", "file_name", "sheet", "row_no"),
    columns=(
        Column(
            "load_id", "integer", Text(zh="导入编号", en="Load"), Text(zh="导入编号。", en="The load."), required=True
        ),
        Column("file_name", "text", Text(zh="文件", en="File"), Text(zh="文件名。", en="The file.")),
        Column(
            "sheet",
            "text",
            Text(zh="工作表", en="Sheet"),
            Text(zh="工作表；文本文件为空。", en="The sheet; empty for text files."),
            required=True,
        ),
        Column(
            "row_no",
            "integer",
            Text(zh="行号", en="Row"),
            Text(zh="文件中的行号，从 1 起。", en="The row in the file, from 1."),
            required=True,
        ),
        Column("column", "text", Text(zh="列", en="Column"), Text(zh="出错的列。", en="The column at fault.")),
        Column(
            "code",
            "text",
            Text(zh="原因代码", en="Code"),
            Text(zh="原因代码。", en="A stable name of the reason."),
            required=True,
        ),
        Column(
            "message_zh",
            "text",
            Text(zh="原因", en="Reason (Chinese)"),
            Text(zh="中文说明。", en="The reason in Chinese."),
        ),
        Column(
            "message_en",
            "text",
            Text(zh="原因（英文）", en="Reason"),
            Text(zh="英文说明。", en="The reason in English."),
        ),
    ),
    group="results",
)
