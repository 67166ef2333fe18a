"""Operators and the whole catalogue on ClickHouse, as chDB inside this process: the same numbers as on DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from engines.clickhouse import ClickHouseEngine, clickhouse_session
from engines.operators import unlike
from engines.same import catalogue, differences, on_both
from engines.shops import whole_shop
from servers import absent

from kexiao.facts.policy import Policy

try:
    import chdb  # noqa: F401
except ImportError:
    absent("chDB")


@pytest.fixture(scope="module")
def engine() -> Iterator[ClickHouseEngine]:
    session = clickhouse_session()
    yield ClickHouseEngine(session)
    session.close()


def test_every_operator_means_the_same(engine: ClickHouseEngine) -> None:
    assert unlike(engine) == []


def test_the_whole_catalogue_of_a_shop_is_the_same(engine: ClickHouseEngine, tmp_path: Path) -> None:
    ours, theirs = on_both(whole_shop(1), engine, tmp_path, Policy())
    found = catalogue(ours, "2025Q1", None, ())
    assert len([value for value in found.values() if value["value"] is not None]) > 80
    assert differences(found, catalogue(theirs, "2025Q1", None, ())) == []
