"""The catalogue of a workspace: its metrics, those of the program and the company's own, and the words of which own ones are made."""

from __future__ import annotations

from dataclasses import dataclass

from kexiao.engine.folder import Folder
from kexiao.facts.availability import dimensions_of
from kexiao.facts.formula import words
from kexiao.facts.subjects import DIMENSION_LABELS
from kexiao.metrics.catalogue import THEMES, all_metrics, in_its_catalogue, own_metrics, theme_of
from kexiao.metrics.own.parts import possible_columns, vocabulary
from kexiao.metrics.own.units import KINDS, kind_of
from kexiao.metrics.themes import built_in_metrics
from kexiao.text import Text


@dataclass(frozen=True, slots=True)
class Listed:
    """One metric of the catalogue: ``file`` says where a company's own stands, empty for those of the program."""

    name: str
    label: Text
    theme: Text
    unit: str
    better: str
    formula: Text
    dimensions: tuple[str, ...]
    file: str


@dataclass(frozen=True, slots=True)
class Word:
    """A word that formulas of a company's own may use: what it counts, and what a condition on it may name."""

    name: str
    label: Text
    kind: Text
    conditions: tuple[str, ...]


@in_its_catalogue
def listed(folder: Folder) -> tuple[Listed, ...]:
    """Every metric of the workspace. Errors: ``InputRejected`` for an own metric that is not as it must be."""
    own = own_metrics()
    return tuple(
        Listed(
            name, metric.label, THEMES[theme_of(name)], metric.unit, metric.better, words(metric.formula),
            tuple(d for d in DIMENSION_LABELS if d in dimensions_of(metric.formula)), own[name].file if name in own else "",
        )
        for name, metric in all_metrics().items()
    )  # fmt: skip


def formula_words() -> tuple[Word, ...]:
    """The words of formulas, in the order of the catalogue."""
    found = []
    for name, formula in vocabulary().items():
        kind = kind_of(formula) or ""
        metric = built_in_metrics().get(name)
        label = metric.label if metric else words(formula)
        found.append(Word(name, label, KINDS[kind], possible_columns(name)))
    return tuple(found)
