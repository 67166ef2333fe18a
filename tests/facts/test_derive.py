"""Facts under the policy: what counts, when a refund is booked, and amounts spread to the fen."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kexiao.cycle.measure import measure_facts
from kexiao.errors import Ambiguous, InputRejected
from kexiao.facts.policy import Policy, policy_from
from kexiao.facts.source import FactSource
from kexiao.facts.worked_example import source_of


def value(source: FactSource, metric: str, period: str = "2025-03") -> object:
    return measure_facts(source, [metric], period=period).values[0].value


ORDERS = """
    order_id | customer_id | ordered_on | status    | amount
    a        | 1           | 2025-03-01 | completed | 100
    b        | 2           | 2025-03-02 | unpaid    | 50
    c        | 3           | 2025-03-03 | test      | 70
    d        | 4           | 2025-03-31 | paid      | 30
    z        | 4           | 2025-05-31 | paid      | 1
    """


def test_only_statuses_of_the_policy_count() -> None:
    assert value(source_of({"orders": ORDERS}), "net_sales") == Decimal(130)
    wider = Policy(completed=("paid", "completed", "unpaid"))
    assert value(source_of({"orders": ORDERS}, policy=wider), "net_sales") == Decimal(180)


def test_a_refund_is_booked_on_its_own_day_or_its_orders() -> None:
    tables = {
        "orders": ORDERS,
        "refunds": "refund_id | order_id | refunded_on | amount\n r | a | 2025-04-02 | 20",
    }
    assert value(source_of(tables), "net_sales") == Decimal(130)
    assert value(source_of(tables, policy=Policy(refund_date="order")), "net_sales") == Decimal(110)


def test_a_refund_of_an_order_that_never_counted_does_not_count() -> None:
    tables = {"orders": ORDERS, "refunds": "refund_id | order_id | refunded_on | amount\n r | b | 2025-03-05 | 50"}
    assert value(source_of(tables), "net_sales") == Decimal(130)


def test_a_negative_order_is_a_refund() -> None:
    drawn = ORDERS + "\n n | 1 | 2025-03-09 | completed | -40"
    source = source_of({"orders": drawn})
    assert value(source, "net_sales") == Decimal(90)
    assert value(source, "orders") == 2


def test_an_order_marked_refunded_without_a_record_is_paid_back_in_full() -> None:
    drawn = ORDERS + "\n n | 1 | 2025-03-09 | refunded | 40"
    assert value(source_of({"orders": drawn}), "net_sales") == Decimal(130)


def test_lines_never_multiply_their_orders() -> None:
    tables = {
        "orders": ORDERS,
        "order_lines": "order_id | line_no | product_id | net\n a | 1 | p | 60\n a | 2 | q | 40",
        "products": "product_id | category\n p | tea\n q | cup",
    }
    source = source_of(tables)
    assert value(source, "net_sales") == Decimal(130)
    by_category = {
        v.dimensions["category"]: v.value
        for v in measure_facts(source, ["net_sales"], period="2025-03", by=["category"])
    }
    assert by_category == {"tea": Decimal(60), "cup": Decimal(40), "unknown": Decimal(30)}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(1, 5000), min_size=1, max_size=6), st.integers(1, 20_000), st.integers(0, 20_000))
def test_an_orders_discount_and_refund_are_spread_over_its_lines_to_the_fen(
    lines: list[int], paid: int, back: int
) -> None:
    drawn = "\n".join(f"a | {n} | p{n} | {fen / 100:.2f}" for n, fen in enumerate(lines))
    tables = {
        "orders": f"order_id | customer_id | ordered_on | amount\n a | 1 | 2025-03-01 | {paid / 100:.2f}",
        "order_lines": "order_id | line_no | product_id | net\n" + drawn,
        "refunds": f"refund_id | order_id | refunded_on | amount\n r | a | 2025-03-01 | {back / 100:.2f}",
    }
    source = source_of(tables)
    assert source.query("SELECT sum(net) FROM sale_lines") == [(Decimal(paid) / 100,)]
    assert source.query("SELECT sum(amount) FROM return_lines") == [(Decimal(back) / 100,)]
    assert source.query("SELECT count(*) FROM sale_lines") == [(len(lines),)]


def test_an_unknown_cost_makes_margin_null_not_too_high() -> None:
    drawn = "order_id | customer_id | ordered_on | amount | cost\n a | 1 | 2025-03-01 | 100 | 60\n b | 2 | 2025-03-02 | 50 |\n z | 2 | 2025-05-02 | 5 | 1"
    found = measure_facts(source_of({"orders": drawn}), ["gross_margin"], period="2025-03").values[0]
    assert found.value is None and found.reason is not None
    assert "1" in found.reason("en")
    stand_in = source_of({"orders": drawn}, policy=Policy(margin_rate=0.4))
    assert value(stand_in, "gross_margin") == Decimal(60)


def test_a_currency_without_a_rate_is_refused_not_added_up() -> None:
    drawn = "order_id | customer_id | ordered_on | amount | currency\n a | 1 | 2025-03-01 | 100 | USD"
    with pytest.raises(Ambiguous, match="USD"):
        source_of({"orders": drawn})


def test_someone_known_before_the_data_is_not_new() -> None:
    tables = {"orders": ORDERS, "customers": "customer_id | acquired_on\n 1 | 2020-01-01"}
    assert value(source_of(tables), "new_customers") == 1


def test_the_first_window_of_the_data_is_marked_and_a_cut_off_month_is_incomplete() -> None:
    found = measure_facts(
        source_of({"orders": ORDERS}, window=60),
        ["retention_rate", "net_sales"],
        period="2025-03..2025-05",
        grain="month",
    )
    marks = {(v.metric, v.period): "history_too_short" in v.settings["marks"] for v in found}
    assert (
        marks["retention_rate", "2025-03"]
        and marks["retention_rate", "2025-04"]
        and not marks["retention_rate", "2025-05"]
    )
    assert not any(marks["net_sales", month] for month in ("2025-03", "2025-04", "2025-05"))
    early = source_of({"orders": ORDERS.replace("2025-05-31", "2025-05-20")})
    assert [v.complete for v in measure_facts(early, ["net_sales"], period="2025-04..2025-05", grain="month")] == [
        True,
        False,
    ]
    running = source_of({"orders": ORDERS}, now=date(2025, 5, 15))
    assert not measure_facts(running, ["net_sales"], period="2025-05").values[0].complete


def test_an_unfinished_period_is_compared_with_as_many_days() -> None:
    drawn = "order_id | customer_id | ordered_on | amount\n a | 1 | 2025-01-05 | 100\n b | 1 | 2025-01-25 | 900\n c | 1 | 2025-02-10 | 150"
    found = measure_facts(
        source_of({"orders": drawn.replace("a | 1 | 2025-01-05", "a | 1 | 2025-01-01")}),
        ["sales_growth"],
        period="2025-02",
    ).values[0]
    assert found.value == pytest.approx(0.5)
    assert "same_progress" in found.settings["marks"]


@pytest.mark.parametrize(
    "policy", [{"complete": ["paid"]}, {"completed": ["sold"]}, {"refund_date": "never"}, {"active_window_days": 0}]
)
def test_a_wrong_policy_setting_is_refused_by_name(policy: dict[str, object]) -> None:
    with pytest.raises(InputRejected) as caught:
        policy_from({"policy": policy})
    assert next(iter(policy)) in caught.value.message("en")


def test_acquisition_days_on_file_tell_who_is_new_but_not_who_was_active_before_the_data() -> None:
    def marked(acquired: str) -> dict[str, bool]:
        customers = "customer_id | acquired_on" + "".join(f"\n {n} | {acquired}" for n in (1, 2, 3, 4))
        source = source_of({"orders": ORDERS, "customers": customers}, window=60)
        found = measure_facts(source, ["new_customers", "retention_rate"], period="2025-03")
        return {value.metric: "history_too_short" in value.settings["marks"] for value in found}

    assert marked("2020-01-01") == {"new_customers": False, "retention_rate": True}
    assert marked("2025-03-01") == {"new_customers": False, "retention_rate": False}
