"""The questions of a survey whose answers stand in a column each: which are scales, of what, and which hold words.

What a question measures is told by its wording and by its answers, and stands in the mapping, where people confirm or change it:
``nps 0-10``, ``csat 1-5``, ``ces 1-7``, ``other 1-5`` are scores with their scale; ``answer`` keeps the words; ``skip`` leaves the column out.
``nps 0-10 from 1`` says that the export counts the steps from 1, so that 1 stands for 0.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from kexiao.engine.duck import Connection, run
from kexiao.sources.files.staged import StagedSheet
from kexiao.sources.mapping.plan import SheetMapping
from kexiao.sources.mapping.values.scores import NOT_ANSWERED, read_score
from kexiao.text import Text

SAMPLE = 5000
MOST_STEPS = 11
_SPEC = re.compile(r"(csat|nps|ces|other) (\d+)-(\d+)(?: from (\d+))?|answer|skip")
_NUMBERED = re.compile(r"(?i)^\s*(?:第\s*\d+\s*题|q\s*_?\d+|\d+\s*[、.．:：)）_])")
_ASKS = re.compile(r"[?？]\s*[)）]?\s*$|您|你|(?i:\b(how|what|would|please|your)\b)")
_TECHNICAL = re.compile(r"所用时间|来源|来自|(?i:\bip\b)|总分|省份|城市|提交|开始|结束|时间$|用时|浏览器|操作系统|备注")
_NPS = re.compile(
    r"(?i)净推荐|\bnps\b|推荐(?:给|我们|本|该|的可能|意愿|度|指数|程度)|(?:可能|愿意|意愿|向|乐意).{0,20}推荐|likel\w+.{0,30}recommend|recommend.{0,40}(friend|colleague|likel)"
)
_CES = re.compile(
    r"(?i)费力|省力|省心|轻松|容易|方便地|花费.{0,6}(精力|力气|功夫)|\bces\b|effort|how easy|easy (to|was)"
)
_CSAT = re.compile(r"(?i)满意|\bcsat\b|satisf")
_RATES = re.compile(r"(?i)打分|评分|几分|星级|rating|rate|score")
_OVERALL = re.compile(r"(?i)总体|整体|总的|综合|本次|此次|overall|in general")
_RANGE = re.compile(r"(\d{1,2})\s*(?:分)?\s*(?:[-–—~～至到]|to)\s*(\d{1,2})")
_PERSONAL: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("customer_id", re.compile(r"会员号|会员编号|会员卡号|客户编号|客户号|客户id|(?i:customer id|member id)")),
    ("phone", re.compile(r"手机|电话|联系方式|(?i:phone|mobile)")),
    ("email", re.compile(r"邮箱|(?i:e-?mail)")),
    ("wechat", re.compile(r"微信号")),
    ("customer_name", re.compile(r"姓名|名字|称呼|(?i:your name)")),
    ("", re.compile(r"身份证|住址|地址|银行卡|(?i:\baddress\b|id card)")),
)
_SHORT = 14


@dataclass(frozen=True, slots=True)
class Question:
    """What is done with the answers of one column: its measure (None for words), its scale, and how much the export counts too high."""

    measure: str | None
    low: int = 0
    high: int = 0
    shift: int = 0


def question(spec: str) -> Question | None:
    """The question that a mapping says; None for one that is left out.

    >>> question("nps 0-10 from 1"), question("answer"), question("skip")
    (Question(measure='nps', low=0, high=10, shift=1), Question(measure=None, low=0, high=0, shift=0), None)
    """
    found = _SPEC.fullmatch(spec)
    if found is None or spec == "skip":
        return None
    if not found[1]:
        return Question(None)
    return Question(found[1], int(found[2]), int(found[3]), int(found[4]) - int(found[2]) if found[4] else 0)


def is_spec(spec: str) -> bool:
    """Whether a mapping's word for a question is one that is known."""
    found = _SPEC.fullmatch(spec)
    return found is not None and not (found[1] and int(found[2]) >= int(found[3]))


def propose_questions(connection: Connection, sheet: StagedSheet, mapping: SheetMapping) -> SheetMapping:
    """A survey's mapping with its questions, each with the reason why it is read so."""
    if mapping.kind != "surveys":
        return mapping
    asked = [column for column in mapping.unused if _is_question(column, mapping)]
    if not asked:
        return mapping
    columns, reasons = dict(mapping.columns), dict(mapping.reasons)
    asked, personal = _without_personal(asked, columns, reasons)
    answers = {column: _answers(connection, sheet, column) for column in asked}
    read = {column: _scale_of(column, answers[column]) for column in asked}
    overall = _overall([column for column, (found, _) in read.items() if found.startswith("csat")], columns)
    questions: dict[str, str] = {}
    for number, column in enumerate([*asked, *personal], 1):
        found, why = read.get(column, ("skip", _IS_PERSONAL))
        if found.startswith("csat") and column not in overall:
            found, why = "other" + found[4:], _PART
        questions[f"q{number}"] = found
        columns[f"q{number}"], reasons[f"q{number}"] = column, why
    return replace(mapping, columns=columns, reasons=reasons, questions=questions, saved=None)


def asks_for_a_score(column: str) -> bool:
    """Whether a heading asks for recommendation, effort or satisfaction."""
    return bool(_NPS.search(column) or _CES.search(column) or _CSAT.search(column))


def told(mapping: SheetMapping) -> list[Text]:
    """What was concluded of the questions, to be confirmed."""
    scored = [(name, spec) for name, spec in mapping.questions.items() if spec not in ("answer", "skip")]
    said = [
        Text(
            zh="“{column}”按 {spec} 读取（{why}），请确认。", en="“{column}” is read as {spec} ({why}); please confirm."
        ).fill(column=mapping.columns[name][:60], spec=_shown(spec), why=mapping.reasons[name])
        for name, spec in scored
        if not spec.startswith("other")
    ]
    parts = [mapping.columns[name] for name, spec in scored if spec.startswith("other")]
    if parts:
        said.append(_PARTS.fill(n=len(parts), columns="、".join(column[:30] for column in parts[:5])))
    left = [mapping.columns[name] for name, spec in mapping.questions.items() if spec == "skip"]
    if left:
        said.append(_LEFT.fill(columns="、".join(column[:30] for column in left[:5])))
    return said


def _shown(spec: str) -> str:
    return spec.replace("csat", "CSAT").replace("nps", "NPS").replace("ces", "CES")


_IS_PERSONAL = Text(zh="问的是个人信息", en="it asks for personal data")
_PART = Text(zh="问的是某一方面的满意度，不是总体", en="it asks about one aspect, not about everything")
_PARTS = Text(
    zh="有 {n} 道打分题不算作总体满意度、推荐或费力度（{columns}…）；要改请编辑映射文件的 [questions]。",
    en="{n} scored questions are no overall satisfaction, recommendation or effort ({columns}…); change that under [questions] in the mapping file.",
)
_LEFT = Text(zh="“{columns}”问的是个人信息，没有导入。", en="“{columns}” asks for personal data and was not loaded.")
_BY_WORDING = Text(
    zh="题目问“{word}”，答案为 {low}–{high}", en="it asks about “{word}”, answers run from {low} to {high}"
)
_FROM_ONE = Text(
    zh="题目问“{word}”，答案为 1–{high}，是从 1 数起的选项序号",
    en="it asks about “{word}”, answers of 1 to {high} count options from 1",
)
_OTHER_SCALE = Text(zh="打分题，但题目看不出问的是什么", en="a scale, of what its wording does not say")
_WORDS = Text(zh="答案是文字或选项", en="its answers are words or options")


def _is_question(column: str, mapping: SheetMapping) -> bool:
    """Whether a column that no field takes is a question and not something technical, such as the time taken."""
    if _NUMBERED.match(column):
        return True
    bare = re.sub(r"[(（].*?[)）]", "", column)
    if _TECHNICAL.search(bare) and len(bare) < _SHORT:
        return False
    return bool(_ASKS.search(column)) or asks_for_a_score(column)


def _without_personal(
    asked: Sequence[str], columns: dict[str, str], reasons: dict[str, Text]
) -> tuple[list[str], list[str]]:
    """The questions that ask for no personal data, and those that do and tie the answer to nobody; the others become fields."""
    kept, left = [], []
    for column in asked:
        found = next((field for field, words in _PERSONAL if words.search(column)), None)
        if found is None or len(_bare(column)) > _SHORT or _CSAT.search(column) or _NPS.search(column):
            kept.append(column)
        elif found and found not in columns:
            columns[found] = column
            reasons[found] = Text(zh="题目问的是它", en="the question asks for it")
        else:
            left.append(column)
    return kept, left


def _bare(column: str) -> str:
    return re.sub(r"[^\w]|_", "", _NUMBERED.sub("", column))


def _answers(connection: Connection, sheet: StagedSheet, column: str) -> Counter[str]:
    """The distinct answers of the first rows, how often each was given."""
    cell = f"trim(c{sheet.header.index(column)})"
    rows = run(
        connection,
        f"SELECT {cell}, count(*) FROM (SELECT * FROM {sheet.cells} LIMIT {SAMPLE}) WHERE {cell} <> '' GROUP BY 1",
    )
    return Counter(
        {
            unicodedata.normalize("NFKC", str(answer)): int(times)
            for answer, times in rows
            if str(answer) not in NOT_ANSWERED
        }
    )


def _scale_of(column: str, answers: Mapping[str, int]) -> tuple[str, Text]:
    """How the answers of a question are read, and why."""
    scores = {answer: read_score(answer).value for answer in answers}
    numbers = [float(score) for score in scores.values() if score is not None]
    rows = sum(answers.values())
    read = sum(times for answer, times in answers.items() if scores[answer] is not None)
    title = unicodedata.normalize("NFKC", column)
    low, high = named_range(title)
    asked = next((pair for pair in (("nps", _NPS), ("ces", _CES), ("csat", _CSAT)) if pair[1].search(title)), None)
    if not numbers and asked and high:
        return f"{asked[0]} {low}-{high}", _reason(asked[1], title, low, high)
    if not numbers or read < 0.9 * rows or min(numbers) < 0 or len(set(numbers)) > MOST_STEPS + 1:
        return "answer", _WORDS
    by_words = [score for answer, score in scores.items() if score is not None and not answer[:1].isdigit()]
    if by_words and (len(set(by_words)) < len(by_words) or (high and (low, high) != (1, 5))):
        return "answer", _WORDS  # 满意 beside 比较满意: no usual five steps, so that the words stay
    if asked is None and not high and not _RATES.search(title):
        return "answer", _WORDS
    if asked is None:
        low, high = (low, high) if high else _usual_range("other", max(numbers), min(numbers))
        return f"other {low}-{high}", _OTHER_SCALE
    name, wording = asked
    if high and max(numbers) == high + 1 and low == 0 and min(numbers) >= 1:
        return f"{name} {low}-{high} from 1", _FROM_ONE.fill(word=_word(wording, title), high=high + 1)
    if not high:
        low, high = _usual_range(name, max(numbers), min(numbers))
    if name == "nps" and (low, high) != (0, 10):
        name = "other"  # a net promoter score is of 0 to 10 by its definition
    return f"{name} {low}-{high}", _reason(wording, title, low, high)


def _reason(wording: re.Pattern[str], title: str, low: int, high: int) -> Text:
    return _BY_WORDING.fill(word=_word(wording, title), low=low, high=high)


def _word(wording: re.Pattern[str], title: str) -> str:
    found = wording.search(title)
    return found[0][:20] if found else ""


def named_range(title: str) -> tuple[int, int]:
    """The scale that a title names, such as （1-5）; (0, 0) where it names none."""
    for found in _RANGE.finditer(_NUMBERED.sub("", unicodedata.normalize("NFKC", title))):
        low, high = sorted((int(found[1]), int(found[2])))
        if low in (0, 1) and high in (3, 4, 5, 6, 7, 9, 10):
            return low, high
    return 0, 0


def _usual_range(name: str, most: float, least: float) -> tuple[int, int]:
    if name == "nps":
        return 0, 10
    if most <= 5 and least >= 1:
        return 1, 5
    return (1, 7) if most <= 7 and least >= 1 else (0 if least < 1 else 1, 10)


def _overall(satisfied: Sequence[str], columns: Mapping[str, str]) -> set[str]:
    """Which questions ask for satisfaction as a whole: the only one, or the one that says so; parts of it are no CSAT."""
    if "csat_score" in columns:
        return set()
    whole = [column for column in satisfied if _OVERALL.search(column)]
    return set(whole[:1]) if whole else set(satisfied) if len(satisfied) == 1 else set()
