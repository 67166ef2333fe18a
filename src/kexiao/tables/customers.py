"""Who the customers are, under a number of our own: the names lie in ``contacts``."""

from __future__ import annotations

from kexiao.tables.description import Column, Table
from kexiao.text import Text

customers = Table(
    name="customers",
    label=Text(zh="客户", en="Customers"),
    one_row=Text(
        zh="一行一位客户（个人或企业），不含个人信息。",
        en="One customer, a person or an account, without personal data.",
    ),
    key=("customer_id",),
    columns=(
        Column(
            "customer_id",
            "customer",
            Text(zh="客户", en="Customer"),
            Text(
                zh="系统内部的客户编号，由来源编号加密生成。",
                en="Our own number of the customer, a keyed hash of the source's.",
            ),
            required=True,
            privacy="pseudonym",
        ),
        Column(
            "kind",
            "text",
            Text(zh="客户类型", en="Kind"),
            Text(zh="个人、企业等类型。", en="A person, a company, a segment on file."),
        ),
        Column(
            "parent_id",
            "customer",
            Text(zh="上级客户", en="Parent account"),
            Text(zh="所属集团或上级客户。", en="The account this one belongs to."),
            privacy="pseudonym",
        ),
        Column(
            "registered_on",
            "date",
            Text(zh="注册日期", en="Registered on"),
            Text(zh="注册或建档日期，不等于首次购买。", en="The day of registration, not of the first purchase."),
        ),
        Column(
            "acquired_on",
            "date",
            Text(zh="成为客户日期", en="Acquired on"),
            Text(
                zh="企业记录的首次购买日期，可早于数据的第一天。",
                en="The first purchase as the company knows it; may be earlier than the data.",
            ),
        ),
        Column(
            "acquisition_channel",
            "text",
            Text(zh="获客渠道", en="Acquisition channel"),
            Text(zh="带来这位客户的渠道。", en="The channel that brought the customer."),
        ),
        Column(
            "acquisition_campaign",
            "text",
            Text(zh="获客活动", en="Acquisition campaign"),
            Text(zh="带来这位客户的市场活动。", en="The campaign that brought the customer."),
        ),
        Column(
            "region",
            "text",
            Text(zh="大区", en="Region"),
            Text(zh="客户所在大区或省份。", en="Where the customer lives."),
        ),
        Column(
            "level",
            "text",
            Text(zh="会员等级", en="Member level"),
            Text(zh="会员等级。", en="The level in the loyalty scheme."),
        ),
    ),
    group="who",
)
