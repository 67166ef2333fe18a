"""What a model module says of itself, and how its ``MODEL`` is found."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from kexiao.errors import unknown_name
from kexiao.text import Text

Unit = Literal["none", "count", "time", "money"]
Columns = tuple[NDArray[Any], ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One argument of ``fit``: its name and unit (``time`` and ``money`` may be rescaled freely)."""

    name: str
    unit: Unit


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number or array that a model gives, its unit, and for an estimated parameter the standard error."""

    value: Any
    unit: Unit = "none"
    error: float | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """Data drawn from a model: the columns of ``fit`` and the true parameters (empty for rules, which have none)."""

    columns: Columns
    truth: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Model:
    """A published method.

    ``fit(*columns)``: arrays (n,) in the order of ``columns`` → a frozen result; ``weighted``: it takes ``weights=`` too.
    ``parameters(result)``: what was estimated. ``outputs(result, columns)``: what it says of each customer, arrays (n,).
    ``simulate(rng, customers)``: data with known truth.
    """

    name: str
    label: Text
    paper: str
    columns: tuple[Column, ...]
    fit: Callable[..., Any]
    parameters: Callable[[Any], Mapping[str, Quantity]]
    outputs: Callable[[Any, Columns], Mapping[str, Quantity]]
    simulate: Callable[[np.random.Generator, int], Sample]
    weighted: bool = False


@cache
def all_models() -> Mapping[str, Model]:
    """Every ``MODEL`` in this package, by name; a module without one is a part of others.

    >>> sorted(all_models())[:2]
    ['bg_nbd', 'gamma_gamma']
    """
    import kexiao.models as package

    found: dict[str, Model] = {}
    for module in sorted(pkgutil.walk_packages(package.__path__, package.__name__ + "."), key=lambda each: each.name):
        model = getattr(import_module(module.name), "MODEL", None)
        if isinstance(model, Model):
            if model.name in found:
                raise ValueError(f"two models are named {model.name}")
            found[model.name] = model
    return found


def model_named(name: str) -> Model:
    """The model of that name, or WrongUse with the nearest names."""
    models = all_models()
    if name not in models:
        raise unknown_name(Text(zh="模型", en="model"), name, list(models))
    return models[name]
