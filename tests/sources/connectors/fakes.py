"""Systems that follow their documented protocols, keep state, and refuse what the real ones refuse; on 127.0.0.1, as long as a test lasts."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import threading
import time
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Asked:
    """One request as a fake system sees it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass
class Said:
    """What it answers."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class FakeSystem(ABC):
    """Answers requests; counts them; may be told to misbehave for the next calls by ``faults`` (path → list of answers to give first)."""

    def __init__(self) -> None:
        self.log: list[Asked] = []
        self.faults: dict[str, list[Said]] = {}
        self.url = ""
        self.lock = threading.Lock()

    @abstractmethod
    def answer(self, asked: Asked) -> Said:
        """What this system says to a request."""

    def handle(self, asked: Asked) -> Said:
        with self.lock:
            self.log.append(asked)
            for path, waiting in self.faults.items():
                if asked.path.startswith(path) and waiting:
                    return waiting.pop(0)
            return self.answer(asked)

    def calls(self, part: str) -> list[Asked]:
        return [asked for asked in self.log if part in asked.path]


@contextmanager
def served(system: FakeSystem) -> Iterator[FakeSystem]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None: ...

        def _do(self) -> None:
            url = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            said = system.handle(Asked(self.command, url.path, query, headers, body))
            raw = (
                said.body
                if isinstance(said.body, bytes)
                else b""
                if said.body is None
                else json.dumps(said.body).encode()
            )
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            if said.status not in (204, 304):
                self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            if said.status not in (204, 304):
                self.wfile.write(raw)

        do_GET = do_POST = _do  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    system.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield system
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class FakeZoho(FakeSystem):
    """Zoho CRM v8: tokens of an hour, pages of at most 200, a page_token beyond 2,000, at most 50 fields, changes, deletions, bulk jobs."""

    def __init__(self, records: dict[str, dict[str, Any]], module: str = "Deals") -> None:
        super().__init__()
        self.records, self.module = records, module
        self.deleted: dict[str, str] = {}
        self.token, self.tokens, self.token_life = "", 0, 10**9
        self.jobs: dict[str, dict[str, Any]] = {}
        self.listings: dict[str, list[str]] = {}

    def delete(self, record: str, at: datetime) -> None:
        del self.records[record]
        self.deleted[record] = at.isoformat(timespec="seconds")

    def answer(self, asked: Asked) -> Said:
        if asked.path == "/oauth/v2/token":
            return self._grant(asked)
        if asked.headers.get("authorization") != f"Zoho-oauthtoken {self.token}" or self.token_life <= 0:
            return Said(401, {"code": "INVALID_TOKEN", "status": "error"})
        self.token_life -= 1
        if asked.path == f"/crm/v8/{self.module}/actions/count":
            return Said(200, {"count": len(self.records)})
        if asked.path == f"/crm/v8/{self.module}/deleted":
            return self._deleted(asked)
        if asked.path == f"/crm/v8/{self.module}":
            return self._records(asked)
        if asked.path.startswith("/crm/bulk/v8/read"):
            return self._bulk(asked)
        return Said(400, {"code": "INVALID_MODULE", "status": "error"})

    def _grant(self, asked: Asked) -> Said:
        form = asked.form()
        if form.get("refresh_token") != "refresh" or form.get("client_secret") != "secret":
            return Said(200, {"error": "invalid_code"})
        self.tokens += 1
        self.token, self.token_life = f"access{self.tokens}", self.life_of_new_tokens
        return Said(200, {"access_token": self.token, "expires_in": 3600, "api_domain": "https://evil.example"})

    life_of_new_tokens = 10**9

    def _changed_since(self, asked: Asked) -> list[str]:
        since = asked.headers.get("if-modified-since")
        ids = sorted(self.records)
        if since:
            moment = datetime.fromisoformat(since)
            ids = [i for i in ids if datetime.fromisoformat(self.records[i]["Modified_Time"]) >= moment]
        return ids

    def _records(self, asked: Asked) -> Said:
        fields = asked.query.get("fields", "").split(",")
        if len(fields) > 50 or fields == [""]:
            return Said(400, {"code": "LIMIT_EXCEEDED_FIELDS" if fields != [""] else "REQUIRED_PARAM_MISSING"})
        if "ids" in asked.query:
            ids = asked.query["ids"].split(",")
            if len(ids) > 100:
                return Said(400, {"code": "INVALID_DATA"})
            return Said(200, {"data": [self._shown(i, fields) for i in ids if i in self.records], "info": {}})
        per_page = int(asked.query.get("per_page", 200))
        if per_page > 200:
            return Said(400, {"code": "INVALID_DATA"})
        token = asked.query.get("page_token")
        if token:
            if token not in self.listings:
                return Said(400, {"code": "INVALID_PAGE_TOKEN"})
            ids = self.listings[token]
        else:
            page = int(asked.query.get("page", 1))
            if page * per_page > 2000:
                return Said(400, {"code": "DISCRETE_PAGINATION_LIMIT_EXCEEDED"})
            ids = self._changed_since(asked)[(page - 1) * per_page :]
        if not ids:
            return Said(304 if "if-modified-since" in asked.headers else 204)
        rest = ids[per_page:]
        following = None
        if rest:
            following = hashlib.sha256(repr(rest).encode()).hexdigest()
            self.listings[following] = rest
        shown = [self._shown(i, fields) for i in ids[:per_page] if i in self.records]
        return Said(
            200,
            {"data": shown, "info": {"more_records": bool(rest), "next_page_token": following, "count": len(shown)}},
        )

    def _shown(self, record: str, fields: list[str]) -> dict[str, Any]:
        return {
            "id": record,
            **{name: self.records[record].get(name) for name in fields if name in self.records[record]},
        }

    def _deleted(self, asked: Asked) -> Said:
        since = datetime.fromisoformat(asked.headers["if-modified-since"])
        found = [i for i, at in sorted(self.deleted.items()) if datetime.fromisoformat(at) >= since]
        page, size = int(asked.query["page"]), int(asked.query["per_page"])
        shown = found[(page - 1) * size : page * size]
        if not shown:
            return Said(304)
        data = [{"id": i, "deleted_time": self.deleted[i], "type": "recycle"} for i in shown]
        return Said(200, {"data": data, "info": {"more_records": len(found) > page * size}})

    job_rows, job_waits = 200_000, 1

    def _bulk(self, asked: Asked) -> Said:
        parts = asked.path.split("/")[5:]
        if asked.method == "POST":
            query = asked.json()["query"]
            start = int(query.get("page_token", "0"))
            job = f"job{len(self.jobs) + 1}"
            self.jobs[job] = {"fields": query["fields"], "start": start, "waits": self.job_waits}
            return Said(201, {"data": [{"status": "success", "details": {"id": job}}], "info": {}})
        job = self.jobs.get(parts[0])
        if job is None:
            return Said(404, {"code": "RESOURCE_NOT_FOUND"})
        ids = sorted(self.records)
        mine, rest = ids[job["start"] : job["start"] + self.job_rows], ids[job["start"] + self.job_rows :]
        if len(parts) == 1:
            if job["waits"] > 0:
                job["waits"] -= 1
                return Said(200, {"data": [{"id": parts[0], "state": "IN PROGRESS"}]})
            result = {"count": len(mine), "more_records": bool(rest), "page": 1, "per_page": self.job_rows}
            if rest:
                result["next_page_token"] = str(job["start"] + self.job_rows)
            return Said(200, {"data": [{"id": parts[0], "state": "COMPLETED", "result": result}]})
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(["Id", *job["fields"]])
        for i in mine:
            values = [self.records[i].get(name) for name in job["fields"]]
            writer.writerow([i, *(v["id"] if isinstance(v, dict) else v for v in values)])
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{parts[0]}.csv", text.getvalue())
        return Said(200, packed.getvalue())


class FakeFxiaoke(FakeSystem):
    """纷享销客: errors inside 200, tokens that expire (20016), limit ≤ 100, offset ≤ 10,000, at most so many calls in a time."""

    def __init__(self, records: dict[str, dict[str, Any]], name: str, fields: dict[str, Any]) -> None:
        super().__init__()
        self.records, self.name, self.fields = records, name, fields
        self.token, self.tokens, self.life = "", 0, 10**9
        self.life_of_new_tokens = 10**9
        self.calls_allowed, self.seconds = 100, 20.0
        self.times: list[float] = []
        self.too_many = 0

    def answer(self, asked: Asked) -> Said:
        body = asked.json()
        if asked.path in ("/oauth2.0/token", "/cgi/corpAccessToken/get/V2"):
            return self._grant(asked, body)
        now = time.monotonic()
        self.times = [t for t in self.times if now - t < self.seconds] + [now]
        if len(self.times) > self.calls_allowed:
            self.too_many += 1
            return self._error(40301, "调用频率超限，请稍后再试")
        if not self._known(asked, body) or self.life <= 0:
            return self._error(20016, "the cropId,cropAccessToken or authorization is error")
        self.life -= 1
        if asked.path == "/cgi/crm/v2/object/describe":
            return Said(200, {"errorCode": 0, "data": {"describe": {"fields": self.fields}}})
        own = "/cgi/crm/custom/v2/data/query" if self.name.endswith("__c") else "/cgi/crm/v2/data/query"
        if asked.path == own and body["data"]["dataObjectApiName"] == self.name:
            return self._query(body["data"]["search_query_info"])
        return self._error(10005, "unknown object")

    def _grant(self, asked: Asked, body: dict[str, Any]) -> Said:
        good = body.get("appSecret") == "secret" and body.get("permanentCode") == "code"
        if not good or (asked.path.startswith("/oauth2") and body.get("grantType") != "app_secret"):
            return self._error(10006, "the parameter appSecret is missing or illegal")
        self.tokens += 1
        self.token, self.life = f"token{self.tokens}", self.life_of_new_tokens
        if asked.path.startswith("/oauth2"):
            return Said(200, {"errorCode": 0, "accessToken": self.token, "ea": "company", "expiresIn": 7200})
        return Said(200, {"errorCode": 0, "corpAccessToken": self.token, "corpId": "FSCID_1", "expiresIn": 7200})

    def _known(self, asked: Asked, body: dict[str, Any]) -> bool:
        new = asked.headers.get("authorization") == f"Bearer {self.token}" and asked.headers.get("x-fs-ea") == "company"
        return (new and bool(asked.headers.get("x-fs-userid"))) or (
            body.get("corpAccessToken") == self.token
            and body.get("corpId") == "FSCID_1"
            and bool(body.get("currentOpenUserId"))
        )

    @staticmethod
    def _error(code: int, words: str) -> Said:
        return Said(200, {"errorCode": code, "errorMessage": words, "errorDescription": words})

    def _query(self, asked: dict[str, Any]) -> Said:
        if asked["limit"] > 100:
            return self._error(10013, "limit out of range 100")
        if asked["offset"] > 10_000:
            return self._error(10013, "offset out of range 10000")
        found = sorted(self.records.values(), key=lambda r: r["_id"])
        shown_invalid = False
        for one in asked["filters"]:
            name, value, how = one["field_name"], one["field_values"][0], one["operator"]
            if name == "_id" and how == "GT":
                found = [r for r in found if r["_id"] > value]
            elif name == "last_modified_time" and how == "GTE":
                found = [r for r in found if r["last_modified_time"] >= int(value)]
            elif name == "life_status" and how == "EQ":
                shown_invalid = value == "invalid"
            else:
                return self._error(10013, "filter")
        found = [r for r in found if (r.get("life_status") == "invalid") == shown_invalid]
        page = found[asked["offset"] : asked["offset"] + asked["limit"]]
        wanted = set(asked["fieldProjection"])
        data = [{name: value for name, value in r.items() if name in wanted and value is not None} for r in page]
        return Said(
            200, {"errorCode": 0, "errorMessage": "OK", "data": {"dataList": data, "total": 0, "limit": asked["limit"]}}
        )


class FakeSurvey(FakeSystem):
    """问卷星: signatures of 30 seconds over sorted non-empty parameters, downloads at once or by task, CSV with a BOM."""

    def __init__(self, header: list[str], answers: list[list[str]], survey: str = "5657754") -> None:
        super().__init__()
        self.header, self.answers, self.survey = header, answers, survey
        self.at_once, self.waits = 3000, 2
        self.tasks: dict[str, dict[str, int]] = {}
        self.clock = time.time

    def answer(self, asked: Asked) -> Said:
        if asked.path.startswith("/files/"):
            return Said(200, self._file(int(asked.path.rsplit("/", 1)[1])))
        body = asked.json()
        said = {**body, **{name: value for name, value in asked.query.items() if name == "traceid"}}
        text = "".join(said[name] for name in sorted(said) if said[name] and name != "sign") + "key"
        if body.get("sign") != hashlib.sha1(text.encode()).hexdigest():
            return Said(200, {"result": False, "errormsg": "签名错误"})
        if abs(self.clock() - int(body["ts"])) > 30:
            return Said(200, {"result": False, "errormsg": "签名已过期"})
        if body["action"] != "1001004" or body["vid"] != self.survey:
            return Said(200, {"result": False, "errormsg": "问卷不存在"})
        if "taskid" in body:
            task = self.tasks.get(body["taskid"])
            if task is None:
                return Said(200, {"result": False, "errormsg": "任务不存在"})
            task["waits"] -= 1
            if task["waits"] > 0:
                return Said(200, {"result": True, "data": {"taskid": body["taskid"], "status": 0}})
            return self._ready(task["after"])
        after = int(body.get("min_index", 0))
        if len([a for a in self.answers if int(a[0]) > after]) > self.at_once:
            name = str(len(self.tasks) + 1)
            self.tasks[name] = {"waits": self.waits, "after": after}
            return Said(200, {"result": True, "data": {"taskid": name, "status": 0}})
        return self._ready(after)

    def _ready(self, after: int) -> Said:
        return Said(200, {"result": True, "data": {"status": 1, "download_url": f"{self.url}/files/{after}"}})

    def _file(self, after: int) -> bytes:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(self.header)
        writer.writerows([a for a in self.answers if int(a[0]) > after])
        return text.getvalue().encode("utf-8-sig")


def ago(**span: float) -> datetime:
    return datetime.now(UTC) - timedelta(**span)
