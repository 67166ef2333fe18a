"""Messages are checked in Chinese, whatever language a command run by an earlier test has left behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kexiao.text import in_language


@pytest.fixture(autouse=True)
def in_chinese() -> Iterator[None]:
    """Speak Chinese for one test."""
    with in_language("zh"):
        yield
