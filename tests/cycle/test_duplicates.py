"""Finding customers who may be one: by what, how sure, and what never proves anything."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from collecting import Company

from kexiao.cycle.customers import customer_named, opened
from kexiao.cycle.duplicates import Duplicates, find_duplicates
from kexiao.cycle.merging import merge_by_rule, merges_of, unmerge_customer
from kexiao.errors import InputRejected

HEAD = "客户编号 | 客户姓名 | 手机号 | 邮箱 | 生日"


def company(tmp_path: Path, rows: str) -> Company:
    made = Company(tmp_path)
    made.load(HEAD + "\n" + "\n".join(line.strip() for line in rows.strip().splitlines()), name="customers.csv")
    return made


def pairs(made: Company, found: Duplicates) -> dict[frozenset[str], float]:
    """Pairs by the source's ids."""
    names = dict(made.rows("contacts", "customer_id, source_id"))
    return {frozenset((names[p.left], names[p.right])): p.probability for p in found.pairs}


def test_one_phone_and_one_name_are_one_customer_however_they_are_written(tmp_path: Path) -> None:
    made = company(
        tmp_path,
        """C1 | 张小红   | 13812345678      | |
           C2 | 张 小红  | +86 138-1234-5678 | |
           C3 | 李大伟   | 13900001111      | |""",
    )
    found = find_duplicates(made.folder)
    assert pairs(made, found).keys() == {frozenset(("C1", "C2"))}
    assert found.pairs[0].probability > 0.99 and len(found.clusters) == 1


def test_the_probability_is_the_sum_of_the_weights_by_hand(tmp_path: Path) -> None:
    made = company(
        tmp_path,
        """C1 | 张小红 | 13812345678 | a@example.com | 1990-03-05
           C2 | 张小红 | 13812345678 | b@example.com | 1990-03-05
           C3 | 李大伟 | 13900001111 | |""",
    )
    (pair,) = find_duplicates(made.folder).pairs
    bits = (
        math.log2(0.05 / 2)
        + math.log2(0.8 / (0.02 / 2))
        + math.log2((1 - 0.7) / (1 - 0.005 / 2))
        + math.log2(0.95 * 1003 / 2)
        + math.log2(0.97 * 20003 / 2)
    )
    assert pair.probability == pytest.approx(1 / (1 + 2**-bits), rel=1e-12)
    assert sum(pair.reasons.values()) + math.log2(0.05 / 2) == pytest.approx(bits, abs=0.3)


def test_a_name_alone_or_a_birthday_alone_makes_no_pair_but_both_do(tmp_path: Path) -> None:
    made = company(
        tmp_path,
        """C1 | 欧阳明月 | | | 1990-03-05
           C2 | 欧阳明月 | | | 1991-04-06
           C3 | 赵一     | | | 1990-03-05
           C4 | 欧阳明月 | | | 1991-04-06""",
    )
    assert pairs(made, find_duplicates(made.folder)).keys() == {frozenset(("C2", "C4"))}


def test_a_phone_of_a_family_is_shown_to_people_but_never_merged_by_rule(tmp_path: Path) -> None:
    made = company(
        tmp_path,
        """C1 | 王建国 | 13812345678 | wang@example.com |
           C2 | 李秀英 | 13812345678 | wang@example.com |""",
    )
    found = find_duplicates(made.folder)
    assert [pair.differs for pair in found.pairs] == [("name",)] and found.clusters == []


def test_a_shop_phone_of_forty_people_proves_nothing(tmp_path: Path) -> None:
    shop = "\n".join(f"S{n} | 顾客{chr(0x4E00 + n * 37)} | 13800138000 | |" for n in range(40))
    twice = "A1 | 周小川 | 13800138000 | zhou@example.com |\nA2 | 周小川 | 13800138000 | zhou@example.com |"
    made = company(tmp_path, shop + "\n" + twice)
    found = find_duplicates(made.folder)
    assert pairs(made, found).keys() == {frozenset(("A1", "A2"))}, "only the two whose e-mail and name agree too"
    assert [(s.field, s.values, s.customers, s.most) for s in found.shared] == [("phone", 1, 42, 42)]
    assert "phone" not in found.pairs[0].reasons


def test_a_chain_of_likenesses_does_not_join_people_of_different_names(tmp_path: Path) -> None:
    made = company(
        tmp_path,
        """C1 | 陈思思 | 13812345678 | |
           C2 |        | 13812345678 | chen@example.com | 1980-01-02
           C3 | 郭子仪 |             | chen@example.com | 1980-01-02""",
    )
    toml = made.folder.root / "kexiao.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + "\n[duplicates]\nmerge_above = 0.6\n", encoding="utf-8")
    from kexiao.engine.folder import open_folder

    found = find_duplicates(open_folder(made.folder.root))
    assert len(found.pairs) == 2, "C1–C2 by phone, C2–C3 by e-mail and birthday"
    assert [len(cluster.others) for cluster in found.clusters] == [1], (
        "the surer pair is joined, the other is not chained on"
    )


def test_masked_and_made_up_values_say_nothing(tmp_path: Path) -> None:
    made = company(
        tmp_path,
        """C1 | 张**  | 138****5678 | |
           C2 | 张**  | 138****5678 | |
           C3 | 匿名  | 00000000000 | |
           C4 | 匿名  | 00000000000 | |""",
    )
    assert find_duplicates(made.folder).pairs == []


def test_the_rule_merges_once_and_leaves_apart_what_people_took_apart(tmp_path: Path) -> None:
    made = company(
        tmp_path,
        """C1 | 张小红 | 13812345678 | |
           C2 | 张小红 | 13812345678 | |
           C3 | 张小红 | 13812345678 | |""",
    )
    _, done = merge_by_rule(made.folder)
    assert done and len(done.merges) == 2 and all(merge.way == "rule" for merge in done.merges)
    assert find_duplicates(made.folder).pairs == []
    unmerge_customer(made.folder, done.merges[0].customer_id)
    _, again = merge_by_rule(made.folder)
    assert again is None and len(merges_of(made.folder)) == 2


def test_the_same_data_give_the_same_pairs_whichever_file_came_first(tmp_path: Path) -> None:
    one = "C1 | 张小红 | 13812345678 | |\nC2 | 张小红 | 13812345678 | |"
    two = "D1 | 张小红 | 13812345678 | |\nD2 | 李大伟 | 13900001111 | |"
    told = []
    for name, files in (("x", (one, two)), ("y", (two, one))):
        (tmp_path / name).mkdir()
        made = Company(tmp_path / name)
        for number, rows in enumerate(files):
            made.load(HEAD + "\n" + rows, name=f"f{number}.csv")
        found = find_duplicates(made.folder)
        told.append(pairs(made, found))
    assert told[0] == told[1] and len(told[0]) == 3


def test_a_wrong_setting_is_refused_by_name(tmp_path: Path) -> None:
    made = company(tmp_path, "C1 | 张小红 | 13812345678 | |")
    toml = made.folder.root / "kexiao.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + "\n[duplicates]\nmerge_over = 0.9\n", encoding="utf-8")
    from kexiao.engine.folder import open_folder

    with pytest.raises(InputRejected, match="merge_over"):
        find_duplicates(open_folder(made.folder.root))


def test_a_customer_is_found_by_number_source_id_phone_and_e_mail(tmp_path: Path) -> None:
    made = company(tmp_path, "C1 | 张小红 | 13812345678 | Ann@Example.com |")
    with opened(made.folder) as at:
        number = customer_named(at, "C1")
        for given in (str(number), "file:C1", "138 1234 5678", "+86 13812345678", "ann@example.com"):
            assert customer_named(at, given) == number, given
