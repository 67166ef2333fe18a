"""Databases as sources: their settings."""

from __future__ import annotations

from importlib import resources

from kexiao.sources.connecting.connector import Key, System
from kexiao.sources.databases.reading import open_reader
from kexiao.text import Text

_TEXT, _NUMBER = (str,), (int,)
_ZONE = {"timezone": Key(_TEXT, Text(zh="无时区的时间属于哪里", en="the zone of times without one"))}
_SERVER = {
    "host": Key(_TEXT, Text(zh="主机", en="host"), required=True),
    "port": Key(_NUMBER, Text(zh="端口", en="port")),
    "database": Key(_TEXT, Text(zh="数据库名", en="name of the database"), required=True),
    "user": Key(_TEXT, Text(zh="账号", en="account"), required=True),
    "password_env": Key(_TEXT, Text(zh="密码的环境变量", en="variable of the password")),
    "encrypt": Key((bool,), Text(zh="要求加密连接", en="insist on encryption")),
    **_ZONE,
}
_FILE = {"path": Key(_TEXT, Text(zh="文件位置", en="where the file lies"), required=True), **_ZONE}
_THING = {
    "table": Key(_TEXT, Text(zh="表", en="table")),
    "query": Key(_TEXT, Text(zh="查询", en="query")),
    "cursor": Key(_TEXT, Text(zh="只增不减的列", en="column that only grows")),
    "look_back": Key((str, int), Text(zh="往回多读多少", en="how much further back to read")),
    "deleted": Key(_TEXT, Text(zh="删除标记列", en="column that marks deleted rows")),
}
_EXAMPLE = resources.files(__package__).joinpath("example.toml").read_text(encoding="utf-8")

SYSTEMS = [
    System(name, label, keys, _THING, open_reader, _EXAMPLE)
    for name, label, keys in (
        ("postgresql", Text(zh="PostgreSQL 数据库", en="PostgreSQL"), _SERVER),
        ("mysql", Text(zh="MySQL 数据库", en="MySQL or MariaDB"), _SERVER),
        ("sqlite", Text(zh="SQLite 文件", en="SQLite file"), _FILE),
        ("duckdb", Text(zh="DuckDB 文件", en="DuckDB file"), _FILE),
    )
]
