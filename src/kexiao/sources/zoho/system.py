"""Zoho CRM as a source: its settings."""

from __future__ import annotations

from importlib import resources

from kexiao.sources.connecting.connector import Key, System
from kexiao.sources.zoho.access import REGIONS
from kexiao.sources.zoho.reading import open_reader
from kexiao.text import Text

_TEXT = (str,)

SYSTEM = System(
    name="zoho",
    label=Text(zh="Zoho CRM", en="Zoho CRM"),
    source_keys={
        "region": Key(_TEXT, Text(zh="数据中心", en="data centre"), required=True, choices=tuple(REGIONS)),
        "client_id": Key(_TEXT, Text(zh="应用编号", en="client id"), required=True),
        "client_secret_env": Key(
            _TEXT, Text(zh="应用密钥的环境变量", en="variable of the client secret"), required=True
        ),
        "refresh_token_env": Key(
            _TEXT, Text(zh="刷新令牌的环境变量", en="variable of the refresh token"), required=True
        ),
        "accounts_url": Key(_TEXT, Text(zh="登录地址（仅私有部署）", en="accounts address (private hosting only)")),
        "api_url": Key(_TEXT, Text(zh="接口地址（仅私有部署）", en="API address (private hosting only)")),
        "credits_reserve": Key((int,), Text(zh="给别的程序留下的 API 额度", en="API credits left to others")),
    },
    thing_keys={
        "module": Key(_TEXT, Text(zh="模块的 API 名称", en="API name of the module"), required=True),
        "first": Key(_TEXT, Text(zh="首次读取的方式", en="how to read at first"), choices=("auto", "bulk", "pages")),
    },
    open=open_reader,
    example=resources.files(__package__).joinpath("example.toml").read_text(encoding="utf-8"),
    default_id="id",
)
