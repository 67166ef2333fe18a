"""What advertising and the website brought in, before anybody ordered."""

from __future__ import annotations

from kexiao.tables.description import CAMPAIGN, CHANNEL, Column, Table
from kexiao.text import Text

ad_results = Table(
    name="ad_results",
    label=Text(zh="投放效果", en="Ad results"),
    one_row=Text(
        zh="一天、一个渠道、一个活动的展示、点击与访问。",
        en="The impressions, clicks and visits of one day, channel and campaign.",
    ),
    key=("day", "channel", "campaign"),
    columns=(
        Column("day", "date", Text(zh="日期", en="Day"), Text(zh="展示或访问发生日。", en="The day."), required=True),
        CHANNEL,
        CAMPAIGN,
        Column(
            "impressions",
            "number",
            Text(zh="展示量", en="Impressions"),
            Text(zh="广告展示次数。", en="How often ads were shown."),
            minimum=0,
        ),
        Column(
            "clicks",
            "number",
            Text(zh="点击量", en="Clicks"),
            Text(zh="广告点击次数。", en="How often ads were clicked."),
            minimum=0,
        ),
        Column(
            "visits",
            "number",
            Text(zh="访问量", en="Visits"),
            Text(zh="网站会话数。", en="Sessions on the website."),
            minimum=0,
        ),
        Column(
            "conversions",
            "number",
            Text(zh="转化数", en="Conversions"),
            Text(
                zh="平台自己统计的转化（各平台口径不同，不是订单数）。",
                en="Conversions as the platform counts them; each counts its own way, and they are not orders.",
            ),
            minimum=0,
        ),
    ),
    group="contact",
    date_column="day",
)
