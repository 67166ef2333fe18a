"""The plans by standing, one plan with its verdict, and reviewing them anew."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from kexiao.cycle.review import review
from kexiao.engine import audit
from kexiao.facts.subjects import DIMENSION_LABELS
from kexiao.metrics.catalogue import metric_named
from kexiao.text import Text
from kexiao.web import workspace
from kexiao.web.jobs import Tell, start
from kexiao.web.pages.initiatives import asking
from kexiao.web.pages.initiatives.drawing import course
from kexiao.web.pages.initiatives.writing import effect
from kexiao.web.parts.states import Empty, no_data
from kexiao.web.records.models import Job
from kexiao.web.roles import may, requires

_HEADING = Text(zh="成效", en="Effect")
_NONE = Empty(
    Text(zh="还没有改进项目", en="No initiative yet"),
    Text(
        zh="在工作区的 initiatives 文件夹里写一个 TOML 文件：负责人、截止日、指标、在哪做、与谁比、承诺多少。",
        en="Write one as a TOML file in the workspace's folder initiatives: owner, deadline, metric, where, against whom, what it promises.",
    ),
)


def initiatives(request: HttpRequest) -> HttpResponse:
    """Every plan, by how it stands."""
    if not workspace.about().coverage:
        return render(request, "parts/empty_page.html", {"empty": no_data(request), "heading": _HEADING})
    plans = asking.plans()
    if not plans:
        return render(request, "parts/empty_page.html", {"empty": _NONE, "heading": _HEADING})
    groups = [(code, label, [_shown(plan) for plan in found]) for code, label, found in asking.by_standing(plans)]
    shown = {"groups": groups, "may_review": may(request.user, "review"), **_review_job()}
    return render(
        request, "initiatives/list.html", {**shown, "stale": any(p.stale or p.verdict is None for p in plans)}
    )


def _review_job() -> dict[str, Any]:
    """The review under way, or how the last one failed."""
    last = Job.objects.filter(kind="review").order_by("-pk").first()
    return {
        "running": last is not None and last.state == "running",
        "failed": last if last and last.state == "failed" else None,
    }


def reviewing(request: HttpRequest) -> HttpResponse:
    """How far the review is; a page that watched it end is told to show the new verdicts."""
    found = _review_job()
    response = render(request, "initiatives/reviewing.html", found)
    if not found["running"] and request.headers.get("HX-Request"):
        response.headers["HX-Refresh"] = "true"
    return response


def _shown(plan: asking.Plan) -> dict[str, Any]:
    one, verdict = plan.initiative, plan.verdict
    currency = workspace.folder().currency
    holdout = verdict is not None and verdict.design == "holdout"

    def written(amount: float | None, unit: str) -> str:
        return effect(amount, unit, one.metric, currency, per_customer=holdout)

    return {
        "plan": plan,
        "one": one,
        "verdict": verdict,
        "metric": metric_named(one.metric),
        "expected": written(one.expected, one.expected_unit),
        "estimate": written(verdict.estimate, verdict.unit) if verdict else "—",
        "low": written(verdict.interval_low, verdict.unit) if verdict else "",
        "high": written(verdict.interval_high, verdict.unit) if verdict else "",
        "written": written,
        "holdout": holdout,
    }


def initiative(request: HttpRequest, name: str) -> HttpResponse:
    """One plan: what was promised, what came of it, how we know."""
    plan = next((plan for plan in asking.plans() if plan.initiative.id == name), None)
    if plan is None:
        raise Http404
    shown, verdict = _shown(plan), plan.verdict
    if verdict is not None:
        unit = verdict.unit
        shown["checks"] = [
            (
                check,
                *(
                    shown["written"](amount, unit)
                    for amount in (check.estimate, check.interval_low, check.interval_high)
                ),
            )
            for check in verdict.checks
        ]
        shown["chart"] = course(verdict, shown["metric"], workspace.folder().currency)
        shown["sides"] = [side for side in (verdict.treated, verdict.comparison) if side]
    return render(
        request,
        "initiatives/page.html",
        {
            **shown,
            "standing": asking.STANDINGS[plan.standing],
            "scope": _scope(plan.initiative.scope),
            "comparison": _comparison(plan),
        },
    )


def _scope(scope: Any) -> Text:
    """Where a plan applies, in words."""
    if not scope:
        return Text(zh="全部", en="everywhere")
    parts = [
        Text(zh="{d}：{v}", en="{d}: {v}").fill(d=DIMENSION_LABELS.get(name, Text.same(name)), v=", ".join(values))
        for name, values in scope.items()
    ]
    return Text(zh="；".join(p.zh for p in parts), en="; ".join(p.en for p in parts))


def _comparison(plan: asking.Plan) -> Text:
    one = plan.initiative
    if one.campaign:
        return Text(zh="活动 {c} 的对照组（随机留出）", en="the held-out arm of campaign {c}").fill(c=one.campaign)
    if one.comparison == "auto":
        return Text(zh="同一维度的其余部分", en="the rest of the same dimension")
    return _scope(one.comparison) if one.comparison else Text(zh="没有可比对象", en="nothing to compare with")


@requires("review")
@require_POST
def review_all(request: HttpRequest) -> HttpResponse:
    """Judge every plan anew over today's data, as a job."""
    folder, who = workspace.folder(), request.user.get_username()

    def work(tell: Tell) -> dict[str, Any]:
        tell(Text(zh="正在复盘…", en="Reviewing…"))
        verdicts = review(folder)
        audit.record(folder.root, "review", who=who, initiatives=len(verdicts))
        return {"initiatives": len(verdicts)}

    if not Job.objects.filter(kind="review", state="running").exists():
        start("review", "", request.user, work)  # type: ignore[arg-type]
    return redirect("initiatives")
