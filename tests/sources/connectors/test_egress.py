"""The guarded client: where it goes, how much it takes, how often it tries, what it says."""

from __future__ import annotations

import gzip
import ipaddress
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sources.connectors.fakes import Asked, FakeSystem, Said, served

from kexiao.errors import InputRejected, SourceUnavailable, WrongUse
from kexiao.sources.egress.addresses import Guard, guard_of
from kexiao.sources.egress.client import Answer, AnswerTooLarge, AnswerTooSlow, Call, Client, Garbled, read_json
from kexiao.sources.egress.limits import Backoff, Limits, Pace, limits_of
from kexiao.sources.egress.secrets import Secret

HERE = guard_of(["127.0.0.1/32"])
QUICK = Limits(first_wait=0.01, longest_wait=0.02, silent_seconds=0.5, answer_seconds=2.0, answer_bytes=100_000)


class Echo(FakeSystem):
    """Says what it is told to say, else ok."""

    def __init__(self, *said: Said) -> None:
        super().__init__()
        self.said = list(said)

    def answer(self, asked: Asked) -> Said:
        return self.said.pop(0) if self.said else Said(200, {"ok": True})


@pytest.fixture
def echo() -> Iterator[Echo]:
    with served(Echo()) as system:
        yield system  # type: ignore[misc]


def fetch(client: Client, url: str, **more: Any) -> Any:
    return client.send(Call("GET", url, **more), lambda answer: answer.json())


@contextmanager
def raw_server(talk: Callable[[socket.socket, int], None]) -> Iterator[str]:
    """A server that talks bytes: ``talk`` gets each connection and its number."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.1)
    ended = threading.Event()

    def serve() -> None:
        number = 0
        while not ended.is_set():
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            number += 1
            with connection:
                connection.settimeout(5)
                try:
                    connection.recv(65_536)
                    talk(connection, number)
                except OSError:
                    pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        ended.set()
        thread.join()
        listening.close()


GOOD = b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\nConnection: close\r\n\r\n{"ok":true}'


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "::1", "fe80::1", "fd00::1",
     "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::", "255.255.255.255"],
)  # fmt: skip
def test_a_private_address_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(family, socket.SOCK_STREAM, 6, "", (address, 443))])
    with pytest.raises(WrongUse):
        Guard().resolve("crm.example.com", 443)


def test_a_name_with_one_private_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, 443)) for a in ("93.184.215.14", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(WrongUse):
        Guard().resolve("crm.example.com", 443)


def test_a_name_that_changes_its_mind_is_checked_when_the_connection_is_made(
    echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def rebinding(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with Client(Guard(), QUICK) as client, pytest.raises(WrongUse, match="内部地址"):
        fetch(client, echo.url.replace("127.0.0.1", "crm.example.com"))
    assert asked == ["crm.example.com"] and not echo.log, "one look-up, and the connection goes nowhere else"


def test_plain_http_goes_to_allowed_private_addresses_only(echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    public = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 80))]
    with Client(HERE, QUICK) as client:
        assert fetch(client, echo.url) == {"ok": True}
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: public)
        with pytest.raises(WrongUse, match="https"):
            fetch(client, "http://crm.example.com/")


@pytest.mark.parametrize("net", ["169.254.0.0/16", "0.0.0.0/0", "fe80::/64", "::/0", "crm.example.com", 7])
def test_what_no_setting_can_open_is_refused(net: object) -> None:
    with pytest.raises(InputRejected):
        guard_of([net])


def test_allowed_networks_are_ipv4_and_ipv6() -> None:
    guard = guard_of(["10.0.0.0/8", "fd00::/8"])
    assert guard.private == (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8"))


@pytest.mark.parametrize(
    "goal",
    ["http://169.254.169.254/latest/meta-data/", "//evil.example/", "https://evil.example/", "file:///etc/passwd"],
)
def test_a_redirect_to_another_host_is_refused(echo: Echo, goal: str) -> None:
    echo.said = [Said(302, headers={"Location": goal})] * 8
    with Client(HERE, QUICK) as client, pytest.raises(SourceUnavailable, match="跳转") as problem:
        fetch(client, echo.url, headers={"Authorization": "Bearer hunter2"})
    assert problem.value.exit_code == 6 and len(echo.log) == 1


def test_a_redirect_on_the_same_host_is_followed(echo: Echo) -> None:
    echo.said = [Said(302, headers={"Location": "/moved"})]
    with Client(HERE, QUICK) as client:
        assert fetch(client, echo.url + "/old") == {"ok": True}
    assert [asked.path for asked in echo.log] == ["/old", "/moved"]


def test_a_redirected_post_is_never_sent_again(echo: Echo) -> None:
    echo.said = [Said(307, headers={"Location": "/moved"})]
    with Client(HERE, QUICK) as client, pytest.raises(SourceUnavailable):
        client.send(Call("POST", echo.url, body={"a": 1}), lambda answer: answer.json())
    assert len(echo.log) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_passing_fault_is_tried_again(echo: Echo, status: int) -> None:
    echo.said = [Said(status), Said(status)]
    with Client(HERE, QUICK) as client:
        assert fetch(client, echo.url) == {"ok": True}
    assert len(echo.log) == 3


def test_what_may_not_be_repeated_is_sent_once(echo: Echo) -> None:
    echo.said = [Said(500)]
    with Client(HERE, QUICK) as client, pytest.raises(SourceUnavailable):
        client.send(Call("POST", echo.url, body={}, repeatable=False), lambda answer: answer.json())
    assert len(echo.log) == 1


def test_retry_after_is_kept_to_and_a_long_one_ends_the_run(echo: Echo) -> None:
    waited: list[float] = []
    echo.said = [
        Said(429, headers={"Retry-After": "7"}),
        Said(200, {"ok": 1}),
        Said(429, headers={"Retry-After": "3600"}),
    ]
    with Client(HERE, QUICK, sleep=waited.append) as client:
        fetch(client, echo.url)
        assert 7 <= waited[0] <= 7.1
        with pytest.raises(SourceUnavailable, match="429"):
            fetch(client, echo.url)
    assert len(waited) == 1


def test_waits_grow_vary_and_end() -> None:
    waited: list[float] = []
    backoff = Backoff(Limits(tries=6, first_wait=1.0, longest_wait=8.0), waited.append, seed=3)
    assert [backoff.wait(attempt, None) for attempt in range(1, 7)] == [True] * 5 + [False]
    for wait, full in zip(waited, (1, 2, 4, 8, 8), strict=True):
        assert full / 2 <= wait <= full
    assert len(set(waited)) == 5


def test_the_budget_of_waiting_is_given_back_by_a_good_answer() -> None:
    backoff = Backoff(Limits(tries=100, first_wait=8.0, longest_wait=8.0, waiting_seconds=20.0), lambda _: None, seed=1)
    given = 0
    while backoff.wait(1, None):
        given += 1
    assert given in (2, 3, 4, 5)
    backoff.succeeded()
    assert backoff.wait(1, None)


def test_calls_keep_their_pace() -> None:
    clock, times = [0.0], []

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    pace = Pace(5, 10.0, sleep, lambda: clock[0])
    for _ in range(23):
        pace.take()
        times.append(clock[0])
        clock[0] += 0.1
    for at in times:
        assert sum(at <= other < at + 10.0 for other in times) <= 5


def test_a_body_that_is_too_large_is_left(echo: Echo) -> None:
    echo.said = [Said(200, b" " * 200_000)]
    with Client(HERE, QUICK) as client, pytest.raises(AnswerTooLarge) as problem:
        fetch(client, echo.url)
    assert problem.value.exit_code == 8 and len(echo.log) == 1


def test_a_packed_body_may_not_unfold_beyond_the_limit(echo: Echo) -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    assert len(bomb) < 100_000
    echo.said = [Said(200, bomb, {"Content-Encoding": "gzip"})]
    with Client(HERE, QUICK) as client, pytest.raises(AnswerTooLarge):
        fetch(client, echo.url)


def test_a_packed_body_is_read_and_one_that_is_cut_off_is_fetched_again(echo: Echo) -> None:
    packed = gzip.compress(b'{"n": 1}')
    echo.said = [Said(200, packed[:-6], {"Content-Encoding": "gzip"}), Said(200, packed, {"Content-Encoding": "gzip"})]
    with Client(HERE, QUICK) as client:
        assert fetch(client, echo.url) == {"n": 1}
    assert len(echo.log) == 2


def test_a_body_that_is_cut_off_is_fetched_again() -> None:
    def talk(connection: socket.socket, number: int) -> None:
        connection.sendall(GOOD.replace(b"11", b"99") if number == 1 else GOOD)

    with raw_server(talk) as url, Client(HERE, QUICK) as client:
        assert fetch(client, url) == {"ok": True}


def test_a_server_that_says_nothing_is_asked_again() -> None:
    def talk(connection: socket.socket, number: int) -> None:
        time.sleep(0.8 if number == 1 else 0)
        connection.sendall(GOOD)

    with raw_server(talk) as url, Client(HERE, QUICK) as client:
        assert fetch(client, url) == {"ok": True}


@pytest.mark.parametrize("begin", [b"", GOOD[:30]])
def test_a_server_that_dribbles_cannot_hold_us_for_ever(begin: bytes) -> None:
    def talk(connection: socket.socket, number: int) -> None:
        connection.sendall(begin)
        for at in range(len(begin), len(GOOD)):
            connection.sendall(GOOD[at : at + 1])
            time.sleep(0.2)

    begun = time.monotonic()
    with raw_server(talk) as url, Client(HERE, QUICK) as client, pytest.raises(AnswerTooSlow):
        fetch(client, url)
    assert 1.9 < time.monotonic() - begun < 6


def test_secrets_stand_in_no_message_no_log_and_no_repr(echo: Echo, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    echo.said = [Said(500)] * 20
    call = Call("GET", echo.url + "/x", headers={"Authorization": "Bearer hunter2"}, params={"key": "hunter2"})
    with Client(HERE, QUICK) as client, pytest.raises(SourceUnavailable) as problem:
        client.send(call, lambda answer: answer.json())
    told = problem.value.message("zh") + problem.value.message("en") + repr(problem.value) + repr(call) + caplog.text
    assert "hunter2" not in told + str(Secret("hunter2")) + repr(Secret("hunter2"))


def test_json_keeps_numbers_exact_and_reads_gb18030_that_claims_to_be_utf8() -> None:
    assert str(read_json(b'{"a": 0.10, "b": 12345678901234567890}')["a"]) == "0.10"
    assert read_json('{"note": "客户"}'.encode("gbk")) == {"note": "客户"}
    for bad in (b"{", b"[NaN]", b"<html>", b"\xff\xff"):
        with pytest.raises(Garbled):
            read_json(bad)


def test_the_environments_proxy_is_not_used(echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with Client(HERE, QUICK) as client:
        assert fetch(client, echo.url) == {"ok": True}


def test_each_try_may_be_signed_anew(echo: Echo) -> None:
    echo.said = [Said(503), Said(503)]
    made: list[int] = []

    def make() -> Call:
        made.append(len(made))
        return Call("POST", echo.url, headers={"X-Try": str(len(made))}, body={})

    with Client(HERE, QUICK) as client:
        client.send(make, lambda answer: answer.json())
    assert [asked.headers["x-try"] for asked in echo.log] == ["1", "2", "3"]


def test_a_status_that_is_no_fault_goes_to_the_caller(echo: Echo) -> None:
    echo.said = [Said(304), Said(404, {"code": "X"})]

    def status(answer: Answer) -> int:
        return answer.status

    with Client(HERE, QUICK) as client:
        assert [client.send(Call("GET", echo.url), status) for _ in range(2)] == [304, 404]


def test_limits_come_from_the_settings_and_mistakes_are_named() -> None:
    assert limits_of({"tries": 3, "answer_seconds": 5}) == Limits(tries=3, answer_seconds=5.0)
    for wrong in ({"trys": 3}, {"tries": 0}, {"tries": True}, {"tries": "3"}):
        with pytest.raises(InputRejected, match=next(iter(wrong))):
            limits_of(wrong)
