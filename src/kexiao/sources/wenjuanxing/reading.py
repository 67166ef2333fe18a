"""Reading the answers of a survey of 问卷星: a download that is made at once or by a task, a CSV file behind an address.

Source: 问卷星开放文档, 2.2.4 答卷下载 [1001004]: ``min_index`` asks for answers after a number, more than 3,000 turn into a task, the file's address is good
for a while; 接口规范: POST of JSON, ``traceid`` in the address takes part in the signature.
"""

from __future__ import annotations

import csv
import io
import re
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from kexiao.errors import KexiaoError, NotPermitted, Place, SourceUnavailable, WrongUse
from kexiao.sources.connecting.connector import Cursor, Page, SourcePlan, Thing, Walk
from kexiao.sources.connecting.described import wrong
from kexiao.sources.egress.addresses import Guard
from kexiao.sources.egress.client import Answer, Call, Client, Garbled, unreadable
from kexiao.sources.egress.limits import Limits, Pace
from kexiao.sources.egress.secrets import from_environment
from kexiao.sources.wenjuanxing.signing import signature
from kexiao.text import Text

URL = "https://www.wjx.cn/openapi/default.aspx"
DOWNLOAD = "1001004"
NUMBER, RESPONSE, SURVEY = "序号", "答卷编号", "问卷编号"
QUERY_TYPES = {"text": "0", "score": "1", "number": "2"}
LARGEST = 512 * 1024**2
AT_ONCE = 5000
"""Answers a page: the file is cut into pages of this many, so that each is kept as soon as it is read."""
_SIGN = re.compile(r"签名|sign|appid|权限|未授权|密钥|permission", re.IGNORECASE)
_BUSY = re.compile(r"频率|频繁|繁忙|稍后|QPS|超时", re.IGNORECASE)


def open_reader(plan: SourcePlan, guard: Guard, limits: Limits) -> SurveyReader:
    """Open one account. Errors: ``WrongUse`` where the account is set up for pushes alone."""
    lacking = [name for name in ("app_id", "app_key_env") if name not in plan.settings]
    if lacking:
        raise wrong(
            Text(zh="要读取答卷，需写明 {names}", en="to fetch answers, {names} must be set").fill(
                names=", ".join(lacking)
            ),
            Place(file=plan.file),
        )
    return SurveyReader(plan, Client(guard, limits, pace=Pace(1, 1.0)))


class SurveyReader:
    """Answers of surveys, after the number of the last one. The cursor: ``task`` (a download under way)."""

    settles = False

    def __init__(
        self,
        plan: SourcePlan,
        client: Client,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._place, self._client, self._sleep, self._clock = Place(file=plan.file), client, sleep, clock
        self._url = str(plan.settings.get("url", URL))
        self._id = str(plan.settings["app_id"])
        self._key = from_environment(plan.settings["app_key_env"], plan.file)

    def close(self) -> None:
        """Close the connections."""
        self._client.__exit__(None, None, None)

    def pages(self, thing: Thing, walk: Walk, cursor: Cursor | None) -> Iterator[Page]:
        """The pages of one walk: the download is asked for, waited for, read and cut."""
        task = (cursor or {}).get("task")
        try:
            data = self._ask(thing, walk, task)
        except WrongUse:
            # A task is forgotten after a while: one that is from an earlier run is asked for anew.
            if task is None:
                raise
            task, data = None, self._ask(thing, walk, None)
        if task is None and int(data.get("status", 1)) != 1 and data.get("taskid"):
            # Kept before it is waited for: a kill does not ask for the same download twice.
            task = str(data["taskid"])
            yield Page((), {"task": task})
        data = self._wait(thing, walk, task, data)
        rows, columns = self._fetch(thing, data)
        numbers = [int(row[NUMBER] or 0) for row in rows]
        reached = str(max([*numbers, int(walk.since or 0)]))
        for start in range(0, max(len(rows), 1), AT_ONCE):
            some, last = rows[start : start + AT_ONCE], start + AT_ONCE >= len(rows)
            # A download is read again from its beginning where a kill fell between two of its pages; of each answer the last reading counts.
            yield Page(
                tuple(some), None if last else {"task": task}, reached=reached if last else None, columns=columns
            )

    def _ask(self, thing: Thing, walk: Walk, task: str | None) -> dict[str, Any]:
        """One question about the download. Signed anew at each try, as a signature is good for 30 seconds."""

        def make() -> Call:
            trace = uuid.uuid4().hex
            params = {
                "appid": self._id,
                "action": DOWNLOAD,
                "ts": str(int(self._clock())),
                "encode": "sha1",
                "vid": str(thing.settings["survey"]),
                "valid": "1",
                "suffix": "0",
                "sort": "0",
                "query_type": QUERY_TYPES[thing.settings.get("answers", "score")],
                "min_index": walk.since or "",
                "taskid": task or "",
            }
            params = {name: value for name, value in params.items() if value}
            signed = {**params, "sign": signature({**params, "traceid": trace}, self._key)}
            return Call("POST", f"{self._url}?traceid={trace}&action={DOWNLOAD}", body=signed)

        return self._client.send(make, self._parse)

    def _parse(self, answer: Answer) -> dict[str, Any]:
        said = answer.json() if answer.status == 200 else None
        if not isinstance(said, dict) or "result" not in said:
            raise Garbled("no answer of the API")
        if said["result"] is True and isinstance(said.get("data"), dict):
            found: dict[str, Any] = said["data"]
            return found
        words = str(said.get("errormsg", ""))
        if _BUSY.search(words):
            raise Garbled("busy")
        raise self._refused() if _SIGN.search(words) else self._bad()

    def _wait(self, thing: Thing, walk: Walk, task: str | None, data: dict[str, Any]) -> dict[str, Any]:
        wait, waited = 1.0, 0.0
        while int(data.get("status", 1)) != 1:
            if waited > 1800:
                raise SourceUnavailable(
                    Text(
                        zh="问卷星的下载任务半小时仍未完成。",
                        en="The download of Wenjuanxing is not ready after half an hour.",
                    ),
                    next_step=Text(zh="稍后重试同一命令即可继续。", en="Run the same command later to go on."),
                )
            self._sleep(wait)
            waited, wait = waited + wait, min(30.0, wait * 1.5)
            data = self._ask(thing, walk, task)
        return data

    def _fetch(self, thing: Thing, data: dict[str, Any]) -> tuple[list[dict[str, str | None]], tuple[str, ...]]:
        """The rows of the file behind the address. No key goes there: it lies with whoever stores files for 问卷星."""
        address = data.get("download_url")
        if not address:
            return [], ()
        text = self._client.send(Call("GET", str(address), largest=LARGEST), _csv_text)
        survey = str(thing.settings["survey"])
        reader = csv.DictReader(io.StringIO(text, newline=""))
        names = tuple(name for name in reader.fieldnames or () if name)
        if NUMBER not in names:
            raise unreadable("wjx.cn")
        rows = []
        for line in reader:
            cells: dict[str, str | None] = {name: line[name] or None for name in names}
            rows.append({**cells, RESPONSE: f"{survey}-{line[NUMBER]}", SURVEY: survey})
        return rows, (*names, RESPONSE, SURVEY)

    def _refused(self) -> NotPermitted:
        return NotPermitted(
            Text(
                zh="问卷星拒绝访问：签名或权限不对。",
                en="Wenjuanxing refuses access: the signature or a permission is wrong.",
            ),
            next_step=Text(
                zh="请检查 app_id、环境变量中的密钥与本机时间，并确认已开通“答卷下载”接口。",
                en="Check app_id, the key in the environment and this machine's clock, and that the interface for downloading answers is open to you.",
            ),
            place=self._place,
        )

    def _bad(self) -> KexiaoError:
        return wrong(
            Text(
                zh="问卷星不接受这个请求，请核对问卷编号",
                en="Wenjuanxing does not accept the request; check the number of the survey",
            ),
            self._place,
        )


def _csv_text(answer: Answer) -> str:
    if answer.status != 200:
        raise Garbled("no file")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return answer.body.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Garbled("no text")
