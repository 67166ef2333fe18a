"""纷享销客 as a source: its settings."""

from __future__ import annotations

from importlib import resources

from kexiao.sources.connecting.connector import Key, System
from kexiao.sources.fxiaoke.reading import open_reader
from kexiao.text import Text

_TEXT = (str,)

SYSTEM = System(
    name="fxiaoke",
    label=Text(zh="纷享销客", en="Fxiaoke CRM"),
    source_keys={
        "app_id": Key(_TEXT, Text(zh="应用编号", en="app id"), required=True),
        "app_secret_env": Key(_TEXT, Text(zh="应用密钥的环境变量", en="variable of the app secret"), required=True),
        "permanent_code_env": Key(
            _TEXT, Text(zh="永久授权码的环境变量", en="variable of the permanent code"), required=True
        ),
        "user": Key(_TEXT, Text(zh="以谁的身份读取", en="in whose name to read"), required=True),
        "login": Key(_TEXT, Text(zh="新版或旧版登录", en="new or old login"), choices=("token", "corp")),
        "url": Key(_TEXT, Text(zh="接口地址（专属云）", en="address of the API (own cloud)")),
    },
    thing_keys={"object": Key(_TEXT, Text(zh="对象的 API 名称", en="API name of the object"), required=True)},
    open=open_reader,
    example=resources.files(__package__).joinpath("example.toml").read_text(encoding="utf-8"),
    default_id="_id",
)
