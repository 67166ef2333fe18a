"""Workspaces for the tests of the web app, and the app over them: the made-up company, a small shop that speaks English, an empty one.

Django is set up once a process, over the first workspace that a test asks for; ``over`` turns to another.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from kexiao.cli.main import main

CUSTOMERS = 800
PASSWORD = "tea-and-numbers"
ROLES = ("admin", "manager", "viewer")


@cache
def company() -> Path:
    """The made-up company, from its files to its verdicts, by the command that users type; drawn once a test run."""
    place = _place() / "company"
    assert main(["demo", str(place), "--customers", str(CUSTOMERS), "--no-serve", "--lang", "en"]) == 0
    start_django(place)
    return place


@cache
def empty() -> Path:
    """A workspace without any data."""
    place = _place() / "empty"
    assert main(["init", str(place), "--company", "Nobody"]) == 0
    start_django(place)
    return place


def _place() -> Path:
    """A folder that goes when the tests end."""
    made = Path(tempfile.mkdtemp(prefix="kexiao-web-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


@cache
def shop() -> Path:
    """A small shop whose every word is English, so that Chinese on an English page can only be ours."""
    place = _place() / "shop"
    lines = [
        "order_id,ordered_at,status,customer_id,channel,region,product_id,product_name,category,quantity,amount,cost"
    ]
    for number in range(400):
        month, day = number // 34 % 12 + 1, number % 28 + 1
        channel = ("web", "store", "app")[number % 3]
        lines.append(
            f"O{number:04d},2025-{month:02d}-{day:02d} 10:00:00,completed,C{number * 7 % 90:03d},{channel},north,P{number % 5},"
            f"Tea {number % 5},tea,1,{60 + number % 40}.00,{30 + number % 20}.00"
        )
    orders = place.parent / "orders.csv"
    orders.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert main(["init", str(place), "--company", "Tea shop"]) == 0
    assert main(["collect", str(orders), "-w", str(place)]) == 0
    (place / "scorecards").mkdir(exist_ok=True)
    (place / "scorecards" / "shop.toml").write_text(CARD, encoding="utf-8")
    start_django(place)
    return place


CARD = """\
id = "shop"
subject = "channel"
name = { zh = "渠道", en = "Channels" }
since = 2025-01-01
[[indicators]]
metric = "average_order_value"
weight = 60
floor = 60
target = 80
stretch = 100
[[indicators]]
metric = "repeat_purchase_rate"
weight = 40
floor = 0.1
target = 0.3
stretch = 0.5
"""


def start_django(workspace: Path) -> None:
    """Django over the first workspace asked for, with a person of each role."""
    pytest.importorskip("django", reason="the web app's packages are not installed")
    if "KEXIAO_WORKSPACE" not in os.environ:
        from kexiao.web.serving import prepare

        prepare(workspace)
        from kexiao.web.records.models import Person

        for role in ROLES:
            Person.objects.create_user(username=role, password=PASSWORD, role=role)


@contextmanager
def over(workspace: Path) -> Iterator[None]:
    """The same app over another workspace."""
    from django.conf import settings

    before, settings.KEXIAO_WORKSPACE = settings.KEXIAO_WORKSPACE, workspace
    try:
        yield
    finally:
        settings.KEXIAO_WORKSPACE = before


def client(role: str | None = None, language: str = "en") -> Any:
    """A browser without script, signed in as someone of a role."""
    from django.test import Client

    from kexiao.web.records.models import Person

    made = Client(SERVER_NAME="127.0.0.1", headers={"accept-language": language})
    made.cookies["kexiao_language"] = language
    if role:
        made.force_login(Person.objects.get(username=role))
    return made
