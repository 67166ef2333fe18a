"""Personal data in columns that should hold none are noticed at load and by the check, and never quoted."""

from __future__ import annotations

from pathlib import Path

import pytest
from collecting import Company

from kexiao.cli.main import main
from kexiao.cycle.strays import Stray, strays_in

HEAD = "订单号 | 下单时间 | 金额 | 状态 | 客户编号 | 渠道 | 商品编号 | 商品名称"


def company(tmp_path: Path, rows: list[tuple[str, str, str]]) -> tuple[Company, list[str]]:
    """Orders by (order id, channel, product name); and what the load told."""
    made = Company(tmp_path)
    lines = [
        f"{order} | 2025-01-{1 + n % 28:02d} 10:00:00 | 10 | 已完成 | C{n} | {channel} | P{n} | {product}"
        for n, (order, channel, product) in enumerate(rows)
    ]
    report = made.load(HEAD + "\n" + "\n".join(lines))
    return made, [words.zh for words in report.warnings]


def test_a_phone_in_an_order_id_an_e_mail_in_a_channel_and_an_id_number_in_a_product_are_told_at_load(
    tmp_path: Path,
) -> None:
    made, told = company(
        tmp_path,
        [
            ("A-13812345678", "门店", "红茶"),
            ("A-2", "ann@example.com", "绿茶"),
            ("A-3", "门店", "定制 11010519491231002X"),
            ("A-4", "门店", "卡 4111111111111111"),
        ],
    )
    found = {(stray.table, stray.column, stray.kind): stray.rows for stray in strays_in(made.folder)}
    assert found["orders", "order_id", "phone"] == 1
    assert found["orders", "channel", "email"] == 1
    assert {("id_number", 1), ("bank_card", 1)} <= {
        (kind, rows) for (_, column, kind), rows in found.items() if column == "name"
    }
    assert any("像是手机号" in words for words in told) and any("像是身份证号" in words for words in told)
    assert not any(secret in "".join(told) for secret in ("13812345678", "ann@example.com", "11010519491231002X"))


def test_running_order_numbers_of_eleven_or_eighteen_digits_are_no_personal_data(tmp_path: Path) -> None:
    rows = [(str(13800000000 + n), "门店", "红茶") for n in range(40)]
    rows += [(str(620000000000000000 + 7 * n), "门店", "红茶") for n in range(40)]
    rows += [(str(110105199001010000 + n), "门店", "红茶") for n in range(40)]
    made, told = company(tmp_path, rows)
    assert strays_in(made.folder) == []
    assert not any("像是" in words for words in told)


def test_clean_data_and_masked_notes_give_no_warning(tmp_path: Path) -> None:
    made = Company(tmp_path)
    made.load(
        "订单号 | 下单时间 | 金额 | 客户编号 | 手机号 | 备注\n1 | 2025-01-01 | 10 | C1 | 13812345678 | 打 13812345678"
    )
    assert strays_in(made.folder) == []
    assert Stray("orders", "channel", "phone", 3).words.en.startswith("3 rows of “Channel”")


def test_the_check_tells_of_them_without_quoting_them_and_fails_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, _ = company(tmp_path, [("A-13812345678", "门店", "红茶")])
    assert main(["check", "-w", str(made.folder.root)]) == 0
    told = capsys.readouterr().out
    assert "“订单”的“订单号”列有 1 行像是手机号" in told and "13812345678" not in told
