"""Merging customers and taking merges back: whatever remains in force decides, and nothing else leaves a trace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from collecting import Company
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kexiao.cycle.customers import customer_named, opened
from kexiao.cycle.measure import measure_facts
from kexiao.cycle.merging import Forest, Merge, merge_customers, merges_of, unmerge_customer
from kexiao.errors import WrongUse
from kexiao.facts.source import open_facts

ORDERS = """
    订单号 | 下单时间            | 金额 | 状态   | 客户编号 | 渠道
    1      | 2025-01-05 10:00:00 | 100  | 已完成 | A        | 门店
    2      | 2025-02-05 10:00:00 | 50   | 已完成 | B        | 微信
    3      | 2025-03-05 10:00:00 | 70   | 已完成 | C        | 门店
    4      | 2025-04-07 10:00:00 | 30   | 已完成 | D        | 天猫
    5      | 2025-05-07 10:00:00 | 20   | 已完成 | E        | 微信
    6      | 2025-05-09 10:00:00 | 25   | 已完成 | A        | 天猫
    7      | 2025-06-09 10:00:00 | 15   | 已退款 | B        | 天猫
    8      | 2025-06-10 10:00:00 | 10   | 已完成 |          | 天猫
"""
NAMES = "ABCDE"
METRICS = [
    "new_customers",
    "retention_rate",
    "repeat_purchase_rate",
    "revenue_per_customer",
    "net_sales",
    "top_fifth_share",
    "customers_at_end",
]


def numbers(company: Company) -> dict[str, int]:
    with opened(company.folder) as at:
        return {name: customer_named(at, name) for name in NAMES}


def measured(company: Company) -> list[Any]:
    """Every metric asked for, by acquisition channel too, without the name of the snapshot."""
    source = open_facts(company.folder)
    found = []
    for by in ([], ["channel"]):
        names = METRICS if not by else ["new_customers"]
        records = measure_facts(source, names, period="2025-01..2025-06", grain="quarter", by=by).records()
        found += [{k: v for k, v in record.items() if k != "snapshot"} for record in records]
    return found


def facts(company: Company) -> dict[str, list[Any]]:
    source = open_facts(company.folder)
    tables = ("customers", "orders", "sale_orders", "returns", "purchase_days", "customer_summary")
    return {
        name: sorted(map(str, source.connection.execute(f"SELECT COLUMNS(*)::VARCHAR FROM {name}").fetchall()))
        for name in tables
    }


def test_merged_customers_count_exactly_as_if_the_source_had_known_them_under_one_id(tmp_path: Path) -> None:
    (tmp_path / "two").mkdir()
    (tmp_path / "one").mkdir()
    two, one = Company(tmp_path / "two"), Company(tmp_path / "one")
    two.load(ORDERS)
    one.load(ORDERS.replace("| B        |", "| A        |"))
    before = measured(two)
    ids = numbers(two)
    merge_customers(two.folder, ids["A"], [ids["B"]])
    assert measured(two) == measured(one)
    assert measured(two) != before
    merged = open_facts(two.folder).query(
        "SELECT orders, first_on, second_on, channel FROM customer_summary WHERE orders > 1"
    )
    assert [(row[0], str(row[1]), str(row[2]), row[3]) for row in merged] == [(4, "2025-01-05", "2025-02-05", "门店")]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.tuples(st.booleans(), st.sampled_from(NAMES), st.sampled_from(NAMES)), min_size=1, max_size=6))
def test_any_sequence_of_merges_and_unmerges_equals_what_remains_in_force(
    tmp_path_factory: pytest.TempPathFactory, moves: list[tuple[bool, str, str]]
) -> None:
    company = Company(tmp_path_factory.mktemp("merges"))
    company.load(ORDERS)
    ids, rows, before = numbers(company), company.rows("orders"), (facts(company), measured(company))
    for joins, left, right in moves:
        try:
            if joins:
                merge_customers(company.folder, ids[left], [ids[right]])
            else:
                unmerge_customer(company.folder, ids[left])
        except WrongUse:
            continue
    groups = by_hand(merges_of(company.folder), list(ids.values()))
    net = dict.fromkeys(groups.values(), 0)
    for name, amount in (("A", 125), ("B", 65), ("C", 70), ("D", 30), ("E", 20)):
        net[groups[ids[name]]] += amount
    told = open_facts(company.folder).query("SELECT customer_id, net FROM customer_summary")
    assert {int(number): int(amount) for number, amount in told} == net
    assert company.rows("orders") == rows
    for merge in [merge for merge in merges_of(company.folder) if merge.undone_at is None]:
        unmerge_customer(company.folder, merge.customer_id)
    assert (facts(company), measured(company)) == before


def by_hand(merges: list[Merge], customers: list[int]) -> dict[int, int]:
    """Who stands for whom, by following each merge in force one step at a time."""
    into = {merge.customer_id: merge.into_id for merge in merges if merge.undone_at is None}
    found = {}
    for customer in customers:
        last = customer
        for _ in range(len(into) + 1):
            last = into.get(last, last)
        assert last not in into, "a circle"
        found[customer] = last
    return found


def test_a_chain_leads_to_one_survivor_and_a_middle_link_can_go(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.load(ORDERS)
    ids = numbers(company)
    merge_customers(company.folder, ids["B"], [ids["A"]])
    merge_customers(company.folder, ids["C"], [ids["A"]])
    assert count(company) == 3
    unmerge_customer(company.folder, ids["B"])
    told = dict(open_facts(company.folder).query("SELECT customer_id, orders FROM customer_summary"))
    assert (told[ids["B"]], told[ids["C"]], len(told)) == (4, 1, 4), "A stays with B, into which it was merged"


def count(company: Company) -> int:
    return int(open_facts(company.folder).query("SELECT count(*) FROM customer_summary")[0][0])


def test_customers_who_are_one_already_cannot_be_merged_again_either_way(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.load(ORDERS)
    ids = numbers(company)
    merge_customers(company.folder, ids["A"], [ids["B"]])
    for pair in (("A", "B"), ("B", "A")):
        with pytest.raises(WrongUse):
            merge_customers(company.folder, ids[pair[0]], [ids[pair[1]]])
    with pytest.raises(WrongUse) as refused:
        unmerge_customer(company.folder, ids["A"])
    assert str(ids["B"]) in refused.value.message("en")


def test_a_merge_says_who_and_when_and_stays_written_down_after_it_is_undone(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.load(ORDERS)
    ids = numbers(company)
    merge_customers(company.folder, ids["A"], [ids["B"]], who="ann")
    unmerge_customer(company.folder, ids["B"], who="bob")
    (merge,) = merges_of(company.folder)
    assert (merge.merged_by, merge.undone_by, merge.way) == ("ann", "bob", "hand")
    assert merge.undone_at and merge.undone_at > merge.merged_at
    log = [json.loads(line) for line in (company.folder.root / "audit" / "log.jsonl").read_text().splitlines()]
    assert [entry["act"] for entry in log] == ["collect", "merge", "unmerge"]


def test_a_load_taken_back_keeps_the_merges_and_a_new_load_falls_under_them(tmp_path: Path) -> None:
    from kexiao.cycle.collect import undo

    company = Company(tmp_path)
    company.load(ORDERS)
    ids = numbers(company)
    merge_customers(company.folder, ids["A"], [ids["B"]])
    more = "订单号 | 下单时间 | 金额 | 状态 | 客户编号\n9 | 2025-06-20 10:00:00 | 40 | 已完成 | B"
    load = company.load(more, name="more.csv").load_id
    assert load
    told = dict(open_facts(company.folder).query("SELECT customer_id, net FROM customer_summary"))
    assert told[ids["A"]] == 230
    undo(company.folder, load)
    told = dict(open_facts(company.folder).query("SELECT customer_id, net FROM customer_summary"))
    assert told[ids["A"]] == 190 and ids["B"] not in told


def test_an_older_snapshot_still_says_what_was_believed_then(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.load(ORDERS)
    ids = numbers(company)
    merge_customers(company.folder, ids["A"], [ids["B"]])
    then = open_facts(company.folder, as_of="s000001")
    assert then.query("SELECT count(*) FROM customer_summary") == [(5,)] and count(company) == 4


def test_a_list_drawn_for_two_numbers_of_one_customer_counts_once_and_for_no_arm_where_they_differ(
    tmp_path: Path,
) -> None:
    company = Company(tmp_path)
    company.load(ORDERS)
    company.load(
        "活动编号 | 客户编号 | 分组 | 参与日期\nM1 | A | 实验组 | 2025-03-01\nM1 | B | 对照组 | 2025-03-02\nM1 | C | 对照组 | 2025-03-01\nM2 | A | 实验组 | 2025-03-01\nM2 | B | 实验组 | 2025-03-01",
        name="list.csv",
    )
    ids = numbers(company)
    merge_customers(company.folder, ids["A"], [ids["B"]])
    told = sorted(
        map(tuple, open_facts(company.folder).query("SELECT campaign, customer_id, arm FROM participations")), key=str
    )
    assert told == sorted([("M1", ids["A"], None), ("M1", ids["C"], "holdout"), ("M2", ids["A"], "treated")], key=str)


def test_an_account_counts_as_its_parent_where_the_policy_says_so(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.load(ORDERS)
    company.load(
        "客户编号 | 归属类型 | 归属 | 开始日期 | 结束日期\nA | 上级 | C | 2025-01-01 | \nB | 上级 | A | 2025-01-01 |\nD | 上级 | C | 2025-01-01 | 2025-03-01\nE | 等级 | key | 2025-01-01 |",
        name="assignments.csv",
    )
    toml = company.folder.root / "kexiao.toml"
    toml.write_text(
        toml.read_text(encoding="utf-8").replace("[policy]", '[policy]\ncount_as = "parent"'), encoding="utf-8"
    )
    from kexiao.engine.folder import open_folder

    ids = numbers(company)
    told = dict(open_facts(open_folder(company.folder.root)).query("SELECT customer_id, net FROM customer_summary"))
    assert told == {ids["C"]: 260, ids["D"]: 30, ids["E"]: 20}, "A and B count as C; D left the account in March"


def test_accounts_are_ranked_by_sales_and_a_tier_on_file_decides_before_size(tmp_path: Path) -> None:
    from kexiao.cycle.accounts import accounts

    company = Company(tmp_path)
    company.load(ORDERS)
    company.load(
        "客户编号 | 归属类型 | 归属 | 开始日期\nA | 上级 | C | 2025-01-01\nE | 等级 | key | 2025-01-01",
        name="assignments.csv",
    )
    ids = numbers(company)
    found = [(a.customer_id, a.members, int(a.net_sales), a.kind) for a in accounts(company.folder)]
    assert found == [
        (ids["C"], 1, 195, "key"),
        (ids["B"], 0, 50, "small"),
        (ids["D"], 0, 30, "small"),
        (ids["E"], 0, 20, "key"),
    ]


def test_the_forest_knows_each_member_of_a_merged_customer() -> None:
    def merge(number: int, gone: int, into: int) -> Merge:
        return Merge(number, gone, into, "2025-01-01", "ann", "hand", None, None, None, None)

    forest = Forest([merge(1, 10, 20), merge(2, 20, 5), merge(3, 30, 5)])
    assert forest.members(forest.survivor(10)) == [5, 10, 20, 30]


def test_what_a_model_said_is_not_used_for_customers_merged_or_taken_apart_since(tmp_path: Path) -> None:
    from kexiao.engine.duck import connect
    from kexiao.engine.store import Store
    from kexiao.tables.catalogue import table_named
    from kexiao.tables.loading import append

    company = Company(tmp_path)
    company.load(ORDERS)
    ids = numbers(company)
    with Store(company.folder.data).writing("scores") as writer:
        listed = ", ".join(f"({number})" for number in ids.values())
        sql = f"SELECT 'clv' AS model, 'probability_alive' AS score, DATE '2025-07-01' AS as_of, CAST(n AS BIGINT) AS customer_id, 0.5 AS value, NULL AS low, NULL AS high, now() AS known_at, NULL AS load_id FROM (VALUES {listed}) AS v(n)"
        append(connect(tmp_path / "spill"), writer, table_named("scores"), sql)
        writer.commit()

    def known() -> int:
        return int(open_facts(company.folder).query("SELECT count(*) FROM scores")[0][0])

    assert known() == 5
    merge_customers(company.folder, ids["A"], [ids["B"]])
    assert known() == 0, "two scores of one customer, each of half a history"
    unmerge_customer(company.folder, ids["B"])
    assert known() == 5
