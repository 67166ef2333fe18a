"""The wizard: how uploaded files would be read, changed and confirmed before they are loaded."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from kexiao.cycle import collect as collecting
from kexiao.cycle import uploading
from kexiao.cycle.uploading import Upload
from kexiao.engine.folder import Folder
from kexiao.errors import Ambiguous, InputRejected, KexiaoError, WrongUse
from kexiao.sources.mapping.outcome import COUNTS
from kexiao.text import Text
from kexiao.web import workspace
from kexiao.web.jobs import Tell, start
from kexiao.web.pages.data import form
from kexiao.web.records.models import Job
from kexiao.web.roles import requires


def receive(request: HttpRequest, *, look: bool) -> Upload:
    """Keep the files of a form and read them as a job; with ``look`` nothing is loaded before somebody has looked. Errors: ``WrongUse``."""
    files = request.FILES.getlist("files")
    if not files:
        raise WrongUse(
            Text(zh="没有选择文件。", en="No file was chosen."),
            next_step=Text(zh="请选择一个或多个 CSV 或 Excel 文件。", en="Choose one or more CSV or Excel files."),
        )
    folder = workspace.folder()
    who, meant = request.user.get_username(), request.POST.get("meant") == "yes"
    times = _times(request.POST.get("times", ""), len(files))
    kept = [(file.name or "", file.chunks(), at) for file, at in zip(files, times, strict=True)]
    upload = uploading.receive(folder, kept, who=who, meant=meant)
    # Large files are read once only, unless somebody wants to see how.
    once = not look and sum(file.size or 0 for file in files) > uploading.LARGEST

    def work(tell: Tell) -> dict[str, Any]:
        try:
            known = upload if once else uploading.propose_upload(folder, upload, on_progress=tell)
        except BaseException:
            uploading.drop(upload)
            raise
        if look or known.asks:
            return {"load": None, "ask": known.token}
        return _load(folder, known, known.files, tell, who=who)

    names = ", ".join(file.name or "" for file in files)
    start("look" if look else "collect", names, request.user, work)  # type: ignore[arg-type]
    return upload


def _times(told: str, count: int) -> list[float | None]:
    """When each file was last changed, as the browser tells in milliseconds since 1970; nothing where it tells something else."""
    try:
        times = [float(one) / 1000 for one in json.loads(told)]
    except (ValueError, TypeError):
        return [None] * count
    return [*times] if len(times) == count else [None] * count


def _load(folder: Folder, upload: Upload, files: list[Path], tell: Tell, *, who: str) -> dict[str, Any]:
    """Load the files of an upload; where a sheet cannot be read as it is, the upload waits with the question, to be answered in the wizard."""
    try:
        report = collecting.collect(folder, files, on_progress=tell, who=who, accept_change=upload.meant)
    except (Ambiguous, InputRejected) as problem:
        if problem.place is None or not upload.sheets:
            # Not of a sheet but of the load as a whole: amounts quite unlike before, say.
            uploading.drop(upload)
            raise
        uploading.keep(replace(upload, question=Text(zh=problem.message("zh"), en=problem.message("en"))))
        return {"load": None, "ask": upload.token, "question": [problem.message("zh"), problem.message("en")]}
    except BaseException:
        uploading.drop(upload)
        raise
    uploading.drop(upload)
    return {"load": report.load_id, **{name: getattr(report, name) for name in COUNTS}}


@requires("load")
@require_safe
def wizard(request: HttpRequest, token: str) -> HttpResponse:
    """How the files of an upload would be read."""
    upload = uploading.read_upload(workspace.folder(), token)
    if upload is not None and request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Refresh": "true"})
    if upload is not None:
        return _page(request, upload)
    job = Job.objects.filter(kind="look").order_by("-pk").first()
    return render(request, "data/reading.html", {"job": job}, status=200 if job else 404)


def _page(request: HttpRequest, upload: Upload, problem: KexiaoError | None = None) -> HttpResponse:
    sheets = form.shown(workspace.folder(), upload)
    waits = [one for one in sheets if one.preview.question or (not one.sheet.mapping and not one.sheet.left_out)]
    shown = {"upload": upload, "sheets": sheets, "problem": problem, "waits": len(waits)}
    return render(request, "data/wizard.html", shown, status=400 if problem else 200)


@requires("load")
@require_POST
def change(request: HttpRequest, token: str) -> HttpResponse:
    """Change how sheets are read; with ``act=load`` confirm and load, unless a question is still open."""
    folder = workspace.folder()
    upload = uploading.read_upload(folder, token)
    if upload is None:
        raise _gone()
    try:
        meant = request.POST.get("meant") == "yes"
        upload = replace(upload, sheets=form.changed(upload, request.POST.dict()), meant=meant, question=None)
    except (WrongUse, Ambiguous) as problem:
        return _page(request, upload, problem)
    uploading.keep(upload)
    if request.POST.get("act") != "load":
        return redirect("data-wizard", token=token)
    if any(one.preview.question for one in form.shown(folder, upload)):
        return redirect("data-wizard", token=token)
    try:
        files = uploading.settle(folder, upload)
    except WrongUse as problem:
        return _page(request, upload, problem)
    confirmed, who = upload, request.user.get_username()
    start("collect", upload.names, request.user, lambda tell: _load(folder, confirmed, files, tell, who=who))  # type: ignore[arg-type]
    return redirect("data")


@requires("load")
@require_POST
def drop(request: HttpRequest, token: str) -> HttpResponse:
    """Throw an upload away; nothing of it was loaded."""
    upload = uploading.read_upload(workspace.folder(), token)
    if upload is None:
        raise _gone()
    uploading.drop(upload)
    words = Text(zh="已放弃这次上传，没有导入任何数据。", en="The upload was thrown away; nothing was loaded.")
    request.session["notice"] = {"zh": words.zh, "en": words.en}
    return redirect("data")


def _gone() -> WrongUse:
    return WrongUse(
        Text(zh="这次上传已经导入、放弃或过期。", en="This upload was loaded, thrown away, or is too old."),
        next_step=Text(zh="请在“数据”页重新选择文件。", en="Choose the files again on the data page."),
    )
