"""Surveys whose questions stand in a column each: what they measure, on which scale, and what is kept of the words."""

from __future__ import annotations

from pathlib import Path

import pytest
from collecting import Company, counts

from kexiao.cycle.collect import propose
from kexiao.sources.mapping.questions import is_spec, question
from kexiao.sources.mapping.values.scores import read_score

NPS = "4、您有多大可能向朋友推荐我们（0-10）？"
CSAT = "3、您对本次服务的总体满意度打分（1-5）"


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


def scores(company: Company) -> list[tuple[str, str, float, float, float]]:
    columns = "question, measure, score, scale_low, scale_high"
    return [row for row in company.rows("survey_responses", columns) if row[2] is not None]


def specs(company: Company, drawn: str) -> dict[str, str]:
    """The questions proposed for a sheet, by heading."""
    (found,) = propose(company.folder, [company.file("s.csv", drawn)])
    assert found.mapping is not None
    return {found.mapping.columns[name]: spec for name, spec in found.mapping.questions.items()}


def test_recommendation_and_satisfaction_are_known_by_their_wording_and_every_answer_is_kept(company: Company) -> None:
    report = company.load(f"""
        序号 | 提交答卷时间       | 所用时间 | 来自IP   | 1、您的性别 | 2、买过什么？ | {CSAT} | {NPS} | 5、建议
        1    | 2025/3/1 9:12:45   | 125秒    | 1.2.3.4  | 女          | 手机┋平板     | 5      | 10    | 很好
        2    | 2025/3/1 10:02:11  | 88秒     | 1.2.3.5  | 男          | 手机          | 4      | 6     | (空)
        """)
    assert counts(report) == (2, 2, 0, 0, 0)
    assert scores(company) == [
        (CSAT, "csat", 4, 1, 5),
        (CSAT, "csat", 5, 1, 5),
        (NPS, "nps", 6, 0, 10),
        (NPS, "nps", 10, 0, 10),
    ]
    words = company.rows("survey_responses", "question, measure, comment", "1, 3")
    assert [row for row in words if row[2]] == [
        ("1、您的性别", "other", "女"),
        ("1、您的性别", "other", "男"),
        ("2、买过什么？", "other", "手机"),
        ("2、买过什么？", "other", "手机┋平板"),
        ("5、建议", "other", "很好"),
    ]
    assert any("按 NPS 0-10 读取" in told.zh for told in report.warnings)


def test_the_second_file_of_a_layout_that_was_confirmed_is_read_without_questions(company: Company) -> None:
    drawn = f"序号 | 提交答卷时间 | 所用时间 | {NPS}\n1 | 2025/3/1 9:12:45 | 1秒 | 9\n"
    assert company.load(drawn).warnings
    assert company.load(drawn.replace("1 | 2025/3/1", "1 | 2025/4/1"), name="april.csv").warnings == ()
    assert len(scores(company)) == 2  # the running number starts anew in each survey; both answers are there


def test_a_questionnaire_exported_again_with_more_answers_adds_only_these(company: Company) -> None:
    head = f"序号 | 提交答卷时间 | 所用时间 | {NPS}\n"
    first = "1 | 2025/3/1 9:12:45 | 1秒 | 9\n"
    company.load(head + first)
    report = company.load(head + first + "2 | 2025/3/2 9:00:00 | 1秒 | 3\n", name="later.csv")
    assert counts(report) == (2, 1, 0, 1, 0)
    assert [row[2] for row in scores(company)] == [3, 9]


def test_words_of_a_five_step_scale_count_as_their_steps(company: Company) -> None:
    company.load(f"""
        序号 | 提交答卷时间      | 所用时间 | {CSAT}
        1    | 2025-03-01 9:00:00 | 1秒 | 非常满意
        2    | 2025-03-01 9:01:00 | 1秒 | 满意
        3    | 2025-03-01 9:02:00 | 1秒 | 一般
        4    | 2025-03-01 9:03:00 | 1秒 | 很不满意
        """)
    assert [row[2] for row in scores(company)] == [1, 3, 4, 5]


def test_words_that_are_no_usual_five_steps_stay_words(company: Company) -> None:
    found = specs(
        company,
        f"序号 | 提交答卷时间 | 所用时间 | {CSAT.replace('（1-5）', '')}\n1 | 2025-03-01 9:00:00 | 1秒 | 满意\n2 | 2025-03-01 9:00:01 | 1秒 | 比较满意\n",
    )
    assert list(found.values()) == ["answer"]


def test_the_option_number_eleven_shows_that_options_are_counted_from_one(company: Company) -> None:
    company.load(f"""
        序号 | 提交答卷时间      | 所用时间 | 1、性别 | 2、买过什么 | {NPS}
        1    | 2025-03-01 9:00:00 | 1秒 | 1 | 1┋3 | 11
        2    | 2025-03-01 9:01:00 | 1秒 | 2 | 2   | 1
        3    | 2025-03-01 9:02:00 | 1秒 | 1 | -3  | 8
        """)
    assert [row[2] for row in scores(company)] == [0, 7, 10]
    answers = company.rows("survey_responses", "comment", "1")
    assert "-3" not in [row[0] for row in answers]


def test_parts_of_satisfaction_are_no_overall_satisfaction(company: Company) -> None:
    found = specs(
        company,
        "序号 | 提交答卷时间 | 所用时间 | 1、请评价满意度—物流 | 1、请评价满意度—客服 | 2、总体满意度 | 3、推荐意愿 | 4、问题解决得轻松吗（1-7）\n"
        "1 | 2025-03-01 9:00:00 | 1秒 | 5 | 3 | 4 | 9 | 7\n",
    )
    assert found == {
        "1、请评价满意度—物流": "other 1-5",
        "1、请评价满意度—客服": "other 1-5",
        "2、总体满意度": "csat 1-5",
        "3、推荐意愿": "nps 0-10",
        "4、问题解决得轻松吗（1-7）": "ces 1-7",
    }


def test_several_questions_about_satisfaction_of_which_none_is_overall_are_not_guessed(company: Company) -> None:
    found = specs(
        company,
        "序号 | 提交答卷时间 | 所用时间 | 1、物流满意度 | 2、客服满意度\n1 | 2025-03-01 9:00:00 | 1秒 | 5 | 3\n",
    )
    assert set(found.values()) == {"other 1-5"}


def test_recommendation_on_five_steps_is_no_net_promoter_score(company: Company) -> None:
    found = specs(
        company, "序号 | 提交答卷时间 | 所用时间 | 1、您愿意推荐给朋友吗（1-5）\n1 | 2025-03-01 9:00:00 | 1秒 | 5\n"
    )
    assert list(found.values()) == ["other 1-5"]


def test_why_people_are_not_satisfied_is_no_score(company: Company) -> None:
    found = specs(
        company,
        "序号 | 提交答卷时间 | 所用时间 | 1、不满意的原因是什么？\n1 | 2025-03-01 9:00:00 | 1秒 | 太慢\n2 | 2025-03-01 9:01:00 | 1秒 | 3天才到\n",
    )
    assert list(found.values()) == ["answer"]


def test_a_phone_asked_for_ties_the_answer_to_its_customer_and_is_not_stored_as_an_answer(company: Company) -> None:
    company.load("订单号 | 下单时间 | 手机号 | 金额\nA1 | 2025-02-01 | 13812345678 | 10\n")
    company.load(
        f"序号 | 提交答卷时间 | 所用时间 | 1、您的手机号 | {NPS}\n1 | 2025-03-01 9:00:00 | 1秒 | 13812345678 | 9\n",
        name="s.csv",
    )
    answered = {row[0] for row in company.rows("survey_responses", "customer_id")}
    assert answered == {row[0] for row in company.rows("orders", "customer_id")}
    assert not any("13812345678" in str(row) for row in company.rows("survey_responses"))


def test_a_customer_number_in_a_link_parameter_ties_the_answer_to_its_customer(company: Company) -> None:
    company.load(f"序号 | 提交答卷时间 | 所用时间 | 自定义参数 | {NPS}\n1 | 2025-03-01 9:00:00 | 1秒 | c7 | 9\n")
    assert company.rows("survey_responses", "customer_id")[0][0] is not None
    assert company.rows("contacts", "origin, source_id") == [("file", "c7")]


def test_an_address_asked_for_is_left_out_and_told(company: Company) -> None:
    report = company.load(
        f"序号 | 提交答卷时间 | 所用时间 | 1、您的住址 | {NPS}\n1 | 2025-03-01 9:00:00 | 1秒 | 某路1号 | 9\n"
    )
    assert any("没有导入" in told.zh for told in report.warnings)
    assert not any("某路1号" in str(row) for row in company.rows("survey_responses"))


def test_a_score_outside_its_scale_refuses_the_answer(company: Company) -> None:
    report = company.load(
        f"序号 | 提交答卷时间 | 所用时间 | {NPS}\n1 | 2025-03-01 9:00:00 | 1秒 | 15\n2 | 2025-03-01 9:01:00 | 1秒 | 7\n"
    )
    assert counts(report) == (2, 1, 1, 0, 0)


def test_an_answer_sheet_without_any_answer_is_refused_and_not_counted_as_loaded(company: Company) -> None:
    report = company.load(
        f"序号 | 提交答卷时间 | 所用时间 | {NPS}\n1 | 2025-03-01 9:00:00 | 1秒 | (跳过)\n2 | 2025-03-01 9:01:00 | 1秒 | 7\n"
    )
    assert counts(report) == (2, 1, 1, 0, 0)


def test_what_a_question_measures_can_be_changed_in_the_mapping_file(company: Company) -> None:
    drawn = "序号 | 提交答卷时间 | 所用时间 | 1、物流满意度 | 2、客服满意度\n1 | 2025-03-01 9:00:00 | 1秒 | 5 | 3\n"
    company.load(drawn)
    (path,) = (company.folder.root / "mappings").glob("surveys-*.toml")
    path.write_text(path.read_text(encoding="utf-8").replace('q1 = "other 1-5"', 'q1 = "csat 1-5"'), encoding="utf-8")
    company.load(drawn.replace("1 | 2025-03-01", "2 | 2025-03-02"), name="b.csv")
    assert {(row[0], row[1]) for row in scores(company)} == {
        ("1、物流满意度", "other"),
        ("1、物流满意度", "csat"),
        ("2、客服满意度", "other"),
    }


def test_a_push_has_a_row_for_each_numbered_question(company: Company) -> None:
    path = company.root / "push.json"
    path.write_text(
        '{"activity": "56", "name": "回访", "timetaken": "5", "submittime": "2025-03-01 10:00:00", "q1": "1", "q2": "测试", "joinid": "777"}',
        encoding="utf-8",
    )
    assert counts(company.collect(path)) == (1, 1, 0, 0, 0)
    assert company.rows("survey_responses", "response_id, survey, question, comment") == [
        ("777", "回访", "q1", "1"),
        ("777", "回访", "q2", "测试"),
    ]


def test_the_words_for_a_question_are_checked() -> None:
    assert [is_spec(spec) for spec in ("csat 1-5", "nps 0-10 from 1", "answer", "skip")] == [True] * 4
    assert not any(is_spec(spec) for spec in ("nps", "csat 5-1", "mood 1-5", ""))
    assert question("nps 0-10 from 1").shift == 1  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("written", "score"),
    [
        ("5", "5"),
        ("５分", "5"),
        ("4 星", "4"),
        ("10（非常可能）", "10"),
        ("very satisfied", "5"),
        ("Neutral", "3"),
        ("不太满意", "2"),
        ("非常不满意", "1"),
        ("比较容易", "4"),
    ],
)
def test_a_score_is_read_with_or_without_its_words(written: str, score: str) -> None:
    assert read_score(written).value == score


@pytest.mark.parametrize("written", ["手机┋平板", "1┋3", "1,3", "太慢", "满意但是慢"])
def test_what_is_no_score_is_not_made_one(written: str) -> None:
    assert read_score(written).code == "not_a_number"
