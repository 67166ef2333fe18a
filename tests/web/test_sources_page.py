"""The page of sources: each with its state, read at a click, and never a secret."""

from __future__ import annotations

import json
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from web_company import client, empty, over

from kexiao.cli.main import main
from kexiao.cycle.source_states import SourceLine, ThingState, source_lines
from kexiao.engine.folder import open_folder
from kexiao.facts.source import open_facts
from kexiao.text import Text

SOURCE = """
system = "sqlite"
path = "{path}"

[objects.orders]
table = "o"
kind = "orders"
id = "order_id"

[objects.orders.columns]
order_id = "order_id"
ordered_at = "day"
customer_id = "who"
amount = "amount"
"""


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    empty()
    assert main(["init", str(tmp_path / "w"), "--company", "Fresh"]) == 0
    with sqlite3.connect(tmp_path / "shop.db") as shop:
        shop.execute("CREATE TABLE o (order_id, day, who, amount)")
        shop.executemany(
            "INSERT INTO o VALUES (?, ?, ?, ?)",
            [(f"A{n}", f"2025-03-{n:02} 10:00:00", f"c{n}", n) for n in range(1, 8)],
        )
    folder = tmp_path / "w" / "sources"
    folder.mkdir(exist_ok=True)
    (folder / "till.toml").write_text(SOURCE.format(path=tmp_path / "shop.db"), encoding="utf-8")
    return tmp_path / "w"


def finished() -> Any:
    from kexiao.web.records.models import Job

    for _ in range(300):
        job = Job.objects.latest("pk")
        if job.state != "running":
            return job
        time.sleep(0.1)
    raise AssertionError("the job did not end within 30 seconds")


def test_a_source_is_read_at_a_click_and_its_state_told(fresh: Path) -> None:
    with (fresh / "kexiao.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[freshness]\norders = "2 days"\n')
    with over(fresh):
        assert "还没有读取" in client("viewer", "zh").get("/data/sources/").content.decode()
        assert client("manager").post("/data/sources/till/read/").headers["Location"] == "/data/sources/"
        job = finished()
        assert (job.state, job.kind, job.result["rows_loaded"]) == ("done", "pull", 7)
        page = client("viewer", "zh").get("/data/sources/").content.decode()
        assert "新鲜" in page and "读取来源 till" in page and ">7</td>" in page
        thing = source_lines(open_folder(fresh))[0].things[0]
        assert thing.read_at and thing.due == thing.read_at + timedelta(days=2) and thing.waiting == 0
        log = [json.loads(line) for line in (fresh / "audit" / "log.jsonl").read_text().splitlines()]
        assert ("pull", "manager", "till") in {(one["act"], one["who"], one.get("source")) for one in log}


def test_a_failure_is_told_until_a_reading_ends_well(fresh: Path) -> None:
    place = fresh.parent / "shop.db"
    with over(fresh):
        place.rename(fresh.parent / "gone.db")
        client("manager").post("/data/sources/till/read/")
        assert finished().state == "failed"
        line = source_lines(open_folder(fresh))[0]
        assert line.state == "failed" and line.failed_at
        assert "Last reading failed" in client("viewer").get("/data/sources/").content.decode()
        (fresh.parent / "gone.db").rename(place)
        client("manager").post("/data/sources/till/read/")
        assert finished().state == "done" and source_lines(open_folder(fresh))[0].failure is None


def test_no_secret_is_ever_shown_and_a_wrong_file_says_what_is_wrong(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_SECRET", "hunter2-hunter2")
    zoho = 'system = "zoho"\nregion = "com"\nclient_id = "1000"\nclient_secret_env = "CRM_SECRET"\nrefresh_token_env = "CRM_REFRESH"\n[objects.a]\nmodule = "Deals"\nkind = "orders"\n[objects.a.columns]\norder_id = "id"\n'
    (fresh / "sources" / "crm.toml").write_text(zoho, encoding="utf-8")
    (fresh / "sources" / "bad.toml").write_text(
        'system = "zoho"\nclient_secret = "hunter3-hunter3"\n', encoding="utf-8"
    )
    with over(fresh):
        page = client("admin").get("/data/sources/").content.decode()
        assert "CRM_SECRET" in page and "CRM_REFRESH" in page and "not set" in page
        assert "hunter" not in page and "File is wrong" in page
        assert client("admin").post("/data/sources/nobody/read/").status_code == 404
        assert "Read now" not in client("viewer").get("/data/sources/").content.decode()


def test_a_workspace_without_sources_shows_how_to_add_one(tmp_path: Path) -> None:
    with over(empty()):
        page = client("admin", "zh").get("/data/sources/").content.decode()
        assert "还没有连接来源" in page
        for system in ("zoho", "fxiaoke", "wenjuanxing", "rest", "postgresql", "mysql", "sqlite", "duckdb"):
            assert f"<small>{system}</small>" in page, system


def test_a_source_is_late_once_its_time_has_passed() -> None:
    now = datetime.now(UTC)

    def line(**given: Any) -> SourceLine:
        return SourceLine(
            "a", Text.same("A"), "rest", (ThingState("o", Text.same("o"), waiting=0, records=1, **given),)
        )

    assert line(read_at=now, due=now + timedelta(hours=1)).state == "fresh"
    assert line(read_at=now, due=now - timedelta(hours=1)).state == "late"
    assert line(read_at=now, due=None).state == "unknown"
    assert line(read_at=None, due=None).state == "never"


def sell(workspace: Path, prefix: str, *, times: int) -> None:
    """The till holds twenty orders of some hundred yuan, or of as many fen."""
    with sqlite3.connect(workspace.parent / "shop.db") as shop:
        shop.execute("DELETE FROM o")
        shop.executemany(
            "INSERT INTO o VALUES (?, ?, ?, ?)",
            [(f"{prefix}{n}", f"2025-04-{n:02} 10:00:00", f"c{n}", times * (100 + n)) for n in range(1, 21)],
        )


def orders_of(workspace: Path) -> int:
    return int(open_facts(open_folder(workspace)).query("SELECT count(*) FROM orders")[0][0])


def marked(page: str) -> str:
    return page.split('name="accept" value="')[1].split('"', maxsplit=1)[0]


@pytest.fixture
def held(fresh: Path) -> Path:
    """A till whose second reading is a hundredfold of the first."""
    sell(fresh, "A", times=1)
    with over(fresh):
        client("manager").post("/data/sources/till/read/")
        assert finished().result["rows_loaded"] == 20
        sell(fresh, "B", times=100)
        client("manager").post("/data/sources/till/read/")
        assert finished().result["held"][1].startswith("The distribution of amounts of Orders has drifted")
    return fresh


def test_what_is_quite_unlike_before_waits_until_somebody_with_the_right_accepts_it(held: Path) -> None:
    with over(held):
        assert orders_of(held) == 20
        for language, words in (("zh", "约 100 倍"), ("en", "about 100×")):
            page = client("manager", language).get("/data/sources/").content.decode()
            assert words in page and "orders" in page and ("照常导入" in page or "load it" in page)
        seen = client("viewer").get("/data/sources/").content.decode()
        assert "Waits for somebody" in seen and 'name="accept"' not in seen
        refused = client("viewer").post("/data/sources/till/read/", {"accept": marked(page)})
        assert refused.status_code == 403 and orders_of(held) == 20
        client("manager").post("/data/sources/till/read/", {"accept": marked(page)})
        job = finished()
        assert job.result["rows_loaded"] == 20 and orders_of(held) == 40
        assert source_lines(open_folder(held))[0].state == "unknown"
        log = [json.loads(line) for line in (held / "audit" / "log.jsonl").read_text().splitlines()]
        accepted = [one for one in log if one.get("accept_change") == "orders"]
        assert [(one["act"], one["who"], one["source"]) for one in accepted] == [("pull", "manager", "till")]
        assert "drifted" in accepted[0]["held"]
        assert [one["who"] for one in log if one["act"] == "collect"][-1] == "manager"


def test_only_what_somebody_has_looked_at_is_accepted(held: Path) -> None:
    with over(held):
        browser = client("manager")
        page = browser.get("/data/sources/").content.decode()
        assert main(["collect", "till", "--full", "-w", str(held), "--no-input"]) == 5
        browser.post("/data/sources/till/read/", {"accept": marked(page)})
        assert "has changed meanwhile" in browser.get("/data/sources/").content.decode()
        browser.post("/data/sources/till/read/")
        finished()
        assert orders_of(held) == 20, "reading again accepts nothing"
