"""How a connection is made: to a checked address only, and never longer than the deadline of its request."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Iterator
from typing import Any

import httpcore
import httpx

from kexiao.sources.egress.addresses import Guard


class Deadline:
    """When the request under way must be over; what is read or written after that fails as a timeout."""

    def __init__(self) -> None:
        self._at = float("inf")

    def begin(self, seconds: float) -> None:
        """Start the clock of a new request."""
        self._at = time.monotonic() + seconds

    def within(self, timeout: float | None, problem: type[Exception]) -> float:
        """The time left, at most ``timeout``."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise problem("the request took too long as a whole")
        return left if timeout is None else min(timeout, left)


class _Stream(httpcore.NetworkStream):
    """A connection that knows the deadline: a server that sends a byte now and then cannot hold it for ever."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner, self._deadline = inner, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.within(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.within(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._deadline.within(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Resolves names itself and connects to the number that was checked."""

    def __init__(self, guard: Guard, deadline: Deadline) -> None:
        self._guard, self._deadline, self._inner = guard, deadline, httpcore.SyncBackend()
        self.plain = False

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        problem: Exception = httpcore.ConnectError("no address")
        for number in self._guard.resolve(host, port, plain=self.plain):
            left = self._deadline.within(timeout, httpcore.ConnectTimeout)
            try:
                stream = self._inner.connect_tcp(number, port, left, local_address, socket_options or ())
                return _Stream(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                problem = failed
        raise problem


class _Body(httpx.SyncByteStream):
    def __init__(self, inner: Iterable[bytes]) -> None:
        self._inner = inner

    def __iter__(self) -> Iterator[bytes]:
        yield from self._inner

    def close(self) -> None:
        if hasattr(self._inner, "close"):
            self._inner.close()


class GuardedTransport(httpx.BaseTransport):
    """What httpx sends through; proxies of the environment are not used, since behind one no address could be checked."""

    def __init__(self, guard: Guard) -> None:
        self.deadline = Deadline()
        self._backend = _Backend(guard, self.deadline)
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_connections=2,
            keepalive_expiry=20.0,
            network_backend=self._backend,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._backend.plain = request.url.scheme != "https"
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        answer = self._pool.handle_request(asked)
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer.stream),  # type: ignore[arg-type]
            extensions=answer.extensions,
        )

    def close(self) -> None:
        self._pool.close()
