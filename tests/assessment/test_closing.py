"""A closed period stays as it was: values kept, changes noticed, revisions with a reason."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from kexiao.assessment.closing import close, closed_assessment, every_close, restated
from kexiao.assessment.reading import scorecard_from_text
from kexiao.assessment.results import Assessment
from kexiao.assessment.scoring import Measured, score_subjects
from kexiao.engine.audit import verify
from kexiao.errors import IntegrityFailed, WrongUse
from kexiao.facts.metric import MetricValue
from kexiao.text import Text

CARD = scorecard_from_text("""
id = "shops"
name = { zh = "门店", en = "Shops" }
subject = "team"
[[indicators]]
metric = "orders"
weight = 100
floor = 50
target = 100
stretch = 150
""")


def assessed(orders: dict[str, float], *, complete: bool = True) -> Assessment:
    def value(number: float) -> MetricValue:
        return MetricValue(
            "orders", "2025Q3", {}, number, "count", number, None, 200, number - 1, number + 1, complete, None, None,
            {"marks": []}, None, "s000001",
        )  # fmt: skip

    measured = [Measured(name, Text.same(name), "team", (value(number),)) for name, number in orders.items()]
    subjects = score_subjects(CARD, "2025Q3", measured)
    return Assessment(
        "shops", CARD.name, date.min, "team", "2025Q3", complete, 0.8, CARD.grades, subjects, (), (), {"currency": "CNY"},
        "s000001", "0.1.0", CARD.text, None, "abc",
    )  # fmt: skip


def test_a_closed_period_gives_back_the_values_that_were_stored(tmp_path: Path) -> None:
    assert closed_assessment(tmp_path, "shops", "2025Q3") is None
    stored = close(tmp_path, assessed({"一店": 110.0, "二店": 70.0}), who="王芳")
    found = closed_assessment(tmp_path, "shops", "2025Q3")
    assert found == stored
    assert found.closed is not None
    assert (found.closed.revision, found.closed.who, found.closed.reason) == (1, "王芳", None)
    assert found.subject("一店").indicators[0].value == 110.0
    assert found.scorecard_text == CARD.text
    assert verify(tmp_path) == []


def test_a_period_that_is_not_complete_cannot_be_closed(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="不能关账"):
        close(tmp_path, assessed({"一店": 110.0}, complete=False))
    assert closed_assessment(tmp_path, "shops", "2025Q3") is None


def test_a_period_is_closed_once_and_opened_again_only_with_a_reason(tmp_path: Path) -> None:
    close(tmp_path, assessed({"一店": 110.0}))
    with pytest.raises(WrongUse, match="已经关账"):
        close(tmp_path, assessed({"一店": 120.0}))
    close(tmp_path, assessed({"一店": 120.0}), reason="补录了 9 月的退款")
    found = closed_assessment(tmp_path, "shops", "2025Q3")
    assert found is not None
    assert found.closed is not None
    assert (found.closed.revision, found.closed.reason) == (2, "补录了 9 月的退款")
    assert found.subject("一店").indicators[0].value == 120.0
    assert (tmp_path / "closes" / "shops-2025Q3-r1.json").exists()  # the first revision stays
    assert [one.closed.revision for one in every_close(tmp_path) if one.closed] == [2]


def test_what_was_never_closed_cannot_be_opened_again(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="没有关过账"):
        close(tmp_path, assessed({"一店": 110.0}), reason="手误")


def test_the_tenth_revision_comes_after_the_ninth(tmp_path: Path) -> None:
    close(tmp_path, assessed({"一店": 100.0}))
    for number in range(2, 12):
        close(tmp_path, assessed({"一店": 100.0 + number}), reason=str(number))
    found = closed_assessment(tmp_path, "shops", "2025Q3")
    assert found is not None
    assert found.subject("一店").indicators[0].value == 111.0


def test_a_close_changed_by_hand_is_noticed(tmp_path: Path) -> None:
    close(tmp_path, assessed({"一店": 110.0}))
    path = tmp_path / "closes" / "shops-2025Q3-r1.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["subjects"][0]["score"] = 120.0
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(IntegrityFailed, match="被改过"):
        closed_assessment(tmp_path, "shops", "2025Q3")


def test_what_would_differ_today_is_listed_and_nothing_else() -> None:
    stored = assessed({"一店": 110.0, "二店": 70.0, "三店": 90.0})
    assert restated(stored, assessed({"一店": 110.0, "二店": 70.0, "三店": 90.0})) == ()
    now = restated(stored, assessed({"一店": 110.0 + 1e-12, "二店": 96.0, "四店": 90.0}))
    assert [(r.subject, r.field, r.closed, r.now) for r in now] == [
        ("二店", "value", 70.0, 96.0),
        ("二店", "score", 40.0, 92.0),
        ("二店", "grade", "D", "B"),
        ("三店", "subject", "三店", None),
        ("四店", "subject", None, "四店"),
    ]
    assert "orders 70 when closed, 96 now" in now[0].words.en.lower()


def test_a_value_that_is_gone_today_is_a_restatement_too() -> None:
    stored = assessed({"一店": 110.0})
    subject = stored.subjects[0]
    empty = replace(stored, subjects=(replace(subject, indicators=(replace(subject.indicators[0], value=None),)),))
    assert [(r.field, r.now) for r in restated(stored, empty)] == [("value", None)]
