"""Clean text goes to DuckDB, all other text is read line by line: where both can read a file they must agree."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kexiao.sources.files import text
from kexiao.sources.files.encoding import as_utf8
from kexiao.sources.files.reading import DEFAULT_LIMITS, read_file
from kexiao.sources.files.survey import survey

from .conftest import Table, table_of

messy = st.text(st.sampled_from('aS1,,,""\n\r\n\n中 ;=#-'), max_size=60)
quoted = st.sampled_from(
    ['"', '""', '"a"', 'a"', '","', "合计", "x", "", ",", "\r", '="1"', "total", "\u200b", "\0", "订单,名"]
)
rows = st.lists(st.lists(st.one_of(quoted, messy), min_size=1, max_size=3).map(",".join), max_size=5).map("\n".join)


def _both(content: str) -> tuple[Table | None, Table]:
    Path("input").write_text("订单,名\n" + content, encoding="utf-8", newline="")
    file = as_utf8(Path("input"), Path("utf8.txt"))
    layout = text.find_layout(file)
    clean = text._stage_clean(file, layout, Path("clean.parquet"))
    lines = text._stage_lines(file, layout, Path("lines.parquet"), DEFAULT_LIMITS)
    return None if clean is None else table_of(clean), table_of(lines)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows)
@example('SO1,"a"\nSO2,b\n')
@example('"SO1","x""y"\n"SO2",""\n')
@example("SO1,\r\nSO2,b\r\n")
def test_what_is_taken_for_clean_reads_the_same_line_by_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    from kexiao.errors import KexiaoError

    monkeypatch.chdir(tmp_path)
    try:
        clean, lines = _both(content)
    except KexiaoError:
        return  # refused as a whole, whichever road
    if clean is not None:
        assert not lines.sheet.refused
        assert not lines.sheet.rows_skipped
        assert clean.rows == lines.rows
        assert [warning.en for warning in clean.sheet.warnings] == [warning.en for warning in lines.sheet.warnings]


@pytest.mark.parametrize(
    "body",
    [
        "SO1,a\nSO2\n",
        'SO1,"a\nSO2,b\n',
        'SO1,"a\nb"\n',
        "合计,12\n",
        "SO1,a\r\nSO2,b\n",
        "SO1,a\n\nSO2,b\n",
        "SO1,a\n,\n",
        "订单,名\n",
        "SO1,\u200b\n",
        "SO1,\ufffd\n",
        'SO1,="1"\n',
        "SO1,a\0\n",
        'SO1,a"b\n',
        "SO1,a\x07\n",
        "SO1,锟斤拷\n",
    ],
)
def test_nothing_that_needs_judging_is_taken_for_clean(tmp_path: Path, body: str) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("订单,名\n" + body, encoding="utf-8", newline="")
    assert survey(path, ",", 2, 1) is None


def test_a_padded_footer_is_not_taken_for_clean(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("订单,名,金额\nSO1,a,1\n共1笔,,\n", encoding="utf-8")
    assert survey(path, ",", 3, 1) is None


def test_clean_text_takes_the_fast_road(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("订单,名\r\n" + 'SO1,"a,""b"""\r\n' * 1000, encoding="utf-8", newline="")
    found = survey(path, ",", 2, 1)
    assert found is not None
    assert found.rows == 1000


def test_rows_keep_their_numbers_over_many_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    count = 400_000
    clean, _lines = None, None
    Path("input").write_text(
        "订单,名,备注\n" + "".join(f"SO{no},客户{no % 97},{'x' * (no % 50)}\n" for no in range(count)), encoding="utf-8"
    )
    file = as_utf8(Path("input"), Path("utf8.txt"))
    clean = text._stage_clean(file, text.find_layout(file), Path("clean.parquet"))
    assert clean is not None
    import duckdb

    wrong = duckdb.sql(f"SELECT count(*) FROM {clean.cells} WHERE c0 <> 'SO' || (row_no - 2)").fetchall()
    assert clean.rows == count
    assert wrong == [(0,)]


def test_bytes_that_are_no_utf8_far_beyond_what_is_sampled_are_not_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    line = "SO{:07d},王小明,12.50\n".format
    body = b"".join(line(number).encode() for number in range(300_000))
    at = body.index(line(220_000).encode())
    path.write_bytes(
        "订单号,姓名,金额\n".encode() + body[:at] + "SO9999999,王小明,1.00\n".encode("gb18030") + body[at:]
    )
    (sheet,) = read_file(path, tmp_path / "work", original_name="orders.csv")
    assert sheet.rows == 300_000
    assert [(row.row_no, row.code) for row in sheet.refused] == [(220_002, "undecodable")]


@pytest.mark.parametrize(
    ("cell", "trimmed"), [("王", True), (" 王", False), ("王\t", False), ("王\u3000小", False), ('" 王"', False)]
)
def test_blanks_at_the_edges_of_cells_are_noticed(tmp_path: Path, cell: str, trimmed: bool) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("订单号,姓名,金额\n" + f"SO1,{cell},1 2\n" * 50, encoding="utf-8")
    found = survey(path, ",", 3, 1)
    assert found is not None
    assert found.trimmed is trimmed
