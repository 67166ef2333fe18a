"""品牌: how well a brand is known and what is said of it, from figures outside."""

from __future__ import annotations

from kexiao.facts.formula import Minus, Ratio
from kexiao.facts.metric import Example, Metric
from kexiao.metrics.parts import (
    awareness,
    engaged_with_us,
    judged_mentions,
    mentions_of_all,
    mentions_of_ours,
    mentions_of_us,
    negative_mentions,
    positive_mentions,
)
from kexiao.text import Text

_TALK = {
    "mentions": """
        day        | channel | brand | side  | mentions | positive | negative | likes | comments | shares | saves
        2025-03-02 | weibo   | us    | own   | 30       | 12       | 3        | 5     | 2        |        | 1
        2025-03-09 | red     | us    | own   | 10       |          |          |       |          |        |
        2025-03-02 | weibo   | them  | rival | 60       | 10       | 10       | 90    |          |        |
        2025-04-01 | weibo   | us    | own   | 7        | 1        | 1        | 1     |          |        |
        """
}
_ASKED = {
    "external_figures": """
        figure          | from_on    | to_on      | value | sample | source  | published_on
        brand_awareness | 2025-01-06 | 2025-01-19 | 0.31  | 400    | a study | 2025-02-01
        brand_awareness | 2025-03-03 | 2025-03-16 | 0.35  | 400    | a study | 2025-04-01
        """
}

brand_awareness = Metric(
    label=Text(zh="品牌知名度", en="Brand awareness"),
    why=Text(
        zh="目标人群中知道本品牌的比例，来自外部调查；取期内最近一次，附来源与发布日期，有样本量的给出误差范围。",
        en="The share of the people aimed at who know the brand, as a study outside found; the last one in the period, with its source and date, and an interval where its sample is on file.",
    ),
    formula=awareness,
    unit="ratio",
    better="higher",
    source=Text(zh="Keller 1993", en="Keller 1993"),
    example=Example(_ASKED, answer=0.35, period="2025Q1"),
    more_examples=(Example(_ASKED, answer=None, period="2025-02"),),
)

mentions = Metric(
    label=Text(zh="提及量", en="Mentions"),
    why=Text(zh="本品牌被提及的次数，按平台统计。", en="How often one’s own brands were mentioned, by platform."),
    formula=mentions_of_us,
    unit="count",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_TALK, answer=40),
    more_examples=(Example(_TALK, answer=10, dimensions={"channel": "red"}),),
)

share_of_voice = Metric(
    label=Text(zh="声量份额", en="Share of voice"),
    why=Text(
        zh="本品提及量 ÷ 本品与列出竞品的提及量；换一批竞品，数就不能相比。",
        en="Mentions of one’s own brands ÷ those of own and named rival brands; with other rivals it is another number.",
    ),
    formula=Ratio(mentions_of_ours, mentions_of_all),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_TALK, answer=0.4),
)

engagements = Metric(
    label=Text(zh="互动量", en="Engagements"),
    why=Text(zh="点赞、评论、转发与收藏之和。", en="Likes, comments, shares and saves."),
    formula=engaged_with_us,
    unit="count",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_TALK, answer=8),
)

net_sentiment = Metric(
    label=Text(zh="净情感", en="Net sentiment"),
    why=Text(
        zh="（正面 − 负面）÷ 判定过情感的提及量，中性也在分母里；没有判定情感的平台不算。",
        en="(Positive − negative) ÷ mentions whose sentiment is known, neutral ones too; platforms that do not judge it are left out.",
    ),
    formula=Ratio(Minus(positive_mentions, negative_mentions), judged_mentions),
    unit="ratio",
    better="higher",
    source=Text(zh="客效指标目录", en="The Kexiao catalogue"),
    example=Example(_TALK, answer=0.3),
)
