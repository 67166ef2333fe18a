"""A list that translates the names of categories."""

from kexiao.sources.mapping.fields import Field, SheetKind
from kexiao.sources.mapping.kinds.common import CATEGORY
from kexiao.text import Text

KIND = SheetKind(
    name="category_names",
    label=Text(zh="类别名称对照", en="category names"),
    fields=(
        CATEGORY,
        Field(
            "translated",
            "text",
            Text(zh="译名", en="translated name"),
            (
                "productcategorynameenglish",
                "categorynameenglish",
                "categoryenglish",
                "类别英文名",
                "类别中文名",
                "productcategorynamechinese",
            ),
        ),
    ),
    needs=(("category",), ("translated",)),
    signs=("translated",),
)
