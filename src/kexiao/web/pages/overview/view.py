"""The overview: eight cards, the reason of each change, what is due and how fresh the data are."""

from __future__ import annotations

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from kexiao.metrics.catalogue import THEMES, all_metrics, theme_of
from kexiao.text import Text
from kexiao.web.choices import chosen
from kexiao.web.layout import entries
from kexiao.web.pages.overview import due as what
from kexiao.web.pages.overview.cards import cards_for
from kexiao.web.pages.overview.reasons import reason_of
from kexiao.web.parts.states import no_data


def overview(request: HttpRequest) -> HttpResponse:
    """The cards; reasons and what is due follow as parts."""
    choice = chosen(request)
    if choice is None:
        return render(
            request, "parts/empty_page.html", {"empty": no_data(request), "heading": Text(zh="总览", en="Overview")}
        )
    return render(
        request,
        "overview/page.html",
        {"cards": cards_for(choice, what.company_targets(choice.period)), "chosen": choice},
    )


def reason(request: HttpRequest, name: str) -> HttpResponse:
    """Why one card moved, in a sentence."""
    choice = chosen(request)
    if choice is None or name not in all_metrics():
        raise Http404
    return render(request, "overview/reason.html", {"reason": reason_of(name, choice)})


def due(request: HttpRequest) -> HttpResponse:
    """What is due, and how fresh the data are."""
    return render(request, "overview/due.html", {"tasks": what.tasks(date.today()), "fresh": what.freshness()})


def search(request: HttpRequest) -> JsonResponse:
    """Pages and metrics to find by name, in both languages."""
    page, metric = Text(zh="页面", en="page"), Text(zh="指标", en="metric")
    found = [
        {"label": e.label(), "words": f"{e.label.zh} {e.label.en}", "kind": page(), "address": reverse(e.view)}
        for e in entries()
    ]
    for name, one in all_metrics().items():
        theme = THEMES[theme_of(name)]
        words = f"{one.label.zh} {one.label.en} {name} {theme.zh} {theme.en}"
        found.append(
            {"label": one.label(), "words": words, "kind": metric(), "address": reverse("metric", args=[name])}
        )
    return JsonResponse({"found": found})
