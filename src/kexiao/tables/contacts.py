"""The only place where personal data of customers stand; unversioned, so that a person can be erased."""

from __future__ import annotations

from kexiao.tables.description import CUSTOMER, Column, Table
from kexiao.text import Text

contacts = Table(
    name="contacts",
    label=Text(zh="联系方式", en="Contacts"),
    one_row=Text(zh="一位客户在一个来源中的个人信息。", en="The personal data of one customer in one source."),
    key=("customer_id", "origin"),
    columns=(
        CUSTOMER,
        Column(
            "origin",
            "text",
            Text(zh="来源", en="Origin"),
            Text(zh="数据来自哪个系统。", en="The system it came from."),
            required=True,
        ),
        Column(
            "source_id",
            "text",
            Text(zh="来源编号", en="Source id"),
            Text(zh="来源系统中的客户编号。", en="The id in the source."),
            privacy="personal",
        ),
        Column(
            "name", "text", Text(zh="姓名", en="Name"), Text(zh="姓名或企业名称。", en="The name."), privacy="personal"
        ),
        Column(
            "phone",
            "text",
            Text(zh="手机", en="Phone"),
            Text(zh="手机号码。", en="The phone number."),
            privacy="personal",
        ),
        Column(
            "email",
            "text",
            Text(zh="邮箱", en="E-mail"),
            Text(zh="电子邮箱。", en="The e-mail address."),
            privacy="personal",
        ),
        Column(
            "wechat", "text", Text(zh="微信", en="WeChat"), Text(zh="微信号。", en="The WeChat id."), privacy="personal"
        ),
        Column(
            "birthday",
            "date",
            Text(zh="生日", en="Birthday"),
            Text(zh="出生日期。", en="The date of birth."),
            privacy="personal",
        ),
        Column("gender", "text", Text(zh="性别", en="Gender"), Text(zh="性别。", en="The gender."), privacy="personal"),
    ),
    group="personal",
    versioned=False,
)

PERSONAL = ("name", "phone", "email", "wechat", "birthday", "gender")
"""What a source may say of a person."""
