"""What customers answered."""

from __future__ import annotations

from kexiao.tables.description import CAMPAIGN, CHANNEL, CUSTOMER, REGION, TEAM, Column, Table, instant
from kexiao.text import Text

survey_responses = Table(
    name="survey_responses",
    label=Text(zh="问卷回答", en="Survey responses"),
    one_row=Text(zh="一位客户对一个问题的一次回答。", en="One answer of one customer to one question."),
    key=("response_id", "question"),
    columns=(
        Column(
            "response_id",
            "key",
            Text(zh="答卷编号", en="Response id"),
            Text(zh="答卷编号。", en="The response."),
            required=True,
        ),
        Column("survey", "text", Text(zh="问卷", en="Survey"), Text(zh="问卷名称。", en="The survey.")),
        CUSTOMER,
        *instant(
            "responded",
            Text(zh="答卷时间", en="Responded at"),
            Text(zh="提交的时刻。", en="When it was sent in."),
            required=True,
        ),
        Column(
            "question", "text", Text(zh="题目", en="Question"), Text(zh="题目。", en="The question."), required=True
        ),
        Column(
            "measure",
            "choice",
            Text(zh="量表", en="Scale"),
            Text(zh="满意度、净推荐或费力度。", en="Satisfaction, recommendation or effort."),
            choices=("csat", "nps", "ces", "other"),
            required=True,
        ),
        Column("score", "number", Text(zh="得分", en="Score"), Text(zh="得分。", en="The score.")),
        Column(
            "scale_low",
            "number",
            Text(zh="最低分", en="Lowest"),
            Text(zh="量表最低分。", en="The lowest score possible."),
        ),
        Column(
            "scale_high",
            "number",
            Text(zh="最高分", en="Highest"),
            Text(zh="量表最高分。", en="The highest score possible."),
        ),
        Column(
            "mode", "text", Text(zh="方式", en="Mode"), Text(zh="网络、电话、面访。", en="Web, phone or face to face.")
        ),
        CHANNEL,
        CAMPAIGN,
        REGION,
        TEAM,
        Column(
            "comment",
            "text",
            Text(zh="意见", en="Comment"),
            Text(zh="开放意见（已遮盖个人信息）。", en="The free text, masked."),
        ),
    ),
    group="voice",
    date_column="responded_on",
)
