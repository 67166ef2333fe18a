"""Accounts: customers with those below them as one, by sales; which of them are key accounts 大客户 and which small ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from kexiao.cycle.customers import mask_name, opened
from kexiao.engine.duck import run
from kexiao.engine.folder import Folder
from kexiao.errors import InputRejected, Place
from kexiao.facts.source import open_facts
from kexiao.tables.contact_files import contacts_query
from kexiao.tables.survivors import in_circles, parents_now
from kexiao.text import Text

KEY_SHARE = 0.5
_MONTHS_DAYS = 365


@dataclass(frozen=True, slots=True)
class Account:
    """One account: its number, masked name, how many customers belong to it besides itself, net sales of the last 365 days covered, its share and
    the running share of all identified sales, and ``kind``: ``key``, ``small``, or ``tier`` where a tier on file says so (then ``tier`` holds it)."""

    customer_id: int
    name: str | None
    members: int
    net_sales: Decimal
    share: float | None
    running_share: float | None
    kind: str


def account_classes() -> Mapping[str, Text]:
    """The classes in words."""
    return {"key": Text(zh="大客户", en="key account"), "small": Text(zh="小客户", en="small account")}


def accounts(folder: Folder, as_of: str | None = None) -> list[Account]:
    """Accounts by net sales, the largest first.

    A key account is one whose tier on file says so (``key`` or 大客户); without a tier on file, one of the largest that together make up the share
    of sales set as ``key_share`` in ``[accounts]`` (half). Errors: ``InputRejected`` for a wrong setting or accounts that are their own parents.
    """
    share = _key_share(folder)
    with opened(folder, as_of) as at:
        parents = parents_now(at.table("customers"), at.table("assignments"))
        if circle := in_circles(at.connection, parents):
            raise InputRejected(
                Text(zh="{n} 位客户互为上级：{all}。", en="{n} customers are their own parents: {all}.").fill(
                    n=len(circle), all=", ".join(map(str, circle[:6]))
                ),
                next_step=Text(
                    zh="请改正客户归属后重新导入。", en="Correct the parents in the source and load it again."
                ),
            )
        names = dict(
            run(
                at.connection,
                f"SELECT customer_id, max(name) FROM ({contacts_query(folder)}) WHERE name IS NOT NULL GROUP BY 1",
            )
        )
        tiers = dict(
            run(
                at.connection,
                f"SELECT customer_id, value FROM ({at.table('assignments')}) WHERE kind = 'tier' AND to_on IS NULL AND value IS NOT NULL "
                "QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY from_on DESC NULLS LAST, known_at DESC, value) = 1",
            )
        )
    sales, members = _sales(folder, as_of)
    return _ranked(sales, members, names, tiers, share)


def _key_share(folder: Folder) -> float:
    given = folder.settings.get("accounts", {})
    share = given.get("key_share", KEY_SHARE)
    if set(given) - {"key_share"} or not isinstance(share, (int, float)) or not 0 < share < 1:
        raise InputRejected(
            Text(zh="设置 [accounts] 有误。", en="The settings [accounts] are wrong."),
            next_step=Text(zh="只有 key_share，在 0 与 1 之间。", en="There is only key_share, between 0 and 1."),
            place=Place(file="kexiao.toml"),
        )
    return float(share)


def _sales(folder: Folder, as_of: str | None) -> tuple[dict[int, Decimal], dict[int, int]]:
    """Net sales of the last 365 covered days and the number of members, by the account at the top."""
    from dataclasses import replace

    rolled = replace(
        folder, settings={**folder.settings, "policy": {**folder.settings.get("policy", {}), "count_as": "parent"}}
    )
    source = open_facts(rolled, as_of=as_of)
    covered = source.covered(("orders",))
    members = {
        int(account): int(count)
        for account, count in source.query("SELECT as_id, count(*) FROM stands_for GROUP BY as_id")
    }
    if covered is None:
        return {}, members
    since = covered.last - timedelta(days=_MONTHS_DAYS - 1)
    rows = source.query(
        "SELECT customer_id, sum(net) FROM ("
        f"SELECT customer_id, net FROM sale_orders WHERE customer_id IS NOT NULL AND sold_on >= DAY_OF('{since}') UNION ALL "
        f"SELECT customer_id, -amount AS net FROM returns WHERE customer_id IS NOT NULL AND booked_on >= DAY_OF('{since}')) GROUP BY customer_id"
    )
    return {int(account): Decimal(net) for account, net in rows}, members


def _ranked(
    sales: Mapping[int, Decimal],
    members: Mapping[int, int],
    names: Mapping[int, str],
    tiers: Mapping[int, str],
    key_share: float,
) -> list[Account]:
    total = sum(amount for amount in sales.values() if amount > 0)
    so_far, found = Decimal(0), []
    for number, amount in sorted(sales.items(), key=lambda item: (-item[1], item[0])):
        before = so_far
        so_far += max(amount, Decimal(0))
        largest = total > 0 and amount > 0 and float(before / total) < key_share
        tier = tiers.get(number, "").strip().lower()
        key = tier in ("key", "大客户", "重点客户", "ka", "vip") if tier else largest
        found.append(
            Account(
                number,
                mask_name(names.get(number)),
                members.get(number, 0),
                amount,
                float(amount / total) if total else None,
                float(so_far / total) if total else None,
                "key" if key else "small",
            )
        )
    return found
