"""Long work outside the request: started once, its progress kept in the database, so that a page may be left and reloaded."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Thread
from typing import Any

from django.db import close_old_connections, connection
from django.utils import timezone

from kexiao.errors import KexiaoError
from kexiao.text import Text
from kexiao.web.records.models import Job, Person

Tell = Callable[[Text], None]
Work = Callable[[Tell], dict[str, Any]]
_FAULT = Text(
    zh="程序出错，数据没有改变；请把时间告诉管理员。",
    en="A fault of the program; the data are unchanged. Tell an administrator when.",
)


def start(kind: str, subject: str, by: Person, work: Work) -> Job:
    """Begin work in a thread; what it returns becomes the job's result, what it tells the step on show."""
    job = Job.objects.create(kind=kind, subject=subject[:300], by=by)
    Thread(target=_run, args=(job.pk, work), daemon=True).start()
    return job


def _run(number: int, work: Work) -> None:
    def tell(words: Text) -> None:
        Job.objects.filter(pk=number).update(step_zh=words.zh[:300], step_en=words.en[:300])

    try:
        close_old_connections()
        result = work(tell)
        Job.objects.filter(pk=number).update(state="done", result=result, ended_at=timezone.now())
    except KexiaoError as problem:
        _fail(number, Text(zh=problem.message("zh"), en=problem.message("en")))
    except Exception:
        logging.getLogger("kexiao.web").exception("A job failed")
        _fail(number, _FAULT)
    finally:
        connection.close()


def _fail(number: int, words: Text) -> None:
    Job.objects.filter(pk=number).update(
        state="failed", step_zh=words.zh[:300], step_en=words.en[:300], ended_at=timezone.now()
    )
