"""Every page of the web app, found by walking its addresses: roles, languages, safety; and in a real browser, desktop and phone.

A new page is tested by being there; one whose address takes names needs an example in ``NAMES``.
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from chromium import find_chromium, open_chromium
from web_company import PASSWORD, ROLES, client, company, empty, over, shop

# Examples of what an address may take; several values make several addresses.
NAMES: dict[str, dict[str, tuple[str, ...]]] = {
    "company": {
        "metric": ("retention_rate", "net_sales", "cohort_retention", "customer_acquisition_cost"),
        "scorecard": ("company", "channels"),
        "initiative": ("care_east", "member_day"),
    },
    "shop": {"metric": ("average_order_value",), "scorecard": ("shop",), "initiative": ()},
}
# Addresses that change something: only these roles may post to them.
POSTS = {
    "data-upload": ("admin", "manager"),
    "data-wizard-change": ("admin", "manager"),
    "data-wizard-drop": ("admin", "manager"),
    "data-undo": ("admin", "manager"),
    "data-sources-read": ("admin", "manager"),
    "scorecards-close": ("admin", "manager"),
    "initiatives-review": ("admin", "manager"),
    "improvement-plan": ("admin", "manager"),
}
POSTS |= dict.fromkeys(
    ("customers-find", "customers-reveal", "customers-merge", "customers-unmerge"), ("admin", "manager")
)
POSTS |= {"customers-export": ("admin", "manager"), "customers-erase": ("admin",)}
POSTS |= {"sign-out": ROLES, "language": ROLES}
# The wizard is there only while an upload waits: tests/web/test_wizard.py and tests/web/test_browser_data.py open it.
# What pushes answers needs no page: tests/web/test_push.py.
ALONE = {"sign-in", "data-wizard", "push-wenjuanxing"}
QUERIES = {"data-quarantine": "?load=1&file=a.csv&sheet=&code=missing&column=b"}
# Names of the made-up company and of files stand on its pages in Chinese, whatever the language; so English is checked on the shop.
CHINESE = re.compile(r"[\u3400-\u9fff\u3000-\u303f\uff00-\uffef]")
OURS_IN_CHINESE = ("中文",)
KEXIAO = [sys.executable, "-c", "from kexiao.cli.main import run; run()"]
SIZES = {"desktop": (1360, 900), "phone": (390, 844)}


def patterns() -> list[Any]:
    """Every address of the app."""
    from kexiao.web.urls import urlpatterns

    return list(urlpatterns)


def addresses(workspace: str) -> list[str]:
    """Every page and part that can be asked for, with the workspace's examples."""
    from django.urls import reverse

    found = []
    for pattern in patterns():
        if pattern.name in POSTS or pattern.name in ALONE:
            continue
        for names in _examples(pattern, NAMES[workspace]):
            found.append(reverse(pattern.name, kwargs=names) + QUERIES.get(pattern.name, ""))
    return found


def _examples(pattern: Any, names: dict[str, tuple[str, ...]]) -> list[dict[str, str]]:
    takes = list(pattern.pattern.converters)
    if not takes:
        return [{}]
    kind = "metric" if pattern.name.startswith(("metric", "overview")) else pattern.name.split("-")[0].rstrip("s")
    if pattern.name == "scorecards-subject":
        return (
            [{"name": "company", "subject": "company"}]
            if names["scorecard"][0] == "company"
            else [{"name": "shop", "subject": "web"}]
        )
    if kind == "customer":
        return [{takes[0]: str(number)} for number in some_customers()]
    assert kind in names and len(takes) == 1, f"{pattern.name} takes {takes}: give an example in NAMES"
    return [{takes[0]: value} for value in names[kind]]


def some_customers() -> list[int]:
    """The two largest customers of the workspace that the app stands over; their numbers differ from one workspace to the next."""
    from kexiao.web.pages.customers.asking import largest

    return [line.customer for line in largest()[:2]]


def texts_of(html: str) -> str:
    """What a reader sees or hears of a page: its text and spoken attributes, without data for charts and files as written."""
    bare = re.sub(r"<(script|style|pre)\b.*?</\1>", " ", html, flags=re.DOTALL)
    spoken = re.findall(r'(?:title|alt|aria-label|placeholder|data-tip|data-nothing|content)="([^"]*)"', bare)
    return " ".join([re.sub(r"<[^>]*>", " ", bare), *spoken])


@pytest.fixture(scope="module")
def tea() -> Path:
    return company()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_opens_for_every_role_in_both_languages(tea: Path, role: str, language: str) -> None:
    with over(tea):
        browser = client(role, language)
        for address in addresses("company"):
            answer = browser.get(address)
            # Nothing (204) is what a part answers that is still being computed.
            computing = address.endswith("/overview/cards/") and answer.status_code == 204
            assert computing or answer.status_code == 200, address
            assert answer.headers["Content-Language"].startswith(language), address


def test_a_stranger_is_sent_to_the_sign_in_page(tea: Path) -> None:
    with over(tea):
        stranger = client()
        for address in addresses("company"):
            answer = stranger.get(address)
            assert answer.status_code == 302 and answer.headers["Location"].startswith("/sign-in/?next="), address


def test_only_those_who_may_can_change_anything(tea: Path) -> None:
    from django.urls import reverse

    with over(tea):
        for pattern in patterns():
            if pattern.name not in POSTS or POSTS[pattern.name] == ROLES:
                continue
            kinds = pattern.pattern.converters
            names = {name: 999 if type(kind).__name__ == "IntConverter" else "company" for name, kind in kinds.items()}
            address = reverse(pattern.name, kwargs=names)
            for role in set(ROLES) - set(POSTS[pattern.name]):
                answer = client(role).post(address)
                assert answer.status_code == 403, (pattern.name, role)
                assert "may not" in answer.content.decode()
            assert client().post(address).status_code == 302, pattern.name
            assert client("admin").get(address).status_code == 405, pattern.name


def test_every_form_needs_its_token(tea: Path) -> None:
    from django.test import Client

    with over(tea):
        browser = Client(SERVER_NAME="127.0.0.1", enforce_csrf_checks=True, headers={"accept-language": "en"})
        answer = browser.post("/sign-in/", {"username": "admin", "password": PASSWORD})
        assert answer.status_code == 403
        assert "The page was open too long" in answer.content.decode()


def test_english_pages_hold_no_chinese_of_ours(tea: Path) -> None:
    with over(shop()):
        for address in addresses("shop"):
            words = texts_of(client("admin", "en").get(address).content.decode())
            for ours in OURS_IN_CHINESE:
                words = words.replace(ours, "")
            found = CHINESE.findall(words)
            assert not found, (address, "".join(found)[:80])


def test_chinese_pages_speak_chinese(tea: Path) -> None:
    with over(shop()):
        for address in addresses("shop"):
            answers = [client("admin", language).get(address).content.decode() for language in ("zh", "en")]
            if answers[1].strip():
                assert texts_of(answers[0]) != texts_of(answers[1]), address


def test_no_page_names_another_server(tea: Path) -> None:
    with over(tea):
        for address in [*addresses("company"), "/sign-in/"]:
            browser = client() if address == "/sign-in/" else client("admin")
            html = browser.get(address).content.decode()
            linked = re.findall(r'(?:src|href|action|hx-get|hx-post|srcset|data-source)="([^"]*)"', html)
            assert all(link.startswith(("/", "#", "?")) for link in linked), address
            assert "style=" not in re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL), address


def test_every_answer_bears_the_headers_that_keep_browsers_strict(tea: Path) -> None:
    with over(tea):
        for address in ["/", "/sign-in/", "/nowhere/", "/static/kx.css"]:
            headers = client("admin").get(address).headers
            policy = headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy
            assert headers["X-Content-Type-Options"] == "nosniff"
            if not address.startswith("/static/"):
                assert headers["X-Frame-Options"] == "DENY"
                assert headers["Cache-Control"] == "no-store"


def test_odd_requests_get_a_plain_refusal(tea: Path) -> None:
    with over(tea):
        browser = client("admin")
        for method in ("TRACE", "PROPFIND", "DELETE", "PUT"):
            assert browser.generic(method, "/").status_code == 405, method
        for address in ("/static/../settings.py", "/static/%2e%2e/settings.py", "/media/app.sqlite3", "/metrics/%00/"):
            assert browser.get(address).status_code in (400, 404), address
        answer = browser.get("/", headers={"host": "evil.example"})
        assert answer.status_code == 400 and "evil.example" not in answer.content.decode()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_empty_workspace_shows_the_next_step_on_every_page(tea: Path, language: str) -> None:
    with over(empty()):
        for role, words in (
            ("admin", {"zh": "导入", "en": "oad"}),
            ("viewer", {"zh": "请有导入权限的同事", "en": "Ask someone who may load"}),
        ):
            for address in (
                "/",
                "/metrics/",
                "/metrics/net_sales/",
                "/scorecards/",
                "/improvement/",
                "/initiatives/",
                "/data/",
                "/customers/",
                "/customers/duplicates/",
            ):
                answer = client(role, language).get(address)
                assert answer.status_code == 200, address
                assert words[language] in answer.content.decode(), (address, role)


def test_wrong_addresses_get_a_page_that_says_what_to_do(tea: Path) -> None:
    with over(tea):
        browser = client("viewer")
        for address, status, words in (
            ("/nowhere/", 404, "No such page"),
            ("/metrics/retension_rate/", 400, "Did you mean: retention_rate"),
            ("/?period=yesterday", 400, "is no period"),
            ("/scorecards/nobody/", 400, "There is no scorecard named"),
        ):
            answer = browser.get(address)
            assert answer.status_code == status, address
            assert words in answer.content.decode().replace("&#x27;", "'"), address


@contextmanager
def serving(workspace: Path) -> Iterator[str]:
    """The server that users start, on a free port of this machine, ended at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [*KEXIAO, "serve", "-w", str(workspace), "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        base = f"http://127.0.0.1:{port}"
        _wait_for(base, server)
        yield base
    finally:
        server.terminate()
        assert server.wait(timeout=20) == 0, server.stdout.read() if server.stdout else ""


def _wait_for(base: str, server: subprocess.Popen[str]) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{base}/sign-in/", timeout=2).close()
            return
        except OSError:
            assert server.poll() is None, server.stdout.read() if server.stdout else ""
            time.sleep(0.1)
    pytest.fail("the server did not answer within 30 seconds")


def visitor(role: str) -> str:
    """The name under which someone of a role signs in with a browser."""
    return f"visitor-{role}"


@dataclass(frozen=True)
class Live:
    """A server that runs, and who may sign in: role → password. Names differ from those of the tests without a browser,
    whose Django may stand over the same workspace and would lose its passwords."""

    base: str
    passwords: dict[str, str]

    def open(self, page: Any, role: str) -> None:
        """Sign in as someone of a role, and wait for the overview."""
        page.goto(f"{self.base}/sign-in/")
        page.fill("[name=username]", visitor(role))
        page.fill("[name=password]", self.passwords[role])
        page.click("main button[type=submit]")
        page.wait_for_selector(".kx-cards")
        page.wait_for_load_state("networkidle")


@pytest.fixture(scope="module")
def live(tea: Path) -> Iterator[Live]:
    find_chromium()
    passwords = {role: _person(tea, role) for role in ("admin", "viewer")}
    with serving(tea) as base:
        yield Live(base, passwords)


def _person(workspace: Path, role: str) -> str:
    """Someone who may sign in to this very workspace, made by the command; their password."""
    command = [*KEXIAO, "serve", "-w", str(workspace), "--create-user", visitor(role), "--role", role, "--lang", "en"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    found = re.search(r"password (\S+);", told)
    assert found, told
    return found[1]


def whole_pages(workspace: str) -> list[str]:
    """The addresses that give whole pages, not parts of one."""
    with over(company()):
        browser = client("admin")
        return [a for a in addresses(workspace) if b"<!doctype html>" in browser.get(a).content[:200]]


@pytest.mark.browser
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_stands_in_a_real_browser(live: Live, tmp_path: Path, language: str, size: str) -> None:
    width, height = SIZES[size]
    pages = whole_pages("company")
    with open_chromium() as chromium:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, locale="zh-CN" if language == "zh" else "en-GB"
        )
        context.add_cookies([{"name": "kexiao_language", "value": language, "url": live.base}])
        page = context.new_page()
        told: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: told.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{live.base}/sign-in/")
        page.screenshot(path=tmp_path / "sign-in.png")
        live.open(page, "admin")
        for address in pages:
            page.goto(f"{live.base}{address}", wait_until="networkidle")
            page.wait_for_function("() => !document.querySelector('.kx-wait')")
            page.screenshot(path=tmp_path / f"{address.strip('/').replace('/', '.') or 'overview'}.png", full_page=True)
            reach = page.evaluate("() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
            assert reach[0] <= reach[1], (address, reach)
            assert not told, (address, told)
            assert page.locator(".kx-failure").count() == 0, address
            blank = page.evaluate(
                "() => [...document.querySelectorAll('.kx-chart')].filter(c => !c.querySelector('canvas')).length"
            )
            assert blank == 0, (address, "a chart was not drawn")
        assert all(url.startswith((live.base, "data:")) for url in asked), [
            u for u in asked if not u.startswith(live.base)
        ]


@pytest.mark.browser
def test_the_app_works_with_a_keyboard_alone(live: Live) -> None:
    with open_chromium() as chromium:
        page = chromium.new_context(locale="en-GB").new_page()
        page.goto(f"{live.base}/sign-in/")
        page.keyboard.type(visitor("viewer"))
        page.keyboard.press("Tab")
        page.keyboard.type(live.passwords["viewer"])
        page.keyboard.press("Enter")
        page.wait_for_selector(".kx-cards")
        page.wait_for_load_state("networkidle")
        page.keyboard.press("Tab")
        assert page.evaluate("() => document.activeElement.className") == "kx-skip"
        page.keyboard.press("Enter")
        assert page.evaluate("() => document.activeElement.id") == "main"
        page.keyboard.press("/")
        page.wait_for_selector("#search[open] li a")
        page.keyboard.type("retention rate")
        page.keyboard.press("Enter")
        page.wait_for_url("**/metrics/retention_rate/")
        assert page.locator("h1").inner_text() == "Retention rate"


@pytest.mark.browser
def test_the_period_chosen_above_stays_from_page_to_page(live: Live) -> None:
    with open_chromium() as chromium:
        page = chromium.new_context(locale="en-GB").new_page()
        live.open(page, "viewer")
        page.select_option("[name=period]", "2025Q2")
        page.wait_for_url("**period=2025Q2**")
        page.goto(f"{live.base}/metrics/")
        assert "2025 Q2" in page.locator(".kx-lead").inner_text()
