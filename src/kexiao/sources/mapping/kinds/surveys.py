"""Survey answers and reviews: one score a row, or satisfaction, recommendation and effort in columns of their own."""

from dataclasses import replace

from kexiao.sources.mapping.fields import Field, SheetKind
from kexiao.sources.mapping.kinds.common import CAMPAIGN, CHANNEL, CUSTOMER_ID, NAME, ORDER_ID, PHONE, REGION, TEAM
from kexiao.text import Text

MEASURES = {
    "csat": ("csat", "满意度", "总体满意度", "满意", "satisfaction"),
    "nps": ("nps", "净推荐值", "净推荐", "推荐意愿", "推荐度", "recommendation"),
    "ces": ("ces", "费力度", "省力度", "客户费力度", "effort"),
    "other": ("其他", "其它", "other"),
}

KIND = SheetKind(
    name="surveys",
    label=Text(zh="满意度调查", en="survey responses"),
    fields=(
        Field("response_id", "key", Text(zh="答卷编号", en="response id"), ("答卷编号", "答卷id", "答卷号", "回答编号", "评价编号", "序号", "编号", "joinid", "responseid", "reviewid", "answerid", "respid"), required=True),
        Field("survey", "text", Text(zh="问卷", en="survey"), ("问卷", "问卷名称", "调查名称", "survey", "surveyname", "activity")),
        replace(ORDER_ID, required=False),
        replace(CUSTOMER_ID, words=(*CUSTOMER_ID.words, "自定义参数", "自定义链接参数", "外部用户id", "sojumpparm", "parm", "thirduserid")),
        NAME,
        PHONE,
        Field("responded_at", "instant", Text(zh="答卷时间", en="responded at"), ("答卷时间", "提交答卷时间", "提交时间", "回答时间", "评价时间", "填写时间", "submittime", "respondedat", "reviewanswertimestamp", "surveyedat", "submittedat", "reviewcreationdate", "日期", "时间", "date", "createdat"), required=True, past=True),
        Field("question", "text", Text(zh="题目", en="question"), ("题目", "问题", "question")),
        Field("measure", "choice", Text(zh="量表", en="scale"), ("量表", "指标", "题型", "measure", "metric", "scale"), choices=MEASURES, strict=True),
        Field("score", "number", Text(zh="得分", en="score"), ("得分", "评分", "分数", "打分", "星级", "评价星级", "reviewscore", "score", "rating", "stars"), strict=True),
        Field("csat_score", "number", Text(zh="满意度", en="satisfaction"), ("满意度", "总体满意度", "满意度评分", "满意度得分", "满意度打分", "csat", "csatscore", "satisfaction"), strict=True),
        Field("nps_score", "number", Text(zh="推荐意愿", en="recommendation"), ("推荐意愿", "净推荐值", "推荐分", "推荐分数", "推荐度", "推荐评分", "nps", "nps评分", "nps得分", "nps打分", "npsscore"), strict=True),
        Field("ces_score", "number", Text(zh="费力度", en="effort"), ("费力度", "省力度", "费力度评分", "ces", "cesscore"), strict=True),
        Field("scale_low", "number", Text(zh="最低分", en="lowest score"), ("最低分", "scalelow")),
        Field("scale_high", "number", Text(zh="最高分", en="highest score"), ("最高分", "满分", "scalehigh")),
        Field("mode", "text", Text(zh="方式", en="mode"), ("方式", "调查方式", "答卷方式", "mode", "来源")),
        replace(CHANNEL, words=tuple(word for word in CHANNEL.words if word != "来源")),
        CAMPAIGN,
        REGION,
        TEAM,
        Field("title", "free_text", Text(zh="标题", en="title"), ("标题", "评价标题", "reviewcommenttitle", "title")),
        Field("comment", "free_text", Text(zh="意见", en="comment"), ("意见", "意见建议", "评论", "评价内容", "评价", "反馈", "建议", "留言", "reviewcommentmessage", "comment", "feedback", "review")),
    ),
    needs=(("responded_at", "csat_score", "nps_score", "ces_score"), ("score", "csat_score", "nps_score", "ces_score")),
    signs=("response_id", "score", "measure", "csat_score", "nps_score"),
)  # fmt: skip
