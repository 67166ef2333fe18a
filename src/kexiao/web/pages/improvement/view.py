"""Findings with their reasons and remedies, and writing down a plan that answers one."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from kexiao.cycle.improve import plan as write_plan
from kexiao.engine import audit
from kexiao.errors import WrongUse
from kexiao.facts.subjects import DIMENSION_LABELS
from kexiao.improvement.findings import Finding
from kexiao.improvement.initiatives import Suggestion
from kexiao.metrics.catalogue import metric_named
from kexiao.text import Text
from kexiao.web import workspace
from kexiao.web.changes import improvement as improvement_of
from kexiao.web.choices import chosen
from kexiao.web.parts.states import no_data
from kexiao.web.roles import may, requires

_HEADING = Text(zh="改进", en="Improvement")
_QUARTER = timedelta(days=91)


def improvement(request: HttpRequest) -> HttpResponse:
    """The page; the findings follow as a part, since they compare everything."""
    choice = chosen(request)
    if choice is None:
        return render(request, "parts/empty_page.html", {"empty": no_data(request), "heading": _HEADING})
    return render(request, "improvement/page.html", {"chosen": choice})


def findings(request: HttpRequest) -> HttpResponse:
    """What moved beyond chance, the unwelcome things first, and what may help."""
    choice = chosen(request)
    if choice is None:
        return HttpResponse()
    found = improvement_of(choice)
    names = {plan.id: plan.name for plan in found.initiatives}
    lines = [_line(one, [s for s in found.suggestions if s.finding == one.id], names) for one in found.findings]
    return render(
        request,
        "improvement/findings.html",
        {
            "unwelcome": [line for line in lines if line["finding"].good is False],
            "welcome": [line for line in lines if line["finding"].good is not False],
            "notes": found.notes,
            "against": found.against,
            "may_plan": may(request.user, "plan"),
            "today": date.today(),
            "deadline": date.today() + _QUARTER,
            "period": choice.period.name,
        },
    )


def _line(finding: Finding, suggestions: list[Suggestion], names: dict[str, Text]) -> dict[str, Any]:
    return {
        "finding": finding,
        "better": metric_named(finding.metric).better,
        "suggestions": [
            {
                "one": one,
                "where": _where(one),
                "past": [(plan, names.get(plan, plan), o) for plan, o in one.past.items()],
            }
            for one in suggestions
        ],
    }


def _where(suggestion: Suggestion) -> Text | None:
    if not suggestion.scope:
        return None
    parts = [
        (DIMENSION_LABELS.get(name, Text.same(name)), ", ".join(values)) for name, values in suggestion.scope.items()
    ]
    return Text(zh="；".join(f"{d.zh}：{v}" for d, v in parts), en="; ".join(f"{d.en}: {v}" for d, v in parts))


@requires("plan")
@require_POST
def plan(request: HttpRequest) -> HttpResponse:
    """Write down an initiative that answers a finding."""
    folder = workspace.folder()
    made = write_plan(
        folder,
        request.POST.get("finding", ""),
        owner=_owner(request.POST.get("owner", "")),
        deadline=_day(request.POST.get("deadline", "")),
        expected=_effect(request.POST.get("expected", "")),
        period=request.POST.get("period") or None,
        remedy=request.POST.get("remedy") or None,
    )
    audit.record(folder.root, "plan", who=request.user.get_username(), initiative=made.id)
    words = Text(zh="已立项：{n}", en="Written down: {n}").fill(n=made.name)
    request.session["notice"] = {"zh": words.zh, "en": words.en}
    return redirect("initiatives")


def _owner(given: str) -> str:
    if not given.strip():
        raise WrongUse(
            Text(zh="没有写负责人。", en="There is no owner."), next_step=Text(zh="请写一个名字。", en="Give a name.")
        )
    return given.strip()[:100]


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise WrongUse(
            Text(zh="截止日不是日期。", en="The deadline is no date."),
            next_step=Text(zh="写成 2025-12-31。", en="Write it as 2025-12-31."),
        ) from None


def _effect(given: str) -> float:
    """A promised effect typed in per cent, as a share."""
    try:
        return float(given.replace("%", "").replace("−", "-").strip()) / 100
    except ValueError:
        raise WrongUse(
            Text(zh="承诺的效果不是数字。", en="The promised effect is no number."),
            next_step=Text(zh="写百分数，例如 10；要降低就写 -10。", en="Give per cent, such as 10; for a fall, -10."),
        ) from None
