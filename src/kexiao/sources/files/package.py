"""Files that are zip archives: xlsx and ods workbooks, and plain archives of tables."""

from __future__ import annotations

from pathlib import Path

from kexiao.sources.files.staged import Limits, StagedSheet
from kexiao.sources.files.workbook import stage_workbook


def stage_zip(path: Path, name: str, limits: Limits) -> list[StagedSheet]:
    """The sheets of a workbook or of all tables in an archive."""
    return stage_workbook(path, limits, {})
