"""Spark Connect as the query engine: a session on a company's own Spark 4 server, reading the store's Parquet files where the server sees them."""

from __future__ import annotations

import logging
import socket
import warnings
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kexiao.engine.dialects import Dialect, render
from kexiao.errors import LimitExceeded, SourceUnavailable, WrongUse
from kexiao.text import Text

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

DEFAULT_PORT = 15002
_SECONDS_TO_ANSWER = 10.0
# What a number rests on is set for the session, whatever the server's own settings say.
_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.caseSensitive": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.storeAssignmentPolicy": "ANSI",
    "spark.sql.groupByOrdinal": "true",
    "spark.sql.orderByOrdinal": "true",
}
_UNSEEN = (
    "PATH_NOT_FOUND",
    "FILE_NOT_EXIST",
    "FileNotFoundException",
    "UnknownHostException",
    "No FileSystem for scheme",
    "AccessDenied",
)
_GONE = (
    "UNAVAILABLE",
    "Connection refused",
    "SESSION_CHANGED",
    "SESSION_CLOSED",
    "SESSION_NOT_FOUND",
    "RETRIES_EXCEEDED",
)


@dataclass(frozen=True, slots=True, weakref_slot=True)
class SparkEngine:
    """A session of Spark Connect: see ``QueryEngine`` for what it does. Tables are kept in the executors' memory, on their disks where that is short.

    Errors: ``WrongUse`` where the server cannot see a file, ``SourceUnavailable`` where it goes away, ``LimitExceeded`` where it runs out of memory.
    """

    session: SparkSession
    dialect: Dialect = "spark"

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run neutral SQL and fetch all rows."""
        with _told_plainly():
            return [tuple(row) for row in self.session.sql(render(sql, "spark")).collect()]

    def make_view(self, name: str, sql: str) -> None:
        """A name for neutral SQL."""
        with _told_plainly():
            self.session.sql(f"CREATE OR REPLACE TEMPORARY VIEW `{name}` AS {render(sql, 'spark')}")

    def make_table(self, name: str, sql: str) -> None:
        """The rows of neutral SQL, reckoned when they are first read, and kept."""
        with _told_plainly():
            self.session.sql(f"DROP VIEW IF EXISTS `{name}`")
            kept = "CACHE LAZY TABLE `{name}` OPTIONS ('storageLevel' = 'MEMORY_AND_DISK') AS {sql}"
            self.session.sql(kept.format(name=name, sql=render(sql, "spark")))

    def read_files(self, name: str, paths: Sequence[str], columns: Sequence[tuple[str, str]]) -> None:
        """A name for the rows of Parquet files."""
        if not paths:
            shown = ", ".join(f'CAST(NULL AS {kind}) AS "{column}"' for column, kind in columns)
            self.make_view(name, f"SELECT {shown} WHERE false")
            return
        with _told_plainly():
            self.session.read.schema(_schema(columns)).parquet(*paths).createOrReplaceTempView(name)

    def hold_rows(self, name: str, columns: Sequence[tuple[str, str]], rows: Sequence[tuple[Any, ...]]) -> None:
        """A name for rows sent from here."""
        with _told_plainly():
            self.session.createDataFrame(list(rows), _schema(columns)).createOrReplaceTempView(name)


def _schema(columns: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"`{name}` {_KINDS.get(kind, kind)}" for name, kind in columns)


_KINDS = {"VARCHAR": "STRING", "TIMESTAMPTZ": "TIMESTAMP"}


def connect_spark(address: str) -> SparkEngine:
    """A new session at ``sc://host:port``.

    Errors: ``WrongUse`` for an address that is none or without the client library, ``SourceUnavailable`` where nothing answers.
    """
    host, port = _host_and_port(address)
    _refuse_if_silent(host, port)
    logging.getLogger("SQLQueryContextLogger").disabled = True
    try:
        from pyspark.sql.connect.client.retries import DefaultPolicy
        from pyspark.sql.connect.session import SparkSession
    except ImportError:
        raise WrongUse(
            Text(zh="没有安装 Spark 客户端。", en="The Spark client is not installed."),
            next_step=Text(zh="运行：pip install 'kexiao[spark]'。", en="Run: pip install 'kexiao[spark]'."),
        ) from None
    with _told_plainly():
        session = SparkSession.builder.remote(address).create()
        # By itself the client would ask a server that went away for ten minutes.
        session.client.set_retry_policies([DefaultPolicy(max_retries=5, max_backoff=4000)])
        with warnings.catch_warnings():
            # One of them is deprecated, and still decides what a quote in a text means.
            warnings.simplefilter("ignore")
            for name, value in _SETTINGS.items():
                session.conf.set(name, value)
    engine = SparkEngine(session)
    # What the session keeps in the cluster's memory goes with the last user of the engine, not an hour later.
    weakref.finalize(engine, _let_go, session)
    return engine


def _let_go(session: SparkSession) -> None:
    with suppress(Exception):
        session.client.set_retry_policies([])
        session.client.release_session()
        session.client.close()


def _host_and_port(address: str) -> tuple[str, int]:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port or DEFAULT_PORT
    except ValueError:
        host, port = None, 0
    if not host or parts.scheme != "sc":
        raise WrongUse(
            Text(zh="engine 的地址“{a}”有误。", en="The address of engine, “{a}”, is wrong.").fill(a=address),
            next_step=Text(
                zh='在 kexiao.toml 中写成 engine = "sc://主机:15002"。',
                en='In kexiao.toml write engine = "sc://host:15002".',
            ),
        )
    return host, port


def _refuse_if_silent(host: str, port: int) -> None:
    try:
        socket.create_connection((host, port), timeout=_SECONDS_TO_ANSWER).close()
    except OSError as problem:
        raise _unavailable(f"{host}:{port}") from problem


def _unavailable(where: str) -> SourceUnavailable:
    return SourceUnavailable(
        Text(zh="连不上 Spark 服务器 {w}。", en="The Spark server {w} does not answer.").fill(w=where),
        next_step=Text(
            zh="确认它的 Spark Connect 服务已启动、地址和端口无误；或去掉 kexiao.toml 中的 engine，在本机计算。",
            en="See that its Spark Connect service runs at this address and port; or take engine out of kexiao.toml to compute on this machine.",
        ),
    )


@contextmanager
def _told_plainly() -> Iterator[None]:
    """Turn what a server or the network may cause into errors that say the next step; anything else is a bug and stays."""
    import grpc
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, grpc.RpcError) as problem:
        said = str(problem)
        if any(sign in said for sign in _UNSEEN):
            raise _unseen() from problem
        if any(sign in said for sign in _GONE):
            raise _unavailable("") from problem
        if "OutOfMemory" in said:
            raise LimitExceeded(
                Text(
                    zh="Spark 集群内存不足，计算停止。",
                    en="The Spark cluster ran out of memory and the computation stopped.",
                ),
                next_step=Text(
                    zh="给执行器更多内存，或缩短期间。",
                    en="Give its executors more memory, or ask for a shorter period.",
                ),
            ) from problem
        raise


def _unseen() -> WrongUse:
    return WrongUse(
        Text(
            zh="Spark 服务器看不到工作区的数据文件。", en="The Spark server cannot see the data files of the workspace."
        ),
        next_step=Text(
            zh='把 data 文件夹放到服务器和所有执行器都能读到的地方，并在 kexiao.toml 中写明，例如 data = "s3a://桶/客效/data"。',
            en='Put the folder data where the server and all its executors can read it, and name that place in kexiao.toml, for example data = "s3a://bucket/kexiao/data".',
        ),
    )
