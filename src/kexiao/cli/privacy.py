"""``kexiao privacy``: what we hold about a person, erasing them, who may be addressed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from kexiao.cli.options import argument, option, session
from kexiao.cli.progress import step
from kexiao.text import Text

if TYPE_CHECKING:
    from kexiao.cycle.privacy import Erasure
    from kexiao.engine.folder import Folder

HELP = Text(
    zh="个人信息：export 导出 · erase 删除 · addresses 可触达名单 · list 已删除名单 · allow 重新允许",
    en="Personal data: export, erase, addresses, list, allow",
)
ACTIONS = ("export", "erase", "addresses", "list", "allow")


def privacy(
    action: Annotated[
        str, argument(zh="export、erase、addresses、list、allow", en="export, erase, addresses, list or allow")
    ],
    who: Annotated[
        str, argument(zh="客户编号、来源编号、手机或邮箱", en="our number, the source's id, a phone or an e-mail")
    ] = "",
    output: Annotated[
        Path | None, option("-o", "--output", zh="写入文件（.json 或 .html）", en="write to a file (.json or .html)")
    ] = None,
    yes: Annotated[bool, option("--yes", zh="不再确认", en="do not ask again")] = False,
    purpose: Annotated[
        str, option("--purpose", zh="用途，如 marketing", en="a purpose such as marketing")
    ] = "marketing",
    channel: Annotated[
        str, option("--channel", zh="渠道：sms、phone、email、wechat", en="channel: sms, phone, email or wechat")
    ] = "sms",
) -> None:
    """Export or erase what is held of one person, or list whom the consent ledger allows to address; every use is logged."""
    from kexiao.errors import WrongUse, unknown_name

    if action not in ACTIONS:
        raise unknown_name(Text(zh="操作", en="action"), action, list(ACTIONS))
    if action in ("export", "erase", "allow") and not who:
        raise WrongUse(
            Text(zh="请写明是哪位客户。", en="Say which customer is meant."),
            next_step=Text(zh="例如：kexiao privacy {a} C00123", en="For example: kexiao privacy {a} C00123").fill(
                a=action
            ),
        )
    folder = session().folder()
    if action == "export":
        _export(folder, who, output)
    elif action == "erase":
        _erase(folder, who, yes)
    elif action == "addresses":
        _addresses(folder, purpose, channel)
    elif action == "list":
        _list(folder)
    else:
        _allow(folder, who)


def _export(folder: Folder, who: str, output: Path | None) -> None:
    import json

    from kexiao.cli.output import as_json, write_json
    from kexiao.cycle.customers import opened
    from kexiao.cycle.disclosure import as_page, disclose
    from kexiao.engine.posix import write_durably
    from kexiao.errors import WrongUse

    if output is not None and output.suffix not in (".json", ".html"):
        raise WrongUse(
            Text(zh="文件名应以 .json 或 .html 结尾。", en="The file name must end with .json or .html."),
            next_step=Text(zh="例如：-o 个人信息.html", en="For example: -o person.html"),
        )
    with opened(folder) as at:
        found = disclose(at, who)
    if output is None:
        write_json(found.as_json())
        return
    text = (
        as_page(found)
        if output.suffix == ".html"
        else json.dumps(found.as_json(), ensure_ascii=False, indent=1, default=as_json)
    )
    write_durably(output, text.encode())
    output.chmod(0o600)
    rows = sum(len(held.rows) for held in found.holdings)
    _say(
        Text(
            zh="已写入 {f}：{n} 行，含个人信息，请妥善保管。",
            en="Written to {f}: {n} rows, with personal data; keep it safe.",
        ).fill(f=output.name, n=rows)
    )


def _erase(folder: Folder, who: str, yes: bool) -> None:
    from kexiao.cli.output import write_json
    from kexiao.cycle.customers import known, opened
    from kexiao.cycle.privacy import erase, person_of
    from kexiao.errors import WrongUse

    with opened(folder) as at:
        person, others = person_of(at, who)
        shown = known(at, sorted(person.customers), reveal=False)
    if not yes:
        told = Text(
            zh="将删除 {n} 个客户编号的个人信息：{who}。",
            en="This erases the personal data of {n} customer numbers: {who}.",
        ).fill(
            n=len(person.customers),
            who="; ".join(f"{one.customer_id} {one.name or ''} {one.phone or ''}".strip() for one in shown),
        )
        if not session().may_ask:
            raise WrongUse(
                told,
                next_step=Text(
                    zh="确认无误后加 --yes；删除不能撤销。", en="If that is right, add --yes; it cannot be undone."
                ),
            )
        _say(told)
        if others:
            _say(_beside(len(others)))
        _say(Text(zh="删除不能撤销；各项合计不变。", en="It cannot be undone; every total stays."))
        if (
            input(Text(zh="输入 {w} 继续：", en="Type {w} to go on: ").fill(w=Text(zh="删除", en="erase"))()).strip()
            != Text(zh="删除", en="erase")()
        ):
            _say(Text(zh="没有删除。", en="Nothing was erased."))
            return
    done = erase(folder, who, on_progress=step)
    if session().format == "json":
        from dataclasses import asdict

        write_json({**asdict(done), "customers": [str(number) for number in done.customers], "others": len(others)})
        return
    _tell(done)
    if others:
        _say(_beside(len(others)))


def _beside(count: int) -> Text:
    return Text(
        zh="另有 {n} 位客户与此人共用手机或邮箱，保留不动；如为同一人，请先合并。",
        en="{n} other customers share a phone or e-mail with this person and stay; if they are one, merge them first.",
    ).fill(n=count)


def _tell(done: Erasure) -> None:
    _say(
        Text(
            zh="已删除：{c} 个客户编号，联系方式 {k} 行，改写原始文件 {f} 个、隔离行 {q} 行、数据文件 {t} 个（快照 {s}）。各项合计不变。",
            en="Erased: {c} customer numbers, {k} rows of contacts; {f} original files, {q} quarantined rows and {t} data files rewritten (snapshot {s}). Every total stays.",
        ).fill(
            c=len(done.customers),
            k=done.contacts,
            f=done.files,
            q=done.quarantined,
            t=done.table_files,
            s=done.snapshot,
        )
    )
    if done.traces:
        _say(
            Text(zh="仍有残留，需要人工处理：{all}", en="Something is left and needs a person: {all}").fill(
                all=", ".join(done.traces[:20])
            )
        )
    else:
        _say(Text(zh="核对：工作区内没有残留。", en="Checked: nothing is left in the workspace."))
    if done.older_backups:
        _say(
            Text(
                zh="之前的 {n} 个备份仍含此人，恢复时会自动再次删除；不再需要时请删除这些备份。",
                en="{n} backups made before still hold this person, who is erased again when one is restored; delete those you no longer need.",
            ).fill(n=len(done.older_backups))
        )


def _addresses(folder: Folder, purpose: str, channel: str) -> None:
    import sys

    from kexiao.cli.output import Shown, show
    from kexiao.cycle.consent import addresses
    from kexiao.cycle.customers import opened

    with opened(folder) as at:
        found = addresses(at, purpose, channel)
    columns = [
        Shown("customer_id", Text(zh="客户", en="Customer")),
        Shown("name", Text(zh="姓名", en="Name")),
        Shown("address", Text(zh="联系方式", en="Address")),
    ]
    show(columns, [(one.customer_id, one.name, one.address) for one in found.allowed])
    words = Text(
        zh="可触达 {a} 位；未同意 {n} 位、已撤回 {w} 位、同意但无联系方式 {m} 位，均未列出。",
        en="{a} may be addressed; left out: {n} who never agreed, {w} who withdrew, {m} who agreed but left no address.",
    ).fill(a=len(found.allowed), n=found.no_consent, w=found.withdrawn, m=found.no_address)
    print(words(), file=sys.stderr)


def _list(folder: Folder) -> None:
    from kexiao.cli.output import Shown, show
    from kexiao.tables.erased import read_erased

    columns = [
        Shown("erased_at", Text(zh="删除时间（UTC）", en="Erased at (UTC)")),
        Shown("by", Text(zh="操作人", en="By")),
        Shown("customers", Text(zh="客户编号", en="Customer numbers")),
        Shown("lifted_at", Text(zh="解除时间", en="Lifted at")),
    ]
    show(
        columns,
        [(e.erased_at, e.by, ", ".join(map(str, e.customers)), e.lifted_at) for e in read_erased(folder).entries],
    )


def _allow(folder: Folder, who: str) -> None:
    from kexiao.cycle.privacy import lift

    lift(folder, who)
    _say(
        Text(
            zh="已解除；此人今后的数据可以再次保存。已删除的内容不会回来。",
            en="Lifted; this person's data may be stored again from now on. What was erased does not come back.",
        )
    )


def _say(words: Text) -> None:
    from kexiao.cli.output import printable

    print(printable(words()))
