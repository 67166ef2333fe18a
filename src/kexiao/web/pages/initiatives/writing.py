"""How an effect is written: in the unit that the plan promised."""

from __future__ import annotations

from kexiao.metrics.catalogue import metric_named
from kexiao.report.numbers import MISSING, show_signed


def effect(amount: float | None, unit: str, metric: str, currency: str, *, per_customer: bool = False) -> str:
    """An effect with its sign: relative ones as per cent, absolute ones in the metric's unit (per customer in a hold-out)."""
    if amount is None:
        return MISSING
    if unit == "relative":
        return f"{'+' if amount > 0 else '−' if amount < 0 else ''}{abs(amount) * 100:.1f} %"
    if per_customer:
        return f"{'+' if amount > 0 else '−' if amount < 0 else ''}{abs(amount):.3f}"
    return show_signed(amount, metric_named(metric).unit, currency=currency)
