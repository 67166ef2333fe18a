"""Measure: metrics over periods, along dimensions, with everything that comes with a number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kexiao.engine.folder import Folder
from kexiao.errors import WrongUse, unknown_name
from kexiao.facts.dressing import Request
from kexiao.facts.evaluate import evaluate
from kexiao.facts.formula import Formula
from kexiao.facts.metric import Metric, MetricValue
from kexiao.facts.periods import GRAINS, Grain, Period, parse, split, trailing
from kexiao.facts.results import Basis, basis_of, store_result, stored_result
from kexiao.facts.source import FactSource, open_facts_on_engine
from kexiao.facts.subjects import DIMENSION_LABELS
from kexiao.metrics.catalogue import all_metrics, in_its_catalogue, metric_named
from kexiao.text import Text

_LONGEST_WINDOW = 400


@dataclass(frozen=True)
class Measurement:
    """The values asked for, in order; it turns into records, pandas, polars or Arrow, and draws itself in a notebook."""

    values: tuple[MetricValue, ...]

    def __iter__(self) -> Iterator[MetricValue]:
        return iter(self.values)

    def __len__(self) -> int:
        return len(self.values)

    def records(self) -> list[dict[str, Any]]:
        """One plain dict a value, with exactly the fields that are exported."""
        return [value.as_record() for value in self.values]

    def flat(self) -> list[dict[str, Any]]:
        """One row a value for tables and files: a column a dimension, marks and settings left out."""
        names = sorted({name for value in self.values for name in value.dimensions})
        return [_flat_row(value, names) for value in self.values]

    def to_pandas(self) -> Any:
        """A pandas DataFrame (pandas must be installed)."""
        import pandas

        return pandas.DataFrame(self.flat())

    def to_polars(self) -> Any:
        """A polars DataFrame (polars must be installed)."""
        import polars

        return polars.DataFrame(self.flat(), infer_schema_length=None)

    def to_arrow(self) -> Any:
        """A pyarrow Table (pyarrow must be installed)."""
        import pyarrow

        return pyarrow.Table.from_pylist(self.flat())

    def _repr_html_(self) -> str:
        from html import escape

        rows = self.flat()
        if not rows:
            return "<p>—</p>"
        head = "".join(f"<th>{escape(name)}</th>" for name in rows[0])
        body = "".join(
            "<tr>" + "".join(f"<td>{'—' if v is None else escape(str(v))}</td>" for v in row.values()) + "</tr>"
            for row in rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _flat_row(value: MetricValue, names: Sequence[str]) -> dict[str, Any]:
    record = value.as_record()
    for name in ("dimensions", "settings"):
        record.pop(name)
    front = {"metric": record.pop("metric"), "period": record.pop("period")}
    return {**front, **{name: value.dimensions.get(name) for name in names}, **record}


@in_its_catalogue
def measure(
    folder: Folder,
    metrics: Sequence[str] = (),
    *,
    period: str,
    grain: str | None = None,
    by: Sequence[str] = (),
    where: Sequence[tuple[str, str]] = (),
    variants: bool = False,
    window: int | None = None,
    as_of: str | None = None,
) -> Measurement:
    """Metrics by name (all of the catalogue, when none is named) over a period, split by ``grain`` and along up to three dimensions.

    ``window`` takes so many periods of the grain together, each time those that end with it (twelve months, moving along by month).
    ``where`` fixes dimensions to a value; ``variants`` adds every published variant beside ours. Metrics of data quality (data_accuracy,
    data_completeness, data_timeliness) say how the data are now, a table each, whatever the period; alone they need none.
    Errors: ``WrongUse`` for unknown names and for dimensions that make no sense for any metric asked.
    """
    ours, about_data = list(metrics), of_quality(metrics)
    of_data: tuple[MetricValue, ...] = ()
    if about_data:
        from kexiao.cycle.quality import quality_values

        if grain or where or window:
            raise _not_over_time()
        of_data = tuple(quality_values(folder, about_data, by=by, as_of=as_of))
        ours = [name for name in metrics if name not in about_data]
        if not ours:
            return Measurement(of_data)
    basis = basis_of(folder, as_of=as_of)
    question = _question(ours, period, grain, by, where, variants, window, basis.fiscal_start)
    values = _answer(question, basis, lambda: open_facts_on_engine(folder, as_of=as_of))
    return Measurement((*values, *of_data))


def of_quality(names: Sequence[str]) -> list[str]:
    """Those of the names that are metrics of data quality."""
    if not any(name.startswith("data_") for name in names):
        return []
    from kexiao.cycle.quality import NAMES

    return [name for name in names if name in NAMES]


def _not_over_time() -> WrongUse:
    return WrongUse(
        Text(zh="数据质量说的是现在，不能切分期间、限定或滚动。", en="Data quality is as of now; it has no grain, filter or window."),
        next_step=Text(zh="去掉 --grain、--where、--trailing；按来源看用 --by source。", en="Leave out --grain, --where and --trailing; for sources use --by source."),
    )  # fmt: skip


def measure_facts(
    source: FactSource,
    metrics: Sequence[str] = (),
    *,
    period: str | Period,
    grain: str | None = None,
    by: Sequence[str] = (),
    where: Sequence[tuple[str, str]] = (),
    variants: bool = False,
    window: int | None = None,
) -> Measurement:
    """The same over facts that are open already, for callers who ask several times."""
    question = _question(metrics, period, grain, by, where, variants, window, source.fiscal_start)
    return Measurement(_answer(question, source.basis, lambda: source))


@dataclass(frozen=True)
class _Question:
    """What is asked, down to the formulas and the days; written out, it is part of the name under which the answer is kept."""

    requests: tuple[Request, ...]
    periods: tuple[Period, ...]
    by: tuple[str, ...]
    where: tuple[tuple[str, str], ...]


def _question(
    metrics: Sequence[str],
    period: str | Period,
    grain: str | None,
    by: Sequence[str],
    where: Sequence[tuple[str, str]],
    variants: bool,
    window: int | None,
    fiscal_start: int,
) -> _Question:
    names = list(metrics) or list(all_metrics())
    _check_dimensions([*by, *(name for name, _ in where)])
    whole = period if isinstance(period, Period) else parse(period, fiscal_start)
    periods = split(whole, _checked_grain(grain)) if grain else [whole]
    if window is not None:
        _check_window(window, grain)
        periods = [trailing(one, window) for one in periods]
    requests = (request for name in names for request in requests_for(name, variants=variants))
    return _Question(tuple(requests), tuple(periods), tuple(by), tuple((name, value) for name, value in where))


def _answer(asked: _Question, basis: Basis | None, opened: Callable[[], FactSource]) -> tuple[MetricValue, ...]:
    """The values, from the store where the same was asked of the same before; only else are the facts opened."""
    words = repr(asked)
    known = stored_result(basis, words) if basis else None
    if known is not None:
        return known
    source = opened()
    values = tuple(evaluate(source, asked.requests, asked.periods, asked.by, asked.where))
    _refuse_if_dimensions_never_fit(
        [request.formula for request in asked.requests], [*asked.by, *(name for name, _ in asked.where)]
    )
    if source.basis:
        store_result(source.basis, words, values)
    return values


def requests_for(name: str, *, variants: bool = False) -> list[Request]:
    """A metric's formula as a request, and its published variants after it; ``name:variant`` asks for one variant alone."""
    name, _, chosen = name.partition(":")
    metric = metric_named(name)
    if chosen:
        if chosen not in metric.variants:
            raise unknown_name(Text(zh="变体", en="variant"), chosen, list(metric.variants))
        return [_request_for_variant(name, metric, chosen)]
    ours = [Request(name, metric.formula, metric.unit)]
    if not variants:
        return ours
    return ours + [_request_for_variant(name, metric, code) for code in metric.variants]


def _request_for_variant(name: str, metric: Metric, code: str) -> Request:
    variant = metric.variants[code]
    return Request(name, variant.formula, variant.unit or metric.unit, code)


def _checked_grain(grain: str) -> Grain:
    if grain not in GRAINS:
        raise unknown_name(Text(zh="时间粒度", en="grain"), grain, list(GRAINS))
    return grain


def _check_window(window: int, grain: str | None) -> None:
    if not grain or not 1 <= window <= _LONGEST_WINDOW:
        raise WrongUse(
            Text(zh="滚动窗口要有时间粒度，长度为 1 到 {n}。", en="A trailing window needs a grain, and a length from 1 to {n}.").fill(n=_LONGEST_WINDOW),
            next_step=Text(zh="例如 --grain month --trailing 12。", en="For example --grain month --trailing 12."),
        )  # fmt: skip


def _check_dimensions(names: Sequence[str]) -> None:
    for name in names:
        if name not in DIMENSION_LABELS:
            raise unknown_name(Text(zh="维度", en="dimension"), name, list(DIMENSION_LABELS))


def _refuse_if_dimensions_never_fit(formulas: Sequence[Formula], dimensions: Sequence[str]) -> None:
    """A dimension that fits none of the metrics asked is wrong use, not an empty table."""
    from kexiao.facts.availability import dimensions_of

    if not dimensions:
        return
    possible = [dimensions_of(formula) for formula in formulas]
    if any(set(dimensions) <= fit for fit in possible):
        return
    fitting = set.union(*possible) if possible else set()
    raise WrongUse(
        Text(zh="这些指标不能按 {d} 细分。", en="These metrics cannot be broken down by {d}.").fill(
            d=", ".join(dimensions)
        ),
        next_step=Text(zh="可用的维度：{ok}。", en="Possible dimensions: {ok}.").fill(
            ok=", ".join(name for name in DIMENSION_LABELS if name in fitting) or "—"
        ),
    )
