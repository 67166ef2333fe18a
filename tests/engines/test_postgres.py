"""Operators and the whole catalogue on PostgreSQL: the same numbers as on DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from engines.operators import unlike
from engines.postgres import PostgresEngine
from engines.same import catalogue, differences, on_both
from engines.shops import whole_shop
from servers import postgres_running, waited_for

from kexiao.facts.policy import Policy


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
    ours, theirs = on_both(whole_shop(1), engine, tmp_path, Policy())
    found = catalogue(ours, "2025Q1", None, ())
    assert len([value for value in found.values() if value["value"] is not None]) > 80
    assert differences(found, catalogue(theirs, "2025Q1", None, ())) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 8))
@pytest.mark.parametrize("by", [("channel",), ("region", "level"), ("category",), ("cohort",)], ids="-".join)
def test_the_whole_catalogue_by_month_and_dimensions_is_the_same(
    engine: PostgresEngine, tmp_path: Path, seed: int, by: tuple[str, ...]
) -> None:
    policy = Policy(
        active_window_days=90, margin_rate=0.3 if seed % 2 else None, refund_date="order" if seed % 3 else "refund"
    )
    ours, theirs = on_both(whole_shop(seed), engine, tmp_path, policy)
    asked = ("2024-01..2025-06", "month", by)
    assert differences(catalogue(ours, *asked), catalogue(theirs, *asked)) == []
