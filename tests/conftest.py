"""What all tests share: the optional folder of real data sets beside the repository."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from reading_once import read_once

from kexiao.text import set_language

# Pages wait for their numbers, on a busy machine too; what they say meanwhile has tests of its own.
os.environ.setdefault("KEXIAO_PATIENCE", "600")

# How long an example takes says something about the machine, not about the program.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with long tests come first, so that no worker is left alone with one when the others have ended."""
    long = {item.path for item in items if item.get_closest_marker("slow") or item.get_closest_marker("browser")}
    items.sort(key=lambda item: item.path not in long)


SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data sets; tests that need it are skipped where it is missing."""
    if not (SHARED / "data").is_dir():
        pytest.skip("the folder ../shared with the real data sets is not here")
    return SHARED


@pytest.fixture(scope="session", autouse=True)
def _nothing_waits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing in the process of the tests waits for the disk, and a file is read once; processes that tests start and kill know nothing of this."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "fsync", lambda _: None)
        read_once(tmp_path_factory.mktemp("read"), patched)
        yield


@pytest.fixture(autouse=True)
def _chinese_unless_said_otherwise() -> None:
    """A test that spoke English leaves nothing of it to the next."""
    set_language("zh")
