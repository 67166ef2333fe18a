"""Complaints: when they were opened, first answered and resolved."""

from __future__ import annotations

from pathlib import Path

from collecting import Company


def test_the_moment_of_the_first_answer_is_read(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.load(
        """
        投诉编号 | 客户编号 | 投诉时间            | 首次响应时间        | 解决时间
        K1       | C1       | 2025-03-01 09:00:00 | 2025-03-01 09:30:00 | 2025-03-02 10:00:00
        K2       | C2       | 2025-03-01 10:00:00 |                     |
        """,
        name="complaints.csv",
    )
    columns = "complaint_id, strftime(first_response_at, '%m-%d %H:%M'), first_response_on::VARCHAR"
    assert company.rows("complaints", columns, "1") == [("K1", "03-01 01:30", "2025-03-01"), ("K2", None, None)]
