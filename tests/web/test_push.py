"""Answers that 问卷星 pushes: signed, once each however often they are sent, refused with a reason and without a trace of what was in them."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from web_company import client, empty, over

from kexiao.cli.main import main
from kexiao.cycle.pushing import load_pushes, receive_push
from kexiao.cycle.source_states import source_lines
from kexiao.engine.folder import open_folder
from kexiao.facts.source import open_facts
from kexiao.sources.mapping.unusual import Held

KEY = "push-key-0"
SOURCE = """
system = "wenjuanxing"
push_key_env = "WJX_PUSH_KEY"

[objects.nps]
survey = "5657754"
kind = "surveys"

[objects.nps.columns]
response_id = "答卷编号"

[objects.nps.push]
q1 = "nps 0-10"
q2 = "comment"
q3 = "skip"
"""
ADDRESS = "/push/wenjuanxing/wjx/"


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    empty()
    assert main(["init", str(tmp_path / "w"), "--company", "Fresh"]) == 0
    (tmp_path / "w" / "sources").mkdir(exist_ok=True)
    (tmp_path / "w" / "sources" / "wjx.toml").write_text(SOURCE, encoding="utf-8")
    monkeypatch.setenv("WJX_PUSH_KEY", KEY)
    # Loading in the background has its own test; here it is done by hand.
    monkeypatch.setattr("kexiao.web.pages.push.view.wake", lambda folder, source: None)
    from kexiao.web.pages.push import view

    view.ALL.forget()
    view.REFUSED.forget()
    return tmp_path / "w"


def answer(index: int, *, at: datetime | None = None, key: str = KEY, **more: Any) -> dict[str, Any]:
    """An answer as the documentation has it, its signature made by hand."""
    when = (at or datetime.now(UTC)).astimezone(ZoneInfo("Asia/Shanghai"))
    said = {
        "activity": "5657754",
        "name": "满意度",
        "timetaken": "52",
        "submittime": when.strftime("%Y-%m-%d %H:%M:%S"),
        "index": str(index),
        "joinid": str(101812480000 + index),
        "q1": str(index % 11),
        "q2": "很好",
        "q3": "1,2",
        "sojumpparm": f"c{index}",
        **more,
    }
    return signed(said, key)


def signed(said: dict[str, Any], key: str = KEY) -> dict[str, Any]:
    return {**said, "sign": hashlib.sha1(f"{said['activity']}{said['index']}{key}".encode()).hexdigest()}


def push(said: object, address: str = ADDRESS, **options: Any) -> Any:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return client().post(address, body, content_type="application/json", **options)


def scores(workspace: Path) -> list[tuple[str, float]]:
    return sorted(
        (str(i), float(s))
        for i, s in open_facts(open_folder(workspace)).query(
            "SELECT response_id, score FROM survey_responses WHERE measure = 'nps'"
        )
    )


def test_a_pushed_answer_becomes_one_row_however_often_it_is_sent(fresh: Path) -> None:
    with over(fresh):
        for _ in range(3):
            given = push(answer(7))
            assert (given.status_code, given.json()) == (200, {"result": True})
        push(answer(9))
        assert load_pushes(open_folder(fresh), "wjx") == 2
        found = scores(fresh)
        assert [score for _, score in found] == [7, 9] and len({i for i, _ in found}) == 2
        # Sent again after it was loaded, as after an acknowledgement that got lost: nothing changes.
        push(answer(7))
        assert load_pushes(open_folder(fresh), "wjx") == 1
        assert scores(fresh) == found
        # Revised by whoever answered: the same answer, with its new score.
        push(answer(7, q1="3"))
        load_pushes(open_folder(fresh), "wjx")
        assert [score for _, score in scores(fresh)] == [3, 9]
        comments = open_facts(open_folder(fresh)).query(
            "SELECT DISTINCT comment FROM survey_responses WHERE comment IS NOT NULL"
        )
        assert comments == [("很好",)]


def test_the_signature_needs_the_key_the_survey_and_the_number(fresh: Path, caplog: pytest.LogCaptureFixture) -> None:
    with over(fresh), caplog.at_level(logging.WARNING, logger="kexiao.push"):
        forged = [
            answer(1, key="another"),
            {**answer(1), "index": "2"},
            {**answer(1), "activity": "5657755"},
            {**answer(1), "sign": ""},
            {**answer(1), "sign": "\ud800", "index": "\ud800"},
            {name: value for name, value in answer(1).items() if name != "sign"},
        ]
        for said in forged:
            given = push(said)
            assert (given.status_code, given.json()["errormsg"]) == (403, "wrong_sign")
        assert push({**answer(1), "sign": answer(1)["sign"].upper()}).status_code == 200
        assert load_pushes(open_folder(fresh), "wjx") == 1


def test_each_refusal_has_its_status_and_a_line_without_personal_data(
    fresh: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now = datetime.now(UTC)
    cases: list[tuple[object, int, str]] = [
        (b"not json", 400, "malformed"),
        (b"[1, 2]", 400, "malformed"),
        (b"{}", 400, "malformed"),
        (b"\xff\xfe\x00", 400, "malformed"),
        (b"[" * 100_000, 400, "malformed"),
        (answer(1, submittime="yesterday"), 400, "malformed"),
        (signed({**answer(1), "index": "1; DROP"}), 400, "malformed"),
        (answer(1, key=KEY + "x", phone="13812345678"), 403, "wrong_sign"),
        (answer(1, activity="999"), 404, "unknown_survey"),
        (answer(1, at=now - timedelta(days=4)), 422, "outside_time"),
        (answer(1, at=now + timedelta(minutes=20)), 422, "outside_time"),
        (answer(1, q2="x" * 300_000), 413, "too_large"),
    ]
    with over(fresh), caplog.at_level(logging.WARNING, logger="kexiao.push"):
        for said, status, code in cases:
            given = push(said)
            assert (given.status_code, given.json()) == (status, {"result": False, "errormsg": code}), code
        assert push(answer(1), "/push/wenjuanxing/nobody/").status_code == 404
        told = [record.getMessage() for record in caplog.records]
        assert len(told) == len(cases) + 1 and all(
            code in words for (_, _, code), words in zip(cases, told, strict=False)
        )
        assert not any(secret in " ".join(told) for secret in ("138", "很好", "c1", KEY, "满意度"))
        assert client().get(ADDRESS).status_code == 405
        assert source_lines(open_folder(fresh))[0].things[0].waiting == 0
    # The edges of the window are inside.
    folder = open_folder(fresh)
    body = json.dumps(answer(1, at=now - timedelta(days=3) + timedelta(seconds=5))).encode()
    assert receive_push(folder, "wjx", body, now=now) == "nps"


def test_it_needs_no_session_and_no_token_but_tells_nothing_without_a_key(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.test import Client

    with over(fresh):
        strict = Client(SERVER_NAME="127.0.0.1", enforce_csrf_checks=True)
        given = strict.post(ADDRESS, json.dumps(answer(1)), content_type="application/json")
        assert given.status_code == 200 and not given.cookies
        monkeypatch.delenv("WJX_PUSH_KEY")
        given = push(answer(1))
        assert given.status_code == 503 and given.headers["Retry-After"] and "WJX" not in given.content.decode()


def test_too_many_refusals_are_told_to_wait_and_fill_no_log(fresh: Path, caplog: pytest.LogCaptureFixture) -> None:
    from kexiao.web.pages.push import view

    with over(fresh), caplog.at_level(logging.WARNING, logger="kexiao.push"):
        statuses = [push(answer(1, key="guess")).status_code for _ in range(view.REFUSED.times + 5)]
        assert statuses == [403] * view.REFUSED.times + [429] * 5
        assert len(caplog.records) == view.REFUSED.times
        assert push(answer(1)).status_code == 200, "who knows the key is still heard"
        view.ALL.forget()
        assert [view.ALL.allows("other") for _ in range(view.ALL.times + 1)][-1] is False


def test_answers_are_loaded_in_the_background_together(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kexiao.web.pages.push import loading

    monkeypatch.setattr(loading, "GATHER_SECONDS", 0.5)
    folder = open_folder(fresh)
    for number in range(5):
        receive_push(folder, "wjx", json.dumps(answer(number)).encode())
    before = threading.active_count()
    for _ in range(4):
        loading.wake(folder, "wjx")
    assert threading.active_count() <= before + 1
    next(t for t in threading.enumerate() if t.name.endswith("(_run)")).join(timeout=60)
    assert len(scores(fresh)) == 5
    log = [json.loads(line) for line in (fresh / "audit" / "log.jsonl").read_text().splitlines()]
    assert [(one["act"], one["who"]) for one in log] == [("collect", "push:wjx")], "one load for all five"


def test_a_question_that_is_not_understood_keeps_the_answers_and_says_so(fresh: Path) -> None:
    from kexiao.errors import WrongUse

    folder = open_folder(fresh)
    path = fresh / "sources" / "wjx.toml"
    path.write_text(SOURCE.replace("nps 0-10", "nps ten"), encoding="utf-8")
    receive_push(folder, "wjx", json.dumps(answer(1)).encode())
    with pytest.raises(WrongUse, match="push"):
        load_pushes(folder, "wjx")
    line = source_lines(folder)[0]
    assert line.state == "failed" and line.failure and "q1" in line.failure.en and line.things[0].waiting == 1
    path.write_text(SOURCE, encoding="utf-8")
    assert load_pushes(folder, "wjx") == 1 and source_lines(folder)[0].failure is None


FORM = """
system = "wenjuanxing"
push_key_env = "WJX_PUSH_KEY"

[objects.shop]
survey = "5657754"
kind = "orders"

[objects.shop.columns]
order_id = "答卷编号"
ordered_at = "提交答卷时间"

[objects.shop.push]
q1 = "amount"
q2 = "skip"
q3 = "skip"
"""


def test_amounts_in_another_unit_wait_whoever_sends_them_and_a_handful_never_does(fresh: Path) -> None:
    (fresh / "sources" / "wjx.toml").write_text(FORM, encoding="utf-8")
    folder = open_folder(fresh)

    def send(numbers: range, *, times: int = 1) -> None:
        for number in numbers:
            receive_push(folder, "wjx", json.dumps(answer(number, q1=str(times * (100 + number)))).encode())

    for lot in range(5):
        send(range(12 * lot + 1, 12 * lot + 13))
        assert load_pushes(folder, "wjx") == 12
    send(range(61, 62))
    assert load_pushes(folder, "wjx") == 1, "one answer after many is no unusual number"
    send(range(62, 70), times=100)
    with pytest.raises(Held, match="相差约 126 倍"):
        load_pushes(folder, "wjx")
    line = source_lines(folder)[0]
    assert (line.state, line.held_thing, line.things[0].waiting) == ("held", "shop", 8)
    assert load_pushes(folder, "wjx", accept_change="shop") == 8
    assert open_facts(folder).query("SELECT count(*) FROM orders") == [(69,)]
