"""Who may be addressed for what: the consent ledger, asked before any address leaves the house.

PIPL articles 13–16 and 23: consent is given for a purpose, can be withdrawn as easily, and what nobody agreed to is not done. So no word in the ledger
means no; of one purpose and channel the latest word counts, and at the same moment the withdrawal.
"""

from __future__ import annotations

from dataclasses import dataclass

from kexiao.cycle.customers import Opened, refuse_reading
from kexiao.engine import audit
from kexiao.engine.duck import quote_text, run
from kexiao.errors import unknown_name
from kexiao.tables.consents import CHANNELS, PURPOSES
from kexiao.tables.contact_files import contacts_query
from kexiao.text import Text

# What is needed to reach someone by a channel.
ADDRESS = {"sms": "phone", "phone": "phone", "email": "email", "wechat": "wechat"}


@dataclass(frozen=True, slots=True)
class Address:
    """One customer who may be addressed, and how."""

    customer_id: int
    name: str | None
    address: str


@dataclass(frozen=True, slots=True)
class Addresses:
    """Those who may be addressed, and how many others were left out: ``no_consent`` never agreed, ``withdrawn`` took it back, ``no_address``."""

    allowed: tuple[Address, ...]
    no_consent: int
    withdrawn: int
    no_address: int


def standing_query(at: Opened, purpose: str, channel: str) -> str:
    """SQL of each customer's standing (customer_id of the survivor, ``granted``: true allowed, false withdrawn); customers without any word are absent.

    Errors: ``WrongUse`` for an unknown purpose or channel.
    """
    for name, known, label in (
        (purpose, PURPOSES, Text(zh="用途", en="purpose")),
        (channel, CHANNELS, Text(zh="渠道", en="channel")),
    ):
        if name not in known or name == "all":
            raise unknown_name(label, name, [one for one in known if one != "all"])
    _survivors(at)
    said = (
        f"SELECT coalesce(s.survivor_id, c.customer_id) AS customer_id, max(granted_at) AS granted_at, max(withdrawn_at) AS withdrawn_at FROM ({at.table('consents')}) AS c "
        f"LEFT JOIN survivors_now AS s ON s.customer_id = c.customer_id "
        f"WHERE purpose IN ({quote_text(purpose)}, 'all') AND channel IN ({quote_text(channel)}, 'all') GROUP BY 1"
    )
    return (
        "SELECT customer_id, granted_at IS NOT NULL AND granted_at <= now() AND (withdrawn_at IS NULL OR withdrawn_at < granted_at) AS granted "
        f"FROM ({said}) WHERE granted_at IS NOT NULL OR withdrawn_at IS NOT NULL"
    )


def _survivors(at: Opened) -> None:
    at.connection.execute("CREATE TEMP TABLE IF NOT EXISTS survivors_now (customer_id BIGINT, survivor_id BIGINT)")
    at.connection.execute("DELETE FROM survivors_now")
    rows = [(number, at.forest.survivor(number)) for number in at.forest.of]
    if rows:
        listed = ", ".join(f"({a}, {b})" for a, b in rows)
        at.connection.execute(f"INSERT INTO survivors_now VALUES {listed}")


def may_address(at: Opened, customer: int, purpose: str, channel: str) -> bool:
    """Whether one customer may be addressed."""
    sql = f"SELECT granted FROM ({standing_query(at, purpose, channel)}) WHERE customer_id = {at.forest.survivor(customer)}"
    return run(at.connection, sql) == [(True,)]


def addresses(at: Opened, purpose: str, channel: str, *, who: str | None = None) -> Addresses:
    """Everybody who agreed to be addressed for a purpose by a channel, with the address; each reading is logged.

    Errors: ``WrongUse`` for an unknown purpose or channel, or one without an address on file (app, post).
    """
    if channel not in ADDRESS:
        raise unknown_name(Text(zh="有联系方式的渠道", en="channel with an address"), channel, list(ADDRESS))
    refuse_reading(at.folder)
    way = ADDRESS[channel]
    standing = standing_query(at, purpose, channel)
    people = (
        f"SELECT coalesce(s.survivor_id, k.customer_id) AS customer_id, arg_max(k.name, k.known_at) AS name, arg_max(k.{way}, k.known_at) AS address "
        f"FROM ({contacts_query(at.folder)}) AS k LEFT JOIN survivors_now AS s ON s.customer_id = k.customer_id GROUP BY 1"
    )
    rows = run(
        at.connection,
        f"SELECT p.customer_id, p.name, p.address, g.granted FROM ({people}) AS p LEFT JOIN ({standing}) AS g ON g.customer_id = p.customer_id ORDER BY 1",
    )
    allowed = tuple(Address(int(n), name, address) for n, name, address, granted in rows if granted and address)
    audit.record(at.folder.root, "export_addresses", who=who, purpose=purpose, channel=channel, customers=len(allowed))
    return Addresses(
        allowed,
        no_consent=sum(row[3] is None for row in rows),
        withdrawn=sum(row[3] is False for row in rows),
        no_address=sum(bool(row[3]) and not row[2] for row in rows),
    )
