"""Why a row was refused, in words."""

from __future__ import annotations

from kexiao.text import Text

REASONS: dict[str, Text] = {
    "missing": Text(zh="“{column}”为空", en="“{column}” is empty"),
    "not_a_number": Text(zh="“{column}”不是数字", en="“{column}” is not a number"),
    "scientific": Text(
        zh="“{column}”是科学计数法，位数已丢失", en="“{column}” is in scientific notation and has lost digits"
    ),
    "too_large": Text(zh="“{column}”大得不合理", en="“{column}” is too large"),
    "too_small": Text(zh="“{column}”小于允许的最小值", en="“{column}” is below its minimum"),
    "not_a_date": Text(zh="“{column}”不是日期", en="“{column}” is not a date"),
    "no_such_date": Text(zh="“{column}”的日期不存在", en="“{column}” is a date that does not exist"),
    "no_such_local_time": Text(zh="“{column}”的时刻因夏令时不存在", en="“{column}” is a time that the clock skipped"),
    "implausible_date": Text(
        zh="“{column}”的日期不合理（过早或在将来）",
        en="“{column}” is a date that cannot be meant (too early or in the future)",
    ),
    "lost_digits": Text(
        zh="“{column}”被改成科学计数法，编号已丢失", en="“{column}” is in scientific notation; the id is lost"
    ),
    "unknown_choice": Text(zh="“{column}”的值不认识", en="“{column}” has a value that is not known"),
    "conflict": Text(
        zh="同一编号（“{column}”）有互相矛盾的内容", en="the same id (“{column}”) stands with contradicting content"
    ),
    "order_incomplete": Text(
        zh="同一订单的另一行被隔离，整单暂不导入", en="another row of the same order was refused, so the order waits"
    ),
    "not_counted": Text(
        zh="“{column}”表明还没有成功（或已关闭），不计入",
        en="“{column}” says that it has not succeeded (or was closed); it does not count",
    ),
    "no_person": Text(zh="没有客户（“{column}”）", en="there is no customer (“{column}”)"),
}
_OTHER = Text(zh="“{column}”无法读取（{code}）", en="“{column}” cannot be read ({code})")

NOTES: dict[str, Text] = {
    "rounded": Text(
        zh="“{column}”有 {n} 行多于两位小数，已四舍六入五成双到分。",
        en="{n} rows of “{column}” had more than two decimals and were rounded half-even to the cent.",
    ),
    "invisible": Text(
        zh="“{column}”有 {n} 行含不可见字符、空白或全角字符，已去除。",
        en="{n} rows of “{column}” held invisible, whitespace or full-width characters, which were removed.",
    ),
    "whole": Text(
        zh="“{column}”有 {n} 行的编号被写成了小数（如 1001.0），已去掉小数点和零。",
        en="{n} rows of “{column}” hold ids written as decimals (such as 1001.0); the point and the zeros were left out.",
    ),
    "short_year": Text(
        zh="“{column}”有 {n} 行是两位数年份，按 20xx 年读取。",
        en="{n} rows of “{column}” have two-digit years, read as 20xx.",
    ),
    "month_only": Text(
        zh="“{column}”有 {n} 行只有月份，按映射中的 month_day 记在当月的第一天或最后一天。",
        en="{n} rows of “{column}” are months only and stand on the day that month_day in the mapping says.",
    ),
    "epoch": Text(
        zh="“{column}”有 {n} 行是时间戳，已换算。", en="{n} rows of “{column}” are epoch timestamps and were converted."
    ),
    "serial": Text(
        zh="“{column}”有 {n} 行是 Excel 日期序号，已换算。",
        en="{n} rows of “{column}” are Excel day numbers and were converted.",
    ),
    "twice_in_local_time": Text(
        zh="“{column}”有 {n} 行的时刻因夏令时出现两次，取较早的一次。",
        en="{n} rows of “{column}” show a time that came twice (clock change); the earlier one was taken.",
    ),
    "skipped_elsewhere": Text(
        zh="“{column}”全部落在同一个小时内，而北美、欧洲或澳洲的时钟那天恰好跳过这一小时；若数据来自那里，请在映射中写明时区（time_zone）后重新导入。",
        en="All of “{column}” stand within one hour, which clocks in North America, Europe or Australia skipped on that day; if the data come from there, name the time zone in the mapping (time_zone) and load them again.",
    ),
    "fraction": Text(
        zh="“{column}”有 {n} 行不是整数，而其余各行都是，请核对。",
        en="{n} rows of “{column}” are not whole numbers while all others are; please check.",
    ),
    "dropped": Text(
        zh="“{column}”有 {n} 个单元格无法读取，已置空。",
        en="{n} cells of “{column}” could not be read and are empty now.",
    ),
}


def reason(code: str, column: str) -> Text:
    """The words for a refusal."""
    return REASONS.get(code, _OTHER).fill(column=column, code=code)


def note(code: str, column: str, rows: int) -> Text | None:
    """The words for what was changed on the way; None where it needs none."""
    words = NOTES.get(code)
    return words.fill(column=column, n=rows) if words else None
