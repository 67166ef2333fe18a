"""A described JSON API: ways of paging, pages that misbehave, columns that change their name, records that vanish."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sources.connectors.fakes import Asked, FakeSystem, Said, served

from kexiao.errors import Ambiguous, InputRejected, NotPermitted, SourceUnavailable, WrongUse

SOURCE = """
system = "rest"
url = "{url}"
{login}
[objects.orders]
path = "/orders"
items = "data.list"
id = "id"
page_size = 20
{more}
kind = "orders"

[objects.orders.columns]
order_id = "id"
customer_id = "customer.id"
amount = "amount"
ordered_at = "changed"
"""
CHANGES = 'since_param = "since"\nchanged = "changed"\n'
START = datetime(2025, 1, 1, tzinfo=UTC)


class Shop(FakeSystem):
    """A list of orders in the order of their change, in pages by cursor, offset, page number or address."""

    def __init__(self, count: int = 95, paging: str = "cursor") -> None:
        super().__init__()
        self.orders = [self.order(n) for n in range(count)]
        self.paging = paging
        self.secret: str | None = None

    @staticmethod
    def order(number: int, amount: str | None = None, minute: int | None = None) -> dict[str, Any]:
        changed = START + timedelta(minutes=number if minute is None else minute)
        return {
            "id": f"O{number:04d}",
            "customer": {"id": f"C{number % 9}"},
            "amount": float(amount or f"{number}.50"),
            "changed": changed.isoformat().replace("+00:00", "Z"),
        }

    def answer(self, asked: Asked) -> Said:
        if self.secret and asked.headers.get("x-api-key") != self.secret:
            return Said(401)
        since = asked.query.get("since", "")
        found = [order for order in self.orders if order["changed"] >= since]
        size = int(asked.query.get("limit", 20))
        start = self.start(asked, size)
        page, more = found[start : start + size], start + size < len(found)
        following: Any = None
        if more and self.paging == "cursor":
            following = str(start + size)
        if more and self.paging == "address":
            following = f"{self.url}/orders?cursor={start + size}&limit={size}&since={since}"
        return Said(200, {"data": {"list": page}, "next": following})

    def start(self, asked: Asked, size: int) -> int:
        if self.paging == "offset":
            return int(asked.query.get("offset", 0))
        if self.paging == "page":
            return (int(asked.query.get("page", 1)) - 1) * size
        return int(asked.query.get("cursor", 0))


@pytest.fixture
def shop() -> Iterator[Shop]:
    with served(Shop()) as system:
        yield system  # type: ignore[misc]


def describe(connected: Any, shop: Shop, more: str = "", login: str = "") -> None:
    connected.source("api", SOURCE.format(url=shop.url, more=more, login=login))


def stored(connected: Any) -> dict[str, Decimal]:
    return dict(connected.rows("orders", "order_id, amount"))


def truth(shop: Shop) -> dict[str, Decimal]:
    return {order["id"]: Decimal(str(order["amount"])) for order in shop.orders}


@pytest.mark.parametrize(
    ("paging", "more"),
    [
        ("cursor", ""),
        ("address", ""),
        ("offset", 'paging = "offset"\ncursor_param = "offset"'),
        ("page", 'paging = "page"'),
    ],
)
def test_every_way_of_paging_brings_every_record_once(connected: Any, shop: Shop, paging: str, more: str) -> None:
    shop.paging = paging
    describe(connected, shop, more=more)
    report = connected.pull("api")
    assert stored(connected) == truth(shop)
    assert report.rows_read == report.rows_loaded + report.rows_duplicate == 2 * 95, "a first reading is repeated once"


def test_a_next_page_on_another_host_is_refused(connected: Any, shop: Shop) -> None:
    answer = shop.answer
    shop.answer = lambda asked: Said(200, {**answer(asked).body, "next": "https://evil.example/orders"})  # type: ignore[method-assign]
    describe(connected, shop)
    with pytest.raises(SourceUnavailable, match="别的主机"):
        connected.pull("api")


def test_only_changes_are_asked_for_with_some_minutes_to_spare(connected: Any, shop: Shop) -> None:
    describe(connected, shop, more=CHANGES + 'look_back = "10 minutes"')
    connected.pull("api")
    shop.orders[3] = {**shop.orders[3], "amount": 99.25, "changed": "2025-01-01T02:00:00Z"}
    shop.orders.append(Shop.order(500, minute=130))
    shop.orders.sort(key=lambda order: order["changed"])
    shop.log.clear()
    report = connected.pull("api")
    assert report.tables["orders"] == (1, 1)
    assert {asked.query["since"] for asked in shop.log} == {"2025-01-01T01:24:00Z"}
    assert stored(connected) == truth(shop)


def test_a_record_dated_in_the_future_does_not_hide_what_changes_meanwhile(connected: Any, shop: Shop) -> None:
    shop.orders.append({**Shop.order(700), "changed": "2099-01-01T00:00:00Z"})
    describe(connected, shop, more=CHANGES)
    connected.pull("api")
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    shop.orders.insert(-1, {**Shop.order(701), "changed": now})
    connected.pull("api")
    assert "O0701" in stored(connected)


def test_everything_is_read_anew_after_some_days(connected: Any, shop: Shop) -> None:
    describe(connected, shop, more=CHANGES + "reread_days = 0")
    connected.pull("api")
    shop.orders[0] = {**shop.orders[0], "amount": 5.55}
    connected.pull("api")
    assert stored(connected) == truth(shop), "a change without a new time is found by a complete reading"


def test_records_that_vanish_are_told_kept_and_taken_out_as_the_file_says(connected: Any, shop: Shop) -> None:
    describe(connected, shop)
    connected.pull("api")
    gone = shop.orders.pop(10)["id"]
    report = connected.pull("api")
    assert gone in stored(connected) and any("不再出现" in words.zh for words in report.warnings)
    describe(connected, shop, more='missing = "withdraw"')
    connected.pull("api")
    assert stored(connected) == truth(shop)


def test_an_undone_load_takes_its_deletions_back(connected: Any, shop: Shop) -> None:
    from kexiao.cycle.collect import undo

    describe(connected, shop, more='missing = "withdraw"')
    connected.pull("api")
    gone = shop.orders.pop(10)["id"]
    report = connected.pull("api")
    assert gone not in stored(connected)
    undo(connected.folder, report.load_id)
    assert gone in stored(connected)


def test_an_older_file_does_not_bring_a_deleted_record_back_and_a_newer_one_does(
    connected: Any, shop: Shop, tmp_path: Any
) -> None:
    from kexiao.cycle.collect import collect

    describe(connected, shop, more='missing = "withdraw"')
    connected.pull("api")
    gone = shop.orders.pop(10)["id"]
    connected.pull("api")
    file = tmp_path / "old.csv"
    file.write_text(
        f"order_id,order_time,customer_id,amount\n{gone},2025-01-01 08:00:00,C1,10.50\nO9999,2025-01-01 08:00:00,C1,1\n"
    )
    collect(connected.folder, [file], exported_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert gone not in stored(connected) and "O9999" in stored(connected)
    collect(connected.folder, [file], exported_at=datetime.now(UTC) + timedelta(hours=1))
    assert gone in stored(connected)


def test_a_renamed_column_stops_the_reading_and_names_both(connected: Any, shop: Shop) -> None:
    answer = shop.answer

    def renamed(asked: Asked) -> Said:
        said = answer(asked)
        if int(asked.query.get("cursor", 0)) >= 40:
            said.body["data"]["list"] = [
                {("amt" if k == "amount" else k): v for k, v in o.items()} for o in said.body["data"]["list"]
            ]
        return said

    shop.answer = renamed  # type: ignore[method-assign]
    describe(connected, shop)
    with pytest.raises(Ambiguous, match="amount.*amt") as problem:  # noqa: RUF043
        connected.pull("api")
    assert problem.value.exit_code == 5 and not stored(connected)
    with (connected.folder.root / "sources/api.toml").open("a", encoding="utf-8") as file:
        file.write('\n[objects.orders.renamed]\n"amt" = "amount"\n')
    shop.log.clear()
    connected.pull("api")
    assert stored(connected) == truth(shop)
    assert shop.log[0].query["cursor"] == "40", "the pages that were read are kept"


def test_a_column_that_never_comes_is_named_with_those_that_do(connected: Any, shop: Shop) -> None:
    connected.source("api", SOURCE.format(url=shop.url, more="", login="").replace('"amount"', '"price"'))
    with pytest.raises(InputRejected, match="price.*amount"):  # noqa: RUF043
        connected.pull("api")


def test_a_column_that_is_empty_for_a_page_is_no_rename(connected: Any, shop: Shop) -> None:
    for order in shop.orders[40:60]:
        order["customer"] = None
        order["remark"] = "new"
    describe(connected, shop)
    connected.pull("api")
    assert stored(connected) == truth(shop)


def test_pages_that_go_round_in_circles_are_told_where_no_order_helps(connected: Any, shop: Shop) -> None:
    answer = shop.answer
    shop.answer = lambda asked: Said(200, {**answer(asked).body, "next": "20"})  # type: ignore[method-assign]
    describe(connected, shop)
    with pytest.raises(SourceUnavailable, match="原地打转"):
        connected.pull("api")


def test_a_key_in_a_header_opens_and_a_wrong_one_does_not(
    connected: Any, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.secret = "hunter2"
    describe(connected, shop, login='[login]\nkind = "header"\nname = "X-API-Key"\nvalue_env = "SHOP_KEY"\n')
    with pytest.raises(WrongUse, match="SHOP_KEY"):
        connected.pull("api")
    monkeypatch.setenv("SHOP_KEY", "hunter3")
    with pytest.raises(NotPermitted):
        connected.pull("api")
    monkeypatch.setenv("SHOP_KEY", "hunter2")
    connected.pull("api")
    assert stored(connected) == truth(shop)


@pytest.mark.parametrize(
    "mistake",
    [
        'colour = "red"',
        'paging = "spiral"',
        'page_size = "many"',
        'missing = "forget"',
        'kind = "magic"',
        'look_back = "long"',
    ],
)
def test_a_mistake_in_the_source_file_is_named(connected: Any, shop: Shop, mistake: str) -> None:
    text = SOURCE.format(url=shop.url, more="" if mistake.startswith("kind") else mistake, login="")
    if mistake.startswith(("kind", "page_size")):
        text = text.replace('kind = "orders"' if mistake.startswith("kind") else "page_size = 20", mistake, 1).replace(
            mistake + "\n", "", 0
        )
    if mistake.startswith("page_size"):
        text = text.replace(mistake + "\n" + mistake, mistake)
    if mistake.startswith("look_back"):
        text = text.replace(mistake, CHANGES + mistake)
    connected.source("api", text)
    with pytest.raises((WrongUse, InputRejected)) as problem:
        connected.pull("api")
        connected.pull("api")
    assert "sources/api.toml" in problem.value.message("zh")


@pytest.mark.parametrize(
    "login",
    [
        '[login]\nkind = "header"\n',
        '[login]\nkind = "basic"\nuser = "a"\n',
        '[login]\nkind = "handshake"\n',
        '[login]\nkind = "token"\nclient_secret = "oops"\n',
        '[headers]\nAuthorization = "Bearer oops"\n',
    ],
)
def test_a_login_that_lacks_something_or_shows_a_secret_is_refused(connected: Any, shop: Shop, login: str) -> None:
    describe(connected, shop, login=login)
    with pytest.raises(WrongUse) as problem:
        connected.pull("api")
    assert "login" in problem.value.message("zh") and "oops" not in problem.value.message("zh") and not shop.log
