"""The made-up company goes in as messy files and its truth comes out as numbers: every quarter, every channel, to the fen."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from kexiao.cycle.collect import LoadReport, collect
from kexiao.cycle.explain import change_of
from kexiao.cycle.measure import measure_facts
from kexiao.demo.company import draw
from kexiao.engine.folder import Folder, create_folder
from kexiao.facts.metric import MetricValue
from kexiao.facts.source import FactSource, open_facts

# Truth's name → the metric and the part of it that must be equal.
EXACT = {
    "orders": ("orders", "value"),
    "ordering_customers": ("ordering_customers", "value"),
    "new_customers": ("new_customers", "value"),
    "gross_sales_fen": ("gross_sales", "value"),
    "net_sales_fen": ("net_sales", "value"),
    "refunds_fen": ("refunds", "value"),
    "gross_margin_fen": ("gross_margin", "value"),
    "paid_fen": ("refund_rate", "denominator"),
    "spend_fen": ("customer_acquisition_cost:all_costs", "numerator"),
    "acquisition_spend_fen": ("customer_acquisition_cost", "numerator"),
    "customers_with_two_orders": ("repeat_purchase_rate", "numerator"),
    "leads": ("leads", "value"),
    "nps_answers": ("net_promoter_score", "denominator"),
    "csat_answers": ("csat_top_two", "denominator"),
    "csat_top_two_answers": ("csat_top_two", "numerator"),
    "complaints": ("complaint_rate", "numerator"),
    "items": ("items_per_order", "numerator"),
}
METRICS = sorted(
    {metric for metric, _ in EXACT.values()} | {"average_order_value", "net_promoter_score", "lead_conversion_rate"}
)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Folder, LoadReport, dict[str, Any]]:
    place = tmp_path_factory.mktemp("company")
    company = draw(place / "files", customers=6000)
    folder = create_folder(place / "w", company="山岚茶业")
    report = collect(folder, list(company.files))
    return folder, report, json.loads((place / "files" / "truth.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def source(loaded: tuple[Folder, LoadReport, dict[str, Any]]) -> FactSource:
    return open_facts(loaded[0])


def truth_of(loaded: tuple[Folder, LoadReport, dict[str, Any]]) -> dict[str, Any]:
    return loaded[2]


def in_truth_units(value: MetricValue, part: str, name: str) -> Any:
    found = getattr(value, part)
    return None if found is None else Decimal(str(found)) * (100 if name.endswith("_fen") else 1)


def test_no_row_is_lost_in_silence(loaded: tuple[Folder, LoadReport, dict[str, Any]]) -> None:
    report, files = loaded[1], truth_of(loaded)["files"]
    sales = [about for name, about in files.items() if name.startswith("订单明细")]
    assert (
        report.rows_read == report.rows_loaded + report.rows_quarantined + report.rows_duplicate + report.rows_skipped
    )
    assert report.rows_quarantined == sum(about["bad_date_rows"] + about["bad_amount_rows"] for about in sales)
    assert report.rows_duplicate == sum(about["duplicate_rows"] for about in sales)
    assert report.rows_skipped == sum(about["total_rows"] for about in sales)
    assert report.rows_read == sum(about["data_rows"] for about in files.values()) + report.rows_skipped


def test_the_same_files_again_change_nothing(loaded: tuple[Folder, LoadReport, dict[str, Any]]) -> None:
    folder, first, _ = loaded
    again = collect(folder, sorted((folder.root.parent / "files").glob("*.[cx]*")))
    assert again.rows_loaded == 0
    assert again.rows_read == first.rows_read
    assert again.snapshot == first.snapshot


@pytest.mark.parametrize("grain", ["month", "quarter", "year"])
def test_every_number_of_every_period_is_the_truth(
    loaded: tuple[Folder, LoadReport, dict[str, Any]], source: FactSource, grain: str
) -> None:
    found = {
        (v.metric + (f":{v.variant}" if v.variant else ""), v.period): v
        for v in measure_facts(source, METRICS, period="2023-01..2025-12", grain=grain)
    }
    for period, answers in truth_of(loaded)["answers"][grain].items():
        for name, (metric, part) in EXACT.items():
            want = answers["total"].get(name)
            if want is not None:
                assert in_truth_units(found[metric, period], part, name) == want, (period, name)


def test_every_channel_is_the_truth(loaded: tuple[Folder, LoadReport, dict[str, Any]], source: FactSource) -> None:
    values = measure_facts(source, METRICS, period="2025", grain="quarter", by=["channel"])
    found = {
        (v.metric + (f":{v.variant}" if v.variant else ""), v.period, v.dimensions.get("channel")): v for v in values
    }
    compared = 0
    for period, answers in truth_of(loaded)["answers"]["quarter"].items():
        if not period.startswith("2025"):
            continue
        for channel, about in answers["by_channel"].items():
            for name in (
                "orders",
                "net_sales_fen",
                "ordering_customers",
                "gross_margin_fen",
                "new_customers",
                "refunds_fen",
            ):
                metric, part = EXACT[name]
                value = found.get((metric, period, channel))
                assert (in_truth_units(value, part, name) if value else 0) == about[name], (period, channel, name)
                compared += 1
    assert compared >= 4 * 5 * 6


@pytest.mark.parametrize("window", [90, 180, 365])
def test_customer_states_are_the_truth(
    loaded: tuple[Folder, LoadReport, dict[str, Any]], source: FactSource, window: int
) -> None:
    with_window = replace(source, policy=replace(source.policy, active_window_days=window))
    names = [
        "customers_at_start",
        "customers_at_end",
        "retained_customers",
        "lost_customers",
        "reactivated_customers",
        "retention_rate",
    ]
    found = {
        (v.metric, v.period): v for v in measure_facts(with_window, names, period="2024-01..2025-12", grain="quarter")
    }
    for period, states in truth_of(loaded)["customer_states"][str(window)].items():
        if period >= "2024Q1":
            for name in names:
                assert float(found[name, period].value or 0) == pytest.approx(states[name]), (period, name)


def test_the_declining_channel_is_found_in_new_customers(
    loaded: tuple[Folder, LoadReport, dict[str, Any]], source: FactSource
) -> None:
    story = truth_of(loaded)["stories"]["declining_channel"]
    change = change_of(source, "new_customers", "2025Q4", "2024Q4", "channel")
    assert change.decomposition is not None
    part = next(p for p in change.decomposition.segments if p.segment == story["channel"])
    assert part.change == story["new_customers"]["2025Q4"] - story["new_customers"]["2024Q4"] < 0


def test_the_planted_mix_shift_is_flagged_as_simpsons_reversal(
    loaded: tuple[Folder, LoadReport, dict[str, Any]], source: FactSource
) -> None:
    story = truth_of(loaded)["stories"]["simpson"]
    change = change_of(source, "lead_conversion_rate", "2024Q4", "2024Q3", "channel")
    assert change.decomposition is not None
    assert change.decomposition.simpson == story["reversal"]
    total = {q: story[q]["total"]["won"] / story[q]["total"]["leads"] for q in ("2024Q3", "2024Q4")}
    assert change.decomposition.change == pytest.approx(total["2024Q4"] - total["2024Q3"], abs=0.01)
