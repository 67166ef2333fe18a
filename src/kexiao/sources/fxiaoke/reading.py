"""Reading objects of 纷享销客: by ``_id`` from the beginning, since an offset may not pass 10,000; then those that were made invalid.

Source: 纷享销客 open platform documentation: 数据查询 (POST /cgi/crm/v2/data/query, custom objects /cgi/crm/custom/v2/data/query; limit ≤ 100,
offset ≤ 10,000), 对象描述 (object/describe), 频率限制 (100 calls in 20 seconds).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from kexiao.sources.connecting.cells import flat, instant_of, written
from kexiao.sources.connecting.connector import Cursor, Deleted, Page, SourcePlan, Thing, Walk
from kexiao.sources.egress.addresses import Guard
from kexiao.sources.egress.client import Client, unreadable
from kexiao.sources.egress.limits import Limits, Pace
from kexiao.sources.fxiaoke.access import Access

A_PAGE = 100
CALLS, SECONDS = 90, 20.0
"""Ten fewer than allowed, as others of the same company may call too."""
LOOK_BACK, INVALID_BACK = timedelta(minutes=10), timedelta(days=1)
CHANGED = "last_modified_time"
_BEIJING = timezone(timedelta(hours=8))
_INSTANTS = frozenset({"create_time", CHANGED})


def open_reader(plan: SourcePlan, guard: Guard, limits: Limits) -> FxiaokeReader:
    """Open one company's data."""
    client = Client(guard, limits, pace=Pace(CALLS, SECONDS))
    return FxiaokeReader(Access(plan, client), client)


class FxiaokeReader:
    """Pages of objects. The cursor: ``step`` (records, invalid), ``after`` (the last ``_id``), ``began`` (when, by the server's clock)."""

    settles = False

    def __init__(self, access: Access, client: Client) -> None:
        self._access, self._client = access, client
        self._described: dict[str, Mapping[str, Any]] = {}

    def close(self) -> None:
        """Close the connections."""
        self._client.__exit__(None, None, None)

    def pages(self, thing: Thing, walk: Walk, cursor: Cursor | None) -> Iterator[Page]:
        """The pages of one walk."""
        at = cursor or {"step": "records", "after": None, "began": None}
        while True:
            page = self._page(thing, walk, at)
            yield page
            if page.cursor is None:
                return
            at = page.cursor

    def _page(self, thing: Thing, walk: Walk, at: Cursor) -> Page:
        """One page, and where it leads. Invalid records are withdrawn; a first reading needs none of them."""
        records = self._query(thing, walk, at)
        began = at["began"] or (written(self._access.server_time) if self._access.server_time else None)
        full = len(records) == A_PAGE
        after: Cursor | None = {**at, "after": records[-1]["_id"] if full else None, "began": began}
        if not full and at["step"] == "records":
            after = {**at, "step": "invalid", "after": None, "began": began}
        if not full and (at["step"] == "invalid" or walk.last_started_at is None):
            after = None
        reached = None if after else began or written(walk.started_at)
        gone = [record for record in records if at["step"] == "invalid" or _is_gone(record)]
        kept = [record for record in records if record not in gone]
        fields = self._fields(thing)
        rows = tuple({**dict.fromkeys(thing.columns), **flat(_readable(record, fields))} for record in kept)
        deleted = tuple(Deleted(str(record["_id"]), instant_of(_changed(record))) for record in gone)
        return Page(rows, after, deleted=deleted, reached=reached, columns=tuple(fields))

    def _query(self, thing: Thing, walk: Walk, at: Cursor) -> list[dict[str, Any]]:
        filters: list[dict[str, Any]] = []
        if at["after"]:
            filters.append({"field_name": "_id", "field_values": [at["after"]], "operator": "GT"})
        since = _since(walk, at["step"])
        if since is not None:
            filters.append({"field_name": CHANGED, "field_values": [str(since)], "operator": "GTE"})
        if at["step"] == "invalid":
            filters.append({"field_name": "life_status", "field_values": ["invalid"], "operator": "EQ"})
        wanted = list(
            dict.fromkeys(["_id", CHANGED, "life_status", "is_deleted", *(c.split(".")[0] for c in thing.columns)])
        )
        question = {
            "dataObjectApiName": thing.settings["object"],
            "search_query_info": {
                "limit": A_PAGE,
                "offset": 0,
                "filters": filters,
                "orders": [{"fieldName": "_id", "isAsc": True}],
                "fieldProjection": wanted,
            },
        }
        said = self._access.ask(_path(thing, "data/query"), {"data": question})
        data = said.get("data")
        if not isinstance(data, dict) or not isinstance(data.get("dataList"), list):
            raise unreadable("open.fxiaoke.com")
        found: list[dict[str, Any]] = data["dataList"]
        return found

    def _fields(self, thing: Thing) -> Mapping[str, Any]:
        """The fields of an object by name, as it is described."""
        name = str(thing.settings["object"])
        if name not in self._described:
            said = self._access.ask("/cgi/crm/v2/object/describe", {"includeDetail": False, "apiName": name})
            described = said.get("data", {}).get("describe", {})
            self._described[name] = described.get("fields", {})
        return self._described[name]


def _path(thing: Thing, what: str) -> str:
    own = "custom/" if str(thing.settings["object"]).endswith("__c") else ""
    return f"/cgi/crm/{own}v2/{what}"


def _since(walk: Walk, step: str) -> int | None:
    """From when changes are asked for, in epoch milliseconds, a little before the last reading began; None for everything."""
    if step == "records":
        since = instant_of(walk.since)
        return _milliseconds(since - LOOK_BACK) if since else None
    last = instant_of(walk.since) or walk.last_started_at
    return _milliseconds(last - INVALID_BACK) if last else None


def _milliseconds(when: datetime) -> int:
    return int(when.timestamp() * 1000)


def _changed(record: Mapping[str, Any]) -> str | None:
    when = instant_of(str(record.get(CHANGED, "")))
    return written(when) if when else None


def _is_gone(record: Mapping[str, Any]) -> bool:
    return record.get("life_status") == "invalid" or str(record.get("is_deleted", "")).lower() in ("true", "1")


def _readable(record: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """A record with times as text and the labels of options in place of their values."""
    return {name: _value(name, value, fields.get(name, {})) for name, value in record.items()}


def _value(name: str, value: Any, field: Mapping[str, Any]) -> Any:
    kind = field.get("type", "date_time" if name in _INSTANTS else "")
    if kind in ("date_time", "date") and str(value).lstrip("-").isdigit():
        when = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(value))
        # A day is midnight in Beijing.
        return when.isoformat() if kind == "date_time" else when.astimezone(_BEIJING).date().isoformat()
    labels = {
        str(option.get("value")): option.get("label")
        for option in field.get("options", [])
        if isinstance(option, Mapping)
    }
    if labels:
        if isinstance(value, list):
            return [labels.get(str(one), one) for one in value]
        return labels.get(str(value), value)
    return value
