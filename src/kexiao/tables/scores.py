"""What models say of each customer."""

from __future__ import annotations

from kexiao.tables.description import Column, Table
from kexiao.text import Text

scores = Table(
    name="scores",
    label=Text(zh="模型得分", en="Scores"),
    one_row=Text(zh="一位客户在某日的一个模型得分。", en="One model score of one customer at one date."),
    key=("model", "score", "as_of", "customer_id"),
    columns=(
        Column("model", "key", Text(zh="模型", en="Model"), Text(zh="模型名。", en="The model."), required=True),
        Column("score", "key", Text(zh="得分名", en="Score"), Text(zh="得分名。", en="Which score."), required=True),
        Column(
            "as_of",
            "date",
            Text(zh="截至日期", en="As of"),
            Text(zh="按哪一天计算。", en="The day it was computed for."),
            required=True,
        ),
        Column(
            "customer_id",
            "customer",
            Text(zh="客户", en="Customer"),
            Text(zh="客户。", en="The customer."),
            required=True,
            privacy="pseudonym",
        ),
        Column("value", "number", Text(zh="值", en="Value"), Text(zh="得分。", en="The score.")),
        Column("low", "number", Text(zh="下限", en="Low"), Text(zh="95 % 区间下限。", en="Lower 95 % limit.")),
        Column("high", "number", Text(zh="上限", en="High"), Text(zh="95 % 区间上限。", en="Upper 95 % limit.")),
    ),
    group="results",
    date_column="as_of",
)
