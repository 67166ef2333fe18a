"""Exports of known systems, read by the mappings that come with Kexiao; every cell here is made up."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from importlib import resources
from pathlib import Path

import pytest
from collecting import LATER, Company, counts

from kexiao.errors import InputRejected
from kexiao.sources.mapping import saved

READY = sorted(path.name for path in resources.files("kexiao.sources").joinpath("mappings").iterdir())


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


@pytest.mark.parametrize("name", READY)
def test_a_ready_mapping_is_sound_and_known_by_its_own_header(name: str) -> None:
    import tomllib

    document = tomllib.loads(resources.files("kexiao.sources").joinpath("mappings", name).read_text(encoding="utf-8"))
    named = [one if isinstance(one, str) else one[0] for one in document["columns"].values()]
    header = tuple(dict.fromkeys([*document["header"], *named]))
    found = saved.ready(header)
    assert found is not None
    assert found.saved == name
    assert found.kind == document["kind"]
    assert set(found.columns) == set(document["columns"])


def test_youzan_orders_are_goods_without_freight(company: Company) -> None:
    report = company.load("""
        订单号  | 订单创建时间        | 订单状态 | 买家姓名 | 买家手机号  | 运费 | 订单实付金额 | 归属店铺 | 收货人省份
        E1      | 2025-03-01 10:00:00 | 交易完成 | 张三     | 13800001111 | 10   | 110          | 杭州店   | 浙江省
        E2      | 2025-03-01 11:00:00 | 待付款   | 李四     | 13800002222 | 0    | 0            | 杭州店   | 浙江省
        E3      | 2025-03-01 12:00:00 | 待接单   | 王五     | 13800003333 | 5    | 50           | 上海店   | 上海
        """)
    assert counts(report) == (3, 3, 0, 0, 0)
    assert company.rows("orders", "order_id, status, amount, freight, team, region") == [
        ("E1", "completed", Decimal("100.00"), Decimal("10.00"), "杭州店", "浙江省"),
        ("E2", "unpaid", Decimal("0.00"), Decimal("0.00"), "杭州店", "浙江省"),
        ("E3", "paid", Decimal("45.00"), Decimal("5.00"), "上海店", "上海"),
    ]


DEALS = """
    Record Id | Deal Owner.id | Deal Owner | Amount | Deal Name | Closing Date | Account Name.id | Account Name | Stage | Lead Source | Modified Time
    zcrm_101 | zcrm_9 | Ann | 2500 | One | 2025-06-30 | zcrm_7 | King | Closed Won | Trade Show | 2025-06-30 18:00:00
    zcrm_102 | zcrm_9 | Ann | 600 | Two | 2025-07-15 | zcrm_8 | Queen | Closed Lost | Web | 2025-07-15 09:00:00
    zcrm_103 | zcrm_9 | Ann | 450 | Three | 2025-08-01 | zcrm_8 | Queen | Negotiation/Review | Web | 2025-07-01 09:00:00
    """


def test_zoho_deals_that_are_won_are_sales_and_the_others_are_not(company: Company) -> None:
    assert counts(company.load(DEALS)) == (3, 3, 0, 0, 0)
    assert company.rows("orders", "order_id, status, amount, salesperson, channel") == [
        ("101", "completed", Decimal("2500.00"), "9", "Trade Show"),
        ("102", "cancelled", Decimal("600.00"), "9", "Web"),
        ("103", "unpaid", Decimal("450.00"), "9", "Web"),
    ]


def test_a_zoho_deal_is_the_same_deal_whether_exported_or_answered_by_the_interface(company: Company) -> None:
    company.load(DEALS)
    answer = company.root / "answer.json"
    answer.write_text(
        '{"data": [{"id": "101", "Deal_Name": "One", "Stage": "Closed Won", "Amount": 2600, "Closing_Date": "2025-06-30", '
        '"Account_Name": {"name": "King", "id": "7"}, "Owner": {"id": "9"}, "Modified_Time": "2025-07-02T18:00:00+08:00"}], '
        '"info": {"more_records": false}}',
        encoding="utf-8",
    )
    before = company.rows("orders", "customer_id", "order_id")
    company.collect(answer)
    assert company.rows("orders", "order_id, amount")[0] == ("101", Decimal("2600.00"))
    assert company.rows("orders", "customer_id", "order_id") == before


def test_zoho_leads_and_contacts_are_known(company: Company) -> None:
    company.load(
        "Record Id | Lead Owner | Company | Last Name | Mobile | Lead Source | Lead Status | Created Time\nzcrm_1 | Ann | King | Lee | 13800001111 | Web | Contacted | 2025-05-01 10:00:00\n"
    )
    company.load(
        "Record Id | Contact Owner | Last Name | Email | Account Name.id | Created Time\nzcrm_2 | Ann | Lee | a@b.cn | zcrm_7 | 2025-05-01 10:00:00\n",
        name="c.csv",
    )
    assert company.rows("leads", "lead_id, channel, status") == [("1", "Web", "Contacted")]
    assert company.rows("customers", "registered_on, parent_id IS NOT NULL", "1")[0] == (date(2025, 5, 1), True)


def test_an_answer_of_fxiaoke_gives_customers_with_days_of_business_time(company: Company) -> None:
    path = company.root / "f.json"
    path.write_text(
        '{"errorCode": 0, "errorMessage": "OK", "data": {"dataList": ['
        '{"_id": "x1", "name": "甲公司", "owner": ["1000"], "create_time": 1735747200000, "last_modified_time": 1757000000000}], "total": 1}}',
        encoding="utf-8",
    )
    assert counts(company.collect(path)) == (1, 1, 0, 0, 0)
    # 1735747200 is 2025-01-01 16:00 UTC, the second of January in Shanghai.
    assert company.rows("customers", "registered_on") == [(date(2025, 1, 2),)]


def test_spend_of_ocean_engine_belongs_to_its_channel_and_its_total_is_left_out(company: Company) -> None:
    report = company.load("""
        时间-天    | 项目ID | 项目名称 | 消耗    | 展示数 | 点击数 | 转化数
        2025-03-01 | 7301   | 春季拉新 | 1234.50 | 120000 | 3400   | 56
        2025-03-02 | 7301   | 春季拉新 | 1300.25 | 118000 | 3300   | 60
        总计       | -      | -        | 2534.75 | 238000 | 6700   | 116
        """)
    assert counts(report) == (3, 2, 0, 0, 1)
    assert company.rows("spend", "spent_on, channel, campaign, category, amount") == [
        (date(2025, 3, 1), "巨量引擎", "春季拉新", "media", Decimal("1234.50")),
        (date(2025, 3, 2), "巨量引擎", "春季拉新", "media", Decimal("1300.25")),
    ]
    assert company.rows("ad_results", "day, channel, campaign, impressions, clicks, conversions, visits", "1") == [
        (date(2025, 3, 1), "巨量引擎", "春季拉新", 120000.0, 3400.0, 56.0, None),
        (date(2025, 3, 2), "巨量引擎", "春季拉新", 118000.0, 3300.0, 60.0, None),
    ]


def test_results_of_ads_without_cost_are_kept_by_day_channel_and_campaign(company: Company) -> None:
    drawn = "date | channel | campaign | impressions | clicks\n2025-03-01 | search | brand | 1000 | 30\n"
    assert counts(company.load(drawn, name="ads.csv")) == (1, 1, 0, 0, 0)
    assert company.rows("ad_results", "channel, campaign, impressions, clicks") == [("search", "brand", 1000.0, 30.0)]
    assert company.rows("spend") == []
    later = drawn.replace("1000", "1100")
    company.load(later, name="ads.csv", at=LATER)
    assert company.rows("ad_results", "impressions") == [(1100.0,)]


def test_a_shared_value_of_a_sheet_is_kept_in_its_mapping_file(company: Company) -> None:
    company.load("时间-天 | 项目名称 | 消耗 | 展示数 | 点击数\n2025-03-01 | 春季 | 10 | 1 | 1\n")
    (path,) = (company.folder.root / "mappings").glob("spend-*.toml")
    path.write_text(path.read_text(encoding="utf-8").replace("巨量引擎", "抖音"), encoding="utf-8")
    company.load("时间-天 | 项目名称 | 消耗 | 展示数 | 点击数\n2025-03-02 | 春季 | 10 | 1 | 1\n", name="b.csv")
    assert company.rows("spend", "channel", "spent_on") == [("巨量引擎",), ("抖音",)]


def test_exports_of_different_systems_are_not_compared_with_each_other(company: Company) -> None:
    company.load(DEALS)
    report = company.load(
        "订单号 | 订单创建时间 | 订单状态 | 买家手机号 | 订单实付金额 | 归属店铺\nE1 | 2025-03-01 | 交易完成 | 13800001111 | 9 | 店\n",
        name="y.csv",
    )
    assert not any("之前的文件" in told.zh for told in report.warnings)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("wjx_export_option_text.xlsx", (5, 5, 0, 0, 0)),
        ("wjx_push.json", (1, 1, 0, 0, 0)),
        ("zoho_deals_export.csv", (3, 3, 0, 0, 0)),
        ("zoho_deals_v8_response.json", (1, 1, 0, 0, 0)),
        ("fxiaoke_account_query.json", (4, 2, 0, 0, 2)),
        ("shopify_orders_export.csv", (4, 4, 0, 0, 0)),
    ],
)
def test_the_published_layouts_load_whole(company: Company, shared: Path, name: str, expected: tuple[int, ...]) -> None:
    assert counts(company.collect(shared / "data" / "formats" / name)) == expected


def test_a_mapping_of_ones_own_needs_no_header_and_names_a_renamed_column(company: Company) -> None:
    mapping = company.root / "mine.toml"
    mapping.write_text(
        'kind = "orders"\n[columns]\norder_id = "凭证"\nordered_at = "记账日"\namount = "到账金额"\n', encoding="utf-8"
    )
    good = company.file("a.csv", "凭证,记账日,到账金额\nA1,2025-03-01,10\n")
    assert counts(company.collect(good, mapping=mapping)) == (1, 1, 0, 0, 0)
    renamed = company.file("b.csv", "凭证,记账日,到账总金额\nA2,2025-03-01,10\n")
    with pytest.raises(InputRejected) as caught:
        company.collect(renamed, mapping=mapping)
    assert "“到账金额”" in caught.value.message("zh")
    assert "最接近的列：“到账总金额”" in caught.value.message("zh")


def test_a_column_renamed_since_the_last_file_is_named_with_what_it_may_be_now(company: Company) -> None:
    company.load("订单号,下单时间,客户编号,实付款,商品类别\nA1,2025-03-01,c1,10,茶\n")
    report = company.load("订单号,下单时间,客户编号,实付款,商品类别名\nA2,2025-03-01,c1,10,茶\n", name="b.csv")
    assert any("是不是改名为“商品类别名”" in told.zh for told in report.warnings)


def test_a_missing_amount_is_named_with_the_column_that_may_be_it(company: Company) -> None:
    with pytest.raises(InputRejected, match="最接近的列：“实付款项”"):
        company.load("订单号,下单时间,客户编号,实付款项\nA2,2025-03-02,c1,20\n")
