"""A workspace whose sources live on 127.0.0.1."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kexiao.cycle.pull import pull
from kexiao.engine.folder import Folder, create_folder, open_folder
from kexiao.engine.store import Store
from kexiao.sources.mapping.outcome import LoadReport
from kexiao.tables.catalogue import table_named

EGRESS = '\n[egress]\nprivate = ["127.0.0.1/32"]\nfirst_wait = 0.01\nlongest_wait = 0.05\nsilent_seconds = 2\n'


class Connected:
    """One workspace with sources, and its tables read back."""

    def __init__(self, root: Path) -> None:
        folder = create_folder(root / "w")
        with (folder.root / "kexiao.toml").open("a", encoding="utf-8") as settings:
            settings.write(EGRESS)
        self.folder: Folder = open_folder(folder.root)

    def source(self, name: str, text: str) -> None:
        path = self.folder.root / "sources" / f"{name}.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def pull(self, name: str, **options: Any) -> LoadReport:
        return pull(self.folder, name, **options)

    def rows(self, table: str, columns: str, order: str = "1") -> list[tuple[Any, ...]]:
        store = Store(self.folder.data)
        sql = store.table_query(store.current(), table, table_named(table).stored_columns)
        connection = duckdb.connect()
        connection.execute("SET TimeZone = 'UTC'")
        return connection.execute(f"SELECT {columns} FROM ({sql}) ORDER BY {order}").fetchall()


@pytest.fixture
def connected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Connected:
    for name, value in {
        "ZOHO_CLIENT_SECRET": "secret", "ZOHO_REFRESH_TOKEN": "refresh", "FXIAOKE_APP_SECRET": "secret", "FXIAOKE_PERMANENT_CODE": "code",
        "WJX_APP_KEY": "key",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    return Connected(tmp_path)


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> Callable[[], float]:
    """Waiting costs no time; gives how long would have been waited."""
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    return lambda: sum(waited)
