"""The facts as queries over the canonical tables, under the policy.

Each function gives the SQL of one fact. Order-level discounts and refunds are spread over the lines to the fen by cumulative rounding, so that
lines add up to their order exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from kexiao.engine.duck import quote_text
from kexiao.facts.policy import Policy


def fact_queries(policy: Policy) -> dict[str, str]:
    """SQL of every stored fact by name, in the order in which they must be made; later ones read earlier ones."""
    return {
        "order_sums": _order_sums(),
        "sale_orders": _sale_orders(policy),
        "sale_lines": _sale_lines(policy),
        "returns": _returns(policy),
        "return_lines": _return_lines(),
        "purchase_days": _purchase_days(),
        "customer_summary": _customer_summary(),
    }


def _completed(policy: Policy) -> str:
    return "(" + ", ".join(quote_text(status) for status in policy.completed) + ")"


def _stand_in_cost(policy: Policy, cost: str, net: str) -> str:
    if policy.margin_rate is None:
        return cost
    return f"coalesce({cost}, CAST(round({net} * {1 - policy.margin_rate}, 2) AS DECIMAL(18,2)))"


def _order_sums() -> str:
    """One row an order of any status: what its lines add up to; a sum with an unknown part is null."""
    return """
        SELECT order_id, count(*) AS lines, sum(net) AS net, sum(quantity) AS quantity,
               CASE WHEN count(cost) = count(*) THEN sum(cost) END AS cost,
               sum(coalesce(gross, net + coalesce(discount, 0))) AS gross
        FROM order_lines GROUP BY order_id"""


def _order_amounts() -> str:
    return """
        SELECT o.order_id, o.customer_id, o.ordered_on AS sold_on, o.status, o.channel, o.campaign, o.region, o.team, o.salesperson, o.segment,
               coalesce(s.quantity, o.quantity) AS quantity, s.lines AS line_count, s.net AS lines_net,
               CAST(coalesce(o.amount, s.net - coalesce(o.discount, 0)) AS DECIMAL(18,2)) AS net,
               CAST(coalesce(s.gross, o.amount + coalesce(o.discount, 0)) AS DECIMAL(18,2)) AS gross,
               CAST(CASE WHEN s.lines IS NULL THEN o.cost ELSE coalesce(s.cost, o.cost) END AS DECIMAL(18,2)) AS cost
        FROM orders AS o LEFT JOIN order_sums AS s ON o.order_id = s.order_id"""


def _sale_orders(policy: Policy) -> str:
    """One row a completed order, amount above 0."""
    return f"""
        SELECT order_id, customer_id, sold_on, channel, campaign, region, team, salesperson, segment, status, quantity, line_count, lines_net,
               gross, CAST(gross - net AS DECIMAL(18,2)) AS discount, net,
               CAST({_stand_in_cost(policy, "cost", "net")} AS DECIMAL(18,2)) AS cost
        FROM ({_order_amounts()}) WHERE status IN {_completed(policy)} AND net > 0"""


def _sale_lines(policy: Policy) -> str:
    """One row a line of a completed order; an order without lines is a line of its own."""
    shared = "o.order_id, o.customer_id, o.sold_on, o.channel, o.campaign, o.region, o.team, o.salesperson, o.segment"
    cost = _stand_in_cost(policy, "l.cost", "net")
    even = f"""
        SELECT {shared}, l.line_no, l.product_id, l.quantity AS quantity, l.net AS net, coalesce(l.gross, l.net + coalesce(l.discount, 0)) AS gross, l.cost AS cost
        FROM sale_orders AS o JOIN order_lines AS l ON l.order_id = o.order_id WHERE o.net = o.lines_net"""
    so_far = "sum(l.net) OVER (PARTITION BY l.order_id ORDER BY l.line_no ROWS UNBOUNDED PRECEDING)"
    spread = f"""
        SELECT {shared}, l.line_no, l.product_id, l.quantity AS quantity,
               CAST(l.net + {_share_to_the_fen("o.net - o.lines_net", "l.net", so_far, "o.lines_net", "l.line_no", "l.order_id")} AS DECIMAL(18,2)) AS net,
               coalesce(l.gross, l.net + coalesce(l.discount, 0)) AS gross, l.cost AS cost
        FROM sale_orders AS o JOIN order_lines AS l ON l.order_id = o.order_id WHERE o.net <> o.lines_net"""
    alone = f"""
        SELECT {shared}, CAST(1 AS BIGINT) AS line_no, CAST(NULL AS VARCHAR) AS product_id, o.quantity, o.net, o.gross, o.cost
        FROM sale_orders AS o WHERE o.line_count IS NULL"""
    return f"""
        SELECT l.order_id, l.customer_id, l.sold_on, l.channel, l.campaign, l.region, l.team, l.salesperson, l.segment, l.line_no, l.product_id,
               p.category, l.quantity AS quantity, CAST(l.gross AS DECIMAL(18,2)) AS gross, CAST(l.gross - l.net AS DECIMAL(18,2)) AS discount,
               CAST(l.net AS DECIMAL(18,2)) AS net, CAST({cost} AS DECIMAL(18,2)) AS cost
        FROM ({even} UNION ALL {spread} UNION ALL {alone}) AS l LEFT JOIN products AS p ON p.product_id = l.product_id"""


def _share_to_the_fen(amount: str, part: str, so_far: str, whole: str, number: str, group: str) -> str:
    """A part's share of an amount, by the parts so far less the parts before, each rounded: shares add up to the amount.

    Where the parts add up to nothing, the first one takes it all.
    """
    first = f"min({number}) OVER (PARTITION BY {group})"
    upto = f"TO_THE_FEN(CAST(({amount}) AS DOUBLE) * CAST({so_far} AS DOUBLE) / CAST({whole} AS DOUBLE))"
    before = f"TO_THE_FEN(CAST(({amount}) AS DOUBLE) * CAST({so_far} - {part} AS DOUBLE) / CAST({whole} AS DOUBLE))"
    return (
        f"CASE WHEN {whole} = 0 THEN CASE WHEN {number} = {first} THEN {amount} ELSE 0 END ELSE {upto} - {before} END"
    )


def _returns(policy: Policy) -> str:
    """One row a refund of a completed order: recorded refunds, negative orders, and orders marked refunded without a record."""
    booked = "r.refunded_on" if policy.refund_date == "refund" else "coalesce(o.sold_on, r.refunded_on)"
    dims = "o.channel, o.campaign, o.region, o.team, o.salesperson, o.segment"
    recorded = f"""
        SELECT r.refund_id, r.order_id, coalesce(o.customer_id, r.customer_id) AS customer_id, {booked} AS booked_on, {dims},
               r.amount, coalesce(r.cost_returned, 0) AS cost
        FROM refunds AS r LEFT JOIN sale_orders AS o ON o.order_id = r.order_id
        WHERE o.order_id IS NOT NULL OR r.order_id IS NULL OR r.order_id NOT IN (SELECT order_id FROM orders)"""
    negative = f"""
        SELECT o.order_id AS refund_id, o.order_id, o.customer_id, o.sold_on AS booked_on, {dims}, CAST(-o.net AS DECIMAL(18,2)) AS amount,
               coalesce(-o.cost, 0) AS cost
        FROM ({_order_amounts()}) AS o WHERE o.status IN {_completed(policy)} AND o.net < 0"""
    unrecorded = f"""
        SELECT o.order_id AS refund_id, o.order_id, o.customer_id, o.sold_on AS booked_on, {dims}, o.net AS amount, coalesce(o.cost, 0) AS cost
        FROM sale_orders AS o WHERE o.status = 'refunded' AND o.order_id NOT IN (SELECT order_id FROM refunds WHERE order_id IS NOT NULL)"""
    return f"""
        SELECT refund_id, order_id, customer_id, booked_on, channel, campaign, region, team, salesperson, segment,
               CAST(amount AS DECIMAL(18,2)) AS amount, CAST(cost AS DECIMAL(18,2)) AS cost
        FROM ({recorded} UNION ALL {negative} UNION ALL {unrecorded})"""


def _return_lines() -> str:
    """Refunds spread over their order's lines by net amount; a refund without lines stands alone."""
    so_far = "sum(l.net) OVER (PARTITION BY r.refund_id ORDER BY l.line_no ROWS UNBOUNDED PRECEDING)"
    whole = "sum(l.net) OVER (PARTITION BY r.refund_id)"
    amount = _share_to_the_fen("r.amount", "l.net", so_far, whole, "l.line_no", "r.refund_id")
    cost = _share_to_the_fen("r.cost", "l.net", so_far, whole, "l.line_no", "r.refund_id")
    dims = "r.channel, r.campaign, r.region, r.team, r.salesperson, r.segment"
    return f"""
        SELECT r.refund_id, r.order_id, r.customer_id, r.booked_on, {dims}, l.line_no, l.product_id, l.category,
               CAST({amount} AS DECIMAL(18,2)) AS amount, CAST({cost} AS DECIMAL(18,2)) AS cost
        FROM returns AS r JOIN sale_lines AS l ON l.order_id = r.order_id
        UNION ALL
        SELECT r.refund_id, r.order_id, r.customer_id, r.booked_on, {dims}, CAST(1 AS BIGINT), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR),
               r.amount, r.cost
        FROM returns AS r WHERE r.order_id IS NULL OR r.order_id NOT IN (SELECT order_id FROM sale_orders)"""


def _purchase_days() -> str:
    """One row a customer and day with a completed order: orders, net amount, a first order of the day, days since the purchase day before.

    ``fresh``: none in the 365 days before.
    """
    return """
        SELECT customer_id, sold_on, orders, net, order_id,
               gap, CASE WHEN gap IS NULL OR gap > 365 THEN 1 ELSE 0 END AS fresh
        FROM (SELECT d.*, DAY_INDEX(sold_on) - DAY_INDEX(lag(sold_on) OVER (PARTITION BY customer_id ORDER BY sold_on)) AS gap FROM (
            SELECT customer_id, sold_on, count(*) AS orders, CAST(sum(net) AS DECIMAL(18,2)) AS net, min(order_id) AS order_id
            FROM sale_orders WHERE customer_id IS NOT NULL GROUP BY customer_id, sold_on
        ) AS d)"""


def _customer_summary() -> str:
    """One row a known customer: first, second and last order, purchase days, sums, and how and when they were acquired.

    ``new_on`` is the first order's day unless the company knew the customer earlier; ``channel`` is that of acquisition, on file or of the first order.
    """
    return """
        SELECT coalesce(d.customer_id, c.customer_id) AS customer_id, d.first_on, d.last_on, d.orders AS orders, d.purchase_days,
               CASE WHEN f.orders > 1 THEN d.first_on ELSE s.sold_on END AS second_on, d.net AS net,
               CASE WHEN c.acquired_on < d.first_on OR d.first_on IS NULL THEN c.acquired_on ELSE d.first_on END AS acquired_on,
               CASE WHEN c.acquired_on < d.first_on THEN NULL ELSE d.first_on END AS new_on,
               coalesce(c.acquisition_channel, o.channel) AS channel, coalesce(c.acquisition_campaign, o.campaign) AS campaign,
               coalesce(c.region, o.region) AS region, c.level
        FROM (
            SELECT customer_id, min(sold_on) AS first_on, max(sold_on) AS last_on, CAST(sum(orders) AS BIGINT) AS orders,
                   count(*) AS purchase_days, sum(net) AS net
            FROM purchase_days GROUP BY customer_id
        ) AS d
        JOIN (SELECT * FROM purchase_days WHERE gap IS NULL) AS f ON f.customer_id = d.customer_id
        LEFT JOIN (
            SELECT q.customer_id, q.sold_on FROM purchase_days AS q
            JOIN purchase_days AS p ON p.customer_id = q.customer_id AND p.gap IS NULL AND DAY_INDEX(q.sold_on) - q.gap = DAY_INDEX(p.sold_on)
        ) AS s ON s.customer_id = d.customer_id
        LEFT JOIN sale_orders AS o ON o.order_id = f.order_id
        FULL JOIN customers AS c ON c.customer_id = d.customer_id"""


def lead_outcomes_query(policy: Policy, orders_end: str | None) -> str:
    """Leads with what became of them within the window, and whether the window was over when the data end (``orders_end``, exclusive)."""
    window = policy.lead_window_days
    matured = f"DAYS_LATER(l.created_on, {window}) <= DAY_OF('{orders_end}')" if orders_end else "false"
    return f"""
        SELECT l.lead_id, l.customer_id, l.created_on, l.qualified_on, l.follow_ups, l.channel, l.campaign, l.region, l.team, l.salesperson, c.first_on,
               CASE WHEN {matured} THEN 1 ELSE 0 END AS matured,
               CASE WHEN {matured} AND c.first_on >= l.created_on AND c.first_on < DAYS_LATER(l.created_on, {window}) THEN 1 ELSE 0 END AS won_matured,
               CASE WHEN c.first_on >= l.created_on THEN 1 ELSE 0 END AS won_ever
        FROM leads AS l LEFT JOIN customer_summary AS c ON c.customer_id = l.customer_id"""


def sale_outcomes_query(policy: Policy, refunds_end: str | None) -> str:
    """Completed orders with what was refunded of them within the window, counted from the order's day, and whether that window was over.

    ``refunds_end``: the first day of which refunds are no longer known. A refund without a record (the order's status says it) counts at once.
    """
    window = policy.refund_window_days
    matured = f"DAYS_LATER(o.sold_on, {window}) <= DAY_OF('{refunds_end}')" if refunds_end else "false"
    recorded = f"""
        SELECT r.order_id, sum(CASE WHEN r.refunded_on < DAYS_LATER(s.sold_on, {window}) THEN r.amount ELSE 0 END) AS amount
        FROM refunds AS r JOIN sale_orders AS s ON s.order_id = r.order_id GROUP BY r.order_id"""
    back = "coalesce(b.amount, CASE WHEN o.status = 'refunded' THEN o.net ELSE 0 END)"
    return f"""
        SELECT o.order_id, o.customer_id, o.sold_on, o.channel, o.campaign, o.region, o.team, o.salesperson, o.segment, o.net,
               CAST({back} AS DECIMAL(18,2)) AS refunded, CASE WHEN {matured} THEN 1 ELSE 0 END AS matured
        FROM sale_orders AS o LEFT JOIN ({recorded}) AS b ON b.order_id = o.order_id"""


def acquisitions_query() -> str:
    """One row a new customer, on the day of the first order: what it came to, and ``paid``: won through a channel on which media money was ever spent."""
    return """
        SELECT c.customer_id AS customer_id, c.new_on AS new_on, d.first_net AS first_net,
               CASE WHEN c.channel IN (SELECT channel FROM spend WHERE category = 'media' AND amount > 0 AND channel IS NOT NULL)
                    THEN 1 ELSE 0 END AS paid
        FROM customer_summary AS c
        LEFT JOIN (SELECT customer_id, sold_on, net AS first_net FROM purchase_days) AS d ON d.customer_id = c.customer_id AND d.sold_on = c.new_on
        WHERE c.new_on IS NOT NULL"""


SALES_CYCLE_QUERY = """
    SELECT DAY_INDEX(c.first_on) - DAY_INDEX(l.created_on) AS days, count(*) AS leads
    FROM leads AS l JOIN customer_summary AS c ON c.customer_id = l.customer_id
    WHERE c.first_on >= l.created_on GROUP BY 1 ORDER BY 1"""
"""How long the leads that were won took to their first order: days, leads."""


def lagged_spend_query(days: int | None) -> str:
    """Spend counted on the day by which it can have won customers: one median sales cycle later. No row where no lead was won."""
    return f"SELECT s.*, DAYS_LATER(s.spent_on, {days or 0}) AS counted_on FROM spend AS s" + (
        " WHERE false" if days is None else ""
    )


def later_queries(policy: Policy, coverage: Mapping[str, date]) -> dict[str, str]:
    """SQL of the facts that are views over the stored ones, by name. ``coverage``: the first day no longer covered, by table."""
    orders, cases = coverage.get("orders"), coverage.get("complaints")
    return {
        "qualified_leads": "SELECT * FROM lead_outcomes WHERE qualified_on IS NOT NULL",
        "won_leads": """
            SELECT lead_id, customer_id, first_on AS won_on, DAY_INDEX(first_on) - DAY_INDEX(created_on) AS days,
                   channel, campaign, region, team, salesperson
            FROM lead_outcomes WHERE won_ever = 1""",
        "purchase_gaps": "SELECT customer_id, sold_on, gap FROM purchase_days WHERE gap IS NOT NULL",
        "open_gaps": _open_gaps(orders),
        "complaint_outcomes": _complaint_outcomes(policy, cases),
        "answered_complaints": _answered_complaints(cases),
        "resolved_cases": _resolved_cases(policy, cases),
        "participants": """
            SELECT p.campaign, p.customer_id, coalesce(p.joined_on, c.start_on) AS joined_on, p.mode, c.channel
            FROM participations AS p LEFT JOIN campaigns AS c ON c.campaign = p.campaign WHERE p.arm IS NULL OR p.arm <> 'holdout'""",
        "campaign_outcomes": _campaign_outcomes(coverage.get("spend")),
        "placed_orders": f"SELECT a.* FROM ({_order_amounts()}) AS a WHERE a.status <> 'test' AND a.net > 0",
        "campaign_arms": _campaign_arms(orders),
        "ad_spend": """
            SELECT s.*, CASE WHEN s.channel IN (SELECT channel FROM ad_results WHERE impressions IS NOT NULL AND channel IS NOT NULL) THEN 1 ELSE 0 END AS shown,
                   CASE WHEN s.channel IN (SELECT channel FROM ad_results WHERE clicks IS NOT NULL AND channel IS NOT NULL) THEN 1 ELSE 0 END AS clicked
            FROM spend AS s WHERE s.category = 'media'""",
    }


def _open_gaps(end: date | None) -> str:
    """One row a purchase day: the days until the customer's next one, or so far until the data end."""
    following = "lead(sold_on) OVER (PARTITION BY customer_id ORDER BY sold_on)"
    return f"""
        SELECT customer_id, sold_on, CASE WHEN next_on IS NULL THEN 0 ELSE 1 END AS ended,
               DAY_INDEX(coalesce(next_on, {_day(end)})) - DAY_INDEX(sold_on) AS days
        FROM (SELECT customer_id, sold_on, {following} AS next_on FROM purchase_days)"""


def _complaint_outcomes(policy: Policy, end: date | None) -> str:
    """One row a complaint: minutes to its resolution, or so far until the last moment that complaints tell of; matured and resolved in time by days."""
    window = policy.complaint_window_days
    in_time = f"resolved_on < DAYS_LATER(opened_on, {window})"
    return f"""
        SELECT complaint_id, customer_id, opened_on, channel, region, team, category,
               {_minutes("resolved", end)} AS minutes, CASE WHEN resolved_on IS NULL THEN 0 ELSE 1 END AS ended,
               CASE WHEN DAYS_LATER(opened_on, {window}) <= {_day(end)} THEN 1 ELSE 0 END AS matured,
               CASE WHEN {in_time} AND DAYS_LATER(opened_on, {window}) <= {_day(end)} THEN 1 ELSE 0 END AS resolved_matured
        FROM complaints"""


def _resolved_cases(policy: Policy, end: date | None) -> str:
    """One row a complaint that was ever resolved, on the day it first is known to have been: matured, and reopened in time.

    A source that keeps one resolution alone has the last one; what was reopened had been resolved by then.
    """
    over = f"DAYS_LATER(resolved_on, {policy.complaint_window_days})"
    first = "least(coalesce(resolved_on, reopened_on), coalesce(reopened_on, resolved_on))"
    return f"""
        SELECT complaint_id, customer_id, resolved_on, channel, region, team, category,
               CASE WHEN {over} <= {_day(end)} THEN 1 ELSE 0 END AS matured,
               CASE WHEN {over} <= {_day(end)} AND reopened_on < {over} THEN 1 ELSE 0 END AS reopened_matured
        FROM (SELECT complaint_id, customer_id, {first} AS resolved_on, reopened_on, channel, region, team, category FROM complaints
              WHERE resolved_on IS NOT NULL OR reopened_on IS NOT NULL)"""


def _answered_complaints(end: date | None) -> str:
    return f"""
        SELECT complaint_id, customer_id, opened_on, channel, region, team, category,
               {_minutes("first_response", end)} AS minutes, CASE WHEN first_response_on IS NULL THEN 0 ELSE 1 END AS ended
        FROM complaints"""


def _minutes(until: str, end: date | None) -> str:
    """Minutes from opening to an instant, or so far; by whole days where the source tells no time of day."""
    last = "(SELECT max(greatest(opened_at, coalesce(resolved_at, opened_at), coalesce(first_response_at, opened_at))) FROM complaints)"
    by_clock = f"MINUTES_BETWEEN(opened_at, coalesce({until}_at, {last}))"
    by_day = f"(DAY_INDEX(coalesce({until}_on, {_day(end)})) - DAY_INDEX(opened_on)) * 1440"
    told = f"opened_at IS NOT NULL AND ({until}_on IS NULL OR {until}_at IS NOT NULL)"
    return f"greatest(0, CASE WHEN {told} THEN {by_clock} ELSE {by_day} END)"


def _campaign_outcomes(spend_end: date | None) -> str:
    """One row a campaign, on the day it begins: its budget, all that was spent on it, and whether it was over when the spend ends."""
    matured = f"DAYS_LATER(coalesce(c.end_on, c.start_on), 1) <= {_day(spend_end)}"
    return f"""
        SELECT c.campaign, c.channel, c.start_on AS begun_on, c.budget, CAST(coalesce(s.amount, 0) AS DECIMAL(18,2)) AS spent,
               CASE WHEN c.budget IS NOT NULL AND {matured} THEN 1 ELSE 0 END AS matured,
               CASE WHEN c.budget IS NOT NULL AND NOT ({matured}) THEN 1 ELSE 0 END AS immature
        FROM campaigns AS c
        LEFT JOIN (SELECT campaign, sum(amount) AS amount FROM spend WHERE campaign IS NOT NULL GROUP BY campaign) AS s ON s.campaign = c.campaign
        WHERE c.start_on IS NOT NULL"""


def _campaign_arms(end: date | None) -> str:
    """One row a customer drawn into an arm: whether one ordered between the draw (or the campaign's start) and the campaign's end, 30 days where none is
    set, and the margin of that time; null where a cost is unknown."""
    begun = "coalesce(c.start_on, p.joined_on)"
    drawn = f"""
        SELECT p.campaign, p.customer_id, p.arm, c.channel, {begun} AS begun_on, coalesce(DAYS_LATER(c.end_on, 1), DAYS_LATER({begun}, 30)) AS until_on
        FROM participations AS p LEFT JOIN campaigns AS c ON c.campaign = p.campaign
        WHERE p.arm IS NOT NULL AND {begun} IS NOT NULL"""
    inside = "{day} >= d.begun_on AND {day} < d.until_on"
    sold = f"""
        SELECT d.campaign, d.customer_id, count(*) AS orders, sum(o.net) AS net, CASE WHEN count(o.cost) = count(*) THEN sum(o.cost) END AS cost
        FROM ({drawn}) AS d JOIN sale_orders AS o ON o.customer_id = d.customer_id
        WHERE {inside.format(day="o.sold_on")} GROUP BY d.campaign, d.customer_id"""
    back = f"""
        SELECT d.campaign, d.customer_id, sum(r.amount) AS amount, sum(r.cost) AS cost
        FROM ({drawn}) AS d JOIN returns AS r ON r.customer_id = d.customer_id
        WHERE {inside.format(day="r.booked_on")} GROUP BY d.campaign, d.customer_id"""
    return f"""
        SELECT d.campaign AS campaign, d.channel AS channel, d.customer_id AS customer_id, d.arm AS arm, d.begun_on AS begun_on,
               CASE WHEN s.orders > 0 THEN 1 ELSE 0 END AS ordered,
               CASE WHEN s.orders IS NULL THEN 0 ELSE s.net - s.cost END - coalesce(b.amount - b.cost, 0) AS margin,
               CASE WHEN d.until_on <= {_day(end)} THEN 1 ELSE 0 END AS matured
        FROM ({drawn}) AS d
        LEFT JOIN ({sold}) AS s ON s.campaign = d.campaign AND s.customer_id = d.customer_id
        LEFT JOIN ({back}) AS b ON b.campaign = d.campaign AND b.customer_id = d.customer_id"""


def _day(day: date | None) -> str:
    return f"DAY_OF('{day}')" if day else "CAST(NULL AS DATE)"
