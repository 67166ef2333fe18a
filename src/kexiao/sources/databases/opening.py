"""A database opened for reading only: one consistent view, values as exact text."""

from __future__ import annotations

import importlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from kexiao.engine.duck import quote_name, quote_text
from kexiao.errors import KexiaoError, NotPermitted, Place, SourceUnavailable, WrongUse
from kexiao.sources.connecting.connector import SourcePlan
from kexiao.sources.connecting.described import wrong
from kexiao.sources.egress.addresses import Guard
from kexiao.sources.egress.secrets import from_environment
from kexiao.text import Text

CHUNK = 5_000
CONNECT_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: its SQL with the database's own placeholder, and the values for it."""

    sql: str
    values: tuple[object, ...] = ()


class Database(Protocol):
    """What the reader needs of a database. ``mark`` is the placeholder of a value, ``nulls_first`` what puts nulls first in an order."""

    mark: str
    nulls_first: str

    def quote(self, name: str) -> str:
        """A column name as this database writes it."""
        ...

    def rows(self, asked: Asked) -> tuple[tuple[str, ...], Iterator[list[tuple[str | None, ...]]]]:
        """Column names, and the rows in chunks, as text."""
        ...

    def cursor_value(self, text: str) -> object:
        """The value of a cursor column, from its text, as this database compares it."""
        ...

    def close(self) -> None:
        """End the transaction and the connection."""
        ...


def open_database(plan: SourcePlan, guard: Guard) -> Database:
    """Open the database of a source file. Errors: ``WrongUse``, ``NotPermitted``, ``SourceUnavailable``; none of them shows a password."""
    place = Place(file=plan.file)
    zone = plan.settings.get("timezone")
    if zone is not None:
        try:
            ZoneInfo(str(zone))
        except (KeyError, ValueError, OSError):
            raise wrong(Text(zh="不认识时区“{z}”", en="there is no time zone “{z}”").fill(z=zone), place) from None
    openers: dict[str, Callable[[SourcePlan, Guard, Place], Database]] = {
        "postgresql": _Postgres,
        "mysql": _MySql,
        "sqlite": _Sqlite,
        "duckdb": _Duck,
    }
    return openers[plan.system](plan, guard, place)


def _driver(name: str, extra: str, place: Place) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise WrongUse(
            Text(zh="读取这种数据库需要组件 {name}。", en="Reading this database needs the package {name}.").fill(
                name=name
            ),
            next_step=Text(zh="安装：pip install 'kexiao[{e}]'", en="Install it: pip install 'kexiao[{e}]'").fill(
                e=extra
            ),
            place=place,
        ) from None


def _problem(words: str, place: Place, *, denied: bool, query: bool) -> KexiaoError:
    """The error for what a driver says; its own words may quote data, so only a code of it is passed on."""
    code = Text.same(words or "—")
    if denied:
        return NotPermitted(
            Text(zh="数据库拒绝访问（{c}）。", en="The database refuses access ({c}).").fill(c=code),
            next_step=Text(
                zh="请检查账号、环境变量中的密码与 SELECT 权限。",
                en="Check the account, the password in the environment and the right to SELECT.",
            ),
            place=place,
        )
    if query:
        return wrong(
            Text(
                zh="数据库不接受查询（{c}），请核对表、列与 SQL",
                en="the database does not accept the query ({c}); check table, columns and SQL",
            ).fill(c=code),
            place,
        )
    return SourceUnavailable(
        Text(
            zh="数据库连不上，或连接中断（{c}）。", en="The database cannot be reached, or the connection broke ({c})."
        ).fill(c=code),
        next_step=Text(
            zh="已取得的部分已保存；稍后重试同一命令即可继续。",
            en="What was fetched is kept; run the same command later to go on.",
        ),
        place=place,
    )


def _address(plan: SourcePlan, guard: Guard, default_port: int) -> tuple[str, int]:
    """The checked address of the server; a path is a socket on this machine."""
    host, port = str(plan.settings["host"]), int(plan.settings.get("port", default_port))
    return (host if host.startswith("/") else guard.resolve(host, port)[0]), port


class _Postgres:
    """PostgreSQL by psycopg: a read-only, repeatable-read transaction, a cursor on the server, every type in PostgreSQL's own text."""

    mark, nulls_first = "%s", " NULLS FIRST"

    def __init__(self, plan: SourcePlan, guard: Guard, place: Place) -> None:
        self._psycopg = _driver("psycopg", "postgres", place)
        self._place, self._zone = place, plan.settings.get("timezone")
        address, port = _address(plan, guard, 5432)
        host = str(plan.settings["host"])
        more = {} if host.startswith("/") else {"hostaddr": address}
        if plan.settings.get("encrypt"):
            more |= {"sslmode": "verify-full", "sslrootcert": "system"}
        password = (
            from_environment(plan.settings["password_env"], plan.file).reveal()
            if "password_env" in plan.settings
            else None
        )
        try:
            self._connection = self._psycopg.connect(
                host=host, port=port, dbname=plan.settings["database"], user=plan.settings["user"], password=password,
                connect_timeout=CONNECT_SECONDS, application_name="kexiao", **more,
            )  # fmt: skip
        except self._psycopg.Error as problem:
            said = str(problem)
            raise _problem(
                "", place, denied="authentication" in said or "role" in said or "password" in said, query=False
            ) from None
        self._cursors = 0
        self._connection.read_only = True
        self._connection.isolation_level = self._psycopg.IsolationLevel.REPEATABLE_READ
        from psycopg.types.string import TextLoader

        # Text for every type: exact decimals, infinite dates and all; times in UTC and in ISO order.
        for known in self._connection.adapters.types:
            self._connection.adapters.register_loader(known.oid, TextLoader)
        self._connection.execute("SET TIME ZONE 'UTC'")
        self._connection.execute("SET DateStyle = 'ISO, YMD'")
        self._connection.execute("SET IntervalStyle = 'iso_8601'")

    def quote(self, name: str) -> str:
        return quote_name(name)

    def rows(self, asked: Asked) -> tuple[tuple[str, ...], Iterator[list[tuple[str | None, ...]]]]:
        self._cursors += 1
        cursor = self._connection.cursor(f"kexiao_{self._cursors}")
        try:
            cursor.itersize = CHUNK
            # Without values the SQL goes as it is: a query of the user's may hold percent signs.
            cursor.execute(asked.sql, asked.values or None)
        except self._psycopg.Error as problem:
            raise self._told(problem) from None
        kinds = [column.type_code for column in cursor.description]
        return tuple(column.name for column in cursor.description), self._chunks(cursor, kinds)

    def _chunks(self, cursor: Any, kinds: Sequence[int]) -> Iterator[list[tuple[str | None, ...]]]:
        while True:
            try:
                found = cursor.fetchmany(CHUNK)
            except self._psycopg.Error as problem:
                raise self._told(problem) from None
            if not found:
                return
            yield [tuple(self._cell(kind, value) for kind, value in zip(kinds, row, strict=True)) for row in found]

    def _cell(self, kind: int, value: str | None) -> str | None:
        if value is None or value == "":
            return None
        if kind == _PG_BOOL:
            return "TRUE" if value == "t" else "FALSE"
        if kind == _PG_TIMESTAMP and self._zone:
            return _in_utc(value, self._zone)
        return value + ":00" if kind == _PG_TIMESTAMPTZ and len(value) > 3 and value[-3] in "+-" else value

    def _told(self, problem: Any) -> KexiaoError:
        state = problem.sqlstate or ""
        return _problem(
            state, self._place, denied=state.startswith(("28", "42501")), query=state[:2] in ("42", "22", "0A", "25")
        )

    def cursor_value(self, text: str) -> object:
        return text

    def close(self) -> None:
        self._connection.close()


_PG_BOOL, _PG_TIMESTAMP, _PG_TIMESTAMPTZ = 16, 1114, 1184


class _MySql:
    """MySQL and MariaDB by PyMySQL: a read-only consistent snapshot, rows streamed; TIMESTAMP is an instant, DATETIME a local time."""

    mark, nulls_first = "%s", ""

    def __init__(self, plan: SourcePlan, guard: Guard, place: Place) -> None:
        self._pymysql = _driver("pymysql", "mysql", place)
        self._open: list[Any] = []
        self._place, self._zone = place, plan.settings.get("timezone")
        address, port = _address(plan, guard, 3306)
        password = (
            from_environment(plan.settings["password_env"], plan.file).reveal()
            if "password_env" in plan.settings
            else ""
        )
        where: dict[str, Any] = {"unix_socket": address} if address.startswith("/") else {"host": address, "port": port}
        if plan.settings.get("encrypt"):
            import ssl

            where["ssl"] = ssl.create_default_context()
        try:
            self._connection = self._pymysql.connect(
                user=plan.settings["user"], password=password, database=plan.settings["database"], charset="utf8mb4",
                connect_timeout=CONNECT_SECONDS, autocommit=False, **where,
            )  # fmt: skip
            with self._connection.cursor() as cursor:
                cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                cursor.execute("SET SESSION TRANSACTION READ ONLY")
                cursor.execute("SET time_zone = '+00:00'")
                cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        except self._pymysql.Error as problem:
            raise self._told(problem) from None

    def quote(self, name: str) -> str:
        return "`" + name.replace("`", "``") + "`"

    def rows(self, asked: Asked) -> tuple[tuple[str, ...], Iterator[list[tuple[str | None, ...]]]]:
        cursor = self._connection.cursor(self._pymysql.cursors.SSCursor)
        try:
            cursor.execute(asked.sql, asked.values or None)
        except self._pymysql.Error as problem:
            raise self._told(problem) from None
        self._open.append(cursor)
        stamps = [column[1] == self._pymysql.constants.FIELD_TYPE.TIMESTAMP for column in cursor.description]
        return tuple(str(column[0]) for column in cursor.description), self._chunks(cursor, stamps)

    def _chunks(self, cursor: Any, stamps: Sequence[bool]) -> Iterator[list[tuple[str | None, ...]]]:
        while True:
            try:
                found = cursor.fetchmany(CHUNK)
            except self._pymysql.Error as problem:
                raise self._told(problem) from None
            if not found:
                cursor.close()
                return
            yield [
                tuple(
                    text_of(value.replace(tzinfo=UTC) if stamp and isinstance(value, datetime) else value, self._zone)
                    for stamp, value in zip(stamps, row, strict=True)
                )
                for row in found
            ]

    def _told(self, problem: Any) -> KexiaoError:
        code = int(problem.args[0]) if problem.args and str(problem.args[0]).isdigit() else 0
        denied = code in (1044, 1045, 1142, 1143, 1227, 1698)
        query = code in (1046, 1049, 1054, 1064, 1146, 1305, 1366, 1792)
        return _problem(str(code or ""), self._place, denied=denied, query=query)

    def cursor_value(self, text: str) -> object:
        return text.removesuffix("+00:00") if "T" not in text else text

    def close(self) -> None:
        for cursor in self._open:
            # A stream that is broken off would be read to its end by PyMySQL, or complain of a connection that is gone.
            if cursor._result is not None:
                cursor._result.unbuffered_active = False
        self._connection.close()


class _Sqlite:
    """SQLite by the standard library, opened read-only, one transaction."""

    mark, nulls_first = "?", ""

    def __init__(self, plan: SourcePlan, guard: Guard, place: Place) -> None:
        del guard
        self._place, self._zone = place, plan.settings.get("timezone")
        path = _file(plan, place)
        try:
            self._connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=30.0)
            self._connection.execute("PRAGMA query_only = ON")
            self._connection.execute("BEGIN")
        except sqlite3.Error as problem:
            raise self._told(problem) from None

    def quote(self, name: str) -> str:
        return quote_name(name)

    def rows(self, asked: Asked) -> tuple[tuple[str, ...], Iterator[list[tuple[str | None, ...]]]]:
        try:
            cursor = self._connection.execute(asked.sql, asked.values)
        except sqlite3.Error as problem:
            raise self._told(problem) from None
        names = tuple(str(column[0]) for column in cursor.description or ())
        return names, self._chunks(cursor)

    def _chunks(self, cursor: sqlite3.Cursor) -> Iterator[list[tuple[str | None, ...]]]:
        while True:
            try:
                found = cursor.fetchmany(CHUNK)
            except sqlite3.Error as problem:
                raise self._told(problem) from None
            if not found:
                return
            yield [tuple(text_of(value, self._zone) for value in row) for row in found]

    def _told(self, problem: sqlite3.Error) -> KexiaoError:
        name = getattr(problem, "sqlite_errorname", "") or ""
        return _problem(
            name,
            self._place,
            denied=name in ("SQLITE_PERM", "SQLITE_AUTH"),
            query=name in ("SQLITE_ERROR", "SQLITE_READONLY", "SQLITE_NOTADB"),
        )

    def cursor_value(self, text: str) -> object:
        # A column of numbers compares with numbers, one of text with text: SQLite would put every text after every number.
        try:
            return int(text)
        except ValueError:
            pass
        try:
            return float(text)
        except ValueError:
            return text

    def close(self) -> None:
        self._connection.close()


class _Duck:
    """A DuckDB file, opened read-only and closed to everything else; every value in DuckDB's own text."""

    mark, nulls_first = "?", " NULLS FIRST"

    def __init__(self, plan: SourcePlan, guard: Guard, place: Place) -> None:
        del guard
        import duckdb

        self._duckdb = duckdb
        self._place, self._zone = place, plan.settings.get("timezone")
        path = _file(plan, place)
        try:
            self._connection = duckdb.connect(
                str(path), read_only=True, config={"autoinstall_known_extensions": "false"}
            )
            self._connection.execute("SET TimeZone = 'UTC'")
            self._connection.execute("SET enable_external_access = false")
            self._connection.execute("SET lock_configuration = true")
        except duckdb.Error as problem:
            raise self._told(problem) from None

    def quote(self, name: str) -> str:
        return quote_name(name)

    def rows(self, asked: Asked) -> tuple[tuple[str, ...], Iterator[list[tuple[str | None, ...]]]]:
        try:
            described = self._connection.execute(f"DESCRIBE {asked.sql}", list(asked.values)).fetchall()
            shown = ", ".join(self._as_text(str(name), str(kind)) for name, kind, *_ in described)
            found = self._connection.execute(f"SELECT {shown} FROM ({asked.sql})", list(asked.values))
        except self._duckdb.Error as problem:
            raise self._told(problem) from None
        return tuple(str(row[0]) for row in described), self._chunks(found)

    def _as_text(self, name: str, kind: str) -> str:
        column = quote_name(name)
        if kind == "BOOLEAN":
            return f"upper(CAST({column} AS VARCHAR))"
        if kind == "TIMESTAMP WITH TIME ZONE":
            return f"strftime({column}, '%Y-%m-%d %H:%M:%S.%f') || '+00:00'"
        if kind.startswith("TIMESTAMP") and self._zone:
            return f"strftime(timezone({quote_text(str(self._zone))}, {column}), '%Y-%m-%d %H:%M:%S.%f') || '+00:00'"
        return f"CAST({column} AS VARCHAR)"

    def _chunks(self, found: Any) -> Iterator[list[tuple[str | None, ...]]]:
        while chunk := found.fetchmany(CHUNK):
            yield [tuple(value or None for value in row) for row in chunk]

    def _told(self, problem: Exception) -> KexiaoError:
        name = type(problem).__name__
        return _problem(
            name,
            self._place,
            denied=name == "PermissionException",
            query=name in ("CatalogException", "BinderException", "ParserException", "ConversionException"),
        )

    def cursor_value(self, text: str) -> object:
        return text

    def close(self) -> None:
        self._connection.close()


def _file(plan: SourcePlan, place: Place) -> Path:
    path = Path(str(plan.settings["path"])).expanduser()
    if not path.is_file():
        raise wrong(Text(zh="path 指的文件不存在", en="the file of path is not there"), place)
    return path.resolve()


def text_of(value: object, zone: str | None) -> str | None:
    """A value of a driver as exact text; a time without a zone belongs to ``zone`` where one is given.

    >>> text_of(Decimal("0.10"), None), text_of(datetime(2025, 1, 1, 8), "Asia/Shanghai"), text_of(b"", None)
    ('0.10', '2025-01-01 00:00:00+00:00', None)
    """
    if value is None or value in ("", b""):
        return None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else format(Decimal(repr(value)), "f")
    if isinstance(value, datetime):
        if value.tzinfo is None and zone:
            value = value.replace(tzinfo=ZoneInfo(zone))
        return (value.astimezone(UTC) if value.tzinfo else value).isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    # MySQL's day that is none.
    return None if str(value).startswith("0000-00-00") else str(value)


def _in_utc(text: str, zone: str) -> str:
    try:
        return text_of(datetime.fromisoformat(text), zone) or text
    except ValueError:
        return text
