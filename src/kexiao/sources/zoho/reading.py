"""Reading modules of Zoho CRM: bulk jobs for large first readings, pages after that, then what was deleted.

Source: Zoho CRM developer documentation, API v8: "Get records" (``fields`` ≤ 50, ``per_page`` ≤ 200, ``page_token`` beyond 2,000 records,
If-Modified-Since and 304), "Get deleted records", "Record count", "Bulk read" (jobs of up to 200,000 records, CSV in a ZIP).
"""

from __future__ import annotations

import csv
import io
import itertools
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from kexiao.errors import InputRejected, SourceUnavailable
from kexiao.sources.connecting.cells import flat, instant_of, written
from kexiao.sources.connecting.connector import Cursor, Deleted, Page, SourcePlan, Thing, Walk
from kexiao.sources.egress.addresses import Guard
from kexiao.sources.egress.client import Answer, Client, Garbled, unreadable
from kexiao.sources.egress.limits import Limits
from kexiao.sources.zoho.access import Access, BadRequest
from kexiao.text import Text

A_PAGE = 200
FIELDS_A_CALL = 50
IDS_A_CALL = 100
BULK_FROM = 20_000
ROWS_A_PAGE = 10_000
LOOK_BACK, DELETED_BACK = timedelta(minutes=10), timedelta(days=1)
LARGEST_ZIP, LARGEST_CSV = 512 * 1024**2, 2 * 1024**3


def open_reader(plan: SourcePlan, guard: Guard, limits: Limits) -> ZohoReader:
    """Open one organisation."""
    client = Client(guard, limits)
    return ZohoReader(Access(plan, client), client)


class ZohoReader:
    """Pages of Zoho modules. A walk has the steps ``bulk`` or ``records``, then ``deleted``; the cursor names the step and where it is."""

    settles = False

    def __init__(self, access: Access, client: Client, sleep: Callable[[float], None] = time.sleep) -> None:
        self._access, self._client, self._sleep = access, client, sleep

    def close(self) -> None:
        """Close the connections."""
        self._client.__exit__(None, None, None)

    def pages(self, thing: Thing, walk: Walk, cursor: Cursor | None) -> Iterator[Page]:
        """The pages of one walk."""
        at = cursor or {"step": self._first_step(thing, walk), "token": None, "page": 1, "job": None, "began": None}
        ended = False
        while not ended:
            for page in self._step(thing, walk, at):
                began = at["began"] or (written(self._access.server_time) if self._access.server_time else None)
                if page.cursor is None:
                    # Changes are asked for from the beginning of this walk on, by the server's own clock.
                    ended = True
                    yield replace(page, reached=began or written(walk.started_at))
                else:
                    at = {**page.cursor, "began": began}
                    yield replace(page, cursor=at)

    def _step(self, thing: Thing, walk: Walk, at: Cursor) -> Iterator[Page]:
        """The pages of one step. A page token lives a day, a job a little longer: after a long pause the step begins anew, once."""
        try:
            if at["step"] == "bulk":
                yield from self._bulk(thing, at)
            else:
                yield (self._records if at["step"] == "records" else self._deleted)(thing, walk, at)
        except BadRequest:
            if not (at["token"] or at["job"]) or at.get("anew"):
                raise
            yield Page((), {**at, "token": None, "job": None, "anew": True})

    def _first_step(self, thing: Thing, walk: Walk) -> str:
        first = thing.settings.get("first", "auto")
        if walk.mode == "changes" or first == "pages" or any(c.endswith(".name") for c in thing.columns):
            # A bulk file gives the ids of looked-up records, not their names.
            return "records"
        if first == "bulk":
            return "bulk"
        path = f"/crm/v8/{thing.settings['module']}/actions/count"
        count = self._access.get(path, lambda a: int(a.json()["count"]))
        return "bulk" if count > BULK_FROM else "records"

    def _records(self, thing: Thing, walk: Walk, at: Cursor) -> Page:
        """One page of records; what has more than fifty fields is completed by id."""
        module, groups = thing.settings["module"], _field_groups(thing)
        params = {"fields": ",".join(groups[0]), "per_page": str(A_PAGE), "sort_by": "id", "sort_order": "asc"}
        if at["token"]:
            params["page_token"] = at["token"]
        said = self._access.get(f"/crm/v8/{module}", _page_of, params=params, headers=_since(walk))
        rows = {str(record["id"]): flat(record) for record in said["data"]}
        for group in groups[1:]:
            self._complete(module, group, rows)
        info = said.get("info", {})
        token = info.get("next_page_token") if info.get("more_records") else None
        after = {**at, "token": token} if token else {**at, "step": "deleted", "token": None, "page": 1}
        return Page(tuple(rows.values()), after, columns=tuple(groups[0]) if not rows else ())

    def _complete(self, module: str, group: Sequence[str], rows: dict[str, dict[str, str | None]]) -> None:
        ids = list(rows)
        for start in range(0, len(ids), IDS_A_CALL):
            some = ids[start : start + IDS_A_CALL]
            params = {"ids": ",".join(some), "fields": ",".join(group)}
            for record in self._access.get(f"/crm/v8/{module}", _listed, params=params, headers={})["data"]:
                rows[str(record["id"])] |= flat(record)

    def _deleted(self, thing: Thing, walk: Walk, at: Cursor) -> Page:
        """One page of what was deleted; a first reading has no use for it."""
        if walk.last_started_at is None:
            return Page((), None)
        params = {"type": "all", "per_page": str(A_PAGE), "page": str(at["page"])}
        path = f"/crm/v8/{thing.settings['module']}/deleted"
        back = (instant_of(walk.since) or walk.last_started_at) - DELETED_BACK
        since = {"If-Modified-Since": back.isoformat(timespec="seconds")}
        said = self._access.get(path, _listed, params=params, headers=since)
        gone = tuple(Deleted(str(record["id"]), instant_of(record.get("deleted_time"))) for record in said["data"])
        more = bool(said.get("info", {}).get("more_records"))
        after = {**at, "page": at["page"] + 1} if more else None
        return Page((), after, deleted=gone)

    def _bulk(self, thing: Thing, at: Cursor) -> Iterator[Page]:
        """A job is made, then waited for, fetched and read: the page that names it is kept first, so that a kill never makes a job twice."""
        if at["job"] is None:
            query: dict[str, Any] = {
                "module": {"api_name": thing.settings["module"]},
                "fields": [field for group in _field_groups(thing) for field in group],
            }
            query |= {"page_token": at["token"]} if at["token"] else {"page": 1}
            job = self._access.post("/crm/bulk/v8/read", {"query": query, "file_type": "csv"}, _job_id)
            yield Page((), {**at, "job": job})
            return
        result = self._wait_for(at["job"])
        path = f"/crm/bulk/v8/read/{at['job']}/result"
        packed = self._access.get(path, _archive, largest=LARGEST_ZIP)
        token = result.get("next_page_token") if result.get("more_records") else None
        after = {**at, "step": "bulk" if token else "deleted", "token": token, "job": None, "page": 1}
        rows, read = _rows_of(packed, thing), 0
        while True:
            try:
                some = tuple(itertools.islice(rows, ROWS_A_PAGE))
            except UnicodeDecodeError:
                raise unreadable("zohoapis") from None
            read += len(some)
            if len(some) < ROWS_A_PAGE:
                break
            # A kill between two of these reads the file again: of each record the last reading counts.
            yield Page(some, at)
        if read != int(result.get("count", read)):
            raise _short()
        yield Page(some, after)

    def _wait_for(self, job: str) -> Mapping[str, Any]:
        """The result of a job, once it is ready."""
        wait, waited = 1.0, 0.0
        while True:
            said = self._access.get(f"/crm/bulk/v8/read/{job}", _first)
            if said["state"] == "COMPLETED":
                result: Mapping[str, Any] = said["result"]
                return result
            if said["state"] in ("FAILED", "FAILURE") or waited > 1800:
                raise SourceUnavailable(
                    Text(zh="Zoho 的批量任务没有完成。", en="A bulk job of Zoho did not complete."),
                    next_step=Text(
                        zh='重试同一命令；若一再失败，请在来源文件写 first = "pages"。',
                        en='Run the same command; if it keeps failing, set first = "pages" in the source file.',
                    ),
                )
            self._sleep(wait)
            waited += wait
            wait = min(30.0, wait * 1.5)


def _field_groups(thing: Thing) -> list[list[str]]:
    """The fields to ask for, at most fifty a call; ``Owner.id`` asks for ``Owner``."""
    wanted = list(dict.fromkeys(column.split(".")[0] for column in thing.columns if column != "id")) or [
        "Modified_Time"
    ]
    return [wanted[start : start + FIELDS_A_CALL] for start in range(0, len(wanted), FIELDS_A_CALL)]


def _since(walk: Walk) -> dict[str, str]:
    """The header that asks for changes only, a little further back than the last reading began."""
    since = instant_of(walk.since)
    return {"If-Modified-Since": (since - LOOK_BACK).isoformat(timespec="seconds")} if since else {}


def _listed(answer: Answer) -> dict[str, Any]:
    """A list of records; nothing where nothing changed (304) or nothing is there (204)."""
    if answer.status in (204, 304):
        return {"data": [], "info": {}}
    said = answer.json()
    if not isinstance(said, dict) or not isinstance(said.get("data"), list):
        raise Garbled("no list")
    return said


def _page_of(answer: Answer) -> dict[str, Any]:
    said = _listed(answer)
    info = said.get("info", {})
    if info.get("more_records") and not info.get("next_page_token"):
        raise Garbled("more records and no token")
    return said


def _first(answer: Answer) -> dict[str, Any]:
    data = _listed(answer)["data"]
    if not data or "state" not in data[0]:
        raise Garbled("no job")
    found: dict[str, Any] = data[0]
    return found


def _job_id(answer: Answer) -> str:
    try:
        return str(_listed(answer)["data"][0]["details"]["id"])
    except (KeyError, IndexError, TypeError):
        raise Garbled("no job") from None


def _archive(answer: Answer) -> zipfile.ZipFile:
    """The archive of a bulk job, its one member whole and of a bearable size."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(answer.body))
        member = archive.infolist()[0]
        if member.file_size > LARGEST_CSV:
            raise InputRejected(
                Text(zh="Zoho 批量文件过大。", en="A bulk file of Zoho is too large."),
                next_step=Text(zh='请在来源文件写 first = "pages"。', en='Set first = "pages" in the source file.'),
            )
        if archive.testzip() is not None:
            raise Garbled("damaged")
    except (zipfile.BadZipFile, zlib.error, IndexError, EOFError, ValueError, NotImplementedError):
        raise Garbled("no archive") from None
    return archive


def _rows_of(archive: zipfile.ZipFile, thing: Thing) -> Iterator[dict[str, str | None]]:
    """The rows of a bulk file, one after another; a looked-up record is its id there, which the mapping knows as ``Name.id``."""
    looked_up = {column.split(".")[0] for column in thing.columns if "." in column}
    with archive, archive.open(archive.infolist()[0]) as raw:
        for row in csv.DictReader(io.TextIOWrapper(raw, "utf-8-sig", newline="")):
            yield {_named(name, looked_up): cell or None for name, cell in row.items() if name}


def _named(name: str, looked_up: set[str]) -> str:
    return f"{name}.id" if name in looked_up else "id" if name == "Id" else name


def _short() -> SourceUnavailable:
    return SourceUnavailable(
        Text(zh="Zoho 批量文件的行数与所报不符。", en="A bulk file of Zoho has another number of rows than it says."),
        next_step=Text(zh="稍后重试同一命令。", en="Run the same command later."),
    )
