"""The data page: what was loaded, what was refused and why, loading files and taking a load back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from kexiao.cycle import collect as collecting
from kexiao.cycle.loads import total
from kexiao.cycle.uploading import waiting
from kexiao.web import workspace
from kexiao.web.jobs import Tell, start
from kexiao.web.pages.data import asking, wizard
from kexiao.web.records.models import Job
from kexiao.web.roles import may, requires


def data(request: HttpRequest) -> HttpResponse:
    """Loads, quality, quarantine, tables."""
    loads = asking.loads()
    quality, trends, broken = asking.measured()
    return render(
        request,
        "data/page.html",
        {
            "loads": loads,
            "total": total(loads),
            "quality": quality,
            "trends": trends,
            "broken": broken,
            "refused": asking.refused(),
            "held": asking.held(),
            "snapshot": workspace.about().snapshot,
            "may_load": may(request.user, "load"),
            "may_undo": may(request.user, "undo"),
            "waiting": waiting(workspace.folder()) if may(request.user, "load") else [],
            **running_jobs(),
        },
    )


def running_jobs(*kinds: str, subject: str = "") -> dict[str, Any]:
    """Work under way and what ended in the last ten minutes: of these kinds (all), of one subject where it is given."""
    recent = Job.objects.filter(kind__in=kinds or ("collect", "undo", "pull", "erase")).order_by("-pk")
    if subject:
        recent = recent.filter(subject=subject)
    since = timezone.now() - timedelta(minutes=10)
    shown = [job for job in recent[:5] if job.state == "running" or (job.ended_at and job.ended_at > since)]
    waits = {one.token for one in waiting(workspace.folder())}
    asked = [job.result.get("ask") for job in shown if job.result.get("ask") in waits]
    return {"jobs": shown, "asked": asked, "running": any(job.state == "running" for job in shown)}


def jobs(request: HttpRequest) -> HttpResponse:
    """How far the work is; a page that watched it end is told to show the new data."""
    found = running_jobs()
    response = render(request, "data/jobs.html", {**found, "watched": True})
    if not found["running"] and request.headers.get("HX-Request"):
        response.headers["HX-Refresh"] = "true"
    return response


@requires("load")
@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Take files in and collect them as a job; with ``act=look`` show first how they would be read."""
    look = request.POST.get("act") == "look"
    upload = wizard.receive(request, look=look)
    return redirect("data-wizard", token=upload.token) if look else redirect("data")


@requires("undo")
@require_POST
def undo(request: HttpRequest, load: int) -> HttpResponse:
    """Take one load back, as a job."""
    if load not in [one.number for one in asking.loads()]:
        raise Http404
    folder, who = workspace.folder(), request.user.get_username()

    def work(tell: Tell) -> dict[str, Any]:
        snapshot = collecting.undo(folder, load, on_progress=tell, who=who)
        return {"undone": load, "snapshot": snapshot.name}

    start("undo", str(load), request.user, work)  # type: ignore[arg-type]
    return redirect("data")


def quarantine(request: HttpRequest) -> HttpResponse:
    """Which rows were refused for one reason: their numbers, never their cells."""
    given = {name: request.GET.get(name, "") for name in ("file", "sheet", "code", "column")}
    load = request.GET.get("load", "")
    if not load.isdigit():
        raise Http404
    return render(request, "data/rows.html", {"rows": asking.refused_rows(int(load), **given)})
