"""Tables and queries of real databases: SQLite and DuckDB files, and servers of PostgreSQL and MariaDB started for the test."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from servers import absent, demoted, free_port, postgres_running, waited_for

from kexiao.errors import Ambiguous, NotPermitted, SourceUnavailable, WrongUse

TABLE = """
CREATE TABLE orders (id {key}, customer {text}, paid {money}, created {stamp}, changed {stamp}, note {text}, gone {flag})
"""
SOURCE = """
system = "{system}"
{where}

[objects.orders]
{what}
id = "id"
{more}
kind = "orders"

[objects.orders.columns]
order_id = "id"
customer_id = "customer"
ordered_at = "created"
amount = "paid"
note = "note"
"""


@dataclass
class Running:
    """One database: its settings in a source file, the types of its columns, and how to run SQL on it."""

    system: str
    where: str
    types: dict[str, str]
    run: Callable[[str], Any]

    def make(self) -> None:
        self.run(TABLE.format(**self.types))

    def put(
        self,
        number: int,
        minute: int,
        paid: str = "10.10",
        note: str = "NULL",
        changed: str | None = None,
        gone: str = "NULL",
    ) -> None:
        at = f"'2025-01-01 10:{minute:02d}:00'"
        self.run(
            f"INSERT INTO orders VALUES ({number}, 'C{number % 3}', {paid}, '2025-01-01 00:30:00', {changed or at}, {note}, {gone})"
        )


def _sqlite(tmp_path: Path) -> Iterator[Running]:
    path = tmp_path / "shop.sqlite"
    connection = sqlite3.connect(path, isolation_level=None)
    types = {"key": "INTEGER PRIMARY KEY", "text": "TEXT", "money": "NUMERIC", "stamp": "TEXT", "flag": "INTEGER"}
    yield Running("sqlite", f'path = "{path}"', types, connection.execute)
    connection.close()


def _duckdb(tmp_path: Path) -> Iterator[Running]:
    path = tmp_path / "shop.duckdb"

    def run(sql: str) -> None:
        # One writer keeps every other process out, so the file is closed each time.
        with duckdb.connect(str(path)) as connection:
            connection.execute(sql)

    types = {
        "key": "BIGINT PRIMARY KEY",
        "text": "VARCHAR",
        "money": "DECIMAL(18,2)",
        "stamp": "TIMESTAMP",
        "flag": "BOOLEAN",
    }
    yield Running("duckdb", f'path = "{path}"', types, run)


@pytest.fixture(scope="module")
def postgres_server() -> Iterator[int]:
    with postgres_running() as port:
        yield port


def _postgresql(port: int) -> Iterator[Running]:
    import psycopg

    connection = waited_for(
        lambda: psycopg.connect(host="127.0.0.1", port=port, user="owner", dbname="postgres", autocommit=True)
    )
    connection.execute("DROP TABLE IF EXISTS orders")
    where = f'host = "127.0.0.1"\nport = {port}\ndatabase = "postgres"\nuser = "owner"'
    types = {
        "key": "BIGINT PRIMARY KEY",
        "text": "TEXT",
        "money": "NUMERIC(18,2)",
        "stamp": "TIMESTAMP",
        "flag": "BOOLEAN",
    }
    yield Running("postgresql", where, types, connection.execute)
    connection.close()


@pytest.fixture(scope="module")
def mysql_server() -> Iterator[int]:
    binary, maker = shutil.which("mariadbd", path="/usr/sbin:/usr/bin"), shutil.which("mariadb-install-db")
    if not binary or not maker:
        absent("a MariaDB server")
    import tempfile

    root = Path(tempfile.mkdtemp(prefix="kexiao-my-"))
    who = demoted("mysql")
    if who:
        shutil.chown(root, who["user"], who["group"])
    data = root / "data"
    made = subprocess.run(
        [str(maker), "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal", "--skip-test-db"],
        capture_output=True, check=False, cwd="/", **who,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    port = free_port()
    server = subprocess.Popen(
        [
            str(binary), "--no-defaults", f"--datadir={data}", f"--port={port}", "--bind-address=127.0.0.1", f"--socket={root}/sock",
            "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M", f"--pid-file={root}/pid", "--skip-name-resolve",
        ],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **who,
    )  # fmt: skip
    import pymysql

    try:
        admin = waited_for(lambda: pymysql.connect(unix_socket=f"{root}/sock", user="root", autocommit=True), 60)
        with admin.cursor() as cursor:
            cursor.execute("CREATE DATABASE shop CHARACTER SET utf8mb4")
            cursor.execute("CREATE USER 'owner'@'127.0.0.1' IDENTIFIED BY 'pass'")
            cursor.execute("GRANT ALL ON shop.* TO 'owner'@'127.0.0.1'")
        admin.close()
        yield port
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(root, ignore_errors=True)


def _mysql(port: int) -> Iterator[Running]:
    import pymysql

    connection = pymysql.connect(
        host="127.0.0.1", port=port, user="owner", password="pass", database="shop", autocommit=True, charset="utf8mb4"
    )

    def run(sql: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql)

    run("DROP TABLE IF EXISTS orders")
    where = f'host = "127.0.0.1"\nport = {port}\ndatabase = "shop"\nuser = "owner"\npassword_env = "SHOP_DB_PASSWORD"'
    types = {
        "key": "BIGINT PRIMARY KEY",
        "text": "TEXT",
        "money": "DECIMAL(18,2)",
        "stamp": "DATETIME",
        "flag": "BOOLEAN",
    }
    yield Running("mysql", where, types, run)
    connection.close()


@pytest.fixture(params=["sqlite", "duckdb", "postgresql", "mysql"])
def database(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setenv("SHOP_DB_PASSWORD", "pass")
    if request.param in ("sqlite", "duckdb"):
        yield from {"sqlite": _sqlite, "duckdb": _duckdb}[request.param](tmp_path)
    elif request.param == "postgresql":
        yield from _postgresql(request.getfixturevalue("postgres_server"))
    else:
        yield from _mysql(request.getfixturevalue("mysql_server"))


def describe(
    connected: Any, database: Running, what: str = 'table = "orders"', more: str = 'cursor = "changed"'
) -> None:
    connected.source("shop", SOURCE.format(system=database.system, where=database.where, what=what, more=more))


def amounts(connected: Any) -> dict[str, Decimal]:
    return dict(connected.rows("orders", "order_id, amount"))


def test_a_table_is_read_whole_with_exact_amounts_nulls_and_local_times(connected: Any, database: Running) -> None:
    database.make()
    database.put(1, 1, paid="0.10", note="'客户说：\"好\"'")
    database.put(2, 2, paid="99999999999.99" if database.system != "sqlite" else "12345678.91")
    describe(connected, database)
    report = connected.pull("shop")
    assert (report.rows_read, report.rows_loaded) == (2, 2)
    rows = connected.rows("orders", "order_id, amount, note, ordered_at::VARCHAR, ordered_on::VARCHAR")
    most = Decimal("99999999999.99") if database.system != "sqlite" else Decimal("12345678.91")
    assert rows == [
        ("1", Decimal("0.10"), '客户说："好"', "2024-12-31 16:30:00+00", "2025-01-01"),
        ("2", most, None, "2024-12-31 16:30:00+00", "2025-01-01"),
    ]


def test_a_time_without_a_zone_belongs_to_the_zone_of_the_source(connected: Any, database: Running) -> None:
    database.make()
    database.put(1, 1)
    connected.source(
        "shop",
        SOURCE.format(
            system=database.system,
            where=database.where + '\ntimezone = "America/New_York"',
            what='table = "orders"',
            more="",
        ),
    )
    connected.pull("shop")
    # SQLite keeps times as text, which is read in the business zone whatever is said.
    want = "2024-12-31 16:30:00+00" if database.system == "sqlite" else "2025-01-01 05:30:00+00"
    assert connected.rows("orders", "ordered_at::VARCHAR") == [(want,)]


def test_the_next_reading_brings_new_and_changed_rows_and_those_of_the_same_moment(
    connected: Any, database: Running
) -> None:
    database.make()
    for number in range(1, 6):
        database.put(number, 5)
    describe(connected, database, more='cursor = "changed"\nlook_back = "0 seconds"')
    connected.pull("shop")
    database.put(6, 5)
    database.put(7, 9)
    database.run("UPDATE orders SET paid = 7.70, changed = '2025-01-01 10:30:00' WHERE id = 1")
    report = connected.pull("shop")
    assert report.tables["orders"] == (2, 1)
    assert amounts(connected) == {str(n): Decimal("7.70" if n == 1 else "10.10") for n in range(1, 8)}


def test_a_row_that_was_committed_late_is_found_by_looking_back(connected: Any, database: Running) -> None:
    database.make()
    database.put(1, 1)
    database.put(2, 20)
    describe(connected, database, more='cursor = "changed"\nlook_back = "15 minutes"')
    connected.pull("shop")
    database.put(3, 10)
    connected.pull("shop")
    assert set(amounts(connected)) == {"1", "2", "3"}


def test_a_row_without_a_value_in_the_cursor_column_is_read_each_time(connected: Any, database: Running) -> None:
    database.make()
    database.put(1, 1)
    describe(connected, database)
    connected.pull("shop")
    database.put(2, 0, changed="NULL")
    connected.pull("shop")
    assert set(amounts(connected)) == {"1", "2"}


def test_a_number_may_be_the_cursor(connected: Any, database: Running) -> None:
    database.make()
    for number in (1, 2, 10):
        database.put(number, 1)
    describe(connected, database, more='cursor = "id"')
    connected.pull("shop")
    database.put(9, 1)
    database.put(11, 1)
    report = connected.pull("shop")
    assert report.rows_read == 2 and set(amounts(connected)) == {"1", "2", "10", "11"}, (
        "numbers, not words: 9 lies before 10"
    )


def test_a_query_may_join_and_hold_percent_signs(connected: Any, database: Running) -> None:
    database.make()
    for number in range(1, 5):
        database.put(number, number, note="'a%b'")
    what = "query = \"SELECT * FROM orders WHERE note LIKE 'a%' AND paid > 1;\""
    describe(connected, database, what=what)
    connected.pull("shop")
    database.put(5, 30, note="'a%b'")
    connected.pull("shop")
    assert set(amounts(connected)) == {"1", "2", "3", "4", "5"}


def test_rows_marked_as_deleted_are_taken_out(connected: Any, database: Running) -> None:
    database.make()
    for number in range(1, 4):
        database.put(number, number)
    describe(connected, database, more='cursor = "changed"\ndeleted = "gone"')
    connected.pull("shop")
    flag = "TRUE" if database.system in ("postgresql", "duckdb") else "1"
    database.run(f"UPDATE orders SET gone = {flag}, changed = '2025-01-01 10:40:00' WHERE id = 2")
    connected.pull("shop")
    assert set(amounts(connected)) == {"1", "3"}


def test_rows_that_a_complete_reading_misses_are_told_or_taken_out(connected: Any, database: Running) -> None:
    database.make()
    for number in range(1, 31):
        database.put(number, number)
    describe(connected, database, more="")
    connected.pull("shop")
    database.run("DELETE FROM orders WHERE id = 2")
    report = connected.pull("shop")
    assert "2" in amounts(connected) and any("不再出现" in words.zh for words in report.warnings)
    describe(connected, database, more='missing = "withdraw"')
    connected.pull("shop")
    assert "2" not in amounts(connected) and len(amounts(connected)) == 29
    database.run("DELETE FROM orders WHERE id > 3")
    with pytest.raises(Ambiguous, match="27"):
        connected.pull("shop")
    assert len(amounts(connected)) == 29


def test_nothing_can_be_written_through_a_source(connected: Any, database: Running) -> None:
    database.make()
    database.put(1, 1)
    describe(connected, database, what='query = "DELETE FROM orders RETURNING *"', more="")
    with pytest.raises((WrongUse, SourceUnavailable, NotPermitted)):
        connected.pull("shop")
    describe(connected, database)
    connected.pull("shop")
    assert set(amounts(connected)) == {"1"}


def test_an_unknown_table_or_column_is_wrong_use_and_names_what_there_is(connected: Any, database: Running) -> None:
    database.make()
    database.put(1, 1)
    describe(connected, database, what='table = "nowhere"', more="")
    with pytest.raises(WrongUse):
        connected.pull("shop")
    connected.source(
        "shop",
        SOURCE.format(system=database.system, where=database.where, what='table = "orders"', more="").replace(
            '"paid"', '"price"'
        ),
    )
    with pytest.raises(WrongUse, match=r"price.*paid"):
        connected.pull("shop")


def test_instants_with_a_zone_are_kept_as_instants(connected: Any, database: Running) -> None:
    if database.system == "sqlite":
        pytest.skip("SQLite has no such type")
    kind = "TIMESTAMP NULL" if database.system == "mysql" else "TIMESTAMPTZ"
    database.types["stamp"] = kind
    database.make()
    if database.system == "mysql":
        database.run("SET time_zone = '+08:00'")
        database.run("INSERT INTO orders VALUES (1, 'C', 1, '2025-01-01 08:00:00', '2025-01-01 08:00:00', NULL, NULL)")
    else:
        database.run(
            "INSERT INTO orders VALUES (1, 'C', 1, '2025-01-01 08:00:00+08', '2025-01-01 08:00:00+08', NULL, NULL)"
        )
    describe(connected, database)
    connected.pull("shop")
    assert connected.rows("orders", "ordered_at::VARCHAR") == [("2025-01-01 00:00:00+00",)]
    assert connected.pull("shop").load_id is None


def test_a_reading_that_breaks_off_goes_on_where_it_was(
    connected: Any, database: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kexiao.sources.connecting.staging import Staging

    monkeypatch.setattr("kexiao.sources.databases.opening.CHUNK", 10)
    database.make()
    for number in range(1, 55):
        database.put(number, number % 50)
    describe(connected, database)
    add, count = Staging.add, [0]

    def dying(self: Staging, *given: Any) -> None:
        count[0] += 1
        if count[0] == 4:
            raise KeyboardInterrupt
        add(self, *given)

    monkeypatch.setattr(Staging, "add", dying)
    with pytest.raises(KeyboardInterrupt):
        connected.pull("shop")
    monkeypatch.setattr(Staging, "add", add)
    report = connected.pull("shop")
    assert len(amounts(connected)) == 54 and report.rows_loaded == 54
    assert report.rows_read < 2 * 54, "the pages that were there were not read again"


def test_a_wrong_password_is_no_permission_and_is_not_shown(
    connected: Any, mysql_server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_DB_PASSWORD", "very-secret")
    where = f'host = "127.0.0.1"\nport = {mysql_server}\ndatabase = "shop"\nuser = "owner"\npassword_env = "SHOP_DB_PASSWORD"'
    connected.source("shop", SOURCE.format(system="mysql", where=where, what='table = "orders"', more=""))
    with pytest.raises(NotPermitted) as problem:
        connected.pull("shop")
    assert "very-secret" not in problem.value.message("zh") + problem.value.message("en")


def test_a_server_that_is_not_there_is_unavailable(connected: Any) -> None:
    where = f'host = "127.0.0.1"\nport = {free_port()}\ndatabase = "postgres"\nuser = "owner"'
    connected.source("shop", SOURCE.format(system="postgresql", where=where, what='table = "orders"', more=""))
    with pytest.raises(SourceUnavailable) as problem:
        connected.pull("shop")
    assert problem.value.exit_code == 6


def test_a_private_server_must_be_allowed_in_the_settings(connected: Any) -> None:
    where = 'host = "10.1.2.3"\ndatabase = "postgres"\nuser = "owner"'
    connected.source("shop", SOURCE.format(system="postgresql", where=where, what='table = "orders"', more=""))
    with pytest.raises(WrongUse, match=r"\[egress\]"):
        connected.pull("shop")
