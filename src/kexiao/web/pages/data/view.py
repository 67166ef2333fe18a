"""The data page: what was loaded, what was refused and why, loading files and taking a load back."""

from __future__ import annotations

import shutil
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from kexiao.cycle import collect as collecting
from kexiao.cycle.loads import total
from kexiao.errors import WrongUse
from kexiao.text import Text
from kexiao.web import workspace
from kexiao.web.jobs import Tell, start
from kexiao.web.pages.data import asking
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
            **_jobs(),
        },
    )


def _jobs() -> dict[str, Any]:
    """Work under way and what ended in the last ten minutes."""
    recent = Job.objects.filter(kind__in=("collect", "undo")).order_by("-pk")[:5]
    since = timezone.now() - timedelta(minutes=10)
    shown = [job for job in recent if job.state == "running" or (job.ended_at and job.ended_at > since)]
    return {"jobs": shown, "running": any(job.state == "running" for job in shown)}


def jobs(request: HttpRequest) -> HttpResponse:
    """How far the work is; a page that watched it end is told to show the new data."""
    found = _jobs()
    response = render(request, "data/jobs.html", {**found, "watched": True})
    if not found["running"] and request.headers.get("HX-Request"):
        response.headers["HX-Refresh"] = "true"
    return response


@requires("load")
@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Take files in and collect them, as a job."""
    files = request.FILES.getlist("files")
    if not files:
        raise WrongUse(
            Text(zh="没有选择文件。", en="No file was chosen."),
            next_step=Text(zh="请选择一个或多个 CSV 或 Excel 文件。", en="Choose one or more CSV or Excel files."),
        )
    folder = workspace.folder()
    place = folder.data / "_tmp" / f"upload-{uuid.uuid4().hex}"
    paths = [_keep(file, place / str(number)) for number, file in enumerate(files)]
    who, meant = request.user.get_username(), request.POST.get("meant") == "yes"

    def work(tell: Tell) -> dict[str, Any]:
        try:
            report = collecting.collect(folder, paths, on_progress=tell, who=who, accept_change=meant)
        finally:
            shutil.rmtree(place, ignore_errors=True)
        counts = ("rows_read", "rows_loaded", "rows_quarantined", "rows_duplicate", "rows_skipped")
        return {"load": report.load_id, **{name: getattr(report, name) for name in counts}}

    start("collect", ", ".join(file.name or "" for file in files), request.user, work)  # type: ignore[arg-type]
    return redirect("data")


def _keep(file: Any, place: Path) -> Path:
    """An uploaded file under its own name, which Django has reduced to a bare file name, in a folder of its own."""
    place.mkdir(parents=True)
    path = place / Path(file.name).name
    with path.open("wb") as target:
        for chunk in file.chunks():
            target.write(chunk)
    return path


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
