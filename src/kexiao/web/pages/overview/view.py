"""The overview: eight cards, the reason of each change, what is due and how fresh the data are."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from kexiao.metrics.catalogue import THEMES, all_metrics, metric_named, theme_of
from kexiao.text import Text
from kexiao.web.choices import Chosen, chosen
from kexiao.web.layout import entries
from kexiao.web.pages.overview import due as what
from kexiao.web.pages.overview.cards import CARDS, cards_for
from kexiao.web.pages.overview.reasons import reason_of
from kexiao.web.parts.states import no_data
from kexiao.web.patience import ended, ready


def overview(request: HttpRequest) -> HttpResponse:
    """The cards; reasons and what is due follow as parts. Until the cards are computed the page stands with empty ones, and asks for them again."""
    choice = chosen(request)
    if choice is None:
        return render(
            request, "parts/empty_page.html", {"empty": no_data(request), "heading": Text(zh="总览", en="Overview")}
        )
    if _cards_ready(choice):
        return render(request, "overview/page.html", {**_cards(choice), "chosen": choice})
    labels = [metric_named(name).label for name in CARDS]
    return render(request, "overview/page.html", {"waiting": labels, "chosen": choice})


def cards(request: HttpRequest) -> HttpResponse:
    """The cards as a part, once they are computed; nothing (204) until then. A failure takes their place."""
    choice = chosen(request)
    if choice is None:
        raise Http404
    if not _cards_ready(choice, seconds=0.0):
        return HttpResponse(status=204)
    return render(request, "overview/cards.html", {**_cards(choice), "chosen": choice})


def _cards_ready(choice: Chosen, seconds: float | None = None) -> bool:
    return ready(("cards", choice), lambda: _cards(choice), seconds)


def _cards(choice: Chosen) -> dict[str, Any]:
    return {"cards": cards_for(choice, what.company_targets(choice.period))}


def waiting(request: HttpRequest) -> HttpResponse:
    """Tell a page that waits for the facts to load itself anew; nothing (204) until they are open."""
    # The page itself tells of a failure.
    return HttpResponse(headers={"HX-Refresh": "true"}) if ended("facts") else HttpResponse(status=204)


def reason(request: HttpRequest, name: str) -> HttpResponse:
    """Why one card moved, in a sentence."""
    choice = chosen(request)
    if choice is None or name not in all_metrics():
        raise Http404
    if not ready(("reason", name, choice), lambda: reason_of(name, choice)):
        return render(request, "overview/later.html", {"address": reverse("overview-reason", args=[name])})
    return render(request, "overview/reason.html", {"reason": reason_of(name, choice)})


def due(request: HttpRequest) -> HttpResponse:
    """What is due, and how fresh the data are."""
    if not ready("due", lambda: (what.tasks(date.today()), what.freshness())):
        return render(request, "overview/later.html", {"address": reverse("overview-due")})
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
