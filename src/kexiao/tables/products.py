"""What is sold."""

from __future__ import annotations

from kexiao.tables.description import Column, Table
from kexiao.text import Text

products = Table(
    name="products",
    label=Text(zh="商品", en="Products"),
    one_row=Text(zh="一行一个商品。", en="One product."),
    key=("product_id",),
    columns=(
        Column(
            "product_id",
            "key",
            Text(zh="商品编号", en="Product id"),
            Text(zh="商品编号。", en="The product number."),
            required=True,
        ),
        Column("name", "text", Text(zh="商品名称", en="Name"), Text(zh="商品名称。", en="The name of the product.")),
        Column("category", "text", Text(zh="商品类别", en="Category"), Text(zh="商品类别。", en="The category.")),
        Column(
            "subcategory",
            "text",
            Text(zh="商品子类", en="Subcategory"),
            Text(zh="商品子类。", en="The finer category."),
        ),
        Column(
            "tier", "text", Text(zh="档次", en="Tier"), Text(zh="档次，用于升级销售。", en="The tier, for up-selling.")
        ),
        Column("price", "money", Text(zh="标价", en="List price"), Text(zh="标价。", en="The list price."), minimum=0),
        Column(
            "cost",
            "money",
            Text(zh="成本价", en="Unit cost"),
            Text(zh="单位成本。", en="The cost of one unit."),
            minimum=0,
        ),
    ),
)
