"""纷享销客, against a fake that answers errors with 200, counts calls in time, and refuses what the real one refuses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from sources.connectors.fakes import FakeFxiaoke, ago, served

from kexiao.errors import NotPermitted, WrongUse

SOURCE = """
system = "fxiaoke"
app_id = "FSAID_1"
app_secret_env = "FXIAOKE_APP_SECRET"
permanent_code_env = "FXIAOKE_PERMANENT_CODE"
user = "1000"
login = "{login}"
url = "{url}"

[objects.orders]
object = "{object}"
kind = "orders"

[objects.orders.columns]
order_id = "_id"
ordered_at = "order_time"
amount = "order_amount"
customer_id = "account_id"
status = "order_status"
salesperson = "owner"

[objects.orders.choices.status]
"已确认" = "paid"
"已发货" = "shipped"
"""
FIELDS = {
    "order_time": {"type": "date_time"},
    "order_status": {
        "type": "select_one",
        "options": [{"label": "已确认", "value": "7"}, {"label": "已发货", "value": "10"}],
    },
    "order_amount": {"type": "currency"},
}


def order(number: int, **more: Any) -> dict[str, Any]:
    return {
        "_id": f"{number:024x}",
        "order_time": 1_735_660_800_000 + number * 60_000,
        "order_amount": f"{number}.30",
        "account_id": f"A{number % 5}",
        "order_status": "7" if number % 2 else "10",
        "owner": ["1000"],
        "last_modified_time": int(ago(days=20).timestamp() * 1000),
        "life_status": "normal",
        **more,
    }


def orders(count: int) -> dict[str, dict[str, Any]]:
    return {f"{n:024x}": order(n) for n in range(count)}


@pytest.fixture
def crm() -> Iterator[FakeFxiaoke]:
    with served(FakeFxiaoke(orders(250), "SalesOrderObj", FIELDS)) as system:
        yield system  # type: ignore[misc]


def describe(connected: Any, crm: FakeFxiaoke, login: str = "token") -> None:
    connected.source("fx", SOURCE.format(url=crm.url, login=login, object=crm.name))


def stored(connected: Any) -> dict[str, Decimal]:
    return dict(connected.rows("orders", "order_id, amount"))


def truth(crm: FakeFxiaoke) -> dict[str, Decimal]:
    return {i: Decimal(r["order_amount"]) for i, r in crm.records.items() if r["life_status"] != "invalid"}


def now_ms() -> int:
    return int(ago(seconds=0).timestamp() * 1000)


@pytest.mark.parametrize("login", ["token", "corp"])
def test_both_ways_to_log_in_bring_every_record_once(connected: Any, crm: FakeFxiaoke, login: str) -> None:
    describe(connected, crm, login)
    report = connected.pull("fx")
    assert (report.rows_read, report.rows_loaded) == (250, 250)
    assert stored(connected) == truth(crm)


def test_times_options_and_numbers_are_read_as_they_are_meant(connected: Any, crm: FakeFxiaoke) -> None:
    describe(connected, crm)
    connected.pull("fx")
    first = connected.rows("orders", "order_id, ordered_at::VARCHAR, ordered_on::VARCHAR, status, amount, salesperson")[
        :2
    ]
    assert first == [
        (f"{0:024x}", "2024-12-31 16:00:00+00", "2025-01-01", "shipped", Decimal("0.30"), "1000"),
        (f"{1:024x}", "2024-12-31 16:01:00+00", "2025-01-01", "paid", Decimal("1.30"), "1000"),
    ]


def test_more_than_ten_thousand_records_come_by_id_never_by_a_large_offset(
    connected: Any, crm: FakeFxiaoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    crm.records, crm.calls_allowed = orders(10_450), 10**6
    monkeypatch.setattr("kexiao.sources.fxiaoke.reading.CALLS", 10**6)
    describe(connected, crm)
    connected.pull("fx")
    assert stored(connected) == truth(crm)
    asked = [c.json()["data"]["search_query_info"] for c in crm.calls("data/query")]
    assert max(one["offset"] for one in asked) == 0 and len(asked) == 105


def test_calls_are_spread_so_that_the_limit_is_not_reached(
    connected: Any, crm: FakeFxiaoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    crm.records, crm.calls_allowed, crm.seconds = orders(1500), 10, 1.0
    monkeypatch.setattr("kexiao.sources.fxiaoke.reading.CALLS", 9)
    monkeypatch.setattr("kexiao.sources.fxiaoke.reading.SECONDS", 1.1)
    describe(connected, crm)
    connected.pull("fx")
    assert stored(connected) == truth(crm) and crm.too_many == 0


def test_a_limit_that_others_have_used_up_is_waited_for(connected: Any, crm: FakeFxiaoke) -> None:
    crm.faults["/cgi/crm/v2/data/query"] = [crm._error(40301, "调用频率超限，请稍后再试") for _ in range(3)]
    describe(connected, crm)
    connected.pull("fx")
    assert stored(connected) == truth(crm) and not crm.faults["/cgi/crm/v2/data/query"]


def test_an_expired_token_is_fetched_anew(connected: Any, crm: FakeFxiaoke) -> None:
    crm.life_of_new_tokens = 2
    describe(connected, crm)
    connected.pull("fx")
    assert stored(connected) == truth(crm) and crm.tokens >= 2


def test_the_next_reading_brings_what_changed_and_takes_out_what_was_made_invalid(
    connected: Any, crm: FakeFxiaoke
) -> None:
    describe(connected, crm)
    connected.pull("fx")
    ids = sorted(crm.records)
    crm.records[ids[0]] |= {"order_amount": "77.70", "last_modified_time": now_ms()}
    crm.records[ids[1]] |= {"life_status": "invalid", "last_modified_time": now_ms()}
    crm.records["f" * 24] = order(9, _id="f" * 24, last_modified_time=now_ms())
    report = connected.pull("fx")
    assert report.tables["orders"] == (1, 1) and report.rows_read == 3
    assert stored(connected) == truth(crm)


def test_a_record_that_is_valid_again_comes_back(connected: Any, crm: FakeFxiaoke) -> None:
    describe(connected, crm)
    connected.pull("fx")
    one = min(crm.records)
    crm.records[one] |= {"life_status": "invalid", "last_modified_time": now_ms()}
    connected.pull("fx")
    assert one not in stored(connected)
    crm.records[one] |= {"life_status": "normal", "last_modified_time": now_ms()}
    connected.pull("fx")
    assert stored(connected) == truth(crm)


def test_objects_of_ones_own_are_asked_for_at_their_own_address(connected: Any, crm: FakeFxiaoke) -> None:
    crm.name = "my_orders__c"
    describe(connected, crm)
    connected.pull("fx")
    assert stored(connected) == truth(crm)
    assert {c.path for c in crm.calls("data/query")} == {"/cgi/crm/custom/v2/data/query"}


def test_a_wrong_secret_inside_200_is_no_permission(
    connected: Any, crm: FakeFxiaoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FXIAOKE_APP_SECRET", "very-secret")
    describe(connected, crm)
    with pytest.raises(NotPermitted, match="10006") as problem:
        connected.pull("fx")
    assert "very-secret" not in repr(problem.value) + problem.value.message("en")


def test_an_unknown_object_is_wrong_use(connected: Any, crm: FakeFxiaoke) -> None:
    describe(connected, crm)
    crm.name = "OtherObj"
    with pytest.raises(WrongUse, match="10005"):
        connected.pull("fx")


def test_the_sample_answer_of_the_documentation_is_understood(shared: Any) -> None:
    import json

    from kexiao.sources.connecting.cells import flat
    from kexiao.sources.fxiaoke.reading import _readable

    said = json.loads((shared / "data/formats/fxiaoke_account_query.json").read_text(encoding="utf-8"))
    first = flat(_readable(said["response"]["data"]["dataList"][0], {}))
    assert first["name"] == "上海示例科技有限公司" and first["owner"] == "1000"
    assert datetime.fromisoformat(str(first["create_time"])).timestamp() == 1612247399.397
