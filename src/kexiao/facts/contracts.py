"""Facts of contracts: their days and what they come to a month, whom they bind, and whether a term that ended was renewed."""

from __future__ import annotations

from datetime import date

from kexiao.facts.policy import Policy
from kexiao.facts.subjects import Fact
from kexiao.text import Text

SUBSCRIPTIONS = ("subscriptions",)
CONTRACT_DIMENSIONS = {k: k for k in ("channel", "campaign", "region", "team", "salesperson", "plan")}
ENDED_TERMS = Fact(
    "ended_terms",
    Text(
        zh="到期或终止的合同（需要约定到期日）", en="Contracts that came to an end (of those with an agreed last day)"
    ),
    "last_on",
    "contract_id",
    "customer_id",
    CONTRACT_DIMENSIONS,
    SUBSCRIPTIONS,
    nullable=("monthly", "next_monthly", "kept_monthly", "renewed_monthly"),
)
LAST_TOLD_OF_CONTRACTS = "SELECT max(CASE WHEN ended_on > from_on THEN ended_on ELSE from_on END) FROM subscriptions"
"""The last day of which the contracts themselves tell anything."""


def contract_queries(policy: Policy, end: date | None) -> dict[str, str]:
    """SQL of these facts by name; later ones read earlier ones. ``end``: the first day of which contracts are no longer known."""
    return {
        "contracts": _contracts(end),
        "contract_customers": _contract_customers(),
        "ended_terms": _ended_terms(policy.renewal_window_days, end),
    }


def _contracts(end: date | None) -> str:
    """One row a signed contract: its days [from_on, until_on), open without an end, and what it comes to a month.

    ``end_unknown``: it was ended, and nothing says when. A term within three days of whole months has that many; any other as many as its days in months of 365.25 ÷ 12.
    """
    days = "(DAY_INDEX(to_on) - DAY_INDEX(from_on) + 1)"
    months = f"FLOOR_DIVIDE({days} * 96 + 1461, 2922)"
    whole = f"{months} >= 1 AND abs({days} * 16 - {months} * 487) <= 48"
    share = f"CASE WHEN {whole} THEN CAST(amount AS DOUBLE) / greatest({months}, 1) ELSE CAST(amount AS DOUBLE) * 487 / ({days} * 16) END"
    last = "CASE WHEN ended_on IS NOT NULL AND (to_on IS NULL OR ended_on < to_on) THEN ended_on ELSE to_on END"
    when = f"to_on IS NULL OR to_on >= DAY_OF('{end}')" if end else "true"
    return f"""
        SELECT contract_id, customer_id, renews, plan, from_on, last_on, DAYS_LATER(last_on, 1) AS until_on, has_term, end_unknown, monthly,
               channel, campaign, region, team, salesperson
        FROM (SELECT s.*, {last} AS last_on, CASE WHEN to_on IS NULL THEN 0 ELSE 1 END AS has_term,
                     CASE WHEN status = 'ended' AND ended_on IS NULL AND ({when}) THEN 1 ELSE 0 END AS end_unknown,
                     CAST(CASE WHEN monthly_amount IS NOT NULL THEN monthly_amount WHEN to_on >= from_on THEN TO_THE_FEN({share}) END AS DECIMAL(18,2)) AS monthly
              FROM subscriptions AS s WHERE coalesce(status, 'signed') IN ('signed', 'ended')) AS t
        WHERE last_on IS NULL OR last_on >= from_on"""


def _contract_customers() -> str:
    """One row a customer ever bound: the first contract's day, and how they were acquired, on file or else by that contract."""
    first = ", ".join(f"OF_LEAST_TWO({c}, from_on, contract_id) AS {c}" for c in ("channel", "campaign", "region"))
    acquired = "CASE WHEN c.acquired_on < k.first_on THEN c.acquired_on ELSE k.first_on END"
    return f"""
        SELECT k.customer_id AS customer_id, k.first_on AS first_on, {acquired} AS acquired_on, coalesce(c.channel, k.channel) AS channel,
               coalesce(c.campaign, k.campaign) AS campaign, coalesce(c.region, k.region) AS region, c.level AS level
        FROM (SELECT customer_id, min(from_on) AS first_on, {first} FROM contracts WHERE customer_id IS NOT NULL GROUP BY customer_id) AS k
        LEFT JOIN customer_summary AS c ON c.customer_id = k.customer_id"""


def _ended_terms(window: int, end: date | None) -> str:
    """One row a contract with an agreed end, on its last day: whether its window is over, whether it was renewed inside it, and by how much a month.

    A contract renews one other: the one that it names, else one of the same customer that ended within the window of its first day,
    rather of the same plan, then nearer in time; of several alike the first renews the first.
    """
    over = f"DAYS_LATER(a.until_on, {window}) <= DAY_OF('{end}')" if end else "false"
    ended = "SELECT t.*, row_number() OVER (PARTITION BY customer_id, until_on ORDER BY contract_id) AS nth FROM contracts AS t WHERE has_term = 1 AND customer_id IS NOT NULL"
    begun = "SELECT t.*, row_number() OVER (PARTITION BY customer_id, from_on ORDER BY contract_id) AS nth FROM contracts AS t WHERE customer_id IS NOT NULL"
    nearest = """CASE WHEN a.plan = b.plan THEN 0 ELSE 1 END, abs(DAY_INDEX(b.from_on) - DAY_INDEX(a.until_on)),
                 CASE WHEN a.nth = b.nth THEN 0 ELSE 1 END, a.contract_id"""
    pairs = f"""
        SELECT a.contract_id AS ended_id, b.monthly AS monthly, row_number() OVER (PARTITION BY b.contract_id ORDER BY {nearest}) AS place
        FROM ({ended}) AS a JOIN ({begun}) AS b ON b.customer_id = a.customer_id
        WHERE b.contract_id <> a.contract_id AND b.from_on > a.from_on AND b.from_on < DAYS_LATER(a.until_on, {window})
              AND (b.renews = a.contract_id OR (b.renews IS NULL AND b.from_on >= DAYS_LATER(a.until_on, {-window})))"""
    following = f"""
        SELECT ended_id, CASE WHEN count(monthly) = count(*) THEN CAST(sum(monthly) AS DECIMAL(18,2)) END AS monthly
        FROM ({pairs}) WHERE place = 1 GROUP BY ended_id"""
    nothing = "CAST(0 AS DECIMAL(18,2))"
    following_monthly = f"CASE WHEN n.ended_id IS NULL THEN {nothing} ELSE n.monthly END"
    return f"""
        SELECT a.contract_id AS contract_id, a.customer_id AS customer_id, a.last_on AS last_on, a.plan AS plan, a.channel AS channel,
               a.campaign AS campaign, a.region AS region, a.team AS team, a.salesperson AS salesperson, a.monthly AS monthly,
               {following_monthly} AS next_monthly,
               CASE WHEN n.ended_id IS NULL THEN {nothing} WHEN n.monthly < a.monthly THEN n.monthly WHEN n.monthly >= a.monthly THEN a.monthly END AS kept_monthly,
               CASE WHEN n.ended_id IS NULL THEN {nothing} ELSE a.monthly END AS renewed_monthly,
               CASE WHEN {over} THEN 1 ELSE 0 END AS matured,
               CASE WHEN {over} AND n.ended_id IS NOT NULL THEN 1 ELSE 0 END AS renewed_matured
        FROM contracts AS a LEFT JOIN ({following}) AS n ON n.ended_id = a.contract_id
        WHERE a.has_term = 1 AND a.customer_id IS NOT NULL"""
