"""Reviews of products on platforms, with stars."""

from dataclasses import replace

from kexiao.sources.mapping.fields import Field, SheetKind
from kexiao.sources.mapping.kinds.common import CHANNEL, CUSTOMER_ID, NAME, ORDER_ID, PHONE, PRODUCT_ID, UPDATED_AT
from kexiao.sources.mapping.making import Makes
from kexiao.text import Text

KIND = SheetKind(
    name="reviews",
    label=Text(zh="商品评价", en="reviews"),
    fields=(
        Field("review_id", "key", Text(zh="评价编号", en="review id"), ("商品评价编号", "商品评价id", "评价编号", "评价id", "评论编号", "评论id", "productreviewid", "ratingid"), required=True),
        CUSTOMER_ID,
        NAME,
        PHONE,
        replace(ORDER_ID, required=False),
        PRODUCT_ID,
        CHANNEL,
        Field("reviewed_at", "instant", Text(zh="评价时间", en="reviewed at"), ("评价时间", "评论时间", "评价日期", "评论日期", "发表时间", "reviewedat", "reviewedon", "reviewdate", "date", "日期"), required=True, past=True),
        Field("stars", "number", Text(zh="星级", en="stars"), ("星级", "评价星级", "商品星级", "星级评分", "stars", "starrating"), required=True),
        Field("comment", "free_text", Text(zh="评价内容", en="comment"), ("评价内容", "评论内容", "评价", "评论", "reviewtext", "comment", "review")),
        UPDATED_AT,
    ),
    needs=(("review_id",), ("reviewed_at",), ("stars",)),
    signs=("review_id", "stars"),
    stems=("商品评价", "评论", "stars"),
)  # fmt: skip

MAKES = (Makes("reviews", {"customer_id": "_person"}),)
