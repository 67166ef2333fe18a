"""The mapping wizard: what a file is taken for is shown, changed, confirmed, kept and used again; what only a person can decide is asked."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from web_company import client, empty, over

from kexiao.cli.main import main
from kexiao.cycle.uploading import KEPT_SECONDS, sweep, waiting
from kexiao.engine.folder import open_folder
from kexiao.facts.source import open_facts

TILL = """凭证,日期,客户编号,手机,到账,状态
A1,03/04/2025,c1,13812345678,10.50,已完成
A2,05/06/2025,c2,13912345678,20,已完成
A3,07/08/2025,c3,13712345678,abc,已完成
合计,,,,30.50,
"""


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    empty()
    assert main(["init", str(tmp_path / "w"), "--company", "Fresh"]) == 0
    return tmp_path / "w"


def finished() -> Any:
    from kexiao.web.records.models import Job

    for _ in range(300):
        job = Job.objects.latest("pk")
        if job.state != "running":
            return job
        time.sleep(0.1)
    raise AssertionError("the job did not end within 30 seconds")


def send(browser: Any, content: str, name: str = "till.csv", act: str = "look") -> str:
    """Upload one file; the address of its wizard, once it was read."""
    answer = browser.post("/data/upload/", {"files": SimpleUploadedFile(name, content.encode()), "act": act})
    assert answer.status_code == 302
    job = finished()
    return f"/data/uploads/{job.result['ask']}/" if job.result.get("ask") else ""


def orders(workspace: Path) -> list[tuple[Any, ...]]:
    return sorted(open_facts(open_folder(workspace)).query("SELECT order_id, ordered_on, amount FROM orders"))


def test_ambiguous_dates_ask_and_a_changed_mapping_is_kept_and_used_again(fresh: Path) -> None:
    with over(fresh):
        browser = client("manager", "zh")
        address = send(browser, TILL)
        page = browser.get(address).content.decode()
        assert "需要你决定" in page and "日月次序" in page
        assert "138******78" in page and "13812345678" not in page, "personal cells are masked"
        changes = {"s0-f-order_id": "凭证", "s0-f-amount": "到账", "act": "load"}
        # As long as the question is open nothing is loaded, whatever is pressed.
        assert browser.post(f"{address}change/", changes).headers["Location"] == address
        assert "需要你决定" in browser.get(address).content.decode()
        assert browser.post(f"{address}change/", {"s0-o-date_order": "dmy"}).status_code == 302
        page = browser.get(address).content.decode()
        assert "2025-04-03" in page and "需要你决定" not in page
        assert "共 4 行：2 行可导入，1 行将隔离，1 行跳过（合计行）。" in page and "“到账”不是数字" in page
        assert browser.post(f"{address}change/", {"act": "load"}).headers["Location"] == "/data/"
        job = finished()
        assert [job.result[name] for name in ("rows_read", "rows_loaded", "rows_quarantined", "rows_skipped")] == [
            4,
            2,
            1,
            1,
        ]
        saved = next((fresh / "mappings").glob("orders-*.toml")).read_text()
        assert 'amount = "到账"' in saved and 'date_order = "dmy"' in saved
        # The next file of this layout is one click, and nothing is asked.
        again = TILL.replace("A1", "B1").replace("A2", "B2").replace("A3", "B3")
        assert send(browser, again, act="load") == "" and finished().result["rows_loaded"] == 2
        found = [(str(order), str(day), float(net)) for order, day, net in orders(fresh)]
        assert sorted(net for _, _, net in found) == [10.5, 10.5, 20, 20]
        assert {day for _, day, _ in found} == {"2025-04-03", "2025-06-05"}
        assert waiting(open_folder(fresh)) == [] and not list((fresh / "data" / "_tmp").glob("upload-*"))


def test_a_file_with_something_to_ask_is_not_loaded_by_one_click(fresh: Path) -> None:
    with over(fresh):
        browser = client("manager", "zh")
        address = send(browser, "订单号,下单时间,客户编号,金额\nA1,03/04/2025,c1,10\n", act="load")
        assert address and "日月次序" in browser.get("/data/jobs/").content.decode()
        assert address in browser.get("/data/").content.decode(), "it waits, and is found again after a reload"
        assert browser.post(f"{address}change/", {"s0-o-date_order": "mdy", "act": "load"}).status_code == 302
        assert finished().result["rows_loaded"] == 1
        assert str(orders(fresh)[0][1]) == "2025-03-04"


def test_a_renamed_column_is_named_before_anything_is_loaded(fresh: Path) -> None:
    head, row = "订单号,下单时间,客户编号,金额,渠道\n", "A1,2025-03-04,c1,10,抖音\n"
    with over(fresh):
        browser = client("manager", "zh")
        assert send(browser, head + row, act="load") == "" and finished().result["rows_loaded"] == 1
        address = send(browser, head.replace("渠道", "渠道名2") + row.replace("A1", "A2"), act="load")
        page = browser.get(address).content.decode()
        assert "缺少之前文件有的列" in page and "是不是改名为“渠道名2”了" in page
        browser.post(f"{address}change/", {"s0-f-channel": "渠道名2", "act": "load"})
        assert finished().result["rows_loaded"] == 1
        found = open_facts(open_folder(fresh)).query("SELECT DISTINCT channel FROM orders")
        assert found == [("抖音",)]


def test_a_sheet_can_be_of_another_kind_or_left_out(fresh: Path) -> None:
    with over(fresh):
        browser = client("manager", "zh")
        address = send(browser, "谁,哪天,多少\n王,2025-01-01,3\n", name="notes.csv", act="load")
        page = browser.get(address).content.decode()
        assert "认不出" in page and "请选择" in page
        answer = browser.post(f"{address}change/", {"act": "load"})
        assert answer.status_code == 400 and "还不知道" in answer.content.decode()
        assert browser.post(f"{address}change/", {"s0-kind": "spend"}).status_code == 302
        page = browser.get(address).content.decode()
        assert "还缺" in page and 'name="s0-f-amount"' in page
        browser.post(f"{address}change/", {"s0-kind": ""})
        answer = browser.post(f"{address}change/", {"s0-kind": "", "act": "load"})
        assert answer.status_code == 400 and "不导入" in answer.content.decode()
        assert browser.post(f"{address}change/", {"s0-kind": "nonsense"}).status_code == 400
        assert browser.post(f"{address}drop/").status_code == 302
        assert browser.get(address).status_code in (200, 404) and "重新选择" in browser.get(address).content.decode()
        assert browser.post(f"{address}change/", {}).status_code == 400


def test_words_of_a_status_are_said_in_the_wizard(fresh: Path) -> None:
    rows = "".join(f"A{n},2025-03-{n:02},c{n},10,搞定\n" for n in range(1, 6))
    with over(fresh):
        browser = client("manager", "zh")
        address = send(browser, "订单号,下单时间,客户编号,金额,状态\n" + rows, act="load")
        assert "“状态”有不认识的值：搞定" in browser.get(address).content.decode()
        said = {"s0-w-status-0": "搞定", "s0-c-status-0": "completed", "act": "load"}
        browser.post(f"{address}change/", said)
        assert finished().result["rows_loaded"] == 5


def test_a_column_is_one_fields_when_two_swap_theirs(fresh: Path) -> None:
    with over(fresh):
        browser = client("manager", "zh")
        address = send(browser, "订单号,下单时间,客户编号,金额,运费\nA1,2025-03-04,c1,10,3\n")
        browser.post(f"{address}change/", {"s0-f-amount": "运费", "s0-f-freight": "金额"})
        page = browser.get(address).content.decode()
        assert page.count("由您指定") == 2
        answer = browser.post(f"{address}change/", {"s0-f-amount": "没有这列"})
        assert answer.status_code == 400 and "文件里没有列" in answer.content.decode()


def test_a_left_out_sheet_stays_out_on_the_command_line_too(fresh: Path, tmp_path: Path) -> None:
    from kexiao.sources.mapping import saved

    saved.leave_out(fresh / "mappings", ("谁", "哪天"))
    saved.leave_out(fresh / "mappings", ("订单号", "下单时间", "客户编号", "金额"))
    (fresh.parent / "o.csv").write_text("订单号,下单时间,客户编号,金额\nA1,2025-03-04,c1,10\n", encoding="utf-8")
    assert main(["collect", str(fresh.parent / "o.csv"), "-w", str(fresh), "--no-input"]) == 0
    saved.leave_out(fresh / "mappings", ("下单时间", "订单号", "客户编号", "金额"), out=False)
    assert len(saved.left_out(fresh / "mappings")) == 1
    assert main(["collect", str(fresh.parent / "o.csv"), "-w", str(fresh), "--no-input"]) == 0
    assert len(orders(fresh)) == 1


def test_only_those_who_may_load_see_uploads_and_old_ones_go(fresh: Path) -> None:
    import os

    with over(fresh):
        address = send(client("manager"), TILL)
        assert client("viewer").get(address).status_code == 403
        assert address not in client("viewer").get("/data/").content.decode()
        assert client().get(address).status_code == 302
        assert client("manager").get("/data/uploads/../../etc/").status_code == 404
        old = time.time() - KEPT_SECONDS - 60
        for path in (fresh / "data" / "_tmp").glob("upload-*"):
            os.utime(path, (old, old))
        sweep(open_folder(fresh))
        assert waiting(open_folder(fresh)) == []


WAN = """订单号,下单时间,客户编号,金额,运费（元）,状态
A1,2025-03-04 23:30:00,c1,1.5,100,已完成
A2,2025-03-05 09:00:00,c2,0.8,80,已完成
"""


def test_the_unit_of_a_column_and_the_clock_of_a_file_can_be_said(fresh: Path) -> None:
    with over(fresh):
        browser = client("manager", "zh")
        address = send(browser, WAN)
        page = browser.get(address).content.decode()
        assert "“实付金额”的单位" in page or "“金额”的单位" in page
        assert "公司（Asia/Shanghai）" in page and "<td>1.50</td>" in page
        browser.post(f"{address}change/", {"s0-u-amount": "万元", "s0-o-time_zone": "UTC"})
        page = browser.get(address).content.decode()
        assert "<td>15,000.00</td>" in page and "<td>100.00</td>" in page, "the other column keeps its heading's unit"
        assert "2025-03-05 07:30" in page, "half past eleven at night in London is the next morning in Shanghai"
        browser.post(f"{address}change/", {"act": "load"})
        assert finished().result["rows_loaded"] == 2
        assert [(str(day), float(net)) for _, day, net in orders(fresh)] == [
            ("2025-03-05", 15000),
            ("2025-03-05", 8000),
        ]
        saved = next((fresh / "mappings").glob("orders-*.toml")).read_text()
        assert 'amount = "万元"' in saved and 'time_zone = "UTC"' in saved
        # The next file of this layout counts in the same unit, and so does a load that is put in again after an undo.
        assert send(browser, WAN.replace("A1", "B1").replace("A2", "B2"), act="load") == ""
        assert finished().result["rows_loaded"] == 2
        assert main(["collect", "--undo", "1", "-w", str(fresh)]) == 0
        assert [(order[-2:], float(net)) for order, _, net in orders(fresh)] == [("B1", 15000), ("B2", 8000)]


def test_a_unit_goes_with_its_column_and_a_word_in_the_cell_counts_once(fresh: Path) -> None:
    with over(fresh):
        browser = client("manager", "zh")
        address = send(browser, "订单号,下单时间,客户编号,金额,到账\nA1,2025-03-04,c1,1.2万,7\n")
        browser.post(f"{address}change/", {"s0-u-amount": "万元"})
        assert "<td>12,000.00</td>" in browser.get(address).content.decode(), "1.2万 is no 120 million"
        browser.post(f"{address}change/", {"s0-f-amount": "到账", "s0-u-amount": "万元"})
        assert "<td>7.00</td>" in browser.get(address).content.decode()
        assert browser.post(f"{address}change/", {"s0-u-amount": "斤"}).status_code == 400


@pytest.mark.parametrize(("language", "words"), [("zh", "已完成"), ("en", "completed")])
def test_the_preview_says_statuses_in_words(fresh: Path, language: str, words: str) -> None:
    with over(fresh):
        browser = client("manager", language)
        page = browser.get(send(browser, WAN.replace("已完成", "交易成功"))).content.decode()
        assert f"<td>{words}</td>" in page
