"""The open workspace: its folder, its facts, and a memory of results, so that a page asked again answers at once.

Results are remembered by what they rest on: snapshot, settings, decisions and day. DuckDB computes for one request at a time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import Lock, RLock
from typing import Any, TypeVar, cast

from django.conf import settings

from kexiao.cycle.measure import Measurement, measure_facts
from kexiao.engine.folder import SETTINGS_FILE, Folder, open_folder
from kexiao.engine.store import Store
from kexiao.facts.periods import Period
from kexiao.facts.source import FactSource, open_facts

Result = TypeVar("Result")
State = tuple[Hashable, ...]
_MOST_REMEMBERED = 600
_DECISIONS = (
    "scorecards/*.toml",
    "initiatives/*.toml",
    "closes/*.json",
    "verdicts/*.json",
    "targets.toml",
    "playbook/*.toml",
    "metrics/*.toml",
)


@dataclass
class _Opened:
    state: State
    source: FactSource


_opened: dict[Path, _Opened] = {}
_remembered: OrderedDict[Hashable, Any] = OrderedDict()
_computing = RLock()
_opening = Lock()
_remembering = Lock()


def folder() -> Folder:
    """The workspace's folder and settings as they are now."""
    return open_folder(settings.KEXIAO_WORKSPACE)


def state() -> State:
    """What every result rests on: the newest snapshot, the settings and decisions on file, the day."""
    root = Path(settings.KEXIAO_WORKSPACE)
    numbers = Store(root / "data").numbers()
    files = [root / SETTINGS_FILE, *(path for pattern in _DECISIONS for path in sorted(root.glob(pattern)))]
    marks = tuple((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in files if path.exists())
    return root, (numbers[-1] if numbers else 0), date.today().isoformat(), marks


def ask(key: Hashable, compute: Callable[[FactSource], Result]) -> Result:
    """A result from memory, or computed now over the facts of the newest snapshot and remembered."""
    now = state()
    full = (now, key)
    with _remembering:
        if full in _remembered:
            _remembered.move_to_end(full)
            return cast(Result, _remembered[full])
    source = _facts(now)
    with _computing:
        found = compute(source)
    with _remembering:
        _remembered[full] = found
        while len(_remembered) > _MOST_REMEMBERED:
            _remembered.popitem(last=False)
    return found


def _facts(now: State) -> FactSource:
    root = Path(settings.KEXIAO_WORKSPACE)
    # Whoever asks what the data cover need not wait for what somebody else has computed.
    with _opening:
        held = _opened.get(root)
        if held is None or held.state != now:
            held = _opened[root] = _Opened(now, open_facts(folder()))
        return held.source


def is_open() -> bool:
    """Whether the facts of the newest snapshot are open, so that ``about`` answers at once."""
    held = _opened.get(Path(settings.KEXIAO_WORKSPACE))
    return held is not None and held.state == state()


def about() -> FactSource:
    """What is known of the data as a whole: coverage, policy, window, snapshot. Queries go through ``ask``."""
    return _facts(state())


def measured(
    names: tuple[str, ...],
    period: Period,
    *,
    grain: str | None = None,
    by: tuple[str, ...] = (),
    where: tuple[tuple[str, str], ...] = (),
    variants: bool = False,
) -> Measurement:
    """Metrics over a period, by the one function that the command line uses."""
    return ask(
        ("measure", names, period, grain, by, where, variants),
        lambda source: measure_facts(source, names, period=period, grain=grain, by=by, where=where, variants=variants),
    )
