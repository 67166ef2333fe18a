"""What a customer may ask for: all that we hold of them, as a file, and to have it erased."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from kexiao.cycle.customers import numbers_of, opened
from kexiao.cycle.disclosure import as_page, disclose
from kexiao.cycle.privacy import Erasure, person_of
from kexiao.cycle.privacy import erase as erase_person
from kexiao.errors import WrongUse
from kexiao.text import Text
from kexiao.web import workspace
from kexiao.web.jobs import Tell, start
from kexiao.web.roles import requires

WORD = Text(zh="删除", en="erase")


def beside(customer: int) -> tuple[int, int]:
    """How many numbers an erasure would cover, and how many other customers share a phone or e-mail with the person."""
    with opened(workspace.folder()) as at:
        if customer not in numbers_of(at, str(customer)):
            return 0, 0
        person, others = person_of(at, str(customer))
    return len(person.customers), len(others)


@requires("export_personal")
@require_POST
def export(request: HttpRequest, customer: int) -> HttpResponse:
    """Everything we hold of a person, as a page for them or as data; the reading is logged."""
    with opened(workspace.folder()) as at:
        if customer >= 2**63 or customer not in numbers_of(at, str(customer)):
            raise Http404
        found = disclose(at, str(customer), who=request.user.get_username())
    if request.POST.get("form") == "json":
        content, kind, ending = (
            json.dumps(found.as_json(), ensure_ascii=False, indent=1, default=str),
            "application/json",
            "json",
        )
    else:
        content, kind, ending = as_page(found), "text/html; charset=utf-8", "html"
    answer = HttpResponse(content, content_type=kind)
    # Saved, never shown here: the page is for the person, under no rules of ours.
    answer.headers["Content-Disposition"] = f'attachment; filename="kexiao-{customer}.{ending}"'
    return answer


@requires("erase")
@require_POST
def erase(request: HttpRequest, customer: int) -> HttpResponse:
    """Erase a person once the word was typed, as a job. What stands in the log and in the list of jobs is the number alone."""
    folder, who = workspace.folder(), request.user.get_username()
    with opened(folder) as at:
        if customer >= 2**63 or customer not in numbers_of(at, str(customer)):
            raise Http404
    if request.POST.get("word", "").strip().casefold() not in (WORD.zh, WORD.en):
        raise WrongUse(
            Text(zh="没有输入“删除”，什么也没有删除。", en="“erase” was not typed; nothing was erased."),
            next_step=Text(zh="请返回，输入后再试。", en="Go back, type it, and try again."),
        )

    def work(tell: Tell) -> dict[str, Any]:
        return _told(erase_person(folder, str(customer), who=who, on_progress=tell))

    start("erase", str(customer), request.user, work)  # type: ignore[arg-type]
    return redirect("customers-one", customer=customer)


def _told(done: Erasure) -> dict[str, Any]:
    """What an erasure did, without a word of whom."""
    return {
        "contacts": done.contacts,
        "files": done.files,
        "quarantined": done.quarantined,
        "table_files": done.table_files,
        "traces": list(done.traces[:20]),
        "older_backups": len(done.older_backups),
    }
