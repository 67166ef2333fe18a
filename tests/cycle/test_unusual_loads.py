"""A load quite unlike those before it is held until a person says that it is meant; everything else goes through."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from collecting import Company

from kexiao.cli.main import main
from kexiao.cycle.collect import collect, undo
from kexiao.engine.store import Store
from kexiao.errors import Ambiguous

HEAD = "订单号|下单时间|客户编号|金额\n"


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


def orders(prefix: str, count: int = 20, *, times: float = 1, day: str = "2025-01-01") -> str:
    return HEAD + "".join(f"{prefix}{i}|{day}|c{i}|{(100 + i) * times:.2f}\n" for i in range(count))


@pytest.mark.parametrize("times", [100, 10_000, 0.01, 0.0001])
def test_amounts_in_another_unit_are_held_and_nothing_is_loaded(company: Company, times: float) -> None:
    big = max(1, 1 / times)
    company.load(orders("A", times=big))
    before = company.rows("orders")
    with pytest.raises(Ambiguous) as held:
        company.load(orders("B", times=times * big), name="2.csv")
    assert held.value.exit_code == 5
    assert "--accept-change" in held.value.message("en") and "drifted" in held.value.message("en")
    assert company.rows("orders") == before and company.snapshots() == 1
    path = company.root / "2.csv"
    report = collect(company.folder, [path], accept_change=True)
    assert report.rows_loaded == 20 and any("drifted" in words.en for words in report.warnings)
    assert len(company.rows("orders")) == 40


def test_spend_in_another_unit_is_held_too(company: Company) -> None:
    head = "日期|渠道|费用类型|金额\n"
    company.load(head + "".join(f"2025-01-{i + 1:02d}|抖音|媒体|{1000 + i}\n" for i in range(15)), name="spend1.csv")
    with pytest.raises(Ambiguous, match="异常"):
        company.load(
            head + "".join(f"2025-02-{i + 1:02d}|抖音|媒体|{100000 + i}\n" for i in range(15)), name="spend2.csv"
        )


@pytest.mark.parametrize("times", [0.1, 3, 10, 25])
def test_a_sale_or_a_price_rise_goes_through(company: Company, times: float) -> None:
    company.load(orders("A"))
    assert company.load(orders("B", times=times), name="2.csv").rows_loaded == 20


def test_half_the_usual_rows_are_held_and_the_usual_is_not(company: Company) -> None:
    for number, count in enumerate((40, 44, 38, 42)):
        company.load(orders(f"D{number}-", count, day=f"2025-01-0{number + 1}"), name=f"日报_2025010{number + 1}.csv")
    assert company.load(orders("E", 30), name="日报_20250105.csv").rows_loaded == 30
    with pytest.raises(Ambiguous) as held:
        company.load(orders("F", 15), name="日报_20250106.csv")
    assert "15" in held.value.message("zh") and "40" in held.value.message("zh")
    with pytest.raises(Ambiguous):
        company.load(orders("G", 900), name="日报_20250107.csv")
    assert company.load(orders("H", 5), name="补录.csv").rows_loaded == 5, "another source has no usual yet"
    assert company.load(orders("D0-", 40), name="日报_20250101.csv").load_id is None, "a file known already is no news"


def test_files_that_always_differ_in_length_have_no_usual(company: Company) -> None:
    for number, count in enumerate((5, 50, 12, 90, 30)):
        company.load(orders(f"D{number}-", count), name=f"日报_{number}.csv")
    assert company.load(orders("X", 6), name="日报_9.csv").rows_loaded == 6


def test_what_was_accepted_once_is_put_in_again_by_an_undo_of_another_load(company: Company) -> None:
    company.load(orders("A"))
    first = company.load(orders("Z", 1), name="z.csv").load_id
    company.file("2.csv", orders("B", times=100))
    collect(company.folder, [company.root / "2.csv"], accept_change=True)
    assert first is not None
    undo(company.folder, first)
    assert len(company.rows("orders")) == 40


def test_the_command_line_asks_with_code_5_and_takes_yes_for_an_answer(
    company: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    company.load(orders("A"))
    path = company.file("2.csv", orders("B", times=100))
    arguments = ["collect", str(path), "-w", str(company.folder.root), "--format", "json", "--no-input"]
    assert main(arguments) == 5
    told = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert (told["rows_loaded"], told["errors"][0]["code"]) == (0, "ambiguous")
    assert Store(company.folder.data).numbers() == [1]
    assert main([*arguments, "--accept-change"]) == 0
