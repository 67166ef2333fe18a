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
from kexiao.sources.mapping.unusual import Held
from kexiao.text import Text
from kexiao.web import workspace
from kexiao.web.jobs import Tell, start
from kexiao.web.pages.data.view import running_jobs
from kexiao.web.roles import may, requires

STATES: dict[str, tuple[Text, str]] = {
    "broken": (Text(zh="文件有误", en="File is wrong"), "kx-worse"),
    "held": (Text(zh="等人确认", en="Waits for somebody"), "kx-worse"),
    "failed": (Text(zh="上次读取失败", en="Last reading failed"), "kx-worse"),
    "never": (Text(zh="还没有读取", en="Not read yet"), "kx-unsure"),
    "late": (Text(zh="该读取了", en="Due"), "kx-worse"),
    "fresh": (Text(zh="新鲜", en="Fresh"), "kx-better"),
    "unknown": (Text(zh="未设更新频率", en="No schedule"), ""),
}


@require_safe
def sources(request: HttpRequest) -> HttpResponse:
    """Every source of the workspace, and how to add one. Secrets are never shown: only the names of their variables."""
    lines = [(line, *STATES[line.state], held_mark(line)) for line in source_lines(workspace.folder())]
    examples = [(name, label, example(name)) for name, label in system_labels().items()]
    shown = {"lines": lines, "examples": examples, "may_load": may(request.user, "load"), **running_jobs("pull")}
    return render(request, "data/sources.html", shown)


@requires("load")
@require_POST
def read_now(request: HttpRequest, source: str) -> HttpResponse:
    """Read a source now, as a job; pushed answers that wait are loaded first. With ``accept`` (the moment at which something was held) it is loaded as it is."""
    folder = workspace.folder()
    line = next((one for one in source_lines(folder) if one.name == source), None)
    if line is None:
        raise Http404
    accepted = request.POST.get("accept", "")
    if accepted and not (line.held and accepted == held_mark(line)):
        # What the person looked at is not what waits now.
        request.session["notice"] = {"zh": _MOVED.zh, "en": _MOVED.en}
        return redirect("data-sources")
    who, found = request.user.get_username(), line
    said = {"accept_change": line.held_thing, "held": line.failure.en if line.failure else ""} if accepted else {}
    audit.record(folder.root, "pull", who=who, source=source, **said)

    def work(tell: Tell) -> dict[str, Any]:
        return _read(found, tell, who, accept=found.held_thing if accepted else False)

    start("pull", source, request.user, work)  # type: ignore[arg-type]
    return redirect("data-sources")


_MOVED = Text(
    zh="等待确认的内容已变，没有导入；请再看一遍。",
    en="What waits has changed meanwhile, so nothing was loaded; look at it again.",
)


def held_mark(line: SourceLine) -> str:
    """What tells one hold of a source from the next."""
    return line.failed_at.isoformat() if line.failed_at else ""


def _read(line: SourceLine, tell: Tell, who: str, *, accept: str | bool) -> dict[str, Any]:
    folder = workspace.folder()
    try:
        pushed = load_pushes(folder, line.name, accept_change=accept) if line.pushes else 0
        if not line.pulls:
            return {"load": None, "pushed": pushed}
        report = pull(folder, line.name, on_progress=tell, accept_change=accept, who=who)
    except Held as held:
        return {"load": None, "held": [held.what.zh, held.what.en]}
    return {"load": report.load_id, "pushed": pushed, **{name: getattr(report, name) for name in COUNTS}}
