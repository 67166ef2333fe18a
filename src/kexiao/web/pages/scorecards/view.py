"""The list of scorecards, one scorecard over a period, one subject with its evidence, and closing."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from kexiao.assessment.ledger import lines_of
from kexiao.assessment.results import Assessment, SubjectResult
from kexiao.assessment.scorecard import SUBJECT_LABELS
from kexiao.cycle.assess import assess
from kexiao.facts.periods import parse
from kexiao.report.numbers import show_period
from kexiao.text import Text
from kexiao.web import workspace
from kexiao.web.choices import chosen
from kexiao.web.pages.scorecards import asking
from kexiao.web.pages.scorecards.drawing import chance_bar, labelled_range, range_line
from kexiao.web.parts.states import Empty, no_data
from kexiao.web.roles import may, requires

_HEADING = Text(zh="评估", en="Assessment")
_NO_CARD = Empty(
    Text(zh="还没有评分卡", en="No scorecard yet"),
    Text(
        zh="在工作区的 scorecards 文件夹里写一个 TOML 文件：评谁、看哪些指标、目标和权重。",
        en="Write one as a TOML file in the workspace's folder scorecards: whom it judges, by which metrics, targets and weights.",
    ),
)


def scorecards(request: HttpRequest) -> HttpResponse:
    """Every scorecard, and how it stands in the chosen period."""
    choice = chosen(request)
    if choice is None:
        return render(request, "parts/empty_page.html", {"empty": no_data(request), "heading": _HEADING})
    lines = asking.lines(choice.period)
    if not lines:
        return render(request, "parts/empty_page.html", {"empty": _NO_CARD, "heading": _HEADING})
    return render(request, "scorecards/list.html", {"lines": lines, "kinds": SUBJECT_LABELS, "chosen": choice})


def scorecard(request: HttpRequest, name: str) -> HttpResponse:
    """One scorecard over the chosen period."""
    choice = chosen(request)
    if choice is None:
        return render(request, "parts/empty_page.html", {"empty": no_data(request), "heading": _HEADING})
    found = asking.assessment(name, choice.period)
    shown = {
        "found": found,
        "lines": [_line(found, one) for one in _ranked(found)],
        "rolled_up": [_line(found, one) for one in found.rolled_up],
        "alone": _line(found, found.subjects[0]) if len(found.subjects) == 1 else None,
        "kind": SUBJECT_LABELS[found.kind],
        "graded": sum(one.outcome == "graded" for one in found.subjects),
        "unsure": sum(one.outcome == "cannot_tell" for one in found.subjects),
        "may_close": may(request.user, "close"),
        "ledger": lines_of(found),
        "currency": found.policy.get("currency", "CNY"),
    }
    return render(request, "scorecards/page.html", {**shown, "chosen": choice})


def _ranked(found: Assessment) -> list[SubjectResult]:
    """The best first; those without a score last."""
    return sorted(found.subjects, key=lambda one: (one.score is None, -(one.score or 0.0), one.name))


def _line(found: Assessment, one: SubjectResult) -> dict[str, Any]:
    return {
        "result": one,
        "range": range_line(one.score, one.score_low, one.score_high, found.grades),
        "labelled": labelled_range(one.score, one.score_low, one.score_high, found.grades),
        "chances": chance_bar(one.chances) if one.chances else "",
        "likely": next((chance for chance in one.chances if chance.code == one.closest), None),
    }


def subject(request: HttpRequest, name: str, subject: str) -> HttpResponse:
    """One subject: every indicator with its value, target, score and evidence."""
    choice = chosen(request)
    if choice is None:
        raise Http404
    found = asking.assessment(name, choice.period)
    if subject not in asking.known_subjects(found):
        raise Http404
    shown = {
        "found": found,
        "line": _line(found, found.subject(subject)),
        "currency": found.policy.get("currency", "CNY"),
    }
    return render(request, "scorecards/subject.html", {**shown, "chosen": choice})


@requires("close")
@require_POST
def close(request: HttpRequest, name: str) -> HttpResponse:
    """Close a period of a scorecard, or open a closed one again for a reason and close it anew."""
    folder = workspace.folder()
    period = parse(request.POST.get("period", ""), folder.fiscal_year_start)
    who = request.user.get_username()
    if "reason" in request.POST:
        assess(folder, name, period.name, reopen=asking.needs_reason(request.POST["reason"]), who=who)
        words = Text(
            zh="{p} 已按新数据重新关闭，旧的一版仍保留。", en="{p} is closed anew; the earlier revision is kept."
        )
    else:
        assess(folder, name, period.name, close=True, who=who)
        words = Text(zh="{p} 已关闭，数值不再改变。", en="{p} is closed; its values will not change.")
    shown = {"zh": show_period(period.name, "zh"), "en": show_period(period.name, "en")}
    request.session["notice"] = {"zh": words.zh.format(p=shown["zh"]), "en": words.en.format(p=shown["en"])}
    return redirect(f"{reverse('scorecards-card', args=[name])}?{urlencode({'period': period.name})}")
