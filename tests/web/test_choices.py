"""The period that pages speak of: the last quarter that is over, unless another is chosen."""

from __future__ import annotations

from datetime import date

import pytest
from web_company import client, over, shop

from kexiao.facts.source import Coverage


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (date(2025, 1, 1), date(2025, 11, 3), "2025Q3"),
        (date(2025, 1, 1), date(2025, 12, 31), "2025Q4"),
        (date(2025, 10, 5), date(2025, 11, 3), "2025Q4"),
    ],
)
def test_it_begins_with_the_last_quarter_that_is_over(first: date, last: date, expected: str) -> None:
    shop()
    from kexiao.web.choices import usual_period

    assert usual_period(Coverage(first, last), 1).name == expected


def test_a_choice_is_kept_and_a_wrong_one_is_not() -> None:
    with over(shop()):
        browser = client("viewer")
        assert "2025 Q2" in browser.get("/metrics/?period=2025Q2&against=year").content.decode()
        assert browser.get("/metrics/?period=2025Q9").status_code == 400
        page = browser.get("/metrics/").content.decode()
        assert "2025 Q2 against 2024 Q2" in page


def test_an_unfinished_period_is_compared_with_as_many_days() -> None:
    shop()
    from kexiao.facts.periods import parse
    from kexiao.web.choices import _other

    other = _other(parse("2025Q4"), "before", Coverage(date(2025, 1, 1), date(2025, 10, 20)))
    assert (other.start, other.days) == (date(2025, 7, 1), 20)
