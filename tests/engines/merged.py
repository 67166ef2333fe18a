"""A workspace with two customers who are one, for what must hold on every engine that reads its files."""

from __future__ import annotations

from pathlib import Path

from collecting import Company

from kexiao.cycle.customers import customer_named, opened
from kexiao.cycle.merging import merge_customers

ORDERS = """
    订单号 | 下单时间            | 金额  | 状态   | 客户编号 | 渠道
    1      | 2025-01-05 00:30:00 | 100.1 | 已完成 | A        | 门店
    2      | 2025-02-05 10:00:00 | 50    | 已完成 | B        | 微信
    3      | 2025-02-28 23:59:59 | 70    | 已完成 | C        | it's
    4      | 2025-03-07 10:00:00 | 30    | 已完成 | A        | 天猫
    5      | 2025-03-09 10:00:00 | 20    | 已退款 | B        | 微信
    6      | 2025-04-01 00:10:00 | 25    | 已完成 |          | 天猫
"""


def merged_company(root: Path) -> Company:
    """Six orders of A, B and C, and one of nobody; C is A."""
    company = Company(root)
    company.load(ORDERS)
    with opened(company.folder) as at:
        stays, other = customer_named(at, "A"), customer_named(at, "C")
    merge_customers(company.folder, stays, [other])
    return company
