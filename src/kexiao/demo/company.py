"""Draw the made-up company 山岚茶业 into a folder: the files it would export, and its truth beside them.

>>> import tempfile
>>> with tempfile.TemporaryDirectory() as folder:
...     company = draw(Path(folder), customers=60)
...     len(company.files), company.truth["company"]["customers"]
(13, 60)
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from kexiao.demo import aftersales, calendar, costs, decisions, export, leads, setting, stories, tables
from kexiao.demo.answers import Totals
from kexiao.demo.files import LARGEST_WORKBOOK
from kexiao.demo.lines import Products, draw_lines
from kexiao.demo.orders import draw_arms, draw_orders
from kexiao.demo.people import Staff, draw_people, draw_staff
from kexiao.demo.tables import Chunk
from kexiao.errors import WrongUse
from kexiao.text import Text

CHUNK = 200_000
SMALLEST, LARGEST = 50, 5_000_000
TRUTH = "truth.json"


@dataclass(frozen=True, slots=True)
class Company:
    """What was written: the folder, the exported files in it (without the truth), and the truth as plain data."""

    folder: Path
    files: tuple[Path, ...]
    truth: dict[str, Any]


def draw(folder: Path, customers: int = 50_000, seed: int = 20250101) -> Company:
    """Write the company's files and ``truth.json`` into ``folder``; the same seed gives the same bytes.

    Three years, 2023-01-01 to 2025-12-31; every customer bought at least once. Above 200,000 customers the files come in
    parts (``订单明细_2023_01.csv`` …) of 200,000 customers each, the small tables as CSV, and memory stays bounded.
    A company drawn into this folder before is replaced; other files there are left alone.
    Raises ``WrongUse`` for fewer than 50 or more than 5,000,000 customers.
    """
    if not SMALLEST <= customers <= LARGEST:
        raise WrongUse(
            Text(zh="演示企业不能有 {n} 位客户。", en="The made-up company cannot have {n} customers.").fill(
                n=customers
            ),
            next_step=Text(zh="请给出 50 到 5,000,000 之间的数。", en="Give a number from 50 to 5,000,000."),
        )
    folder.mkdir(parents=True, exist_ok=True)
    _clear(folder)
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET enable_progress_bar = false")
        return _draw(connection, folder, customers, seed)


def _clear(folder: Path) -> None:
    """Remove an earlier company of this folder, so that a smaller one leaves none of its parts behind."""
    truth = folder / TRUTH
    if truth.is_file():
        for name in json.loads(truth.read_text(encoding="utf-8"))["files"]:
            (folder / name).unlink(missing_ok=True)
        truth.unlink()


def _draw(connection: duckdb.DuckDBPyConnection, folder: Path, customers: int, seed: int) -> Company:
    staff, products = draw_staff(np.random.default_rng([seed, 1])), Products.build()
    tables.put_company(connection, staff, products)
    totals, tally, found = Totals(), stories.Tally(), dict[str, export.FileFacts]()
    first_lead = 0
    for number, chunk in enumerate(_chunks(customers, seed, staff, products)):
        tables.put_chunk(connection, chunk)
        _put_arms(connection, chunk, first_lead)
        found |= export.write_orders(np.random.default_rng([seed, 3, number]), connection, chunk, folder)
        found |= export.write_others(connection, chunk, folder, workbooks=customers <= LARGEST_WORKBOOK)
        totals.add_chunk(connection, chunk)
        tally.add_chunk(chunk)
        first_lead += len(chunk.leads)
    sales = np.array(totals.store_sales, dtype=np.int64).T
    spent = costs.draw_costs(
        np.random.default_rng([seed, 4]), customers, tuple(tally.treated), sales, tuple(tally.cared)
    )
    totals.add_costs(spent)
    found |= export.write_company(folder, staff, products, spent, _budgets(customers, spent))
    truth = _truth(customers, seed, found, totals, tally, staff)
    (folder / TRUTH).write_text(json.dumps(truth, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return Company(folder, tuple(folder / name for name in found), truth)


def _chunks(customers: int, seed: int, staff: Staff, products: Products) -> Iterator[Chunk]:
    first_order = 0
    several = customers > CHUNK
    for number, first in enumerate(range(0, customers, CHUNK)):
        rng = np.random.default_rng([seed, 2, number])
        people = draw_people(rng, min(CHUNK, customers - first), first + 1)
        drawn_leads, people = leads.draw_leads(rng, people, staff, with_newcomer=number == 0)
        arms = draw_arms(np.random.default_rng([seed, 5, number]), people)
        orders = draw_orders(rng, people, staff, arms)
        lines = draw_lines(rng, orders, products)
        refunds, orders = aftersales.draw_refunds(rng, orders, lines, products)
        answers, complaints = aftersales.draw_answers(rng, orders), aftersales.draw_complaints(rng, orders)
        part = f"_{number + 1:02d}" if several else ""
        yield Chunk(part, first_order, people, orders, lines, refunds, answers, complaints, drawn_leads, arms)
        first_order += len(orders)


def _put_arms(connection: duckdb.DuckDBPyConnection, chunk: Chunk, first_lead: int) -> None:
    codes = [campaign.code for campaign in setting.CAMPAIGNS]
    parts = []
    for experiment, arms in zip(setting.EXPERIMENTS, chunk.arms, strict=True):
        campaign, size = codes.index(experiment.campaign.code), len(arms.customer)
        start = calendar.day_of(experiment.campaign.start)
        parts.append((np.full(size, campaign), arms.customer, arms.treated, np.full(size, start)))
    names = ("campaign", "customer", "treated", "day")
    tables.put(connection, "arms", {name: np.concatenate([p[i] for p in parts]) for i, name in enumerate(names)})
    tables.put(connection, "first_lead", {"id": np.array([first_lead])})


def _budgets(customers: int, spent: list[costs.Cost]) -> dict[str, int]:
    """Fen planned per campaign: a little more than was spent, except for the one that failed and ran over."""
    budgets = dict.fromkeys((campaign.code for campaign in setting.CAMPAIGNS), 0)
    for cost in spent:
        if cost.campaign:
            factor = 0.9 if cost.campaign == setting.FAILED.campaign.code else 1.05
            budgets[cost.campaign] += round(cost.fen * factor / 10_000) * 10_000
    return budgets


def _truth(
    customers: int, seed: int, found: dict[str, export.FileFacts], totals: Totals, tally: stories.Tally, staff: Staff
) -> dict[str, Any]:
    return {
        "company": {
            "name": setting.COMPANY,
            "invented": "Everything is made up. Phones begin with 161, which no operator has; e-mails end in example.com.",
            "customers": customers,
            "seed": seed,
            "first_day": calendar.FIRST_DAY.isoformat(),
            "last_day": calendar.LAST_DAY.isoformat(),
            "time_zone": "Asia/Shanghai",
            "opened_on_first_day": True,
        },
        "counted": (
            "An order counts if it is 已完成 or 已退款 and no test; anonymous orders count; refunds are booked on their own day; "
            "tests are customer TEST001; a customer's first order carries the acquisition channel."
        ),
        "files": found,
        "models": stories.models(),
        "stories": stories.tell(tally, totals, staff),
        "answers": totals.as_truth(),
        "customer_states": totals.states(),
        "decisions": decisions.recommended(customers),
    }
