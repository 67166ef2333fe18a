"""The browser that tests drive: Debian's Chromium, a Chrome, or the one that playwright fetched.

Without one a test is skipped; where ``KEXIAO_CI`` is set it fails, so that continuous integration never leaves pages unlooked at.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def find_chromium() -> str:
    """The path of a Chromium; skips or fails the test if there is none."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    missing = "no Chromium on this machine (apt-get install chromium)"
    if os.environ.get("KEXIAO_CI"):
        pytest.fail(missing)
    pytest.skip(missing)


@contextmanager
def open_chromium() -> Iterator[Browser]:
    """A headless browser, closed at the end."""
    path = find_chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()
