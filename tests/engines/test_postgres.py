"""Operators and the whole catalogue on PostgreSQL: the same numbers as on DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from engines.merged import merged_company
from engines.operators import unlike
from engines.postgres import PostgresEngine
from engines.same import HALF_A_YEAR, NOW, catalogue, differences, examples_unlike, policy_of, shop_unlike
from engines.shops import WHOLE
from servers import postgres_running, waited_for

from kexiao.engine.store import Store
from kexiao.facts.one_customer import create_canonical_views_on
from kexiao.facts.source import facts_in_memory, open_facts


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with postgres_running() as number:
        yield number


@pytest.fixture
def engine(port: int) -> Iterator[PostgresEngine]:
    connection = waited_for(
        lambda: psycopg.connect(host="127.0.0.1", port=port, user="owner", dbname="postgres", autocommit=True)
    )
    connection.execute("SET TIME ZONE 'UTC'")
    yield PostgresEngine(connection)
    connection.close()


def test_every_operator_means_the_same(engine: PostgresEngine) -> None:
    assert unlike(engine) == []


def test_the_whole_catalogue_of_a_shop_is_the_same(engine: PostgresEngine, tmp_path: Path) -> None:
    assert shop_unlike(engine, tmp_path, WHOLE, *HALF_A_YEAR) == []


@pytest.mark.slow
def test_every_worked_example_has_the_same_answer(engine: PostgresEngine, tmp_path: Path) -> None:
    assert examples_unlike(engine, tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 6))
@pytest.mark.parametrize("by", [("channel",), ("region", "level"), ("category",), ("cohort",)], ids="-".join)
def test_the_whole_catalogue_by_month_and_dimensions_is_the_same(
    engine: PostgresEngine, tmp_path: Path, seed: int, by: tuple[str, ...]
) -> None:
    assert shop_unlike(engine, tmp_path, seed, "2024-01..2025-06", "month", by, policy_of(seed)) == []


def test_merged_customers_are_one_there_too(engine: PostgresEngine, tmp_path: Path) -> None:
    company = merged_company(tmp_path)
    store, ours = Store(company.folder.data), open_facts(company.folder, now=NOW)
    create_canonical_views_on(engine, store, store.current(), lambda path: str(store.data / path))
    theirs = facts_in_memory(engine, ours.policy, now=NOW, snapshot=ours.snapshot)
    asked = ("2025-01..2025-04", "month", ("channel",))
    assert differences(catalogue(ours, *asked), catalogue(theirs, *asked)) == []
    assert engine.rows("SELECT count(DISTINCT customer_id) FROM orders") == [(2,)]
