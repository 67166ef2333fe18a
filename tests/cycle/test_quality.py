"""Accuracy, completeness and lateness against numbers counted by hand, and what they stop."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from collecting import LATER, Company

from kexiao.cli.main import main
from kexiao.cycle.quality import Quality, limits_from, quality, schedule_from
from kexiao.cycle.quality_gate import refuse_poor_data
from kexiao.engine.folder import Folder
from kexiao.errors import InputRejected, WrongUse
from kexiao.tables.rules import CONDITIONS, rules_of

ORDERS = """
    订单号 | 下单时间            | 客户编号 | 渠道 | 商品编号 | 数量 | 实付金额
    A1     | 2025-01-06 09:00:00 | C1       | 天猫 | P1       | 2    | 90.00
    A2     | 2025-01-07 10:00:00 | C2       |      | P2       | 1    | 50.00
    A3     | 不是日期            | C3       | 门店 | P1       | 1    | 70.00
    A4     | 2025-01-08 10:00:00 |          | 门店 | P1       | 900  | 45.00
"""


@pytest.fixture
def company(tmp_path: Path) -> Company:
    made = Company(tmp_path)
    made.load(ORDERS, name="订单_202501.csv")
    return made


def told(found: Quality, metric: str, table: str) -> tuple[object, ...]:
    value = found.of(metric, table)
    assert value is not None
    return value.numerator, value.denominator, value.value


def with_rules(company: Company, words: str) -> Folder:
    (company.folder.root / "rules").mkdir(exist_ok=True)
    (company.folder.root / "rules" / "own.toml").write_text(words, encoding="utf-8")
    return company.folder


def with_settings(company: Company, **parts: object) -> Folder:
    return Folder(company.folder.root, {**company.folder.settings, **parts})


def test_refused_rows_count_as_wrong_and_missing_values_as_missing(company: Company) -> None:
    found = quality(company.folder)
    # Three orders stand; one row was refused. Each order needs an id, an instant, its date and a status: 4 × 4, none of them empty.
    assert told(found, "data_accuracy", "orders") == (3, 4, 0.75)
    assert told(found, "data_completeness", "orders") == (16, 16, 1.0)
    assert told(found, "data_accuracy", "order_lines") == (3, 3, 1.0)
    warned = {(one.rule.table, one.rule.column): (one.rows, one.broken) for one in found.rules if one.broken}
    assert warned[("orders", "channel")] == (3, 1) and warned[("orders", "customer_id")] == (3, 1)


def test_a_corrected_file_of_the_same_name_clears_what_was_refused_before(company: Company) -> None:
    company.load(ORDERS.replace("不是日期           ", "2025-01-07 11:00:00"), name="订单_202501.csv", at=LATER)
    assert told(quality(company.folder), "data_accuracy", "orders") == (4, 4, 1.0)


def test_refused_rows_of_a_workbook_count_for_the_table_of_their_sheet(company: Company) -> None:
    import xlsxwriter

    path = company.root / "book.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for name, rows in {
            "订单": [
                ["订单号", "下单时间", "客户编号", "实付金额"],
                ["X1", "2025-03-01 10:00:00", "C1", 10],
                ["X2", "从前", "C2", 20],
            ],
            "费用": [
                ["日期", "渠道", "费用类型", "金额"],
                ["2025-03-01", "抖音", "媒体", 5],
                ["2025-03-02", "抖音", "媒体", 6],
            ],
        }.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    company.collect(path)
    found = quality(company.folder)
    assert told(found, "data_accuracy", "orders") == (4, 6, pytest.approx(4 / 6))
    assert told(found, "data_accuracy", "spend") == (2, 2, 1.0)


def test_rules_of_the_company_count_and_warnings_do_not(company: Company) -> None:
    folder = with_rules(
        company,
        """
        [[rule]]
        table = "order_lines"
        column = "quantity"
        condition = "at_most"
        value = 100
        [[rule]]
        table = "orders"
        column = "channel"
        condition = "filled"
        [[rule]]
        table = "orders"
        column = "channel"
        condition = "one_of"
        value = ["天猫"]
        severity = "warning"
        zh = "只认天猫"
        en = "only Tmall"
        """,
    )
    found = quality(folder)
    assert told(found, "data_accuracy", "order_lines") == (2, 3, pytest.approx(2 / 3))
    assert told(found, "data_completeness", "orders") == (19, 20, 0.95)
    assert told(found, "data_accuracy", "orders") == (3, 4, 0.75), "a missing value is incomplete, not wrong"
    own = {one.rule.words().zh: (one.rows, one.broken) for one in found.rules if one.rule.own}
    assert own == {"数量不大于 100": (3, 1), "渠道不能为空": (3, 1), "只认天猫": (3, 1)}


def test_values_are_told_by_source_and_the_trend_by_load(company: Company) -> None:
    company.load(ORDERS.replace("A", "B").replace("不是日期           ", "2025-02-07 11:00:00"), name="订单_202502.csv")
    company.load(ORDERS.replace("A", "D"), name="门店 1.csv")
    found = quality(company.folder)
    by_source = {
        v.dimensions["source"]: (v.numerator, v.denominator)
        for v in found.sources
        if v.metric == "data_accuracy" and v.dimensions["table"] == "orders"
    }
    assert by_source == {"订单": (7, 8), "门店": (3, 4)}
    assert [(v.dimensions["file"], v.numerator, v.denominator) for v in found.loads] == [
        ("订单_202501.csv", 3, 4),
        ("订单_202502.csv", 4, 4),
        ("门店 1.csv", 3, 4),
    ]
    assert {v.unit for v in found.loads} == {"ratio"} and all(v.snapshot == "s000003" for v in found.tables)


@pytest.mark.parametrize(
    ("now", "late"),
    [("2025-01-08T10:00:00+08:00", 0), ("2025-01-09T10:00:00+08:00", 0), ("2025-01-09T16:30:00+08:00", 6.5), ("2025-01-11T10:00:00+08:00", 48)],
)  # fmt: skip
def test_the_newest_row_is_late_by_the_hours_over_its_schedule(company: Company, now: str, late: float) -> None:
    folder = with_settings(company, freshness={"orders": "1 day"})
    value = quality(folder, now=datetime.fromisoformat(now)).of("data_timeliness", "orders")
    assert value is not None and value.value == late and value.unit == "hours"
    assert value.settings == {"allowed_hours": 24.0, "newest": "2025-01-08T10:00+08:00"}


def test_a_day_counts_to_its_end_in_the_business_time_zone(company: Company) -> None:
    company.load("日期|渠道|费用类型|金额\n2025-01-08|抖音|媒体|10\n", name="spend.csv")
    folder = with_settings(company, freshness={"spend": "12 小时"})
    value = quality(folder, now=datetime(2025, 1, 9, 5, tzinfo=UTC)).of("data_timeliness", "spend")
    assert value is not None and value.value == 1.0


def test_without_a_schedule_nothing_is_called_late_and_the_reason_is_told(company: Company) -> None:
    value = quality(company.folder).of("data_timeliness", "orders")
    assert value is not None and value.value is None and value.reason is not None and "[freshness]" in value.reason.en


def test_data_below_a_limit_stop_a_close_with_the_reason_and_the_next_step(company: Company) -> None:
    with pytest.raises(WrongUse) as refused:
        refuse_poor_data(company.folder, {"orders"})
    assert "75.0%" in refused.value.message("zh") and "kexiao check" in refused.value.message("zh")
    refuse_poor_data(company.folder, {"spend"})
    refuse_poor_data(with_settings(company, quality={"accuracy": 0.75}), {"orders"})
    late = with_settings(company, quality={"accuracy": 0, "late_hours": 5}, freshness={"orders": "1 day"})
    refuse_poor_data(late, {"orders"}, now=datetime.fromisoformat("2025-01-09T14:00:00+08:00"))
    with pytest.raises(WrongUse, match="6 小时"):
        refuse_poor_data(late, {"orders"}, now=datetime.fromisoformat("2025-01-09T16:00:00+08:00"))


CARD = """
id = "co"
name = { zh = "公司", en = "Company" }
subject = "company"
since = 2020-01-01

[[indicators]]
metric = "net_sales"
weight = 100
floor = 0
target = 100
stretch = 200
"""


def test_assess_refuses_to_close_on_poor_data_and_closes_on_good(
    company: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    company.load(ORDERS.replace("A", "M").replace("2025-01", "2025-02"), name="订单_202502.csv")
    root = company.folder.root
    (root / "scorecards" / "co.toml").write_text(CARD, encoding="utf-8")
    arguments = ["assess", "co", "--period", "2025-01", "-w", str(root)]
    assert main(arguments) == 0
    assert main([*arguments, "--close"]) == 2
    assert "数据质量不够" in capsys.readouterr().err and not list((root / "closes").glob("co-*"))
    for month in ("01", "02"):
        good = ORDERS.replace("不是日期           ", f"2025-{month}-07 11:00:00").replace("2025-01", f"2025-{month}")
        company.load(good if month == "01" else good.replace("A", "M"), name=f"订单_2025{month}.csv", at=LATER)
    assert main([*arguments, "--close"]) == 0
    assert main(["check", "--closed", "-w", str(root)]) == 0
    company.load(ORDERS.replace("A", "N"), name="late.csv")
    capsys.readouterr()
    assert main(["check", "--closed", "-w", str(root), "--format", "csv"]) == 9
    assert "net_sales" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ('table = "orders"\ncolumn = "chanel"\ncondition = "filled"', "channel"),
        ('table = "orders"\ncolumn = "channel"\ncondition = "fills"', "filled"),
        ('table = "orders"\ncolumn = "channel"\ncondition = "at_most"\nvalue = 3', "channel"),
        ('table = "orders"\ncolumn = "amount"\ncondition = "at_most"\nvalue = "3"', "amount"),
        ('table = "orders"\ncolumn = "amount"\ncondition = "at_most"\nvalue = 3\nunit = "USD"', "CNY"),
        ('table = "orders"\ncolumn = "amount"\ncondition = "at_most"\nvalue = 3\nseverity = "fatal"', "severity"),
        ('table = "orders"\ncolumn = "channel"\ncondition = "matches"\nvalue = "("', "channel"),
        ('table = "contacts"\ncolumn = "phone"\ncondition = "filled"', "质量规则"),
        ('table = "orders"\ncolumn = "channel"\ncondition = "filled"\nsql = "1; DROP TABLE"', "sql"),
        ('table = "orders"\ncolumn = "amount"\ncondition = "at_most_column"\nvalue = "channel"', "amount"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_meant_is_refused_by_its_place(company: Company, words: str, part: str) -> None:
    folder = with_rules(company, f"[[rule]]\n{words}\n")
    with pytest.raises(InputRejected) as refused:
        quality(folder)
    assert "own.toml" in refused.value.message("zh") and part in refused.value.message("zh")


def test_every_condition_can_be_written_and_counted(company: Company) -> None:
    rules = {
        "filled": ("channel", "", 1),
        "at_least": ("amount", "value = 46", None),
        "at_most": ("amount", "value = 46", None),
        "above": ("amount", "value = 0", None),
        "below": ("amount", "value = 1e9", None),
        "one_of": ("channel", 'value = ["天猫", "x\'y"]', 1),
        "none_of": ("channel", 'value = ["天猫"]', 1),
        "at_least_column": ("ordered_on", 'value = "ordered_on"', 0),
        "at_most_column": ("ordered_on", 'value = "ordered_on"', 0),
        "matches": ("order_id", 'value = "A[12]"', 1),
    }
    assert set(rules) == set(CONDITIONS)
    written = "".join(
        f'[[rule]]\ntable = "orders"\ncolumn = "{column}"\ncondition = "{name}"\n{value}\n'
        for name, (column, value, _) in rules.items()
    )
    found = {one.rule.condition: one.broken for one in quality(with_rules(company, written)).rules if one.rule.own}
    for name, (_, _, broken) in rules.items():
        assert broken is None or found[name] == broken, name


@pytest.mark.parametrize("given", [{"accuracy": 1.5}, {"acuracy": 0.5}, {"late_hours": "2"}, {"completeness": -1}])
def test_limits_that_cannot_be_meant_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(InputRejected):
        limits_from({"quality": given})


@pytest.mark.parametrize("given", [{"orders": "often"}, {"ordres": "1 day"}, {"products": "1 day"}, {"orders": 3}])
def test_schedules_that_cannot_be_meant_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(InputRejected):
        schedule_from({"freshness": given})


def test_check_prints_it_as_table_json_and_csv(company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["check", "-w", str(company.folder.root), "--format"]
    capsys.readouterr()
    assert main([*arguments, "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    orders = next(
        v for v in found["quality"] if v["metric"] == "data_accuracy" and v["dimensions"] == {"table": "orders"}
    )
    assert (orders["value"], orders["numerator"], orders["denominator"], orders["unit"]) == (0.75, 3, 4, "ratio")
    assert main([*arguments, "csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("metric,period,table,source,load,value") and any("data_accuracy" in one for one in lines)
    assert main([*arguments, "table"]) == 0
    shown = capsys.readouterr().out
    assert "75.0 %" in shown and "低于关账门槛" in shown


def test_the_rules_that_come_with_the_tables_are_rules_that_could_be_written(tmp_path: Path) -> None:
    from kexiao.tables.catalogue import table_named
    from kexiao.tables.rules import _fault

    for rule in rules_of(tmp_path, "CNY"):
        table = table_named(rule.table)
        given = {"condition": rule.condition, "value": rule.value, "severity": rule.severity}
        assert _fault(table, table.by_name[rule.column], given, "CNY") is None, rule
        assert rule.words().zh and rule.words().en


def test_quality_is_measured_by_the_command_that_measures_everything(
    company: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["-w", str(company.folder.root)]

    def measured(*words: str) -> list[dict[str, object]]:
        capsys.readouterr()
        assert main(["measure", *words, "--format", "json", *place]) == 0
        found: list[dict[str, object]] = json.loads(capsys.readouterr().out)
        return found

    (orders,) = [one for one in measured("data_accuracy") if one["dimensions"] == {"table": "orders"}]
    assert (orders["numerator"], orders["denominator"], orders["value"]) == (3, 4, 0.75)
    both = measured("data_accuracy", "orders", "--period", "2025-01")
    assert {one["metric"] for one in both} == {"data_accuracy", "orders"}
    by_source = measured("data_completeness", "--by", "source")
    assert {"table": "orders", "source": "订单"} in [one["dimensions"] for one in by_source]
    assert main(["measure", "data_accuracy", *place, "--lang", "zh"]) == 0
    assert "75.0 %" in (said := capsys.readouterr().out) and "订单" in said and "准确性" in said
    assert main(["measure", "data_accuracy", "--by", "channel", *place]) == 2
    assert main(["measure", "data_accuracy", "--period", "2025", "--grain", "month", *place]) == 2
