"""Definitions that changed: a period is computed by the one in force when it begins, and says from which day that one holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from kexiao.facts.dressing import Part, Request, dressed
from kexiao.facts.formula import Dated, Formula, in_force, is_dated, since, walk
from kexiao.facts.metric import MetricValue
from kexiao.facts.periods import Period
from kexiao.facts.source import FactSource
from kexiao.facts.units import Filters
from kexiao.text import Text

Evaluate = Callable[
    [FactSource, Sequence[Request], Sequence[Period], tuple[str, ...], Filters], "list[list[MetricValue]]"
]


def evaluate_by_version(
    evaluate: Evaluate,
    source: FactSource,
    requests: Sequence[Request],
    periods: Sequence[Period],
    dimensions: tuple[str, ...],
    where: Filters,
) -> list[list[MetricValue]]:
    """The values of each request in its turn, by ``evaluate``, which knows no versions: formulas without any share its passes, those with some share
    them among the periods of one version."""
    plain = [request for request in requests if not is_dated(request.formula)]
    ready = iter(evaluate(source, plain, periods, dimensions, where)) if plain else iter(())
    return [
        _of_each_version(evaluate, source, request, periods, dimensions, where)
        if is_dated(request.formula)
        else next(ready)
        for request in requests
    ]


def _of_each_version(
    evaluate: Evaluate,
    source: FactSource,
    request: Request,
    periods: Sequence[Period],
    dimensions: tuple[str, ...],
    where: Filters,
) -> list[MetricValue]:
    found: dict[str, list[MetricValue]] = {period.name: [] for period in periods}
    groups: dict[Formula, list[Period]] = {}
    for period in periods:
        formula = in_force(request.formula, period.start)
        if formula is None:
            part = Part(None, reason=not_yet(request.formula))
            found[period.name] = [dressed(source, request, period, {}, part, where)]
        else:
            groups.setdefault(formula, []).append(period)
    for formula, at in groups.items():
        first = since(request.formula, at[0].start)
        told = {"definition_from": first.isoformat()} if first else {}
        for value in evaluate(source, [replace(request, formula=formula)], at, dimensions, where)[0]:
            found[value.period].append(replace(value, settings={**value.settings, **told}))
    return [value for period in periods for value in found[period.name]]


def not_yet(formula: Formula) -> Text:
    """Why a formula says nothing of a period that begins before its first version."""
    first = max(part.versions[0][0] for part in walk(formula) if isinstance(part, Dated))
    return Text(zh="这个指标自 {d} 起才有定义。", en="This metric is defined from {d} on only.").fill(d=first)
