"""``kexiao check``: do the stored data still say what was written?"""

from __future__ import annotations

from typing import Annotated

from kexiao.cli.options import option, session
from kexiao.text import Text

HELP = Text(zh="核对数据完整性", en="Check that stored data are whole")


def check(
    store: Annotated[bool, option("--store", zh="只核对文件与快照", en="files and snapshots only")] = False,
) -> int:
    """Verify checksums, keys and limits of every table, the conservation law of each load, and the audit chain."""
    import shutil
    import tempfile
    from pathlib import Path

    from kexiao.cli.output import Shown, show, write_json
    from kexiao.engine import audit
    from kexiao.engine.duck import connect
    from kexiao.engine.store import Store
    from kexiao.errors import IntegrityFailed
    from kexiao.tables.checks import broken_rules

    folder = session().folder()
    data = Store(folder.data)
    snapshot = data.current()
    found: list[tuple[str, str]] = [
        (path, str(Text(zh="文件缺失或被改动", en="missing or changed"))) for path in data.verify(snapshot)
    ]
    if not store:
        found += [
            (f"audit {line}", str(Text(zh="审计日志被改动", en="the audit log was changed")))
            for line in audit.verify(folder.root)
        ]
        if not found:
            spill = Path(tempfile.mkdtemp(prefix="kexiao-"))
            try:
                broken = broken_rules(connect(spill), data, snapshot)
            finally:
                shutil.rmtree(spill, ignore_errors=True)
            found += [(rule.table, f"{rule.what} × {rule.rows}") for rule in broken]
    if session().format == "json":
        write_json(
            {
                "snapshot": snapshot.name,
                "ok": not found,
                "problems": [{"where": where, "what": what} for where, what in found],
            }
        )
    elif found:
        show([Shown("where", Text(zh="位置", en="Where")), Shown("what", Text(zh="问题", en="Problem"))], found)
    else:
        rows = sum(version.rows for version in snapshot.tables.values())
        print(
            Text(zh="数据完整：快照 {s}，{n} 行。", en="All is well: snapshot {s}, {n} rows.").fill(
                s=snapshot.name, n=rows
            )()
        )
    if found:
        raise IntegrityFailed(
            Text(zh="完整性核对未通过：{n} 处。", en="The integrity check failed in {n} places.").fill(n=len(found)),
            next_step=Text(zh="请从备份恢复上列文件。", en="Restore what is listed from a backup."),
        )
    return 0
