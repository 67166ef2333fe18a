"""``kexiao upgrade``: a workspace of an older version, brought up to date."""

from __future__ import annotations

from kexiao.cli.options import session
from kexiao.text import Text

HELP = Text(zh="把较早版本的工作区升级到当前格式（先自动备份）", en="Bring an older workspace up to today's format (a backup is made first)")  # fmt: skip


def upgrade() -> None:
    """Back the workspace up, then migrate it step by step."""
    from kexiao.cli.output import write_json
    from kexiao.cli.progress import step
    from kexiao.cycle.upgrade import upgrade as bring_up

    done = bring_up(session().folder(), on_progress=step)
    if session().format == "json":
        write_json(
            {"before": done.before, "after": done.after, "changes": [str(words) for words in done.changes],
             "backup": str(done.backup) if done.backup else None}
        )  # fmt: skip
    elif done.backup is None:
        print(
            Text(zh="已是当前格式（{n}），无需升级。", en="The format is today's ({n}); nothing to do.").fill(
                n=done.after
            )()
        )
    else:
        for words in done.changes:
            print(f"· {words()}")
        words = Text(
            zh="已从格式 {a} 升级到 {b}。升级前的备份：{file}",
            en="Upgraded from format {a} to {b}. The backup made before: {file}",
        )
        print(words.fill(a=done.before, b=done.after, file=done.backup)())
