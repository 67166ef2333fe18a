"""``kexiao report``: the same page as ``kexiao analyze``, over a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from kexiao.cli.options import option, session
from kexiao.text import Text

HELP = Text(zh="为工作区生成分析报告", en="Write the analysis of a workspace as a report")


def report(
    output: Annotated[Path, option("-o", "--output", zh="报告文件", en="the report to write")] = Path("report.html"),
    as_of: Annotated[str, option("--as-of", zh="按某个快照或日期", en="read an older snapshot or day")] = "",
    now: Annotated[
        str, option("--now", zh="按哪一天计算，默认今天", en="compute as of this day; today by default")
    ] = "",
) -> None:
    """Write one self-contained page in Chinese and English, and print the main figures."""
    from kexiao.cli.analyze import as_day, check_target, tell, write_report
    from kexiao.cycle.analyze import analyze_workspace

    check_target(output)
    found = analyze_workspace(session().folder(), as_of=as_of or None, now=as_day("--now", now))
    write_report(found, output)
    tell(found, output)
