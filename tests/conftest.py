"""What all tests share: the optional folder of real data sets beside the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from kexiao.text import set_language

# Pages wait for their numbers, on a busy machine too; what they say meanwhile has tests of its own.
os.environ.setdefault("KEXIAO_PATIENCE", "600")

# How long an example takes says something about the machine, not about the program.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

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
