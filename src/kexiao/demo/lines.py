"""Order lines: teas, quantities and discounts whose paid amounts add up to the order's, to the fen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from kexiao.demo import calendar, setting
from kexiao.demo.calendar import DAYS, Integers, day_of
from kexiao.demo.orders import BROKEN, TEST, Orders
from kexiao.demo.setting import CATEGORIES, GIFTS, GREEN, PRICES_A_CATEGORY

LINES_AN_ORDER = (0.55, 0.28, 0.12, 0.05)
_MOST_OF_ONE_TEA = 4


@dataclass(frozen=True, slots=True)
class Products:
    """The catalogue, all prices of one category together and ascending; money in fen."""

    price: Integers
    cost: Integers

    @staticmethod
    def build() -> Products:
        """Prices climb from 8 to 1,288 yuan in each category, a little apart from one another."""
        prices, costs = [], []
        for category in range(len(CATEGORIES)):
            steps = np.geomspace(7.9 + category * 0.5, 1188 + category * 20, PRICES_A_CATEGORY)
            rounded = np.where(steps < 30, np.floor(steps) * 100 + 90, np.floor(steps) * 100).astype(np.int64)
            prices.append(rounded)
            costs.append(np.rint(rounded * setting.COST_SHARE[category]).astype(np.int64))
        return Products(np.concatenate(prices), np.concatenate(costs))

    def names(self) -> list[tuple[str, str, str]]:
        """(code, name, category) of each product."""
        found = []
        for index in range(len(self.price)):
            category, step = divmod(index, PRICES_A_CATEGORY)
            origin, form = setting.ORIGINS[(category + step) % 8], setting.FORMS[step // 2]
            found.append(
                (f"SP{index + 1:04d}", f"{origin}{CATEGORIES[category]}{form}{step % 2 + 1}号", CATEGORIES[category])
            )
        return found


@dataclass(frozen=True, slots=True)
class Lines:
    """One row a line, in the order of the orders; money in fen; paid = price × quantity − discount."""

    order: Integers
    number: Integers
    product: Integers
    quantity: Integers
    paid: Integers

    def __len__(self) -> int:
        return len(self.order)


def draw_lines(rng: np.random.Generator, orders: Orders, products: Products) -> Lines:
    """Split each order's amount over one to four different teas."""
    counts = 1 + rng.choice(len(LINES_AN_ORDER), len(orders), p=LINES_AN_ORDER)
    counts[(orders.kind == TEST) | (orders.kind == BROKEN)] = 1
    order = np.repeat(np.arange(len(orders)), counts)
    number = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    paid = _split(rng, orders.amount, counts, order, number)
    category = (_first_category(rng, orders.day)[order] + 3 * number) % len(CATEGORIES)
    product, quantity = _fit_price(rng, paid, category, products)
    return Lines(order, number + 1, product, quantity, paid)


def _split(rng: np.random.Generator, amount: Integers, counts: Integers, order: Integers, number: Integers) -> Integers:
    """Random shares of the amount; the last line takes what rounding leaves."""
    weight = 0.4 + rng.random(len(order))
    total = np.bincount(order, weights=weight, minlength=len(amount))
    paid = np.floor(amount[order] * weight / total[order]).astype(np.int64)
    left = amount - np.bincount(order, weights=paid, minlength=len(amount)).astype(np.int64)
    last = number == counts[order] - 1
    paid[last] += left
    return paid


def _first_category(rng: np.random.Generator, day: Integers) -> Integers:
    """More gift boxes before the two festivals, more green tea in spring."""
    running = np.cumsum(setting.CATEGORY_WEIGHTS)
    category = np.searchsorted(running, rng.random(len(day)) * running[-1]).clip(0, len(CATEGORIES) - 1)
    lot = rng.random(len(day))
    category = np.where(_gift_days()[day] & (lot < 0.30), GIFTS, category)
    return np.where(_green_days()[day] & (lot > 0.82), GREEN, category)


def _gift_days() -> NDArray[np.bool_]:
    marked = np.zeros(DAYS, dtype=bool)
    for festival in (*calendar.LUNAR_NEW_YEAR, *calendar.MID_AUTUMN):
        marked[max(day_of(festival) - 28, 0) : day_of(festival) - 3] = True
    return marked


def _green_days() -> NDArray[np.bool_]:
    marked = np.zeros(DAYS, dtype=bool)
    for year in calendar.YEARS:
        marked[day_of(date(year, 3, 20)) : day_of(date(year, 5, 10))] = True
    return marked


def _fit_price(
    rng: np.random.Generator, paid: Integers, category: Integers, products: Products
) -> tuple[Integers, Integers]:
    """The product and quantity whose list price lies just above what was paid plus a usual discount."""
    wanted = paid / (1.0 - 0.05 * rng.integers(0, 3, len(paid)))
    scale = 10_000_000  # prices stay below it, so one sorted array holds all categories
    ladder = products.price + scale * (np.arange(len(products.price)) // PRICES_A_CATEGORY)
    highest = (category + 1) * PRICES_A_CATEGORY - 1
    best = highest
    amount = np.ceil(wanted / products.price[highest]).astype(np.int64).clip(1)
    waste = products.price[highest] * amount - wanted
    for quantity in range(1, _MOST_OF_ONE_TEA + 1):
        unit = np.ceil(wanted / quantity).astype(np.int64)
        found = np.searchsorted(ladder, scale * category + np.minimum(unit, scale - 1))
        inside = found <= highest
        product = np.minimum(found, highest)
        over = np.where(inside, products.price[product] * quantity - wanted, np.inf)
        better = over < waste
        best, amount, waste = (
            np.where(better, new, old) for new, old in ((product, best), (quantity, amount), (over, waste))
        )
    return best.astype(np.int64), amount.astype(np.int64)
