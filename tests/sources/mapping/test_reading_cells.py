"""Single cells: what people write, and what it means."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from collecting import Company
from hypothesis import given
from hypothesis import strategies as st

from kexiao.sources.mapping.fields import normal, unit_of
from kexiao.sources.mapping.values.moments import MomentStyle, Undecided, moment_style, read_day, read_moment
from kexiao.sources.mapping.values.names import read_choice, read_email, read_key, read_phone
from kexiao.sources.mapping.values.numbers import NumberStyle, decimal_style, read_money, read_number, read_rate

SHANGHAI = ZoneInfo("Asia/Shanghai")
POINT, COMMA = NumberStyle(), NumberStyle("comma")


@pytest.mark.parametrize(
    ("written", "yuan"),
    [
        ("1234.5", "1234.50"),
        ("12,345.67", "12345.67"),
        ("12，345.67", "12345.67"),
        ("¥12,345.67", "12345.67"),
        ("￥ 12", "12.00"),
        ("CNY 12", "12.00"),
        ("RMB12", "12.00"),
        ("人民币12", "12.00"),
        ("12元", "12.00"),
        ("12 元整", "12.00"),
        ("１２３．４５", "123.45"),
        ("1.2345万", "12345.00"),
        ("1.5万元", "15000.00"),
        ("0.3亿", "30000000.00"),
        ("(1,234.00)", "-1234.00"),
        ("(￥1,234.00)", "-1234.00"),
        ("1234.00-", "-1234.00"),
        ("−12.5", "-12.50"),
        ("-¥5", "-5.00"),
        ("12\u00a0345.67", "12345.67"),
        ("-0.00", "0.00"),
        ("+7", "7.00"),
    ],
)
def test_an_amount_is_read_to_the_fen(written: str, yuan: str) -> None:
    assert read_money(written, POINT).value == yuan


@pytest.mark.parametrize(
    "written", ["0x1F", "1_000", "TRUE", "12%", "inf", "-Infinity", "壹仟贰佰", "1,23,4", "12a", "1.2.3"]
)
def test_what_is_no_amount_is_refused(written: str) -> None:
    read = read_money(written, POINT)
    assert (read.value, read.code) == (None, "not_a_number")


@pytest.mark.parametrize("written", ["NaN", "NULL", "#N/A", "--", "无", "None", "¥"])
def test_a_word_for_nothing_is_missing_and_never_zero(written: str) -> None:
    assert read_money(written, POINT).code == "missing"


def test_an_amount_in_scientific_notation_has_lost_digits_and_is_refused() -> None:
    assert read_money("1.38E+10", POINT).code == "scientific"


def test_an_amount_beyond_any_order_is_refused() -> None:
    assert read_money("99999999999999999999", POINT).code == "too_large"


def test_fractions_of_a_fen_are_rounded_half_even_and_told() -> None:
    assert [read_money(w, POINT).value for w in ("0.125", "0.135", "12.340000000100")] == ["0.12", "0.14", "12.34"]
    assert read_money("0.125", POINT).note == "rounded"
    assert read_money("0.120", POINT).note is None


def test_the_unit_in_the_heading_multiplies() -> None:
    assert unit_of("金额（万元）") == Decimal(10000)
    assert unit_of("amount (cents)") == Decimal("0.01")
    assert read_money("1.234567", NumberStyle("point", unit_of("金额(万元)"))).value == "12345.67"


def test_a_european_column_is_known_by_its_proof() -> None:
    assert decimal_style(["1.234,56", "7,00", "1.234"]) == "comma"
    assert read_money("12.345,67", COMMA).value == "12345.67"
    assert decimal_style(["1.234", "5"]) == "point"
    assert decimal_style(["1,234.56", "1.234,56"]) is None


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_any_amount_survives_being_written_with_thousands_separators(amount: Decimal) -> None:
    assert Decimal(read_money(f"{amount:,.2f}", POINT).value or "x") == amount
    european = f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))
    assert Decimal(read_money(european, COMMA).value or "x") == amount


def test_a_quantity_may_carry_its_counting_word() -> None:
    assert read_number("3件", POINT).value == "3"
    assert read_number("1.5", POINT).value == "1.5"
    assert read_number("TRUE", POINT).code == "not_a_number"


def test_a_rate_may_be_written_as_per_cent_or_as_what_is_paid() -> None:
    assert [read_rate(w, False).value for w in ("20%", "0.2", "8折", "85折")] == ["0.2", "0.2", "0.2", "0.15"]


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2025-01-06 09:00:00", "2025-01-06 01:00:00"),
        ("2025/1/6 9:00", "2025-01-06 01:00:00"),
        ("2025年1月6日 9时00分00秒", "2025-01-06 01:00:00"),
        ("2025-01-06 下午1:05:00", "2025-01-06 05:05:00"),
        ("2025-01-06 上午12:05:00", "2025-01-05 16:05:00"),
        ("2025-01-06 下午12:05:00", "2025-01-06 04:05:00"),
        ("2025-01-06T01:00:00Z", "2025-01-06 01:00:00"),
        ("2025-01-06T09:00:00+05:30", "2025-01-06 03:30:00"),
        ("2025-01-06 09:00:00 +0800", "2025-01-06 01:00:00"),
        ("45663.375", "2025-01-06 01:00:00"),
        ("1736125200", "2025-01-06 01:00:00"),
        ("1736125200000", "2025-01-06 01:00:00"),
        ("20250106090000", "2025-01-06 01:00:00"),
        ("20250106", "2025-01-05 16:00:00"),
        ("2025-03-01 24:00:00", "2025-03-01 16:00:00"),
        ("Jan 6, 2025 09:00", "2025-01-06 01:00:00"),
        ("06.01.2025", "2025-01-05 16:00:00"),
        ("2025-01-06 星期一", "2025-01-05 16:00:00"),
    ],
)
def test_an_instant_is_read_in_business_time_unless_it_says_its_own(written: str, utc: str) -> None:
    assert read_moment(written, MomentStyle(), SHANGHAI).value == utc


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("2025-02-29 10:00:00", "no_such_date"),
        ("2025-13-01", "no_such_date"),
        ("0000-00-00 00:00:00", "no_such_date"),
        ("2025-03-01 25:00:00", "no_such_date"),
        ("上周三", "not_a_date"),
        ("-5", "not_a_date"),
        ("12.50", "not_a_date"),
    ],
)
def test_a_date_that_does_not_exist_is_refused(written: str, code: str) -> None:
    assert read_moment(written, MomentStyle(), SHANGHAI).code == code


def test_a_time_that_the_clock_skipped_is_refused_and_one_that_came_twice_is_told() -> None:
    new_york = ZoneInfo("America/New_York")
    assert read_moment("2025-03-09 02:30:00", MomentStyle(), new_york).code == "no_such_local_time"
    assert read_moment("2025-11-02 01:30:00", MomentStyle(), new_york).note == "twice_in_local_time"


def test_the_whole_column_decides_which_of_day_and_month_comes_first() -> None:
    assert moment_style(["03/04/2025", "25/04/2025"]).order == "dmy"
    assert moment_style(["03/04/2025", "04/25/2025"]).order == "mdy"
    assert read_day("03/04/2025", MomentStyle(order="dmy")).value == "2025-04-03"
    with pytest.raises(Undecided):
        moment_style(["03/04/2025", "05/06/2025"])
    with pytest.raises(Undecided):
        moment_style(["13/04/2025", "04/25/2025"])


def test_two_digit_years_are_read_where_only_one_order_makes_sense_and_told() -> None:
    style = moment_style(["25-01-06", "25-01-31", "25-02-14"])
    assert style.short_year == "ymd"
    assert read_moment("25-01-31", style, SHANGHAI).note == "short_year"


def test_an_id_keeps_its_zeros_and_its_nineteen_digits() -> None:
    assert read_key("000123").value == "000123"
    assert read_key("1009007199254740993").value == "1009007199254740993"
    assert read_key("\u00a0C00002 ").value == "C00002"
    assert read_key("C\u200b1").note == "invisible"
    assert read_key("2.02512E+15").code == "lost_digits"
    assert read_key("12E5").value == "12E5"


@pytest.mark.parametrize(
    "written",
    ["+86 13812345678", "008613812345678", "138-1234-5678", "13812345678.0", "'13812345678", "１３８１２３４５６７８"],
)
def test_a_mobile_number_is_eleven_digits_however_it_is_written(written: str) -> None:
    assert read_phone(written).value == "13812345678"


def test_a_phone_that_a_spreadsheet_destroyed_is_not_made_up_again() -> None:
    assert read_phone("1.38E+10") == read_phone("1.39E+10")
    assert read_phone("1.38E+10").value is None
    assert read_phone("010-12345678").value == "010-12345678"


def test_an_email_is_lower_case_and_a_choice_is_known_by_any_of_its_words() -> None:
    assert read_email("A@B.Com").value == "a@b.com"
    assert read_email("a at b").code == "not_an_email"
    assert read_choice(" 交易成功 ", {"交易成功": "completed"}).value == "completed"
    assert read_choice("谜", {"交易成功": "completed"}).code == "unknown_choice"


def test_a_heading_is_the_same_however_it_is_spelled() -> None:
    assert normal("ORDER ID") == normal("order_id") == normal(" Order-Id　") == "orderid"


def spoilt(written: str, signs: str) -> list[str]:
    """Every sign of a cell exchanged for another."""
    return sorted({written[:at] + sign + written[at + 1 :] for at in range(len(written)) for sign in signs} - {written})


# DuckDB casts some of these to a time of day, and drops what it did not read.
WRITTEN = "2025-01-06 09:00:00"
SPOILT = spoilt(WRITTEN, " +-.:TZ/_c")


def test_a_spoilt_moment_is_read_as_with_care_or_not_at_all(tmp_path: Path) -> None:
    """All in one file of sound ones, so that the quick road is taken where it may be."""
    style = moment_style([WRITTEN], order=None, month_day=None, needed=True)
    company = Company(tmp_path)
    rows = [f"A{n} | {cell} | C1 | 1.00" for n, cell in enumerate([WRITTEN] * 3 + SPOILT)]
    company.load("\n".join(["订单号 | 下单时间 | 客户编号 | 实付金额", *rows]))
    loaded = dict(company.rows("orders", "order_id, ordered_at::VARCHAR", "1"))
    wanted = {
        f"A{n}": f"{read.value[:19].replace('T', ' ')}"
        for n, cell in enumerate([WRITTEN] * 3 + SPOILT)
        if (read := read_moment(cell.strip(), style, SHANGHAI)).value
        and date.fromisoformat(read.value[:10]).year > 1999
    }
    assert {key: at[:19] for key, at in loaded.items()} == wanted


def test_a_spoilt_id_or_phone_is_read_as_with_care_or_not_at_all(tmp_path: Path) -> None:
    """13e00000009 is a number of eleven digits to DuckDB; ids are taken as they are, or cleaned."""
    company = Company(tmp_path)
    cells = [("ID1234", "13812345678")] * 2
    cells += [(cell, "13812345678") for cell in spoilt("ID1234", " +-.:~/_#'e，é")]
    cells += [(f"X{n}", cell) for n, cell in enumerate([*spoilt("13812345678", " +-.:~/_eE2"), "13e00000009"])]
    rows = [f"A{n} | 2025-01-06 09:00:00 | {key} | {phone} | 1.00" for n, (key, phone) in enumerate(cells)]
    company.load("\n".join(["订单号 | 下单时间 | 客户编号 | 手机号 | 实付金额", *rows]))
    held = dict(company.rows("contacts", "source_id, phone", "1"))
    assert held == {read_key(key.strip()).value: read_phone(phone.strip()).value for key, phone in cells}


def test_words_for_nothing_are_neither_a_customer_nor_a_channel(tmp_path: Path) -> None:
    """All orders of nobody would else be those of one large customer."""
    nothing = ["N/A", "none", "NaN", "#N/A", "#REF!", "-", "/", "——", "无", "NULL", "nil"]
    company = Company(tmp_path)
    rows = [f"A{n} | 2025-01-06 | {word} | {word} | 1.00" for n, word in enumerate(nothing)]
    company.load(
        "\n".join(["订单号 | 下单时间 | 客户编号 | 渠道 | 实付金额", *rows, "B | 2025-01-06 | C1 | NA | 1.00"])
    )
    loaded = company.rows("orders", "order_id, customer_id IS NULL, channel", "1")
    assert loaded == [*sorted((f"A{n}", True, None) for n in range(len(nothing))), ("B", False, "NA")]


def test_customers_of_whom_nobody_knows_who_they_are_are_not_one(tmp_path: Path) -> None:
    nobody = ["匿名", "匿名用户", "散客", "游客", "guest", "Guest", "ANONYMOUS", "unknown", "未知", "(not set)"]
    company = Company(tmp_path)
    rows = [f"A{n} | 2025-01-06 | {word} | {word} | 1.00" for n, word in enumerate(nobody)]
    company.load(
        "\n".join(["订单号 | 下单时间 | 客户编号 | 渠道 | 实付金额", *rows, "B | 2025-01-06 | C1 | 官网 | 1.00"])
    )
    loaded = company.rows("orders", "order_id, customer_id IS NULL, channel", "1")
    assert loaded == [*((f"A{n}", True, word) for n, word in enumerate(nobody)), ("B", False, "官网")]


def test_a_name_that_says_nothing_is_nobody(tmp_path: Path) -> None:
    company = Company(tmp_path)
    rows = [f"A{n} | 2025-01-06 | {word} | 1.00" for n, word in enumerate(["无", "-", "N/A", "散客", "Na", "赵一"])]
    company.load("\n".join(["订单号 | 下单时间 | 客户姓名 | 实付金额", *rows]))
    assert {name for (name,) in company.rows("contacts", "name", "1")} == {"Na", "赵一"}


def test_an_id_that_a_program_took_for_a_number_is_the_one_it_was(tmp_path: Path) -> None:
    """A table of ids with one gap in it leaves many programs as 1001.0; the customer is the same as in the next export."""
    company = Company(tmp_path)
    heading = "订单号 | 下单时间 | 客户编号 | 实付金额"
    company.load(f"{heading}\n501.0 | 2025-01-06 | 1001.0 | 1.00\n502.0 | 2025-01-06 | 1002.0 | 1.00")
    company.load(f"{heading}\n503 | 2025-01-07 | 1001 | 1.00\n502 | 2025-01-06 | 1002 | 1.00")
    assert [key for (key,) in company.rows("contacts", "source_id", "1")] == ["1001", "1002"]
    assert [key for (key,) in company.rows("orders", "order_id", "1")] == ["501", "502", "503"]


def test_numbers_of_lines_behind_a_point_stay_as_they_are(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.load("订单号 | 下单时间 | 客户编号 | 实付金额\n7.0 | 2025-01-06 | C1 | 1.00\n7.1 | 2025-01-06 | C1 | 1.00")
    assert [key for (key,) in company.rows("orders", "order_id", "1")] == ["7.0", "7.1"]
