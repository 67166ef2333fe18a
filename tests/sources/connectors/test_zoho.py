"""Zoho CRM, against a fake that keeps state, counts calls, and refuses what the real one refuses."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sources.connectors.fakes import FakeZoho, Said, ago, served

from kexiao.errors import NotPermitted, SourceUnavailable, WrongUse

SOURCE = """
system = "zoho"
region = "cn"
client_id = "1000.X"
client_secret_env = "ZOHO_CLIENT_SECRET"
refresh_token_env = "ZOHO_REFRESH_TOKEN"
accounts_url = "{url}"
api_url = "{url}"
{more}
[objects.deals]
module = "Deals"
{first}
kind = "orders"

[objects.deals.columns]
order_id = "id"
ordered_at = "Closing_Date"
status = "Stage"
amount = "Amount"
customer_id = "Account_Name.id"
{columns}
[objects.deals.choices.status]
"Closed Won" = "completed"
"Negotiation" = "unpaid"
"""


def deal(number: int, **more: Any) -> dict[str, Any]:
    return {
        "Stage": "Closed Won",
        "Amount": number + 0.25,
        "Closing_Date": "2025-06-30",
        "Account_Name": {"id": f"A{number % 7}", "name": f"Account {number % 7}"},
        "Modified_Time": ago(days=30).isoformat(timespec="seconds"),
        **more,
    }


def deals(count: int, **more: Any) -> dict[str, dict[str, Any]]:
    return {f"{4150868000000000000 + number}": deal(number, **more) for number in range(count)}


@pytest.fixture
def zoho() -> Iterator[FakeZoho]:
    with served(FakeZoho(deals(450))) as system:
        yield system  # type: ignore[misc]


def describe(connected: Any, zoho: FakeZoho, more: str = "", first: str = "", columns: str = "") -> None:
    connected.source("crm", SOURCE.format(url=zoho.url, more=more, first=first, columns=columns))


def stored(connected: Any) -> dict[str, Decimal]:
    return dict(connected.rows("orders", "order_id, amount"))


def truth(zoho: FakeZoho) -> dict[str, Decimal]:
    return {record: Decimal(str(r["Amount"])) for record, r in zoho.records.items()}


def test_a_first_reading_brings_every_record_once(connected: Any, zoho: FakeZoho) -> None:
    describe(connected, zoho)
    report = connected.pull("crm")
    assert (report.rows_read, report.rows_loaded, report.exit_code) == (450, 450, 0)
    assert stored(connected) == truth(zoho)
    assert len([c for c in zoho.calls("/crm/v8/Deals") if c.path == "/crm/v8/Deals"]) == 3


def test_records_beyond_two_thousand_come_by_page_token(connected: Any, zoho: FakeZoho) -> None:
    zoho.records = deals(2300)
    describe(connected, zoho)
    connected.pull("crm")
    assert stored(connected) == truth(zoho)


def test_amounts_that_the_source_counts_in_ten_thousands_are_told_by_their_unit(connected: Any, zoho: FakeZoho) -> None:
    zoho.records = deals(5)
    describe(connected, zoho, columns='\n[objects.deals.units]\namount = "万元"\n')
    connected.pull("crm")
    assert stored(connected) == {number: amount * 10_000 for number, amount in truth(zoho).items()}


def test_the_next_reading_asks_for_changes_only_and_is_answered_with_304(connected: Any, zoho: FakeZoho) -> None:
    describe(connected, zoho)
    connected.pull("crm")
    zoho.log.clear()
    report = connected.pull("crm")
    assert report.load_id is None
    asked = zoho.calls("/crm/v8/Deals")
    assert [bool(call.headers.get("if-modified-since")) for call in asked] == [True, True]


def test_a_change_and_a_new_record_come_with_the_next_reading(connected: Any, zoho: FakeZoho) -> None:
    describe(connected, zoho)
    connected.pull("crm")
    first = min(zoho.records)
    zoho.records[first] |= {"Amount": 9.99, "Modified_Time": ago(seconds=1).isoformat(timespec="seconds")}
    zoho.records["9999999999999999999"] = deal(1, Modified_Time=ago(seconds=1).isoformat(timespec="seconds"))
    report = connected.pull("crm")
    assert report.tables["orders"] == (1, 1)
    assert stored(connected) == truth(zoho)


def test_a_deleted_record_is_taken_out_and_a_restored_one_comes_back(connected: Any, zoho: FakeZoho) -> None:
    describe(connected, zoho)
    connected.pull("crm")
    first = min(zoho.records)
    kept = zoho.records[first]
    zoho.delete(first, ago(seconds=0))
    report = connected.pull("crm")
    assert first not in stored(connected) and len(stored(connected)) == 449
    assert any("来源删除" in words.zh for words in report.warnings)
    del zoho.deleted[first]
    zoho.records[first] = {**kept, "Modified_Time": ago(seconds=0).isoformat(timespec="seconds")}
    connected.pull("crm")
    assert stored(connected) == truth(zoho)


def test_a_mapping_of_more_than_fifty_fields_is_asked_for_in_groups(connected: Any, zoho: FakeZoho) -> None:
    zoho.records = deals(130, **{f"Extra_{n}": n for n in range(60)})
    from kexiao.sources.connecting.connector import Thing
    from kexiao.sources.zoho.reading import _field_groups

    thing = Thing("deals", {"columns": {f"f{n}": f"Extra_{n}" for n in range(60)}}, "id")
    groups = _field_groups(thing)
    assert [len(group) for group in groups] == [50, 10]
    describe(connected, zoho)
    reader = _reader(connected, zoho)
    wide = Thing("deals", {"columns": {f"f{n}": f"Extra_{n}" for n in range(60)}}, "id", settings={"module": "Deals"})
    page = next(
        iter(reader.pages(wide, _walk(), {"step": "records", "token": None, "page": 1, "job": None, "began": None}))
    )
    assert all(row[f"Extra_{n}"] == str(n) for row in page.rows for n in range(60)) and len(page.rows) == 130
    assert all(len(call.query.get("fields", "").split(",")) <= 50 for call in zoho.log)
    reader.close()


def _walk() -> Any:
    from kexiao.sources.connecting.connector import Walk

    return Walk("all", ago(seconds=0))


def _reader(connected: Any, zoho: FakeZoho) -> Any:
    from kexiao.sources.connecting.described import read_source
    from kexiao.sources.egress.addresses import guard_of
    from kexiao.sources.egress.limits import Limits
    from kexiao.sources.zoho.reading import open_reader

    return open_reader(read_source(connected.folder, "crm"), guard_of(["127.0.0.1/32"]), Limits(first_wait=0.01))


def test_an_expired_token_is_fetched_anew_in_the_middle(connected: Any, zoho: FakeZoho) -> None:
    zoho.life_of_new_tokens = 2
    describe(connected, zoho)
    connected.pull("crm")
    assert stored(connected) == truth(zoho) and zoho.tokens >= 2


def test_too_many_requests_without_retry_after_are_waited_for(connected: Any, zoho: FakeZoho) -> None:
    zoho.faults["/crm/v8/Deals"] = [Said(429, {"code": "TOO_MANY_REQUESTS"}) for _ in range(4)]
    describe(connected, zoho)
    connected.pull("crm")
    assert stored(connected) == truth(zoho)


def test_used_up_credits_stop_the_reading_which_goes_on_later_where_it_was(connected: Any, zoho: FakeZoho) -> None:
    zoho.records = deals(900)
    describe(connected, zoho, first='first = "pages"')
    pages = zoho.answer

    def spent(asked: Any) -> Said:
        if asked.path == "/crm/v8/Deals" and len([c for c in zoho.log if c.path == "/crm/v8/Deals"]) > 2:
            return Said(403, {"code": "LIMIT_EXCEEDED"})
        return pages(asked)

    zoho.answer = spent  # type: ignore[method-assign]
    with pytest.raises(SourceUnavailable):
        connected.pull("crm")
    assert not stored(connected)
    zoho.answer, zoho.log = pages, []  # type: ignore[method-assign]
    connected.pull("crm")
    assert stored(connected) == truth(zoho)
    assert len([c for c in zoho.log if c.path == "/crm/v8/Deals"]) == 3, "two of five pages were there already"


def test_a_reserve_of_credits_is_left_to_others(connected: Any, zoho: FakeZoho) -> None:
    pages = zoho.answer

    def counted(asked: Any) -> Said:
        said = pages(asked)
        said.headers["X-API-CREDITS-REMAINING"] = "99"
        return said

    zoho.answer = counted  # type: ignore[method-assign]
    describe(connected, zoho, more="credits_reserve = 100")
    with pytest.raises(SourceUnavailable, match="额度"):
        connected.pull("crm")


def test_a_large_first_reading_comes_by_bulk_jobs(connected: Any, zoho: FakeZoho, no_waiting: Any) -> None:
    zoho.job_rows = 200
    describe(connected, zoho, first='first = "bulk"')
    connected.pull("crm")
    assert stored(connected) == truth(zoho)
    assert len([c for c in zoho.calls("/crm/bulk") if c.method == "POST"]) == 3
    assert connected.rows("orders", "count(DISTINCT customer_id)") == [(7,)]


def test_a_bulk_file_is_kept_in_pages_as_it_is_read(
    connected: Any, zoho: FakeZoho, no_waiting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kexiao.sources.zoho.reading.ROWS_A_PAGE", 64)
    describe(connected, zoho, first='first = "bulk"')
    connected.pull("crm")
    assert stored(connected) == truth(zoho)


def test_bulk_and_pages_say_the_same(connected: Any, zoho: FakeZoho, no_waiting: Any) -> None:
    describe(connected, zoho, first='first = "bulk"')
    connected.pull("crm")
    describe(connected, zoho, first='first = "pages"')
    assert connected.pull("crm", full=True).load_id is None, "the same records in the same words change nothing"


def test_a_page_token_that_is_no_longer_good_begins_the_pages_anew(connected: Any, zoho: FakeZoho) -> None:
    zoho.records = deals(900)
    describe(connected, zoho, first='first = "pages"')
    zoho.faults["/crm/v8/Deals"] = []
    pages = zoho.answer
    count = [0]

    def failing(asked: Any) -> Said:
        count[0] += asked.path == "/crm/v8/Deals"
        return Said(500) if count[0] > 2 else pages(asked)

    zoho.answer = failing  # type: ignore[method-assign]
    with pytest.raises(SourceUnavailable):
        connected.pull("crm")
    zoho.answer = pages  # type: ignore[method-assign]
    zoho.listings.clear()
    connected.pull("crm")
    assert stored(connected) == truth(zoho)


def test_a_wrong_refresh_token_is_no_permission_and_is_never_shown(
    connected: Any, zoho: FakeZoho, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOHO_REFRESH_TOKEN", "very-secret-token")
    describe(connected, zoho)
    with pytest.raises(NotPermitted) as problem:
        connected.pull("crm")
    assert problem.value.exit_code == 10
    assert "very-secret" not in problem.value.message("zh") + problem.value.message("en") + repr(problem.value)


def test_tokens_go_to_the_data_centre_of_the_settings_only(connected: Any, zoho: FakeZoho) -> None:
    describe(connected, zoho)
    connected.pull("crm")
    assert stored(connected) == truth(zoho), "the answer to the refresh named another host, which got nothing"


def test_a_missing_scope_is_no_permission(connected: Any, zoho: FakeZoho) -> None:
    zoho.faults["/crm/v8/Deals"] = [Said(401, {"code": "OAUTH_SCOPE_MISMATCH"})]
    describe(connected, zoho)
    with pytest.raises(NotPermitted, match="OAUTH_SCOPE_MISMATCH"):
        connected.pull("crm")


def test_an_unknown_module_is_wrong_use(connected: Any, zoho: FakeZoho) -> None:
    connected.source("crm", SOURCE.format(url=zoho.url, more="", first="", columns="").replace('"Deals"', '"Dials"'))
    with pytest.raises(WrongUse, match="INVALID_MODULE"):
        connected.pull("crm")


def test_a_secret_in_the_source_file_is_refused(connected: Any, zoho: FakeZoho) -> None:
    describe(connected, zoho, more='client_secret = "oops"')
    with pytest.raises(WrongUse, match="client_secret_env"):
        connected.pull("crm")
