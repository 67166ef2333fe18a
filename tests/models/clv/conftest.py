"""The CDNOW sample (Fader & Hardie): 2,357 customers, calibration to 1997-09-30, 39 weeks held out."""

from __future__ import annotations

import csv
import gzip
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from kexiao.models.clv import bg_nbd

Floats = NDArray[np.float64]

CUT = (date(1997, 9, 30) - date(1997, 1, 1)).days
HOLD_OUT = 39 * 7
PUBLISHED = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}


class Transactions(NamedTuple):
    """The raw file: customer number, day since 1997-01-01, amount in dollars."""

    customer: NDArray[np.int64]
    day: NDArray[np.int64]
    amount: Floats


class Summary(NamedTuple):
    """Rebuilt from the raw file by plain loops, in weeks; ``spend`` is the mean per repeat day, ``later`` the purchases held out."""

    customer: NDArray[np.int64]
    frequency: Floats
    recency: Floats
    age: Floats
    spend: Floats
    later: Floats


@pytest.fixture(scope="session")
def transactions(shared: Path) -> Transactions:
    with gzip.open(shared / "data/clv/cdnow_sample_transactions.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    start = date(1997, 1, 1).toordinal()
    return Transactions(
        np.array([int(row["customer_id"]) for row in rows]),
        np.array([date.fromisoformat(row["date"]).toordinal() - start for row in rows]),
        np.array([float(row["spend"]) for row in rows]),
    )


@pytest.fixture(scope="session")
def summary(transactions: Transactions) -> Summary:
    """A second road: dictionaries and loops, nothing of the product."""
    spent: dict[int, dict[int, float]] = {}
    for customer, day, amount in zip(*(values.tolist() for values in transactions), strict=True):
        days = spent.setdefault(customer, {})
        days[day] = days.get(day, 0.0) + amount
    rows = []
    for customer, days in sorted(spent.items()):
        seen = sorted(day for day in days if day <= CUT)
        repeats = seen[1:]
        mean = sum(days[day] for day in repeats) / len(repeats) if repeats else 0.0
        later = sum(1 for day in days if CUT < day <= CUT + HOLD_OUT)
        rows.append((customer, len(repeats), (seen[-1] - seen[0]) / 7, (CUT - seen[0]) / 7, mean, later))
    columns = list(zip(*rows, strict=True))
    return Summary(np.array(columns[0]), *(np.array(values, dtype=float) for values in columns[1:]))


@pytest.fixture(scope="session")
def cdnow(summary: Summary) -> bg_nbd.BgNbd:
    return bg_nbd.fit(summary.frequency, summary.recency, summary.age, time_unit="week")


@pytest.fixture(scope="session")
def published() -> bg_nbd.BgNbd:
    """The parameters as printed in the paper, rounded."""
    return bg_nbd.BgNbd(
        **PUBLISHED, log_likelihood=-9582.4, customers=2357, covariance=np.zeros((4, 4)), time_unit="week"
    )
