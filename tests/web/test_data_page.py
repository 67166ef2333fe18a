"""Loading files and taking a load back in the browser: as a job, told to its end, and to those who may."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from web_company import client, empty, over

from kexiao.cli.main import main

ORDERS = """order_id,ordered_at,status,customer_id,channel,product_id,quantity,amount
A1,2025-03-01 10:00,completed,C1,web,P1,1,60.00
A2,2025-03-02 10:00,completed,C2,web,P1,1,40.00
A3,one-fine-day,completed,C3,web,P1,1,50.00
"""


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    empty()
    assert main(["init", str(tmp_path / "w"), "--company", "Fresh"]) == 0
    return tmp_path / "w"


def finished() -> object:
    """The newest job, once it has ended."""
    from kexiao.web.records.models import Job

    for _ in range(300):
        job = Job.objects.latest("pk")
        if job.state != "running":
            return job
        time.sleep(0.1)
    raise AssertionError("the job did not end within 30 seconds")


def upload(role: str, name: str = "orders.csv", content: str = ORDERS, changed: str = "2026-01-02") -> object:
    """A file as a browser sends it, with the time when it was last changed."""
    times = json.dumps([datetime.fromisoformat(changed).replace(tzinfo=UTC).timestamp() * 1000])
    return client(role).post("/data/upload/", {"files": SimpleUploadedFile(name, content.encode()), "times": times})


def test_an_uploaded_file_is_loaded_and_each_row_is_accounted_for(fresh: Path) -> None:
    with over(fresh):
        assert upload("manager").status_code == 302
        job = finished()
        assert (job.state, job.result["rows_read"], job.result["rows_loaded"], job.result["rows_quarantined"]) == (
            "done",
            3,
            2,
            1,
        )
        page = client("viewer").get("/data/").content.decode()
        assert "3 rows read = 2 loaded + 1 quarantined + 0 duplicate + 0 skipped" in page
        assert "orders.csv" in page and "is not a date" in page
        assert not list((fresh / "data" / "_tmp").glob("upload-*")), "the uploaded copy is gone"


def test_the_same_file_again_changes_nothing_and_says_so(fresh: Path) -> None:
    with over(fresh):
        upload("admin")
        first = finished()
        upload("admin")
        assert finished().pk != first.pk
        assert "Nothing new; the data are unchanged." in client("admin").get("/data/jobs/").content.decode()


def test_an_older_export_that_is_uploaded_later_does_not_count_as_newer(fresh: Path) -> None:
    with over(fresh):
        upload("admin", changed="2026-02-02")
        finished()
        upload("admin", "older.csv", ORDERS.replace("60.00", "70.00"), changed="2026-01-02")
        result = finished().result
        assert (result["rows_loaded"], result["rows_skipped"] + result["rows_duplicate"]) == (0, 2)


@pytest.mark.parametrize("told", ["", "x", "{}", "[1]", '["now", null]', "[null]", "[1e999]"])
def test_times_that_are_none_are_ignored(told: str) -> None:
    from kexiao.web.pages.data import wizard

    assert wizard._times(told, 2) == [None, None]


def test_a_load_is_taken_back(fresh: Path) -> None:
    with over(fresh):
        upload("admin")
        load = finished().result["load"]
        page = client("admin").get("/data/").content.decode()
        assert (
            f"Undo load {load}?" in page and f"Undo load {load}?" not in client("viewer").get("/data/").content.decode()
        )
        assert client("admin").post(f"/data/loads/{load}/undo/").status_code == 302
        assert finished().state == "done"
        assert "Nothing has been loaded yet" in client("viewer").get("/data/").content.decode()
        log = [json.loads(line) for line in (fresh / "audit" / "log.jsonl").read_text().splitlines()]
        assert {("collect", "admin"), ("undo", "admin")} <= {(entry["act"], entry["who"]) for entry in log}


def test_a_load_that_is_not_there_cannot_be_taken_back(fresh: Path) -> None:
    with over(fresh):
        assert client("admin").post("/data/loads/7/undo/").status_code == 404


def test_a_file_that_cannot_be_read_is_told_with_the_next_step(fresh: Path) -> None:
    with over(fresh):
        upload("admin", "notes.csv", "hello\nworld\n")
        job = finished()
        assert job.state == "failed" or job.result["load"] is None
        assert client("admin").get("/data/jobs/").status_code == 200


def test_no_file_is_wrong_use(fresh: Path) -> None:
    with over(fresh):
        answer = client("admin").post("/data/upload/", {})
        assert answer.status_code == 400 and "No file was chosen." in answer.content.decode()


@pytest.mark.parametrize("name", ["../../escape.csv", "a/b.csv", "<script>.csv"])
def test_a_file_name_leads_nowhere(fresh: Path, name: str) -> None:
    with over(fresh):
        upload("admin", name)
        finished()
        assert not list(fresh.parent.glob("escape*")) and not (fresh / "escape.csv").exists()
        assert "<script>.csv" not in client("admin").get("/data/").content.decode()


def test_quarantine_shows_row_numbers_and_no_cell(fresh: Path) -> None:
    with over(fresh):
        upload("admin")
        load = finished().result["load"]
        address = f"/data/quarantine/?load={load}&file=orders.csv&sheet=&code=not_a_date&column=ordered_at"
        words = client("viewer").get(address).content.decode()
        assert words.strip() == "rows 4" and "one-fine-day" not in client("viewer").get("/data/").content.decode()


def test_quality_stands_on_the_page_with_what_stops_a_close(fresh: Path) -> None:
    with over(fresh):
        upload("admin")
        finished()
        page = client("viewer").get("/data/").content.decode()
        # Two of three rows were loaded.
        assert "Quality of the data" in page and "66.6 %" in page
        assert "Stops a close" in page and "Orders: Accuracy 66.6% (limit 90%)" in page
        assert "no schedule is set" in page


def test_a_load_quite_unlike_before_is_held_until_somebody_says_that_it_is_meant(fresh: Path) -> None:
    head = "order_id,ordered_at,customer_id,amount\n"
    few = "".join(f"A{i},2025-03-01,C{i},{100 + i}\n" for i in range(20))
    fen = "".join(f"B{i},2025-03-02,C{i},{(100 + i) * 100}\n" for i in range(20))
    with over(fresh):
        upload("admin", "1.csv", head + few)
        assert finished().state == "done"
        upload("admin", "2.csv", head + fen)
        job = finished()
        assert job.state == "failed" and "--accept-change" in job.step_en and "drifted" in job.step_en
        file = SimpleUploadedFile("2.csv", (head + fen).encode())
        client("admin").post("/data/upload/", {"files": file, "meant": "yes"})
        assert finished().result["rows_loaded"] == 20
