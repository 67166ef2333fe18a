"""Every kind of sheet: described in both languages, known in both, loaded, and loaded again without change."""

from __future__ import annotations

from pathlib import Path

import pytest
from collecting import Company, counts

from kexiao.sources.mapping.making import all_kinds
from kexiao.tables.catalogue import all_tables

SHEETS: dict[str, tuple[str, str]] = {
    "orders": (
        "订单号|下单时间|客户编号|金额\nA1|2025-01-01|c1|10\n",
        "order_id|order_date|customer_id|amount\nA1|2025-01-01|c1|10\n",
    ),
    "order_lines": (
        "订单号|行号|商品编号|数量|单价\nA1|1|P1|2|5\n",
        "order_id|order_item_id|product_id|quantity|unit_price\nA1|1|P1|2|5\n",
    ),
    "customers": (
        "客户编号|姓名|手机|注册日期|会员等级\nc1|王芳|13812345678|2024-12-01|金卡\n",
        "customer_id|name|phone|registration_date|level\nc1|Ann|13812345678|2024-12-01|gold\n",
    ),
    "products": (
        "商品编号|商品名称|商品类别|标价|成本价\nP1|红茶|茶|50|20\n",
        "product_id|product_name|category|price|cost\nP1|tea|drinks|50|20\n",
    ),
    "refunds": (
        "退款单号|订单号|退款时间|退款金额\nR1|A1|2025-01-05|3\n",
        "refund_id|order_id|refund_date|refund_amount\nR1|A1|2025-01-05|3\n",
    ),
    "leads": (
        "线索编号|创建时间|渠道|客户编号|状态\nL1|2025-01-01|抖音|c1|已成交\n",
        "lead_id|created_at|channel|customer_id|status\nL1|2025-01-01|web|c1|won\n",
    ),
    "spend": (
        "日期|渠道|费用类型|用途|金额\n2025-01-01|抖音|媒介|拉新|100\n",
        "date|channel|category|purpose|amount\n2025-01-01|web|media|acquisition|100\n",
    ),
    "campaigns": (
        "活动编号|名称|开始日期|结束日期|预算\nM1|春茶节|2025-03-01|2025-03-15|1000\n",
        "campaign_id|campaign_name|start_date|end_date|budget\nM1|spring|2025-03-01|2025-03-15|1000\n",
    ),
    "participations": (
        "活动编号|客户编号|分组|参与日期\nM1|c1|实验组|2025-03-01\n",
        "campaign_id|customer_id|arm|joined_on\nM1|c1|treated|2025-03-01\n",
    ),
    "surveys": (
        "答卷编号|客户编号|量表|得分|答卷时间\nS1|c1|NPS|9|2025-01-01 10:00:00\n",
        "response_id|customer_id|measure|score|submitted_at\nS1|c1|CSAT|4|2025-01-01 10:00:00\n",
    ),
    "complaints": (
        "投诉编号|客户编号|投诉时间|类别|解决时间\nT1|c1|2025-01-01 10:00:00|物流|2025-01-02 10:00:00\n",
        "complaint_id|customer_id|opened_at|category|resolved_at\nT1|c1|2025-01-01 10:00:00|late|2025-01-02 10:00:00\n",
    ),
    "staff": (
        "员工编号|姓名|团队|入职日期|离职日期\nE1|刘洋|一店|2024-01-01|\n",
        "staff_id|name|team|hire_date|leave_date\nE1|Lee|one|2024-01-01|\n",
    ),
    "traffic": (
        "日期|渠道|活动|展示量|点击量\n2025-01-01|抖音|春季|1000|30\n",
        "day|channel|campaign|impressions|clicks\n2025-01-01|search|spring|1000|30\n",
    ),
    "consents": (
        "客户编号|用途|渠道|同意时间|撤回时间|凭证\nc1|营销|短信|2025-01-01 10:00:00||门店签字\n",
        "customer_id|purpose|channel|granted_at|withdrawn_at|evidence\nc1|marketing|email|2025-01-01 10:00:00||web form\n",
    ),
    "assignments": (
        "客户编号|归属类型|归属|开始日期|结束日期\nc1|负责人|E1|2025-01-01|\n",
        "customer_id|assignment_kind|assigned_to|valid_from|valid_to\nc1|parent|c2|2025-01-01|\n",
    ),
    "opportunities": (
        "商机编号|客户编号|创建时间|关闭时间|结果|金额\nP1|c1|2025-01-01|2025-02-01|赢单|1000\n",
        "opportunity_id|customer_id|opened_at|closed_at|outcome|amount\nP1|c1|2025-01-01|2025-02-01|won|1000\n",
    ),
    "subscriptions": (
        "合同编号|客户编号|合同状态|签约日期|到期日期|合同金额\nK1|c1|执行中|2025-01-01|2025-12-31|12000\n",
        "subscription_id|customer_id|plan|start_date|cancelled_at|mrr\nK1|c1|pro|2025-01-01|2025-03-31|99.5\n",
    ),
    "targets": (
        "销售员|月份|销售目标（万元）\ns1|2025-03|12.5\n",
        "metric|campaign|from_on|to_on|target\nnew customers|M1|2025-03-01|2025-03-15|200\n",
    ),
    "external_figures": (
        "数据项|时段|市场规模（亿元）|来源|发布日期\n市场规模|2024|3.2|行业协会年报|2025-03-01\n",
        "figure|period|share|sample|source|published_on\nbrand awareness|2025Q1|31%|400|a study|2025-04-01\n",
    ),
    "mentions": (
        "日期|平台|品牌|是否本品|声量|正面声量|负面声量\n2025-01-01|微博|甲|是|120|40|5\n",
        "date|channel|brand|side|mentions|likes\n2025-01-01|weibo|us|own|120|40\n",
    ),
    "survey_invitations": (
        "邀请编号|客户编号|发送时间|送达时间|回答时间\nI1|c1|2025-01-01 10:00:00|2025-01-01 10:01:00|\n",
        "invitation_id|customer_id|sent_at|status\nI1|c1|2025-01-01 10:00:00|answered\n",
    ),
    "messages": (
        "消息编号|客户编号|状态|触达渠道|发送时间|打开时间\nM1|c1|已打开|邮件|2025-01-01 10:00:00|2025-01-02 10:00:00\n",
        "message_id|customer_id|channel|sent_at|clicked_at\nM1|c1|email|2025-01-01 10:00:00|2025-01-02 10:00:00\n",
    ),
    "reviews": (
        "评论编号|客户编号|平台|评论时间|星级|评论内容\nV1|c1|天猫|2025-01-01 10:00:00|5|很好\n",
        "product_review_id|customer_id|platform|reviewed_at|stars\nV1|c1|shop|2025-01-01 10:00:00|4\n",
    ),
    "offers": (
        "提议编号|客户编号|提议类型|提出时间|接受时间\nO1|c1|交叉销售|2025-01-01|2025-01-05\n",
        "offer_id|customer_id|offer_type|offered_at|accepted_at\nO1|c1|upsell|2025-01-01|2025-01-05\n",
    ),
    "prospects": (
        "潜客编号|手机|渠道|首次联系时间\nX1|13812345678|电话|2025-01-01 10:00:00\n",
        "prospect_id|customer_id|channel|first_contacted_at\nX1|c1|phone|2025-01-01 10:00:00\n",
    ),
    "referrals": (
        "推荐编号|推荐人编号|被推荐人编号|推荐时间\nF1|c1|c2|2025-01-01\n",
        "referral_id|referrer_id|referred_id|referred_at\nF1|c1|c2|2025-01-01\n",
    ),
}
NOT_STORED = {"payments", "category_names"}

FROM_CONNECTORS = "withdrawals"
"""Records deleted at their source: made by connectors, known by no heading of a user's file."""


def test_every_kind_has_a_sheet_here() -> None:
    assert set(SHEETS) | NOT_STORED | {FROM_CONNECTORS} == set(all_kinds())


@pytest.mark.parametrize("kind", all_kinds())
def test_a_kind_says_what_it_is_and_needs_only_fields_that_it_has(kind: str) -> None:
    described, makes = all_kinds()[kind]
    names = [field.name for field in described.fields]
    assert len(names) == len(set(names))
    assert {name for group in described.needs for name in group} | set(described.signs) <= set(names)
    assert all(field.label.zh and field.label.en for field in described.fields)
    assert kind == FROM_CONNECTORS or all(field.words for field in described.fields)
    for one in makes:
        assert set(one.columns) <= set(all_tables()[one.table].by_name)


@pytest.mark.parametrize("language", [0, 1], ids=["zh", "en"])
@pytest.mark.parametrize("kind", SHEETS)
def test_a_sheet_of_each_kind_loads_once_and_only_once(tmp_path: Path, kind: str, language: int) -> None:
    company = Company(tmp_path)
    if kind == "order_lines":
        company.load(SHEETS["orders"][language])
    report = company.load(SHEETS[kind][language], name="sheet.csv")
    assert [part.kind for part in report.parts] == [kind]
    assert counts(report) == (1, 1, 0, 0, 0)
    assert report.tables
    snapshots = company.snapshots()
    assert counts(company.load(SHEETS[kind][language], name="sheet.csv")) == (1, 0, 0, 1, 0)
    assert company.snapshots() == snapshots


@pytest.mark.parametrize("kind", [kind for kind in SHEETS if kind not in ("orders", "order_lines")])
def test_a_row_without_what_its_table_needs_is_refused_with_its_place(tmp_path: Path, kind: str) -> None:
    company = Company(tmp_path)
    header, row = SHEETS[kind][0].strip().split("\n")
    empty = "|".join("" for _ in row.split("|"))
    filler = "|".join(["", *row.split("|")[1:]])
    report = company.load(f"{header}\n{row}\n{filler}\n{empty}x\n", name="sheet.csv")
    assert (
        report.rows_read == report.rows_loaded + report.rows_quarantined + report.rows_duplicate + report.rows_skipped
    )
    assert report.rows_loaded >= 1
    assert all(error.row in (3, 4) and error.column for error in report.errors)
