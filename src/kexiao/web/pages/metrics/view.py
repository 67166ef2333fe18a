"""The catalogue, and one metric: number, course, breakdown, why it moved, variants, rows, settings."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from kexiao.cycle.explain import explain
from kexiao.facts.formula import CohortShare
from kexiao.facts.formula import words as formula_words
from kexiao.facts.metric import Example, Metric
from kexiao.facts.subjects import DIMENSION_LABELS
from kexiao.metrics.catalogue import THEMES, all_metrics, metric_named, theme_of
from kexiao.tables.catalogue import table_named
from kexiao.text import Text
from kexiao.web import workspace
from kexiao.web.changes import change_along, differences, single_values, splittable
from kexiao.web.choices import Chosen, chosen
from kexiao.web.pages.metrics import drawing
from kexiao.web.pages.metrics.asking import breakdown_of, dimensions, rows_shown
from kexiao.web.parts.states import no_data

_HEADING = Text(zh="指标", en="Metrics")
GRAINS = {
    "month": Text(zh="按月", en="Monthly"),
    "quarter": Text(zh="按季", en="Quarterly"),
    "year": Text(zh="按年", en="Yearly"),
}


def metrics(request: HttpRequest) -> HttpResponse:
    """Every metric of the catalogue with its value and change, by theme."""
    choice = chosen(request)
    if choice is None:
        return render(request, "parts/empty_page.html", {"empty": no_data(request), "heading": _HEADING})
    single = tuple(name for name, one in all_metrics().items() if not isinstance(one.formula, CohortShare))
    now, before = single_values(single, choice)
    moved = differences(now, before, choice)
    lines: dict[str, list[dict[str, Any]]] = {theme: [] for theme in THEMES}
    for name, one in all_metrics().items():
        lines[theme_of(name)].append(
            {"name": name, "metric": one, "now": now.get(name), "before": before.get(name), "moved": moved.get(name)}
        )
    themes = [{"label": THEMES[theme], "lines": found} for theme, found in lines.items() if found]
    return render(request, "metrics/list.html", {"themes": themes, "chosen": choice})


def metric(request: HttpRequest, name: str) -> HttpResponse:
    """One metric opened."""
    definition = metric_named(name)
    choice = chosen(request)
    if choice is None:
        return render(request, "parts/empty_page.html", {"empty": no_data(request), "heading": definition.label})
    shown: dict[str, Any] = {"name": name, "metric": definition, "chosen": choice, "theme": THEMES[theme_of(name)]}
    if isinstance(definition.formula, CohortShare):
        return render(request, "metrics/cohorts.html", {**shown, **_cohorts(name, definition, choice)})
    opened = workspace.ask(("explain", name, choice.period), lambda source: explain(source, name, choice.period))
    before = next(iter(workspace.measured((name,), choice.other)))
    moved = differences({name: opened.value}, {name: before}, choice)[name]
    values = workspace.measured((name,), choice.period, variants=True)
    variants = [
        {
            "code": v.variant,
            "value": v,
            "about": definition.variants[v.variant],
            "formula": formula_words(definition.variants[v.variant].formula),
        }
        for v in values
        if v.variant
    ]
    return render(
        request,
        "metrics/page.html",
        {
            **shown,
            "opened": opened,
            "now": opened.value,
            "before": before,
            "moved": moved,
            "example": _drawn(definition.example) if definition.example else None,
            "variants": variants,
            "can_split": splittable(name),
            "can_break": dimensions(name),
        },
    )


def _drawn(example: Example) -> dict[str, Any]:
    """A worked example with its tables set flush."""
    tables = {table_named(name).label: dedent(drawn).strip("\n") for name, drawn in example.tables.items()}
    return {"tables": tables, "period": example.period, "answer": example.answer}


def _cohorts(name: str, definition: Metric, choice: Chosen) -> dict[str, Any]:
    values = workspace.measured((name,), choice.trail("month", 12))
    return {
        "chart": drawing.cohorts(definition, list(values)),
        "formula": formula_words(definition.formula),
        "snapshot": workspace.about().snapshot,
    }


def trend(request: HttpRequest, name: str) -> HttpResponse:
    """The course with its interval, by month, quarter or year."""
    definition, choice = metric_named(name), chosen(request)
    if choice is None:
        return HttpResponse()
    grain = request.GET.get("grain", "") if request.GET.get("grain") in GRAINS else _usual_grain(choice)
    count = {"month": 24, "quarter": 12, "year": 5}[grain]
    values = list(workspace.measured((name,), choice.trail(grain, count), grain=grain))  # type: ignore[arg-type]
    tabs = [
        _tab(reverse("metric-trend", args=[name]), "grain", code, label, code == grain)
        for code, label in GRAINS.items()
    ]
    last = workspace.about().coverage.get("orders")
    chart = drawing.course(definition, values, last.last.isoformat() if last else None)
    return render(
        request,
        "metrics/part_chart.html",
        {"tabs": tabs, "tabs_label": Text(zh="时间粒度", en="Grain"), "chart": chart},
    )


def _usual_grain(choice: Chosen) -> str:
    return choice.period.grain if choice.period.grain in ("month", "year") else "quarter"


def _tab(address: str, key: str, code: str, label: Text, here: bool) -> dict[str, Any]:
    return {"address": f"{address}?{key}={code}", "label": label, "here": here}


def breakdown(request: HttpRequest, name: str) -> HttpResponse:
    """The value of each group of a dimension, with intervals."""
    definition, choice, possible = metric_named(name), chosen(request), dimensions(name)
    if choice is None or not possible:
        return HttpResponse()
    by = request.GET.get("by", "") if request.GET.get("by") in possible else possible[0]
    values = breakdown_of(name, choice, by)
    tabs = [_tab(reverse("metric-breakdown", args=[name]), "by", d, DIMENSION_LABELS[d], d == by) for d in possible]
    whole = next(iter(workspace.measured((name,), choice.period)))
    chart = drawing.groups(definition, values, whole, by) if values else None
    return render(
        request,
        "metrics/part_breakdown.html",
        {
            "tabs": tabs,
            "tabs_label": Text(zh="维度", en="Dimension"),
            "chart": chart,
            "values": values,
            "by": by,
            "dimension": DIMENSION_LABELS[by],
            "metric": definition,
        },
    )


def change(request: HttpRequest, name: str) -> HttpResponse:
    """Why it moved: the exact split over a dimension."""
    definition, choice, possible = metric_named(name), chosen(request), splittable(name)
    if choice is None or not possible:
        return HttpResponse()
    by = request.GET.get("by", "") if request.GET.get("by") in possible else possible[0]
    found = change_along(name, choice, by)
    tabs = [_tab(reverse("metric-change", args=[name]), "by", d, DIMENSION_LABELS[d], d == by) for d in possible]
    chart = drawing.split(definition, found) if found.decomposition else None
    return render(
        request,
        "metrics/part_change.html",
        {
            "tabs": tabs,
            "tabs_label": Text(zh="维度", en="Dimension"),
            "chart": chart,
            "change": found,
            "simpson": bool(found.decomposition and found.decomposition.simpson),
        },
    )


def rows(request: HttpRequest, name: str) -> HttpResponse:
    """The rows that the number was added up from."""
    choice = chosen(request)
    if choice is None:
        return HttpResponse()
    return render(request, "metrics/part_rows.html", {"behind": rows_shown(name, choice), "metric": metric_named(name)})
