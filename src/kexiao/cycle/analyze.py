"""Analyze: files in, everything that they allow out, with nothing to set up and nothing kept."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kexiao.cycle.breakdowns import Breakdown, Explained, breakdowns, explained
from kexiao.cycle.collect import LoadReport, collect
from kexiao.cycle.explain import policy_in_words
from kexiao.cycle.guesses import Guess, guessed_currency
from kexiao.cycle.histories import histories
from kexiao.cycle.holdings import (
    Holdings,
    Reading,
    Unlock,
    holdings,
    reading_of_load,
    reading_of_store,
    unlocks,
)
from kexiao.cycle.lifetime import BASIS_WORDS, LifetimeValues, lifetime_values
from kexiao.cycle.model import run_model
from kexiao.cycle.overview import Flow, MetricReport, Span, cohorts, flows, metric_reports, spans, trends
from kexiao.cycle.segments import Segmentation, segments
from kexiao.engine.folder import Folder, create_folder
from kexiao.errors import InputRejected, WrongUse
from kexiao.facts.cohorts import CohortAge
from kexiao.facts.metric import MetricValue
from kexiao.facts.periods import Grain, Period
from kexiao.facts.source import Coverage, FactSource, open_facts
from kexiao.facts.window import WindowSuggestion
from kexiao.models.clv.backtest import BacktestCard
from kexiao.models.clv.lifetime_value import Estimate
from kexiao.models.inputs import CannotFit, Unfitted
from kexiao.models.segments import value_tiers
from kexiao.models.segments.rfm import SEGMENTS
from kexiao.models.segments.value_tiers import Concentration
from kexiao.text import Text

Progress = Callable[[Text], None]
DEFAULT_TIMEZONE = "Asia/Shanghai"
BINS = 10


@dataclass(frozen=True, slots=True)
class ValueSummary:
    """What the value models say, without naming anyone. Money per ``basis``; bins of P(alive) from 0 to 1; ``by_segment`` in the order of the RFM segments."""

    as_of: date
    basis: Text
    is_margin: bool
    stand_in_cost: bool
    customers: int
    parameters: Mapping[str, float]
    held: tuple[str, ...]
    spend_correlation: float
    horizon_years: float
    discount_rate: float
    mean_probability_alive: float
    alive_bins: tuple[int, ...]
    expected_purchases: float
    mean_lifetime_value: float
    mean_residual: Estimate
    equity: Estimate
    of_a_new_customer: Estimate
    residual_deciles: tuple[float, ...]
    """Share of all residual value that each tenth of the customers holds, the most valuable tenth first."""
    by_segment: tuple[tuple[str, Text, int, float, float], ...]
    """(segment, label, customers, mean P(alive), mean residual value)."""
    backtest: BacktestCard | Unfitted


@dataclass(frozen=True, slots=True)
class Concentrated:
    """How far value rests on few customers, over ordering customers of a period."""

    period: Period
    basis: str
    found: Concentration


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that the files allow. ``trend`` is one value a ``trend_grain`` per metric; ``cohorts`` likewise; models stand as results or as the reason why not."""

    now: date
    snapshot: str
    inputs: str
    currency: Guess
    timezone: Guess
    policy: tuple[Text, ...]
    active_window_days: int
    window: WindowSuggestion | None
    holdings: Holdings
    spans: tuple[Span, ...]
    metrics: tuple[MetricReport, ...]
    trend_grain: Grain
    trend: Mapping[str, tuple[MetricValue, ...]]
    cohort_grain: Grain
    cohorts: tuple[CohortAge, ...]
    flows: tuple[Flow, ...]
    segments: Segmentation | Unfitted
    value: ValueSummary | Unfitted
    concentration: Concentrated | None
    breakdowns: tuple[Breakdown, ...]
    changes: tuple[Explained, ...]
    unlocks: tuple[Unlock, ...]

    def metric(self, name: str) -> MetricReport:
        """One metric's report."""
        return next(report for report in self.metrics if report.name == name)

    @property
    def main_span(self) -> Span:
        """The span that the page leads with: the latest twelve months, where the data are that long, else all of them."""
        return next((span for span in self.spans if span.name == "latest"), self.spans[-1])

    def record(self) -> dict[str, Any]:
        """The whole analysis as plain JSON types, words in the current language; no customer is named or numbered."""
        found: dict[str, Any] = _plain(self)
        return found


def analyze(
    files: Sequence[Path],
    *,
    spend: Path | None = None,
    now: date | None = None,
    until: date | None = None,
    currency: str | None = None,
    timezone: str | None = None,
    on_progress: Progress | None = None,
) -> Analysis:
    """Read files into a workspace that lasts as long as the call, and compute all that they allow.

    ``until``: the last day that the data cover, where that is later than the last order. Errors: as ``cycle.collect``; ``InputRejected`` too where
    nothing was loaded or no order counts as a sale.
    """
    tell = on_progress or (lambda _: None)
    given = [*files, *([spend] if spend else [])]
    with tempfile.TemporaryDirectory(prefix="kexiao-") as place:
        folder = _workspace(Path(place) / "w", given, currency, timezone)
        report = collect(folder, given, on_progress=on_progress)
        _refuse_nothing(report)
        guess = Guess(currency, _GIVEN) if currency else guessed_currency(folder, report)
        folder = Folder(folder.root, {**folder.settings, "currency": guess.value})
        zone = Guess(folder.timezone, _GIVEN if timezone else _DEFAULT_ZONE)
        tell(Text(zh="计算模型…", en="Fitting the models…"))
        values = _run_clv(folder)
        source = _covering(open_facts(folder, now=now), until)
        _refuse_no_sales(source)
        tell(Text(zh="计算指标…", en="Computing the metrics…"))
        found = analyze_facts(source, reading_of_load(report, given), values=values)
        return replace(found, inputs=_digest(given), currency=guess, timezone=zone)


def analyze_workspace(folder: Folder, *, as_of: str | None = None, now: date | None = None) -> Analysis:
    """The same over a workspace, at its newest snapshot or an older one."""
    source = open_facts(folder, as_of=as_of, now=now)
    _refuse_no_sales(source)
    found = analyze_facts(source, reading_of_store(source))
    return replace(found, timezone=Guess(folder.timezone, _GIVEN))


def analyze_facts(source: FactSource, reading: Reading, *, values: LifetimeValues | Unfitted | None = None) -> Analysis:
    """The same over facts that are open already."""
    over = spans(source)
    main = next((span for span in over if span.name == "latest"), over[-1])
    reports = metric_reports(source, over)
    grain, trend = trends(source)
    cohort_grain, found_cohorts = cohorts(source)
    found_segments = segments(source)
    values = lifetime_values(source) if values is None else values
    return Analysis(
        now=source.now,
        snapshot=source.snapshot,
        inputs="",
        currency=Guess(source.policy.currency, _GIVEN),
        timezone=Guess(DEFAULT_TIMEZONE, _DEFAULT_ZONE),
        policy=policy_in_words(source.policy),
        active_window_days=source.policy.window,
        window=source.window,
        holdings=holdings(source, reading),
        spans=over,
        metrics=reports,
        trend_grain=grain,
        trend=trend,
        cohort_grain=cohort_grain,
        cohorts=found_cohorts,
        flows=flows(source, over),
        segments=found_segments,
        value=values if isinstance(values, Unfitted) else summary_of(values, found_segments),
        concentration=concentrated(source, main.period),
        breakdowns=breakdowns(source, main),
        changes=explained(source, over),
        unlocks=unlocks(source, reports),
    )


def summary_of(values: LifetimeValues, found: Segmentation | Unfitted) -> ValueSummary:
    """The value models' results, summed up over all customers and by segment."""
    model = values.model.purchases
    alive = values.probability_alive
    bins = np.histogram(alive, bins=BINS, range=(0.0, 1.0))[0]
    return ValueSummary(
        as_of=values.as_of,
        basis=BASIS_WORDS[values.basis],
        is_margin=values.is_margin,
        stand_in_cost=values.stand_in_cost,
        customers=len(values.customer),
        parameters={"r": model.r, "alpha": model.alpha, "a": model.a, "b": model.b},
        held=model.held,
        spend_correlation=values.model.spend.correlation,
        horizon_years=values.terms.horizon_years,
        discount_rate=values.terms.discount_rate,
        mean_probability_alive=float(alive.mean()),
        alive_bins=tuple(int(n) for n in bins),
        expected_purchases=float(values.expected_purchases.sum()),
        mean_lifetime_value=float(values.lifetime_value.mean()),
        mean_residual=values.mean_residual,
        equity=values.equity,
        of_a_new_customer=values.of_a_new_customer,
        residual_deciles=_deciles(values.residual_value),
        by_segment=() if isinstance(found, Unfitted) else _by_segment(values, found),
        backtest=values.backtest,
    )


def concentrated(source: FactSource, period: Period) -> Concentrated | None:
    """The Lorenz curve of margin (net sales, where a cost is unknown) over the customers who ordered in a period."""
    past = histories(source, period.start, period.end)
    if len(past) < 5:
        return None
    basis = "margin" if past.margin_known else "net_sales"
    found = value_tiers.concentration(past.margin if basis == "margin" else past.net)
    return None if found.gini is None else Concentrated(period, basis, found)


_GIVEN = Text(zh="指定", en="given")
_DEFAULT_ZONE = Text(zh="默认；不带时区的时间按原样取日期", en="the default; times without a zone keep their date")


def _workspace(root: Path, files: Sequence[Path], currency: str | None, timezone: str | None) -> Folder:
    folder = create_folder(root, company="analyze", timezone=timezone or DEFAULT_TIMEZONE, currency=currency or "CNY")
    # Equal files give equal customer numbers and so equal reports to the last bit; the numbers never leave this folder.
    (root / ".key").write_bytes(hashlib.sha256(_digest(files).encode()).hexdigest().encode())
    return folder


def _digest(files: Sequence[Path]) -> str:
    """One short digest of the content of all files, whatever their order; a file that is not there is told of when it is read."""
    found = sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path.is_file())
    return hashlib.sha256("".join(found).encode()).hexdigest()[:16]


def _covering(source: FactSource, until: date | None) -> FactSource:
    """The data taken to be complete up to a day that the user named."""
    covered = source.coverage.get("orders")
    if until is None or covered is None:
        return source
    if until < covered.last:
        raise WrongUse(
            Text(zh="--until {u} 早于最后一张订单 {d}。", en="--until {u} is before the last order, {d}.").fill(
                u=until, d=covered.last
            ),
            next_step=Text(zh="给出数据真正覆盖到的那一天，或不写。", en="Give the day up to which the data are complete, or leave it out."),
        )  # fmt: skip
    return replace(source, coverage={**source.coverage, "orders": Coverage(covered.first, until)})


def _run_clv(folder: Folder) -> LifetimeValues | Unfitted:
    """The value models, kept in the workspace so that the metric that rests on them has its numbers."""
    try:
        ran = run_model(folder, "clv", with_intervals=0)
    except CannotFit as problem:
        return Unfitted(problem.what, problem.next_step, problem.why)
    assert isinstance(ran.result, LifetimeValues)
    return ran.result


def _refuse_nothing(report: LoadReport) -> None:
    if report.rows_loaded:
        return
    first = report.errors[0].message if report.errors else Text(zh="没有数据行", en="there are no rows")
    raise InputRejected(
        Text(zh="没有可分析的行：{why}", en="There is nothing to analyze: {why}").fill(why=first),
        next_step=Text(zh="用 kexiao collect --show-mapping 查看如何识别。", en="See how the files are read with: kexiao collect --show-mapping."),
    )  # fmt: skip


def _refuse_no_sales(source: FactSource) -> None:
    if "orders" in source.coverage and source.query("SELECT count(*) FROM sale_orders")[0][0]:
        return
    raise InputRejected(
        Text(zh="文件里没有成交的订单。", en="The files hold no completed order."),
        next_step=Text(zh="请一并给出订单文件。", en="Give the file with the orders too."),
    )


def _deciles(values: NDArray[np.float64]) -> tuple[float, ...]:
    falling = np.sort(np.maximum(values, 0.0))[::-1]
    total = float(falling.sum())
    if not total > 0:
        return ()
    return tuple(float(part.sum()) / total for part in np.array_split(falling, 10))


def _by_segment(values: LifetimeValues, found: Segmentation) -> tuple[tuple[str, Text, int, float, float], ...]:
    order = np.argsort(values.customer)
    place = order[np.searchsorted(values.customer[order], found.customer)]
    rows = []
    for number, segment in enumerate(SEGMENTS):
        own = place[found.scores.segment == number]
        if len(own):
            rows.append(
                (segment.name, segment.label, len(own), float(values.probability_alive[own].mean()),
                 float(values.residual_value[own].mean()))
            )  # fmt: skip
    return tuple(rows)


# Columns with one entry a customer stay inside.
_NOT_TOLD = {"customer", "scores", "tier"}


def _plain(value: Any) -> Any:
    if isinstance(value, MetricValue):
        return value.as_record()
    if isinstance(value, Text):
        return value()
    if isinstance(value, Period):
        return value.name
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value) if one.name not in _NOT_TOLD}
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (tuple, list)):
        names = getattr(value, "_fields", None)
        return {n: _plain(v) for n, v in zip(names, value, strict=True)} if names else [_plain(each) for each in value]
    if isinstance(value, np.ndarray):
        return [_plain(each) for each in value.tolist()]
    if isinstance(value, (date, timedelta)):
        return str(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value
