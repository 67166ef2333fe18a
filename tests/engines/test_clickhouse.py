"""Operators and the whole catalogue on ClickHouse, as chDB inside this process: the same numbers as on DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from engines.clickhouse import ClickHouseEngine, clickhouse_session
from engines.operators import unlike
from engines.same import HALF_A_YEAR, policy_of, shop_unlike
from engines.shops import WHOLE
from servers import absent

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
    assert shop_unlike(engine, tmp_path, WHOLE, *HALF_A_YEAR) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "by"),
    [(2, ("channel",)), (3, ("region", "level")), (4, ("category",)), (5, ("cohort",)), (6, ("salesperson", "team"))],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else str(value),
)
def test_the_whole_catalogue_by_month_and_dimensions_is_the_same(
    engine: ClickHouseEngine, tmp_path: Path, seed: int, by: tuple[str, ...]
) -> None:
    assert shop_unlike(engine, tmp_path, seed, "2024-01..2025-06", "month", by, policy_of(seed)) == []
