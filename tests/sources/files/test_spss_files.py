"""SPSS files: words for codes, numbers for scales, dates, missing values, long texts, old encodings, and false sizes."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import pytest

from kexiao.errors import InputRejected
from kexiao.sources.files import Limits, read_file

from .conftest import Read
from .spss_writer import Var, sav

pytest.importorskip("pyreadstat")

GENDER = Var("Q1", "您的性别", words={1: "男", 2: "女"})
CSAT = Var("Q2", "总体满意度", words={1: "很不满意", 5: "很满意", 99: "拒答"}, missing=(99,))
CITY = Var("city", "城市", width=12)


def since_1582(moment: dt.datetime) -> float:
    return (moment - dt.datetime(1582, 10, 14)).total_seconds()


def test_codes_become_their_words_and_steps_of_a_scale_stay_numbers(read: Read) -> None:
    [table] = read(sav([GENDER, CSAT, CITY], [[1, 5, "上海"], [2, 3, "北京"]]))
    assert table.sheet.header == ("您的性别", "总体满意度", "城市")
    assert table.cells == [["男", "5", "上海"], ["女", "3", "北京"]]
    assert "Scales are read as numbers, not as their labels: 总体满意度" in table.warnings


def test_what_the_survey_calls_missing_is_empty_and_told(read: Read) -> None:
    [table] = read(sav([CSAT, CITY], [[5, "上海"], [99, "北京"], [None, "广州"]]))
    assert table.cells == [["5", "上海"], ["", "北京"], ["", "广州"]]
    assert "总体满意度: 1 answers are what the survey calls missing" in table.warnings


def test_yes_and_no_are_words_even_where_the_question_speaks_of_recommending(read: Read) -> None:
    told = Var("Q3", "您向朋友推荐过我们吗", words={1: "是", 2: "否"})
    [table] = read(sav([told, CITY], [[1, "a"], [2, "b"]]))
    assert [row[0] for row in table.cells] == ["是", "否"]


def test_a_number_with_a_word_for_one_value_is_still_a_number(read: Read) -> None:
    times = Var("Q4", "去年购买次数", words={0: "没有"})
    [table] = read(sav([times, CITY], [[0, "a"], [3, "b"], [12, "c"], [7, "d"]]))
    assert [row[0] for row in table.cells] == ["0", "3", "12", "7"]


def test_a_code_without_a_word_stays_and_is_told(read: Read) -> None:
    [table] = read(sav([GENDER, CITY], [[1, "a"], [2, "b"], [3, "c"]]))
    assert [row[0] for row in table.cells] == ["男", "女", "3"]
    assert "1 codes have no label" in table.warnings


def test_dates_times_and_months_are_read_by_their_formats(read: Read) -> None:
    moment = dt.datetime(2025, 3, 1, 9, 12, 45)
    seconds = since_1582(moment)
    day = since_1582(dt.datetime(2025, 3, 1))
    variables = [
        Var("d", form="DATE"),
        Var("t", form="DATETIME"),
        Var("y", form="YMDHMS"),
        Var("m", form="MOYR"),
        Var("l", form="TIME"),
        Var("n", width=4),
    ]
    [table] = read(sav(variables, [[day, seconds, seconds, day, 125, "x"]]))
    assert table.cells == [["2025-03-01", "2025-03-01 09:12:45", "2025-03-01 09:12:45", "2025-03", "0:02:05", "x"]]
    assert table.sheet.typed["d"] == "date"


def test_texts_of_nine_thousand_bytes_come_whole(read: Read) -> None:
    long = "评价" * 1500
    [table] = read(sav([CITY, Var("open", "开放题", width=9000)], [["上海", long], ["北京", "短"]]))
    assert table.cells == [["上海", long], ["北京", "短"]]


def test_an_old_chinese_file_that_names_no_encoding_is_read_as_gb18030(read: Read) -> None:
    content = sav([GENDER, CITY], [[1, "上海"]], encoding="gb18030", names_encoding=False)
    [table] = read(content)
    assert table.sheet.header == ("您的性别", "城市")
    assert table.cells == [["男", "上海"]]


def test_a_file_that_says_gbk_is_read_so(read: Read) -> None:
    [table] = read(sav([GENDER, CITY], [[2, "北京"]], encoding="gbk"))
    assert table.cells == [["女", "北京"]]


def test_labels_that_several_variables_share_get_their_names_beside_them(read: Read) -> None:
    [table] = read(sav([Var("a", "满意度"), Var("b", "满意度"), CITY], [[1, 2, "x"]]))
    assert table.sheet.header == ("满意度 [a]", "满意度 [b]", "城市")


def test_a_file_cut_off_is_refused_and_not_read_in_part(read: Read) -> None:
    content = sav([GENDER, CITY], [[1, "上海"]] * 50)
    for cut in (8, 100, len(content) // 2, len(content) - 200):
        with pytest.raises(InputRejected):
            read(content[:-cut] if cut < 150 else content[:cut])


def test_a_header_that_claims_a_billion_rows_is_refused_without_asking_for_memory(tmp_path: Path) -> None:
    path = tmp_path / "s.sav"
    path.write_bytes(sav([GENDER, CITY], [[1, "上海"]] * 50, claimed_rows=10**9))
    with pytest.raises(InputRejected) as caught:
        read_file(path, tmp_path / "work", original_name="s.sav", limits=Limits(memory_bytes=1024**3))
    assert "claims 1000000000 rows" in caught.value.message("en")


def test_rows_beyond_or_short_of_what_the_header_claims_are_never_passed_over(read: Read) -> None:
    for claimed in (49, 51):
        with pytest.raises(InputRejected):
            read(sav([GENDER, CITY], [[1, "上海"]] * 50, claimed_rows=claimed))


def test_a_header_that_does_not_know_its_rows_gives_all_of_them(read: Read) -> None:
    [table] = read(sav([GENDER, CITY], [[1, "上海"]] * 50, claimed_rows=-1))
    assert len(table.rows) == 50


def test_rows_read_in_portions_are_the_same_rows(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kexiao.sources.files.spss.CELLS_AT_ONCE", 14)
    [table] = read(sav([Var("n"), CITY], [[number, "上海"] for number in range(49)]))
    assert [row[0] for row in table.cells] == [str(number) for number in range(49)]


def test_a_table_named_sav_that_is_no_spss_file_is_refused_in_one_clear_message(tmp_path: Path) -> None:
    path = tmp_path / "x.sav"
    path.write_text("订单号,金额\nSO1,5\n", encoding="utf-8")
    with pytest.raises(InputRejected) as caught:
        read_file(path, tmp_path / "work", original_name="调查.sav")
    assert "named SPSS (.sav), but it is none" in caught.value.message("en")


def test_without_the_extra_the_next_step_is_named(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyreadstat", None)
    with pytest.raises(InputRejected) as caught:
        read(sav([GENDER, CITY], [[1, "上海"]]))
    assert "pip install 'kexiao[spss]'" in caught.value.message("zh")
