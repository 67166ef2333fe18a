"""An answer that 问卷星 pushes: checked, and brought into the form in which answers are fetched, so that one answer is one row however it came.

Source: 问卷星开放文档, 答卷 API 推送: POST of one JSON object (activity, index, joinid, submittime, timetaken, q1, q2 …, sign); ``sign`` covers survey, number of the
answer and push key. Where a push fails it is sent again, up to ten times and once more after half an hour.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from kexiao.sources.egress.secrets import Secret
from kexiao.sources.wenjuanxing.reading import NUMBER, RESPONSE, SURVEY
from kexiao.sources.wenjuanxing.signing import is_genuine

SENT = "提交答卷时间"
LARGEST = 256 * 1024
DEFAULT_DAYS = 3.0
AHEAD = timedelta(minutes=10)
"""How far ahead of ours the clock of 问卷星 may be."""
MOST_KEYS, LONGEST_KEY = 2000, 100
WHO = ("sojumpparm", "parm", "thirduserid")
"""Keys under which the customer's id comes, the best first."""
Refused = Literal["malformed", "too_large", "wrong_sign", "unknown_survey", "outside_time"]
_NUMBER = re.compile(r"[0-9]{1,20}")
_ZONE = ZoneInfo("Asia/Shanghai")


class PushRefused(Exception):
    """A push that is not taken; ``code`` says why, without a word of what was in it."""

    def __init__(self, code: Refused) -> None:
        super().__init__(code)
        self.code = code


def read_push(body: bytes, key: Secret, now: datetime, days: float = DEFAULT_DAYS) -> dict[str, str | None]:
    """The answer in a push: its cells by name, with 序号, 答卷编号, 问卷编号 and 提交答卷时间 as a download has them.

    Errors: ``PushRefused``: not the documented JSON, too large, wrongly signed, or sent longer than ``days`` ago or in the future. 问卷星 writes
    times as of Beijing.
    """
    if len(body) > LARGEST:
        raise PushRefused("too_large")
    said = _object(body)
    if not is_genuine(said, key):
        raise PushRefused("wrong_sign")
    survey, number = str(said.get("activity", "")), str(said.get("index", ""))
    if not _NUMBER.fullmatch(survey) or not _NUMBER.fullmatch(number):
        raise PushRefused("malformed")
    sent = _moment(said.get("submittime"))
    if not now - timedelta(days=days) <= sent <= now + AHEAD:
        raise PushRefused("outside_time")
    cells = {
        name: _cell(value) for name, value in said.items() if name not in ("sign", "activity", "index", "submittime")
    }
    known = {NUMBER: number, RESPONSE: f"{survey}-{number}", SURVEY: survey, SENT: sent.isoformat()}
    return {**known, **{name: cell for name, cell in cells.items() if name not in known}}


def _object(body: bytes) -> Mapping[str, object]:
    try:
        said = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise PushRefused("malformed") from None
    if not isinstance(said, dict) or not 0 < len(said) <= MOST_KEYS or any(len(name) > LONGEST_KEY for name in said):
        raise PushRefused("malformed")
    return said


def _cell(value: object) -> str | None:
    if value is None or value == "":
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")


def _moment(given: object) -> datetime:
    for form in ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"):
        try:
            return datetime.strptime(str(given), form).replace(tzinfo=_ZONE)
        except ValueError:
            continue
    raise PushRefused("malformed")
