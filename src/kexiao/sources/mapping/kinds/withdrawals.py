"""Records that a source has deleted, as connectors hand them on; no heading of a user's file leads here."""

from __future__ import annotations

from kexiao.sources.mapping.fields import Field, SheetKind
from kexiao.text import Text

KIND = SheetKind(
    name="withdrawals",
    label=Text(zh="来源已删除的记录", en="records deleted at the source"),
    fields=(
        Field("record_kind", "key", Text(zh="种类", en="kind"), (), required=True),
        Field("record_id", "key", Text(zh="记录编号", en="record id"), (), required=True),
        Field("origin", "text", Text(zh="来源", en="origin"), ()),
        Field("withdrawn_at", "instant", Text(zh="删除时间", en="deleted at"), (), required=True),
    ),
    needs=(("record_kind",), ("record_id",), ("withdrawn_at",)),
    signs=("record_kind", "record_id", "withdrawn_at"),
)
