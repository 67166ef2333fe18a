"""What may take minutes is computed in the background: a request waits for a moment, and says so where it is not done by then."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextvars import copy_context
from dataclasses import dataclass, field
from threading import Event, Lock, Thread

from django.conf import settings

from kexiao.web import workspace


@dataclass
class _Task:
    done: Event = field(default_factory=Event)
    problem: Exception | None = None


_tasks: dict[tuple[workspace.State, Hashable], _Task] = {}
_lock = Lock()


def ready(key: Hashable, compute: Callable[[], object], seconds: float | None = None) -> bool:
    """Whether ``compute`` has run to its end over the data as they are; it is begun where it was not, once for all who ask.

    What it computes must be remembered elsewhere (``workspace.ask``). Waits for ``seconds`` (default: the setting). Errors: those of ``compute``,
    told to one who asks; the next one begins anew.
    """
    full = (workspace.state(), key)
    with _lock:
        task = _tasks.get(full)
        if task is None:
            for old in [one for one, other in _tasks.items() if other.done.is_set() and one[0] != full[0]]:
                del _tasks[old]
            task = _tasks[full] = _Task()
            Thread(target=copy_context().run, args=(_run, task, compute), daemon=True).start()
    if not task.done.wait(settings.KEXIAO_PATIENCE if seconds is None else seconds):
        return False
    with _lock:
        if _tasks.get(full) is task:
            del _tasks[full]
    if task.problem is not None:
        raise task.problem
    return True


def ended(key: Hashable) -> bool:
    """Whether there is no longer anything to wait for: it is done, has failed, or was told of already."""
    task = _tasks.get((workspace.state(), key))
    return task is None or task.done.is_set()


def _run(task: _Task, compute: Callable[[], object]) -> None:
    try:
        compute()
    except Exception as problem:  # handed on to whoever asks
        task.problem = problem
    finally:
        task.done.set()


def facts_ready(seconds: float | None = None) -> bool:
    """Whether the facts of the newest snapshot are open, so that pages can say what they rest on. Errors: those of opening them."""
    return workspace.is_open() or ready("facts", workspace.about, seconds)
