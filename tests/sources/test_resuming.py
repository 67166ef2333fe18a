"""A load that was killed goes on from the large files that it had read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kexiao.cycle.collect import collect
from kexiao.cycle.privacy import erase
from kexiao.engine.folder import Folder, create_folder
from kexiao.engine.store import Store
from kexiao.errors import WrongUse
from kexiao.sources import resuming, scrubbing
from kexiao.sources.files.reading import ANSWER
from kexiao.sources.inbox import take, workplace

ROWS = "\n".join(f"A{n},2025-01-{n % 28 + 1:02d},C{n % 7},{n}.50" for n in range(500))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setattr(resuming, "SMALLEST", 1)
    return create_folder(tmp_path / "w")


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text(f"订单号,下单时间,客户编号,金额\n{ROWS}\n", encoding="utf-8")
    return path


def a_process_that_ended() -> int:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def read_and_be_killed(folder: Folder, path: Path) -> Path:
    """What a load leaves that is killed as soon as it has read its file."""
    dead = folder.data / "_tmp" / f"load-{a_process_that_ended()}-0badcafe"
    dead.mkdir(parents=True)
    scrubbing.read_sheets(take(dead, path, None), dead / "f0")
    return dead


def never_again(*_: object, **__: object) -> None:
    raise AssertionError("the file was read anew")


def loaded(folder: Folder) -> int:
    version = Store(folder.data).current().tables.get("orders")
    return version.rows if version else 0


def kept(folder: Folder) -> list[str]:
    return [path.name for path in (folder.data / "_tmp").glob("read-*")]


def test_a_file_that_was_read_before_the_kill_is_not_read_again(
    folder: Folder, orders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_and_be_killed(folder, orders)
    monkeypatch.setattr(scrubbing, "read_file", never_again)
    assert collect(folder, [orders]).rows_loaded == 500
    assert loaded(folder) == 500


def test_nothing_is_left_once_the_load_went_through(folder: Folder, orders: Path) -> None:
    dead = read_and_be_killed(folder, orders)
    collect(folder, [orders])
    assert not dead.exists() and not kept(folder)


def test_a_glance_at_the_workspace_keeps_what_was_read_for_the_load_to_come(folder: Folder, orders: Path) -> None:
    read_and_be_killed(folder, orders)
    with workplace(folder):
        pass
    assert len(kept(folder)) == 1


def test_a_reading_that_did_not_end_is_done_anew(folder: Folder, orders: Path) -> None:
    dead = read_and_be_killed(folder, orders)
    (dead / "f0" / ANSWER).unlink()
    assert collect(folder, [orders]).rows_loaded == 500


def test_a_file_that_changed_since_is_read_anew(folder: Folder, orders: Path) -> None:
    read_and_be_killed(folder, orders)
    orders.write_text(orders.read_text(encoding="utf-8") + "A900,2025-02-01,C9,9.00\n", encoding="utf-8")
    assert collect(folder, [orders]).rows_loaded == 501


def test_a_file_of_another_name_is_read_anew_since_its_name_may_tell_how(
    folder: Folder, orders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_and_be_killed(folder, orders)
    monkeypatch.setattr(scrubbing, "read_file", never_again)
    with pytest.raises(AssertionError, match="read anew"):
        collect(folder, [orders.rename(orders.with_name("refunds.csv"))])


def test_after_a_restart_of_the_machine_it_is_read_anew(
    folder: Folder, orders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_and_be_killed(folder, orders)
    real = scrubbing.same_reading
    monkeypatch.setattr(scrubbing, "same_reading", lambda *given: {**real(*given), "boot": "another"})
    monkeypatch.setattr(scrubbing, "read_file", never_again)
    with pytest.raises(AssertionError, match="read anew"):
        collect(folder, [orders])


def test_small_files_are_not_kept(folder: Folder, orders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resuming, "SMALLEST", 1_000_000)
    read_and_be_killed(folder, orders)
    with workplace(folder):
        assert not kept(folder)


def test_what_is_a_day_old_goes(folder: Folder, orders: Path) -> None:
    read_and_be_killed(folder, orders)
    with workplace(folder):
        pass
    for path in (folder.data / "_tmp").glob("read-*"):
        os.utime(path, (0, 0))
    with workplace(folder):
        assert not kept(folder)


def test_erasing_a_person_leaves_no_reading_that_speaks_of_them(folder: Folder, orders: Path, tmp_path: Path) -> None:
    collect(folder, [orders])
    more = tmp_path / "more.csv"
    more.write_text(f"订单号,下单时间,客户编号,金额\n{ROWS.replace('A', 'B')}\n", encoding="utf-8")
    read_and_be_killed(folder, more)
    with workplace(folder):
        assert kept(folder)
    erase(folder, "C3")
    assert not kept(folder)
    with pytest.raises(WrongUse):
        erase(folder, "nobody")
