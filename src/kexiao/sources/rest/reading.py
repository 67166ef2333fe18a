"""Reading a paged JSON API that may misbehave: pages that overlap, shift, come empty or come round again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from kexiao.errors import KexiaoError, Place, SourceUnavailable
from kexiao.sources.connecting.cells import cell_of, flat, instant_of, written
from kexiao.sources.connecting.connector import Cursor, Page, SourcePlan, Thing, Walk
from kexiao.sources.connecting.described import wrong
from kexiao.sources.egress.addresses import Guard
from kexiao.sources.egress.client import Answer, AnswerTooLarge, AnswerTooSlow, Call, Client, Garbled
from kexiao.sources.egress.limits import Limits
from kexiao.sources.rest.login import Login, refused
from kexiao.text import Text

_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(second|minute|hour|day)s?")
EMPTY_TRIES = 3
_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key", "api-key", "x-auth-token"})


def open_reader(plan: SourcePlan, guard: Guard, limits: Limits) -> RestReader:
    """Open a described API. Errors: ``WrongUse`` for settings that cannot be meant."""
    place = Place(file=plan.file)
    if any(name.lower() in _SECRET_HEADERS for name in plan.settings.get("headers", {})):
        raise wrong(
            Text(zh="密钥类的请求头请写在 [login]", en="headers that hold secrets belong under [login]"),
            place,
        )
    for thing in plan.things:
        if not 1 <= int(thing.settings.get("page_size", 100)) <= 100_000:
            raise wrong(
                Text(
                    zh="[objects.{t}] page_size 应在 1–100000", en="page_size of [objects.{t}] must be 1 to 100000"
                ).fill(t=thing.name),
                place,
            )
    return RestReader(plan, Client(guard, limits))


def span_of(text: str, place: Place) -> timedelta:
    """A length of time such as ``1 hour``.

    >>> span_of("90 minutes", Place())
    datetime.timedelta(seconds=5400)
    """
    found = _SPAN.fullmatch(text.strip())
    if not found:
        raise wrong(
            Text(zh="时长“{t}”有误，例如 1 hour", en="“{t}” is no length of time such as 1 hour").fill(t=text), place
        )
    return timedelta(**{found[2] + "s": float(found[1])})


class RestReader:
    """Pages of a JSON API.

    The cursor of a walk: ``next`` (what asks for the next page), ``seen`` (what was asked for in this leg), ``since`` (where the leg began),
    ``top`` (the furthest time of change), ``limit``, ``before`` (what asked for the page before), ``small`` (short pages still to read), ``empty``.
    """

    def __init__(self, plan: SourcePlan, client: Client) -> None:
        self._place, self._client = Place(file=plan.file), client
        self._base = str(plan.settings["url"]).rstrip("/")
        self._headers = {str(k): str(v) for k, v in plan.settings.get("headers", {}).items()}
        self._login = Login(plan.settings.get("login", {}), self._base, client, self._place)
        self.settles = all(thing.settings.get("settle", True) for thing in plan.things)

    def close(self) -> None:
        """Close the connections."""
        self._client.__exit__(None, None, None)

    def pages(self, thing: Thing, walk: Walk, cursor: Cursor | None) -> Iterator[Page]:
        """The pages of one walk; see the class for the cursor."""
        at = cursor or self._begin(thing, walk)
        while True:
            asked = at["limit"]
            try:
                items, following = self._fetch(thing, at)
            except (AnswerTooLarge, AnswerTooSlow):
                if asked <= 1:
                    raise
                at = {**at, "limit": max(1, asked // 2)}
                continue
            rows = tuple(flat(item) for item in items)
            top = self._top(thing, rows, at["top"])
            digest = hashlib.sha256(repr(rows).encode("utf-8", "replace")).hexdigest()[:16] if rows else ""
            again = bool(rows) and digest == at.get("digest")
            told, after = self._after(thing, {**at, "top": top, "digest": digest}, len(rows), following, again=again)
            yield Page(rows, after, reached=top if after is None else None, told=told)
            if after is None:
                return
            at = after

    def _begin(self, thing: Thing, walk: Walk) -> Cursor:
        since = None
        if walk.since and thing.settings.get("since_param"):
            # Records dated in the future must not hide what changes meanwhile; latecomers are looked for a little further back.
            latest = min(filter(None, (instant_of(walk.since), walk.last_started_at)))
            since = written(latest - span_of(thing.settings.get("look_back", "1 hour"), self._place))
        limit = int(thing.settings.get("page_size", 100))
        return {
            "next": None,
            "seen": [],
            "since": since,
            "top": walk.since,
            "limit": limit,
            "before": None,
            "small": 0,
            "empty": 0,
        }

    def _top(self, thing: Thing, rows: tuple[dict[str, str | None], ...], top: str | None) -> str | None:
        """The furthest time of change so far, as text that sorts as time does."""
        column = thing.settings.get("changed")
        found = [written(when) for row in rows if column and (when := instant_of(row.get(column)))]
        return max(filter(None, [top, *found]), default=None)

    def _after(
        self, thing: Thing, at: Cursor, count: int, following: Any, *, again: bool
    ) -> tuple[tuple[Text, ...], Cursor | None]:
        """Where to go on after a page of ``count`` records that names ``following`` as the next; ``again``: the page is the one before."""
        if following is None:
            return (), None
        if count == 0 and at["empty"] < EMPTY_TRIES and at["seen"]:
            smaller = _odd_smaller(at["limit"])
            if smaller:
                # An empty page in the middle may be a fault: the page before is read again in steps that fall elsewhere.
                steps = at["limit"] // smaller + 2
                back = {"next": at["before"], "limit": smaller, "small": steps, "full": at["limit"]}
                return (), {**at, **back, "seen": [], "empty": at["empty"] + 1}
        key = cell_of(following) or ""
        if again or key in at["seen"] or following == at["next"]:
            return (), self._next_leg(thing, at)
        small, limit = max(0, at["small"] - 1), at["limit"]
        if at["small"] and not small:
            limit = at.get("full", limit)
        told = (_EMPTY.fill(name=thing.name),) if count == 0 else ()
        seen = [*at["seen"], key]
        return told, {**at, "next": following, "before": at["next"], "seen": seen, "small": small, "limit": limit}

    def _next_leg(self, thing: Thing, at: Cursor) -> Cursor:
        """The pages come round again: go on by time of change, where records come in that order and time moved on."""
        since = at["since"]
        if (
            not (thing.settings.get("sorted") and thing.settings.get("since_param"))
            or not at["top"]
            or at["top"] == since
        ):
            raise SourceUnavailable(
                Text(zh="接口的分页原地打转，读不完。", en="The pages of the API go round in circles and never end."),
                next_step=Text(
                    zh="请对方修复；若记录按修改时间返回，可在来源文件写 sorted = true 与 since_param 绕过。",
                    en="Ask its makers; where records come by time of change, sorted = true and since_param in the source file go round it.",
                ),
                place=self._place,
            )
        return {**at, "next": None, "seen": [], "since": at["top"], "before": None, "small": 0, "empty": 0}

    def _fetch(self, thing: Thing, at: Cursor) -> tuple[list[Mapping[str, Any]], Any]:
        settings = thing.settings
        paging = settings.get("paging", "cursor")
        params = {str(name): str(value) for name, value in settings.get("params", {}).items()}
        if paging != "none":
            params[settings.get("limit_param", "limit")] = str(at["limit"])
        if at["since"] and settings.get("since_param"):
            params[settings["since_param"]] = _as_asked(at["since"], settings.get("since_format", "iso"))
        url = self._base + settings["path"]
        following = at["next"]
        if isinstance(following, str) and following.startswith(("http://", "https://", "/")):
            url, params = self._own(following), {}
        elif following is not None:
            params[settings.get("cursor_param", paging)] = str(following)
        elif paging == "page":
            params[settings.get("cursor_param", "page")] = "1"

        def make(headers: Mapping[str, str]) -> Call:
            return Call("GET", url, headers={**self._headers, **headers}, params=params)

        def parse(answer: Answer) -> tuple[list[Mapping[str, Any]], Any]:
            self._refuse_status(answer)
            said = answer.json()
            items = _inside(said, settings.get("items", ""))
            if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
                raise Garbled("no list of records")
            return items, self._following(thing, at, said, len(items))

        return self._login.send(make, parse)

    def _following(self, thing: Thing, at: Cursor, said: Any, count: int) -> Any:
        settings = thing.settings
        paging = settings.get("paging", "cursor")
        if paging == "cursor":
            return _inside(said, settings.get("next", "next")) or None
        if paging == "none" or count == 0:
            return None
        if paging == "offset":
            # Never by the size that was asked for: a server may give fewer.
            return int(at["next"] or 0) + count
        return None if count < at["limit"] else int(at["next"] or 1) + 1

    def _own(self, following: str) -> str:
        """The address of a next page, which must be on the same host."""
        if following.startswith("/") and not following.startswith("//"):
            host = "/".join(self._base.split("/")[:3])
            return host + following
        if following.split("/")[:3] != self._base.split("/")[:3]:
            raise SourceUnavailable(
                Text(
                    zh="接口的下一页指向别的主机，已拒绝。",
                    en="The API names a next page on another host; that was refused.",
                ),
                next_step=Text(zh="请核对来源文件中的地址。", en="Check the address in the source file."),
                place=self._place,
            )
        return following

    def _refuse_status(self, answer: Answer) -> None:
        if answer.status == 403:
            raise refused(self._place)
        if answer.status >= 400:
            raise _bad_request(answer.status, self._place)
        if answer.status != 200:
            raise Garbled("no page")


_EMPTY = Text(
    zh="[objects.{name}] 中间有一页是空的，已照接口所说继续。",
    en="A page in the middle of [objects.{name}] was empty; reading went on as the API says.",
)


def _odd_smaller(limit: int) -> int:
    """A page size of about a third that does not divide the old one; 0 where there is none.

    >>> _odd_smaller(100), _odd_smaller(5), _odd_smaller(2)
    (37, 2, 0)
    """
    return next((size for size in range(max(2, limit * 37 // 100), 1, -1) if size < limit and limit % size), 0) or next(
        (size for size in range(2, limit) if limit % size), 0
    )


def _inside(said: Any, path: str) -> Any:
    """The value at a dotted path; the whole where the path is empty; None where it is not there."""
    for part in path.split(".") if path else []:
        said = said.get(part) if isinstance(said, dict) else None
    return said


def _as_asked(since: str, form: str) -> str:
    when = datetime.fromisoformat(since)
    if form == "iso":
        return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S") + "Z"
    seconds = when.timestamp()
    return str(int(seconds * 1000)) if form == "ms" else str(int(seconds))


def _bad_request(status: int, place: Place) -> KexiaoError:
    return wrong(
        Text(
            zh="接口不接受这个请求（{s}），请检查路径与参数",
            en="the API does not accept the request ({s}); check path and parameters",
        ).fill(s=status),
        place,
    )
