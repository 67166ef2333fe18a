"""The data dictionary and the metric handbook say what the code says; run with KEXIAO_WRITE_DOCS=1 to write them anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kexiao.metrics.handbook import handbook
from kexiao.tables.dictionary import data_dictionary
from kexiao.text import LANGUAGES, Language

DOCS = Path(__file__).resolve().parents[1] / "docs"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("name", "write"), [("tables", data_dictionary), ("metrics", handbook)])
def test_the_generated_pages_are_up_to_date(name: str, write: object, language: Language) -> None:
    path, want = DOCS / f"{name}.{language}.md", write(language)  # type: ignore[operator]
    if os.environ.get("KEXIAO_WRITE_DOCS"):
        path.write_text(want, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == want
