"""Who a customer number stands for: merges resolved to the one that stays, accounts to the parent at their top.

Merges only ever join customers that stand for themselves, so whatever set of them holds is a forest: every number leads to one survivor, and
taking a merge back leaves what the remaining merges say.
"""

from __future__ import annotations

from kexiao.engine.duck import Connection, run


def merges_in_force(merges: str) -> str:
    """SQL of the merges that hold (customer_id, into_id), from SQL of the table ``merges``."""
    return f"SELECT customer_id, into_id FROM ({merges}) WHERE undone_at IS NULL"


def survivors(merges: str) -> str:
    """SQL that gives (customer_id, survivor_id) for every customer that was merged into another.

    UNION, not UNION ALL: it ends even over rows that someone tampered into a circle.
    """
    return (
        f"WITH RECURSIVE held AS ({merges_in_force(merges)}), "
        "walk AS (SELECT customer_id, into_id FROM held UNION SELECT w.customer_id, h.into_id FROM walk AS w JOIN held AS h ON h.customer_id = w.into_id) "
        "SELECT customer_id, into_id AS survivor_id FROM walk WHERE into_id NOT IN (SELECT customer_id FROM held)"
    )


def parents_now(customers: str, assignments: str) -> str:
    """SQL of the parent that each customer has now (customer_id, parent_id): the newest assignment that has not ended, else the one on file."""
    assigned = (
        f"SELECT customer_id, parent_id FROM ({assignments}) WHERE kind = 'parent' AND to_on IS NULL AND parent_id IS NOT NULL "
        "QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY from_on DESC NULLS LAST, known_at DESC, parent_id) = 1"
    )
    ended = f"SELECT DISTINCT customer_id FROM ({assignments}) WHERE kind = 'parent'"
    return (
        f"SELECT customer_id, parent_id FROM ({assigned}) UNION ALL "
        f"SELECT customer_id, parent_id FROM ({customers}) WHERE parent_id IS NOT NULL AND customer_id NOT IN ({ended})"
    )


def tops(parents: str) -> str:
    """SQL that gives (customer_id, top_id) for every customer with a parent; those who stand in a circle keep to themselves."""
    return (
        f"WITH RECURSIVE held AS (SELECT customer_id, parent_id FROM ({parents}) WHERE parent_id <> customer_id), "
        "walk AS (SELECT customer_id, parent_id FROM held UNION SELECT w.customer_id, h.parent_id FROM walk AS w JOIN held AS h ON h.customer_id = w.parent_id) "
        "SELECT customer_id, parent_id AS top_id FROM walk WHERE parent_id NOT IN (SELECT customer_id FROM held)"
    )


def in_circles(connection: Connection, parents: str) -> list[int]:
    """The customers who are their own ancestors: a mistake in the accounts that someone must mend."""
    sql = (
        f"WITH RECURSIVE held AS (SELECT customer_id, parent_id FROM ({parents})), "
        "walk AS (SELECT customer_id, parent_id FROM held UNION SELECT w.customer_id, h.parent_id FROM walk AS w JOIN held AS h ON h.customer_id = w.parent_id) "
        "SELECT DISTINCT customer_id FROM walk WHERE customer_id = parent_id ORDER BY 1"
    )
    return [int(row[0]) for row in run(connection, sql)]
