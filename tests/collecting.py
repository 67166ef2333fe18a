"""A workspace to collect into, and its tables read back without any of the product's own queries, but for the contacts, whose files go by their names."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from kexiao.cycle.collect import LoadReport, collect
from kexiao.engine.folder import Folder, create_folder, open_folder
from kexiao.tables.contact_files import contacts_query

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
LATER = datetime(2026, 2, 1, tzinfo=UTC)


def sheet(drawn: str) -> str:
    """A CSV from a table drawn with bars; spaces around cells are left out."""
    lines = [line.strip() for line in drawn.strip().splitlines()]
    return "\n".join(",".join(cell.strip() for cell in line.split("|")) for line in lines) + "\n"


class Company:
    """One workspace under test."""

    def __init__(self, root: Path, **settings: Any) -> None:
        self.root = root
        there = (root / "w").exists()
        self.folder: Folder = open_folder(root / "w") if there else create_folder(root / "w", **settings)

    def copied(self, root: Path) -> Company:
        """The workspace as it stands now, with the files beside it, once more in another place."""
        shutil.copytree(self.root, root, dirs_exist_ok=True)
        return Company(root)

    def file(self, name: str, drawn: str) -> Path:
        """A CSV file beside the workspace."""
        path = self.root / name
        path.write_text(
            sheet(drawn) if "|" in drawn.splitlines()[0 if drawn[0] != "\n" else 1] else drawn, encoding="utf-8"
        )
        return path

    def collect(self, *files: Path, at: datetime = FIRST, mapping: Path | None = None) -> LoadReport:
        """Load files as exported at one time."""
        return collect(self.folder, list(files), exported_at=at, mapping=mapping)

    def load(self, drawn: str, *, at: datetime = FIRST, name: str = "orders.csv") -> LoadReport:
        """Load one drawn sheet."""
        return self.collect(self.file(name, drawn), at=at)

    def rows(self, table: str, columns: str = "COLUMNS(*)::VARCHAR", order: str = "ALL") -> list[tuple[Any, ...]]:
        """Rows of a table as its newest snapshot lists its files."""
        if table == "contacts":
            source = f"({contacts_query(self.folder)})"
        else:
            newest = max((self.folder.data / "_snapshots").glob("s*.json"))
            listed = json.loads(newest.read_text(encoding="utf-8"))["tables"].get(table, {"files": []})["files"]
            files = [str(self.folder.data / part["path"]) for part in listed]
            if not files or not Path(files[0]).exists():
                return []
            source = f"read_parquet({files}, union_by_name = true)"
        with duckdb.connect(":memory:") as connection:
            connection.execute("SET TimeZone = 'UTC'")
            return connection.execute(f"SELECT {columns} FROM {source} ORDER BY {order}").fetchall()

    def snapshots(self) -> int:
        """How many snapshots there are."""
        return len(list((self.folder.data / "_snapshots").glob("s*.json")))


def counts(report: LoadReport) -> tuple[int, int, int, int, int]:
    """Read, loaded, quarantined, duplicate, skipped."""
    return (
        report.rows_read,
        report.rows_loaded,
        report.rows_quarantined,
        report.rows_duplicate,
        report.rows_skipped,
    )
