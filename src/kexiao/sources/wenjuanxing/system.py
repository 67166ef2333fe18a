"""问卷星 as a source: its settings."""

from __future__ import annotations

from importlib import resources

from kexiao.sources.connecting.connector import Key, System
from kexiao.sources.wenjuanxing.reading import RESPONSE, open_reader
from kexiao.text import Text

_TEXT = (str,)

SYSTEM = System(
    name="wenjuanxing",
    label=Text(zh="问卷星", en="Wenjuanxing"),
    source_keys={
        "app_id": Key(_TEXT, Text(zh="开发 ID", en="app id")),
        "app_key_env": Key(_TEXT, Text(zh="开发密钥的环境变量", en="variable of the app key")),
        "push_key_env": Key(_TEXT, Text(zh="推送密钥的环境变量", en="variable of the push key")),
        "push_days": Key((int, float), Text(zh="推送最多晚到几天", en="how many days late a push may be")),
        "url": Key(_TEXT, Text(zh="接口地址（自定义域名）", en="address of the API (own domain)")),
    },
    thing_keys={
        "survey": Key(_TEXT, Text(zh="问卷编号", en="number of the survey"), required=True),
        "answers": Key(_TEXT, Text(zh="答案的写法", en="how answers are written"), choices=("text", "score", "number")),
        "push": Key((dict,), Text(zh="推送的题目：q1 = 怎么算", en="pushed questions: q1 = what it is")),
    },
    open=open_reader,
    example=resources.files(__package__).joinpath("example.toml").read_text(encoding="utf-8"),
    default_id=RESPONSE,
)
