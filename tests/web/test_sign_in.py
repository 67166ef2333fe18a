"""Signing in: one answer for a wrong name and a wrong password, a pause after too many, no way to be sent elsewhere."""

from __future__ import annotations

import pytest
from web_company import PASSWORD, client, empty, over, shop


@pytest.fixture(autouse=True)
def no_attempts() -> None:
    empty()
    from kexiao.web.records.models import SignInAttempt

    SignInAttempt.objects.all().delete()


def sign_in(name: str, password: str, **more: str) -> object:
    browser = client()
    return browser.post("/sign-in/", {"username": name, "password": password, **more})


def test_the_right_password_opens_the_page_that_was_asked_for() -> None:
    with over(shop()):
        answer = sign_in("viewer", PASSWORD, next="/metrics/")
        assert (answer.status_code, answer.headers["Location"]) == (302, "/metrics/")


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "https:/evil.example"]
)
def test_nobody_is_sent_to_another_server(elsewhere: str) -> None:
    with over(shop()):
        assert sign_in("viewer", PASSWORD, next=elsewhere).headers["Location"] == "/"


def test_a_wrong_name_and_a_wrong_password_get_the_same_answer() -> None:
    pages = [sign_in("viewer", "wrong").content.decode(), sign_in("nobody", "wrong").content.decode()]
    assert all("The user name or the password is not right." in page for page in pages)


def test_after_five_failures_even_the_right_password_has_to_wait() -> None:
    for _ in range(5):
        assert sign_in("manager", "wrong").status_code == 401
    answer = sign_in("manager", PASSWORD)
    assert answer.status_code == 429 and "Too many attempts" in answer.content.decode()
    assert sign_in("viewer", PASSWORD).status_code == 302


def test_attempts_keep_no_name() -> None:
    from kexiao.web.records.models import SignInAttempt

    sign_in("Wang.Wu", "wrong")
    assert "wang" not in str(SignInAttempt.objects.values_list("name_digest", flat=True)[0]).lower()


def test_signing_out_ends_the_session() -> None:
    with over(shop()):
        browser = client("viewer")
        assert browser.get("/").status_code == 200
        browser.post("/sign-out/")
        assert browser.get("/").status_code == 302


def test_the_language_is_kept_by_the_browser() -> None:
    browser = client(language="zh")
    answer = browser.post("/language/", {"language": "en", "next": "/sign-in/"})
    assert answer.headers["Location"] == "/sign-in/" and answer.cookies["kexiao_language"].value == "en"
    assert "Sign in" in browser.get("/sign-in/").content.decode()


def test_a_browser_without_a_choice_is_answered_in_its_own_language() -> None:
    from django.test import Client

    assert (
        "Sign in"
        in Client(SERVER_NAME="127.0.0.1", headers={"accept-language": "en-US"}).get("/sign-in/").content.decode()
    )
    assert (
        "登录" in Client(SERVER_NAME="127.0.0.1", headers={"accept-language": "fr"}).get("/sign-in/").content.decode()
    )
