"""How numbers moved: each difference with its interval, the split of one over a dimension, and the findings of a period, all remembered."""

from __future__ import annotations

from kexiao.cycle.explain import Change, change_of, dimensions_to_split
from kexiao.cycle.improve import improve
from kexiao.cycle.overview import PAIRED, Difference, difference
from kexiao.facts.dressing import Request
from kexiao.facts.evaluate import evaluate
from kexiao.facts.formula import Growth
from kexiao.facts.metric import MetricValue
from kexiao.improvement.initiatives import Improvement
from kexiao.metrics.catalogue import metric_named
from kexiao.web import workspace
from kexiao.web.choices import Chosen

Values = dict[str, MetricValue]


def single_values(names: tuple[str, ...], choice: Chosen) -> tuple[Values, Values]:
    """The metrics in the chosen period and in the one that it is compared with."""
    now, before = (workspace.measured(names, period) for period in (choice.period, choice.other))
    return {value.metric: value for value in now}, {value.metric: value for value in before}


def differences(now: Values, before: Values, choice: Chosen) -> dict[str, Difference]:
    """now − before of each metric with a 95 % interval, totals paired by customer."""
    growths = _growths(tuple(name for name in PAIRED if name in now), choice)
    return {
        name: difference(value, before[name], choice.other, growths.get(name))
        for name, value in now.items()
        if name in before
    }


def _growths(names: tuple[str, ...], choice: Chosen) -> Values:
    """Relative changes of totals; none where the period is unfinished, since then as many days of the other are compared."""
    if not names or choice.other.grain != choice.period.grain:
        return {}
    against = "year_before" if choice.against == "year" else "before"
    requests = [Request(name, Growth(metric_named(name).formula, against), "ratio") for name in names]  # type: ignore[arg-type]
    found = workspace.ask(
        ("growths", names, choice.period, against), lambda source: evaluate(source, requests, [choice.period])
    )
    return {value.metric: value for value in found}


def splittable(name: str) -> list[str]:
    """The dimensions over which a metric's change can be split."""
    return workspace.ask(("splittable", name), lambda source: dimensions_to_split(source, name))


def change_along(name: str, choice: Chosen, by: str) -> Change:
    """The split of a metric's change over one dimension, from the compared period to the chosen one."""
    return workspace.ask(
        ("change", name, choice.period, choice.other, by),
        lambda source: change_of(source, name, choice.period, choice.other, by),
    )


def improvement(choice: Chosen) -> Improvement:
    """What the cycle finds in the chosen period, and what it suggests."""
    return workspace.ask(("improve", choice.period), lambda _: improve(workspace.folder(), choice.period.name))
