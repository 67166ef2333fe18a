"""``kexiao analyze`` and ``kexiao report`` as typed: what is written, what is printed, and the exit code of each kind of bad input."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kexiao.cli.main import main
from kexiao.facts.formula import ScoreMean, walk
from kexiao.metrics.catalogue import metric_named

AS_OF = ["--now", "2026-11-22"]


def run(*words: str | Path) -> int:
    return main([str(word) for word in words])


def test_it_writes_a_report_and_prints_the_main_figures(
    orders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "out.html"
    assert run("analyze", orders, "-o", target, *AS_OF, "--lang", "zh") == 0
    printed = capsys.readouterr().out
    assert target.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert "净销售额" in printed and str(target) in printed


def test_without_o_the_report_is_in_this_folder(orders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    assert run("analyze", orders, *AS_OF) == 0
    assert [path.name for path in here.iterdir()] == ["report.html"]


def test_json_is_the_whole_analysis_and_names_nobody(
    orders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("analyze", orders, "-o", tmp_path / "out.html", *AS_OF, "--format", "json", "--lang", "en") == 0
    found = json.loads(capsys.readouterr().out)
    assert {
        "holdings",
        "metrics",
        "trend",
        "cohorts",
        "segments",
        "value",
        "concentration",
        "changes",
        "unlocks",
        "breakdowns",
    } <= set(found)
    sales = next(metric for metric in found["metrics"] if metric["name"] == "net_sales")
    assert isinstance(sales["readings"][0]["value"]["value"], float)
    assert "customer_id" not in json.dumps(found) and found["segments"].get("customer") is None


def test_spend_gives_the_cost_of_winning_a_customer(
    orders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spend = tmp_path / "费用.csv"
    lines = ["日期,渠道,费用类别,金额"] + [
        f"20{y}-{m:02}-01,{c},媒介,1000" for y in (24, 25, 26) for m in range(1, 13) for c in ("门店", "网店")
    ]
    spend.write_text("\n".join(lines[:50]) + "\n", encoding="utf-8")
    assert run("analyze", orders, "--spend", spend, "-o", tmp_path / "out.html", *AS_OF, "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    cost = next(metric for metric in found["metrics"] if metric["name"] == "customer_acquisition_cost")
    assert any(reading["value"]["value"] for reading in cost["readings"])
    assert "spend" not in {unlock["missing"] for unlock in found["unlocks"]}


def test_until_makes_the_last_period_complete(orders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "out.html"
    assert run("analyze", orders, "-o", target, *AS_OF, "--until", "2026-06-30", "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    assert "2026Q2" in [span["period"] for span in found["spans"]]
    assert run("analyze", orders, "-o", target, "--until", "2024-06-30") == 2


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", 3),
        (b"\x00\x01\x02" * 400, 3),
        ("姓名,年龄\n张三,30\n".encode(), 3),
        ("订单号,下单时间,实付金额\n".encode(), 3),
    ],
)
def test_a_file_without_orders_is_refused_with_one_message(
    content: bytes, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, target = tmp_path / "bad.csv", tmp_path / "out.html"
    path.write_bytes(content)
    assert run("analyze", path, "-o", target) == code
    told = capsys.readouterr()
    assert told.err.strip() and "Traceback" not in told.err and not target.exists()


def test_wrong_use_is_told_before_anything_is_computed(
    orders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("analyze", tmp_path / "missing.csv") == 2
    assert run("analyze", orders, "-o", tmp_path) == 2
    assert run("analyze", orders, "--now", "yesterday") == 2
    assert run("analyze") == 2
    assert "Traceback" not in capsys.readouterr().err


def test_rows_in_quarantine_give_a_report_and_their_own_exit_code(
    tmp_path: Path, make_orders: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = make_orders(tmp_path / "orders.csv")
    with path.open("a", encoding="utf-8") as file:
        file.write("bad,不是日期,c1,门店,茶,1,10.00,5.00\n")
    target = tmp_path / "out.html"
    assert run("analyze", path, "-o", target, *AS_OF) == 4
    assert "1 行被隔离" in target.read_text(encoding="utf-8")
    capsys.readouterr()


def test_a_workspace_gives_the_same_figures_as_its_files(
    orders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("init", tmp_path / "w") == 0
    assert run("collect", orders, "-w", tmp_path / "w") == 0
    capsys.readouterr()
    assert run("analyze", orders, "-o", tmp_path / "a.html", *AS_OF, "--format", "json") == 0
    of_files = json.loads(capsys.readouterr().out)
    assert run("report", "-w", tmp_path / "w", "-o", tmp_path / "b.html", *AS_OF, "--format", "json") == 0
    of_workspace = json.loads(capsys.readouterr().out)

    def values(found: dict[str, object]) -> list[tuple[str, object]]:
        metrics = found["metrics"]
        assert isinstance(metrics, list)
        return [
            (m["name"], r["value"]["value"])
            for m in metrics
            for r in m["readings"]
            if not any(isinstance(part, ScoreMean) for part in walk(metric_named(m["name"]).formula))
        ]

    assert values(of_files) == values(of_workspace)
    assert of_workspace["holdings"]["files"][0]["rows_loaded"] == of_files["holdings"]["files"][0]["rows_loaded"]
