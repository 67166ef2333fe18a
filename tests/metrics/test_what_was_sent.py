"""Invitations, messages and reviews beside a loop over rows: a channel that never tells is left out, not taken for a refusal."""

from __future__ import annotations

from datetime import date, timedelta
from statistics import fmean

from hypothesis import given
from hypothesis import strategies as st
from metrics.random_shops import DAYS, FIRST, LAST, SLOW, agrees, closed, measured, shop, table

from kexiao.facts.periods import parse

QUARTER = parse("2025Q1")
CHANNEL = st.sampled_from(["email", "sms", "wechat"])
PERSON = st.one_of(st.none(), st.integers(1, 5))
Sent = tuple[int | None, date, str, bool, bool, bool, bool, str | None]
FLAGS = (st.booleans(),) * 4
SENT = st.lists(
    st.tuples(PERSON, DAYS, CHANNEL, *FLAGS, st.sampled_from([None, None, "failed"])), min_size=1, max_size=14
)


def day_after(day: date, happened: bool) -> date | None:
    return day + timedelta(days=1) if happened else None


def share(rows: list[Sent], did: list[bool]) -> float | None:
    return sum(did) / len(rows) if rows else None


@SLOW
@given(SENT)
def test_answers_are_held_against_what_arrived_on_channels_that_tell(sent: list[Sent]) -> None:
    rows = [
        (f"i{i}", c, day, ch, day_after(day, got), day_after(day, said), status)
        for i, (c, day, ch, got, said, _, _, status) in enumerate(sent)
    ]
    edges = [("first", 90, FIRST, "post", FIRST, None, None), ("last", 91, LAST, "post", LAST, None, None)]
    header = "invitation_id | customer_id | sent_on | channel | delivered_on | answered_on | status"
    source = shop(closed([(1, FIRST, "web", 100, 10)]), survey_invitations=table(header, [*rows, *edges]))
    inside = [s for s in sent if QUARTER.start <= s[1] < QUARTER.end]
    assert agrees(measured(source, "response_rate:of_sent", "2025Q1"), share(inside, [s[4] for s in inside]))
    telling = {s[2] for s in sent if s[3] or s[7] == "failed"}
    arrived = [s for s in inside if s[2] in telling and (s[3] or s[4])]
    assert agrees(measured(source, "response_rate", "2025Q1"), share(arrived, [s[4] for s in arrived]))


@SLOW
@given(SENT)
def test_messages_are_held_against_what_arrived_on_channels_that_tell(sent: list[Sent]) -> None:
    rows = [
        (f"m{i}", c, day, ch, day_after(day, got), day_after(day, opened), day_after(day, clicked), day_after(day, left), status)
        for i, (c, day, ch, got, opened, clicked, left, status) in enumerate(sent)
    ]  # fmt: skip
    edges = [("first", 90, FIRST, "post", FIRST, FIRST, FIRST, FIRST, None), ("last", 91, LAST, "post", LAST, LAST, LAST, LAST, None)]  # fmt: skip
    header = "message_id | customer_id | sent_on | channel | delivered_on | opened_on | clicked_on | unsubscribed_on | status"
    source = shop(closed([(1, FIRST, "web", 100, 10)]), messages=table(header, [*rows, *edges]))
    delivery = {s[2] for s in sent if s[3] or s[7] == "failed"}
    for metric, did in (
        ("open_rate", lambda s: s[4] or s[5]),
        ("click_rate", lambda s: s[5]),
        ("unsubscribe_rate", lambda s: s[6]),
    ):
        telling = {s[2] for s in sent if did(s)} & delivery
        arrived = [s for s in sent if QUARTER.start <= s[1] < QUARTER.end and s[2] in telling and (s[3] or s[4] or s[5] or s[6])]  # fmt: skip
        assert agrees(measured(source, metric, "2025Q1"), share(arrived, [did(s) for s in arrived]))


@SLOW
@given(st.lists(st.tuples(PERSON, DAYS, CHANNEL, st.integers(1, 5)), max_size=12), st.sampled_from([None, "sms"]))
def test_reviews_are_counted_by_platform(written: list[tuple[int | None, date, str, int]], channel: str | None) -> None:
    rows = [(f"v{i}", *row) for i, row in enumerate(written)]
    rows += [("first", 90, FIRST, "x", 3), ("last", 91, LAST, "x", 3)]
    header = "review_id | customer_id | reviewed_on | channel | stars"
    source = shop(closed([(1, FIRST, "web", 100, 10)]), reviews=table(header, rows))
    stars = [r[3] for r in written if QUARTER.start <= r[1] < QUARTER.end and channel in (None, r[2])]
    where = (("channel", channel),) if channel else ()
    assert agrees(measured(source, "review_rating", "2025Q1", where), fmean(stars) if stars else None)
    assert agrees(
        measured(source, "positive_review_share", "2025Q1", where), fmean(s >= 4 for s in stars) if stars else None
    )


def test_an_open_rate_of_text_messages_is_no_number() -> None:
    rows = [("m1", 1, "2025-03-02", "sms", "2025-03-02")]
    header = "message_id | customer_id | sent_on | channel | delivered_on"
    value = measured(shop(closed([(1, FIRST, "web", 100, 10)]), messages=table(header, rows)), "open_rate")
    assert value.value is None and value.reason is not None and "opening" in value.reason("en")
