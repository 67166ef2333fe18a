"""What the app remembers: a result is computed once for one state of the workspace, and anew for another."""

from __future__ import annotations

import shutil
from pathlib import Path
from threading import Thread

import pytest
from web_company import client, over, shop


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(shop(), tmp_path / "shop"))


def test_a_result_is_computed_once_and_again_when_the_settings_change(copy: Path) -> None:
    from kexiao.web import workspace

    asked: list[str] = []

    def once() -> int:
        return workspace.ask(("counted",), lambda source: asked.append(source.snapshot) or len(asked))

    with over(copy):
        assert (once(), once()) == (1, 1)
        settings = copy / "kexiao.toml"
        settings.write_text(settings.read_text(encoding="utf-8") + "# a word more\n", encoding="utf-8")
        assert once() == 2


def test_a_decision_written_by_hand_is_seen_at_once(copy: Path) -> None:
    with over(copy):
        browser = client("viewer")
        assert "Regions" not in browser.get("/scorecards/").content.decode()
        written = (copy / "scorecards" / "shop.toml").read_text(encoding="utf-8")
        more = written.replace('id = "shop"', 'id = "two"').replace("Channels", "Regions")
        (copy / "scorecards" / "two.toml").write_text(more, encoding="utf-8")
        assert "Regions" in browser.get("/scorecards/").content.decode()


def test_many_readers_at_once_get_the_same_number(copy: Path) -> None:
    from kexiao.facts.periods import parse
    from kexiao.web import workspace

    found: list[object] = []

    def measure(period: str) -> None:
        found.append((period, next(iter(workspace.measured(("net_sales",), parse(period)))).value))

    with over(copy):
        threads = [Thread(target=measure, args=(f"2025-{month:02d}",)) for month in (1, 2, 3, 1, 2, 3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(found) == 6 and len(set(found)) == 3


def test_a_damaged_setting_is_told_on_a_page_and_never_as_a_traceback(copy: Path) -> None:
    with over(copy):
        (copy / "kexiao.toml").write_text("company = ", encoding="utf-8")
        answer = client("admin").get("/")
        assert answer.status_code == 400
        assert "The settings cannot be read" in answer.content.decode() and "Traceback" not in answer.content.decode()


def test_a_fault_of_ours_is_a_page_that_says_nothing_of_the_insides(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kexiao.web.pages.overview import view

    def broken(*_: object) -> None:
        raise RuntimeError("customer 13800138000")

    monkeypatch.setattr(view, "cards_for", broken)
    with over(copy):
        browser = client("admin")
        browser.raise_request_exception = False
        answer = browser.get("/")
        assert answer.status_code == 500
        words = answer.content.decode()
        assert "This is a fault of the program" in words and "13800138000" not in words


def test_the_secret_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    from kexiao.web.secret import secret_of

    first = secret_of(tmp_path)
    assert secret_of(tmp_path) == first and len(first) >= 50
    assert (tmp_path / ".web-secret").stat().st_mode & 0o077 == 0
