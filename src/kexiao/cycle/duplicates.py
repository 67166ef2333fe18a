"""Find customers who may be one: by phone, e-mail, WeChat, or name with birthday; each pair with its probability and reasons.

The score is that of Fellegi & Sunter (1969), "A theory for record linkage", JASA 64: a field that agrees adds log2(m ÷ u), one that differs adds
log2((1 − m) ÷ (1 − u)), where m is the chance of agreement within one person and u between two (their eqs. 11–13). u of a name or birthday is the
frequency of that very value (Winkler 1989, frequency-based matching), so a rare name says more than a common one. The prior is the chance that a
customer has a second record (as in Splink; Linacre et al. 2022, IJPDS 7:3). m and the chance that two people share a phone are set, not estimated:
without checked pairs nothing could tell them apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from kexiao.engine.duck import Connection, connect, run
from kexiao.engine.folder import Folder
from kexiao.engine.store import Snapshot, Store
from kexiao.errors import InputRejected, Place
from kexiao.sources.inbox import workplace
from kexiao.tables.catalogue import table_named
from kexiao.tables.contact_files import contacts_query
from kexiao.tables.survivors import survivors
from kexiao.text import Text

# A value that more customers than this hold is looked at no further, whatever their names.
_MOST_HOLDERS = 200
_LARGEST_CLUSTER = 10
# Frequencies are shrunk towards what a large population has, so that a small company's ten names do not all seem common.
_NAMES_BEYOND, _BIRTHDAYS_BEYOND = 1_000, 20_000

FIELDS: dict[str, Text] = {
    "phone": Text(zh="手机", en="phone"),
    "email": Text(zh="邮箱", en="e-mail"),
    "wechat": Text(zh="微信", en="WeChat"),
    "name": Text(zh="姓名", en="name"),
    "birthday": Text(zh="生日", en="birthday"),
    "gender": Text(zh="性别", en="gender"),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What is set in ``[duplicates]`` of kexiao.toml.

    ``merge_above``: probability from which the rule merges; ``show_above``: from which a pair is shown. ``shared_above``: a phone, e-mail or WeChat
    held under more different names than this is shared (a shop's, a family's) and proves nothing. ``duplicate_rate``: the chance that a customer has
    another record.
    """

    merge_above: float = 0.99
    show_above: float = 0.5
    shared_above: int = 3
    duplicate_rate: float = 0.05


@dataclass(frozen=True, slots=True)
class Pair:
    """Two customers who may be one: the probability, and the bits that each field adds. ``differs``: fields for which the rule never merges them."""

    left: int
    right: int
    probability: float
    reasons: Mapping[str, float]
    differs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cluster:
    """Customers whom the rule takes for one: who stays, and the others, each with the probability and reasons of the pair that brought it in."""

    stays: int
    others: tuple[tuple[int, float, Mapping[str, float]], ...]


@dataclass(frozen=True, slots=True)
class Shared:
    """Values of one field that are shared and were held back: how many values, how many customers hold them, the most that hold one."""

    field: str
    values: int
    customers: int
    most: int


@dataclass(frozen=True, slots=True)
class Duplicates:
    """What was found among ``customers`` people: pairs above ``show_above`` (the surest first), clusters for the rule, and what was held back."""

    customers: int
    pairs: list[Pair]
    clusters: list[Cluster]
    shared: list[Shared]


def settings_of(folder: Folder) -> Settings:
    """The settings of a workspace. Errors: ``InputRejected`` for an unknown name or a value out of range."""
    given = dict(folder.settings.get("duplicates", {}))
    known = {field.name for field in fields(Settings)}
    for name, value in given.items():
        chance = name != "shared_above" and isinstance(value, (int, float)) and 0 < value < 1
        count = name == "shared_above" and isinstance(value, int) and value >= 1
        if name not in known or not (chance or count):
            raise InputRejected(
                Text(zh="设置 [duplicates] {name} 有误。", en="The setting [duplicates] {name} is wrong.").fill(
                    name=name
                ),
                next_step=Text(
                    zh="可用：merge_above、show_above、duplicate_rate（0–1 之间）和 shared_above（整数）。",
                    en="There are merge_above, show_above and duplicate_rate (between 0 and 1) and shared_above (a whole number).",
                ),
                place=Place(file="kexiao.toml"),
            )
    return Settings(**given)


def find_duplicates(folder: Folder, settings: Settings | None = None) -> Duplicates:
    """Every pair of customers who may be one, by what ``contacts`` holds of them; customers merged already are one here too."""
    store = Store(folder.data)
    with workplace(folder) as work:
        connection = connect(work / "spill")
        try:
            return duplicates_among(connection, folder, store, store.current(), settings or settings_of(folder))
        finally:
            connection.close()


def duplicates_among(
    connection: Connection, folder: Folder, store: Store, snapshot: Snapshot, settings: Settings
) -> Duplicates:
    """The same over an open connection and one snapshot."""
    merges = store.table_query(snapshot, "merges", table_named("merges").stored_columns)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE one AS {survivors(merges)}")
    _normalised(connection, contacts_query(folder))
    customers = int(run(connection, "SELECT count(DISTINCT who) FROM said")[0][0])
    shared = [_hold_back(connection, field, settings) for field in ("phone", "email", "wechat")]
    _blocks(connection)
    _people(connection)
    pairs = _scored(connection, customers, settings)
    apart = {
        frozenset((int(a), int(b)))
        for a, b in run(connection, f"SELECT customer_id, into_id FROM ({merges}) WHERE undone_at IS NOT NULL")
    }
    clusters = _clusters(
        connection, store, snapshot, [p for p in pairs if p.probability >= settings.merge_above], apart
    )
    return Duplicates(customers, pairs, clusters, [one for one in shared if one.values])


def _normalised(connection: Connection, contacts: str) -> None:
    """What contacts say, made comparable: the table ``said``, one row a customer and source; masked values say nothing."""
    digits = "regexp_replace(phone, '[^0-9]', '', 'g')"
    phone = f"regexp_replace({digits}, '^(0086|86)(1[0-9]{{10}})$', '\\2')"
    name = (
        "regexp_replace(regexp_replace(lower(nfc_normalize(name)), '[\\s\\p{P}\\p{S}]', '', 'g'), "
        "'(先生|女士|小姐|太太|老师|同学)$', '')"
    )
    empty = "('匿名', '未知', '无', '测试', '匿名用户', '游客', '客户', '先生', '女士', 'test', 'unknown', 'anonymous', 'null', 'none', 'na', 'guest')"
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE said AS SELECT coalesce(o.survivor_id, c.customer_id) AS who,
            CASE WHEN contains(phone, '*') OR length({phone}) < 7 OR regexp_full_match({phone}, '(0+|1+|9+|12345678[0-9]*)') THEN NULL ELSE {phone} END AS phone,
            CASE WHEN contains(email, '*') OR NOT contains(email, '@') THEN NULL ELSE lower(trim(email)) END AS email,
            nullif(lower(trim(wechat)), '') AS wechat,
            CASE WHEN contains(name, '*') OR length({name}) < 2 OR {name} IN {empty} THEN NULL ELSE {name} END AS name,
            birthday, CASE WHEN gender IN ('男', 'M', 'm', 'male', 'Male') THEN 'm' WHEN gender IN ('女', 'F', 'f', 'female', 'Female') THEN 'f' END AS gender
        FROM ({contacts}) AS c LEFT JOIN one AS o ON o.customer_id = c.customer_id""")


def _hold_back(connection: Connection, field: str, settings: Settings) -> Shared:
    """Forget values that are shared: held under too many different names. Customers without a name count as names of their own."""
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE crowded AS SELECT {field} AS value, count(DISTINCT who) AS holders FROM said WHERE {field} IS NOT NULL GROUP BY 1
        HAVING count(DISTINCT who) > {settings.shared_above} AND (count(DISTINCT coalesce(name, CAST(who AS VARCHAR))) > {settings.shared_above} OR count(DISTINCT who) > {_MOST_HOLDERS})""")
    values, holders, most = run(
        connection, "SELECT count(*), coalesce(sum(holders), 0), coalesce(max(holders), 0) FROM crowded"
    )[0]
    if values:
        connection.execute(f"UPDATE said SET {field} = NULL WHERE {field} IN (SELECT value FROM crowded)")
    return Shared(field, int(values), int(holders), int(most))


def _blocks(connection: Connection) -> None:
    """Pairs worth comparing: those who share a phone, an e-mail, a WeChat id, or name and birthday."""
    listed = []
    for key in ("phone", "email", "wechat", "name || '|' || birthday"):
        held = f"SELECT DISTINCT {key} AS value, who FROM said WHERE {key} IS NOT NULL"
        many = f"SELECT value, who, count(*) OVER (PARTITION BY value) AS n FROM ({held})"
        block = f"(SELECT value, who FROM ({many}) WHERE n BETWEEN 2 AND {_MOST_HOLDERS})"
        listed.append(
            f"SELECT a.who AS l, b.who AS r FROM {block} AS a JOIN {block} AS b ON a.value = b.value AND a.who < b.who"
        )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE candidates AS {' UNION '.join(listed)}")


def _people(connection: Connection) -> None:
    """All values of each person in a pair, and how often each name and birthday occurs among everybody."""
    kept = ", ".join(f"list(DISTINCT {field}) FILTER ({field} IS NOT NULL) AS {field}" for field in FIELDS)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE people AS SELECT who, {kept} FROM said "
        "WHERE who IN (SELECT l FROM candidates UNION SELECT r FROM candidates) GROUP BY who"
    )
    for field in ("name", "birthday"):
        often = f"SELECT {field} AS value, count(DISTINCT who) AS n FROM said WHERE {field} IS NOT NULL GROUP BY 1"
        both = (
            f"SELECT c.l, c.r, unnest(list_intersect(a.{field}, b.{field})) AS value "
            "FROM candidates AS c JOIN people AS a ON a.who = c.l JOIN people AS b ON b.who = c.r"
        )
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE same_{field} AS SELECT l, r, min(n) AS n FROM ({both}) JOIN ({often}) USING (value) GROUP BY l, r"
        )


def _scored(connection: Connection, customers: int, settings: Settings) -> list[Pair]:
    """Weigh every candidate; those above ``show_above`` come back, the surest first."""
    others = max(1, customers - 1)
    weights = {
        "phone": _agreement("phone", m=0.8, u=0.02 / others),
        "email": _agreement("email", m=0.7, u=0.005 / others),
        "wechat": _agreement("wechat", m=0.9, u=0.001 / others),
        "name": _names(customers),
        "birthday": _by_frequency("birthday", 0.97, customers + _BIRTHDAYS_BEYOND),
        "gender": _agreement("gender", m=0.98, u=0.5),
    }
    shown = ", ".join(f"{sql} AS w_{field}" for field, sql in weights.items())
    prior = f"log2({settings.duplicate_rate} / {others})"
    total = " + ".join([prior, *(f"w_{field}" for field in weights)])
    alike = "jaro_winkler_similarity(x, y) >= 0.92 OR starts_with(x, y) OR starts_with(y, x)"
    near = f"len([x for x in a.name if len([y for y in b.name if {alike}]) > 0]) > 0"
    sql = f"""
        SELECT l, r, 1 / (1 + pow(2, -bits)) AS p, {", ".join(f"w_{field}" for field in weights)}, name_differs, birthday_differs FROM (
            SELECT *, {total} AS bits FROM (
                SELECT l, r, {shown},
                    coalesce(NOT list_has_any(a.name, b.name) AND NOT near_names, false) AS name_differs,
                    coalesce(NOT list_has_any(a.birthday, b.birthday), false) AS birthday_differs
                FROM (SELECT c.l, c.r, a, b, coalesce({near}, false) AS near_names, en.n AS often_name, eb.n AS often_birthday
                      FROM candidates AS c JOIN people AS a ON a.who = c.l JOIN people AS b ON b.who = c.r
                      LEFT JOIN same_name AS en ON en.l = c.l AND en.r = c.r LEFT JOIN same_birthday AS eb ON eb.l = c.l AND eb.r = c.r)))
        WHERE bits >= {_bits(settings.show_above)} ORDER BY bits DESC, l, r"""
    found = []
    for left, right, p, *rest in run(connection, sql):
        reasons = {field: round(float(w), 1) for field, w in zip(weights, rest[:-2], strict=True) if w}
        differs = tuple(field for field, yes in zip(("name", "birthday"), rest[-2:], strict=True) if yes)
        found.append(Pair(int(left), int(right), float(p), reasons, differs))
    return found


def _bits(probability: float) -> float:
    import math

    return math.log2(probability / (1 - probability))


def _agreement(field: str, *, m: float, u: float) -> str:
    """Bits of a field: agreement, difference, or 0 where one side says nothing."""
    return (
        f"CASE WHEN a.{field} IS NULL OR b.{field} IS NULL THEN 0 WHEN list_has_any(a.{field}, b.{field}) THEN log2({m} / {u!r}) "
        f"ELSE log2((1 - {m}) / (1 - {u!r})) END"
    )


def _by_frequency(field: str, m: float, population: int) -> str:
    """Bits of a field by how often the value on which both agree occurs."""
    return (
        f"CASE WHEN a.{field} IS NULL OR b.{field} IS NULL THEN 0 WHEN list_has_any(a.{field}, b.{field}) THEN log2({m} * {population} / often_{field}) "
        f"ELSE log2(1 - {m}) END"
    )


def _names(customers: int) -> str:
    """Bits of names: the same by frequency; nearly the same a little; otherwise strongly against."""
    same = _by_frequency("name", 0.95, customers + _NAMES_BEYOND).removesuffix("ELSE log2(1 - 0.95) END")
    return f"{same} WHEN near_names THEN log2(0.03 / 0.005) ELSE log2(0.02) END"


def _clusters(
    connection: Connection, store: Store, snapshot: Snapshot, pairs: Sequence[Pair], apart: set[frozenset[int]]
) -> list[Cluster]:
    """Join the surest pairs first. Chains are not followed blindly: a customer joins only where no name or birthday in the cluster speaks against
    it, where nobody took the two apart before, and while the cluster stays small."""
    sure = [pair for pair in pairs if not pair.differs]
    said = _said(connection, {number for pair in sure for number in (pair.left, pair.right)})
    group: dict[int, list[int]] = {}
    brought: dict[int, list[Pair]] = defaultdict(list)
    for pair in sure:
        left, right = group.get(pair.left, [pair.left]), group.get(pair.right, [pair.right])
        if left is right or not _may_join(left, right, said, apart):
            continue
        joined = left + right
        for number in joined:
            group[number] = joined
            brought[number] = brought[number] or []
        brought[pair.left].append(pair)
        brought[pair.right].append(pair)
    first = _first_known(connection, store, snapshot, list(group))
    listed = {id(members): members for members in group.values()}
    return [_cluster(members, brought, first) for members in listed.values()]


def _may_join(
    left: list[int],
    right: list[int],
    said: Mapping[int, tuple[frozenset[Any], frozenset[Any]]],
    apart: set[frozenset[int]],
) -> bool:
    if len(left) + len(right) > _LARGEST_CLUSTER:
        return False
    if apart and any(frozenset((a, b)) in apart for a in left for b in right):
        return False
    if len(left) == len(right) == 1:
        return True
    for which in (0, 1):
        ours = [said[number][which] for number in left if said[number][which]]
        theirs = [said[number][which] for number in right if said[number][which]]
        if any(not (a & b) for a in ours for b in theirs):
            return False
    return True


def _said(connection: Connection, numbers: set[int]) -> dict[int, tuple[frozenset[Any], frozenset[Any]]]:
    """Names and birthdays by customer."""
    rows = run(connection, "SELECT who, name, birthday FROM people")
    return {
        int(who): (frozenset(names or ()), frozenset(birthdays or ()))
        for who, names, birthdays in rows
        if int(who) in numbers
    }


def _first_known(connection: Connection, store: Store, snapshot: Snapshot, numbers: Sequence[int]) -> dict[int, str]:
    """The first day on which each customer was known, for choosing who stays."""
    sql = store.table_query(snapshot, "customers", table_named("customers").stored_columns)
    wanted = set(numbers)
    return {
        int(number): str(day)
        for number, day in run(
            connection,
            f"SELECT customer_id, least(registered_on, acquired_on) FROM ({sql}) WHERE least(registered_on, acquired_on) IS NOT NULL",
        )
        if int(number) in wanted
    }


def _cluster(members: list[int], brought: Mapping[int, list[Pair]], first: Mapping[int, str]) -> Cluster:
    """Who was known first stays, else the smallest number."""
    stays = min(members, key=lambda number: (first.get(number, "9999"), number))
    others = []
    for number in sorted(set(members) - {stays}):
        best = max(brought[number], key=lambda pair: pair.probability)
        others.append((number, best.probability, best.reasons))
    return Cluster(stays, tuple(others))
