"""A very small shop: the data of most worked examples, so that a reader learns one set and can follow every metric by hand.

March 2025 is looked at, with an active window of 30 days.
"""

from __future__ import annotations

WINDOW = 30
SHOP: dict[str, str] = {
    "orders": """
        order_id | customer_id | ordered_on | status    | channel | amount | discount | cost | quantity
        a        | 1           | 2025-01-10 | completed | web     | 100    |          | 60   | 1
        b        | 1           | 2025-02-20 | completed | web     | 80     |          | 50   | 1
        c        | 2           | 2025-02-05 | completed | store   | 200    |          | 120  | 2
        d        | 3           | 2025-02-25 | completed | web     | 50     |          | 20   | 1
        e        | 1           | 2025-03-03 | completed | web     | 60     | 10       | 30   | 1
        f        | 4           | 2025-03-10 | completed | store   | 120    |          | 70   | 3
        g        | 4           | 2025-03-20 | completed | store   | 40     |          | 20   | 1
        h        | 3           | 2025-03-25 | completed | web     | 90     |          | 50   | 2
        i        | 5           | 2024-12-01 | completed | store   | 70     |          | 40   | 1
        j        | 5           | 2025-03-15 | completed | store   | 30     |          | 10   | 1
        k        |             | 2025-03-12 | completed | store   | 25     |          | 15   | 1
        l        | 6           | 2025-03-18 | cancelled | web     | 500    |          | 300  | 5
        z        | 7           | 2025-07-01 | completed | web     | 10     |          | 5    | 1
        """,
    "refunds": """
        refund_id | order_id | refunded_on | amount | cost_returned
        r1        | c        | 2025-03-05  | 50     | 0
        r2        | z        | 2025-07-01  | 1      | 0
        """,
    "spend": """
        spent_on   | channel | category  | purpose     | amount
        2025-03-01 | web     | media     | acquisition | 40
        2025-03-02 | store   | promotion | acquisition | 20
        2025-03-05 |         | labour    | acquisition | 30
        2025-03-06 | web     | media     | retention   | 10
        2025-03-07 |         | other     | acquisition | 5
        2025-07-01 | web     | media     | acquisition | 1
        """,
    "leads": """
        lead_id | customer_id | created_on
        L1      | 4           | 2025-03-02
        L2      |             | 2025-03-05
        L3      |             | 2025-03-06
        L4      |             | 2025-03-20
        L5      |             | 2025-06-20
        """,
    "survey_responses": """
        response_id | customer_id | responded_on | question | measure | score | scale_low | scale_high
        s1          | 1           | 2025-03-04   | q1       | csat    | 5     | 1         | 5
        s2          | 2           | 2025-03-05   | q1       | csat    | 4     | 1         | 5
        s3          | 3           | 2025-03-26   | q1       | csat    | 3     | 1         | 5
        s4          | 4           | 2025-03-21   | q1       | csat    | 5     | 1         | 5
        s1          | 1           | 2025-03-04   | q2       | nps     | 10    | 0         | 10
        s2          | 2           | 2025-03-05   | q2       | nps     | 9     | 0         | 10
        s3          | 3           | 2025-03-26   | q2       | nps     | 7     | 0         | 10
        s4          | 4           | 2025-03-21   | q2       | nps     | 3     | 0         | 10
        s5          | 7           | 2025-07-01   | q2       | nps     | 9     | 0         | 10
        """,
    "complaints": """
        complaint_id | customer_id | opened_on
        c1           | 1           | 2025-03-09
        c2           |             | 2025-03-11
        c3           | 7           | 2025-07-01
        """,
}
