"""One customer: history over every table, and personal data for those alone who may read them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from collecting import Company

from kexiao.cli.main import main
from kexiao.cycle.customers import customer_named, opened, profile
from kexiao.cycle.disclosure import as_page, disclose
from kexiao.cycle.merging import merge_customers
from kexiao.cycle.timeline import timeline
from kexiao.errors import NotPermitted
from kexiao.text import in_language

SHEETS = {
    "people.csv": "客户编号 | 姓名 | 手机 | 注册日期\nC1 | 欧阳明月 | 13812345678 | 2024-12-01\nC2 | 欧阳明月 | 13912345678 | 2024-11-01",
    "orders.csv": "订单号 | 下单时间 | 金额 | 状态 | 客户编号 | 渠道\n1 | 2025-01-05 10:00:00 | 100 | 已完成 | C1 | 门店\n2 | 2025-02-05 23:30:00 | 50 | 已完成 | C2 | 天猫",
    "refunds.csv": "退款单号 | 订单号 | 退款时间 | 退款金额\nR1 | 1 | 2025-01-08 09:00:00 | 20",
    "complaints.csv": "投诉编号 | 客户编号 | 投诉时间 | 类别\nT1 | C1 | 2025-02-01 09:30:00 | 物流",
    "surveys.csv": "答卷编号 | 客户编号 | 量表 | 得分 | 答卷时间\nS1 | C1 | NPS | 9 | 2025-03-01 10:00:00",
    "leads.csv": "线索编号 | 创建时间 | 渠道 | 客户编号 | 状态\nL1 | 2024-12-20 08:00:00 | 抖音 | C1 | 已成交",
    "list.csv": "活动编号 | 客户编号 | 分组 | 参与日期\nM1 | C1 | 实验组 | 2025-02-20",
    "consents.csv": "客户编号 | 用途 | 渠道 | 同意时间 | 凭证\nC1 | 营销 | 短信 | 2025-01-01 10:00:00 | 门店签字",
}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Company:
    made = Company(tmp_path_factory.mktemp("loaded"))
    made.collect(*(made.file(name, drawn) for name, drawn in SHEETS.items()))
    return made


@pytest.fixture
def company(loaded: Company, tmp_path: Path) -> Company:
    return loaded.copied(tmp_path)


def test_a_history_holds_every_row_of_every_table_in_order_and_in_the_business_time_zone(company: Company) -> None:
    with opened(company.folder) as at:
        members = profile(at, customer_named(at, "C1")).members
        events = timeline(at, members)
    assert [(event.at, event.table) for event in events] == [
        ("2025-03-01 10:00", "survey_responses"),
        ("2025-02-20", "participations"),
        ("2025-02-01 09:30", "complaints"),
        ("2025-01-08 09:00", "refunds"),
        ("2025-01-05 10:00", "orders"),
        ("2025-01-01 10:00", "consents"),
        ("2024-12-20 08:00", "leads"),
    ]
    with in_language("en"):
        order = dict(next(event for event in events if event.table == "orders").in_words())
    assert (order["Status"], order["Amount"], order["Channel"]) == ("completed", "100.00", "门店")


def test_merged_customers_have_one_history_that_names_the_number_of_each_row(company: Company) -> None:
    with opened(company.folder) as at:
        one, two = customer_named(at, "C1"), customer_named(at, "C2")
    merge_customers(company.folder, one, [two])
    with opened(company.folder) as at:
        found = profile(at, two)
        events = timeline(at, found.members)
    assert found.customer_id == one and len(found.contacts) == 2
    assert {event.customer_id for event in events if event.table == "orders"} == {one, two}
    assert ("注册日期", "2024-11-01") in [(label.zh, value) for label, value in found.on_file], "the earlier of the two"


def test_what_is_told_to_a_person_is_everything_that_is_held(company: Company) -> None:
    with opened(company.folder) as at:
        found = disclose(at, "C1")
    told = found.as_json()
    assert told["contacts"][0]["phone"] == "13812345678"
    assert {name: len(rows) for name, rows in told["tables"].items()} == {
        "customers": 1, "orders": 1, "refunds": 1, "complaints": 1, "survey_responses": 1, "leads": 1, "participations": 1, "consents": 1,
    }  # fmt: skip
    assert "C2" not in json.dumps(told, ensure_ascii=False) and "13912345678" not in json.dumps(told)
    page = as_page(found)
    assert "欧阳明月" in page and "我们保存的关于你的全部信息" in page and "<script" not in page and "http" not in page


def test_the_page_for_a_person_lets_nothing_through_that_would_run(tmp_path: Path) -> None:
    made = Company(tmp_path)
    made.load("客户编号 | 姓名 | 手机\nC1 | <script>alert(1)</script> | 13812345678", name="people.csv")
    with opened(made.folder) as at:
        assert "<script" not in as_page(disclose(at, "C1"))


def test_only_the_owner_of_the_folder_reads_personal_data_on_the_command_line(
    company: Company, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    owner = company.folder.root.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 4711)
    with opened(company.folder) as at:
        number = customer_named(at, "C1")
        assert profile(at, number).name == "欧**"
        with pytest.raises(NotPermitted):
            profile(at, number, reveal=True)
    place = str(company.folder.root)
    for command in (["customers", "show", "C1", "--reveal"], ["privacy", "export", "C1"], ["privacy", "addresses"]):
        assert main([*command, "-w", place]) == 10
    capsys.readouterr()
    for command in (
        ["dump", "contacts"],
        ["dump", "orders", "--flat"],
        ["customers", "show", "C1"],
        ["customers", "duplicates"],
    ):
        assert main([*command, "-w", place]) == 0
        told = capsys.readouterr().out
        assert told and "欧阳明月" not in told and "13812345678" not in told, command
    monkeypatch.setattr(os, "geteuid", lambda: owner)
    assert main(["dump", "contacts", "-w", place]) == 0
    assert "13812345678" in capsys.readouterr().out


def test_every_action_of_the_commands_answers_in_both_languages(
    company: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    place = str(company.folder.root)
    for language, words in (("zh", ("客户", "合并", "同意")), ("en", ("Customer", "merge", "agreed"))):
        said = ""
        for command in (
            ["customers", "show", "C1"],
            ["customers", "duplicates"],
            ["customers", "merges"],
            ["customers", "accounts"],
            ["privacy", "list"],
            ["privacy", "addresses"],
        ):
            assert main([*command, "-w", place, "--lang", language]) == 0
            captured = capsys.readouterr()
            said += captured.out + captured.err
        assert all(word in said for word in words), (language, said)
    for command, code in (
        (["customers", "shew", "C1"], 2),
        (["customers", "merge", "C1"], 2),
        (["privacy", "erase"], 2),
        (["privacy", "erase", "C1", "--no-input"], 2),
        (["customers", "show", "C9"], 2),
    ):
        assert main([*command, "-w", place]) == code
    assert "Traceback" not in capsys.readouterr().err
