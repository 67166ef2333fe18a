"""Customers: who they are, and by which id another system knows them."""

from dataclasses import replace

from kexiao.sources.mapping.fields import Field, SheetKind
from kexiao.sources.mapping.kinds.common import CAMPAIGN, CHANNEL, PERSON, REGION, UPDATED_AT
from kexiao.sources.mapping.making import Makes
from kexiao.text import Text

KIND = SheetKind(
    name="customers",
    label=Text(zh="客户", en="customers"),
    fields=(
        *PERSON,
        Field("link_id", "key", Text(zh="关联编号", en="link id"), ("customerid", "关联客户编号"), personal=True),
        Field("kind", "text", Text(zh="客户类型", en="kind"), ("客户类型", "客户性质", "类型", "customertype", "kind", "type")),
        Field("parent", "key", Text(zh="上级客户", en="parent account"), ("上级客户", "上级客户编号", "所属集团", "母公司", "parentaccount", "parentid"), personal=True),
        Field("registered_on", "date", Text(zh="注册日期", en="registered on"), ("注册日期", "注册时间", "建档日期", "入会日期", "入会时间", "创建时间", "创建日期", "开卡日期", "registeredon", "registrationdate", "signupdate", "createdat", "joindate", "dtcustomer"), past=True),
        Field("acquired_on", "date", Text(zh="首次购买日期", en="acquired on"), ("首次购买日期", "首次购买时间", "首单日期", "首单时间", "首次下单时间", "首次消费日期", "成交日期", "acquiredon", "firstpurchasedate", "firstorderdate"), past=True),
        replace(CHANNEL, name="acquisition_channel", words=("获客渠道", "首单渠道", "来源渠道", "注册渠道", "acquisitionchannel", *CHANNEL.words), label=Text(zh="获客渠道", en="acquisition channel")),
        replace(CAMPAIGN, name="acquisition_campaign", words=("获客活动", "来源活动", "acquisitioncampaign", *CAMPAIGN.words), label=Text(zh="获客活动", en="acquisition campaign")),
        REGION,
        Field("level", "text", Text(zh="会员等级", en="level"), ("会员等级", "客户等级", "等级", "会员级别", "级别", "level", "tier", "memberlevel", "customerlevel")),
        UPDATED_AT,
    ),
    needs=(("customer_id", "phone", "email", "customer_name"),),
    signs=("registered_on", "acquired_on", "level", "link_id", "birthday"),
)  # fmt: skip

MAKES = (Makes("customers", {"customer_id": "_person", "parent_id": "_parent"}, where="_person IS NOT NULL"),)
