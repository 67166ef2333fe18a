"""The truth beside the files: exact answers counted again, and each planted story found in the raw files by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from kexiao.demo import setting

from .conftest import Drawn

Floats = NDArray[np.float64]
DAYS = 1096
RECOVERABLE = ("京东", "抖音直播", "微信小程序")
QUARTERS = [f"{year}Q{quarter}" for year in (2023, 2024, 2025) for quarter in (1, 2, 3, 4)]
QUARTER_OF = "year({day}) || 'Q' || quarter({day})"


def by_quarter(drawn: Drawn, query: str) -> dict[str, tuple[Any, ...]]:
    """Rows of a query by their first column; ``{q}`` stands for the quarter of ``day``."""
    rows = drawn.sql.execute(query.format(q=QUARTER_OF.format(day="day"))).fetchall()
    return {row[0]: row[1:] for row in rows}


def told(drawn: Drawn, quarter: str, *names: str) -> tuple[Any, ...]:
    total = drawn.truth["answers"]["quarter"][quarter]["total"]
    return tuple(total[name] for name in names)


def test_sales_and_customers_of_each_quarter_are_exact(drawn: Drawn) -> None:
    found = by_quarter(
        drawn,
        """SELECT {q}, count(*), sum(gross), sum(paid), sum(cost), count(DISTINCT customer), count(*) FILTER (customer IS NULL)
        FROM orders GROUP BY 1""",
    )
    names = ("orders", "gross_sales_fen", "paid_fen", "cost_fen", "ordering_customers", "anonymous_orders")
    for quarter in QUARTERS:
        assert found[quarter] == told(drawn, quarter, *names), quarter


def test_refunds_are_booked_on_their_own_day(drawn: Drawn) -> None:
    found = by_quarter(
        drawn,
        """SELECT {q}, count(*), sum(fen), sum(back) FROM (SELECT "退款时间"::TIMESTAMP AS day,
        round("退款金额"::DOUBLE * 100)::BIGINT AS fen, round("退回成本"::DOUBLE * 100)::BIGINT AS back FROM "退款明细") GROUP BY 1""",
    )
    for quarter in QUARTERS:
        assert found[quarter] == told(drawn, quarter, "refund_count", "refunds_fen", "cost_returned_fen")


def test_repeat_purchase_rate_and_average_order_value_follow_from_the_files(drawn: Drawn) -> None:
    rate = drawn.one("""SELECT count(*) FILTER (n > 1) / count(*) FROM
        (SELECT customer, count(*) AS n FROM orders WHERE year(day) = 2025 AND customer IS NOT NULL GROUP BY 1)""")
    paid = drawn.one("SELECT sum(paid) FROM orders WHERE year(day) = 2025")
    refunds = drawn.one(
        """SELECT sum("退款金额"::DECIMAL(18, 2)) FROM "退款明细" WHERE year("退款时间"::TIMESTAMP) = 2025"""
    )
    orders = drawn.one("SELECT count(*) FROM orders WHERE year(day) = 2025")
    year = drawn.truth["answers"]["year"]["2025"]["total"]
    assert rate == pytest.approx(year["repeat_purchase_rate"], abs=1e-12)
    assert (float(paid) / 100 - float(refunds)) / orders == pytest.approx(year["average_order_value"], abs=1e-9)


def test_acquisition_cost_is_spend_without_retention_over_new_customers(drawn: Drawn) -> None:
    spent = drawn.sql.execute("""SELECT "渠道", sum(round("金额"::DOUBLE * 100))::BIGINT FROM "投放费用"
        WHERE "用途" = '拉新' AND "日期" BETWEEN '2025-07-01' AND '2025-09-30' GROUP BY 1""").fetchall()
    new = dict(
        drawn.sql.execute("""SELECT "获客渠道", count(*) FROM "客户资料"
        WHERE "首次购买日期" BETWEEN '2025-07-01' AND '2025-09-30' GROUP BY 1""").fetchall()
    )
    channels = drawn.truth["answers"]["quarter"]["2025Q3"]["by_channel"]
    assert len(spent) == len(channels) == 5
    for channel, fen in spent:
        assert channels[channel]["acquisition_spend_fen"] == fen
        assert channels[channel]["new_customers"] == new[channel]
        assert channels[channel]["customer_acquisition_cost"] == pytest.approx(fen / 100 / new[channel])


def test_satisfaction_counts_the_latest_answer_of_each_customer_and_quarter(drawn: Drawn) -> None:
    found = by_quarter(
        drawn,
        """WITH answers AS (SELECT *, "答卷时间"::TIMESTAMP AS day FROM "满意度调查"),
        latest AS (SELECT {q} AS quarter, "量表" AS measure, "客户编号", arg_max("得分"::DOUBLE, day) AS score
            FROM answers GROUP BY ALL)
        SELECT quarter, count(*) FILTER (measure = 'NPS'), count(*) FILTER (measure = 'NPS' AND score >= 9),
            count(*) FILTER (measure = 'NPS' AND score <= 6), count(*) FILTER (measure = 'CSAT'),
            count(*) FILTER (measure = 'CSAT' AND score >= 4) FROM latest GROUP BY 1""",
    )
    names = ("nps_answers", "promoters", "detractors", "csat_answers", "csat_top_two_answers")
    answers = drawn.one('SELECT count(*) FROM "满意度调查"')
    assert sum(row[0] + row[3] for row in found.values()) < answers  # some did answer twice
    for quarter in QUARTERS:
        assert found[quarter] == told(drawn, quarter, *names)


def test_leads_and_complaints_of_each_quarter_are_exact(drawn: Drawn) -> None:
    leads = by_quarter(
        drawn,
        """SELECT {q}, count(*), count("客户编号") FROM (SELECT *, "创建时间"::TIMESTAMP AS day FROM "销售线索") GROUP BY 1""",
    )
    complaints = by_quarter(
        drawn, """SELECT {q}, count(*) FROM (SELECT "投诉时间"::TIMESTAMP AS day FROM "投诉记录") GROUP BY 1"""
    )
    for quarter in QUARTERS:
        assert leads[quarter] == told(drawn, quarter, "leads", "leads_won")
        assert complaints[quarter] == told(drawn, quarter, "complaints")


@pytest.mark.parametrize("window", [90, 180, 365])
def test_customer_states_of_a_quarter_are_exact(drawn: Drawn, window: int) -> None:
    found = drawn.sql.execute(f"""
        WITH each AS (SELECT customer, min(day) >= DATE '2025-07-01' AND min(day) < DATE '2025-10-01' AS fresh,
            bool_or(day >= DATE '2025-07-01' - {window} AND day < DATE '2025-07-01') AS s,
            bool_or(day >= DATE '2025-10-01' - {window} AND day < DATE '2025-10-01') AS e
            FROM orders WHERE customer IS NOT NULL GROUP BY 1)
        SELECT count(*) FILTER (s), count(*) FILTER (e), count(*) FILTER (s AND e), count(*) FILTER (s AND NOT e),
            count(*) FILTER (NOT s AND e AND NOT fresh), count(*) FILTER (e AND fresh) FROM each""").fetchone()
    states = drawn.truth["customer_states"][str(window)]["2025Q3"]
    names = ("customers_at_start", "customers_at_end", "retained_customers", "lost_customers", "reactivated_customers")
    assert found == tuple(states[name] for name in (*names, "new_customers_still_active"))
    assert states["customers_at_end"] == (
        states["customers_at_start"] - states["lost_customers"] + states["reactivated_customers"]
        + states["new_customers_still_active"]
    )  # fmt: skip


def purchase_histories(drawn: Drawn, channel: str) -> tuple[Floats, Floats, Floats]:
    """Repeat purchase days, last purchase and age in days, of the customers a channel won."""
    rows = drawn.sql.execute(
        f"""SELECT count(DISTINCT o.day) - 1 AS x, date_diff('day', min(o.day), max(o.day)) AS t,
        date_diff('day', min(o.day), DATE '2023-01-01' + {DAYS}) AS age
        FROM orders o JOIN "客户资料" c ON c."客户编号" = o.customer WHERE c."获客渠道" = ? GROUP BY o.customer""",
        [channel],
    ).fetchnumpy()
    return tuple(np.asarray(rows[name], dtype=np.float64) for name in ("x", "t", "age"))  # type: ignore[return-value]


def bg_nbd_log_likelihood(logs: Floats, x: Floats, t: Floats, age: Floats) -> float:
    """Fader, Hardie & Lee (2005), equation 6, term by term."""
    from scipy.special import betaln, gammaln

    r, alpha, a, b = np.exp(logs)
    alive = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + age)
    with np.errstate(divide="ignore"):
        gone = np.where(
            x > 0, betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b) - (r + x) * np.log(alpha + t), -np.inf
        )
    return float(np.sum(gammaln(r + x) - gammaln(r) + r * np.log(alpha) + np.logaddexp(alive, gone)))


def gamma_gamma_log_likelihood(logs: Floats, x: Floats, mean: Floats) -> float:
    """Fader & Hardie (2013), note 025, equation 1a."""
    from scipy.special import gammaln

    p, q, v = np.exp(logs)
    terms = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(v)
    return float(np.sum(terms + (p * x - 1) * np.log(mean) + p * x * np.log(x) - (p * x + q) * np.log(x * mean + v)))


def twice_the_gain(likelihood: Any, truth: Floats, *data: Floats) -> float:
    """2 × (log-likelihood at the maximum − at the truth), χ² with as many degrees of freedom as parameters."""
    from scipy.optimize import minimize

    best = minimize(
        lambda logs: -likelihood(logs, *data), truth, method="Nelder-Mead", options={"maxiter": 3000, "fatol": 1e-4}
    )
    return 2 * (-best.fun - likelihood(truth, *data))


@pytest.mark.parametrize("channel", RECOVERABLE)
def test_purchases_of_an_undisturbed_channel_agree_with_its_true_bg_nbd(drawn: Drawn, channel: str) -> None:
    true = drawn.truth["models"][channel]
    assert true["recoverable"]
    logs = np.log([true["bg_nbd"][name] for name in ("r", "alpha", "a", "b")])
    data = purchase_histories(drawn, channel)
    gain = twice_the_gain(bg_nbd_log_likelihood, logs, *data)
    assert 0 <= gain < 13.28, f"beyond the 99 % point of chi-squared with 4 degrees of freedom: {gain:.1f}"
    assert twice_the_gain(bg_nbd_log_likelihood, logs + np.log([1.15, 1, 1, 1]), *data) > 13.28


def test_purchases_of_a_disturbed_channel_do_not_and_the_truth_says_so(drawn: Drawn) -> None:
    true = drawn.truth["models"]["天猫旗舰店"]
    assert not true["recoverable"] and true["disturbed_by"]


@pytest.mark.parametrize("channel", [channel.name for channel in setting.CHANNELS])
def test_amounts_of_every_channel_agree_with_their_true_gamma_gamma(drawn: Drawn, channel: str) -> None:
    rows = drawn.sql.execute(
        """SELECT count(*) AS x, avg(paid) / 100 AS m FROM orders o JOIN "客户资料" c ON c."客户编号" = o.customer
        WHERE c."获客渠道" = ? GROUP BY o.customer""",
        [channel],
    ).fetchnumpy()
    x, mean = np.asarray(rows["x"], dtype=np.float64), np.asarray(rows["m"], dtype=np.float64)
    true = drawn.truth["models"][channel]["gamma_gamma"]
    logs = np.log([true[name] for name in ("p", "q", "v")])
    assert twice_the_gain(gamma_gamma_log_likelihood, logs, x, mean) < 11.34
    assert twice_the_gain(gamma_gamma_log_likelihood, logs + np.log([1, 1, 1.1]), x, mean) > 11.34


def orders_per_person(drawn: Drawn, people: str, start: str, end: str) -> tuple[int, float, float]:
    """How many people, their mean orders in a window, and its standard error; ``people`` selects ``customer``."""
    row = drawn.sql.execute(f"""
        WITH each AS (SELECT p.customer, count(o.id) AS n FROM ({people}) p LEFT JOIN orders o
            ON o.customer = p.customer AND o.day BETWEEN DATE '{start}' AND DATE '{end}' GROUP BY 1)
        SELECT count(*), avg(n), stddev_samp(n) / sqrt(count(*)) FROM each""").fetchone()
    assert row is not None
    return row


def lift(drawn: Drawn, story: dict[str, Any]) -> tuple[float, float]:
    """Orders per treated less orders per held-out customer in the campaign's window, with the standard error."""
    people = """SELECT "客户编号" AS customer FROM "活动名单" WHERE "活动编号" = '{}' AND "分组" = '{}'"""
    arms = [
        orders_per_person(drawn, people.format(story["campaign"], arm), story["start"], story["end"])
        for arm in ("实验组", "对照组")
    ]
    assert [arm[0] for arm in arms] == [story["treated"], story["held_out"]]
    totals = (story["orders_of_treated"], story["orders_of_held_out"])
    assert tuple(round(arm[0] * arm[1]) for arm in arms) == totals
    return arms[0][1] - arms[1][1], float(np.hypot(arms[0][2], arms[1][2]))


def test_the_campaign_that_worked_shows_its_true_effect_against_the_hold_out(drawn: Drawn) -> None:
    story = drawn.truth["stories"]["campaign_that_worked"]
    effect, error = lift(drawn, story)
    assert abs(effect - story["true_extra_orders_per_treated"]) < 2 * error
    assert effect > 4 * error


def test_the_campaign_that_did_not_cost_money_and_moved_nothing(drawn: Drawn) -> None:
    story = drawn.truth["stories"]["campaign_that_did_not"]
    effect, error = lift(drawn, story)
    assert abs(effect) < 2 * error < 0.06
    spent = drawn.one(
        f"""SELECT sum(round("金额"::DOUBLE * 100))::BIGINT FROM "投放费用" WHERE "活动" = '{story["campaign"]}'"""
    )
    assert spent == story["cost_fen"] > 0
    tagged = drawn.one(f"SELECT count(*) FROM orders WHERE campaign = '{story['campaign']}'")
    assert tagged > 300  # many orders carry its code all the same


def difference(drawn: Drawn, region: str, before: tuple[str, str], after: tuple[str, str]) -> tuple[float, float]:
    """Change of orders per earlier store customer in a region less the change elsewhere, with the standard error."""
    people = """SELECT o.customer, any_value(o.region) = '{}' AS here FROM orders o JOIN "客户资料" c ON c."客户编号" = o.customer
        WHERE c."获客渠道" = '直营门店' GROUP BY 1 HAVING min(o.day) < DATE '{}'"""
    rows = drawn.sql.execute(f"""
        WITH each AS (SELECT p.customer, p.here,
            count(o.id) FILTER (o.day BETWEEN DATE '{after[0]}' AND DATE '{after[1]}')
            - count(o.id) FILTER (o.day BETWEEN DATE '{before[0]}' AND DATE '{before[1]}') AS change
            FROM ({people.format(region, before[0])}) p JOIN orders o ON o.customer = p.customer GROUP BY ALL)
        SELECT here, avg(change), stddev_samp(change) / sqrt(count(*)) FROM each GROUP BY 1 ORDER BY 1""").fetchall()
    return rows[1][1] - rows[0][1], float(np.hypot(rows[0][2], rows[1][2]))


WINTER, SPRING, SUMMER = ("2025-01-01", "2025-03-31"), ("2025-04-01", "2025-06-30"), ("2025-07-01", "2025-09-30")


def test_the_plan_that_worked_shows_its_true_effect_and_parallel_trends_before(drawn: Drawn) -> None:
    story = drawn.truth["stories"]["plan_that_worked"]
    effect, error = difference(drawn, story["region"], SPRING, SUMMER)
    assert abs(effect - story["true_extra_orders_per_customer"]) < 2 * error
    assert effect > 3 * error
    before, its_error = difference(drawn, story["region"], WINTER, SPRING)
    assert abs(before) < 2 * its_error


def test_the_plan_that_did_nothing_shows_nothing(drawn: Drawn) -> None:
    story = drawn.truth["stories"]["plan_that_did_nothing"]
    effect, error = difference(drawn, story["region"], WINTER, SPRING)
    assert abs(effect) < 2 * error
    assert story["extra_orders"] == 0 < story["cost_fen"]


def test_the_declining_channel_wins_fewer_customers_each_quarter_at_a_rising_cost(drawn: Drawn) -> None:
    story = drawn.truth["stories"]["declining_channel"]
    found = by_quarter(
        drawn,
        f"""SELECT {{q}}, count(*) FROM (SELECT "首次购买日期"::DATE AS day FROM "客户资料" WHERE "获客渠道" = '{story["channel"]}')
        GROUP BY 1""",
    )
    counts = [found[quarter][0] for quarter in QUARTERS[-5:]]
    assert counts == list(story["new_customers"].values())
    assert counts == sorted(counts, reverse=True) and counts[-1] < 0.45 * counts[0]
    costs = list(story["customer_acquisition_cost"].values())
    assert costs == sorted(costs) and costs[-1] > 2 * costs[0]


def test_lead_conversion_rises_in_every_channel_and_falls_in_total(drawn: Drawn) -> None:
    story = drawn.truth["stories"]["simpson"]
    assert story["reversal"]
    rates = {}
    for quarter, months in (
        ("2024Q3", "('2024-07', '2024-08', '2024-09')"),
        ("2024Q4", "('2024-10', '2024-11', '2024-12')"),
    ):
        rows = drawn.sql.execute(f"""SELECT coalesce("渠道", 'total'), count(*), count("客户编号") FROM "销售线索"
            WHERE substr("创建时间", 1, 7) IN {months} GROUP BY ROLLUP ("渠道")""").fetchall()
        rates[quarter] = {channel: won / leads for channel, leads, won in rows}
        assert {c: {"leads": n, "won": w} for c, n, w in rows} == story[quarter]
    before, after = rates["2024Q3"], rates["2024Q4"]
    assert all(after[channel] > before[channel] for channel in before if channel != "total") and len(before) == 4
    assert after["total"] < before["total"] - 0.005


def test_won_leads_end_in_the_first_order_within_ninety_days(drawn: Drawn) -> None:
    late = drawn.one("""SELECT count(*) FROM "销售线索" l JOIN (SELECT customer, min(moment) AS first FROM orders GROUP BY 1) o
        ON o.customer = l."客户编号" WHERE o.first <= l."创建时间"::TIMESTAMP OR o.first > l."创建时间"::TIMESTAMP + INTERVAL 90 DAY""")
    assert late == 0
    assert (
        drawn.one("""SELECT count(*) - count(DISTINCT "客户编号") FROM "销售线索" WHERE "客户编号" IS NOT NULL""") == 0
    )


def test_the_lucky_salesperson_has_five_leads_and_an_interval_that_holds_the_usual_rate(drawn: Drawn) -> None:
    story = drawn.truth["stories"]["lucky_salesperson"]
    row = drawn.sql.execute(
        """SELECT count(*), count("客户编号") FROM "销售线索" JOIN "员工" ON "负责人" = "员工编号" WHERE "姓名" = ?""",
        [story["name"]],
    ).fetchone()
    assert row == (story["leads"], story["won"]) == (5, 3)
    share, z = 3 / 5, 1.959964
    centre = (share + z * z / 10) / (1 + z * z / 5)
    half = z * np.sqrt(share * (1 - share) / 5 + z * z / 100) / (1 + z * z / 5)
    assert centre - half < story["true_rate"] < centre + half
    others = drawn.sql.execute("""SELECT count("客户编号") / count(*) AS rate FROM "销售线索" WHERE "渠道" = '直营门店'
        AND "创建时间" BETWEEN '2025-07-01' AND '2025-10-01' GROUP BY "负责人" HAVING count(*) >= 15""").fetchall()
    assert len(others) > 20 and share > max(rate for (rate,) in others) - 0.05


def test_first_purchases_rise_before_the_lunar_new_year_and_stop_around_it(drawn: Drawn) -> None:
    rows = drawn.sql.execute(
        """SELECT "首次购买日期"::DATE AS day, count(*) FROM "客户资料" WHERE "获客渠道" <> '抖音直播' GROUP BY 1"""
    )
    births = dict(rows.fetchall())
    days = np.array([np.datetime64(day) for day in births]).astype("datetime64[D]")
    counts = np.array(list(births.values()), dtype=np.float64)
    for year, new_year in ((2024, "2024-02-10"), (2025, "2025-01-29")):
        gap = (days - np.datetime64(new_year)).astype(int)
        usual = counts[(days >= np.datetime64(f"{year}-02-25")) & (days < np.datetime64(f"{year}-03-20"))]
        before, around = counts[(gap >= -28) & (gap <= -4)], counts[(gap >= -3) & (gap <= 6)]
        for window, factor in ((before, 1.7), (around, 0.45)):
            ratio = window.mean() / usual.mean()
            error = ratio * np.sqrt(1 / window.sum() + 1 / usual.sum())
            assert abs(ratio - factor) < 3 * error, (year, factor, ratio)
