"""A paged JSON API as a source: its settings, and the reader."""

from __future__ import annotations

from importlib import resources

from kexiao.sources.connecting.connector import Key, System
from kexiao.sources.rest.reading import open_reader
from kexiao.text import Text

_TEXT, _NUMBER, _TABLE, _YES_NO = (str,), (int,), (dict,), (bool,)

SYSTEM = System(
    name="rest",
    label=Text(zh="JSON 接口", en="JSON API"),
    source_keys={
        "url": Key(_TEXT, Text(zh="接口地址", en="address of the API"), required=True),
        "login": Key(_TABLE, Text(zh="登录方式", en="how to log in")),
        "headers": Key(_TABLE, Text(zh="固定的请求头", en="fixed headers")),
    },
    thing_keys={
        "path": Key(_TEXT, Text(zh="路径", en="path"), required=True),
        "items": Key(_TEXT, Text(zh="记录所在处", en="where the records are")),
        "params": Key(_TABLE, Text(zh="固定的查询参数", en="fixed query parameters")),
        "paging": Key(_TEXT, Text(zh="分页方式", en="how pages follow"), choices=("cursor", "offset", "page", "none")),
        "page_size": Key(_NUMBER, Text(zh="每页条数", en="records a page")),
        "limit_param": Key(_TEXT, Text(zh="每页条数的参数", en="parameter for records a page")),
        "cursor_param": Key(_TEXT, Text(zh="游标、跳过条数或页号的参数", en="parameter for cursor, offset or page")),
        "next": Key(_TEXT, Text(zh="下一页标记所在处", en="where the next page is named")),
        "since_param": Key(_TEXT, Text(zh="只取改动的参数", en="parameter for changes only")),
        "since_format": Key(_TEXT, Text(zh="时间的写法", en="how instants are written"), choices=("iso", "ms", "s")),
        "changed": Key(_TEXT, Text(zh="修改时间列", en="column of the time of change")),
        "sorted": Key(_YES_NO, Text(zh="按修改时间排序", en="sorted by the time of change")),
        "settle": Key(_YES_NO, Text(zh="完整读取时重复核对", en="repeat complete readings until they agree")),
        "look_back": Key(_TEXT, Text(zh="往回多取的时长", en="how much further back to read")),
    },
    open=open_reader,
    example=resources.files(__package__).joinpath("example.toml").read_text(encoding="utf-8"),
)
