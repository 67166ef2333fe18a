"""Sources of data: which systems are connected, how fresh each is, what failed, and reading one now."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from kexiao.cycle.pull import example, pull, system_labels
from kexiao.cycle.pushing import load_pushes
from kexiao.cycle.source_states import SourceLine, source_lines
from kexiao.engine import audit
from kexiao.sources.mapping.outcome import COUNTS
from kexiao.text import Text
from kexiao.web import workspace
from kexiao.web.jobs import Tell, start
from kexiao.web.pages.data.view import running_jobs
from kexiao.web.roles import may, requires

STATES: dict[str, tuple[Text, str]] = {
    "broken": (Text(zh="文件有误", en="File is wrong"), "kx-worse"),
    "failed": (Text(zh="上次读取失败", en="Last reading failed"), "kx-worse"),
    "never": (Text(zh="还没有读取", en="Not read yet"), "kx-unsure"),
    "late": (Text(zh="该读取了", en="Due"), "kx-worse"),
    "fresh": (Text(zh="新鲜", en="Fresh"), "kx-better"),
    "unknown": (Text(zh="未设更新频率", en="No schedule"), ""),
}


@require_safe
def sources(request: HttpRequest) -> HttpResponse:
    """Every source of the workspace, and how to add one. Secrets are never shown: only the names of their variables."""
    lines = [(line, *STATES[line.state]) for line in source_lines(workspace.folder())]
    examples = [(name, label, example(name)) for name, label in system_labels().items()]
    shown = {"lines": lines, "examples": examples, "may_load": may(request.user, "load"), **running_jobs("pull")}
    return render(request, "data/sources.html", shown)


@requires("load")
@require_POST
def read_now(request: HttpRequest, source: str) -> HttpResponse:
    """Read a source now, as a job; pushed answers that wait are loaded first."""
    folder = workspace.folder()
    line = next((one for one in source_lines(folder) if one.name == source), None)
    if line is None:
        raise Http404
    who, found = request.user.get_username(), line
    audit.record(folder.root, "pull", who=who, source=source)

    def work(tell: Tell) -> dict[str, Any]:
        return _read(found, tell)

    start("pull", source, request.user, work)  # type: ignore[arg-type]
    return redirect("data-sources")


def _read(line: SourceLine, tell: Tell) -> dict[str, Any]:
    folder = workspace.folder()
    pushed = load_pushes(folder, line.name) if line.pushes else 0
    if not line.pulls:
        return {"load": None, "pushed": pushed}
    report = pull(folder, line.name, on_progress=tell)
    return {"load": report.load_id, "pushed": pushed, **{name: getattr(report, name) for name in COUNTS}}
