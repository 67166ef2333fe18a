"""Which columns each exported file has, and how one chunk of the company fills them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from duckdb import DuckDBPyConnection

from kexiao.demo import aftersales, calendar, leads, orders, people, setting
from kexiao.demo.calendar import date_of, day_of
from kexiao.demo.costs import Cost
from kexiao.demo.files import Dress, write_csv, write_rows, write_table, yuan
from kexiao.demo.lines import Products
from kexiao.demo.tables import Chunk, day_sql, fen_sql, pick_sql, put, time_sql
from kexiao.demo.workbook import Column

DUPLICATED = {2023: 0.0, 2024: 0.001, 2025: 0.001}
FEWEST_DUPLICATES = 3
BLANK_LINES = 12
ENCODINGS = {2023: "gb18030", 2024: "utf-8-sig", 2025: "utf-8"}
UNREADABLE_DATES = ("2023/2/30 10:15", "待补录")
UNREADABLE_AMOUNTS = ("#N/A", "待确认")
FileFacts = dict[str, Any]


def _order_columns(year: int) -> list[Column]:
    """Columns of an order file; 2023 was saved from Excel: short times, thousands separators."""
    early = year == 2023
    shape = "%Y/%-m/%-d %H:%M" if early else "%Y-%m-%d %H:%M:%S"
    when = f"strftime({time_sql('o.day', 'o.second')}, '{shape}')"
    paid = fen_sql("l.paid", thousands=early)
    return [
        Column("订单号", "o.code"),
        Column("下单时间", _spoilt(orders.BAD_DATE, UNREADABLE_DATES, when)),
        Column("订单状态", pick_sql(orders.STATUS_WORDS, "o.status")),
        Column("客户编号", "c.code"),
        Column("客户姓名", "c.name"),
        Column("手机号", "c.phone"),
        Column("渠道", "h.word"),
        Column("门店/团队", "t.word"),
        Column("大区", "p.region"),
        Column("省份", "p.word"),
        Column("导购", "s.word"),
        Column("商品编号", "g.code"),
        Column("商品名称", "g.name"),
        Column("商品类别", "g.category"),
        Column("数量", "l.quantity"),
        Column("单价", fen_sql("g.price", thousands=early)),
        Column("优惠金额", fen_sql("g.price * l.quantity - l.paid", thousands=early)),
        Column("实付金额", _spoilt(orders.BAD_AMOUNT, UNREADABLE_AMOUNTS, paid)),
        Column("成本", fen_sql("g.cost * l.quantity", thousands=early)),
        Column("活动编号", "a.word"),
    ]


def _spoilt(mess: int, words: tuple[str, str], sound: str) -> str:
    return f"CASE WHEN o.mess = {mess} THEN {pick_sql(words, '(o.id % 2)')} ELSE {sound} END"


_ORDER_SOURCE = """
    FROM written w JOIN lines l ON l.id = w.line JOIN orders o ON o.id = l."order"
    LEFT JOIN people c ON c.id = o.customer JOIN channels h ON h.id = o.channel JOIN teams t ON t.id = o.team
    JOIN provinces p ON p.id = o.province LEFT JOIN sellers s ON s.id = o.seller
    JOIN products g ON g.id = l.product LEFT JOIN campaigns a ON a.id = o.campaign
    ORDER BY w.position"""


def write_orders(
    rng: np.random.Generator, connection: DuckDBPyConnection, chunk: Chunk, folder: Path
) -> dict[str, FileFacts]:
    """The order files of one chunk, a year each, and what is in them, counted while writing."""
    first_part = chunk.part in ("", "_01")
    written = {}
    for year in calendar.YEARS:
        path = folder / f"订单明细_{year}{chunk.part}.csv"
        start = day_of(calendar.FIRST_DAY.replace(year=year))
        day = chunk.orders.day[chunk.lines.order]
        lines = np.flatnonzero((day >= start) & (day < day_of(calendar.FIRST_DAY.replace(year=year + 1))))
        copies = _copies(rng, chunk, lines, year)
        rows = np.repeat(lines, copies)
        put(connection, "written", {"position": np.arange(len(rows)), "line": rows})
        dress = _dress(rng, chunk, rows, year) if first_part else Dress(ENCODINGS[year])
        write_csv(connection, _order_columns(year), _ORDER_SOURCE, path, dress)
        written[path.name] = _order_facts(chunk, lines, rows, dress)
    return written


def _copies(rng: np.random.Generator, chunk: Chunk, lines: calendar.Integers, year: int) -> calendar.Integers:
    """How often each line is written: a few good ones twice."""
    copies = np.ones(len(lines), dtype=np.int64)
    good = np.flatnonzero(chunk.orders.kind[chunk.lines.order[lines]] != orders.BROKEN)
    if DUPLICATED[year] and len(good):
        wanted = min(max(FEWEST_DUPLICATES, round(len(good) * DUPLICATED[year])), len(good))
        copies[rng.choice(good, wanted, replace=False)] = 2
    return copies


def _dress(rng: np.random.Generator, chunk: Chunk, rows: calendar.Integers, year: int) -> Dress:
    if year == 2023:
        title = f"{setting.COMPANY} 2023 年订单明细（导出时间 2024-01-03 09:12）"
        return Dress(ENCODINGS[year], newline="\r\n", title=title)
    if year == 2024:
        after = rng.choice(np.arange(1, len(rows)), min(BLANK_LINES, len(rows) - 1), replace=False)
        return Dress(ENCODINGS[year], blank_after=tuple(sorted(after.tolist())))
    readable = rows[chunk.orders.mess[chunk.lines.order[rows]] != orders.BAD_AMOUNT]
    total = [""] * len(_order_columns(year))
    total[0] = "合计"
    total[14] = str(int(chunk.lines.quantity[rows].sum()))
    total[17] = yuan(int(chunk.lines.paid[readable].sum()))
    return Dress(ENCODINGS[year], total=tuple(total))


def _order_facts(chunk: Chunk, lines: calendar.Integers, rows: calendar.Integers, dress: Dress) -> FileFacts:
    """The exact count of each kind of row: data_rows = good + duplicate + bad date + bad amount."""
    order = chunk.lines.order[lines]
    mess, kind, customer = chunk.orders.mess[order], chunk.orders.kind[order], chunk.orders.customer[order]
    good = mess == orders.NO_MESS
    extra = {
        "title_rows": int(dress.title is not None),
        "header_rows": 1,
        "blank_lines": len(dress.blank_after),
        "total_rows": int(dress.total is not None),
    }
    return {
        "encoding": {"gb18030": "GB18030", "utf-8-sig": "UTF-8 with BOM", "utf-8": "UTF-8"}[dress.encoding],
        "physical_lines": len(rows) + sum(extra.values()),
        **extra,
        "data_rows": len(rows),
        "good_rows": int(good.sum()),
        "duplicate_rows": len(rows) - len(lines),
        "bad_date_rows": int((mess == orders.BAD_DATE).sum()),
        "bad_amount_rows": int((mess == orders.BAD_AMOUNT).sum()),
        "rows_with_thousands_separators": int((good & (chunk.lines.paid[lines] >= 100_000)).sum())
        if dress.encoding == "gb18030"
        else 0,
        "good_orders": len(np.unique(order[good])),
        "test_orders": len(np.unique(order[good & (kind == orders.TEST)])),
        "anonymous_orders": len(np.unique(order[good & (customer == orders.NOBODY)])),
        "cancelled_or_unpaid_orders": len(np.unique(order[good & (kind == orders.ABANDONED)])),
        "refunded_orders": len(np.unique(order[good & (chunk.orders.status[order] == orders.REFUNDED)])),
        "good_rows_paid_fen": int(chunk.lines.paid[lines[good]].sum()),
    }


def write_others(connection: DuckDBPyConnection, chunk: Chunk, folder: Path, workbooks: bool) -> dict[str, FileFacts]:
    """Customers, refunds, surveys, complaints, leads and campaign lists of one chunk."""
    found = {}
    for stem, (columns, rest, small) in _others().items():
        workbook = small and workbooks
        path = write_table(connection, columns, rest, folder / stem, workbook=workbook, part=chunk.part)
        counted = connection.execute(f"SELECT count(*) {rest.split('ORDER BY')[0]}").fetchone()
        rows = int(counted[0]) if counted else 0
        found[path.name] = {"encoding": "xlsx" if workbook else "UTF-8 with BOM", "data_rows": rows}
    return found


_Sheet = tuple[list[Column], str, bool]


def _others() -> dict[str, _Sheet]:
    return {
        "客户资料": _customers(),
        "退款明细": _refunds(),
        "满意度调查": _answers(),
        "投诉记录": _complaints(),
        "销售线索": _leads(),
        "活动名单": _participations(),
    }


def _customers() -> _Sheet:
    columns = [
        Column("客户编号", "c.code"),
        Column("姓名", "c.name"),
        Column("手机", "c.phone"),
        Column("邮箱", "c.email"),
        Column("生日", "c.birthday", "date"),
        Column("性别", "c.gender"),
        Column("注册日期", day_sql("c.birth - c.registered_before"), "date"),
        Column("首次购买日期", day_sql("c.birth"), "date"),
        Column("获客渠道", "h.word"),
        Column("获客活动", "a.word"),
        Column("大区", "p.region"),
        Column("省份", "p.word"),
        Column("会员等级", "c.level"),
    ]
    rest = """FROM people c JOIN channels h ON h.id = c.channel JOIN provinces p ON p.id = c.province
        LEFT JOIN campaigns a ON a.id = c.campaign WHERE c.id >= 0 ORDER BY c.id"""
    return columns, rest, True


def _refunds() -> _Sheet:
    columns = [
        Column("退款单号", "'TK' || substr(o.code, 3)"),
        Column("订单号", "o.code"),
        Column("客户编号", "c.code"),
        Column("退款时间", time_sql("r.day", "r.second"), "time"),
        Column("退款金额", fen_sql("r.amount"), "number"),
        Column("退回成本", fen_sql("r.cost"), "number"),
        Column("退款原因", pick_sql(aftersales.REASONS, "r.reason")),
    ]
    rest = """FROM refunds r JOIN orders o ON o.id = r."order" LEFT JOIN people c ON c.id = o.customer ORDER BY r.id"""
    return columns, rest, True


def _answers() -> _Sheet:
    nps = f"n.measure = {aftersales.NPS}"
    year = f"year({day_sql('n.day')}) || 'Q' || quarter({day_sql('n.day')})"
    columns = [
        Column("答卷编号", "'DJ' || substr(c.code, 2) || lpad(n.id::VARCHAR, 7, '0')"),
        Column("问卷", f"{year} || ' 客户调查'"),
        Column("题目", f"CASE WHEN {nps} THEN '您有多大可能把我们推荐给朋友' ELSE '您对这次购物是否满意' END"),
        Column("量表", f"CASE WHEN {nps} THEN 'NPS' ELSE 'CSAT' END"),
        Column("得分", "n.score", "number"),
        Column("方式", pick_sql(("网络", "电话", "面访"), "n.mode")),
        Column("渠道", "h.word"),
        Column("客户编号", "c.code"),
        Column("答卷时间", time_sql("n.day", "n.second"), "time"),
    ]
    rest = "FROM answers n JOIN people c ON c.id = n.customer JOIN channels h ON h.id = n.channel ORDER BY n.id"
    return columns, rest, True


def _complaints() -> _Sheet:
    resolved = f"CASE WHEN k.resolved >= 0 THEN strftime({time_sql('k.resolved', '36000')}, '%Y-%m-%d %H:%M:%S') END"
    columns = [
        Column("投诉编号", "'TS' || substr(o.code, 3)"),
        Column("客户编号", "c.code"),
        Column("订单号", "o.code"),
        Column("投诉时间", f"strftime({time_sql('k.day', 'k.second')}, '%Y-%m-%d %H:%M:%S')"),
        Column("渠道", "h.word"),
        Column("类别", pick_sql(aftersales.COMPLAINTS, "k.category")),
        Column("解决时间", resolved),
    ]
    rest = """FROM complaints k JOIN orders o ON o.id = k."order" JOIN people c ON c.id = o.customer
        JOIN channels h ON h.id = o.channel ORDER BY k.id"""
    return columns, rest, False


def _leads() -> _Sheet:
    columns = [
        Column(
            "线索编号", f"'XS' || strftime({day_sql('l.day')}, '%y%m%d') || lpad((l.id + f.id + 1)::VARCHAR, 8, '0')"
        ),
        Column("创建时间", f"strftime({time_sql('l.day', 'l.second')}, '%Y-%m-%d %H:%M:%S')"),
        Column("渠道", "h.word"),
        Column("活动", "CASE WHEN l.customer >= 0 THEN a.word END"),
        Column("门店/团队", "t.word"),
        Column("大区", "p.region"),
        Column("客户编号", "c.code"),
        Column(
            "合格时间",
            f"CASE WHEN l.qualified >= 0 THEN strftime({time_sql('l.qualified', '34200')}, '%Y-%m-%d %H:%M:%S') END",
        ),
        Column("状态", pick_sql(leads.STATUS_WORDS, "l.status")),
        Column("负责人", "s.word"),
    ]
    rest = """FROM leads l JOIN channels h ON h.id = l.channel JOIN teams t ON t.id = l.team JOIN sellers s ON s.id = l.seller
        JOIN provinces p ON p.id = l.province LEFT JOIN people c ON c.id = l.customer
        LEFT JOIN campaigns a ON a.id = c.campaign CROSS JOIN first_lead f ORDER BY l.id"""
    return columns, rest, False


def _participations() -> _Sheet:
    columns = [
        Column("活动编号", "a.word"),
        Column("客户编号", "c.code"),
        Column("分组", "CASE WHEN m.treated THEN '实验组' ELSE '对照组' END"),
        Column("参与方式", "CASE WHEN m.treated THEN CASE WHEN m.customer % 5 = 0 THEN '线下' ELSE '线上' END END"),
        Column("参与日期", f"strftime({day_sql('m.day')}, '%Y-%m-%d')"),
    ]
    rest = """FROM arms m JOIN campaigns a ON a.id = m.campaign JOIN people c ON c.id = m.customer
        ORDER BY m.campaign, m.customer"""
    return columns, rest, False


def write_company(
    folder: Path, staff: people.Staff, products: Products, costs: list[Cost], budgets: dict[str, int]
) -> dict[str, FileFacts]:
    """The files that do not grow with the customers: products, staff, campaigns, spend."""
    names = products.names()
    goods = [(*names[i], yuan(int(products.price[i])), yuan(int(products.cost[i]))) for i in range(len(names))]
    terms = [(s.number, s.name, s.team, s.region, s.since, s.until or "") for s in staff.sellers]
    campaigns = [
        (c.code, c.name, setting.CHANNELS[c.channel].name, c.start, c.end, c.goal, yuan(budgets[c.code]))
        for c in setting.CAMPAIGNS
    ]
    spent = [(date_of(c.day), c.channel, c.campaign, c.category, c.purpose, yuan(c.fen)) for c in costs]
    tables: dict[str, tuple[tuple[str, ...], list[Any]]] = {
        "商品资料.csv": (("商品编号", "商品名称", "商品类别", "标价", "成本价"), goods),
        "员工.csv": (("员工编号", "姓名", "团队", "大区", "入职日期", "离职日期"), terms),
        "市场活动.csv": (("活动编号", "名称", "渠道", "开始日期", "结束日期", "目标", "预算"), campaigns),
        "投放费用.csv": (("日期", "渠道", "活动", "费用类型", "用途", "金额"), spent),
    }
    for name, (header, rows) in tables.items():
        write_rows(folder / name, header, rows)
    return {name: {"encoding": "UTF-8 with BOM", "data_rows": len(rows)} for name, (_, rows) in tables.items()}
