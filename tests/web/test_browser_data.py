"""Files confirmed, sources read and a person erased in a real browser: in both languages, on a desk and on a phone, without a word on the console."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from chromium import find_chromium, open_chromium
from test_every_page import KEXIAO, SIZES, serving

from kexiao.cli.main import main

PEOPLE = "客户编号,姓名,手机\nX-1,欧阳明月,13812345678\nX-2,李大伟,13900001111\n"
ORDERS = "订单号,下单时间,客户编号,金额,渠道\n" + "".join(
    f"S{n},2025-{1 + n % 9:02}-05 10:00:00,X-{1 + n % 2},{100 + n},抖音\n" for n in range(40)
)
TILL = """凭证,日期,客户编号,手机,到账,运费,状态,备注
A1,03/04/2025,c1,13812345678,10.50,0,已完成,送到前台
A2,05/06/2025,c2,13912345678,20,0,已完成,
A3,07/08/2025,c3,13712345678,abc,0,搞定,
合计,,,,30.50,,,
"""
SURVEY = "序号,提交答卷时间,所用时间,来自IP,1、您有多大可能推荐我们？,2、您对服务是否满意？\n" + "".join(
    f"{n},2025/3/{n} 10:01:59,52秒,1.2.3.4,{n},{n % 5 + 1}\n" for n in range(1, 11)
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, Path]]:
    """A small shop that is served: its address, the password of ``visitor``, a folder for files."""
    find_chromium()
    place = tmp_path_factory.mktemp("browser")
    root = place / "w"
    assert main(["init", str(root), "--company", "茶"]) == 0
    for name, content in (("people.csv", PEOPLE), ("orders.csv", ORDERS)):
        (place / name).write_text(content, encoding="utf-8")
        assert main(["collect", str(place / name), "-w", str(root), "--no-input"]) == 0
    (root / "sources").mkdir(exist_ok=True)
    source = 'system = "sqlite"\npath = "nowhere.db"\n[objects.orders]\ntable = "o"\nkind = "orders"\nid = "a"\n[objects.orders.columns]\norder_id = "a"\n'
    (root / "sources" / "till.toml").write_text(source, encoding="utf-8")
    command = [*KEXIAO, "serve", "-w", str(root), "--create-user", "visitor", "--role", "admin", "--lang", "en"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    found = re.search(r"password (\S+);", told)
    assert found, told
    (place / "till.csv").write_text(TILL, encoding="utf-8")
    (place / "survey.csv").write_text(SURVEY, encoding="utf-8")
    with serving(root) as base:
        yield base, found[1], place


@contextmanager
def visiting(shop: tuple[str, str, Path], language: str, size: str) -> Iterator[tuple[Any, Any]]:
    """A page signed in as an administrator, and a look at it that keeps a picture and fails for whatever the console says or what does not fit."""
    base, password, place = shop
    width, height = SIZES[size]
    with open_chromium() as chromium:
        context = chromium.new_context(viewport={"width": width, "height": height})
        context.add_cookies([{"name": "kexiao_language", "value": language, "url": base}])
        page = context.new_page()
        told: list[str] = []
        page.on("console", lambda message: told.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: told.append(str(error)))
        page.goto(f"{base}/sign-in/")
        page.fill("[name=username]", "visitor")
        page.fill("[name=password]", password)
        page.click("main button[type=submit]")
        page.wait_for_selector(".kx-cards, .kx-state")

        def look(name: str) -> None:
            page.wait_for_load_state("networkidle")
            page.screenshot(path=place / f"{name}.{language}.{size}.png", full_page=True)
            reach = page.evaluate("() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
            assert reach[0] <= reach[1], (name, reach)
            assert not told, (name, told)

        yield page, look


@pytest.mark.browser
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_files_are_looked_at_changed_and_loaded(shop: tuple[str, str, Path], language: str, size: str) -> None:
    base, _, place = shop
    with visiting(shop, language, size) as (page, look):
        page.goto(f"{base}/data/")
        page.set_input_files("input[type=file]", [place / "till.csv", place / "survey.csv"])
        look("data")
        page.click("button[value=look]")
        page.wait_for_selector("#wizard")
        look("wizard-first")
        assert page.locator(".kx-sheet").count() == 2
        if page.locator("#sheet-0 .kx-ask[role=alert]").count():
            page.select_option("[name=s0-o-date_order]", "dmy")
            page.select_option("[name=s0-f-order_id]", "凭证")
            if not page.locator("[name=s0-f-amount]").is_visible():
                page.locator("#sheet-0 details:has([name=s0-f-amount]) > summary").click()
            page.select_option("[name=s0-f-amount]", "到账")
            page.click(".kx-acts button[value=preview]")
            page.wait_for_load_state("networkidle")
        if page.locator("#sheet-0 .kx-ask[role=alert]").count():
            page.select_option("[name=s0-c-status-1]", "completed")
            page.click(".kx-acts button[value=preview]")
        page.wait_for_selector("#sheet-0 .kx-preview")
        look("wizard-ready")
        assert "2025-04-03" in page.locator("#sheet-0 .kx-preview").inner_text()
        # Another kind asks for other fields at once.
        page.select_option("[name=s1-kind]", "complaints")
        page.wait_for_selector("[name=s1-f-complaint_id]", state="attached")
        page.select_option("[name=s1-kind]", "surveys")
        page.wait_for_selector("[name=s1-f-response_id]", state="attached")
        page.click("button[value=load]")
        page.wait_for_url(f"{base}/data/")
        page.wait_for_function("() => !document.querySelector('.kx-wait')", timeout=60_000)
        look("data-loaded")
        assert page.locator(".kx-job .kx-failure").count() == 0


@pytest.mark.browser
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_of_sources_tells_a_failure(shop: tuple[str, str, Path], language: str, size: str) -> None:
    with visiting(shop, language, size) as (page, look):
        page.goto(f"{shop[0]}/data/sources/")
        page.locator("form[action$='/till/read/'] button").click()
        page.wait_for_function("() => document.querySelector('.kx-job .kx-failure')", timeout=60_000)
        # The page that watched the work end is loaded anew; only then is it looked at.
        page.wait_for_function("() => !document.querySelector('#jobs[hx-get]')", timeout=60_000)
        assert page.locator(".kx-sheet .kx-failure").count() == 1
        page.locator("main details summary").first.click()
        look("sources")


@pytest.mark.browser
@pytest.mark.parametrize(("language", "size", "who"), [("zh", "desktop", "X-1"), ("en", "phone", "X-2")])
def test_a_person_is_exported_and_erased(shop: tuple[str, str, Path], language: str, size: str, who: str) -> None:
    with visiting(shop, language, size) as (page, look):
        page.goto(f"{shop[0]}/customers/")
        page.fill("main [name=who]", who)
        page.keyboard.press("Enter")
        page.wait_for_selector("#rights")
        with page.expect_download() as download:
            page.click("button[value=html]")
        assert {"X-1": "欧阳明月", "X-2": "李大伟"}[who] in Path(download.value.path()).read_text()
        look("person")
        page.click("[data-open=erase]")
        look("erase")
        page.fill("dialog [name=word]", {"zh": "删除", "en": "erase"}[language])
        page.keyboard.press("Enter")
        page.wait_for_function(
            "() => !document.querySelector('.kx-wait') && document.querySelector('.kx-job')", timeout=60_000
        )
        page.wait_for_load_state("networkidle")
        assert page.locator(".kx-job .kx-failure").count() == 0
        assert page.locator("[data-open=erase]").count() == 0, "there is nothing left to erase"
        look("erased")
