"""What holds for every metric of the catalogue: its worked example is true, it speaks both languages, its numbers carry all their parts."""

from __future__ import annotations

from functools import cache

import pytest

from kexiao.facts.formula import words
from kexiao.facts.metric import Example, Metric, MetricValue
from kexiao.facts.source import FactSource
from kexiao.facts.worked_example import answer_of, source_of
from kexiao.metrics.catalogue import all_metrics, theme_of

METRICS = all_metrics()
EXAMPLES = [
    (name, metric, example) for name, metric in METRICS.items() for example in (metric.example, *metric.more_examples)
]


@cache
def shop(tables: tuple[tuple[str, str], ...], window: int | None) -> FactSource:
    """The facts of the same drawn tables, which many examples ask; asking changes nothing in them."""
    return source_of(dict(tables), window=window)


def answer(name: str, metric: Metric, example: Example) -> MetricValue:
    return answer_of(name, metric, example, shop(tuple(example.tables.items()), example.window))


@pytest.mark.parametrize(
    ("name", "metric", "example"),
    EXAMPLES,
    ids=[f"{n}-{e.variant or 'ours'}-{i}" for i, (n, _, e) in enumerate(EXAMPLES)],
)
def test_its_worked_example_is_true(name: str, metric: Metric, example: Example) -> None:
    value = answer(name, metric, example)
    if example.answer is None:
        assert value.value is None and value.reason is not None
        return
    assert value.value is not None, value.reason
    assert float(value.value) == pytest.approx(example.answer, abs=1e-9)


@pytest.mark.parametrize("name", METRICS)
def test_every_variant_has_an_example(name: str) -> None:
    metric = METRICS[name]
    shown = {example.variant for example in metric.more_examples}
    assert set(metric.variants) <= shown


@pytest.mark.parametrize("name", METRICS)
def test_it_explains_itself_in_both_languages(name: str) -> None:
    metric = METRICS[name]
    formula = words(metric.formula)
    assert formula("zh") != formula("en")
    assert theme_of(name)


@pytest.mark.parametrize("name", METRICS)
def test_its_interval_holds_its_value(name: str) -> None:
    value = answer(name, METRICS[name], METRICS[name].example)
    if value.value is not None and value.interval_low is not None and value.interval_high is not None:
        assert value.interval_low <= float(value.value) + 1e-9
        assert value.interval_high >= float(value.value) - 1e-9
