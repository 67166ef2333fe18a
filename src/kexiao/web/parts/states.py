"""Empty states: what is missing, and the next step."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from kexiao.text import Text
from kexiao.web.roles import may


@dataclass(frozen=True, slots=True)
class Empty:
    """An empty place: its title, words, and the next step with its address, where there is one."""

    title: Text
    words: Text
    next: Text | None = None
    address: str = ""


def no_data(request: HttpRequest) -> Empty:
    """A workspace without any data."""
    title = Text(zh="还没有数据", en="No data yet")
    if not may(request.user, "load"):
        return Empty(
            title, Text(zh="请有导入权限的同事先导入订单。", en="Ask someone who may load data to load orders first.")
        )
    return Empty(
        title,
        Text(
            zh="导入一份订单文件（CSV 或 Excel），指标、评估和改进就会出现。",
            en="Load a file of orders (CSV or Excel), and metrics, scorecards and plans will appear.",
        ),
        Text(zh="导入数据", en="Load data"),
        reverse("data"),
    )
