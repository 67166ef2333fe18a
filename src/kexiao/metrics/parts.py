"""The sums and counts that several metrics share, each under the words in which formulas show it."""

from __future__ import annotations

from kexiao.facts.formula import KNOWN, Both, Customers, Formula, Minus, Rows, State, Sum, Where, ordering
from kexiao.facts.listening import (
    ENGAGED,
    INVITATIONS,
    INVITATIONS_TOLD,
    JUDGED,
    MENTIONED,
    MESSAGES_CLICKED,
    MESSAGES_LEFT,
    MESSAGES_OPENED,
    NAMED_BRANDS,
    REVIEWS,
)
from kexiao.facts.passes import Behaviour, External, OpenPipeline, Quota, Referrers
from kexiao.facts.selling import (
    CLOSED_OPPORTUNITIES,
    CREDITED_RETURNS,
    CREDITED_SALES,
    OFFERS,
    OPPORTUNITIES,
    PROSPECTS,
    REFERRALS,
)
from kexiao.facts.subjects import (
    ACQUISITIONS,
    AD_CLICKS,
    AD_IMPRESSIONS,
    AD_SPEND,
    ALL_ORDERS,
    CAMPAIGN_OUTCOMES,
    CASES,
    COMPLAINTS,
    FOLLOWED_LEADS,
    LAGGED_SPEND,
    LEADS,
    PARTICIPANTS,
    PURCHASE_DAYS,
    QUALIFIED_LEADS,
    RESOLVED_CASES,
    RESPONSES,
    RETURNS,
    SALE_OUTCOMES,
    SALES,
    SPEND,
)
from kexiao.text import Text

MARKETING = ("media", "promotion", "content", "research", "labour")

completed_orders = Rows(SALES, Text(zh="订单数", en="orders"))
known_orders = Rows(SALES, Text(zh="可识别客户的订单数", en="orders of known customers"), (KNOWN,))
gross_amount = Sum(SALES, "gross", Text(zh="优惠前销售额", en="sales before discount"))
discount_amount = Sum(SALES, "discount", Text(zh="优惠额", en="discounts"))
sold_amount = Sum(SALES, "net", Text(zh="实付销售额", en="sales after discount"))
known_sold_amount = Sum(SALES, "net", Text(zh="可识别客户的实付销售额", en="sales to known customers"), (KNOWN,))
refund_amount = Sum(RETURNS, "amount", Text(zh="退款额", en="refunds"))
known_refund_amount = Sum(RETURNS, "amount", Text(zh="可识别客户的退款额", en="refunds to known customers"), (KNOWN,))
cost_of_goods = Sum(SALES, "cost", Text(zh="商品成本", en="cost of goods"))
cost_returned = Sum(RETURNS, "cost", Text(zh="退回商品成本", en="cost of goods that came back"))
quantity = Sum(SALES, "quantity", Text(zh="件数", en="items"))

net: Formula = Minus(sold_amount, refund_amount)
known_net: Formula = Minus(known_sold_amount, known_refund_amount)
margin: Formula = Minus(net, Minus(cost_of_goods, cost_returned))
known_margin: Formula = Minus(
    known_net,
    Minus(
        Sum(SALES, "cost", Text(zh="可识别客户的商品成本", en="cost of goods sold to known customers"), (KNOWN,)),
        Sum(RETURNS, "cost", Text(zh="可识别客户退回的商品成本", en="cost of goods that known customers sent back"), (KNOWN,)),
    ),
)  # fmt: skip
placed_amount = Sum(ALL_ORDERS, "gross", Text(zh="全部下单金额", en="the value of all orders placed"))
repeat_customers = Customers(SALES, Text(zh="下单至少两次的客户", en="customers with at least two orders"), at_least=2)
repeat_day_customers = Customers(
    SALES, Text(zh="在至少两天下单的客户", en="customers with at least two purchase days"), at_least=2, counted="days"
)
returned_after_a_year = Customers(
    PURCHASE_DAYS,
    Text(zh="前 365 天未下单的客户", en="customers without an order in the 365 days before"),
    where=(Where("fresh", "=", 1),),
)

customers_won = Rows(ACQUISITIONS, Text(zh="新客户数 N", en="new customers (N)"))
first_amount = Sum(ACQUISITIONS, "first_net", Text(zh="新客户首单金额", en="what new customers’ first orders came to"))

at_start = State("start", Text(zh="期初客户数 S", en="customers at the start (S)"))
at_end = State("end", Text(zh="期末客户数 E", en="customers at the end (E)"))
retained = State("retained", Text(zh="留存客户数", en="retained customers"))
lost = State("lost", Text(zh="流失客户数", en="lost customers"))
reactivated = State("reactivated", Text(zh="召回客户数", en="reactivated customers"))
new = State("new", Text(zh="新客户数 N", en="new customers (N)"))
base = State("base", Text(zh="累计客户数 B", en="customer base (B)"))
base_at_start = State("base_at_start", Text(zh="期初累计客户数 B₀", en="customer base at the start (B₀)"))

repurchased = State(
    "repurchased", Text(zh="上期与本期都下单的客户", en="customers who ordered in the period before and in this one")
)
prior_buyers = State("prior_buyers", Text(zh="上期下单客户数", en="customers who ordered in the period before"))

_NO_RETENTION = Where("purpose", "=", "acquisition")
acquisition_cost = Sum(
    SPEND,
    "amount",
    Text(zh="营销与销售费用（不含留存）", en="marketing and sales cost, less retention spend"),
    (_NO_RETENTION, Where("category", "<>", "other")),
)
lagged_acquisition_cost = Sum(
    LAGGED_SPEND,
    "amount",
    Text(
        zh="早一个销售周期的营销与销售费用（不含留存）",
        en="marketing and sales cost one sales cycle earlier, less retention spend",
    ),
    (_NO_RETENTION, Where("category", "<>", "other")),
)
paid_media_cost = Sum(
    SPEND,
    "amount",
    Text(zh="媒介费用（不含留存）", en="media spend, less retention spend"),
    (_NO_RETENTION, Where("category", "=", "media")),
)
new_from_paid_channels = Customers(
    ACQUISITIONS, Text(zh="付费渠道的新客户数", en="new customers of paid channels"), where=(Where("paid", "=", 1),)
)
marketing_and_sales_cost = Sum(
    SPEND, "amount", Text(zh="营销与销售费用", en="marketing and sales cost"), (Where("category", "<>", "other"),)
)
every_cost = Sum(SPEND, "amount", Text(zh="营销、人力与其他费用", en="marketing, labour and other cost"))
media_cost = Sum(SPEND, "amount", Text(zh="媒介费用", en="media spend"), (Where("category", "=", "media"),))
marketing_cost = Sum(SPEND, "amount", Text(zh="营销费用", en="marketing spend"), (Where("category", "in", MARKETING),))

_MATURED, _IMMATURE = Where("matured", "=", 1), Where("matured", "=", 0)
matured_sales = Sum(
    SALE_OUTCOMES, "net", Text(zh="退款期已满的订单实付额", en="sales whose refund window is over"), (_MATURED,)
)
refunded_of_matured = Sum(
    SALE_OUTCOMES,
    "refunded",
    Text(zh="其中在退款期内退回的金额", en="of them, refunded within the window"),
    (_MATURED,),
)
immature_sales = Rows(
    SALE_OUTCOMES,
    Text(zh="退款期未满的订单数", en="orders whose refund window is not over"),
    (Where("matured", "=", 0),),
)

leads_created = Rows(LEADS, Text(zh="线索数", en="leads created"))
matured_leads = Rows(LEADS, Text(zh="观察期已满的线索数", en="leads whose window is over"), (_MATURED,))
immature_leads = Rows(
    LEADS, Text(zh="观察期未满的线索数", en="leads whose window is not over"), (Where("matured", "=", 0),)
)
won_leads = Rows(
    LEADS,
    Text(zh="观察期内首次下单的线索数", en="leads with a first order within the window"),
    (Where("won_matured", "=", 1),),
)

leads_qualified = Rows(QUALIFIED_LEADS, Text(zh="合格线索数", en="leads qualified"))

_CSAT, _NPS, _CES = (Where("measure", "=", name) for name in ("csat", "nps", "ces"))
ces_answers = Rows(RESPONSES, Text(zh="费力度回答数", en="effort answers"), (_CES,))
ces_scores = Sum(RESPONSES, "score", Text(zh="费力度得分合计", en="sum of effort scores"), (_CES,))
csat_answers = Rows(RESPONSES, Text(zh="满意度回答数", en="satisfaction answers"), (_CSAT,))
csat_satisfied = Rows(
    RESPONSES, Text(zh="打最高两档的回答数", en="answers in the top two boxes"), (_CSAT, Where("score", "near_top", 1))
)
csat_scores = Sum(RESPONSES, "score", Text(zh="满意度得分合计", en="sum of satisfaction scores"), (_CSAT,))
_OF_CAMPAIGN = Where("campaign", "known")
campaign_answers = Rows(
    RESPONSES, Text(zh="活动问卷的满意度回答数", en="satisfaction answers to campaigns’ surveys"), (_CSAT, _OF_CAMPAIGN)
)
campaign_satisfied = Rows(
    RESPONSES,
    Text(zh="活动问卷中打最高两档的回答数", en="answers to campaigns’ surveys in the top two boxes"),
    (_CSAT, _OF_CAMPAIGN, Where("score", "near_top", 1)),
)
campaign_scores = Sum(
    RESPONSES, "score", Text(zh="活动问卷的满意度得分合计", en="sum of satisfaction scores of campaigns’ surveys"), (_CSAT, _OF_CAMPAIGN)
)  # fmt: skip
nps_answers = Rows(RESPONSES, Text(zh="推荐意愿回答数", en="recommendation answers"), (_NPS,))
promoters = Rows(RESPONSES, Text(zh="推荐者（9–10 分）", en="promoters (9–10)"), (_NPS, Where("score", ">=", 9)))
detractors = Rows(RESPONSES, Text(zh="贬损者（0–6 分）", en="detractors (0–6)"), (_NPS, Where("score", "<=", 6)))
complaints_opened = Rows(COMPLAINTS, Text(zh="投诉件数", en="complaints opened"))
complaining_buyers = Both(
    ordering,
    Customers(COMPLAINTS, Text(zh="投诉客户", en="customers who complained")),
    Text(zh="下单且投诉的客户", en="ordering customers who complained"),
)
matured_cases = Rows(CASES, Text(zh="观察期已满的投诉", en="complaints whose window is over"), (_MATURED,))
immature_cases = Rows(CASES, Text(zh="观察期未满的投诉", en="complaints whose window is not over"), (_IMMATURE,))
cases_resolved = Rows(
    CASES,
    Text(zh="其中在观察期内解决的投诉", en="of them, resolved within the window"),
    (Where("resolved_matured", "=", 1),),
)

_ONLINE, _OFFLINE = Where("mode", "=", "online"), Where("mode", "=", "offline")
people_taking_part = Customers(PARTICIPANTS, Text(zh="活动参与人数", en="participants"))
people_online = Customers(PARTICIPANTS, Text(zh="线上参与人数", en="participants online"), where=(_ONLINE,))
people_offline = Customers(PARTICIPANTS, Text(zh="线下参与人数", en="participants offline"), where=(_OFFLINE,))
campaign_cost = Sum(
    SPEND, "amount", Text(zh="活动费用", en="what campaigns cost"), (Where("campaign", "known"),)
)  # fmt: skip
spent_of_budgets = Sum(
    CAMPAIGN_OUTCOMES,
    "spent",
    Text(zh="期内开始、已结束且有预算的活动的实际费用", en="spend of campaigns with a budget that began in the period and are over"),
    (_MATURED,),
)  # fmt: skip
budgets = Sum(CAMPAIGN_OUTCOMES, "budget", Text(zh="这些活动的预算", en="their budgets"), (_MATURED,))
unfinished_budgets = Rows(
    CAMPAIGN_OUTCOMES, Text(zh="尚未结束的活动", en="campaigns not over yet"), (Where("immature", "=", 1),)
)

_SHOWN, _CLICKED = Where("impressions", "known"), Where("clicks", "known")
ad_impressions = Sum(AD_IMPRESSIONS, "impressions", Text(zh="展示量", en="impressions"), (_SHOWN,))
ad_clicks = Sum(AD_CLICKS, "clicks", Text(zh="点击量", en="clicks"), (_CLICKED,))
clicks_of_shown = Sum(AD_CLICKS, "clicks", Text(zh="点击量", en="clicks"), (_SHOWN, _CLICKED))
shown_and_clicked = Sum(AD_IMPRESSIONS, "impressions", Text(zh="展示量", en="impressions"), (_SHOWN, _CLICKED))
cost_of_impressions = Sum(
    AD_SPEND, "amount", Text(zh="有展示数据的渠道的媒介费用", en="media spend of channels whose impressions are known"), (Where("shown", "=", 1),)
)  # fmt: skip
cost_of_clicks = Sum(
    AD_SPEND, "amount", Text(zh="有点击数据的渠道的媒介费用", en="media spend of channels whose clicks are known"), (Where("clicked", "=", 1),)
)  # fmt: skip

opportunities_opened = Rows(OPPORTUNITIES, Text(zh="商机数", en="opportunities opened"))
deals_closed = Rows(CLOSED_OPPORTUNITIES, Text(zh="已关闭的商机（赢单与输单）", en="opportunities closed, won or lost"))
deals_won = Rows(CLOSED_OPPORTUNITIES, Text(zh="赢单的商机", en="opportunities won"), (Where("won", "=", 1),))
credited_net: Formula = Minus(
    Sum(CREDITED_SALES, "net", Text(zh="计入指标的实付销售额", en="sales credited to a quota")),
    Sum(CREDITED_RETURNS, "amount", Text(zh="计入指标的退款额", en="refunds credited to a quota")),
)
quota = Quota(Text(zh="在岗天数对应的销售指标", en="quota for the days in post"))
quota_left = Quota(Text(zh="尚未完成的销售指标", en="quota left"), credited_net)
open_pipeline = OpenPipeline(Text(zh="期末进行中的商机金额", en="open pipeline at the period’s end"))
market_size = External("market_size", "span", Text(zh="市场规模", en="market size"))
awareness = External(
    "brand_awareness", "latest", Text(zh="期内最近一次调查的知名度", en="awareness as last found in the period")
)

_OWN, _COUNTED = Where("side", "=", "own"), Where("mentions", "known")
mentions_of_us = Sum(MENTIONED, "mentions", Text(zh="本品提及量", en="mentions of one’s own brands"), (_OWN, _COUNTED))
mentions_of_ours = Sum(
    NAMED_BRANDS, "mentions", Text(zh="本品提及量", en="mentions of one’s own brands"), (_OWN, _COUNTED)
)
mentions_of_all = Sum(
    NAMED_BRANDS,
    "mentions",
    Text(zh="本品与列出竞品的提及量", en="mentions of own and named rival brands"),
    (_COUNTED,),
)
engaged_with_us = Sum(
    ENGAGED,
    "engaged",
    Text(zh="点赞、评论、转发与收藏", en="likes, comments, shares and saves"),
    (_OWN, Where("engaged", "known")),
)
_JUDGED = (_OWN, Where("judged", "=", 1))
positive_mentions = Sum(JUDGED, "positive", Text(zh="正面提及量", en="positive mentions"), _JUDGED)
negative_mentions = Sum(JUDGED, "negative", Text(zh="负面提及量", en="negative mentions"), _JUDGED)
judged_mentions = Sum(
    JUDGED, "mentions", Text(zh="判定过情感的提及量", en="mentions whose sentiment is known"), _JUDGED
)

_ARRIVED, _ANSWERED = Where("delivered", "=", 1), Where("answered", "=", 1)
_TELLS = Where("told", "=", 1)
invitations_sent = Rows(INVITATIONS, Text(zh="发出的问卷邀请", en="invitations sent"))
invitations_answered = Rows(INVITATIONS, Text(zh="其中已回答的", en="of them, answered"), (_ANSWERED,))
invitations_delivered = Rows(
    INVITATIONS_TOLD, Text(zh="送达的问卷邀请", en="invitations delivered"), (_TELLS, _ARRIVED)
)
delivered_answered = Rows(
    INVITATIONS_TOLD, Text(zh="其中已回答的", en="of them, answered"), (_TELLS, _ARRIVED, _ANSWERED)
)

_DELIVERED_TO = Text(zh="送达的消息（有此记录的渠道）", en="messages delivered, on channels that keep count of it")
_OPENS, _CLICKS, _LEAVES = (Where(f"tells_{did}", "=", 1) for did in ("opened", "clicked", "unsubscribed"))
messages_for_opens = Rows(MESSAGES_OPENED, _DELIVERED_TO, (_OPENS, _ARRIVED))
messages_opened = Rows(
    MESSAGES_OPENED, Text(zh="打开的消息", en="messages opened"), (_OPENS, _ARRIVED, Where("opened", "=", 1))
)
messages_for_clicks = Rows(MESSAGES_CLICKED, _DELIVERED_TO, (_CLICKS, _ARRIVED))
messages_clicked = Rows(
    MESSAGES_CLICKED, Text(zh="点击的消息", en="messages clicked"), (_CLICKS, _ARRIVED, Where("clicked", "=", 1))
)
messages_for_leaving = Rows(MESSAGES_LEFT, _DELIVERED_TO, (_LEAVES, _ARRIVED))
messages_left = Rows(
    MESSAGES_LEFT,
    Text(zh="引起退订的消息", en="messages unsubscribed from"),
    (_LEAVES, _ARRIVED, Where("unsubscribed", "=", 1)),
)

reviews_written = Rows(REVIEWS, Text(zh="评价数", en="reviews"))
stars_given = Sum(REVIEWS, "stars", Text(zh="星级合计", en="sum of stars"))
positive_reviews = Rows(REVIEWS, Text(zh="4–5 星评价", en="reviews of 4 or 5 stars"), (Where("stars", ">=", 4),))

_FOLLOWED = Where("follow_ups", "known")
follow_ups = Sum(FOLLOWED_LEADS, "follow_ups", Text(zh="跟进次数", en="follow-ups"), (_FOLLOWED,))
leads_followed = Rows(
    FOLLOWED_LEADS, Text(zh="记录了跟进次数的线索", en="leads whose follow-ups are counted"), (_FOLLOWED,)
)

matured_resolved = Rows(
    RESOLVED_CASES, Text(zh="解决后观察期已满的投诉", en="resolved complaints whose window is over"), (_MATURED,)
)
immature_resolved = Rows(
    RESOLVED_CASES, Text(zh="解决后观察期未满的投诉", en="resolved complaints whose window is not over"), (_IMMATURE,)
)
cases_reopened = Rows(
    RESOLVED_CASES,
    Text(zh="其中在观察期内重开的投诉", en="of them, reopened within the window"),
    (Where("reopened_matured", "=", 1),),
)

_WON = Where("won_matured", "=", 1)
matured_prospects = Rows(
    PROSPECTS, Text(zh="观察期已满的潜在客户", en="prospects contacted whose window is over"), (_MATURED,)
)
immature_prospects = Rows(
    PROSPECTS, Text(zh="观察期未满的潜在客户", en="prospects whose window is not over"), (_IMMATURE,)
)
prospects_won = Rows(
    PROSPECTS, Text(zh="其中在观察期内首次下单的", en="of them, with a first order within the window"), (_WON,)
)

_CROSS, _UP, _TAKEN = Where("kind", "=", "cross_sell"), Where("kind", "=", "up_sell"), Where("accepted_matured", "=", 1)
matured_cross = Rows(
    OFFERS, Text(zh="观察期已满的交叉销售提议", en="cross-sell offers whose window is over"), (_CROSS, _MATURED)
)
immature_cross = Rows(
    OFFERS, Text(zh="观察期未满的交叉销售提议", en="cross-sell offers whose window is not over"), (_CROSS, _IMMATURE)
)
cross_taken = Rows(OFFERS, Text(zh="其中在观察期内接受的", en="of them, taken within the window"), (_CROSS, _TAKEN))
matured_up = Rows(OFFERS, Text(zh="观察期已满的升级提议", en="up-sell offers whose window is over"), (_UP, _MATURED))
immature_up = Rows(
    OFFERS, Text(zh="观察期未满的升级提议", en="up-sell offers whose window is not over"), (_UP, _IMMATURE)
)
up_taken = Rows(OFFERS, Text(zh="其中在观察期内接受的", en="of them, taken within the window"), (_UP, _TAKEN))
existing_buyers = Behaviour(
    "existing", Text(zh="期初前已获客、期内下单的客户", en="customers acquired before the period who order in it")
)
new_category_buyers = Behaviour(
    "category", Text(zh="其中买了从未买过的类别的客户", en="of them, those who bought a category new to them")
)
higher_tier_buyers = Behaviour(
    "tier", Text(zh="其中买了高于以往最高档次的客户", en="of them, those who bought above their highest tier so far")
)

matured_referrals = Rows(REFERRALS, Text(zh="观察期已满的推荐", en="referrals whose window is over"), (_MATURED,))
immature_referrals = Rows(REFERRALS, Text(zh="观察期未满的推荐", en="referrals whose window is not over"), (_IMMATURE,))
referrals_won = Rows(
    REFERRALS,
    Text(zh="其中被推荐人在观察期内首次下单的", en="of them, those whose friend first ordered within the window"),
    (_WON,),
)
active_or_ordering = Referrers(False, Text(zh="期初活跃或期内下单的客户（S 或 O）", en="customers in S or O"))
referring = Referrers(True, Text(zh="其中期内推荐过人的客户", en="of them, those who referred someone in the period"))
