"""Whoever is known by a phone alone becomes one with the only customer who has it, whatever file came first; shared phones join nobody."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from collecting import Company
from hypothesis import given, settings
from hypothesis import strategies as st

from kexiao.cycle import collect as collecting_files
from kexiao.cycle.customers import opened
from kexiao.cycle.merging import merges_of, unmerge_customer
from kexiao.text import Text

FILES = {
    "customers": """
        客户编号 | 客户姓名 | 手机号      | 邮箱          | 注册日期
        C1       | 王芳     | 13800000001 |               | 2025-01-01
        C2       | 李强     |             | Li@example.cn | 2025-01-02
        C3       | 周       | 13800000003 |               | 2025-01-03
        C4       | 赵敏     | 13800000004 |               | 2025-01-04
    """,
    "family": """
        客户编号 | 客户姓名 | 手机号      | 邮箱 | 注册日期
        C5       | 周小妹   | 13800000003 |      | 2025-01-05
    """,
    "phone_orders": """
        订单号 | 下单时间   | 客户姓名 | 手机号      | 实付金额
        A1     | 2025-02-01 | 王女士   | 13800000001 | 10.00
        A3     | 2025-02-03 | 周小妹   | 13800000003 | 30.00
        A4     | 2025-02-04 | 孙丽     | 13800000004 | 40.00
        A6     | 2025-02-06 | 吴迪     | 13800000006 | 60.00
    """,
    "mail_orders": """
        订单号 | 下单时间   | 邮箱          | 实付金额
        A2     | 2025-02-02 | li@example.cn | 20.00
    """,
    "orders": """
        订单号 | 下单时间   | 客户编号 | 实付金额
        B1     | 2025-03-01 | C1       | 11.00
        B2     | 2025-03-02 | C2       | 12.00
    """,
    "surveys": """
        答卷编号 | 手机号      | 答卷时间   | 满意度
        S1       | 13800000001 | 2025-02-10 | 5
        S3       | 13800000003 | 2025-02-11 | 4
    """,
}
# Who is one, as a person who looks at the files would say: two 周 share a phone, and 孙丽 is not 赵敏.
ONE = {"A1": "C1", "B1": "C1", "S1": "C1", "A2": "C2", "B2": "C2", "A3": "?3", "S3": "?3", "A4": "?4", "A6": "?6"}


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(collecting_files, "tidy_if_due", lambda *_, **__: None)
        yield


def load(company: Company, *names: str) -> tuple[Text, ...]:
    report = company.collect(*[company.file(f"{name}.csv", FILES[name]) for name in names])
    warnings: tuple[Text, ...] = report.warnings
    return warnings


def who(company: Company) -> dict[str, str]:
    """Each order and answer with the customer it is counted for: the id on file, or for the others the last digit of the phone."""
    with opened(company.folder) as at:
        rows = company.rows("orders", "order_id, customer_id") + company.rows(
            "survey_responses", "response_id, customer_id"
        )
        known = dict(company.rows("contacts", "customer_id, source_id"))
        found = {key: known[at.forest.survivor(customer)] for key, customer in rows}
    return {key: f"?{ref[-1]}" if ref.startswith("phone:") else ref for key, ref in found.items()}


@settings(max_examples=3, derandomize=True)
@given(st.permutations(sorted(FILES)), st.sampled_from([1, 2, 3]))
def test_people_are_one_whatever_file_came_first(names: Sequence[str], size: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        company = Company(Path(folder))
        for start in range(0, len(names), size):
            load(company, *names[start : start + size])
        assert who(company) == ONE


@pytest.mark.slow
@settings(max_examples=12)
@given(st.permutations([*FILES, "orders", "phone_orders"]), st.sampled_from([1, 2, 3, 8]))
def test_people_are_one_in_many_orders_of_files(names: Sequence[str], size: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        company = Company(Path(folder))
        for start in range(0, len(names), size):
            load(company, *dict.fromkeys(names[start : start + size]))
        assert who(company) == ONE


def test_a_link_is_taken_back_when_a_second_customer_has_the_phone_and_both_are_told(company: Company) -> None:
    told = load(company, "customers", "phone_orders")
    assert who(company)["A3"] == "C3" and any("有 2 位只留手机或邮箱的客户" in words.zh for words in told)
    told = load(company, "family")
    assert who(company)["A3"] == "?3"
    assert any("不再" in words.zh for words in told) and any("共用" in words.zh for words in told)
    assert {(m.merged_by, m.undone_by) for m in merges_of(company.folder)} == {("load", None), ("load", "load")}


def test_another_name_on_the_same_phone_is_left_apart_and_told(company: Company) -> None:
    told = load(company, "phone_orders", "customers")
    assert who(company)["A4"] == "?4"
    assert any("有 1 个手机或邮箱对应的姓名与客户资料不同" in words.zh for words in told)


def test_what_a_person_took_apart_stays_apart(company: Company) -> None:
    load(company, "customers", "phone_orders")
    with opened(company.folder) as at:
        number = dict(company.rows("contacts", "source_id, customer_id"))["phone:13800000001"]
        assert at.forest.survivor(number) != number
    unmerge_customer(company.folder, number, who="amy")
    load(company, "orders", "surveys")
    assert who(company)["A1"] == "?1"


def test_loads_without_people_known_by_phone_alone_make_no_merges(company: Company) -> None:
    load(company, "customers", "orders")
    assert company.rows("merges") == []


def test_a_file_that_changes_no_table_but_tells_whose_phone_it_is_links_at_once(company: Company) -> None:
    company.load(FILES["phone_orders"], name="phone.csv")
    known = "客户编号 | 客户姓名 | 注册日期\nC1 | 王芳 | 2025-01-01"
    company.load(known, name="customers.csv")
    assert not company.rows("merges")
    company.load(
        known.replace("注册日期", "注册日期 | 手机号").replace("2025-01-01", "2025-01-01 | 13800000001"),
        name="again.csv",
    )
    assert company.rows("merges", "merged_by") == [("load",)]
    before = company.snapshots()
    company.load(known, name="customers.csv")
    assert company.snapshots() == before


def links(company: Company) -> int:
    """How many links are in force."""
    return sum(one.merged_by == "load" and one.undone_by is None for one in merges_of(company.folder))


def loads_of(company: Company, *names: str) -> dict[str, int]:
    """Each file as a load of its own, with its number."""
    return {name: company.collect(company.file(f"{name}.csv", FILES[name])).load_id or 0 for name in names}


APART = ["customers", "phone_orders", "family", "mail_orders", "orders", "surveys"]


@pytest.fixture(scope="module")
def loaded_apart(tmp_path_factory: pytest.TempPathFactory) -> tuple[Company, dict[str, int]]:
    """A workspace with each file loaded on its own, and the numbers of the loads."""
    company = Company(tmp_path_factory.mktemp("apart"))
    return company, loads_of(company, *APART)


@pytest.mark.parametrize("gone", ["family", "customers", "phone_orders", "orders", "surveys"])
def test_an_undo_leaves_people_linked_as_if_the_load_had_never_been(
    loaded_apart: tuple[Company, dict[str, int]], tmp_path: Path, gone: str
) -> None:
    loaded, numbers = loaded_apart
    (tmp_path / "never").mkdir()
    company, never = loaded.copied(tmp_path / "undone"), Company(tmp_path / "never")
    collecting_files.undo(company.folder, numbers[gone])
    loads_of(never, *(name for name in APART if name != gone))
    assert who(company) == who(never) and links(company) == links(never)
    # Loaded again it is what it was.
    loads_of(company, gone)
    assert who(company) == ONE


def test_an_undo_does_not_make_a_link_that_a_person_took_apart(company: Company) -> None:
    numbers = loads_of(company, "customers", "phone_orders", "orders", "surveys")
    number = dict(company.rows("contacts", "source_id, customer_id"))["phone:13800000001"]
    unmerge_customer(company.folder, number, who="amy")
    collecting_files.undo(company.folder, numbers["orders"])
    assert who(company)["A1"] == "?1"
