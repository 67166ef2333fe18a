"""The client: one request at a time, guarded, capped, tried again where that is safe, and silent about secrets."""

from __future__ import annotations

import json
import logging
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, TypeVar

import httpcore
import httpx

from kexiao.errors import KexiaoError, LimitExceeded, SourceUnavailable, WrongUse
from kexiao.sources.egress.addresses import Guard
from kexiao.sources.egress.limits import Backoff, Limits, Pace, asked_wait
from kexiao.sources.egress.transport import GuardedTransport
from kexiao.text import Text

T = TypeVar("T")
AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
SAME_HOST_HOPS = 3
for _name in ("httpx", "httpcore"):
    # They log addresses, with whatever stands in the query, at levels below a warning.
    logging.getLogger(_name).setLevel(logging.WARNING)


class AnswerTooLarge(LimitExceeded):
    """One answer is larger than allowed (8); a smaller page may do."""


class AnswerTooSlow(SourceUnavailable):
    """One answer takes longer than allowed (6); a smaller page may do."""


class Garbled(Exception):
    """What came is not what was promised: cut off, not JSON, of another shape. Worth another try."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request. ``repeatable``: sending it twice does no harm, so it may be tried again. ``largest``: bytes of its answer where files are expected."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    body: object = field(default=None, repr=False)
    repeatable: bool = True
    largest: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers (lower case) and the unpacked body."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def sent_at(self) -> datetime | None:
        """When the server says it answered, by its own clock."""
        try:
            return parsedate_to_datetime(self.headers.get("date", "")).astimezone(UTC)
        except ValueError:
            return None

    def json(self) -> Any:
        """The body as JSON, numbers exact (int, Decimal). A body in GB 18030 that claims to be UTF-8 is read as well.

        Errors: ``Garbled``.
        """
        return read_json(self.body)


def read_json(body: bytes) -> Any:
    """JSON from bytes, numbers exact; UTF-8, else GB 18030. Errors: ``Garbled``.

    >>> read_json(b'{"a": 0.10}')
    {'a': Decimal('0.10')}
    """
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return json.loads(body.decode(encoding), parse_float=Decimal, parse_constant=_no_number)
        except UnicodeDecodeError:
            continue
        except (ValueError, RecursionError):
            raise Garbled("not JSON") from None
    raise Garbled("not text")


def _no_number(name: str) -> None:
    raise ValueError(name)


class Client:
    """The guarded client. ``pace`` limits calls by time; ``sleep`` waits (a test's clock may stand in)."""

    def __init__(
        self,
        guard: Guard,
        limits: Limits | None = None,
        *,
        pace: Pace | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.limits = limits or Limits()
        self._transport = GuardedTransport(guard)
        # Made per client, not per request, so that connections are kept.
        self._http = httpx.Client(transport=self._transport, follow_redirects=False, trust_env=False)
        self._pace, self._backoff = pace, Backoff(self.limits, sleep)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def send(self, make: Call | Callable[[], Call], parse: Callable[[Answer], T]) -> T:
        """Send a request until its answer can be parsed. ``make`` may be a function, where each try needs a fresh signature.

        ``parse`` gets every answer but those that are worth another try anyway (429, 5xx); it raises ``Garbled`` for a body that is not what it
        should be. Errors: ``SourceUnavailable``, ``AnswerTooSlow``, ``AnswerTooLarge``, ``WrongUse``, and those of ``parse``.
        """
        attempt = 0
        while True:
            attempt += 1
            call = make() if callable(make) else make
            answer, problem = self._try(call)
            if answer is not None and answer.status not in AGAIN:
                try:
                    parsed = parse(answer)
                except Garbled:
                    problem = _unreadable(call)
                else:
                    self._backoff.succeeded()
                    return parsed
            asked = asked_wait(answer.headers.get("retry-after")) if answer is not None else None
            final = problem or _refused(call, answer)
            # A size or time that was too much once will be so again: the caller may ask for less.
            if isinstance(final, AnswerTooLarge | AnswerTooSlow) or not call.repeatable:
                raise final
            if not self._backoff.wait(attempt, asked):
                raise final

    def _try(self, call: Call) -> tuple[Answer | None, KexiaoError | None]:
        """One try: the answer, or the error that it came to."""
        if self._pace:
            self._pace.take()
        self._transport.deadline.begin(self.limits.answer_seconds)
        begun = time.monotonic()
        try:
            return self._fetch(call), None
        except (httpcore.TimeoutException, httpx.TimeoutException):
            if time.monotonic() - begun >= self.limits.answer_seconds * 0.99:
                return None, _too_slow(call, self.limits)
            return None, _silent(call)
        except (httpcore.NetworkError, httpcore.ProtocolError, httpx.TransportError, Garbled):
            return None, _broken(call)
        except httpx.InvalidURL:
            raise WrongUse(
                Text(zh="地址写得不对。", en="The address is not well formed."),
                next_step=Text(zh="请检查来源文件中的地址。", en="Check the address in the source file."),
            ) from None

    def _fetch(self, call: Call) -> Answer:
        url = httpx.URL(call.url, params=dict(call.params)) if call.params else httpx.URL(call.url)
        for _ in range(SAME_HOST_HOPS + 1):
            answer = self._once(call, url)
            if answer.status not in REDIRECTS:
                return answer
            goal = url.join(answer.headers.get("location", ""))
            if call.method != "GET" or _origin(goal) != _origin(url):
                raise SourceUnavailable(
                    Text(
                        zh="“{host}”要求跳转到别处，已拒绝。", en="“{host}” redirects elsewhere; that was refused."
                    ).fill(host=url.host),
                    next_step=Text(
                        zh="请检查来源文件中的地址；若是对方临时维护，稍后重试同一命令。",
                        en="Check the address in the source file; if the system is being maintained, run the same command later.",
                    ),
                )
            url = goal
        raise Garbled("too many redirects")

    def _once(self, call: Call, url: httpx.URL) -> Answer:
        limits = self.limits
        headers = {"Accept-Encoding": "gzip", "User-Agent": "kexiao", **call.headers}
        if call.body is not None:
            headers = {"Content-Type": "application/json; charset=utf-8", **headers}
        timeout = httpx.Timeout(limits.silent_seconds, connect=limits.connect_seconds)
        with self._http.stream(
            call.method,
            url,
            headers=headers,
            data=dict(call.form) if call.form is not None else None,
            content=None if call.body is None else json.dumps(call.body, ensure_ascii=False).encode(),
            timeout=timeout,
        ) as response:
            named = {name.lower(): value for name, value in response.headers.items()}
            body = _body(response, named.get("content-encoding", ""), call.largest or limits.answer_bytes, call)
            return Answer(response.status_code, named, body)


def _body(response: httpx.Response, encoding: str, most: int, call: Call) -> bytes:
    """The body, unpacked by ourselves: never more than allowed, and whole."""
    packed = encoding.strip().lower() in ("gzip", "x-gzip", "deflate")
    unpack = zlib.decompressobj(47) if packed else None
    found = bytearray()
    for chunk in response.iter_raw():
        if unpack is None:
            found += chunk
        else:
            try:
                found += unpack.decompress(chunk, most + 1 - len(found))
            except zlib.error:
                raise Garbled("damaged") from None
        if len(found) > most:
            raise _too_large(call, most)
    if unpack is not None and not unpack.eof and found:
        raise Garbled("cut off")
    return bytes(found)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def place_of(call: Call) -> str:
    """Host and path of a request, without its query, which may hold secrets."""
    try:
        url = httpx.URL(call.url)
    except httpx.InvalidURL:
        return "?"
    return f"{url.host}{url.path}"


_LATER = Text(
    zh="已取得的部分已保存；稍后重试同一命令即可继续。",
    en="What was fetched is kept; run the same command later to go on.",
)


def _silent(call: Call) -> SourceUnavailable:
    return SourceUnavailable(
        Text(zh="“{where}”没有回应。", en="“{where}” does not answer.").fill(where=place_of(call)), next_step=_LATER
    )


def _broken(call: Call) -> SourceUnavailable:
    return SourceUnavailable(
        Text(
            zh="连不上“{where}”，或连接中断、内容不完整。",
            en="“{where}” cannot be reached, or its answers break off.",
        ).fill(where=place_of(call)),
        next_step=_LATER,
    )


def _unreadable(call: Call) -> SourceUnavailable:
    return unreadable(place_of(call))


def unreadable(where: str) -> SourceUnavailable:
    """The error for a system whose answers are not what its protocol says."""
    return SourceUnavailable(
        Text(zh="“{where}”返回的内容无法识别。", en="“{where}” answers with something that cannot be read.").fill(
            where=where
        ),
        next_step=_LATER,
    )


def _refused(call: Call, answer: Answer | None) -> SourceUnavailable:
    status = answer.status if answer else 0
    what = (
        Text(zh="“{where}”要求放慢（{status}）。", en="“{where}” asks to slow down ({status}).")
        if status == 429
        else Text(zh="“{where}”暂时不可用（{status}）。", en="“{where}” is not available for now ({status}).")
    )
    return SourceUnavailable(what.fill(where=place_of(call), status=status), next_step=_LATER)


def _too_slow(call: Call, limits: Limits) -> AnswerTooSlow:
    return AnswerTooSlow(
        Text(zh="“{where}”一次回应超过 {n} 秒。", en="One answer of “{where}” takes more than {n} seconds.").fill(
            where=place_of(call), n=f"{limits.answer_seconds:g}"
        ),
        next_step=_LATER,
    )


def _too_large(call: Call, most: int) -> AnswerTooLarge:
    return AnswerTooLarge(
        Text(zh="“{where}”一次回应超过 {n} MB。", en="One answer of “{where}” is larger than {n} MB.").fill(
            where=place_of(call), n=f"{most / 1024**2:g}"
        ),
        next_step=Text(
            zh="请在来源文件中减小每页条数，或放宽 kexiao.toml 的 [egress] answer_bytes。",
            en="Ask for smaller pages in the source file, or raise answer_bytes under [egress] in kexiao.toml.",
        ),
    )
