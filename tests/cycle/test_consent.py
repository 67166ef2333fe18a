"""Nobody is addressed who did not agree to it, and whoever took it back is left alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from collecting import Company, counts

from kexiao.cycle.consent import Addresses, addresses, may_address
from kexiao.cycle.customers import customer_named, opened
from kexiao.cycle.merging import merge_customers
from kexiao.errors import WrongUse

PEOPLE = """
    客户编号 | 姓名   | 手机        | 邮箱
    C1       | 张小红 | 13812345678 | c1@example.com
    C2       | 李大伟 | 13900001111 |
    C3       | 王丽   | 13700001111 | c3@example.com
    C4       | 赵敏   |             | c4@example.com
"""
LEDGER = """
    客户编号 | 用途 | 渠道 | 同意时间            | 撤回时间            | 凭证
    C1       | 营销 | 短信 | 2025-01-01 10:00:00 |                     | 门店签字
    C2       | 营销 | 短信 | 2025-01-01 10:00:00 |                     | 网页勾选
    C2       | 全部 | 全部 |                     | 2025-02-01 10:00:00 | 客服电话
    C4       | 营销 | 全部 | 2025-01-01 10:00:00 |                     | 网页勾选
"""


def company(tmp_path: Path, ledger: str = LEDGER) -> Company:
    made = Company(tmp_path)
    made.load(PEOPLE, name="people.csv")
    made.load(ledger, name="consents.csv")
    return made


def asked(made: Company, purpose: str, channel: str) -> tuple[list[str], Addresses]:
    with opened(made.folder) as at:
        found = addresses(at, purpose, channel)
    return [one.address for one in found.allowed], found


def test_only_those_who_agreed_and_did_not_take_it_back_are_listed(tmp_path: Path) -> None:
    made = company(tmp_path)
    listed, found = asked(made, "marketing", "sms")
    assert listed == ["13812345678"]
    assert (found.no_consent, found.withdrawn, found.no_address) == (1, 1, 1), "C3; C2; C4 has no phone"
    assert asked(made, "marketing", "email")[0] == ["c4@example.com"]
    assert asked(made, "research", "sms")[0] == [], "consent holds for its purpose alone"


def test_the_latest_word_counts_and_at_the_same_moment_the_withdrawal(tmp_path: Path) -> None:
    made = company(tmp_path)
    made.load("客户编号 | 用途 | 渠道 | 同意时间\nC2 | 营销 | 短信 | 2025-03-01 10:00:00", name="again.csv")
    assert sorted(asked(made, "marketing", "sms")[0]) == ["13812345678", "13900001111"]
    made.load("客户编号 | 用途 | 渠道 | 撤回时间\nC2 | 营销 | 短信 | 2025-03-01 10:00:00", name="off.csv")
    assert asked(made, "marketing", "sms")[0] == ["13812345678"]


def test_the_ledger_keeps_every_line_whichever_file_came_first_and_each_once(tmp_path: Path) -> None:
    made = company(tmp_path)
    assert len(made.rows("consents")) == 4
    assert counts(made.load(LEDGER, name="consents.csv")) == (4, 0, 0, 4, 0)
    told = made.rows("consents", "purpose, channel, evidence")
    assert ("all", "all", "客服电话") in told and ("marketing", "sms", "网页勾选") in told


def test_a_withdrawal_of_one_number_holds_for_the_whole_merged_customer(tmp_path: Path) -> None:
    made = company(tmp_path)
    with opened(made.folder) as at:
        one, two = customer_named(at, "C1"), customer_named(at, "C2")
        assert may_address(at, one, "marketing", "sms") and not may_address(at, two, "marketing", "sms")
    merge_customers(made.folder, one, [two])
    with opened(made.folder) as at:
        assert not may_address(at, one, "marketing", "sms")


def test_an_export_of_addresses_is_logged_without_any_address(tmp_path: Path) -> None:
    made = company(tmp_path)
    asked(made, "marketing", "sms")
    log = (made.folder.root / "audit" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    last = json.loads(log[-1])
    assert (last["act"], last["purpose"], last["channel"], last["customers"]) == (
        "export_addresses",
        "marketing",
        "sms",
        1,
    )
    assert "138" not in "".join(log)


def test_an_unknown_purpose_or_channel_is_refused_with_those_that_exist(tmp_path: Path) -> None:
    made = company(tmp_path)
    for purpose, channel in (("spam", "sms"), ("all", "sms"), ("marketing", "pigeon")):
        with pytest.raises(WrongUse):
            asked(made, purpose, channel)
