"""Numbers that take minutes: pages say that they are being computed, show them once they are there, and never hang; a failure is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from web_company import client, over, shop

from kexiao.errors import LimitExceeded
from kexiao.text import Text


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A shop whose pages wait for a tenth of a second only."""
    place = shop()
    from django.conf import settings

    from kexiao.web import workspace

    monkeypatch.setattr(settings, "KEXIAO_PATIENCE", 0.1)
    workspace._opened.clear()
    workspace._remembered.clear()
    with over(place):
        yield place


def until(done: Any) -> None:
    for _ in range(600):
        if done():
            return
        time.sleep(0.05)
    raise AssertionError("not within 30 seconds")


def test_pages_say_that_the_facts_are_being_computed_until_they_are(
    quick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kexiao.web import workspace

    gate, real = threading.Event(), workspace.open_facts
    monkeypatch.setattr(workspace, "open_facts", lambda folder: (gate.wait(30), real(folder))[1])
    for address in ("/", "/metrics/", "/scorecards/", "/customers/"):
        began = time.monotonic()
        for language, words in (("zh", "正在计算"), ("en", "Computing")):
            assert words in client("viewer", language).get(address).content.decode(), address
        assert time.monotonic() - began < 10
    assert client("viewer").get("/waiting/").status_code == 204
    assert client("manager").get("/data/jobs/").status_code == 200, "what a load is doing can be seen meanwhile"
    gate.set()
    until(lambda: client("viewer").get("/waiting/").headers.get("HX-Refresh") == "true")
    until(lambda: "kx-skeleton" not in client("viewer").get("/").content.decode())
    assert "Net sales" in client("viewer").get("/").content.decode()


def test_the_overview_stands_while_its_cards_are_computed(quick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kexiao.web import workspace
    from kexiao.web.pages.overview import view

    workspace.about()
    gate, real = threading.Event(), view.cards_for
    monkeypatch.setattr(view, "cards_for", lambda *given: (gate.wait(30), real(*given))[1])
    page = client("viewer").get("/").content.decode()
    assert page.count("kx-skeleton") == 8 and "Net sales" in page and 'hx-get="/overview/cards/"' in page
    assert client("viewer").get("/overview/cards/", headers={"hx-request": "true"}).status_code == 204
    monkeypatch.setattr(view, "reason_of", lambda *given: (gate.wait(30), None)[1])
    reason = client("viewer").get("/overview/reason/net_sales/", headers={"hx-request": "true"})
    assert 'hx-get="/overview/reason/net_sales/"' in reason.content.decode(), "asked for again until it is there"
    gate.set()
    until(lambda: client("viewer").get("/overview/cards/", headers={"hx-request": "true"}).status_code == 200)
    cards = client("viewer").get("/").content.decode()
    assert "kx-skeleton" not in cards and cards.count("kx-card-value") == 8


def test_a_failure_is_told_in_the_place_of_the_cards_and_tried_anew_by_the_next_visit(
    quick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kexiao.web import workspace
    from kexiao.web.pages.overview import view

    workspace.about()
    real, tries = view.cards_for, []

    def fails(*given: Any) -> Any:
        tries.append(1)
        time.sleep(0.3)
        raise LimitExceeded(
            Text(zh="内存不够。", en="Memory ran out."), next_step=Text(zh="关掉别的。", en="Close others.")
        )

    monkeypatch.setattr(view, "cards_for", fails)
    assert "kx-skeleton" in client("viewer").get("/").content.decode()
    until(
        lambda: (
            "Memory ran out."
            in client("viewer").get("/overview/cards/", headers={"hx-request": "true"}).content.decode()
        )
    )
    assert len(tries) == 1, "computed once, however often it was asked for"
    monkeypatch.setattr(view, "cards_for", real)
    until(lambda: "kx-skeleton" not in client("viewer").get("/").content.decode())


def test_a_failure_to_open_the_facts_is_a_page_that_says_so(quick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kexiao.web import workspace

    def fails(folder: Any) -> Any:
        raise LimitExceeded(
            Text(zh="内存不够。", en="Memory ran out."), next_step=Text(zh="关掉别的。", en="Close others.")
        )

    monkeypatch.setattr(workspace, "open_facts", fails)
    answer = client("viewer").get("/")
    assert answer.status_code == 503 and "Memory ran out." in answer.content.decode()
