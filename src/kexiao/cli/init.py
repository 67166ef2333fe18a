"""``kexiao init``: a new workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from kexiao.cli.options import argument, option, session
from kexiao.text import Text

HELP = Text(zh="新建工作区", en="Make a new workspace")


def init(
    directory: Annotated[Path, argument(zh="新工作区的文件夹", en="the folder to make")],
    company: Annotated[str, option("--company", zh="公司名称", en="name of the company")] = "",
    timezone: Annotated[str, option("--timezone", zh="业务时区", en="business time zone")] = "Asia/Shanghai",
    currency: Annotated[str, option("--currency", zh="本位币", en="the company's currency")] = "CNY",
    fiscal_year_start: Annotated[
        int, option("--fiscal-year-start", zh="财年起始月", en="first month of the fiscal year")
    ] = 1,
) -> None:
    """Make a workspace, or leave the one that is there as it is."""
    from kexiao.cli.output import write_json
    from kexiao.engine.folder import create_folder

    folder = create_folder(
        directory, company=company, timezone=timezone, currency=currency, fiscal_year_start=fiscal_year_start
    )
    if session().format == "json":
        write_json({"workspace": str(folder.root), "timezone": folder.timezone, "currency": folder.currency})
        return
    done = Text(
        zh="工作区已建好：{dir}\n下一步：kexiao collect 订单文件 -w {dir}",
        en="The workspace is ready: {dir}\nNext: kexiao collect ORDERS -w {dir}",
    )
    print(done.fill(dir=folder.root)())
