"""The policy 口径: what counts as a sale, when a refund is booked, how long a customer stays active. One setting, shown with each number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from kexiao.errors import InputRejected, Place
from kexiao.text import Text

STATUSES = ("unpaid", "paid", "shipped", "completed", "refunded", "cancelled", "test")
SUGGESTED_WHEN_UNKNOWN = 180


@dataclass(frozen=True, slots=True)
class Policy:
    """What counts.

    ``completed``: statuses that count as sold. ``refund_date``: a refund is booked on its own day or on its order's. ``active_window_days``: None until
    suggested from the data. Exposure windows are in days. ``margin_rate`` stands in for unknown costs, where set.
    ``count_as``: each customer for itself, or as the parent at the top of its account as the accounts are now.
    """

    completed: tuple[str, ...] = ("paid", "shipped", "completed", "refunded")
    refund_date: Literal["refund", "order"] = "refund"
    active_window_days: int | None = None
    window_is_suggested: bool = False
    lead_window_days: int = 90
    second_order_window_days: int = 90
    refund_window_days: int = 30
    complaint_window_days: int = 7
    offer_window_days: int = 30
    renewal_window_days: int = 30
    currency: str = "CNY"
    margin_rate: float | None = None
    count_as: Literal["customer", "parent"] = "customer"

    @property
    def window(self) -> int:
        """The active window in days, for computing."""
        return self.active_window_days or SUGGESTED_WHEN_UNKNOWN

    def with_window(self, days: int) -> Policy:
        """The same policy with a window suggested from the data, unless one is set."""
        if self.active_window_days:
            return self
        return replace(self, active_window_days=days, window_is_suggested=True)

    def shown(self) -> dict[str, Any]:
        """The policy as every result carries it."""
        return {**asdict(self), "completed": list(self.completed)}


def policy_from(settings: Mapping[str, Any]) -> Policy:
    """The policy of a workspace's settings; an unknown name or value is refused by name."""
    given = dict(settings.get("policy", {}))
    known = set(Policy.__dataclass_fields__) - {"window_is_suggested", "currency"}
    for name in given:
        if name not in known:
            raise _refused(name, Text(zh="没有这个设置", en="there is no such setting"))
    completed = tuple(given.pop("completed", Policy().completed))
    if wrong := [status for status in completed if status not in STATUSES]:
        raise _refused("completed", Text(zh="状态 {s} 不存在", en="there is no status {s}").fill(s=wrong[0]))
    if given.get("refund_date", "refund") not in ("refund", "order"):
        raise _refused("refund_date", Text(zh="只能是 refund 或 order", en="it is refund or order"))
    if given.get("count_as", "customer") not in ("customer", "parent"):
        raise _refused("count_as", Text(zh="只能是 customer 或 parent", en="it is customer or parent"))
    for name in (field for field in known if field.endswith("_window_days") or field == "active_window_days"):
        if name in given and (not isinstance(given[name], int) or given[name] < 1):
            raise _refused(name, Text(zh="应为正整数（天）", en="it must be a whole number of days above 0"))
    return Policy(completed=completed, currency=str(settings.get("currency", "CNY")), **given)


def policy_of_result(shown: Mapping[str, Any]) -> Policy:
    """The policy that a result was computed under, from what it carries (``Policy.shown``), its active window held as it was whatever data came since."""
    known = {name: value for name, value in shown.items() if name in Policy.__dataclass_fields__}
    policy = Policy(**{**known, "completed": tuple(shown["completed"])}) if "completed" in shown else Policy(**known)
    return policy.with_window(policy.window)


def _refused(name: str, why: Text) -> InputRejected:
    return InputRejected(
        Text(zh="口径设置 [policy] {name} 有误：{why}。", en="The setting [policy] {name} is wrong: {why}.").fill(
            name=name, why=why
        ),
        next_step=Text(zh="在 kexiao.toml 中改正。", en="Correct it in kexiao.toml."),
        place=Place(file="kexiao.toml"),
    )
