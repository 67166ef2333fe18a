"""Satisfaction with campaigns beside a loop: of a customer's answers to one survey and question only the last of the period counts."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st
from metrics.random_shops import SLOW, table

from kexiao.cycle.measure import measure_facts
from kexiao.facts.worked_example import source_of

Answer = tuple[int, date, str, int]  # customer, day, campaign or none, score of 1 to 5
HEAD = (
    "response_id | customer_id | responded_on | survey | question | measure | score | scale_low | scale_high | campaign"
)
ANSWERS = st.lists(
    st.tuples(
        st.integers(1, 5),
        st.integers(0, 89).map(lambda n: date(2025, 1, 1) + timedelta(days=n)),
        st.sampled_from(["spring", "store", ""]),
        st.integers(1, 5),
    ),
    max_size=20,
    unique_by=lambda answer: answer[:2],
)


@given(ANSWERS)
@SLOW
def test_it_is_the_mean_and_the_top_two_boxes_of_the_last_answers(answers: list[Answer]) -> None:
    """The surveys of campaigns and those of none are different surveys."""
    ends = [(90, date(2024, 12, 1), "spring", 1), (91, date(2025, 6, 1), "spring", 1)]
    rows = [
        (f"r{i}", customer, day, campaign or "shop", "q1", "csat", score, 1, 5, campaign)
        for i, (customer, day, campaign, score) in enumerate([*answers, *ends])
    ]
    source = source_of({"survey_responses": table(HEAD, rows)})
    for by in ((), ("campaign",)):
        found = measure_facts(source, ["campaign_csat"], period="2025Q1", by=by, variants=True)
        for value in found:
            wanted = value.dimensions.get("campaign")
            last: dict[tuple[int, str], int] = {}
            for customer, _, campaign, score in sorted(answers, key=lambda answer: answer[1]):
                if campaign and wanted in (None, campaign):
                    last[customer, campaign] = score
            scores = list(last.values())
            if not scores:
                assert value.value is None and value.reason is not None
                continue
            top = sum(score >= 4 for score in scores) / len(scores)
            assert value.value == (top if value.variant else sum(scores) / len(scores))
            assert value.denominator == len(scores)
