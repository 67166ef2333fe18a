"""What metrics of contracts are made of, and the contracts that their worked examples draw."""

from __future__ import annotations

from kexiao.facts.contracts import ENDED_TERMS
from kexiao.facts.formula import Rows, Sum, Where
from kexiao.facts.passes import Bound
from kexiao.text import Text

_MATURED, _IMMATURE = Where("matured", "=", 1), Where("matured", "=", 0)

bound_at_start = Bound("start", Text(zh="期初在约客户数", en="customers under contract at the start"))
bound_at_end = Bound("end", Text(zh="期末在约客户数", en="customers under contract at the end"))
bound_first = Bound("new", Text(zh="期内首次签约的客户数", en="customers whose first contract begins in the period"))
unbound = Bound(
    "lost", Text(zh="期初在约、期末不再在约的客户数", en="of them, those no longer under contract at the end")
)
terms_ended = Rows(
    ENDED_TERMS,
    Text(zh="到期后观察期已满的合同", en="contracts that came to an end and whose window is over"),
    (_MATURED,),
)
terms_not_judged = Rows(
    ENDED_TERMS, Text(zh="到期后观察期未满的合同", en="contracts that came to an end and whose window is not over"), (_IMMATURE,)
)  # fmt: skip
terms_renewed = Rows(
    ENDED_TERMS,
    Text(zh="其中在观察期内续约的", en="of them, renewed within the window"),
    (Where("renewed_matured", "=", 1),),
)
monthly_ended = Sum(
    ENDED_TERMS, "monthly", Text(zh="到期合同的月费", en="monthly amount of contracts that came to an end"), (_MATURED,)
)
monthly_renewed = Sum(
    ENDED_TERMS,
    "renewed_monthly",
    Text(zh="其中已续约合同的原月费", en="of it, that of contracts renewed"),
    (_MATURED,),
)
monthly_after = Sum(
    ENDED_TERMS, "next_monthly", Text(zh="续约后的月费", en="monthly amount of what renewed them"), (_MATURED,)
)
monthly_kept = Sum(
    ENDED_TERMS,
    "kept_monthly",
    Text(
        zh="Σ 各合同续约前后月费的较小者", en="Σ the smaller of each contract’s monthly amount and that of its renewal"
    ),
    (_MATURED,),
)

CONTRACTS = {
    "subscriptions": """
        contract_id | customer_id | plan  | status | from_on    | to_on      | ended_on   | amount | monthly_amount | channel
        A1          | 1           | basic |        | 2024-02-01 | 2025-01-31 |            | 1200   |                | web
        A2          | 1           | basic |        | 2025-02-01 | 2026-01-31 |            | 1440   |                | web
        B1          | 2           | basic |        | 2024-03-01 | 2025-02-28 |            | 600    |                | store
        B2          | 2           | pro   |        | 2025-03-11 | 2026-03-10 |            | 480    |                | store
        C1          | 3           | pro   | ended  | 2024-07-01 | 2025-06-30 | 2025-03-20 | 2400   |                | web
        D1          | 4           | basic | signed | 2025-03-05 |            |            |        | 80             | store
        E1          | 5           | pro   |        | 2025-02-01 | 2025-07-31 |            | 300    |                | web
        E2          | 5           | pro   |        | 2025-03-15 | 2025-07-31 |            |        | 21             | web
        F1          | 6           | pro   | void   | 2025-01-01 | 2025-12-31 |            | 9999   |                | web
        Z1          | 9           | basic |        | 2025-08-01 | 2026-07-31 |            | 12     |                | web
        """
}
