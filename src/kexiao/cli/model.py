"""``kexiao model``: run a published method over the workspace's data and keep what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from kexiao.cli.options import argument, session
from kexiao.text import Text

if TYPE_CHECKING:
    from kexiao.cycle.lifetime import LifetimeValues
    from kexiao.cycle.model import ModelRun
    from kexiao.cycle.segments import Segmentation

HELP = Text(zh="运行模型：clv、segments", en="Run a model: clv, segments")


def model(
    name: Annotated[
        str, argument(zh="clv 客户终身价值，segments 客户分群", en="clv lifetime value, segments RFM and value tiers")
    ],
) -> None:
    """Run one model on the newest data; its results go to the tables scores or segment_memberships."""
    from kexiao.cli.output import write_json
    from kexiao.cycle.lifetime import LifetimeValues
    from kexiao.cycle.model import run_model

    ran = run_model(session().folder(), name)
    about = _of_values(ran.result) if isinstance(ran.result, LifetimeValues) else _of_segments(ran.result)
    if session().format == "json":
        told = {"model": ran.model, "as_of": ran.as_of, "table": ran.table, "rows": ran.rows, "changed": ran.changed}
        write_json({**told, "snapshot": ran.snapshot, **about})
        return
    _print(ran, about)


def _of_values(values: LifetimeValues) -> dict[str, Any]:
    bought = values.model.purchases
    names = ("value", "low", "high")
    return {
        "basis": str(_basis(values)),
        "customers": len(values.customer),
        "parameters": {"r": bought.r, "alpha_days": bought.alpha, "a": bought.a, "b": bought.b},
        "mean_probability_alive": float(values.probability_alive.mean()),
        "mean_lifetime_value": float(values.lifetime_value.mean()),
        "mean_residual_value": dict(zip(names, values.mean_residual, strict=True)),
        "customer_equity": dict(zip(names, values.equity, strict=True)),
        "new_customer_value": dict(zip(names, values.of_a_new_customer, strict=True)),
    }


def _basis(values: LifetimeValues) -> Text:
    from kexiao.cycle.lifetime import BASIS_WORDS

    return BASIS_WORDS[values.basis]


def _of_segments(found: Segmentation) -> dict[str, Any]:
    return {
        "look_back_days": found.look_back_days,
        "segments": [
            {"name": s.name, "label": str(s.label), "customers": s.customers, "share": s.customer_share}
            for s in found.segments
        ],
        "tiers": [
            {"name": t.name, "label": str(t.label), "customers": t.customers, "value_share": t.value_share}
            for t in found.tiers
        ],
    }


def _print(ran: ModelRun, about: dict[str, Any]) -> None:
    from kexiao.cli.output import Shown, show
    from kexiao.report.numbers import show as number

    currency = session().folder().currency
    rows: list[tuple[str, ...]]
    if "segments" in about:
        columns = [
            Shown("segment", Text(zh="分群", en="Segment")),
            Shown("customers", Text(zh="客户数", en="Customers"), right=True),
            Shown("share", Text(zh="占比", en="Share"), right=True),
        ]
        rows = [
            (s["label"], number(s["customers"], "customers"), number(s["share"], "ratio")) for s in about["segments"]
        ]
    else:
        columns = [
            Shown("figure", Text(zh="结果", en="Result")),
            Shown("value", Text(zh="数值", en="Value"), right=True),
        ]
        rows = _value_rows(about, currency)
    show(columns, rows)
    if session().format != "table":
        return
    done = Text(
        zh="{n} 行写入 {t}，截至 {d}（不含），快照 {s}。", en="{n} rows in {t}, as of {d} (exclusive), snapshot {s}."
    )
    same = Text(zh="结果与上次相同，没有改动（{s}）。", en="The same as before; nothing was changed ({s}).")
    print((done if ran.changed else same).fill(n=ran.rows, t=ran.table, d=ran.as_of, s=ran.snapshot)())


def _value_rows(about: dict[str, Any], currency: str) -> list[tuple[str, ...]]:
    from kexiao.report.numbers import show as number
    from kexiao.report.numbers import shown

    def money(estimate: dict[str, float]) -> str:
        return shown(
            estimate["value"], "money/customer", low=estimate["low"], high=estimate["high"], currency=currency
        ).line

    named = [
        (Text(zh="口径", en="Counted in"), about["basis"]),
        (Text(zh="客户数", en="Customers"), number(about["customers"], "customers")),
        (Text(zh="平均活跃概率", en="Mean P(alive)"), number(about["mean_probability_alive"], "ratio")),
        (
            Text(zh="平均客户终身价值", en="Mean lifetime value"),
            number(about["mean_lifetime_value"], "money/customer", currency=currency),
        ),
        (Text(zh="平均剩余价值（三年）", en="Mean residual value, three years"), money(about["mean_residual_value"])),
        (Text(zh="一位新客户的价值", en="Value of a new customer"), money(about["new_customer_value"])),
        (Text(zh="客户资产", en="Customer equity"), money(about["customer_equity"])),
    ]
    return [(str(name), value) for name, value in named]
