"""A company's own metrics: written in TOML, computed by what computes the program's own, beside hand-written SQL."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Thread

import pytest
from cycle.conftest import decided_company

from kexiao.cli.main import main
from kexiao.cycle.assess import assess
from kexiao.cycle.explain import change_of, explain, rows
from kexiao.cycle.measure import measure, measure_facts
from kexiao.cycle.overview import difference
from kexiao.cycle.review import review
from kexiao.cycle.workspace import Workspace
from kexiao.engine.folder import Folder, open_folder
from kexiao.errors import InputRejected, WrongUse
from kexiao.facts.metric import MetricValue
from kexiao.facts.periods import parse
from kexiao.facts.source import open_facts
from kexiao.facts.worked_example import source_of
from kexiao.metrics.catalogue import all_metrics, metric_named, metrics_as_stored, metrics_of, theme_of
from kexiao.metrics.shop import SHOP, WINDOW

HEAD = """
name = "{name}"
label = {{ zh = "自家指标", en = "Our own" }}
why = {{ zh = "老板要看。", en = "Because we want to know." }}
unit = "{unit}"
better = "higher"
"""
STORE = """
formula = "store_sales / store_customers"

[parts.store_sales]
label = { zh = "门店净销售额", en = "net sales in shops" }
of = "known_net"
where = { channel = "直营门店" }

[parts.store_customers]
label = { zh = "门店下单客户", en = "customers in shops" }
of = "ordering_customers"
where = { channel = "直营门店" }
"""
LOYAL = """
formula = "three_orders / ordering_customers"

[parts.three_orders]
label = { zh = "下单至少三次的客户", en = "customers with three orders or more" }
of = "ordering_customers"
at_least = 3

[[version]]
from = 2025-07-01
formula = "two_days / ordering_customers"

[version.parts.two_days]
label = { zh = "至少两天下单的客户", en = "customers ordering on two days or more" }
of = "ordering_customers"
at_least = 2
counted = "days"
"""
TEA = """
formula = "green_orders / orders"

[parts.green_orders]
label = { zh = "含绿茶或红茶的订单", en = "orders with green or black tea" }
of = "orders"
where = { category = ["绿茶", "红茶"] }
"""
BIG = """
formula = "big_orders / orders"

[parts.big_orders]
label = { zh = "五百元以上的订单", en = "orders of 500 or more" }
of = "orders"
where = { net = { at_least = 500 } }
"""
SOLD = "o.status IN ('paid', 'shipped', 'completed', 'refunded')"
NET = "(SELECT order_id, sum(net) AS net FROM order_lines GROUP BY order_id)"


def own(name: str, unit: str, rest: str) -> str:
    """The file of one metric."""
    return HEAD.format(name=name, unit=unit) + rest


FILES = {
    "store.toml": own("store_spend", "money/customer", STORE),
    "loyal.toml": own("loyal_share", "ratio", LOYAL),
    "tea.toml": own("tea_share", "ratio", TEA),
    "big.toml": own("big_share", "ratio", BIG),
}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """The made-up company with four metrics of its own; nobody may change it."""
    folder = decided_company(tmp_path_factory.mktemp("own"), 400).folder
    (folder.root / "metrics").mkdir(exist_ok=True)
    for file, text in FILES.items():
        (folder.root / "metrics" / file).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def copy(company: Folder, tmp_path: Path) -> Folder:
    """A copy of it for a test that writes."""
    shutil.copytree(company.root, tmp_path / "copy")
    return open_folder(tmp_path / "copy")


def one(folder: Folder, name: str, period: str = "2025Q2", **more: object) -> MetricValue:
    return measure(folder, [name], period=period, **more).values[0]  # type: ignore[arg-type]


def in_the_shop(rest: str, unit: str, **more: Sequence[str]) -> list[MetricValue]:
    """The values of one formula over the small shop of the worked examples, in March 2025."""
    with metrics_as_stored({"x.toml": own("ours", unit, rest)}):
        found = measure_facts(source_of(SHOP, window=WINDOW), ["ours"], period="2025-03", **more)  # type: ignore[arg-type]
    return list(found)


def test_money_per_customer_of_one_channel_is_that_of_hand_written_sql(company: Folder) -> None:
    source = open_facts(company)
    inside = "o.channel = '直营门店' AND o.customer_id IS NOT NULL"
    quarter = "BETWEEN DATE '2025-04-01' AND DATE '2025-06-30'"
    paid, customers = source.query(
        f"SELECT sum(l.net), count(DISTINCT o.customer_id) FROM orders AS o JOIN {NET} AS l ON l.order_id = o.order_id "
        f"WHERE {SOLD} AND l.net > 0 AND {inside} AND o.ordered_on {quarter}"
    )[0]
    back = source.query(
        f"SELECT coalesce(sum(r.amount), 0) FROM refunds AS r JOIN orders AS o ON o.order_id = r.order_id "
        f"WHERE {inside} AND r.refunded_on {quarter}"
    )[0][0]
    value = one(company, "store_spend")
    assert value.denominator == customers > 0
    assert float(value.value or 0) == pytest.approx((float(paid) - float(back)) / customers, abs=0.005)


def test_a_share_of_orders_by_their_lines_is_that_of_hand_written_sql(company: Folder) -> None:
    tea, orders = open_facts(company).query(
        f"""SELECT count(DISTINCT CASE WHEN p.category IN ('绿茶', '红茶') THEN o.order_id END), count(DISTINCT o.order_id)
        FROM orders AS o JOIN {NET} AS n ON n.order_id = o.order_id JOIN order_lines AS l ON l.order_id = o.order_id
        LEFT JOIN products AS p ON p.product_id = l.product_id
        WHERE {SOLD} AND n.net > 0 AND o.ordered_on BETWEEN DATE '2025-04-01' AND DATE '2025-06-30'"""
    )[0]
    value = one(company, "tea_share")
    assert (value.numerator, value.denominator) == (tea, orders)
    assert value.interval_low is not None and value.interval_low < tea / orders < (value.interval_high or 0)


def test_a_condition_on_an_order_never_becomes_one_on_its_lines(company: Folder) -> None:
    big, orders = open_facts(company).query(
        f"SELECT count(CASE WHEN l.net >= 500 THEN 1 END), count(*) FROM orders AS o JOIN {NET} AS l ON l.order_id = o.order_id "
        f"WHERE {SOLD} AND l.net > 0 AND o.ordered_on BETWEEN DATE '2025-04-01' AND DATE '2025-06-30'"
    )[0]
    value = one(company, "big_share")
    assert (value.numerator, value.denominator) == (big, orders)
    with pytest.raises(WrongUse):
        one(company, "big_share", by=["category"])


def test_each_period_is_computed_by_the_version_in_force_when_it_begins(company: Folder) -> None:
    def share(having: str, first: str, last: str) -> tuple[int, int]:
        return tuple(  # type: ignore[return-value]
            open_facts(company).query(
                f"""SELECT count(CASE WHEN {having} THEN 1 END), count(*) FROM (
                SELECT o.customer_id, count(*) AS orders, count(DISTINCT o.ordered_on) AS days FROM orders AS o
                JOIN {NET} AS l ON l.order_id = o.order_id WHERE {SOLD} AND l.net > 0 AND o.customer_id IS NOT NULL
                AND o.ordered_on BETWEEN DATE '{first}' AND DATE '{last}' GROUP BY o.customer_id)"""
            )[0]
        )

    before, after = list(measure(company, ["loyal_share"], period="2025-04..2025-09", grain="quarter"))
    assert (before.numerator, before.denominator) == share("orders >= 3", "2025-04-01", "2025-06-30")
    assert (after.numerator, after.denominator) == share("days >= 2", "2025-07-01", "2025-09-30")
    assert "definition_from" not in before.settings and after.settings["definition_from"] == "2025-07-01"
    year = one(company, "loyal_share", "2025")
    assert (year.numerator, year.denominator) == share("orders >= 3", "2025-01-01", "2025-12-31")


def test_a_metric_without_a_first_version_says_from_when_it_is_defined() -> None:
    rest = '[[version]]\nfrom = 2025-04-01\nformula = "net_sales / orders"'
    value = in_the_shop(rest, "money/order")[0]
    assert value.value is None and value.reason is not None and "2025-04-01" in value.reason("en")


def test_a_formula_that_the_catalogue_has_too_gives_the_same_number_with_the_same_interval() -> None:
    written = {
        "average_order_value": ("net_sales / orders", "money/order"),
        "retention_rate": ("retained / at_start", "ratio"),
        "repeat_purchase_rate": ("repeat_customers / ordering_customers", "ratio"),
        "lead_conversion_rate": ("won_leads / matured_leads", "ratio"),
        "complaint_rate": ("complaints_opened / ordering_customers * 100", "per_100_customers"),
        "csat_mean": ("csat_scores / csat_answers", "score"),
        "customer_acquisition_cost": ("acquisition_cost / new", "money/customer"),
        "net_sales": ("net", "money"),
        "refund_rate": ("refunds / (net_sales + refunds)", "ratio"),
    }
    for name, (formula, unit) in written.items():
        ours = in_the_shop(f'formula = "{formula}"', unit)[0].as_record()
        theirs = measure_facts(source_of(SHOP, window=WINDOW), [name], period="2025-03").values[0].as_record()
        assert {**ours, "metric": name} == theirs, name


def test_growth_of_a_part_is_the_growth_of_the_metric_where_its_condition_holds(company: Folder) -> None:
    rest = """
    formula = "shop_sales"
    growth = "before"
    [parts.shop_sales]
    label = { zh = "门店净销售额", en = "net sales in shops" }
    of = "net_sales"
    where = { channel = "直营门店" }
    """
    source = open_facts(company)
    with metrics_as_stored({"x.toml": own("ours", "ratio", rest)}):
        ours = measure_facts(source, ["ours"], period="2025Q2").values[0]
    theirs = measure_facts(source, ["sales_growth"], period="2025Q2", where=[("channel", "直营门店")]).values[0]
    assert ours.value == pytest.approx(theirs.value, rel=1e-12)
    assert (ours.interval_low, ours.interval_high) == pytest.approx(
        (theirs.interval_low, theirs.interval_high), rel=1e-9
    )


def test_a_part_with_a_condition_is_the_metric_where_that_holds() -> None:
    rest = STORE.replace("直营门店", "store")
    ours = in_the_shop(rest, "money/customer")[0]
    source = source_of(SHOP, window=WINDOW)
    theirs = measure_facts(source, ["revenue_per_customer"], period="2025-03", where=[("channel", "store")]).values[0]
    assert ours.value == theirs.value is not None
    assert (ours.interval_low, ours.interval_high, ours.n) == (theirs.interval_low, theirs.interval_high, theirs.n)


def test_its_rows_add_up_to_the_number_and_it_breaks_down(company: Folder) -> None:
    source = open_facts(company)
    value = one(company, "store_spend")
    with metrics_of(company.root):
        behind = rows(source, "store_spend", "2025Q2")
        opened = explain(source, "store_spend", "2025Q2")
    assert isinstance(behind, list)
    for part in ("numerator", "denominator"):
        total = sum(float(row.contribution) for row in behind if row.part == part)
        assert total == pytest.approx(float(getattr(value, part)))
    assert opened.value.value == value.value and "customers in shops" in opened.formula("en")
    by = measure(company, ["tea_share"], period="2025Q2", by=["channel"])
    assert sum(v.denominator or 0 for v in by) == one(company, "tea_share").denominator


def test_a_change_is_split_within_a_version_and_never_across_two(company: Folder) -> None:
    source = open_facts(company)
    with metrics_of(company.root):
        within = change_of(source, "big_share", "2025Q2", "2025Q1", "channel")
        across = change_of(source, "loyal_share", "2025Q3", "2025Q2", "channel")
    assert within.decomposition is not None
    assert within.decomposition.change == pytest.approx(float(within.now.value or 0) - float(within.before.value or 0))
    assert across.decomposition is None and across.reason is not None and "2025-07-01" in across.reason("en")


def test_two_definitions_are_never_compared_as_one(company: Folder) -> None:
    before, after = (one(company, "loyal_share", period) for period in ("2025Q2", "2025Q3"))
    assert difference(after, before, parse("2025Q2")).amount is None
    earlier = one(company, "loyal_share", "2025Q1")
    found = difference(before, earlier, parse("2025Q1"))
    assert found.amount == pytest.approx(float(before.value or 0) - float(earlier.value or 0))


@pytest.mark.parametrize("plan", ["care_east", "hd2511"])
def test_an_initiative_is_judged_by_the_definition_of_the_day_it_began(copy: Folder, plan: str) -> None:
    """The metric changes while the initiative runs; the verdict is that on the earlier definition, before and after."""
    changed = (
        'formula = "completed_orders"\n[[version]]\nfrom = 2025-08-15\nformula = "completed_orders - known_orders"'
    )
    (copy.root / "metrics" / "ours.toml").write_text(own("our_orders", "orders", changed), encoding="utf-8")
    (theirs,) = review(copy, plan)
    file = copy.root / "initiatives" / f"{plan}.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('"orders"', '"our_orders"'), encoding="utf-8")
    (ours,) = review(copy, plan)
    assert ours.metric == "our_orders" and ours.design == theirs.design
    numbers = [
        [n for n in (one.estimate, one.interval_low, one.interval_high) if n is not None] for one in (ours, theirs)
    ]
    assert numbers[0] == pytest.approx(numbers[1], rel=1e-9)
    later = changed.replace('formula = "completed_orders"\n', "", 1)
    (copy.root / "metrics" / "ours.toml").write_text(own("our_orders", "orders", later), encoding="utf-8")
    (undefined,) = review(copy, plan)
    assert undefined.estimate is None and undefined.reason is not None and "2025-08-15" in undefined.reason("en")


def test_a_closed_quarter_keeps_the_definition_that_it_was_closed_with(copy: Folder) -> None:
    card = """
    id = "own"
    subject = "channel"
    name = { zh = "自家", en = "own" }
    [[indicators]]
    metric = "big_share"
    weight = 100
    floor = 0.0
    target = 0.3
    """
    (copy.root / "scorecards" / "own.toml").write_text(card, encoding="utf-8")
    closed = assess(copy, "own", "2025Q2", close=True)
    assert closed.metric_texts == {"big.toml": FILES["big.toml"]}
    definition = copy.root / "metrics" / "big.toml"
    definition.write_text(FILES["big.toml"].replace("500", "100"), encoding="utf-8")
    again = assess(copy, "own", "2025Q2")
    assert again.restatements == ()
    assert [s.indicators[0].value for s in again.subjects] == [s.indicators[0].value for s in closed.subjects]
    definition.unlink()
    assert assess(copy, "own", "2025Q2").restatements == ()
    definition.write_text(FILES["big.toml"].replace("500", "100"), encoding="utf-8")
    reopened = assess(copy, "own", "2025Q2", reopen="the limit was too high")
    assert [s.indicators[0].value for s in reopened.subjects] != [s.indicators[0].value for s in closed.subjects]


def test_each_workspace_has_its_own_catalogue_also_in_threads(company: Folder, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(company.root, other)
    shutil.rmtree(other / "metrics")
    assert {"store_spend", "loyal_share", "tea_share", "big_share"} <= Workspace(company).metrics().keys()
    assert "store_spend" not in Workspace(open_folder(other)).metrics() and "store_spend" not in all_metrics()
    seen: list[bool] = []
    with metrics_of(company.root):
        assert theme_of("store_spend") == "own" and metric_named("store_spend").unit == "money/customer"
        thread = Thread(target=lambda: seen.append("store_spend" in all_metrics()))
        thread.start()
        thread.join()
    assert seen == [False]
    with pytest.raises(WrongUse, match="store_spend"):
        measure(open_folder(other), ["store_spend"], period="2025Q2")


def test_a_wrong_file_stops_what_needs_it_and_nothing_else(copy: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    (copy.root / "metrics" / "wrong.toml").write_text("name = 5", encoding="utf-8")
    assert main(["measure", "orders", "--period", "2025Q2", "-w", str(copy.root), "--lang", "en"]) == 0
    assert main(["measure", "tea_share", "--period", "2025Q2", "-w", str(copy.root), "--lang", "en"]) == 3
    said = capsys.readouterr().err
    assert "metrics/wrong.toml" in said and "name" in said


def test_the_command_lists_them_with_the_words_of_formulas(company: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["metrics", "-w", str(company.root), "--lang", "en", "--format", "csv"]) == 0
    listed = capsys.readouterr().out
    assert "tea_share,Our own,Own metrics,%,orders with green or black tea ÷ orders,metrics/tea.toml" in listed
    assert "average_order_value" in listed
    assert main(["metrics", "words", "-w", str(company.root), "--lang", "zh", "--format", "csv"]) == 0
    assert "known_net" in capsys.readouterr().out
    assert "tea_share" not in all_metrics()


NONSENSE = {
    "money is not added to counts": ('formula = "net_sales + orders"', "money", "formula", "not added up"),
    "an average is not added to another": ('formula = "net_sales / orders + refunds / orders"', "money/order", "formula", "averages"),
    "a rate has a denominator": ('formula = "orders"', "ratio", "unit", "no denominator"),
    "a share lies inside its whole": ('formula = "orders / known_orders"', "ratio", "formula", "never below 1"),
    "what is no part is no share": ('formula = "ordering_customers / at_start"', "ratio", "formula", "can exceed 1"),
    "a share is never below nothing": ('formula = "(promoters - detractors) / nps_answers"', "ratio", "formula", "can exceed 1"),
    "a rate does not grow": ('formula = "net_sales / orders"\ngrowth = "before"', "ratio", "growth", "rates and states have none"),
    "states do not grow": ('formula = "retained"\ngrowth = "before"', "ratio", "growth", "rates and states have none"),
    "growth is a ratio": ('formula = "net_sales"\ngrowth = "year_before"', "money", "unit", "ratio"),
    "growth is against something known": ('formula = "net_sales"\ngrowth = "ever"', "ratio", "growth", "year_before"),
    "a rate of rates means nothing": ('formula = "(net_sales / orders) / (orders / ordering_customers)"', "ratio", "formula", "rate of rates"),
    "customers do not add up": ('formula = "ordering_customers + participants"', "customers", "formula", "both sides"),
    "a part is not added to its whole": ('formula = "orders + known_orders"', "orders", "formula", "count twice"),
    "a thing over itself is 1": ('formula = "orders / orders"', "ratio", "formula", "always 1"),
    "the unit is that of the formula": ('formula = "net_sales / orders"', "money/customer", "unit", "money/order"),
    "money times money has no unit": ('formula = "net_sales * refunds"', "money", "formula", "no unit"),
    "a number is not added": ('formula = "orders + 5"', "orders", "formula", "bare number"),
    "scores are not added up alone": ('formula = "csat_scores"', "score", "formula", "sum of scores"),
    "scales are not mixed": ('formula = "csat_scores / nps_answers"', "score", "formula", "no unit"),
    "a rate is no part": ('formula = "average_order_value / orders"', "money/order", "formula", "does not add up"),
    "anonymous orders have no customer": ('formula = "net_sales / ordering_customers"', "money/customer", "formula", "anonymous"),
    "a window is over on both sides": ('formula = "won_leads / leads"', "ratio", "formula", "whole window"),
    "an unknown name has near ones": ('formula = "net_sale / orders"', "money/order", "formula", "net_sales"),
    "a formula is finished": ('formula = "net_sales /"', "money", "formula", "not finished"),
    "brackets are closed": ('formula = "(net_sales"', "money", "formula", "not closed"),
    "only what is listed is understood": ('formula = "net_sales; drop"', "money", "formula", "“;”"),
    "brackets do not stand too deep": (f'formula = "{"(" * 400}orders"', "orders", "formula", "too deep"),
    "a metric has a formula": ("", "money", "formula", "missing"),
    "versions stand in order": (
        'formula = "net"\n[[version]]\nfrom = 2026-01-01\nformula = "net"\n[[version]]\nfrom = 2025-01-01\nformula = "net"', "money", "version[2].from", "order",
    ),
    "a version has its day": ('[[version]]\nformula = "net"', "money", "version[1].from", "missing"),
    "a version keeps the unit": ('formula = "net"\n[[version]]\nfrom = 2026-01-01\nformula = "orders"', "money", "version[1].unit", "orders"),
}  # fmt: skip


@pytest.mark.parametrize("case", NONSENSE)
def test_nonsense_is_refused_with_file_key_and_reason(case: str) -> None:
    rest, unit, key, said = NONSENSE[case]
    with metrics_as_stored({"ours.toml": own("ours", unit, rest)}), pytest.raises(InputRejected) as refused:
        metric_named("ours")
    english, chinese = refused.value.message("en"), refused.value.message("zh")
    assert english.startswith("metrics/ours.toml: ") and f"{key}: " in english and said in english
    assert english != chinese and key in chinese and refused.value.next_step("zh")


PART = '[parts.ours_too]\nlabel = {{ zh = "甲", en = "A" }}\n{rest}\n'
WRONG_PARTS = {
    "a part has words in both languages": ('[parts.some]\nlabel = { zh = "甲" }\nof = "orders"', "parts.some.label.en", "missing"),
    "states take no condition": (PART.format(rest='of = "retained"\nwhere = { channel = "web" }'), "parts.ours_too.where.channel", "--where"),
    "a condition names a column of the part": (PART.format(rest='of = "orders"\nwhere = { purpose = "x" }'), "parts.ours_too.where.purpose", "channel"),
    "a line has no whole order's amount": (
        PART.format(rest='of = "orders"\nwhere = { category = "tea", net = { at_least = 5 } }'), "parts.ours_too.where.net", "no such column",
    ),
    "and an order's amount has no line": (
        PART.format(rest='of = "orders"\nwhere = { net = { at_least = 5 }, category = "tea" }'), "parts.ours_too.where.category", "no such column",
    ),
    "amounts are compared": (PART.format(rest='of = "orders"\nwhere = { net = "much" }'), "parts.ours_too.where.net", "at_least"),
    "only customers come several times": (PART.format(rest='of = "orders"\nat_least = 2'), "parts.ours_too.at_least", "customers"),
    "a part is of something": (PART.format(rest='of = "sales_of_all"'), "parts.ours_too.of", "There is no"),
    "a part takes no name of the catalogue": ('[parts.orders]\nof = "net"', "parts.orders", "already"),
    "unknown entries are told": (PART.format(rest='of = "orders"\nwher = 1'), "parts.ours_too.wher", "no such entry"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG_PARTS)
def test_a_part_that_makes_no_sense_is_refused(case: str) -> None:
    rest, key, said = WRONG_PARTS[case]
    text = own("ours", "orders", f'formula = "orders"\n{rest}')
    with metrics_as_stored({"ours.toml": text}), pytest.raises(InputRejected) as refused:
        metric_named("ours")
    assert f"metrics/ours.toml: {key}: " in refused.value.message("en") and said in refused.value.message("en")


def _without(line: str) -> Callable[[str], str]:
    return lambda text: "\n".join(row for row in text.splitlines() if not row.startswith(line))


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (_without("label"), "label"),
        (_without("why"), "why"),
        (_without("better"), "better"),
        (_without("unit"), "unit"),
        (lambda text: text.replace(', en = "Our own"', ""), "label.en"),
        (lambda text: text.replace('zh = "老板要看。", ', ""), "why.zh"),
        (lambda text: text.replace('"higher"', '"up"'), "better"),
        (lambda text: text.replace('name = "ours"', 'name = "net_sales"'), "name"),
        (lambda text: text.replace('name = "ours"', 'name = "Our Own"'), "name"),
    ],
)
def test_names_words_unit_and_direction_must_be_there(change: Callable[[str], str], key: str) -> None:
    text = change(own("ours", "money", 'formula = "net_sales"'))
    with metrics_as_stored({"ours.toml": text}), pytest.raises(InputRejected, match=f"{key}"):
        all_metrics()


def test_two_files_never_share_a_name() -> None:
    text = own("ours", "money", 'formula = "net_sales"')
    with metrics_as_stored({"a.toml": text, "b.toml": text}), pytest.raises(InputRejected) as refused:
        all_metrics()
    assert "metrics/b.toml: name: metrics/a.toml" in refused.value.message("en")
