"""Operators and the whole catalogue on PostgreSQL: the same numbers as on DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from collecting import Company
from engines.operators import unlike
from engines.postgres import PostgresEngine
from engines.same import NOW, catalogue, differences, examples_unlike, on_both
from engines.shops import whole_shop
from servers import postgres_running, waited_for

from kexiao.cycle.customers import customer_named, opened
from kexiao.cycle.merging import merge_customers
from kexiao.engine.store import Store
from kexiao.facts.one_customer import create_canonical_views_on
from kexiao.facts.policy import Policy
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
    ours, theirs = on_both(whole_shop(1), engine, tmp_path, Policy())
    found = catalogue(ours, "2025Q1", None, ())
    assert len([value for value in found.values() if value["value"] is not None]) > 80
    assert differences(found, catalogue(theirs, "2025Q1", None, ())) == []


@pytest.mark.slow
def test_every_worked_example_has_the_same_answer(engine: PostgresEngine, tmp_path: Path) -> None:
    assert examples_unlike(engine, tmp_path) == []


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


ORDERS = """
    订单号 | 下单时间            | 金额  | 状态   | 客户编号 | 渠道
    1      | 2025-01-05 00:30:00 | 100.1 | 已完成 | A        | 门店
    2      | 2025-02-05 10:00:00 | 50    | 已完成 | B        | 微信
    3      | 2025-02-28 23:59:59 | 70    | 已完成 | C        | it's
    4      | 2025-03-07 10:00:00 | 30    | 已完成 | A        | 天猫
    5      | 2025-03-09 10:00:00 | 20    | 已退款 | B        | 微信
    6      | 2025-04-01 00:10:00 | 25    | 已完成 |          | 天猫
"""


def test_merged_customers_are_one_there_too(engine: PostgresEngine, tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.load(ORDERS)
    with opened(company.folder) as at:
        stays, other = customer_named(at, "A"), customer_named(at, "C")
    merge_customers(company.folder, stays, [other])
    store, ours = Store(company.folder.data), open_facts(company.folder, now=NOW)
    create_canonical_views_on(engine, store, store.current(), lambda path: str(store.data / path))
    theirs = facts_in_memory(engine, ours.policy, now=NOW, snapshot=ours.snapshot)
    asked = ("2025-01..2025-04", "month", ("channel",))
    assert differences(catalogue(ours, *asked), catalogue(theirs, *asked)) == []
    assert engine.rows("SELECT count(DISTINCT customer_id) FROM orders") == [(2,)]
