"""Products: what is sold."""

from dataclasses import replace

from kexiao.sources.mapping.fields import Field, SheetKind
from kexiao.sources.mapping.kinds.common import CATEGORY, PRODUCT_ID, PRODUCT_NAME, SUBCATEGORY, UPDATED_AT
from kexiao.sources.mapping.making import Makes
from kexiao.text import Text

KIND = SheetKind(
    name="products",
    label=Text(zh="商品", en="products"),
    fields=(
        PRODUCT_ID,
        replace(PRODUCT_NAME, words=(*PRODUCT_NAME.words, "名称", "name", "标题", "title")),
        CATEGORY,
        SUBCATEGORY,
        Field("tier", "text", Text(zh="档次", en="tier"), ("档次", "价格带", "等级", "tier", "grade")),
        Field("price", "money", Text(zh="标价", en="list price"), ("标价", "吊牌价", "零售价", "售价", "单价", "价格", "市场价", "price", "listprice", "unitprice", "retailprice"), strict=True),
        Field("cost", "money", Text(zh="成本价", en="unit cost"), ("成本价", "单位成本", "成本", "进价", "采购价", "cost", "unitcost", "costprice"), strict=True),
        UPDATED_AT,
    ),
    needs=(("product_id", "product_name"), ("category", "price", "cost", "product_name")),
    signs=("product_id", "category", "price", "cost"),
)  # fmt: skip

MAKES = (Makes("products", {"product_id": "coalesce(product_id, product_name)", "name": "product_name"}),)
