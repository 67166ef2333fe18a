"""Erasing a person: not a byte of them is left, and not a number changes."""

from __future__ import annotations

import sqlite3
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import xlsxwriter
from collecting import LATER, Company, counts

from kexiao.cycle.backup import backup, restore
from kexiao.cycle.collect import undo
from kexiao.cycle.customers import customer_named, opened
from kexiao.cycle.measure import measure_facts
from kexiao.cycle.merging import merge_customers
from kexiao.cycle.privacy import apply_erasures, erase, lift
from kexiao.engine import audit
from kexiao.engine.folder import open_folder
from kexiao.engine.store import Store
from kexiao.errors import WrongUse
from kexiao.facts.source import open_facts
from kexiao.tables.erased import read_erased

NAME, PHONE, MAIL, ID, ADDRESS = (
    "欧阳明月",
    "13812345678",
    "mingyue.canary@example.com",
    "CUST-90001",
    "静安区听风路八弄",
)
CANARIES = (NAME, PHONE, MAIL, ID, ADDRESS, "138-1234-5678", "1990-03-05")
ORDERS = f"""
    订单号 | 下单时间            | 金额 | 状态   | 客户编号   | 客户姓名 | 手机号        | 邮箱   | 收货地址   | 备注
    1      | 2025-01-05 10:00:00 | 100  | 已完成 | {ID}       | {NAME}   | {PHONE}       | {MAIL} | {ADDRESS}  | 请打{PHONE}，找{NAME}
    2      | 2025-02-05 10:00:00 | 50   | 已完成 | CUST-90002 | 李大伟   | 13900001111   |        | 北京       | 替{NAME}代收
    3      | 2025-03-05 10:00:00 | 70   | 已完成 | {ID}       | {NAME}   | 138-1234-5678 |        | {ADDRESS}  |
    4      | 不是日期            | 70   | 已完成 | {ID}       | {NAME}   | 138-1234-5678 |        | {ADDRESS}  |
    5      | 2025-04-05 10:00:00 | 30   | 已完成 | CUST-90003 | 王丽     | 13700001111   |        | 上海       |
"""
MORE = f"""
    订单号 | 下单时间            | 金额 | 状态   | 客户编号   | 客户姓名 | 手机号
    6      | 2025-05-05 10:00:00 | 25   | 已完成 | {ID}       | {NAME}   | {PHONE}
    7      | 2025-05-06 10:00:00 | 15   | 已完成 | CUST-90002 | 李大伟   | 13900001111
"""
COMPLAINTS = f"""
    投诉编号 | 客户编号   | 客户姓名 | 手机号  | 投诉时间            | 类别
    T1       | {ID}       | {NAME}   | {PHONE} | 2025-02-01 10:00:00 | 物流
"""
SURVEY = f"""
    答卷编号 | 客户编号   | 量表 | 得分 | 答卷时间            | 意见
    S1       | CUST-90002 | NPS  | 9    | 2025-03-01 10:00:00 | 感谢{NAME}推荐，她的邮箱是 {MAIL}
"""


def workbook(path: Path) -> Path:
    """A list of customers in Excel, with columns that no field reads."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("会员")
        for row, cells in enumerate(
            [
                ["客户编号", "姓名", "手机", "生日", "会员等级", "家庭住址"],
                [ID, NAME, PHONE, "1990-03-05", "金卡", ADDRESS],
                ["CUST-90002", "李大伟", "13900001111", "1980-01-02", "银卡", "北京"],
            ]
        ):
            sheet.write_row(row, 0, cells)
    return path


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """A workspace in which one person stands everywhere that a person can stand."""
    root = tmp_path_factory.mktemp("loaded")
    company = Company(root)
    company.load(ORDERS)
    gbk = root / "更多.csv"
    gbk.write_bytes(
        "\n".join(",".join(c.strip() for c in line.split("|")) for line in MORE.strip().splitlines()).encode("gb18030")
    )
    company.collect(gbk, at=LATER)
    company.collect(workbook(root / "members.xlsx"), at=LATER)
    company.load(COMPLAINTS, name=f"{NAME}的投诉.csv")
    company.load(SURVEY, name="survey.csv")
    (company.folder.root / "reports" / "top.html").write_text(f"<p>{NAME} {PHONE}</p>", encoding="utf-8")
    source = company.folder.data / "_sources" / "crm" / "customers"
    (source / "walk").mkdir(parents=True)
    (source / "walk" / "page-1.json").write_text(f'{{"id": "{ID}", "name": "{NAME}"}}', encoding="utf-8")
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            f"COPY (SELECT unnest(['{ID}', 'CUST-90002']) AS id) TO '{source / 'ledger.parquet'}' (FORMAT parquet)"
        )
    with sqlite3.connect(company.folder.root / "app.sqlite3") as records:
        records.execute("CREATE TABLE job (subject VARCHAR(300), result TEXT)")
        records.execute("INSERT INTO job VALUES (?, ?)", (f"{NAME}的投诉.csv", f'{{"to": "{MAIL}"}}'))
    return company


def bytes_of(path: Path) -> Iterator[bytes]:
    """All that a file holds: its bytes, and what is in it once unpacked or read as a table."""
    yield path.read_bytes()
    if path.suffix == ".parquet":
        with duckdb.connect(":memory:") as connection:
            rows = connection.execute("SELECT COLUMNS(*)::VARCHAR FROM read_parquet(?)", [str(path)]).fetchall()
        yield "\n".join(str(cell) for row in rows for cell in row).encode()
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                member = path.parent / f"unpacked-{Path(name).name}"
                member.write_bytes(archive.read(name))
                yield name.encode()
                yield from bytes_of(member)
                member.unlink()


def left(root: Path) -> set[tuple[str, str]]:
    """Where canaries stand, found without the product's own search: file and canary."""
    found = set()
    for path in sorted(p for p in root.rglob("*") if p.is_file() and "backups" not in p.parts):
        for content in bytes_of(path):
            for canary in CANARIES:
                if any(canary.encode(code) in content for code in ("utf-8", "gb18030", "utf-16-le")):
                    found.add((path.relative_to(root).as_posix(), canary))
    return found


def totals(company: Company) -> list[Any]:
    names = [
        "net_sales",
        "orders",
        "new_customers",
        "retention_rate",
        "repeat_purchase_rate",
        "revenue_per_customer",
        "complaint_rate",
        "net_promoter_score",
    ]
    source = open_facts(company.folder)
    records = measure_facts(source, names, period="2025-01..2025-06", grain="quarter").records()
    by = measure_facts(source, ["new_customers"], period="2025", by=["channel"]).records()
    summary = source.connection.execute("SELECT COLUMNS(*)::VARCHAR FROM customer_summary ORDER BY ALL").fetchall()
    return [[{k: v for k, v in r.items() if k != "snapshot"} for r in [*records, *by]], summary]


def test_not_a_byte_of_an_erased_person_is_left_and_every_total_stays(loaded: Company, tmp_path: Path) -> None:
    company = loaded.copied(tmp_path / "a")
    root = company.folder.root
    before, places = totals(company), {place.split("/")[0] for place, _ in left(root)}
    assert places == {"data", "inbox", "quarantine", "reports", "app.sqlite3"}, "the canaries were everywhere"
    old = {number: Store(company.folder.data).read(number) for number in Store(company.folder.data).numbers()}
    done = erase(company.folder, ID)
    assert left(root) == set()
    grep = subprocess.run(
        ["grep", "-rlaE", f"{PHONE}|{NAME}|{MAIL}|{ID}", str(root)], capture_output=True, text=True, check=False
    )
    assert grep.stdout == "" and grep.returncode == 1
    assert done.traces == () and done.contacts == 1 and done.files == 5 and done.table_files >= 2
    assert totals(company) == before
    store = Store(company.folder.data)
    for number, snapshot in old.items():
        assert store.verify(store.read(number)) == [], f"snapshot {number} still reads"
        assert {n: v.rows for n, v in store.read(number).tables.items()} == {
            n: v.rows for n, v in snapshot.tables.items()
        }
    assert audit.verify(root) == []
    assert company.rows("contacts", "name") == [("李大伟",), ("王丽",)]


def test_a_load_put_in_again_after_an_erasure_gives_the_same_rows(loaded: Company, tmp_path: Path) -> None:
    company = loaded.copied(tmp_path / "a")
    # Under the same key, so that customer numbers can be compared.
    other = loaded.copied(tmp_path / "c")
    erase(company.folder, ID)
    for one in (company, other):
        undo(one.folder, 1)
    assert left(company.folder.root) == set()
    assert totals(company) == totals(other), "taking the first load back replays the four after it"


def test_the_same_files_again_bring_nobody_back(loaded: Company, tmp_path: Path) -> None:
    company = loaded.copied(tmp_path / "a")
    before = totals(company)
    erase(company.folder, ID)
    again = company.load(ORDERS)
    assert counts(again) == (5, 0, 1, 4, 0), "nothing new, and no row lost in silence"
    company.collect(workbook(tmp_path / "a" / "members.xlsx"), at=LATER)
    assert left(company.folder.root) == set()
    assert totals(company) == before


def test_a_file_read_before_and_a_new_one_add_up_together(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.load(ORDERS)
    erase(company.folder, ID)
    new = company.file(
        "new.csv", "订单号 | 下单时间 | 金额 | 状态 | 客户编号\n11 | 2025-06-01 10:00:00 | 9 | 已完成 | CUST-90002"
    )
    both = company.collect(company.file("orders.csv", ORDERS), new)
    assert counts(both) == (6, 1, 1, 4, 0)


def test_a_new_file_that_names_the_person_is_counted_but_its_personal_data_are_not_kept(
    loaded: Company, tmp_path: Path
) -> None:
    company = loaded.copied(tmp_path / "a")
    erase(company.folder, ID)
    report = company.load(MORE.replace("    6  ", "    8  ").replace("    7  ", "    9  "), name="june.csv", at=LATER)
    assert counts(report)[1] == 2
    assert left(company.folder.root) == set()
    told = open_facts(company.folder).query(
        "SELECT count(*), sum(net) FROM sale_orders WHERE order_id IN ('1', '3', '6', '8')"
    )
    assert [(int(n), int(net)) for n, net in told] == [(4, 220)]
    assert open_facts(company.folder).query("SELECT orders FROM customer_summary WHERE orders = 4") == [(4,)], (
        "still one customer"
    )


def test_the_person_does_not_come_back_under_another_id_by_their_phone(loaded: Company, tmp_path: Path) -> None:
    company = loaded.copied(tmp_path / "a")
    erase(company.folder, ID)
    company.load(
        f"客户编号 | 姓名 | 手机\nNEW-1 | {NAME} | {PHONE}\nNEW-2 | 赵敏 | 13600001111", name="crm.csv", at=LATER
    )
    assert left(company.folder.root) == set()
    assert ("赵敏",) in company.rows("contacts", "name")


def test_who_comes_back_of_their_own_will_can_be_stored_again(loaded: Company, tmp_path: Path) -> None:
    company = loaded.copied(tmp_path / "a")
    erase(company.folder, ID)
    with pytest.raises(WrongUse):
        lift(company.folder, "CUST-77777")
    assert lift(company.folder, PHONE) >= 1
    company.load(f"客户编号 | 姓名 | 手机\n{ID} | {NAME} | {PHONE}", name="crm.csv", at=LATER)
    assert (NAME, PHONE) in company.rows("contacts", "name, phone")


def test_a_restored_backup_is_erased_again_before_anybody_sees_it(loaded: Company, tmp_path: Path) -> None:
    company = loaded.copied(tmp_path / "a")
    before = totals(company)
    kept = backup(company.folder, tmp_path / "kept.zip")
    erase(company.folder, ID)
    restore(kept.file, tmp_path / "back", living=company.folder.root)
    assert left(tmp_path / "back") == set()
    back = Company.__new__(Company)
    back.folder, back.root = open_folder(tmp_path / "back"), tmp_path
    assert totals(back) == before
    assert read_erased(back.folder).customers == read_erased(company.folder).customers


def test_an_erasure_that_was_killed_before_the_end_can_be_run_again(
    loaded: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kexiao.cycle import privacy

    company = loaded.copied(tmp_path / "a")
    before = totals(company)
    for step in ("scrub_inbox", "scrub_tables", "drop_contacts_of"):
        with monkeypatch.context() as patched:
            patched.setattr(privacy, step, _killed)
            with pytest.raises(KeyboardInterrupt):
                erase(company.folder, ID)
    erase(company.folder, ID)
    assert left(company.folder.root) == set()
    assert totals(company) == before


def _killed(*_: Any, **__: Any) -> Any:
    raise KeyboardInterrupt


def test_all_numbers_merged_into_one_customer_are_erased_together(loaded: Company, tmp_path: Path) -> None:
    company = loaded.copied(tmp_path / "a")
    with opened(company.folder) as at:
        numbers = [customer_named(at, name) for name in (ID, "CUST-90003")]
    merge_customers(company.folder, numbers[0], [numbers[1]])
    done = erase(company.folder, "CUST-90003")
    assert sorted(done.customers) == sorted(numbers)
    assert company.rows("contacts", "name") == [("李大伟",)]
    assert not {place for place, canary in left(company.folder.root)}


def test_a_phone_that_others_hold_too_stays_theirs(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.load(
        "客户编号 | 姓名 | 手机\nHOME-1 | 欧阳明月 | 13812345678\nHOME-2 | 欧阳大山 | 13812345678", name="crm.csv"
    )
    erase(company.folder, "HOME-1")
    assert company.rows("contacts", "source_id, name, phone") == [("HOME-2", "欧阳大山", "13812345678")]
    company.load(
        "客户编号 | 姓名 | 手机\nHOME-2 | 欧阳大山 | 13812345678\nHOME-3 | 欧阳小山 | 13812345678",
        name="later.csv",
        at=LATER,
    )
    assert len(company.rows("contacts", "source_id")) == 2, "the shared phone is not on the list"


def test_only_those_are_erased_who_were_shown_though_old_rows_of_others_give_the_same_phone(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.load(
        "订单号 | 下单时间 | 金额 | 状态 | 客户编号 | 手机号\n1 | 2025-01-05 10:00:00 | 10 | 已完成 | CUST-1 | 13812345678\n2 | 2025-01-06 10:00:00 | 10 | 已完成 | CUST-2 | 13812345678"
    )
    company.load(
        "客户编号 | 姓名 | 手机\nCUST-1 | 欧阳明月 | 13812345678\nCUST-2 | 李大伟 | 13900001111",
        name="crm.csv",
        at=LATER,
    )
    done = erase(company.folder, "CUST-1")
    assert len(done.customers) == 1
    assert company.rows("contacts", "source_id, phone") == [("CUST-2", "13900001111")]
    assert left(company.folder.root) == set(), "the phone is masked in the other's old row too"


def test_people_known_by_their_phone_alone_stay_one_customer_when_a_load_is_put_in_again(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.load(
        "订单号 | 下单时间 | 金额 | 状态 | 手机号\n1 | 2025-01-05 10:00:00 | 10 | 已完成 | 13812345678", name="one.csv"
    )
    company.load(
        "订单号 | 下单时间 | 金额 | 状态 | 手机号\n2 | 2025-02-05 10:00:00 | 20 | 已完成 | 13812345678\n3 | 2025-02-06 10:00:00 | 30 | 已完成 | 13700001111",
        name="two.csv",
    )
    numbers = {row[0] for row in company.rows("orders", "order_id, customer_id") if row[0] in ("1", "2")}
    before = dict(company.rows("orders", "order_id, customer_id"))
    erase(company.folder, PHONE)
    undo(company.folder, 1)
    assert numbers and dict(company.rows("orders", "order_id, customer_id")) == {
        k: v for k, v in before.items() if k != "1"
    }


def test_nothing_is_to_do_for_a_restored_workspace_without_erasures(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.load(ORDERS)
    assert apply_erasures(company.folder) == 0 and not (company.folder.root / "erased.json").exists()


def test_an_unknown_person_is_refused(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.load(ORDERS)
    with pytest.raises(WrongUse):
        erase(company.folder, "13999999999")
