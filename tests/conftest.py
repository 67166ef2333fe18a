"""What all tests share: the optional folder of real data sets beside the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from kexiao.text import set_language

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data sets; tests that need it are skipped where it is missing."""
    if not (SHARED / "data").is_dir():
        pytest.skip("the folder ../shared with the real data sets is not here")
    return SHARED


@pytest.fixture(autouse=True)
def _chinese_unless_said_otherwise() -> None:
    """A test that spoke English leaves nothing of it to the next."""
    set_language("zh")
