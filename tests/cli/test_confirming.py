"""The talk about a mapping: shown with reasons, changed by short instructions, saved and used again."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from collecting import Company

from kexiao.cli.main import main
from kexiao.cli.options import Session

TILL = "凭证,日期,客户编号,到账,毛额\nA1,2025-03-01,c1,10,12\nA2,2025-03-02,c2,20,22\n"


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


@pytest.fixture
def say(company: Company, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    """Run a command line as a person at a terminal who types the given lines; its code and all it printed."""
    monkeypatch.setattr(Session, "may_ask", property(lambda self: not self.no_input))

    def saying(*lines: str, command: tuple[str, ...]) -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(line + "\n" for line in lines)))
        code = main([*command, "-w", str(company.folder.root), "--lang", "zh"])
        said = capsys.readouterr()
        return code, said.out + said.err

    return saying


def test_a_new_layout_is_shown_with_reasons_and_loaded_when_confirmed(company: Company, say) -> None:  # type: ignore[no-untyped-def]
    path = company.file("o.csv", "订单号,下单时间,客户编号,金额\nA1,2025-03-01,c1,10\n")
    code, said = say("", command=("collect", str(path)))
    assert code == 0
    assert "列名“金额”" in said
    assert "2025-03-01" in said
    assert len(company.rows("orders")) == 1


def test_a_confirmed_layout_is_not_asked_about_again(company: Company, say) -> None:  # type: ignore[no-untyped-def]
    path = company.file("o.csv", "订单号,下单时间,客户编号,金额\nA1,2025-03-01,c1,10\n")
    say("", command=("collect", str(path)))
    path.write_text(path.read_text(encoding="utf-8").replace("A1", "A2"), encoding="utf-8")
    code, said = say(command=("collect", str(path)))
    assert code == 0
    assert "回车" not in said
    assert len(company.rows("orders")) == 2


def test_what_is_missing_is_named_and_given_by_a_short_instruction(company: Company, say) -> None:  # type: ignore[no-untyped-def]
    path = company.file("t.csv", TILL)
    code, said = say("金额=到帐", "金额=到账", "订单号=凭证", "", command=("collect", str(path)))
    assert code == 0
    assert "还缺：金额" in said
    assert "最接近的：到账" in said
    assert "由您指定" in said
    assert company.rows("orders", "order_id, amount::DOUBLE") == [("A1", 10.0), ("A2", 20.0)]


def test_what_a_person_said_of_a_layout_holds_for_its_next_file_with_a_column_more(company: Company, say) -> None:  # type: ignore[no-untyped-def]
    path = company.file("t.csv", TILL)
    say("金额=毛额", "订单号=凭证", "", command=("collect", str(path)))
    later = company.file("u.csv", "凭证,日期,客户编号,到账,毛额,渠道\nA3,2025-03-03,c3,30,33,门店\n")
    report = company.collect(later)
    assert report.rows_loaded == 1
    assert company.rows("orders", "amount::DOUBLE, channel", "order_id")[2] == (33.0, "门店")


def test_giving_up_loads_nothing(company: Company, say) -> None:  # type: ignore[no-untyped-def]
    path = company.file("o.csv", "订单号,下单时间,客户编号,金额\nA1,2025-03-01,c1,10\n")
    for lines in (("q",), ()):
        code, said = say(*lines, command=("collect", str(path)))
        assert code == 0
        assert "没有导入" in said
    assert company.snapshots() == 0


def test_an_ambiguous_date_is_asked_and_the_answer_kept(company: Company, say) -> None:  # type: ignore[no-untyped-def]
    path = company.file("o.csv", "订单号,下单时间,客户编号,金额\nA1,03/04/2025,c1,10\n")
    code, said = say("", "date_order=外", "date_order=mdy", command=("collect", str(path)))
    assert code == 0
    assert "歧义" in said
    assert "必须" in said or "应为" in said
    assert [str(row[0]) for row in company.rows("orders", "ordered_on")] == ["2025-03-04"]
    (kept,) = (company.folder.root / "mappings").glob("*.toml")
    assert 'date_order = "mdy"' in kept.read_text(encoding="utf-8")


def test_an_ambiguity_that_nobody_answers_ends_as_it_would_without_a_person(company: Company, say) -> None:  # type: ignore[no-untyped-def]
    path = company.file("o.csv", "订单号,下单时间,客户编号,金额\nA1,03/04/2025,c1,10\n")
    code, _ = say("", "", command=("collect", str(path)))
    assert code == 5
    assert company.snapshots() == 0


def test_words_of_a_status_can_be_told_on_the_spot(company: Company, say) -> None:  # type: ignore[no-untyped-def]
    path = company.file("o.csv", "订单号,下单时间,客户编号,金额,状态\nA1,2025-03-01,c1,10,妥投\n")
    code, _ = say("", "订单状态:妥投=completed", command=("collect", str(path)))
    assert code == 0
    assert company.rows("orders", "status") == [("completed",)]


def test_a_preview_asks_about_known_layouts_too(company: Company, say) -> None:  # type: ignore[no-untyped-def]
    path = company.file("o.csv", "订单号,下单时间,客户编号,金额\nA1,2025-03-01,c1,10\n")
    say("", command=("collect", str(path)))
    _, said = say("q", command=("collect", str(path), "--preview"))
    assert "回车" in said


def test_nobody_is_asked_where_nobody_sits(company: Company, say) -> None:  # type: ignore[no-untyped-def]
    path = company.file("o.csv", "订单号,下单时间,客户编号,金额\nA1,2025-03-01,c1,10\n")
    code, said = say(command=("collect", str(path), "--no-input"))
    assert code == 0
    assert "回车" not in said
    code, said = say(command=("collect", str(path), "--preview", "--no-input"))
    assert "kind = " in said


def test_what_a_question_measures_is_changed_on_the_spot(company: Company, say) -> None:  # type: ignore[no-untyped-def]
    path = company.file(
        "s.csv", "序号,提交答卷时间,所用时间,1、物流满意度,2、客服满意度\n1,2025-03-01 9:00:00,1秒,5,3\n"
    )
    code, _ = say("q1=csat 1-5", "", command=("collect", str(path)))
    assert code == 0
    assert company.rows("survey_responses", "question, measure", "1") == [
        ("1、物流满意度", "csat"),
        ("2、客服满意度", "other"),
    ]
