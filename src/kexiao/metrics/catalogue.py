"""The catalogue: every metric by its name, those of the program and those of the company whose workspace is at work.

Whoever opens a workspace says so here (``metrics_of``), for its own thread or request alone; where nobody did, the catalogue holds the program's metrics.
A company's own can never hide one of the program's, so the worst that a forgotten ``metrics_of`` does is not to know a name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from kexiao.engine.folder import Folder
from kexiao.errors import unknown_name
from kexiao.facts.formula import in_force
from kexiao.facts.metric import Metric
from kexiao.metrics.own.reading import OwnMetric, files_of, read_own, texts_in
from kexiao.metrics.themes import THEMES, built_in_metrics, built_in_theme
from kexiao.text import Text

__all__ = [
    "THEMES",
    "all_metrics",
    "definitions_of",
    "definitions_on",
    "in_its_catalogue",
    "metric_named",
    "metrics_as_stored",
    "metrics_of",
    "own_metrics",
    "theme_of",
    "use_metrics_of",
]

_Asked = ParamSpec("_Asked")
_Found = TypeVar("_Found")
# A workspace's folder, or definitions as they were stored when a period was closed.
_own: ContextVar[Path | Mapping[str, str] | None] = ContextVar("kexiao_own_metrics", default=None)
_day: ContextVar[date | None] = ContextVar("kexiao_definitions_on", default=None)


@contextmanager
def metrics_of(root: Path) -> Iterator[None]:
    """Inside the block the catalogue is that of a workspace: its own metrics, as its files are now, stand beside the program's."""
    token = _own.set(root)
    try:
        yield
    finally:
        _own.reset(token)


def in_its_catalogue(
    verb: Callable[Concatenate[Folder, _Asked], _Found],
) -> Callable[Concatenate[Folder, _Asked], _Found]:
    """A verb of the cycle that works with the catalogue of the workspace it is given."""

    @wraps(verb)
    def bound(folder: Folder, /, *args: _Asked.args, **more: _Asked.kwargs) -> _Found:
        with metrics_of(folder.root):
            return verb(folder, *args, **more)

    return bound


@contextmanager
def metrics_as_stored(texts: Mapping[str, str]) -> Iterator[None]:
    """Inside the block the own metrics are those of stored files, whatever the workspace says now."""
    token = _own.set(dict(texts))
    try:
        yield
    finally:
        _own.reset(token)


def use_metrics_of(root: Path | None) -> None:
    """The same as ``metrics_of`` until further notice, for a process that serves one workspace; None: the program's alone."""
    _own.set(root)


@contextmanager
def definitions_on(day: date) -> Iterator[None]:
    """Inside the block ``metric_named`` gives each metric as it was defined on a day, one yardstick for whatever is compared; one not defined yet by then
    keeps its versions."""
    token = _day.set(day)
    try:
        yield
    finally:
        _day.reset(token)


def own_metrics() -> Mapping[str, OwnMetric]:
    """The company's own metrics by name. Errors: ``InputRejected`` for a file that is not as it must be."""
    given = _own.get()
    if given is None:
        return {}
    if isinstance(given, Path):
        return read_own(texts_in(given))
    return read_own(tuple((file, text.encode()) for file, text in sorted(given.items())))


def all_metrics() -> dict[str, Metric]:
    """Every metric by name: the program's in the order of the themes and of the blocks inside them, then the company's own."""
    return {**built_in_metrics(), **{name: own.metric for name, own in own_metrics().items()}}


def theme_of(name: str) -> str:
    """The theme in which a metric stands."""
    return built_in_theme(name) if name in built_in_metrics() else own_metrics()[name].theme


def metric_named(name: str) -> Metric:
    """One metric; an unknown name is answered with the nearest ones. The program's are found even where a company's own file is wrong."""
    if name in built_in_metrics():
        return built_in_metrics()[name]
    known = all_metrics()
    if name not in known:
        raise unknown_name(Text(zh="指标", en="metric"), name, list(known))
    metric, day = known[name], _day.get()
    return replace(metric, formula=in_force(metric.formula, day) or metric.formula) if day else metric


def definitions_of(names: Iterable[str]) -> dict[str, str]:
    """The files that define these metrics, as text by file name: what a close keeps. Metrics of the program need none."""
    names, given = [name for name in names if name not in built_in_metrics()], _own.get()
    if not names or given is None:
        return {}
    files = files_of(own_metrics(), names)
    if isinstance(given, Path):
        return {file: content.decode("utf-8-sig") for file, content in texts_in(given) if file in files}
    return {file: text for file, text in given.items() if file in files}
