"""The scorecard page: closing asks once, keeps the values, and opens again only for a reason."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from web_company import client, over, shop


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A copy of the shop, so that closing stays in this test."""
    return Path(shutil.copytree(shop(), tmp_path / "shop"))


def test_the_page_shows_what_the_command_line_computes(card: Path) -> None:
    from kexiao.cycle.assess import assess
    from kexiao.engine.folder import open_folder

    found = assess(open_folder(card), "shop", "2025Q3")
    with over(card):
        page = client("viewer").get("/scorecards/shop/?period=2025Q3").content.decode()
        for subject in found.subjects:
            assert subject.label("en") in page
            assert subject.score is None or f"{subject.score:.1f}" in page


def test_closing_keeps_the_values_and_is_offered_once(card: Path) -> None:
    with over(card):
        manager = client("manager")
        assert "Close 2025 Q3?" in manager.get("/scorecards/shop/?period=2025Q3").content.decode()
        assert "Close 2025 Q3" not in client("viewer").get("/scorecards/shop/?period=2025Q3").content.decode()
        answer = manager.post("/scorecards/shop/close/", {"period": "2025Q3"})
        assert answer.headers["Location"] == "/scorecards/shop/?period=2025Q3"
        page = manager.get(answer.headers["Location"]).content.decode()
        assert "2025 Q3 is closed; its values will not change." in page and "closed, revision 1" in page
        assert "2025 Q3 is closed; its values" not in manager.get("/scorecards/shop/").content.decode()
        assert manager.post("/scorecards/shop/close/", {"period": "2025Q3"}).status_code == 400
    assert list((card / "closes").glob("shop-2025Q3-r1.json"))


def test_a_closed_period_opens_again_only_for_a_reason(card: Path) -> None:
    with over(card):
        manager = client("manager")
        manager.post("/scorecards/shop/close/", {"period": "2025Q2"})
        refused = manager.post("/scorecards/shop/close/", {"period": "2025Q2", "reason": " "})
        assert refused.status_code == 400 and "There is no reason." in refused.content.decode()
        manager.post("/scorecards/shop/close/", {"period": "2025Q2", "reason": "late refunds"})
        page = manager.get("/scorecards/shop/?period=2025Q2").content.decode()
        assert "closed, revision 2" in page and "late refunds" in page


def test_later_data_stand_in_the_ledger_beside_the_closed_values(card: Path) -> None:
    from kexiao.cli.main import main

    late = card / "late.csv"
    head = "order_id,ordered_at,status,customer_id,channel,region,product_id,product_name,category,quantity,amount,cost"
    late.write_text(
        f"{head}\nL1,2025-08-02 10:00:00,completed,C001,web,north,P1,Tea 1,tea,1,7000.00,10.00\n", encoding="utf-8"
    )
    with over(card):
        manager = client("manager")
        manager.post("/scorecards/shop/close/", {"period": "2025Q3"})
        before = manager.get("/scorecards/shop/?period=2025Q3").content.decode()
        assert "Ledger of restatements" not in before
        assert main(["collect", str(late), "-w", str(card), "--accept-change"]) == 0
        page = manager.get("/scorecards/shop/?period=2025Q3").content.decode()
        assert "Ledger of restatements" in page and "load 2" in page and "the values shown stay" in page
    (entry,) = (card / "restatements").glob("shop-2025Q3-*.json")
    assert '"closed_snapshot": "s000001"' in entry.read_text(encoding="utf-8")


def test_the_close_bears_the_name_of_who_did_it(card: Path) -> None:
    with over(card):
        client("manager").post("/scorecards/shop/close/", {"period": "2025Q1"})
    assert '"who": "manager"' in (card / "closes" / "shop-2025Q1-r1.json").read_text(encoding="utf-8")


def test_an_unfinished_period_is_neither_scored_nor_closed(card: Path) -> None:
    with over(card):
        page = client("admin").get("/scorecards/shop/?period=2026Q1").content.decode()
        assert "nothing is scored" in page and "Close 2026 Q1?" not in page
