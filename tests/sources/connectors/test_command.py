"""Sources from the command line."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

KEXIAO = Path(sys.executable).with_name("kexiao")
SOURCE = """
system = "sqlite"
path = "{path}"

[objects.orders]
table = "orders"
id = "id"
cursor = "id"
kind = "orders"

[objects.orders.columns]
order_id = "id"
customer_id = "customer"
ordered_at = "at"
amount = "paid"
"""


@pytest.fixture
def shop(connected: Any, tmp_path: Path) -> Any:
    path = tmp_path / "shop.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE orders (id INTEGER, customer TEXT, at TEXT, paid NUMERIC)")
        database.executemany(
            "INSERT INTO orders VALUES (?, 'C1', '2025-01-01 10:00:00', 9.5)", [(n,) for n in range(1, 4)]
        )
    connected.source("shop", SOURCE.format(path=path))
    return connected


def run(connected: Any, *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(KEXIAO), "collect", *words, "-w", str(connected.folder.root)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=connected.folder.root)


def test_a_source_is_collected_by_its_name_and_accounts_for_every_row(shop: Any) -> None:
    done = run(shop, "shop", "--format", "json")
    said = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 0 and (said["rows_read"], said["rows_loaded"], said["errors"]) == (3, 3, [])
    again = json.loads(run(shop, "shop", "--format", "json").stdout.splitlines()[-1])
    assert again["rows_read"] == again["rows_duplicate"] and again["load"] is None


def test_a_file_of_the_same_name_is_a_file(shop: Any) -> None:
    (shop.folder.root / "shop").write_text(
        "order_id,order_date,customer_id,amount\nA1,2025-01-01,c1,10\n", encoding="utf-8"
    )
    run(shop, "shop")
    assert [row[0] for row in shop.rows("orders", "order_id")] == ["A1"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("shop", "shop"), 2),
        (("shop", "--exported-at", "2025-01-01"), 2),
        (("nosuch",), 2),
        (("nosuch", "--full"), 2),
        (("--example", "nosuch"), 2),
    ],
)
def test_wrong_use_is_told_with_the_next_step(shop: Any, words: tuple[str, ...], code: int) -> None:
    done = run(shop, *words)
    assert done.returncode == code and "Traceback" not in done.stderr and len(done.stderr) > 10


def test_an_example_is_printed_to_begin_with(shop: Any) -> None:
    done = run(shop, "--example", "rest")
    assert done.returncode == 0 and 'system = "rest"' in done.stdout


def test_a_database_that_has_gone_is_told_as_json_too(shop: Any, tmp_path: Path) -> None:
    (tmp_path / "shop.sqlite").unlink()
    done = run(shop, "shop", "--format", "json")
    said = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 2 and said["errors"][0]["code"] == "wrong_use"


def _pay(tmp_path: Path, numbers: range, paid: float) -> None:
    with sqlite3.connect(tmp_path / "shop.sqlite") as database:
        rows = [(n, paid + n / 100) for n in numbers]
        database.executemany("INSERT INTO orders VALUES (?, 'C1', '2025-01-02 10:00:00', ?)", rows)


def test_amounts_of_a_source_that_are_suddenly_a_hundredfold_wait_for_a_word(shop: Any, tmp_path: Path) -> None:
    _pay(tmp_path, range(4, 30), 9.5)
    assert run(shop, "shop").returncode == 0
    _pay(tmp_path, range(30, 40), 950.0)
    held = run(shop, "shop", "--lang", "en")
    assert held.returncode == 5 and "kexiao collect shop --accept-change" in held.stderr
    assert len(shop.rows("orders", "order_id")) == 29
    assert run(shop, "shop", "--accept-change").returncode == 0
    assert len(shop.rows("orders", "order_id")) == 39


def test_what_was_held_is_read_anew_once_the_source_is_put_right(shop: Any, tmp_path: Path) -> None:
    _pay(tmp_path, range(4, 30), 9.5)
    assert run(shop, "shop").returncode == 0
    _pay(tmp_path, range(30, 40), 950.0)
    assert run(shop, "shop").returncode == 5
    with sqlite3.connect(tmp_path / "shop.sqlite") as database:
        database.execute("UPDATE orders SET paid = 9.5 WHERE id >= 30")
    assert run(shop, "shop", "--full").returncode == 0
    assert {str(paid) for order, paid in shop.rows("orders", "order_id, amount") if int(order) >= 30} == {"9.50"}
