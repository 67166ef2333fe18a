"""When values were last said, where that is not the time of the row that holds them."""

from __future__ import annotations

from kexiao.tables.description import Column, Table
from kexiao.tables.speaking import of_key, of_table
from kexiao.text import Text

value_times = Table(
    name="value_times",
    label=Text(zh="取值时间", en="Times of values"),
    one_row=Text(
        zh="一行数据的某些取值最近一次由来源给出的时间，与该行自身的时间不同时才记录；因此无论先导入哪个文件，留下的都是最新的取值。",
        en="When some values of a row were last said, where that is not the row's own time; so the newest values stay, whichever file came first.",
    ),
    key=("table_name", "digest", "of_load", "of_known_at", "columns", "known_at"),
    columns=(
        of_table,
        of_key,
        Column(
            "of_load",
            "integer",
            Text(zh="行的导入", en="Load of the row"),
            Text(zh="所指的那一版数据由哪次导入写入。", en="The load that wrote the version of the row that is meant."),
            required=True,
        ),
        Column(
            "of_known_at",
            "instant",
            Text(zh="行的时间", en="Time of the row"),
            Text(zh="所指的那一版数据自身的时间。", en="The own time of the version of the row that is meant."),
            required=True,
        ),
        Column(
            "columns",
            "text",
            Text(zh="字段", en="Columns"),
            Text(
                zh="哪些字段，以逗号分隔；空值为该行的全部取值，空文本为只提到该行、未给出取值。",
                en="Which columns, joined by a comma; null: all values of the row; empty: the row was named, and nothing said of it.",
            ),
        ),
        Column(
            "known_at",
            "instant",
            Text(zh="取值时间", en="Said at"),
            Text(zh="这些取值最近一次给出的时间。", en="When these values were last said."),
            required=True,
        ),
        Column(
            "torn",
            "yes_no",
            Text(zh="互相矛盾", en="Contradicting"),
            Text(
                zh="此时给出的取值互相矛盾，都不算数。",
                en="What was said at that time contradicts itself; none of it counts.",
            ),
        ),
    ),
    group="results",
)
