"""Facts of what customers and others say: answers to invitations and messages, reviews, mentions of brands, figures from outside."""

from __future__ import annotations

from kexiao.facts.subjects import Fact
from kexiao.text import Text


def _mentions(coverage: str, zh: str, en: str) -> Fact:
    """Days of mentions, where one of their counts is kept at all: a count that is never filled is not 0."""
    label = Text(zh=zh, en=en)
    return Fact("mention_days", label, "day", "line", None, {"channel": "channel"}, (coverage, "mentions"), known_exactly=True)  # fmt: skip


MENTIONED = _mentions("own_mentions", "提及量（需要本品的提及量）", "Mentions (from days that count one's own)")
NAMED_BRANDS = _mentions("rival_mentions", "竞品提及量", "Mentions of rivals")
ENGAGED = _mentions("own_engagements", "互动量（需要点赞、评论等）", "Engagements (from days that count likes and the like)")  # fmt: skip
JUDGED = _mentions("own_sentiment", "情感（需要正面、负面提及量）", "Sentiment (from days that count positive and negative)")  # fmt: skip
_ASKED = {k: k for k in ("channel", "campaign", "region", "team", "mode")}
_SENT = {"channel": "channel", "campaign": "campaign"}
INVITATIONS = Fact(
    "invited",
    Text(zh="问卷邀请", en="Survey invitations"),
    "sent_on",
    "invitation_id",
    "customer_id",
    _ASKED,
    ("survey_invitations",),
)
INVITATIONS_TOLD = Fact(
    "invited",
    Text(zh="问卷送达情况（需要送达时间或状态）", en="Delivery of invitations (from a time of delivery or a status)"),
    "sent_on",
    "invitation_id",
    "customer_id",
    _ASKED,
    ("invitations_told", "survey_invitations"),
)


def _messages(coverage: str, zh: str, en: str) -> Fact:
    """Messages, of channels that tell so much of them."""
    label = Text(zh=zh, en=en)
    return Fact("reached", label, "sent_on", "message_id", "customer_id", _SENT, (coverage, "messages"))


MESSAGES_OPENED = _messages(
    "messages_opened",
    "消息打开情况（需要送达与打开）",
    "Opened messages (from channels that tell of delivery and opening)",
)
MESSAGES_CLICKED = _messages(
    "messages_clicked",
    "消息点击情况（需要送达与点击）",
    "Clicked messages (from channels that tell of delivery and clicks)",
)
MESSAGES_LEFT = _messages(
    "messages_unsubscribed",
    "消息退订情况（需要送达与退订）",
    "Messages unsubscribed from (from channels that tell of delivery and unsubscribing)",
)
REVIEWS = Fact(
    "reviews",
    Text(zh="商品评价", en="Reviews"),
    "reviewed_on",
    "review_id",
    "customer_id",
    {"channel": "channel", "product": "product_id"},
    ("reviews",),
)
LISTENING_FACTS = (
    INVITATIONS_TOLD,
    MESSAGES_OPENED,
    MESSAGES_CLICKED,
    MESSAGES_LEFT,
    MENTIONED,
    NAMED_BRANDS,
    ENGAGED,
    JUDGED,
)
LISTENING_LABELS = {
    **{fact.canonical[0]: fact.label for fact in LISTENING_FACTS},
    "market_size": Text(zh="市场规模（外部数据）", en="Market size (from external figures)"),
    "brand_awareness": Text(zh="品牌知名度（外部数据）", en="Brand awareness (from external figures)"),
}
_REACTIONS = ("likes", "comments", "shares", "saves")
_JUDGED = "positive IS NOT NULL AND negative IS NOT NULL AND mentions IS NOT NULL"
_INVITATION_TOLD = "(delivered_on IS NOT NULL OR status IN ('failed', 'delivered'))"
_CLICKED = "(clicked_on IS NOT NULL OR status = 'clicked')"
_OPENED = f"(opened_on IS NOT NULL OR status = 'opened' OR {_CLICKED})"
_UNSUBSCRIBED = "(unsubscribed_on IS NOT NULL OR status = 'unsubscribed')"
_DELIVERED = f"(delivered_on IS NOT NULL OR status = 'delivered' OR {_OPENED} OR {_UNSUBSCRIBED})"
_DELIVERY_TOLD = "(delivered_on IS NOT NULL OR status IN ('failed', 'delivered'))"
_TOLD = {"opened": _OPENED, "clicked": _CLICKED, "unsubscribed": _UNSUBSCRIBED}
# What each view is covered by, as ``facts.source`` keeps it.
LISTENING_VIEWS: dict[str, tuple[str | None, str]] = {
    "own_mentions": ("mentions", "SELECT min(day) FROM mentions WHERE side = 'own' AND mentions IS NOT NULL"),
    "rival_mentions": ("mentions", "SELECT min(day) FROM mentions WHERE side = 'rival' AND mentions IS NOT NULL"),
    "own_engagements": (
        "mentions",
        f"SELECT min(day) FROM mentions WHERE side = 'own' AND coalesce({', '.join(_REACTIONS)}) IS NOT NULL",
    ),
    "invitations_told": ("survey_invitations", f"SELECT min(sent_on) FROM survey_invitations WHERE {_INVITATION_TOLD}"),
    **{
        f"messages_{told}": (
            "messages",
            f"SELECT CASE WHEN count(CASE WHEN {_DELIVERED} THEN 1 END) > 0 AND count(CASE WHEN {condition} THEN 1 END) > 0 THEN min(sent_on) END FROM messages",
        )
        for told, condition in _TOLD.items()
    },
    "own_sentiment": ("mentions", f"SELECT min(day) FROM mentions WHERE side = 'own' AND {_JUDGED}"),
}


def listening_queries() -> dict[str, str]:
    """SQL of these facts by name."""
    engaged = " + ".join(f"coalesce({name}, 0)" for name in _REACTIONS)
    return {
        "mention_days": f"""
            SELECT m.*, CASE WHEN coalesce({", ".join(_REACTIONS)}) IS NOT NULL THEN {engaged} END AS engaged,
                   CASE WHEN {_JUDGED} THEN 1 ELSE 0 END AS judged
            FROM mentions AS m""",
        "invited": _invited(),
        "reached": _reached(),
    }


def _one_where(condition: str) -> str:
    return f"CASE WHEN {condition} THEN 1 ELSE 0 END"


def _channels_that_tell(table: str, condition: str) -> str:
    """1 for rows of a channel that tells something at all; where it never does, silence is no refusal."""
    return f"CASE WHEN coalesce(m.channel, '') IN (SELECT coalesce(channel, '') FROM {table} WHERE {condition}) THEN 1 ELSE 0 END"


def _invited() -> str:
    """One row an invitation: whether it was delivered and answered, and whether its channel tells of delivery."""
    answered = "(answered_on IS NOT NULL OR status = 'answered')"
    return f"""
        SELECT m.invitation_id, m.customer_id, m.sent_on, m.survey, m.channel, m.campaign, m.region, m.team, m.mode,
               {_one_where(answered)} AS answered, {_one_where(f"{answered} OR delivered_on IS NOT NULL OR status = 'delivered'")} AS delivered,
               {_channels_that_tell("survey_invitations", _INVITATION_TOLD)} AS told
        FROM survey_invitations AS m"""


def _reached() -> str:
    """One row a message: what became of it, and what its channel tells of at all."""
    tells = {name: _channels_that_tell("messages", condition) for name, condition in _TOLD.items()}
    delivery = _channels_that_tell("messages", _DELIVERY_TOLD)
    told = ", ".join(f"{tell} * {delivery} AS tells_{name}" for name, tell in tells.items())
    did = ", ".join(f"{_one_where(condition)} AS {name}" for name, condition in _TOLD.items())
    return f"""
        SELECT m.message_id, m.customer_id, m.sent_on, m.channel, m.campaign, {_one_where(_DELIVERED)} AS delivered, {did}, {told}
        FROM messages AS m"""
