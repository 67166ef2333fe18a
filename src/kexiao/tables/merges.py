"""Which customers are one: every merge with its day, its author and its reasons, and when it was taken back."""

from __future__ import annotations

from kexiao.tables.description import Column, Table
from kexiao.text import Text

merges = Table(
    name="merges",
    label=Text(zh="客户合并", en="Merges"),
    one_row=Text(
        zh="一次合并：一个客户编号并入另一个；撤销后这一行仍在，并写明撤销时间。",
        en="One merge of a customer number into another; once undone the row stays, with the time.",
    ),
    key=("merge_id",),
    columns=(
        Column(
            "merge_id",
            "integer",
            Text(zh="合并编号", en="Merge"),
            Text(zh="合并的编号。", en="The number of the merge."),
            required=True,
        ),
        Column(
            "customer_id",
            "customer",
            Text(zh="被并入的客户", en="Customer merged"),
            Text(zh="不再单独计数的客户。", en="The customer that is no longer counted alone."),
            required=True,
            privacy="pseudonym",
        ),
        Column(
            "into_id",
            "customer",
            Text(zh="并入", en="Merged into"),
            Text(zh="保留的客户。", en="The customer that stays."),
            required=True,
            privacy="pseudonym",
        ),
        Column(
            "merged_at",
            "instant",
            Text(zh="合并时间", en="Merged at"),
            Text(zh="合并的时刻。", en="When they were merged."),
            required=True,
        ),
        Column(
            "merged_by",
            "text",
            Text(zh="合并人", en="Merged by"),
            Text(zh="由谁合并。", en="Who merged them."),
            privacy="employee",
        ),
        Column(
            "way",
            "choice",
            Text(zh="方式", en="Way"),
            Text(zh="人工或按规则。", en="By a person or by the rule."),
            choices=("hand", "rule"),
        ),
        Column(
            "probability",
            "rate",
            Text(zh="匹配概率", en="Match probability"),
            Text(zh="按匹配权重算出的概率；人工合并可为空。", en="By the match weights; null for a merge by hand."),
            minimum=0,
            maximum=1,
        ),
        Column(
            "reasons",
            "text",
            Text(zh="理由", en="Reasons"),
            Text(
                zh="哪些字段一致或不一致及其权重（JSON），不含字段内容。",
                en="Which fields agree or differ and their weights, as JSON; never what they hold.",
            ),
        ),
        Column(
            "undone_at",
            "instant",
            Text(zh="撤销时间", en="Undone at"),
            Text(zh="合并被撤销的时刻；空为仍然有效。", en="When it was taken back; null while it holds."),
        ),
        Column(
            "undone_by",
            "text",
            Text(zh="撤销人", en="Undone by"),
            Text(zh="由谁撤销。", en="Who took it back."),
            privacy="employee",
        ),
    ),
    group="decisions",
)
