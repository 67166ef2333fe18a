"""问卷星, against a fake that checks signatures and their age, and makes large downloads by tasks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from sources.connectors.fakes import FakeSurvey, Said, served

from kexiao.errors import NotPermitted, WrongUse
from kexiao.sources.egress.secrets import Secret
from kexiao.sources.wenjuanxing.signing import is_genuine

SOURCE = """
system = "wenjuanxing"
app_id = "907"
app_key_env = "WJX_APP_KEY"
url = "{url}/openapi/default.aspx"

[objects.nps]
survey = "{survey}"
kind = "surveys"

[objects.nps.columns]
response_id = "答卷编号"
survey = "问卷编号"
responded_at = "提交答卷时间"
nps_score = "1、您有多大可能推荐我们？"
csat_score = "2、您对服务是否满意？"
comment = "4、其他建议"
"""
HEADER = [
    "序号",
    "提交答卷时间",
    "所用时间",
    "来源",
    "来自IP",
    "1、您有多大可能推荐我们？",
    "2、您对服务是否满意？",
    "3、您用过哪些渠道？",
    "4、其他建议",
]


def answers(count: int, first: int = 1) -> list[list[str]]:
    return [
        [
            str(n),
            f"2025/3/{1 + n % 28} 10:01:59",
            "52秒",
            "微信",
            "1.2.3.4",
            str(n % 11),
            str(1 + n % 5),
            "网店┋门店",
            "很好" if n % 3 else "",
        ]
        for n in range(first, first + count)
    ]


@pytest.fixture
def survey() -> Iterator[FakeSurvey]:
    with served(FakeSurvey(HEADER, answers(120))) as system:
        yield system  # type: ignore[misc]


@pytest.fixture(autouse=True)
def _quick(no_waiting: Any) -> None: ...


def describe(connected: Any, survey: FakeSurvey, number: str = "5657754") -> None:
    connected.source("wjx", SOURCE.format(url=survey.url, survey=number))


def scores(connected: Any, measure: str) -> list[tuple[str, float]]:
    rows = connected.rows("survey_responses", "response_id, score, measure")
    return sorted((i, s) for i, s, m in rows if m == measure)


def truth(survey: FakeSurvey, column: int) -> list[tuple[str, float]]:
    return sorted((f"5657754-{a[0]}", float(a[column])) for a in survey.answers)


def test_a_small_download_comes_at_once(connected: Any, survey: FakeSurvey) -> None:
    describe(connected, survey)
    report = connected.pull("wjx")
    assert report.rows_read == 120 and report.exit_code == 0
    assert scores(connected, "nps") == truth(survey, 5)
    assert scores(connected, "csat") == truth(survey, 6)


def test_a_large_download_is_waited_for_as_a_task(connected: Any, survey: FakeSurvey) -> None:
    survey.answers, survey.waits = answers(6100), 4
    describe(connected, survey)
    connected.pull("wjx")
    assert scores(connected, "nps") == truth(survey, 5)
    assert len(survey.tasks) == 1


def test_a_task_that_was_forgotten_is_asked_for_anew(connected: Any, survey: FakeSurvey) -> None:
    survey.answers, survey.waits = answers(4000), 3
    describe(connected, survey)
    good = survey.answer
    survey.answer = lambda asked: Said(500) if b'"taskid"' in asked.body else good(asked)  # type: ignore[method-assign]
    with pytest.raises(Exception, match="不可用"):
        connected.pull("wjx")
    survey.answer = good  # type: ignore[method-assign]
    survey.tasks.clear()
    connected.pull("wjx")
    assert scores(connected, "nps") == truth(survey, 5)


def test_the_next_reading_asks_after_the_last_number(connected: Any, survey: FakeSurvey) -> None:
    describe(connected, survey)
    connected.pull("wjx")
    survey.answers += answers(5, first=121)
    report = connected.pull("wjx")
    assert report.rows_read == 5
    assert scores(connected, "nps") == truth(survey, 5)
    assert survey.calls("/openapi")[-1].json()["min_index"] == "120"


def test_each_new_try_is_signed_anew_as_a_signature_ages(connected: Any, survey: FakeSurvey) -> None:
    shift = [0.0]
    survey.clock = lambda: time.time() + shift[0]
    survey.faults["/openapi"] = [Said(503), Said(503)]
    describe(connected, survey)
    connected.pull("wjx")
    signs = [call.json()["sign"] for call in survey.calls("/openapi")]
    assert len(set(signs)) == 3, "the traceid makes each one another"


def test_a_clock_that_is_off_is_no_permission_and_says_so(connected: Any, survey: FakeSurvey) -> None:
    survey.clock = lambda: time.time() + 3600
    describe(connected, survey)
    with pytest.raises(NotPermitted, match="本机时间"):
        connected.pull("wjx")


def test_a_wrong_key_is_no_permission(connected: Any, survey: FakeSurvey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WJX_APP_KEY", "another")
    describe(connected, survey)
    with pytest.raises(NotPermitted):
        connected.pull("wjx")
    assert all("another" not in call.body.decode() for call in survey.log)


def test_an_unknown_survey_is_wrong_use(connected: Any, survey: FakeSurvey) -> None:
    describe(connected, survey, number="1")
    with pytest.raises(WrongUse, match="问卷编号"):
        connected.pull("wjx")


def test_a_renamed_question_stops_the_reading_and_names_both(connected: Any, survey: FakeSurvey) -> None:
    from kexiao.errors import Ambiguous

    describe(connected, survey)
    connected.pull("wjx")
    survey.header = ["1、您会推荐我们吗？" if name.startswith("1、") else name for name in HEADER]
    survey.answers += answers(5, first=121)
    with pytest.raises(Ambiguous, match="您会推荐我们吗") as problem:
        connected.pull("wjx")
    assert problem.value.exit_code == 5 and "您有多大可能推荐" in problem.value.message("zh")
    with (connected.folder.root / "sources/wjx.toml").open("a", encoding="utf-8") as file:
        file.write('\n[objects.nps.renamed]\n"1、您会推荐我们吗？" = "1、您有多大可能推荐我们？"\n')
    connected.pull("wjx")
    assert scores(connected, "nps") == truth(survey, 5)


def test_a_pushed_answer_is_believed_by_its_signature_only() -> None:
    import hashlib

    push = {"activity": "5657754", "index": "3", "q1": "1", "joinid": "101812480275"}
    good = {**push, "sign": hashlib.sha1(b"56577543pushkey").hexdigest()}
    assert is_genuine(good, Secret("pushkey"))
    assert is_genuine({**good, "sign": good["sign"].upper()}, Secret("pushkey"))
    assert not is_genuine({**good, "index": "4"}, Secret("pushkey"))
    assert not is_genuine({**push, "sign": ""}, Secret("pushkey"))
