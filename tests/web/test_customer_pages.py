"""The customers' pages: found by those who may, masked for everybody else, every reading logged, merged and taken apart."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from collecting import Company
from web_company import client, company, over

from kexiao.facts.source import open_facts

PEOPLE = """
    客户编号 | 姓名     | 手机        | 邮箱
    X-90001  | 欧阳明月 | 13812345678 | ming@example.com
    X-90002  | 欧阳明月 | 13812345678 |
    X-90003  | 李大伟   | 13900001111 |
"""
ORDERS = """
    订单号 | 下单时间            | 金额 | 状态   | 客户编号 | 备注
    1      | 2025-01-05 10:00:00 | 100  | 已完成 | X-90001  | 送到前台
    2      | 2025-02-05 10:00:00 | 50   | 已完成 | X-90002  |
    3      | 2025-03-05 10:00:00 | 70   | 已完成 | X-90003  |
"""
SECRETS = ("欧阳明月", "13812345678", "ming@example.com", "X-90001")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Company]:
    company()
    made = Company(tmp_path)
    made.load(PEOPLE, name="people.csv")
    made.load(ORDERS)
    made.load("投诉编号 | 客户编号 | 投诉时间 | 类别\nT1 | X-90001 | 2025-02-01 09:30:00 | 物流", name="complaints.csv")
    with over(made.folder.root):
        yield made
    shutil.rmtree(made.folder.root, ignore_errors=True)


def log(made: Company) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (made.folder.root / "audit" / "log.jsonl").read_text().splitlines()]


def search(role: str, words: str) -> Any:
    return client(role, "zh").post("/customers/find/", {"who": words}, follow=True)


def test_a_manager_finds_a_customer_by_the_sources_id_and_sees_the_history_masked(shop: Company) -> None:
    answer = search("manager", "X-90001")
    page = answer.content.decode()
    assert answer.status_code == 200 and "欧**" in page and "138******78" in page
    assert not any(secret in page for secret in SECRETS)
    assert "送到前台" in page and "物流" in page and "2025-02-01 09:30" in page and "100.00" in page
    assert page.index("2025-02-01 09:30") < page.index("2025-01-05 10:00"), "the newest first"
    assert log(shop)[-1]["act"] == "find_customer" and log(shop)[-1]["who"] == "manager"
    assert not any(secret in json.dumps(log(shop), ensure_ascii=False) for secret in SECRETS)


def test_personal_data_are_shown_on_request_alone_and_the_reading_is_logged(shop: Company) -> None:
    address = search("manager", "X-90001").redirect_chain[-1][0]
    page = client("manager", "zh").post(f"{address}reveal/").content.decode()
    assert all(secret in page for secret in SECRETS)
    assert (log(shop)[-1]["act"], log(shop)[-1]["who"]) == ("read_personal", "manager")


def test_a_viewer_sees_customers_masked_and_may_neither_search_nor_reveal_nor_merge(shop: Company) -> None:
    address = search("manager", "X-90001").redirect_chain[-1][0]
    browser = client("viewer", "zh")
    page = browser.get(address).content.decode()
    assert "欧**" in page and not any(secret in page for secret in SECRETS)
    assert '<form method="post" action="/customers/' not in page + browser.get("/customers/").content.decode()
    for posted in ("/customers/find/", f"{address}reveal/", "/customers/merge/", f"{address}unmerge/"):
        assert browser.post(posted, {"who": "X-90001"}).status_code == 403
    assert browser.get("/customers/duplicates/").status_code == 200


def test_a_phone_that_several_customers_hold_lists_them(shop: Company) -> None:
    page = search("manager", "138 1234 5678").content.decode()
    assert "有 2 位客户符合" in page


def test_nobody_found_says_so_with_the_next_step(shop: Company) -> None:
    assert "没有找到" in search("manager", "X-77777").content.decode()


def test_duplicates_are_merged_and_taken_apart_again(shop: Company) -> None:
    browser = client("manager", "zh")
    page = browser.get("/customers/duplicates/").content.decode()
    assert "手机 一致" in page and page.count('<form method="post" action="/customers/merge/"') == 1
    numbers = [int(row[0]) for row in open_facts(shop.folder).query("SELECT customer_id FROM customer_summary")]
    assert len(numbers) == 3
    pair = [int(row[0]) for row in shop.rows("contacts", "customer_id, name") if row[1] == "欧阳明月"]
    answer = browser.post("/customers/merge/", {"stays": str(pair[0]), "other": str(pair[1])}, follow=True)
    assert "已合并" in answer.content.decode() and "150" not in answer.content.decode()
    merged = open_facts(shop.folder).query("SELECT customer_id, net FROM customer_summary ORDER BY net")
    assert [int(net) for _, net in merged] == [70, 150]
    page = browser.get(f"/customers/{pair[1]}/").content.decode()
    assert str(pair[0]) in page and "取出" in page
    answer = browser.post(f"/customers/{pair[1]}/unmerge/", follow=True)
    assert "已取出" in answer.content.decode()
    assert len(open_facts(shop.folder).query("SELECT customer_id FROM customer_summary")) == 3


def test_a_customer_that_does_not_exist_is_no_page(shop: Company) -> None:
    for number in ("1", str(2**63), "99999999999999999999999"):
        assert client("manager").get(f"/customers/{number}/").status_code == 404


def finished() -> Any:
    from kexiao.web.records.models import Job

    for _ in range(300):
        job = Job.objects.latest("pk")
        if job.state != "running":
            return job
        time.sleep(0.1)
    raise AssertionError("the job did not end within 30 seconds")


def test_a_person_gets_everything_we_hold_as_a_page_and_as_data(shop: Company) -> None:
    address = search("manager", "X-90001").redirect_chain[-1][0]
    number = address.strip("/").split("/")[-1]
    page = client("manager", "zh").post(f"{address}export/", {"form": "html"})
    assert page.headers["Content-Disposition"] == f'attachment; filename="kexiao-{number}.html"'
    assert all(secret in page.content.decode() for secret in SECRETS) and "第四十五条" in page.content.decode()
    data = client("manager", "zh").post(f"{address}export/", {"form": "json"}).json()
    assert data["customers"] == [number]
    assert [row["order_id"][:1] for row in data["tables"]["orders"]] and len(data["tables"]["complaints"]) == 1
    assert [one["act"] for one in log(shop)[-2:]] == ["read_personal", "privacy_export"]
    assert log(shop)[-1]["who"] == "manager"
    assert client("manager").post("/customers/12345/export/").status_code == 404


def test_a_person_is_erased_by_an_administrator_who_typed_the_word_and_totals_stay(shop: Company) -> None:
    def total() -> list[tuple[Any, ...]]:
        return open_facts(shop.folder).query("SELECT count(*), sum(amount) FROM orders")

    before, address = total(), search("manager", "X-90003").redirect_chain[-1][0]
    admin = client("admin", "zh")
    page = admin.get(address).content.decode()
    assert "删除不能撤销" in page and "共 1 个客户编号" in page and "输入“删除”确认" in page
    assert "删除不能撤销" not in client("manager", "zh").get(address).content.decode()
    assert client("manager", "zh").post(f"{address}erase/", {"word": "删除"}).status_code == 403
    for word in ("", "确定", "yes"):
        answer = admin.post(f"{address}erase/", {"word": word})
        assert answer.status_code == 400 and "什么也没有删除" in answer.content.decode()
    assert "李大伟" in client("manager", "zh").post(f"{address}reveal/").content.decode()
    assert admin.post(f"{address}erase/", {"word": " 删除 "}).headers["Location"] == address
    job = finished()
    assert (job.state, job.kind, job.result["contacts"], job.result["traces"]) == ("done", "erase", 1, [])
    page = admin.get(address).content.decode()
    assert "没有个人信息" in page and "核对：工作区内没有残留" in page and "李" not in page
    assert total() == before
    done = [one for one in log(shop) if one["act"] == "erase"]
    assert [one["who"] for one in done] == ["admin"] and "李大伟" not in json.dumps(log(shop), ensure_ascii=False)
    # Loading the same again does not bring the person back.
    shop.load(PEOPLE, name="people.csv")
    assert "李大伟" not in client("manager", "zh").post(f"{address}reveal/").content.decode()


def test_whoever_shares_a_phone_is_named_as_staying_before_an_erasure(shop: Company) -> None:
    address = search("manager", "X-90001").redirect_chain[-1][0]
    assert "另有 1 位客户与此人共用手机或邮箱" in client("admin", "zh").get(address).content.decode()
