"""Survey answers: one score a row, or several measures in columns of their own → rows of survey_responses."""

from __future__ import annotations

import re

from kexiao.engine.duck import quote_text, run
from kexiao.errors import Ambiguous, Place
from kexiao.sources.mapping.batch import Batch, BatchSheet
from kexiao.sources.mapping.clock import day_of
from kexiao.sources.mapping.fields import normal
from kexiao.sources.mapping.following import joined
from kexiao.sources.mapping.masking import masked
from kexiao.sources.mapping.questions import named_range, question
from kexiao.sources.mapping.values.scores import NOT_ANSWERED
from kexiao.tables.catalogue import table_named
from kexiao.tables.loading import Incoming
from kexiao.text import Text

_RUNNING = ("序号", "编号")
_WIDE = (("csat_score", "csat"), ("nps_score", "nps"), ("ces_score", "ces"))


def shape_surveys(batch: Batch) -> list[Incoming]:
    """The answers of all sheets; a customer that only the order names is looked up."""
    parts = [part for sheet in batch.of_kind("surveys") for part in _sheet(batch, sheet)]
    if not parts:
        return []
    given = " UNION ALL BY NAME ".join(parts)
    looked = any("order_id" in sheet.mapping.columns for sheet in batch.of_kind("surveys"))
    person, join = (
        ("coalesce(a._person, l.customer_id)", f"LEFT JOIN order_lookup AS l ON {joined('a', 'responded_at')}")
        if looked
        else ("a._person", "")
    )
    dims = ", ".join(
        f"coalesce(a.{c}, l.{c}) AS {c}" if looked else f"a.{c}" for c in ("channel", "campaign", "region", "team")
    )
    sql = (
        f"SELECT a.response_id, a.survey, {person} AS customer_id, a.responded_at AS responded_at, "
        f"{day_of('a.responded_at', batch.around.zone)} AS responded_on, a.question, a.measure, a.score, a.scale_low, a.scale_high, a.mode, "
        f"{dims}, a.comment, a.known_at, a.src, a.row_no FROM ({given}) AS a {join} ANTI JOIN refused_rows AS r ON r.src = a.src AND r.row_no = a.row_no"
    )
    return [Incoming(table_named("survey_responses"), sql, several=True)]


def _sheet(batch: Batch, sheet: BatchSheet) -> list[str]:
    mapped = sheet.mapping.columns
    rows = batch.sheet_rows(sheet)
    response = _response(batch, sheet)
    when = _when(batch, sheet)
    comment = masked("nullif(concat_ws('：', title, comment), '')", "customer_name")
    about = f"{response} AS response_id, survey, _person, order_id, {when} AS responded_at, mode, channel, campaign, region, team"
    common = f"{about}, {comment} AS comment, known_at, src, row_no"
    made = _questions(batch, sheet, about)
    for field, measure in _WIDE:
        if field in mapped:
            low, high = _scale(batch, sheet, field, measure)
            if measure == "nps" and high != "10":
                batch.warnings.append(_NO_NPS.fill(file=sheet.file, column=mapped[field], low=low, high=high))
            named = "other" if measure == "nps" and high != "10" else measure
            made.append(
                f"SELECT {common}, {quote_text(mapped[field])} AS question, {quote_text(named)} AS measure, {field} AS score, {low} AS scale_low, {high} AS scale_high "
                f"FROM ({rows}) AS t WHERE {field} IS NOT NULL"
            )
            _refuse_outside(batch, sheet, field, low, high)
    scores = [field for field, _ in _WIDE if field in mapped] + (["score"] if "score" in mapped else [])
    given = scores + [field for field, spec in sheet.mapping.questions.items() if spec != "skip"]
    unanswered = ", ".join(f"nullif(trim(CAST({field} AS VARCHAR)), '')" for field in given)
    batch.refuse(
        f"SELECT {sheet.src} AS src, row_no, {quote_text(given[0])} AS field, 'missing' AS code FROM {batch.parquet(sheet)} "
        f"WHERE _code IS NULL AND coalesce({unanswered}) IS NULL"
    )
    if "score" in mapped:
        measure, low, high = _single(batch, sheet)
        question = (
            "coalesce(question, measure, survey, 'score')"
            if "question" in mapped or "survey" in mapped
            else quote_text(mapped["score"])
        )
        made.append(
            f"SELECT {common}, {question} AS question, {measure} AS measure, score, {low} AS scale_low, {high} AS scale_high FROM ({rows}) AS t WHERE score IS NOT NULL"
        )
    return made


def _questions(batch: Batch, sheet: BatchSheet, about: str) -> list[str]:
    """One row for each question that was answered: a score on its scale, or the words."""
    made = []
    rows = f"({batch.sheet_rows(sheet)}) AS t JOIN (SELECT row_no, {{name}} FROM {batch.parquet(sheet)}) AS p USING (row_no)"
    for name, spec in sheet.mapping.questions.items():
        asked = question(spec)
        if asked is None:
            continue
        title = quote_text(sheet.mapping.columns[name])
        source = rows.format(name=name)
        if asked.measure is None:
            nothing = ", ".join(map(quote_text, NOT_ANSWERED))
            made.append(
                f"SELECT {about}, {masked(name, 'customer_name')} AS comment, known_at, src, row_no, {title} AS question, 'other' AS measure, "
                f"CAST(NULL AS DOUBLE) AS score, CAST(NULL AS DOUBLE) AS scale_low, CAST(NULL AS DOUBLE) AS scale_high "
                f"FROM {source} WHERE nullif(trim({name}), '') IS NOT NULL AND trim({name}) NOT IN ({nothing})"
            )
            continue
        score = f"({name} - {asked.shift})" if asked.shift else name
        made.append(
            f"SELECT {about}, CAST(NULL AS VARCHAR) AS comment, known_at, src, row_no, {title} AS question, {quote_text(asked.measure)} AS measure, "
            f"{score} AS score, {asked.low} AS scale_low, {asked.high} AS scale_high FROM {source} WHERE {name} IS NOT NULL"
        )
        _refuse_outside(batch, sheet, name, str(asked.low + asked.shift), str(asked.high + asked.shift))
    return made


def _when(batch: Batch, sheet: BatchSheet) -> str:
    """When each answer was given: its own time, or where the sheet has none the time of its export, which is told."""
    if "responded_at" in sheet.mapping.columns:
        return "responded_at"
    batch.warnings.append(
        Text(
            zh="“{file}”没有答卷时间，全部答卷记在文件导出的日期 {day}；可用 --exported-at 指定。",
            en="“{file}” does not say when it was answered; all answers are dated by its export, {day}. Say another day with --exported-at.",
        ).fill(file=sheet.file, day=sheet.exported_at[:10])
    )
    return f"TIMESTAMPTZ {quote_text(sheet.exported_at)}"


def _response(batch: Batch, sheet: BatchSheet) -> str:
    """The response's id; with its order where the source gives one id to answers on several orders; else made from content."""
    mapped = sheet.mapping.columns
    if "response_id" not in mapped:
        said = " || chr(31) || ".join(
            f"coalesce(CAST({name} AS VARCHAR), '')"
            for name in ("responded_at", "_ref", "order_id", "score", "comment")
        )
        digest = f"substr(md5({said}), 1, 16)"
        return f"{digest} || '-' || row_number() OVER (PARTITION BY {digest} ORDER BY row_no)"
    if normal(mapped["response_id"]) in _RUNNING:
        # A running number starts anew in each survey: with the second of its sending in it is this answer's alone.
        own = (
            "strftime(responded_at, '%Y%m%d%H%M%S')"
            if "responded_at" in mapped
            else quote_text(sheet.mapping.signature)
        )
        return f"response_id || '~' || {own}"
    if "order_id" in mapped:
        shared = batch.count(
            f"SELECT count(*) FROM (SELECT 1 FROM {batch.parquet(sheet)} WHERE _code IS NULL GROUP BY response_id HAVING min(order_id) <> max(order_id))"
        )
        if shared:
            batch.warnings.append(
                Text(
                    zh="有 {n} 个答卷编号对应多张订单，按“答卷编号 + 订单号”区分。",
                    en="{n} response ids stand for several orders; answers are told apart by response and order.",
                ).fill(n=shared)
            )
            return "response_id || '~' || coalesce(order_id, '')"
    return "response_id"


def _single(batch: Batch, sheet: BatchSheet) -> tuple[str, str, str]:
    """Measure and scale of a sheet with one score a row: from its column, else from the range of the scores."""
    low, high = ("scale_low", "scale_high") if "scale_high" in sheet.mapping.columns else ("NULL", "NULL")
    if "measure" in sheet.mapping.columns:
        scales = {
            m: _bounds(batch, sheet, "score", m, f"measure = {quote_text(m)}") for m in ("csat", "nps", "ces", "other")
        }
        for measure, (least, most) in scales.items():
            _refuse_outside(batch, sheet, "score", least, most, f"measure = {quote_text(measure)}")
        lows = "CASE measure " + " ".join(f"WHEN '{m}' THEN {a}" for m, (a, _) in scales.items()) + " END"
        highs = "CASE measure " + " ".join(f"WHEN '{m}' THEN {b}" for m, (_, b) in scales.items()) + " END"
        return (
            "coalesce(measure, 'other')",
            f"coalesce(CAST({low} AS DOUBLE), {lows})",
            f"coalesce(CAST({high} AS DOUBLE), {highs})",
        )
    least, most = run(
        batch.connection, f"SELECT min(score), max(score) FROM {batch.parquet(sheet)} WHERE _code IS NULL"
    )[0]
    said = f"{sheet.mapping.columns['score']} {sheet.file} {sheet.typed.source.sheet}"
    if least is not None and least >= 0 and most <= 10 and re.search(r"(?i)nps|净推荐|推荐", said):
        measure, bounds = "nps", ("0", "10")
    elif least is None or (least >= 1 and most <= 5):
        measure, bounds = "csat", ("1", "5")
    else:
        raise Ambiguous(
            Text(
                zh="得分在 {low}–{high} 之间，无法判断是哪种量表。",
                en="Scores run from {low} to {high}; it cannot be told which scale this is.",
            ).fill(low=least, high=most),
            next_step=Text(
                zh="请加一列“量表”（CSAT、NPS、CES）和“最高分”。",
                en="Add the columns “measure” (CSAT, NPS, CES) and “scale_high”.",
            ),
            place=Place(file=sheet.file, column=sheet.column_of("score")),
        )
    batch.warnings.append(
        Text(
            zh="“{file}”的得分按 {measure}（{low}–{high} 分）读取。",
            en="The scores of “{file}” are read as {measure} ({low} to {high}).",
        ).fill(file=sheet.file, measure=measure.upper(), low=bounds[0], high=bounds[1])
    )
    return quote_text(measure), bounds[0], bounds[1]


_NO_NPS = Text(
    zh="“{file}”的“{column}”是 {low}–{high} 分，净推荐值只能由 0–10 分得出，按其他打分保存。",
    en="“{column}” of “{file}” runs from {low} to {high}; a net promoter score is made of 0 to 10, so it is kept as another score.",
)


def _scale(batch: Batch, sheet: BatchSheet, field: str, measure: str) -> tuple[str, str]:
    """The scale that the heading names, such as （1-5分）, else the usual one."""
    low, high = named_range(sheet.mapping.columns[field])
    if high:
        return str(low), str(high)
    return _bounds(batch, sheet, field, measure, "true")


def _bounds(batch: Batch, sheet: BatchSheet, field: str, measure: str, where: str) -> tuple[str, str]:
    """The scale by what the measure is and how high scores go: NPS 0–10; satisfaction and effort 1–5, 1–7 or 0–10."""
    if measure == "nps":
        return "0", "10"
    if measure == "other":
        return "NULL", "NULL"
    low, high = run(
        batch.connection,
        f"SELECT min({field}), approx_quantile({field}, 0.99) FROM {batch.parquet(sheet)} WHERE _code IS NULL AND {where}",
    )[0]
    if high is None or high <= 5:
        return "1", "5"
    return ("1", "7") if high <= 7 else ("0" if low is not None and low < 1 else "1", "10")


def _refuse_outside(batch: Batch, sheet: BatchSheet, field: str, low: str, high: str, where: str = "true") -> None:
    if low != "NULL":
        batch.refuse(
            f"SELECT {sheet.src} AS src, row_no, {quote_text(field)} AS field, CASE WHEN {field} < {low} THEN 'too_small' ELSE 'too_large' END AS code "
            f"FROM {batch.parquet(sheet)} WHERE _code IS NULL AND {where} AND ({field} < {low} OR {field} > {high})"
        )
