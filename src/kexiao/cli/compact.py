"""``kexiao compact``: upkeep of the store, now."""

from __future__ import annotations

from kexiao.cli.options import session
from kexiao.text import Text

HELP = Text(zh="立即整理：合并小文件，清理旧快照（平时导入后自动进行）", en="Upkeep now: merge small files, thin out old snapshots (loads do it by themselves when due)")  # fmt: skip


def compact() -> None:
    """Rewrite small files, thin out snapshots by the rules in kexiao.toml, delete what nobody can need any more."""
    from kexiao.cli.output import write_json
    from kexiao.cli.progress import step
    from kexiao.cycle.retention import tidy

    done = tidy(session().folder(), on_progress=step)
    if session().format == "json":
        write_json(
            {"snapshot": done.snapshot, "compacted": {t: list(n) for t, n in done.compacted.items()},
             "thinned": list(done.thinned), "deleted": done.deleted, "freed_bytes": done.freed}
        )  # fmt: skip
        return
    for table, (before, after) in done.compacted.items():
        words = Text(zh="{table}：{a} 个文件合并为 {b} 个", en="{table}: {a} files became {b}")
        print(words.fill(table=table, a=before, b=after)())
    words = Text(
        zh="整理完成，快照 {s}：清理旧快照 {n} 个，删除文件 {d} 个（{mb:.1f} MB）。关账引用的快照都在。",
        en="Upkeep is done, snapshot {s}: {n} old snapshots thinned out, {d} files deleted ({mb:.1f} MB). What closes rest on is kept.",
    )
    print(words.fill(s=done.snapshot, n=len(done.thinned), d=done.deleted, mb=done.freed / 1e6)())
