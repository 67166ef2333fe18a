"""The customers: the largest, finding one, one customer's history; duplicates, merging and taking apart."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from kexiao.cycle.merging import merge_customers, unmerge_customer
from kexiao.engine import audit
from kexiao.errors import WrongUse
from kexiao.text import Text
from kexiao.web import workspace
from kexiao.web.pages.customers import asking
from kexiao.web.pages.customers.privacy import WORD, beside
from kexiao.web.pages.data.view import running_jobs
from kexiao.web.parts.states import no_data
from kexiao.web.roles import may, requires

_HEADING = Text(zh="客户", en="Customers")


def customers(request: HttpRequest) -> HttpResponse:
    """The largest customers, and a way to find one."""
    if not workspace.about().coverage:
        return render(request, "parts/empty_page.html", {"empty": no_data(request), "heading": _HEADING})
    return _list(request)


def _list(request: HttpRequest, found: list[int] | None = None) -> HttpResponse:
    shown = {
        "lines": asking.largest(),
        "found": found,
        "may_read": may(request.user, "read_personal"),
        "may_merge": may(request.user, "merge"),
        "currency": workspace.about().policy.currency,
    }
    return render(request, "customers/list.html", shown)


@requires("read_personal")
@require_POST
def find(request: HttpRequest) -> HttpResponse:
    """Find a customer by what people know of them. What was asked for is posted, so that it stands in no address and no log."""
    given = request.POST.get("who", "").strip()[:200]
    found = asking.found(given) if given else []
    audit.record(workspace.folder().root, "find_customer", who=request.user.get_username(), found=len(found))
    return redirect("customers-one", customer=found[0]) if len(found) == 1 else _list(request, found)


def customer(request: HttpRequest, customer: int) -> HttpResponse:
    """One customer's history, personal data masked."""
    return _one(request, customer, reveal=False)


@requires("read_personal")
@require_POST
def reveal(request: HttpRequest, customer: int) -> HttpResponse:
    """The same with personal data as they are; the reading is logged."""
    return _one(request, customer, reveal=True)


def _one(request: HttpRequest, number: int, *, reveal: bool) -> HttpResponse:
    if number >= 2**63:
        raise Http404
    found = asking.person(number, reveal=reveal, who=request.user.get_username())
    if found is None:
        raise Http404
    shown: dict[str, Any] = {
        "person": found,
        "profile": found.profile,
        "listed": sum(len(month.events) for month in found.months),
        "may_read": may(request.user, "read_personal"),
        "may_merge": may(request.user, "merge"),
        "may_export": may(request.user, "export_personal"),
        "may_erase": may(request.user, "erase") and bool(found.profile.contacts),
        "beside": beside(number) if may(request.user, "erase") else (0, 0),
        "word": WORD,
        "post_only": reveal,
        **running_jobs("erase", subject=str(number)),
    }
    return render(request, "customers/person.html", shown)


def duplicates(request: HttpRequest) -> HttpResponse:
    """Customers who may be one, with the reasons."""
    if not workspace.about().coverage:
        return render(request, "parts/empty_page.html", {"empty": no_data(request), "heading": _HEADING})
    found, pairs = asking.duplicates()
    shared = [(asking.FIELDS[one.field], one) for one in found.shared]
    return render(
        request,
        "customers/duplicates.html",
        {"found": found, "pairs": pairs, "shared": shared, "may_merge": may(request.user, "merge")},
    )


@requires("merge")
@require_POST
def merge(request: HttpRequest) -> HttpResponse:
    """Say that two customers are one."""
    given = [request.POST.get(name, "") for name in ("stays", "other")]
    if not all(one.isdigit() and int(one) < 2**63 for one in given):
        raise WrongUse(
            Text(zh="没有写明是哪两位客户。", en="It is not said which two customers are one."),
            next_step=Text(zh="请从列表中选择。", en="Choose them from the list."),
        )
    stays, other = map(int, given)
    merge_customers(workspace.folder(), stays, [other], who=request.user.get_username())
    _notice(
        request,
        Text(zh="已合并；可以随时取出，数据不会丢失。", en="Merged. It can be taken apart at any time without loss."),
    )
    return redirect("customers-one", customer=stays)


@requires("merge")
@require_POST
def unmerge(request: HttpRequest, customer: int) -> HttpResponse:
    """Take a customer out of the one it was merged into."""
    if customer >= 2**63:
        raise Http404
    done = unmerge_customer(workspace.folder(), customer, who=request.user.get_username())
    _notice(
        request, Text(zh="已取出，合并前的数据原样恢复。", en="Taken out; everything is as it was before the merge.")
    )
    return redirect("customers-one", customer=done.merges[0].into_id)


def _notice(request: HttpRequest, words: Text) -> None:
    request.session["notice"] = {"zh": words.zh, "en": words.en}
