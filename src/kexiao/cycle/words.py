"""Codes of choices (order statuses, kinds of cost, channels of contact) as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kexiao.text import Text, current_language

WORDS: dict[str, Text] = {
    "unpaid": Text(zh="待付款", en="unpaid"),
    "paid": Text(zh="已付款", en="paid"),
    "shipped": Text(zh="已发货", en="shipped"),
    "completed": Text(zh="已完成", en="completed"),
    "refunded": Text(zh="已退款", en="refunded"),
    "cancelled": Text(zh="已取消", en="cancelled"),
    "test": Text(zh="测试", en="test"),
    "treated": Text(zh="实验组", en="treated"),
    "holdout": Text(zh="对照组", en="held out"),
    "online": Text(zh="线上", en="online"),
    "offline": Text(zh="线下", en="offline"),
    "open": Text(zh="进行中", en="open"),
    "won": Text(zh="赢单", en="won"),
    "lost": Text(zh="输单", en="lost"),
    "sent": Text(zh="已发送", en="sent"),
    "failed": Text(zh="未送达", en="failed"),
    "delivered": Text(zh="已送达", en="delivered"),
    "answered": Text(zh="已回答", en="answered"),
    "opened": Text(zh="已打开", en="opened"),
    "clicked": Text(zh="已点击", en="clicked"),
    "unsubscribed": Text(zh="已退订", en="unsubscribed"),
    "cross_sell": Text(zh="交叉销售", en="cross-sell"),
    "up_sell": Text(zh="升级", en="up-sell"),
    "renewal": Text(zh="续约", en="renewal"),
    "draft": Text(zh="草稿", en="draft"),
    "signed": Text(zh="已签", en="signed"),
    "ended": Text(zh="已终止", en="ended"),
    "void": Text(zh="作废", en="void"),
    "owner": Text(zh="负责人", en="owner"),
    "region": Text(zh="大区", en="region"),
    "team": Text(zh="团队", en="team"),
    "parent": Text(zh="上级客户", en="parent account"),
    "tier": Text(zh="等级", en="tier"),
    "marketing": Text(zh="营销", en="marketing"),
    "service": Text(zh="服务", en="service"),
    "profiling": Text(zh="个性化", en="profiling"),
    "research": Text(zh="调研", en="research"),
    "sharing": Text(zh="向第三方提供", en="sharing with others"),
    "sms": Text(zh="短信", en="text message"),
    "phone": Text(zh="电话", en="phone"),
    "email": Text(zh="邮件", en="e-mail"),
    "wechat": Text(zh="微信", en="WeChat"),
    "app": Text(zh="App", en="app"),
    "post": Text(zh="邮寄", en="post"),
    "all": Text(zh="全部", en="all"),
}


def choice_words(code: str, known: Mapping[str, Iterable[str]]) -> str:
    """A code in the current language; where it has no words here, the first that files use for it (``known``: code → words of files).

    >>> choice_words("treated", {}), choice_words("media", {"media": ("媒体", "media")})
    ('实验组', '媒体')
    """
    if code in WORDS:
        return WORDS[code]()
    wants_ascii = current_language() == "en"
    return next((word for word in known.get(code, ()) if word.isascii() == wants_ascii), code)
