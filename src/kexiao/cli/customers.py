"""``kexiao customers``: one customer's history, duplicates, merging and taking apart, accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from kexiao.cli.options import argument, option, session
from kexiao.text import Text

if TYPE_CHECKING:
    from kexiao.cycle.customers import Known, Profile
    from kexiao.cycle.duplicates import Duplicates
    from kexiao.cycle.timeline import Event

HELP = Text(
    zh="客户：show 时间线 · duplicates 找重复 · merge 合并 · unmerge 撤销合并 · accounts 客户层级",
    en="Customers: show a timeline, find duplicates, merge, unmerge, accounts",
)
ACTIONS = ("show", "duplicates", "merge", "unmerge", "merges", "accounts")


def customers(
    action: Annotated[
        str,
        argument(
            zh="show、duplicates、merge、unmerge、merges、accounts",
            en="show, duplicates, merge, unmerge, merges or accounts",
        ),
    ],
    who: Annotated[
        list[str] | None,
        argument(zh="客户编号、来源编号、手机或邮箱", en="our number, the source's id, a phone or an e-mail"),
    ] = None,
    automatic: Annotated[
        bool, option("--merge", zh="把达到阈值的重复客户合并", en="merge the duplicates above the threshold")
    ] = False,
    reveal: Annotated[
        bool, option("--reveal", zh="显示个人信息（会记入审计日志）", en="show personal data; the reading is logged")
    ] = False,
    most: Annotated[int, option("--most", zh="最多几行", en="how many lines at most")] = 100,
) -> None:
    """Work on customers one by one; personal data stay masked unless --reveal is given."""
    from kexiao.errors import WrongUse, unknown_name

    named = who or []
    needed = {"show": 1, "merge": 2, "unmerge": 1}.get(action, 0)
    if action not in ACTIONS:
        raise unknown_name(Text(zh="操作", en="action"), action, list(ACTIONS))
    if len(named) < needed or (needed != 2 and len(named) > max(needed, 1)):
        raise WrongUse(
            Text(zh="{a} 需要 {n} 位客户。", en="{a} needs {n} customers.").fill(a=action, n=needed),
            next_step=Text(zh="例如：kexiao customers {a} {x}", en="For example: kexiao customers {a} {x}").fill(
                a=action, x=" ".join(["C00123", "C00124"][:needed])
            ),
        )
    if action == "show":
        _show(named[0], reveal, most)
    elif action == "duplicates":
        _duplicates(automatic, reveal, most)
    elif action == "merges":
        _merges(named[0] if named else None)
    elif action == "accounts":
        _accounts(reveal, most)
    else:
        _change(action, named)


def _show(given: str, reveal: bool, most: int) -> None:
    from kexiao.cycle.customers import one_of, opened, profile
    from kexiao.cycle.timeline import timeline

    with opened(session().folder()) as at:
        found = profile(at, one_of(at, given), reveal=reveal)
        events = timeline(at, found.members)
    if session().format == "json":
        _json_of(found, events)
        return
    if session().format == "table":
        _head(found, len(events))
    _events(events[:most])
    if session().format == "table" and len(events) > most:
        _say(
            Text(
                zh="还有 {n} 条更早的记录，用 --most 查看。", en="{n} older lines are left out; see them with --most."
            ).fill(n=len(events) - most)
        )


def _json_of(found: Profile, events: list[Event]) -> None:
    from dataclasses import asdict

    from kexiao.cli.output import write_json

    write_json(
        {
            "customer_id": found.customer_id,
            "members": list(found.members),
            "contacts": [asdict(one) for one in found.contacts],
            "on_file": {str(label): value for label, value in found.on_file},
            "events": [
                {
                    "at": e.at,
                    "table": e.table,
                    "row": e.row_id,
                    "customer_id": e.customer_id,
                    **{str(one.label): one.value for one in e.said},
                }
                for e in events
            ],
        }
    )


def _head(found: Profile, events: int) -> None:
    _say(Text(zh="客户 {c}", en="Customer {c}").fill(c=found.customer_id))
    if len(found.members) > 1:
        _say(
            Text(zh="由 {n} 个编号合并而成：{all}", en="{n} numbers merged into one: {all}").fill(
                n=len(found.members), all=", ".join(map(str, found.members))
            )
        )
    for label, value in found.on_file:
        _say(Text(zh="{l}：{v}", en="{l}: {v}").fill(l=label, v=value))
    for one in found.contacts:
        _say(_contact(one))
    if not found.revealed and found.contacts:
        _say(
            Text(
                zh="个人信息已遮盖；用 --reveal 查看，会记入审计日志。",
                en="Personal data are masked; --reveal shows them and is logged.",
            )
        )
    _say(Text(zh="共 {n} 条记录：", en="{n} lines of history:").fill(n=events))


def _contact(one: Known) -> Text:
    values = (one.source_id, one.name, one.phone, one.email, one.wechat, one.birthday, one.gender)
    return Text(zh="来源 {o}：{v}", en="From {o}: {v}").fill(o=one.origin, v=" · ".join(v for v in values if v))


def _events(events: list[Event]) -> None:
    from kexiao.cli.output import Shown, show

    columns = [
        Shown("at", Text(zh="时间", en="When")),
        Shown("table", Text(zh="类型", en="What")),
        Shown("row", Text(zh="编号", en="Id")),
        Shown("details", Text(zh="内容", en="Details")),
    ]
    colon = Text(zh="：", en=": ")()
    show(
        columns,
        [
            (e.at, e.label(), e.row_id, " · ".join(f"{label}{colon}{value}" for label, value in e.in_words()))
            for e in events
        ],
    )


def _duplicates(automatic: bool, reveal: bool, most: int) -> None:
    from kexiao.cycle.duplicates import find_duplicates
    from kexiao.cycle.merging import merge_by_rule

    folder = session().folder()
    if automatic:
        _, done = merge_by_rule(folder)
        if done is None:
            _say(Text(zh="没有达到阈值的重复客户。", en="No duplicates are above the threshold."))
        else:
            _say(
                Text(
                    zh="已合并 {n} 个编号（快照 {s}）。撤销其中一个：kexiao customers unmerge 编号",
                    en="{n} numbers were merged (snapshot {s}). Take one back: kexiao customers unmerge NUMBER",
                ).fill(n=len(done.merges), s=done.snapshot)
            )
        return
    found = find_duplicates(folder)
    _pairs(found, reveal, most)


def _pairs(found: Duplicates, reveal: bool, most: int) -> None:
    from kexiao.cli.output import Shown, show
    from kexiao.cycle.customers import names_of, opened, refuse_reading
    from kexiao.cycle.duplicates import FIELDS
    from kexiao.engine import audit

    shown = found.pairs[:most]
    ruled = {
        frozenset((a, b))
        for cluster in found.clusters
        for a in (cluster.stays, *(n for n, _, _ in cluster.others))
        for b in (cluster.stays, *(n for n, _, _ in cluster.others))
    }
    folder = session().folder()
    numbers = sorted({number for pair in shown for number in (pair.left, pair.right)})
    with opened(folder) as at:
        names = names_of(at, numbers, reveal=reveal)
    if reveal:
        refuse_reading(folder)
        audit.record(folder.root, "read_personal", table="contacts", customers=len(numbers))
    columns = [
        Shown("left", Text(zh="客户甲", en="Customer A")),
        Shown("right", Text(zh="客户乙", en="Customer B")),
        Shown("names", Text(zh="姓名", en="Names")),
        Shown("probability", Text(zh="概率", en="Probability"), right=True),
        Shown("reasons", Text(zh="理由（权重，比特）", en="Reasons (weight in bits)")),
        Shown("by_rule", Text(zh="按规则", en="By the rule")),
    ]
    yes = Text(zh="合并", en="merge")
    rows = []
    for pair in shown:
        both = [names.get(number, "—") for number in (pair.left, pair.right)]
        ruling = yes() if frozenset((pair.left, pair.right)) in ruled else Text(zh="由人决定", en="for a person")()
        rows.append(
            (
                pair.left,
                pair.right,
                " / ".join(both),
                f"{pair.probability:.4f}",
                _reasons(pair.reasons, FIELDS),
                ruling,
            )
        )
    show(columns, rows)
    if session().format == "table":
        _shared(found, most)


def _reasons(reasons: Mapping[str, float], labels: Mapping[str, Text]) -> str:
    return (
        "，".join(f"{labels[name].zh} {bits:+.1f}" for name, bits in reasons.items())
        if session().language == "zh"
        else ", ".join(f"{labels[name].en} {bits:+.1f}" for name, bits in reasons.items())
    )


def _shared(found: Duplicates, most: int) -> None:
    from kexiao.cycle.duplicates import FIELDS

    merged = sum(len(cluster.others) for cluster in found.clusters)
    _say(
        Text(
            zh="{c} 位客户中有 {p} 对可能是同一人；规则可合并 {m} 个编号：kexiao customers duplicates --merge",
            en="Among {c} customers {p} pairs may be one; the rule would merge {m} numbers: kexiao customers duplicates --merge",
        ).fill(c=found.customers, p=len(found.pairs), m=merged)
    )
    for one in found.shared:
        _say(
            Text(
                zh="{f}：有 {v} 个值被多人共用（最多 {m} 人，共 {c} 人），不作为合并依据。",
                en="{f}: {v} values are shared by many ({c} customers, up to {m} on one) and were not taken as proof.",
            ).fill(f=FIELDS[one.field], v=one.values, m=one.most, c=one.customers)
        )
    if len(found.pairs) > most:
        _say(
            Text(
                zh="只列出前 {n} 对，用 --most 查看更多。", en="The first {n} pairs are listed; see more with --most."
            ).fill(n=most)
        )


def _change(action: str, named: list[str]) -> None:
    from kexiao.cli.output import write_json
    from kexiao.cycle.customers import customer_named, numbers_of, one_of, opened
    from kexiao.cycle.merging import merge_customers, unmerge_customer

    folder = session().folder()
    with opened(folder) as at:
        if action == "merge":
            numbers = [one_of(at, given) for given in named]
        else:
            held = [n for n in numbers_of(at, named[0]) if n in at.forest.of]
            numbers = held if len(held) == 1 else [customer_named(at, named[0])]
    done = (
        merge_customers(folder, numbers[0], numbers[1:]) if action == "merge" else unmerge_customer(folder, numbers[0])
    )
    if session().format == "json":
        write_json({"merges": [[m.merge_id, m.customer_id, m.into_id] for m in done.merges], "snapshot": done.snapshot})
        return
    for one in done.merges:
        words = (
            Text(zh="{a} 已并入 {b}（合并 {n}）。", en="{a} is now counted as {b} (merge {n}).")
            if action == "merge"
            else Text(
                zh="{a} 已从 {b} 中取出（撤销合并 {n}）。",
                en="{a} stands for itself again, out of {b} (merge {n} undone).",
            )
        )
        _say(words.fill(a=one.customer_id, b=one.into_id, n=one.merge_id))


def _merges(given: str | None) -> None:
    from kexiao.cli.output import Shown, show
    from kexiao.cycle.customers import one_of, opened
    from kexiao.cycle.merging import merges_of

    folder = session().folder()
    number = None
    if given:
        with opened(folder) as at:
            number = one_of(at, given)
    columns = [
        Shown("merge_id", Text(zh="合并", en="Merge"), right=True),
        Shown("customer_id", Text(zh="被并入的客户", en="Customer merged")),
        Shown("into_id", Text(zh="并入", en="Into")),
        Shown("merged_at", Text(zh="时间（UTC）", en="When (UTC)")),
        Shown("merged_by", Text(zh="合并人", en="By")),
        Shown("way", Text(zh="方式", en="Way")),
        Shown("probability", Text(zh="概率", en="Probability"), right=True),
        Shown("undone_at", Text(zh="撤销时间", en="Undone at")),
    ]
    rows = [
        (
            m.merge_id,
            m.customer_id,
            m.into_id,
            m.merged_at[:19],
            m.merged_by,
            m.way,
            m.probability and round(m.probability, 4),
            m.undone_at and m.undone_at[:19],
        )
        for m in merges_of(folder, number)
    ]
    show(columns, rows)


def _accounts(reveal: bool, most: int) -> None:
    from kexiao.cli.output import Shown, show
    from kexiao.cycle.accounts import account_classes, accounts

    folder = session().folder()
    found = accounts(folder)
    classes = account_classes()
    columns = [
        Shown("account", Text(zh="客户（上级）", en="Account")),
        Shown("name", Text(zh="名称", en="Name")),
        Shown("members", Text(zh="下级数", en="Members"), right=True),
        Shown("net_sales", Text(zh="近 12 个月净销售额", en="Net sales, last 12 months"), right=True),
        Shown("share", Text(zh="占比", en="Share"), right=True),
        Shown("running_share", Text(zh="累计占比", en="Running share"), right=True),
        Shown("class", Text(zh="分类", en="Class")),
    ]
    rows = [
        (
            a.customer_id,
            a.name,
            a.members,
            a.net_sales,
            a.share and f"{a.share:.1%}",
            a.running_share and f"{a.running_share:.1%}",
            classes[a.kind](),
        )
        for a in found[:most]
    ]
    show(columns, rows)


def _say(words: Text) -> None:
    from kexiao.cli.output import printable

    print(printable(words()))
