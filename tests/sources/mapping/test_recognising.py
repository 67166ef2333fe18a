"""What a sheet is, from its headings and cells; mappings as files."""

from __future__ import annotations

from pathlib import Path

import pytest

from kexiao.errors import Ambiguous, InputRejected, Place
from kexiao.sources.mapping import saved
from kexiao.sources.mapping.making import all_kinds
from kexiao.sources.mapping.plan import Options, SheetMapping, header_signature
from kexiao.sources.mapping.recognise import ColumnLook, guessed, missing_needs, recognise

HEADERS = {
    "orders": "订单号,下单时间,订单状态,客户编号,客户姓名,手机号,渠道,门店/团队,大区,导购,商品编号,商品名称,商品类别,数量,单价,优惠金额,实付金额,成本,活动编号",
    "customers": "客户编号,姓名,手机,邮箱,生日,性别,注册日期,首次购买日期,获客渠道,获客活动,大区,会员等级",
    "refunds": "退款单号,订单号,客户编号,退款时间,退款金额,退回成本,退款原因",
    "products": "商品编号,商品名称,商品类别,标价,成本价",
    "leads": "线索编号,创建时间,渠道,活动,门店/团队,大区,客户编号,合格时间,状态,负责人",
    "spend": "日期,渠道,活动,费用类型,用途,金额",
    "campaigns": "活动编号,名称,渠道,开始日期,结束日期,目标,预算",
    "participations": "活动编号,客户编号,分组,参与方式,参与日期",
    "surveys": "答卷编号,问卷,题目,量表,得分,方式,渠道,客户编号,答卷时间",
    "complaints": "投诉编号,客户编号,订单号,投诉时间,渠道,类别,解决时间",
    "staff": "员工编号,姓名,团队,大区,入职日期,离职日期",
    "order_lines": "order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value",
    "payments": "order_id,payment_sequential,payment_type,payment_installments,payment_value",
    "traffic": "会话主要渠道组（默认渠道组）,日期,会话数,互动会话数,关键事件,总收入",
    "category_names": "product_category_name,product_category_name_english",
    "consents": "客户编号,用途,渠道,同意时间,撤回时间,凭证",
    "assignments": "客户编号,归属类型,归属,开始日期,结束日期",
    "survey_invitations": "邀请编号,问卷,客户编号,渠道,发送时间,送达时间,回答时间",
    "messages": "消息编号,客户编号,触达渠道,活动编号,发送时间,送达时间,打开时间,点击时间,退订时间",
    "reviews": "评论编号,订单号,商品编号,平台,评论时间,星级,评论内容",
    "offers": "提议编号,客户编号,提议类型,商品编号,提出时间,接受时间,负责人",
    "prospects": "潜客编号,姓名,手机,渠道,首次联系时间,负责人",
    "referrals": "推荐编号,推荐人编号,被推荐人编号,推荐时间,渠道",
    "opportunities": "商机编号,客户名称,创建时间,预计成交日期,销售阶段,预计金额,负责人",
    "subscriptions": "合同编号,客户名称,方案,开始日期,到期日期,终止日期,合同金额,月费,负责人",
    "targets": "销售员,团队,月份,销售目标",
    "external_figures": "数据项,时段,大区,数值,来源,发布日期",
    "mentions": "日期,平台,品牌,是否本品,提及量,点赞数,评论数",
}


@pytest.mark.parametrize("kind", HEADERS)
def test_a_sheet_is_known_by_its_headings(kind: str) -> None:
    found = recognise(HEADERS[kind].split(","), {}, Place())
    assert found.kind == kind
    assert missing_needs(found) == []


def test_every_kind_has_a_sheet_that_is_known_as_it() -> None:
    by_headings = {name for name, (kind, _) in all_kinds().items() if any(field.words for field in kind.fields)}
    assert set(HEADERS) == by_headings


def test_every_word_of_every_field_is_written_as_headings_are_compared() -> None:
    from kexiao.sources.mapping.fields import normal

    wrong = [
        (k, f.name, w) for k, (kind, _) in all_kinds().items() for f in kind.fields for w in f.words if normal(w) != w
    ]
    assert wrong == []


def test_english_headings_in_any_spelling_are_known() -> None:
    found = recognise(["ORDER ID", "Order-Date", "Customer ID", "AMOUNT", "QTY"], {}, Place())
    assert dict(found.columns) == {
        "order_id": "ORDER ID",
        "ordered_at": "Order-Date",
        "customer_id": "Customer ID",
        "amount": "AMOUNT",
        "quantity": "QTY",
    }


@pytest.mark.parametrize(
    ("headings", "kind"),
    [
        ("评价编号,商品编号,订单号,星级,评价内容,评价时间", "reviews"),
        ("评价编号,客户编号,评分,评价内容,评价时间", "surveys"),
        ("review_id,order_id,review_score,review_creation_date,review_answer_timestamp", "surveys"),
    ],
)
def test_stars_of_a_product_are_a_review_and_scores_of_a_customer_an_answer(headings: str, kind: str) -> None:
    assert recognise(headings.split(","), {}, Place()).kind == kind


def test_whoever_the_person_is_called_their_phone_and_name_are_known() -> None:
    headings = ["订单号", "下单时间", "实付金额", "成本单价", "会员名字", "收件人联系电话", "用户邮箱", "顾客生日"]
    found = recognise(headings, {}, Place()).columns
    assert {name: found.get(name) for name in ("customer_name", "phone", "email", "birthday", "unit_cost")} == {
        "customer_name": "会员名字",
        "phone": "收件人联系电话",
        "email": "用户邮箱",
        "birthday": "顾客生日",
        "unit_cost": "成本单价",
    }


def test_the_unique_customer_id_is_the_customer_and_the_other_only_a_link() -> None:
    found = recognise(["customer_id", "customer_unique_id", "customer_state"], {}, Place())
    assert (found.columns["customer_id"], found.columns["link_id"]) == ("customer_unique_id", "customer_id")


def test_a_discount_column_is_a_rate_where_all_cells_are_at_most_one() -> None:
    header = ["订单号", "订单日期", "客户名称", "销售额", "折扣"]
    rates = ColumnLook(filled=1, dates=0, phones=0, numbers=1, rates=1)
    money = ColumnLook(filled=1, dates=0, phones=0, numbers=1, rates=0.3)
    assert "discount_rate" in recognise(header, {"折扣": rates}, Place()).columns
    assert "discount" in recognise(header, {"折扣": money}, Place()).columns


def test_a_date_that_no_heading_names_is_found_by_its_cells_and_told() -> None:
    look = ColumnLook(filled=1, dates=1, phones=0, numbers=0, rates=0)
    found = recognise(["订单号", "客户编号", "金额", "什么时候"], {"什么时候": look}, Place())
    assert found.columns["ordered_at"] == "什么时候"
    assert "什么时候" in guessed(found)[0].en


def test_a_delivery_date_is_never_taken_for_the_order_date() -> None:
    look = ColumnLook(filled=1, dates=1, phones=0, numbers=0, rates=0)
    found = recognise(["订单号", "客户编号", "金额", "发货日期"], {"发货日期": look}, Place())
    assert "ordered_at" not in found.columns


def test_money_is_never_guessed_from_cells() -> None:
    look = ColumnLook(filled=1, dates=0, phones=0, numbers=1, rates=0)
    found = recognise(["订单号", "下单时间", "客户编号", "某数"], {"某数": look}, Place())
    assert [field.name for field in missing_needs(found)[0]] == ["amount", "gross", "unit_price"]


def test_a_sheet_that_says_nothing_known_is_refused() -> None:
    with pytest.raises(InputRejected):
        recognise(["c1", "c2", "c3"], {}, Place())


def test_two_columns_of_one_name_must_be_told_apart_by_the_user() -> None:
    with pytest.raises(Ambiguous) as caught:
        recognise(["订单号", "下单时间", "金额", "金额 2"], {}, Place())
    assert "金额" in caught.value.message("zh")


def test_a_mapping_file_says_what_it_read(tmp_path: Path) -> None:
    header = ("号", "时", "钱", '怪"列')
    mapping = SheetMapping(
        "orders",
        header,
        {"order_id": "号", "ordered_at": "时", "amount": "钱"},
        Options(date_order="dmy", currency="USD", time_zone="UTC"),
        {"status": {"好了": "completed"}},
        units={"amount": "万元"},
    )
    path = saved.save(tmp_path, mapping)
    again = saved.read(path, None)
    assert (again.kind, again.header, dict(again.columns), again.options, again.choices) == (
        "orders",
        header,
        dict(mapping.columns),
        mapping.options,
        mapping.choices,
    )
    assert (
        again.units == mapping.units and saved.from_dict(saved.as_dict(mapping), header, Place()).units == mapping.units
    )
    assert saved.find(tmp_path, tuple(reversed(header))) is not None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ('kind = "ordres"', "kind"),
        ('[columns]\nordr = "号"', "ordr"),
        ('[columns]\namount = "无此列"', "无此列"),
        ('[options]\ndate_ordr = "dmy"', "date_ordr"),
        ('[options]\ntime_zone = "Mars/Olympus"', "Mars/Olympus"),
        ('[units]\namount = "斤"', "斤"),
        ('[units]\norder_id = "万元"', "order_id"),
        ("kind = ", "orders.toml"),
    ],
)
def test_a_wrong_mapping_file_is_refused_by_name(tmp_path: Path, change: str, said: str) -> None:
    path = tmp_path / "orders.toml"
    start = "" if change.startswith("kind") else 'kind = "orders"\nheader = ["号"]\n'
    path.write_text(start + change, encoding="utf-8")
    with pytest.raises(InputRejected) as caught:
        saved.read(path, None)
    for language in ("zh", "en"):
        assert said in caught.value.message(language)


def test_a_header_has_the_same_signature_whatever_its_order_and_spelling() -> None:
    assert header_signature(["Order ID", "金额"]) == header_signature(["金额", "order_id"])
    assert header_signature(["金额"]) != header_signature(["数量"])
