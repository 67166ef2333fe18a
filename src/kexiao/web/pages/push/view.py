"""Pushed answers: verified, kept, acknowledged; loaded a little later, many at once. No session: the signature says who it is."""

from __future__ import annotations

import logging

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from kexiao.cycle.pushing import receive_push
from kexiao.errors import KexiaoError
from kexiao.sources.wenjuanxing.pushed import LARGEST, PushRefused
from kexiao.web import workspace
from kexiao.web.pages.push.loading import wake
from kexiao.web.pages.push.pace import Pace

STATUS = {"malformed": 400, "wrong_sign": 403, "unknown_survey": 404, "too_large": 413, "outside_time": 422}
RETRY_AFTER = 60
ALL = Pace(1200, 60.0)
REFUSED = Pace(30, 60.0)
_LOG = logging.getLogger("kexiao.push")


@csrf_exempt
@login_not_required
@require_POST
def wenjuanxing(request: HttpRequest, source: str) -> HttpResponse:
    """One answer, pushed by 问卷星: 200 once it is safe on disk; 4xx where sending it again is of no use, 429 and 503 where it is.

    The log says why a push was refused and not a word of what was in it.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if not ALL.allows(address):
        return _refused("too_many", 429, address)
    try:
        given = request.META.get("CONTENT_LENGTH") or "0"
        if not given.isascii() or not given.isdigit():
            return _refused("malformed", 400, address)
        if int(given) > LARGEST:
            return _refused("too_large", 413, address)
        found = receive_push(workspace.folder(), source, request.body)
    except PushRefused as refused:
        return _refused(refused.code, STATUS[refused.code], address)
    except (KexiaoError, OSError):
        return _refused("unavailable", 503, address)
    if found is None:
        return _refused("unknown_source", 404, address)
    wake(workspace.folder(), source)
    return JsonResponse({"result": True})


def _refused(code: str, status: int, address: str) -> HttpResponse:
    """Say why; whoever is refused again and again is only told to wait, and fills no log."""
    if status not in (429, 503) and not REFUSED.allows(address):
        code, status = "too_many", 429
    if status != 429:
        _LOG.warning("push refused: %s (%s)", code, status)
    answer = JsonResponse({"result": False, "errormsg": code}, status=status)
    if status in (429, 503):
        answer.headers["Retry-After"] = str(RETRY_AFTER)
    return answer
