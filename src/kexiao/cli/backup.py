"""``kexiao backup``: the whole workspace as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from kexiao.cli.options import argument, session
from kexiao.text import Text

HELP = Text(zh="把整个工作区备份成一个文件", en="Back the whole workspace up as one file")


def backup(
    file: Annotated[
        Path | None,
        argument(
            zh="备份文件；不写则放在工作区的 backups/",
            en="the archive; without it, one below backups/ in the workspace",
        ),
    ] = None,
) -> None:
    """Write, read back and check one archive of data, settings, key, inbox, quarantine, contacts, audit log and closed periods."""
    from kexiao.cli.output import write_json
    from kexiao.cli.progress import step
    from kexiao.cycle.backup import backup as back_up

    report = back_up(session().folder(), file, on_progress=step)
    if session().format == "json":
        write_json(
            {"file": str(report.file), "bytes": report.size, "seal": report.seal, "files": report.files,
             "snapshot": report.snapshot, "created_at": report.created_at}
        )  # fmt: skip
        return
    words = Text(
        zh="已备份：{file}\n快照 {s}，{n} 个文件，{mb:.1f} MB，写完已逐个核对。\n备份含个人信息与密钥，请妥善保管，并拷到另一台机器上。",
        en="Backed up: {file}\nSnapshot {s}, {n} files, {mb:.1f} MB, each checked after writing.\n"
        "It holds personal data and the key: keep it safe, and on another machine.",
    )
    print(words.fill(file=report.file, s=report.snapshot, n=report.files, mb=report.size / 1e6)())
