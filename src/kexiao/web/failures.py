"""Pages for what goes wrong: a user's error, no permission, no such page, a fault of ours."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kexiao.errors import IntegrityFailed, KexiaoError, LimitExceeded, NotPermitted, StorageError
from kexiao.text import Text

_STATUS: dict[type[KexiaoError], int] = {NotPermitted: 403, StorageError: 503, LimitExceeded: 503, IntegrityFailed: 500}
_TITLES = {
    400: Text(zh="这样不行", en="That does not work"),
    403: Text(zh="没有权限", en="No permission"),
    404: Text(zh="没有这个页面", en="No such page"),
    500: Text(zh="程序出错", en="Something went wrong"),
    503: Text(zh="暂时做不到", en="Not possible just now"),
}


def error_page(request: HttpRequest, problem: KexiaoError) -> HttpResponse:
    """A user's error as a page, or as a part where a part was asked for."""
    status = next((code for kind, code in _STATUS.items() if isinstance(problem, kind)), 400)
    return tell(request, status, _with_its_place(problem), problem.next_step, problem.why)


def _with_its_place(problem: KexiaoError) -> Text:
    """What happened, and in which file, sheet, row or column where that is known."""
    if problem.place is None or not problem.place.describe():
        return problem.what
    where = Text(zh=problem.place.describe("zh"), en=problem.place.describe("en"))
    return Text(zh="{where}：{what}", en="{where}: {what}").fill(where=where, what=problem.what)


def tell(request: HttpRequest, status: int, what: Text, next_step: Text, why: Text | None = None) -> HttpResponse:
    """Render a failure: the whole page, or only the message inside a part."""
    told = {"status": status, "title": _TITLES[status], "what": what, "why": why, "next_step": next_step}
    template = "parts/failure_part.html" if request.headers.get("HX-Request") else "parts/failure.html"
    # htmx puts only answers of status 200 into the page, and a part's failure must be seen.
    return render(request, template, told, status=200 if request.headers.get("HX-Request") else status)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose token is missing or old."""
    return tell(
        request,
        403,
        Text(zh="页面停留过久，为安全起见没有执行。", en="The page was open too long, so for safety nothing was done."),
        Text(zh="请返回上一页，刷新后再试。", en="Go back, reload the page and try again."),
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    return tell(
        request,
        400,
        Text(zh="服务器没有看懂这个请求。", en="The server did not understand the request."),
        Text(zh="请从总览重新进入。", en="Start again from the overview."),
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return tell(
        request,
        403,
        Text(zh="你不能查看这里。", en="You may not see this."),
        Text(zh="请联系管理员。", en="Ask an administrator."),
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return tell(
        request,
        404,
        Text(zh="地址可能有误，或内容已被移走。", en="The address may be wrong, or what was here has moved."),
        Text(zh="请从左侧导航或总览继续。", en="Go on from the navigation or the overview."),
    )


def failed(request: HttpRequest) -> HttpResponse:
    """500: says nothing of the insides."""
    return tell(
        request,
        500,
        Text(zh="这是程序的缺陷，数据没有改变。", en="This is a fault of the program; your data are unchanged."),
        Text(
            zh="请稍后重试；若仍出现，请把时间与页面告诉管理员。",
            en="Try again; if it stays, tell an administrator when and where.",
        ),
    )
