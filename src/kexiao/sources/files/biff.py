"""Old workbooks (xls)."""

from __future__ import annotations

from pathlib import Path

from kexiao.sources.files.staged import Limits, StagedSheet
from kexiao.sources.files.workbook import stage_workbook


def stage_xls(path: Path, limits: Limits) -> list[StagedSheet]:
    """The sheets of an xls workbook."""
    return stage_workbook(path, limits, {})
