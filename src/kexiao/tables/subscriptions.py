"""What customers are bound by for a time: contracts and subscriptions, a row a term."""

from __future__ import annotations

from kexiao.tables.description import CAMPAIGN, CHANNEL, CUSTOMER, REGION, SALESPERSON, TEAM, Column, Table
from kexiao.text import Text

STATUSES = ("draft", "signed", "ended", "void")

subscriptions = Table(
    name="subscriptions",
    label=Text(zh="合同与订阅", en="Contracts and subscriptions"),
    one_row=Text(
        zh="一位客户的一份合同或一期订阅；续约是新的一行。",
        en="One contract or term of a subscription of one customer; a renewal is a row of its own.",
    ),
    key=("contract_id",),
    columns=(
        Column("contract_id", "key", Text(zh="合同编号", en="Contract id"), Text(zh="合同或订阅编号。", en="The number of the contract or subscription."), required=True),
        CUSTOMER,
        Column("renews", "key", Text(zh="续自合同", en="Renews"), Text(zh="这一份续的是哪一份合同；没有时按客户与日期判断。", en="The contract that this one renews; where it is not said, customer and days decide.")),
        Column("plan", "text", Text(zh="方案", en="Plan"), Text(zh="合同约定的方案或套餐。", en="The plan agreed.")),
        Column("status", "choice", Text(zh="状态", en="Status"), Text(zh="草稿、已签、已终止或作废；草稿与作废的不计入，没有时视为已签。", en="Draft, signed, ended or void; drafts and void ones do not count; signed where it is not said."), choices=STATUSES),
        Column("from_on", "date", Text(zh="开始日期", en="From"), Text(zh="第一天。", en="First day."), required=True),
        Column("to_on", "date", Text(zh="到期日期", en="To"), Text(zh="约定的最后一天（含）；空为不定期，直到终止。", en="Last day agreed, included; empty where it runs until it is ended.")),
        Column("ended_on", "date", Text(zh="终止日期", en="Ended on"), Text(zh="提前终止时实际的最后一天（含）。", en="The actual last day, included, where it was ended early.")),
        Column("amount", "money", Text(zh="合同金额", en="Amount"), Text(zh="从开始到到期的金额。", en="What it comes to from its first day to its last."), minimum=0),
        Column("monthly_amount", "money", Text(zh="月费", en="Monthly amount"), Text(zh="每月的金额；没有时由合同金额按月数折算。", en="What it comes to a month; where it is not said, the amount by its months."), minimum=0),
        CHANNEL,
        CAMPAIGN,
        REGION,
        TEAM,
        SALESPERSON,
    ),
    date_column="from_on",
)  # fmt: skip
