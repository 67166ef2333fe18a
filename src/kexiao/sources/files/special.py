"""Rows that stand among the data and hold no record: totals, repeated headers, rules and remarks."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from kexiao.sources.files.header import Row, clean_name

_TOTAL = re.compile(
    r"^.{0,20}?(合\s*计|小\s*计|总\s*计|总\s*和|汇\s*总|累\s*计|共\s*计)\s*([:：(（].*)?$|^(grand|sub|sum)?[\s-]*totals?\s*([:：(].*)?$",
    re.IGNORECASE,
)
_SURE = re.compile(r"^(合\s*计|总\s*计|.*小\s*计|(grand|sub)?[\s-]*totals?)\s*[:：]?$", re.IGNORECASE)
_MAY_BE_SPECIAL = re.compile("[计总和汇]|total", re.IGNORECASE)
_REMARK = re.compile(
    r"""^( [\s\-=_*—─\#]{3,}$                                             # a rule
        | \#\s
        | [(（]?[共合总]?[计有]?\s*\d[\d,]*\s*(条|笔|行|单|个|项|人|rows?\b|records?\b)
        | (导出|制表|打印|统计|查询|生成|下载|更新)(时间|日期|人)\s*[:：]
        | (注|备注|说明|提示|数据来源|以上)[:：]
        | (total|number)\s+(of\s+)?(rows|records)\b
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_DASHES = frozenset({"-", "--", "—", "——", "/"})
_FIGURE = re.compile(r"^(-{1,2}|—{1,2}|/)$|^[-+(]?[¥￥$€]?\s*[\d,.\s]+\)?\s*(%|元|万|万元|件|个|笔|单|人|条)?$")

Judge = Callable[[Row], str | None]


def judge_of(names: Sequence[str]) -> Judge:
    """A function that names what a row is when it is no record: ``blank``, ``total``, ``comment``, ``repeated_header``; else None.

    A total is a row whose first filled cell (or last, before an empty first one) is the word for it and whose other cells are figures,
    dashes or empty. Where every cell is filled, only the bare word counts (合计, 小计), since 退款合计 may well be the name of something.

    >>> judge = judge_of(["订单号", "姓名", "金额"])
    >>> judge(["合计", None, "30.00"]), judge(["订单号", "姓名", "金额"]), judge(["SO1", "小计", "1"])
    ('total', 'repeated_header', None)
    """
    wanted = [clean_name(name) for name in names]
    first = wanted[0]

    def judge(row: Row) -> str | None:
        key = row[0]
        if (
            key
            and row[1:2] != [""]
            and row[1:2] != [None]
            and not _MAY_BE_SPECIAL.search(key)
            and first not in key
            and not key.isspace()
        ):
            return None
        filled = [cell for cell in row if cell and not cell.isspace()]
        if not filled:
            return "blank"
        if _is_total(filled, len(wanted)):
            return "total"
        if len(filled) == 1 < len(wanted) and is_remark(filled):
            return "comment"
        if clean_name(row[0]) == wanted[0] and [clean_name(cell) for cell in row] == wanted:
            return "repeated_header"
        return None

    return judge


def _is_total(filled: Sequence[str], width: int) -> bool:
    label, others = filled[0].strip(), filled[1:]
    if len(filled) < width and not _TOTAL.match(label) and _SURE.match(filled[-1].strip()):
        label, others = filled[-1].strip(), filled[:-1]  # Google Analytics writes “Grand total” last
    if len(label) > 40 or not _TOTAL.match(label) or not all(_FIGURE.match(cell.strip()) for cell in others):
        return False
    dashes = sum(cell.strip() in _DASHES for cell in others)
    return len(filled) - dashes < width or bool(_SURE.match(label))


def is_remark(cells: Row) -> bool:
    """Whether a row of one filled cell is a rule of dashes, a comment or a footer, and not a broken record.

    >>> is_remark(["-----------"]), is_remark(["共 20 条记录", ""]), is_remark(["SO1"]), is_remark(["SO1", "20"])
    (True, True, False, False)
    """
    filled = [cell.strip() for cell in cells if cell and not cell.isspace()]
    return len(filled) == 1 and bool(_REMARK.match(filled[0]))
