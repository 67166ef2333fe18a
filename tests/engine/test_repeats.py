"""Whether keys repeat, as brute force finds it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from kexiao.engine import duck
from kexiao.engine.duck import any_repeats, connect


@given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["a", "b", None])), max_size=30), st.booleans())
def test_keys_repeat_where_counting_them_says_so(rows: list[tuple[int, str | None]], sorted_here: bool) -> None:
    listed = ", ".join(f"({number}, {repr(name) if name else 'NULL'})" for number, name in rows)
    kept = duck.MOST_SORTED
    with connect(Path("spill")) as connection:
        connection.execute("CREATE TABLE t (number BIGINT, name VARCHAR)")
        if rows:
            connection.execute(f"INSERT INTO t VALUES {listed}")
        try:
            duck.MOST_SORTED = kept if sorted_here else -1
            found = any_repeats(connection, "t", "number, name")
        finally:
            duck.MOST_SORTED = kept
    assert found == any(count > 1 for count in Counter(rows).values())
