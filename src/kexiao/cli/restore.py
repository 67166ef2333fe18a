"""``kexiao restore``: a workspace back from its backup."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from kexiao.cli.options import argument, session
from kexiao.text import Text

HELP = Text(zh="从备份恢复到新文件夹", en="Bring a backup back into a new folder")


def restore(
    file: Annotated[Path, argument(zh="备份文件", en="the archive")],
    directory: Annotated[Path, argument(zh="新文件夹", en="the folder to make")],
) -> None:
    """Check an archive and unpack it; erasures of the workspace named by -w are applied to what comes back."""
    from kexiao.cli.output import write_json
    from kexiao.cli.progress import step
    from kexiao.cycle.backup import restore as bring_back
    from kexiao.engine.folder import SETTINGS_FILE

    here = session().workspace
    living = here if (here / SETTINGS_FILE).is_file() else None
    report = bring_back(file, directory, living=living, on_progress=step)
    if session().format == "json":
        write_json(
            {"workspace": str(report.directory), "snapshot": report.snapshot, "files": report.files,
             "created_at": report.created_at, "program": report.program}
        )  # fmt: skip
        return
    words = Text(
        zh="已恢复到 {dir}：快照 {s}，{n} 个文件，备份于 {at}。\n下一步：kexiao check --store -w {dir}",
        en="Restored to {dir}: snapshot {s}, {n} files, backed up at {at}.\nNext: kexiao check --store -w {dir}",
    )
    print(words.fill(dir=report.directory, s=report.snapshot, n=report.files, at=report.created_at)())
