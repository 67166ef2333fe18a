"""What holds for every model, whatever it is: one suite over all that the package finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest

from kexiao.errors import KexiaoError
from kexiao.models.registry import Model, Quantity, all_models, model_named

MODELS = list(all_models().values())
CUSTOMERS = 20_000


def models_where(holds: Callable[[Model], bool]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("model", [m for m in MODELS if holds(m)], ids=lambda model: model.name)


every_model = models_where(lambda model: True)
every_estimated_model = models_where(lambda model: bool(model.simulate(np.random.default_rng(0), 50).truth))
every_weighted_model = models_where(lambda model: model.weighted)


def sample_of(model: Model, customers: int = CUSTOMERS, seed: int = 11) -> tuple[np.ndarray, ...]:
    return model.simulate(np.random.default_rng(seed), customers).columns


def values_of(quantities: dict[str, Quantity]) -> dict[str, np.ndarray]:
    return {name: np.asarray(quantity.value, dtype=float) for name, quantity in quantities.items()}


def assert_same(found: dict[str, Any], wanted: dict[str, Any], tolerance: float) -> None:
    assert found.keys() == wanted.keys()
    for name, values in found.items():
        np.testing.assert_allclose(values, wanted[name], rtol=tolerance, atol=1e-300, err_msg=name)


def test_the_package_finds_its_models() -> None:
    assert {"bg_nbd", "gamma_gamma", "rfm", "value_tiers"} <= set(all_models())


def test_an_unknown_model_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(KexiaoError) as refused:
        model_named("bgnbd")
    assert "bg_nbd" in refused.value.message("en")


@every_model
def test_it_has_a_name_in_both_languages_and_a_paper_with_a_year(model: Model) -> None:
    assert model.label("zh") != model.label("en")
    assert any(word.strip("(),.").isdigit() and len(word.strip("(),.")) == 4 for word in model.paper.split())


@every_model
def test_its_result_is_frozen(model: Model) -> None:
    result = model.fit(*sample_of(model, 2000))
    assert is_dataclass(result)
    with pytest.raises(AttributeError):
        setattr(result, fields(result)[0].name, 0.0)


@every_estimated_model
def test_it_recovers_the_parameters_of_its_own_simulation(model: Model) -> None:
    """Over 12 simulations the errors, in standard errors, look like standard normal draws: unbiased, and as wide as claimed."""
    scores = []
    for seed in range(12):
        sample = model.simulate(np.random.default_rng(1000 + seed), 8000)
        found = model.parameters(model.fit(*sample.columns))
        scores.append(
            [
                (np.log(found[name].value) - np.log(true)) * found[name].value / found[name].error
                for name, true in sample.truth.items()
            ]
        )
    spread = np.sqrt(np.mean(np.square(scores), axis=0))
    assert np.all(np.abs(np.mean(scores, axis=0)) < 3.3 / np.sqrt(12)), scores
    assert np.all((spread > 0.5) & (spread < 1.7)), spread


@every_model
def test_the_order_of_customers_does_not_matter(model: Model) -> None:
    columns = sample_of(model)
    order = np.random.default_rng(5).permutation(len(columns[0]))
    shuffled = tuple(values[order] for values in columns)
    first, second = model.fit(*columns), model.fit(*shuffled)
    assert_same(values_of(model.parameters(first)), values_of(model.parameters(second)), 1e-8)
    in_order = {name: values[order] for name, values in values_of(model.outputs(first, columns)).items()}
    assert_same(values_of(model.outputs(second, shuffled)), in_order, 1e-8)


@every_model
@pytest.mark.parametrize(("unit", "factor"), [("time", 1 / 7), ("time", 24.0), ("money", 0.01), ("money", 256.0)])
def test_the_unit_of_time_and_money_does_not_matter(model: Model, unit: str, factor: float) -> None:
    columns = sample_of(model)
    scaled = tuple(v * factor if c.unit == unit else v for v, c in zip(columns, model.columns, strict=True))
    first, second = model.fit(*columns), model.fit(*scaled)
    for of_first, of_second in (
        (model.parameters(first), model.parameters(second)),
        (model.outputs(first, columns), model.outputs(second, scaled)),
    ):
        wanted = {name: np.asarray(q.value) * (factor if q.unit == unit else 1.0) for name, q in of_first.items()}
        assert_same(values_of(of_second), wanted, 1e-7)


@every_weighted_model
def test_a_weight_is_a_repetition(model: Model) -> None:
    columns = sample_of(model, 3000)
    weights = np.random.default_rng(3).integers(0, 4, 3000)
    repeated = tuple(np.repeat(values, weights) for values in columns)
    assert_same(
        values_of(model.parameters(model.fit(*columns, weights=weights))),
        values_of(model.parameters(model.fit(*repeated))),
        1e-9,
    )


@every_model
def test_everyone_twice_changes_nothing(model: Model) -> None:
    columns = sample_of(model, 3000)
    twice = tuple(np.tile(values, 2) for values in columns)
    assert_same(values_of(model.parameters(model.fit(*twice))), values_of(model.parameters(model.fit(*columns))), 1e-9)


@every_model
def test_it_says_the_same_twice_to_the_last_bit(model: Model) -> None:
    columns = sample_of(model)
    first, second = model.fit(*columns), model.fit(*columns)
    assert_same(values_of(model.parameters(first)), values_of(model.parameters(second)), 0.0)
    assert_same(values_of(model.outputs(first, columns)), values_of(model.outputs(second, columns)), 0.0)


@every_model
def test_it_leaves_its_input_as_it_was(model: Model) -> None:
    columns = sample_of(model, 2000)
    kept = [values.copy() for values in columns]
    model.outputs(model.fit(*columns), columns)
    for values, copy in zip(columns, kept, strict=True):
        np.testing.assert_array_equal(values, copy)


@every_model
def test_extreme_customers_give_finite_results(model: Model) -> None:
    """Beside a usual base: one with nothing, one that buys thousands of times, one seen for a moment, one that spends a fortune."""
    usual = sample_of(model)
    extremes = {"count": [0.0, 5000.0, 1.0, 3.0], "time": [0.0, 700.0, 1e-3, 50_000.0], "money": [0.01, 5.0, 1e9, 1e-2]}
    columns = tuple(
        np.concatenate([values, extremes[column.unit]]) for values, column in zip(usual, model.columns, strict=True)
    )
    result = model.fit(*columns)
    for name, values in values_of(model.outputs(result, columns)).items():
        assert np.isfinite(values).all(), name
        assert np.all(values >= 0), name


@every_model
def test_lists_and_integers_do_as_well_as_arrays(model: Model) -> None:
    columns = tuple(np.ceil(values) for values in sample_of(model, 500))
    as_lists = [values.astype(int).tolist() for values in columns]
    assert_same(
        values_of(model.parameters(model.fit(*as_lists))), values_of(model.parameters(model.fit(*columns))), 1e-12
    )


def assert_refused(model: Model, columns: list[Any], **named: Any) -> None:
    with pytest.raises(KexiaoError) as refused:
        model.fit(*columns, **named)
    for language in ("zh", "en"):
        assert refused.value.next_step(language)
        assert refused.value.message(language)
    assert refused.value.exit_code != 1


@every_model
def test_no_customers_are_refused(model: Model) -> None:
    assert_refused(model, [[] for _ in model.columns])


@models_where(lambda model: len(model.columns) > 1)
def test_columns_of_different_lengths_are_refused(model: Model) -> None:
    columns = list(sample_of(model, 100))
    columns[0] = columns[0][:-1]
    assert_refused(model, columns)


@models_where(lambda model: any(column.unit in {"count", "time"} for column in model.columns))
@pytest.mark.parametrize("bad", [np.nan, np.inf, -1.0, "text"])
def test_impossible_counts_and_times_are_refused(model: Model, bad: Any) -> None:
    places = [i for i, column in enumerate(model.columns) if column.unit in {"count", "time"}]
    for place in places:
        columns = list(sample_of(model, 100))
        spoilt = columns[place].astype(object if isinstance(bad, str) else float)
        spoilt[7] = bad
        columns[place] = spoilt
        assert_refused(model, columns)


@models_where(lambda model: any(column.unit == "money" for column in model.columns))
def test_infinite_or_textual_money_is_refused(model: Model) -> None:
    places = [i for i, column in enumerate(model.columns) if column.unit == "money"]
    for bad in (np.inf, "text"):
        columns = list(sample_of(model, 100))
        spoilt = columns[places[0]].astype(object if isinstance(bad, str) else float)
        spoilt[7] = bad
        columns[places[0]] = spoilt
        assert_refused(model, columns)


@every_weighted_model
@pytest.mark.parametrize("weights", [[-1.0] + [1.0] * 99, [0.0] * 100, [1.0] * 99])
def test_impossible_weights_are_refused(model: Model, weights: list[float]) -> None:
    assert_refused(model, list(sample_of(model, 100)), weights=weights)


@every_model
def test_an_error_never_repeats_a_value(model: Model) -> None:
    columns = list(sample_of(model, 100))
    columns[0] = columns[0].astype(object)
    columns[0][3] = "Wang"
    with pytest.raises(KexiaoError) as refused:
        model.fit(*columns)
    assert "Wang" not in refused.value.message("en")
