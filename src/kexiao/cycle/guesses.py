"""Settings that nobody gave: taken from the files themselves, shown with the reason, never made up."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kexiao.cycle.collect import LoadReport
from kexiao.engine.duck import connect, run
from kexiao.engine.folder import Folder
from kexiao.engine.store import Store
from kexiao.tables.catalogue import table_named
from kexiao.text import Text

UNKNOWN_CURRENCY = "¤"  # the sign that stands for any currency
_CURRENCY_CODES = ("CNY", "RMB", "USD", "EUR", "GBP", "JPY", "HKD", "TWD", "BRL", "INR", "AUD", "CAD", "SGD", "KRW")
_CURRENCY_SIGNS = {"¥": "CNY", "￥": "CNY", "元": "CNY", "R$": "BRL", "US$": "USD", "HK$": "HKD", "NT$": "TWD", "€": "EUR", "£": "GBP", "₹": "INR"}  # fmt: skip
_BRAZIL = {"AC", "AL", "AP", "AM", "BA", "CE", "DF", "ES", "GO", "MA", "MT", "MS", "MG", "PA", "PB", "PR", "PE", "PI", "RJ", "RN", "RS", "RO", "RR", "SC", "SP", "SE", "TO"}  # fmt: skip
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Guess:
    """A setting that was not given: what was taken, and why."""

    value: str
    why: Text


def guessed_currency(folder: Folder, report: LoadReport) -> Guess:
    """The currency of the files: as rows say, as headings say, else by the language and places in them; an unknown one is not made up."""
    listed = _distinct(folder, "orders", "currency")
    if len(listed) == 1:
        return Guess(listed.pop(), Text(zh="数据中的币种列", en="the currency column in the data"))
    headings = [heading for part in report.parts if part.mapping for heading in part.mapping.header]
    for heading in headings:
        if code := _currency_in(heading):
            return Guess(code, Text(zh="列名“{h}”", en="the heading “{h}”").fill(h=heading))
    if any(_CHINESE.search(heading) for heading in headings):
        return Guess("CNY", Text(zh="列名是中文", en="the headings are Chinese"))
    regions = _distinct(folder, "customers", "region") | _distinct(folder, "orders", "region")
    if len(regions) > 5 and len(regions & _BRAZIL) > 0.9 * len(regions):
        return Guess("BRL", Text(zh="地区是巴西各州", en="the regions are the states of Brazil"))
    return Guess(
        UNKNOWN_CURRENCY,
        Text(zh="文件没有说明，用 --currency 指定", en="the files do not say; give it with --currency"),
    )


def _distinct(folder: Folder, table: str, column: str) -> set[str]:
    """The distinct known texts of a column of the newest snapshot."""
    store = Store(folder.data)
    sql = store.table_query(store.current(), table, table_named(table).stored_columns)
    with connect(folder.data / "_tmp") as connection:
        rows = run(connection, f"SELECT DISTINCT {column} FROM ({sql}) WHERE {column} IS NOT NULL LIMIT 1000")
    return {str(row[0]) for row in rows}


def _currency_in(heading: str) -> str | None:
    words = re.findall(r"[A-Z]{3}", heading.upper()) if "(" in heading or "（" in heading else []
    for code in words:
        if code in _CURRENCY_CODES:
            return "CNY" if code == "RMB" else code
    return next((code for sign, code in _CURRENCY_SIGNS.items() if sign in heading), None)
