"""The workspace: a folder that holds one company's data, and its settings file ``kexiao.toml``."""

from __future__ import annotations

import secrets
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from kexiao.engine.posix import write_durably
from kexiao.errors import InputRejected, IntegrityFailed, Place, WrongUse
from kexiao.text import Text

FORMAT = 2
SETTINGS_FILE = "kexiao.toml"
DEFAULT_TIMEZONE = "Asia/Shanghai"
PARTS = (
    "data",
    "inbox",
    "quarantine",
    "audit",
    "reports",
    "mappings",
    "scorecards",
    "initiatives",
    "rules",
    "sources",
    "metrics",
)

_TEMPLATE = """\
# 客效工作区设置 · Settings of this Kexiao workspace. No secrets here.
format = {format}
company = "{company}"
timezone = "{timezone}"          # 业务时区 · business time zone, fixed at the start
currency = "{currency}"
fiscal_year_start = {fiscal_year_start}            # 财年起始月 · first month of the fiscal year
# engine = "sc://host:15002"      # 由 Spark 集群计算指标 · a Spark cluster computes the metrics
# data = "s3a://bucket/kexiao/data"   # 集群从哪里读 data 文件夹 · where the cluster reads the folder data

[policy]                          # 口径 · what counts
completed = ["paid", "shipped", "completed", "refunded"]
refund_date = "refund"            # "refund" 按退款日 · "order" 按下单日
# active_window_days = 180        # 活跃窗口；不写则由数据建议 · left out: suggested from the data

# [quality]                       # 低于它就不能关账 · below this a scorecard cannot be closed
# accuracy = 0.9                  # 准确性 · rows that keep every rule
# completeness = 0.9              # 完整性 · required values present
# late_hours = 48                 # 最多迟到几小时；不写则不限 · how late data may be; left out: any

# [freshness]                     # 数据应多久更新一次 · how often data are expected
# orders = "1 day"

# [store]                         # 保留多久的历史 · how much history is kept
# keep_all_days = 30              # 这些天内的快照全留 · every snapshot of so many days
# keep_daily_days = 365           # 之后每天留一个，再往后每月一个；关账引用的永远保留 · then one a day, then one a month; what closes rest on always
"""


@dataclass(frozen=True, slots=True)
class Folder:
    """The folders and files of one workspace, and what its settings say."""

    root: Path
    settings: dict[str, Any]

    @property
    def data(self) -> Path:
        """Delta tables, snapshots, and the personal tables."""
        return self.root / "data"

    @property
    def inbox(self) -> Path:
        """Files as they came, under names made from their content."""
        return self.root / "inbox"

    @property
    def timezone(self) -> str:
        """The business time zone, an IANA name."""
        return str(self.settings.get("timezone", DEFAULT_TIMEZONE))

    @property
    def currency(self) -> str:
        """The company's own currency, an ISO code."""
        return str(self.settings.get("currency", "CNY"))

    @property
    def fiscal_year_start(self) -> int:
        """The month in which the fiscal year begins, 1–12."""
        return int(self.settings.get("fiscal_year_start", 1))

    def key(self) -> bytes:
        """The secret from which customer numbers are hashed; made once, never leaves the workspace."""
        path = self.root / ".key"
        if not path.exists():
            if any((self.data / "_snapshots").glob("s[0-9]*.json")):
                # A new key would give every customer another number.
                raise IntegrityFailed(
                    Text(zh="工作区的密钥不见了。", en="The key of the workspace is missing."),
                    next_step=Text(zh="从备份恢复 .key 文件。", en="Restore the file .key from a backup."),
                    place=Place(file=".key"),
                )
            write_durably(path, secrets.token_hex(32).encode())
            path.chmod(0o600)
        return path.read_bytes()


def create_folder(
    root: Path,
    *,
    company: str = "",
    timezone: str = DEFAULT_TIMEZONE,
    currency: str = "CNY",
    fiscal_year_start: int = 1,
) -> Folder:
    """Make a new workspace; one that is there already is left as it is.

    Errors: ``WrongUse`` for an unknown time zone or month, or a folder that holds other things.
    """
    if (root / SETTINGS_FILE).exists():
        return open_folder(root)
    if root.exists() and any(root.iterdir()):
        raise WrongUse(
            Text(zh="文件夹“{name}”不是空的。", en="The folder “{name}” is not empty.").fill(
                name=root.name or str(root)
            ),
            next_step=Text(zh="请选一个新文件夹。", en="Choose a new folder."),
        )
    _check_timezone(timezone)
    if not 1 <= fiscal_year_start <= 12:
        raise WrongUse(
            Text(zh="财年起始月应为 1–12。", en="The first month of the fiscal year must be 1–12."),
            next_step=Text(zh="请改为 1–12 中的一个数。", en="Give a number from 1 to 12."),
        )
    for part in PARTS:
        (root / part).mkdir(parents=True, exist_ok=True)
    settings = _TEMPLATE.format(
        format=FORMAT,
        company=(company or root.name).replace('"', "'").replace("\\", "/"),
        timezone=timezone,
        currency=currency,
        fiscal_year_start=fiscal_year_start,
    )
    write_durably(root / SETTINGS_FILE, settings.encode())
    folder = open_folder(root)
    folder.key()
    return folder


def _check_timezone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise WrongUse(
            Text(zh="不认识时区“{name}”。", en="There is no time zone “{name}”.").fill(name=name),
            next_step=Text(zh="例如 Asia/Shanghai。", en="For example Asia/Shanghai."),
        ) from None


def open_folder(root: Path) -> Folder:
    """Open a workspace that exists.

    Errors: ``WrongUse`` where there is none, ``InputRejected`` where its settings cannot be read or are of a newer format.
    """
    path = root / SETTINGS_FILE
    if not path.is_file():
        raise WrongUse(
            Text(zh="这里没有客效工作区。", en="There is no Kexiao workspace here."),
            next_step=Text(
                zh="用 kexiao init {dir} 新建，或用 -w 指定。",
                en="Make one with: kexiao init {dir}, or name one with -w.",
            ).fill(dir=root),
        )
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise InputRejected(
            Text(zh="设置文件无法读取：{why}。", en="The settings cannot be read: {why}.").fill(why=problem),
            next_step=Text(zh="改正后重试。", en="Correct it and try again."),
            place=Place(file=SETTINGS_FILE),
        ) from None
    written = settings.get("format", 0)
    if type(written) is not int or written < 0:
        raise InputRejected(
            Text(zh="format 应为整数。", en="format must be a whole number."),
            next_step=Text(zh="改回 format = {n}。", en="Set it back to: format = {n}.").fill(n=FORMAT),
            place=Place(file=SETTINGS_FILE),
        )
    if written > FORMAT:
        raise InputRejected(
            Text(
                zh="这个工作区由更新的版本建立（格式 {a}，本版本到 {b}）。",
                en="This workspace was made by a newer version (format {a}; this one knows {b}).",
            ).fill(a=written, b=FORMAT),
            next_step=Text(zh="请升级客效程序，再打开它。", en="Upgrade the program, then open it again."),
            place=Place(file=SETTINGS_FILE),
        )
    _check_timezone(str(settings.get("timezone", DEFAULT_TIMEZONE)))
    return Folder(root, settings)
