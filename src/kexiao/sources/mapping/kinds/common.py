"""Fields that several kinds of sheet share."""

from __future__ import annotations

from kexiao.sources.mapping.fields import Field
from kexiao.text import Text

_PEOPLE = ("客户", "会员", "顾客", "买家", "用户", "收货人", "收件人", "联系人")


def _of_people(*names: str) -> tuple[str, ...]:
    """What exports call a thing of a person: 会员手机, 收货人电话."""
    return tuple(f"{who}{name}" for name in names for who in _PEOPLE)


ORDER_ID = Field(
    "order_id",
    "key",
    Text(zh="订单号", en="order id"),
    (
        "订单号", "订单编号", "订单id", "主订单编号", "主订单号", "交易编号", "交易单号", "销售单号", "小票号", "小票编号", "流水号", "订单流水号", "单据编号", "单据号", "单号", "合同编号", "合同号",
        "訂單號", "訂單編號", "订单", "orderid", "orderno", "ordernumber", "ordercode", "invoiceno", "invoiceid", "invoice", "transactionid", "receiptno", "contractno", "contractid", "order",
    ),
    required=True,
)  # fmt: skip
CUSTOMER_ID = Field(
    "customer_id",
    "key",
    Text(zh="客户编号", en="customer id"),
    (
        "customeruniqueid", "客户编号", "客户id", "客户号", "客户编码", "客户代码", "会员编号", "会员号", "会员id", "会员卡号", "会员卡", "用户id", "用户编号", "顾客编号",
        "顾客id", "买家id", "买家会员名", "买家会员", "买家昵称", "客戶編號", "openid", "customerid", "customerno", "customernumber", "customercode", "clientid",
        "userid", "memberid", "memberno", "buyerid", "accountid", "accountnameid", "custid",
    ),
    personal=True,
)  # fmt: skip
NAME = Field(
    "customer_name",
    "text",
    Text(zh="客户姓名", en="customer name"),
    (
        "客户姓名", "客户名称", "收货人", "姓名", "联系人", "客户", "顾客", "会员", "用户名", "客戶姓名", "公司名称",
        "企业名称", "customername", "clientname", "buyername", "billingname", "fullname", "name", "customer", "accountname", "client", "buyer", "contactname",
        *_of_people("姓名", "名称", "名字"),
    ),
    personal=True,
)  # fmt: skip
PHONE = Field(
    "phone",
    "phone",
    Text(zh="手机号", en="phone"),
    (
        "手机号", "手机号码", "手机", "联系手机", "联系电话", "电话", "电话号码", "联系方式", "手機號", "手機", "phone", "phonenumber",
        "mobile", "mobilephone", "mobileno", "cellphone", "telephone", "tel", "billingphone", "customerphone", "customermobile", "buyerphone", "buyermobile", "receiverphone", "receivermobile",
        *_of_people("手机号", "手机号码", "手机", "电话", "联系电话", "电话号码", "联系方式"),
    ),
    personal=True,
)  # fmt: skip
EMAIL = Field(
    "email",
    "email",
    Text(zh="邮箱", en="e-mail"),
    (
        "邮箱",
        "电子邮箱",
        "邮件",
        "电子邮件",
        "邮箱地址",
        "email",
        "emailaddress",
        "mail",
        "customeremail",
        "buyeremail",
        *_of_people("邮箱", "电子邮箱", "邮件"),
    ),
    personal=True,
)
WECHAT = Field(
    "wechat",
    "text",
    Text(zh="微信", en="WeChat"),
    ("微信号", "微信", "微信id", "unionid", "wechat", "wechatid", *_of_people("微信号", "微信")),
    personal=True,
)
BIRTHDAY = Field(
    "birthday",
    "birthday",
    Text(zh="生日", en="birthday"),
    (
        "生日",
        "出生日期",
        "出生年月日",
        "出生年月",
        "birthday",
        "birthdate",
        "dateofbirth",
        "dob",
        *_of_people("生日", "出生日期"),
    ),
    personal=True,
)
GENDER = Field(
    "gender", "text", Text(zh="性别", en="gender"), ("性别", "gender", "sex", *_of_people("性别")), personal=True
)
CHANNEL = Field(
    "channel",
    "text",
    Text(zh="渠道", en="channel"),
    (
        "渠道", "销售渠道", "订单渠道", "成交渠道", "渠道名称", "投放渠道", "来源渠道", "订单来源", "平台", "电商平台", "来源", "channel", "saleschannel", "orderchannel",
        "source", "ordersource", "platform", "leadsource", "utmsource",
    ),
)  # fmt: skip
CAMPAIGN = Field(
    "campaign",
    "key",
    Text(zh="活动编号", en="campaign"),
    (
        "活动编号", "活动id", "活动代码", "活动", "营销活动", "市场活动", "推广活动", "活动名称", "campaignid", "campaigncode", "campaign", "campaignname", "campaignsource",
        "utmcampaign", "promotion",
    ),
)  # fmt: skip
REGION = Field(
    "region",
    "text",
    Text(zh="大区", en="region"),
    (
        "大区", "地区", "区域", "销售区域", "所属大区", "省份", "省自治区", "省", "所在省份", "地域", "region", "salesregion", "area", "province", "state",
        "customerstate",
    ),
)  # fmt: skip
TEAM = Field(
    "team",
    "text",
    Text(zh="门店 / 团队", en="team or store"),
    (
        "门店团队", "门店", "门店名称", "团队", "店铺", "店铺名称", "所属门店", "所属团队", "部门", "所属部门", "team", "store", "storename", "shop", "shopname", "branch",
        "department",
    ),
)  # fmt: skip
SALESPERSON = Field(
    "salesperson",
    "key",
    Text(zh="销售员", en="salesperson"),
    (
        "导购编号", "销售员编号", "员工编号", "导购", "导购员", "销售员", "业务员", "销售人员", "店员", "负责人", "客户经理", "跟进人", "归属人", "销售", "salesperson", "salesrep",
        "salespersonid", "staffid", "employeeid", "employee", "owner", "dealowner", "leadowner", "agent",
    ),
)  # fmt: skip
NOTE = Field(
    "note",
    "free_text",
    Text(zh="备注", en="note"),
    (
        "备注",
        "订单备注",
        "买家留言",
        "买家备注",
        "卖家备注",
        "客户备注",
        "备注信息",
        "備註",
        "留言",
        "note",
        "notes",
        "remark",
        "remarks",
        "memo",
        "comment",
    ),
)
UPDATED_AT = Field(
    "updated_at",
    "instant",
    Text(zh="更新时间", en="updated at"),
    (
        "更新时间", "修改时间", "最后更新时间", "最后修改时间", "最近修改时间", "updatedat", "updatetime", "updated", "modifiedtime", "modifiedat", "lastmodified",
        "lastupdated",
    ),
)  # fmt: skip
PRODUCT_ID = Field(
    "product_id",
    "key",
    Text(zh="商品编号", en="product id"),
    (
        "商品编号", "商品id", "商品编码", "商品代码", "产品编号", "产品id", "产品编码", "货号", "sku", "sku编码", "skuid", "款号", "条码", "商品条码", "productid", "productcode",
        "productno", "itemid", "itemcode", "stockcode", "lineitemsku",
    ),
)  # fmt: skip
PRODUCT_NAME = Field(
    "product_name",
    "text",
    Text(zh="商品名称", en="product name"),
    (
        "商品名称", "产品名称", "品名", "货品名称", "宝贝标题", "商品标题", "商品", "产品", "宝贝名称", "productname", "itemname", "producttitle", "lineitemname", "product", "item",
        "description",
    ),
)  # fmt: skip
CATEGORY = Field(
    "category",
    "text",
    Text(zh="商品类别", en="category"),
    (
        "商品类别", "产品类别", "商品分类", "品类", "类别", "类目", "商品类目", "一级类目", "大类", "分类", "productcategory", "productcategoryname", "category", "categoryname",
    ),
)  # fmt: skip
SUBCATEGORY = Field(
    "subcategory",
    "text",
    Text(zh="商品子类", en="subcategory"),
    ("商品子类", "子类别", "子类", "二级类目", "小类", "中类", "subcategory", "productsubcategory"),
)
PERSON = (CUSTOMER_ID, NAME, PHONE, EMAIL, WECHAT, BIRTHDAY, GENDER)
PERIOD = Field(
    "period",
    "text",
    Text(zh="时段", en="period"),
    ("时段", "期间", "周期", "统计期", "月份", "季度", "年份", "年度", "period", "month", "quarter", "year"),
)
FROM_ON = Field(
    "from_on",
    "date",
    Text(zh="开始日期", en="from"),
    ("开始日期", "起始日期", "生效日期", "开始时间", "fromon", "startdate", "from", "start"),
)
TO_ON = Field(
    "to_on",
    "date",
    Text(zh="结束日期", en="to"),
    ("结束日期", "截止日期", "失效日期", "结束时间", "toon", "enddate", "to", "end"),
)
_YEAR = "CAST(nullif(regexp_extract(trim(period), '^(\\d{4})', 1), '') AS INTEGER)"
_QUARTER = "nullif(regexp_extract(trim(period), '(?i)^\\d{4}\\D{0,3}(?:q|第)([1-4一二三四])', 1), '')"
_MONTH = "CAST(nullif(regexp_extract(trim(period), '^\\d{4}[-/.年]?(0?[1-9]|1[0-2])(?:月|[-/.]0?1)?$', 1), '') AS INTEGER)"  # fmt: skip
_IN_YEAR = "regexp_full_match(trim(period), '\\d{4}年?')"
_QUARTERS = f"coalesce(TRY_CAST({_QUARTER} AS INTEGER), nullif(position({_QUARTER} IN '一二三四'), 0))"


def _day(of_month: str, of_quarter: str, of_year: str) -> str:
    return (
        f"CASE WHEN {_IN_YEAR} THEN {of_year} WHEN {_QUARTER} IS NOT NULL THEN {of_quarter} "
        f"WHEN {_MONTH} IS NOT NULL THEN {of_month} END"
    )


FIRST_DAY = f"coalesce(from_on, {_day(f'make_date({_YEAR}, {_MONTH}, 1)', f'make_date({_YEAR}, 3 * {_QUARTERS} - 2, 1)', f'make_date({_YEAR}, 1, 1)')})"  # fmt: skip
LAST_DAY = f"coalesce(to_on, {_day(f'last_day(make_date({_YEAR}, {_MONTH}, 1))', f'last_day(make_date({_YEAR}, 3 * {_QUARTERS}, 1))', f'make_date({_YEAR}, 12, 31)')})"  # fmt: skip
"""The first and the last day of a row that names both, or a period such as 2025, 2025Q3, 2025年第三季度 or 2025-03."""
