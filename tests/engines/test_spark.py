"""Operators, the whole catalogue and the command itself on a real Spark 4 cluster: the same numbers as on DuckDB, or a plain reason."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from collecting import Company
from engines.merged import merged_company
from engines.operators import unlike
from engines.same import HALF_A_YEAR, catalogue, differences, equal, on_both
from engines.shops import WHOLE, whole_shop
from engines.spark_cluster import cluster_running
from servers import absent, free_port

from kexiao.cycle.measure import measure, measure_facts
from kexiao.engine.folder import Folder, open_folder
from kexiao.engine.spark import SparkEngine, connect_spark
from kexiao.errors import IntegrityFailed, SourceUnavailable, WrongUse
from kexiao.facts.policy import Policy
from kexiao.facts.source import FactSource, open_facts_on_engine

try:
    import pyspark  # noqa: F401
except ImportError:
    absent("the Spark client (extra spark)")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with cluster_running() as found:
        yield found


@pytest.fixture(scope="module")
def engine(address: str) -> SparkEngine:
    return connect_spark(address)


def test_every_operator_means_the_same(engine: SparkEngine) -> None:
    assert unlike(engine) == []


def test_a_sum_too_large_for_its_type_is_an_error_not_a_null(engine: SparkEngine) -> None:
    with pytest.raises(Exception, match=r"(?i)overflow|out of range"):
        engine.rows(
            "SELECT sum(n) FROM (SELECT CAST(9223372036854775807 AS BIGINT) AS n UNION ALL SELECT CAST(1 AS BIGINT))"
        )


def test_the_day_of_a_moment_does_not_hang_on_the_server(engine: SparkEngine) -> None:
    assert engine.rows("SELECT CAST(CAST('2024-12-31 23:30:00+00' AS TIMESTAMPTZ) AS DATE)") == [(date(2024, 12, 31),)]


@pytest.fixture(scope="module")
def whole(engine: SparkEngine, tmp_path_factory: pytest.TempPathFactory) -> tuple[FactSource, FactSource]:
    """The facts of the shop in which every metric has a number, here and there: to derive them takes the cluster longest."""
    return on_both(whole_shop(WHOLE), engine, tmp_path_factory.mktemp("whole"), Policy())


@pytest.mark.slow
@pytest.mark.parametrize("asked", [HALF_A_YEAR, ("2025-04..2025-05", "month", ("channel",))])
def test_the_whole_catalogue_is_the_same(
    whole: tuple[FactSource, FactSource], asked: tuple[str, str, tuple[str, ...]]
) -> None:
    ours, theirs = (catalogue(source, *asked) for source in whole)
    assert differences(ours, theirs) == []


# ---- The command: a workspace with merged customers, measured here and there.

SOME = ("net_sales", "orders", "ordering_customers", "retention_rate", "repeat_purchase_rate", "new_customers")


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return merged_company(tmp_path)


def set_to(company: Company, **settings: str) -> Folder:
    """The workspace with these lines on top of its settings."""
    path = company.folder.root / "kexiao.toml"
    lines = [
        line for line in path.read_text(encoding="utf-8").splitlines() if line.split(" =")[0] not in ("engine", "data")
    ]
    path.write_text("\n".join([*(f'{name} = "{value}"' for name, value in settings.items()), *lines]), encoding="utf-8")
    return open_folder(company.folder.root)


def numbers(folder: Folder) -> list[dict[str, Any]]:
    """Computed, never taken from what was stored."""
    source = open_facts_on_engine(folder).not_kept()
    found = []
    for by in ((), ("channel",)):
        found += measure_facts(source, SOME, period="2025-01..2025-04", grain="month", by=by).records()
    return found


def test_one_line_in_the_settings_moves_the_computation_and_no_number(company: Company, address: str) -> None:
    here, there = numbers(set_to(company)), numbers(set_to(company, engine=address))
    assert len(here) == len(there) and all(equal(left, right) for left, right in zip(here, there, strict=True))
    of_march = next(row for row in there if row["metric"] == "repeat_purchase_rate" and row["period"] == "2025-03")
    assert of_march["denominator"] == 2  # B, and A with whom C is one


def test_files_that_only_this_machine_sees_are_refused_with_the_reason(
    company: Company, address: str, tmp_path: Path
) -> None:
    with pytest.raises(WrongUse) as told:
        numbers(set_to(company, engine=address, data=(tmp_path / "elsewhere").as_uri()))
    assert "cannot see the data files" in told.value.message("en") and "s3a://" in told.value.message("en")


def test_a_result_of_the_cluster_is_kept_like_any_other(
    company: Company, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = set_to(company, engine=address)
    there = measure(folder, SOME[:2], period="2025-03").records()

    def away(*_: object, **__: object) -> None:
        raise AssertionError("the cluster was asked again")

    monkeypatch.setattr("kexiao.cycle.measure.open_facts_on_engine", away)
    assert measure(folder, SOME[:2], period="2025-03").records() == there


def test_a_copy_of_the_data_in_another_place_gives_the_same(company: Company, address: str, tmp_path: Path) -> None:
    shutil.copytree(company.folder.data, tmp_path / "copy")
    here, there = numbers(set_to(company)), numbers(set_to(company, engine=address, data=(tmp_path / "copy").as_uri()))
    assert all(equal(left, right) for left, right in zip(here, there, strict=True))


def test_a_copy_with_other_rows_than_the_snapshot_names_is_refused(
    company: Company, address: str, tmp_path: Path
) -> None:
    import duckdb

    shutil.copytree(company.folder.data, tmp_path / "copy")
    [path] = (tmp_path / "copy" / "orders").glob("*.parquet")
    duckdb.sql(f"COPY (SELECT * FROM read_parquet('{path}') LIMIT 5) TO '{path}.half' (FORMAT parquet)")
    path.with_name(path.name + ".half").replace(path)
    with pytest.raises(IntegrityFailed) as told:
        numbers(set_to(company, engine=address, data=(tmp_path / "copy").as_uri()))
    assert "orders" in told.value.message("en")


def test_a_server_that_does_not_answer_is_told_at_once(company: Company) -> None:
    with pytest.raises(SourceUnavailable) as told:
        measure(set_to(company, engine=f"sc://127.0.0.1:{free_port()}"), SOME, period="2025-03")
    assert "does not answer" in told.value.message("en") and told.value.exit_code == 6


@pytest.mark.parametrize("written", ["spark", "http://127.0.0.1:1", "sc://", "sc://host:port"])
def test_an_address_that_is_none_is_refused(company: Company, written: str) -> None:
    with pytest.raises(WrongUse) as told:
        numbers(set_to(company, engine=written))
    assert 'engine = "sc://host:15002"' in told.value.message("en")


def test_what_only_duckdb_can_do_is_refused_on_the_cluster(engine: SparkEngine, tmp_path: Path) -> None:
    _, theirs = on_both({"orders": "order_id | ordered_on | amount\no1 | 2025-01-01 | 5"}, engine, tmp_path, Policy())
    with pytest.raises(WrongUse) as told:
        _ = theirs.connection
    assert "only with DuckDB" in told.value.message("en")
