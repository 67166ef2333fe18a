"""A collection that is killed at any moment: the next ones leave the store equal to the source, each record once."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sources.connectors.fakes import FakeZoho, Said, ago, served
from sources.connectors.test_zoho import SOURCE, deals

from kexiao.sources.connecting.staging import Staging

KEXIAO = Path(sys.executable).with_name("kexiao")


class Slow(FakeZoho):
    """Refuses every fifth call, so that there is more to be killed in."""

    def answer(self, asked: Any) -> Said:
        return Said(503) if len(self.log) % 5 == 0 else super().answer(asked)


def test_a_process_killed_at_random_loses_and_doubles_nothing(connected: Any) -> None:
    chance = random.Random(7)
    with served(Slow(deals(1900))) as zoho:
        connected.source("crm", SOURCE.format(url=zoho.url, more="", first='first = "pages"', columns=""))
        command = [str(KEXIAO), "collect", "crm", "-w", str(connected.folder.root)]
        killed = 0
        for _ in range(6):
            child = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
            )
            try:
                child.wait(chance.uniform(0.5, 4.0))
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, 9)
                child.wait()
                killed += 1
        zoho.delete(min(zoho.records), ago(seconds=0))
        for _ in range(3):
            assert subprocess.run(command, capture_output=True, check=False).returncode in (0, 6)
        connected.pull("crm")
        want = {record: Decimal(str(r["Amount"])) for record, r in zoho.records.items()}
        rows = connected.rows("orders", "order_id, amount")
        assert len(rows) == len(dict(rows)) and dict(rows) == want


@pytest.mark.parametrize("step", ["add", "settle", "keep_state", "drop_walk"])
def test_a_death_before_any_step_of_the_bookkeeping_is_made_good(
    connected: Any, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(FakeZoho(deals(450))) as zoho:
        connected.source("crm", SOURCE.format(url=zoho.url, more="", first='first = "pages"', columns=""))

        def dies(*_: Any) -> None:
            raise KeyboardInterrupt

        for _ in range(3):
            with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
                broken.setattr(Staging, step, dies)
                connected.pull("crm")
        connected.pull("crm")
        assert dict(connected.rows("orders", "order_id, amount")) == {
            record: Decimal(str(r["Amount"]))
            for record, r in zoho.records.items()  # type: ignore[attr-defined]
        }
