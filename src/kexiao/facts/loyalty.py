"""The passes over what customers of a period do beyond buying again: refer others, buy new categories, buy higher tiers."""

from __future__ import annotations

from collections.abc import Sequence

from kexiao.facts.dressing import Part
from kexiao.facts.grouping import cell_of, grouping
from kexiao.facts.passes import Behaviour, Referrers
from kexiao.facts.periods import Period
from kexiao.facts.source import FactSource
from kexiao.facts.units import Cell, Filters


def run_referrers(
    source: FactSource, formula: Referrers, periods: Sequence[Period], dimensions: tuple[str, ...], where: Filters
) -> dict[Cell, Part]:
    """Customers active at the start or ordering in each period; or of them those who referred somebody in it."""
    found: dict[Cell, Part] = {}
    for number, period in enumerate(periods):
        since = f"DAYS_LATER(DAY_OF('{period.start}'), {-source.policy.window})"
        people = f"SELECT customer_id FROM purchase_days WHERE sold_on >= {since} AND sold_on < DAY_OF('{period.end}')"
        if formula.referring:
            people += f" AND customer_id IN (SELECT customer_id FROM referrals WHERE {_inside('referred_on', period)})"
        found |= _counted(source, number, people, dimensions, where)
    return found


def run_behaviour(
    source: FactSource, formula: Behaviour, periods: Sequence[Period], dimensions: tuple[str, ...], where: Filters
) -> dict[Cell, Part]:
    """Customers acquired before each period who order in it; or of them those who bought a category new to them, or above their highest tier so far."""
    found: dict[Cell, Part] = {}
    for number, period in enumerate(periods):
        people = f"SELECT customer_id FROM purchase_days WHERE {_inside('sold_on', period)}"
        if formula.counted == "category":
            people += f" AND customer_id IN ({_new_category(period)})"
        elif formula.counted == "tier":
            people += f" AND customer_id IN ({_higher_tier(period)})"
        acquired = f"c.acquired_on < DAY_OF('{period.start}')"
        found |= _counted(source, number, people, dimensions, where, acquired)
    return found


def _counted(
    source: FactSource, number: int, people: str, dimensions: tuple[str, ...], where: Filters, also: str = "true"
) -> dict[Cell, Part]:
    """Distinct customers by cell."""
    by = grouping(dimensions, where)
    sql = f"""
        SELECT count(*){by.names} FROM (
            SELECT c.customer_id{by.selected} FROM customer_summary AS c
            JOIN (SELECT customer_id FROM ({people}) GROUP BY customer_id) AS p ON p.customer_id = c.customer_id
            WHERE {also}{by.filters}
        ) {by.grouped}"""
    return {cell_of(number, group): Part(int(count), n=int(count)) for count, *group in source.query(sql)}


def _inside(day: str, period: Period) -> str:
    return f"{day} >= DAY_OF('{period.start}') AND {day} < DAY_OF('{period.end}')"


def _new_category(period: Period) -> str:
    """Customers who bought some category for the first time in the period."""
    firsts = """
        SELECT customer_id, category, min(sold_on) AS first_on FROM sale_lines
        WHERE customer_id IS NOT NULL AND category IS NOT NULL GROUP BY customer_id, category"""
    return f"SELECT customer_id FROM ({firsts}) WHERE {_inside('first_on', period)}"


def _higher_tier(period: Period) -> str:
    """Customers whose highest tier in the period lies above every one before it; a tier stands as high as its products cost on average."""
    worth = "SELECT tier, avg(price) AS worth FROM products WHERE tier IS NOT NULL AND price IS NOT NULL GROUP BY tier"
    bought = f"""
        SELECT l.customer_id, l.sold_on, w.worth FROM sale_lines AS l JOIN products AS p ON p.product_id = l.product_id
        JOIN ({worth}) AS w ON w.tier = p.tier WHERE l.customer_id IS NOT NULL AND l.sold_on < DAY_OF('{period.end}')"""
    now = f"max(CASE WHEN sold_on >= DAY_OF('{period.start}') THEN worth END)"
    so_far = f"max(CASE WHEN sold_on < DAY_OF('{period.start}') THEN worth END)"
    return f"SELECT customer_id FROM ({bought}) GROUP BY customer_id HAVING {now} > {so_far}"
