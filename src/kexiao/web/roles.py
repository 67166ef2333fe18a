"""Who may do what: roles, the acts that each role allows, and the decorator that guards a view."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse

from kexiao.errors import NotPermitted
from kexiao.text import Text

ROLES: dict[str, Text] = {
    "admin": Text(zh="管理员", en="Administrator"),
    "manager": Text(zh="经理", en="Manager"),
    "viewer": Text(zh="只读用户", en="Viewer"),
}
ACTS: dict[str, tuple[Text, frozenset[str]]] = {
    "load": (Text(zh="导入数据", en="load data"), frozenset({"admin", "manager"})),
    "undo": (Text(zh="撤销导入", en="undo a load"), frozenset({"admin", "manager"})),
    "close": (Text(zh="关闭季度", en="close a quarter"), frozenset({"admin", "manager"})),
    "plan": (Text(zh="立项", en="write down a plan"), frozenset({"admin", "manager"})),
    "read_personal": (Text(zh="查看个人信息", en="read personal data"), frozenset({"admin", "manager"})),
    "export_personal": (Text(zh="导出个人信息", en="export personal data"), frozenset({"admin", "manager"})),
    "erase": (Text(zh="删除个人信息", en="erase personal data"), frozenset({"admin"})),
    "merge": (Text(zh="合并客户", en="merge customers"), frozenset({"admin", "manager"})),
    "review": (Text(zh="复盘改进项目", en="review initiatives"), frozenset({"admin", "manager"})),
}
View = Callable[..., HttpResponse]


def may(person: Any, act: str) -> bool:
    """Whether a signed-in person may do an act."""
    return bool(person.is_authenticated) and person.role in ACTS[act][1]


def requires(act: str) -> Callable[[View], View]:
    """Guard a view: whoever may not do the act gets the no-permission page (403)."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
            if not may(request.user, act):
                raise not_permitted(request.user, act)
            return view(request, *arguments, **named)

        return guarded

    return guard


def not_permitted(person: Any, act: str) -> NotPermitted:
    """The error that says who may do it."""
    words, allowed = ACTS[act]
    return NotPermitted(
        Text(zh="你的角色（{role}）不能{act}。", en="Your role ({role}) may not {act}.").fill(
            role=ROLES.get(getattr(person, "role", ""), Text.same("—")), act=words
        ),
        next_step=Text(zh="请联系{who}。", en="Ask someone who is {who}.").fill(who=_named(allowed)),
    )


def _named(roles: frozenset[str]) -> Text:
    listed = [ROLES[name] for name in ROLES if name in roles]
    return Text(zh="或".join(t.zh for t in listed), en=" or ".join(t.en.lower() for t in listed))
