"""A company's own metric in the browser: in the catalogue, on a page of its own, and where its file is wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

from web_company import client, over, shop

OURS = """
name = "big_order_share"
label = { zh = "大单占比", en = "Share of big orders" }
why = { zh = "大单要专人跟。", en = "Big orders need somebody to follow them." }
unit = "ratio"
better = "higher"
formula = "big_orders / orders"

[parts.big_orders]
label = { zh = "大单", en = "big orders" }
of = "orders"
where = { net = { at_least = 50 } }
"""


def test_it_stands_in_the_catalogue_and_has_a_page_of_its_own(tmp_path: Path) -> None:
    place = Path(shutil.copytree(shop(), tmp_path / "shop"))
    (place / "metrics").mkdir(exist_ok=True)
    ours = place / "metrics" / "big.toml"
    with over(place):
        viewer = client("viewer")
        assert "Share of big orders" not in viewer.get("/metrics/").content.decode()
        ours.write_text(OURS, encoding="utf-8")
        listed = viewer.get("/metrics/").content.decode()
        assert "Share of big orders" in listed and "Own metrics" in listed
        page = viewer.get("/metrics/big_order_share/").content.decode()
        assert "big orders ÷ orders" in page and "Worked example" not in page
        for part in ("trend", "breakdown", "rows"):
            assert viewer.get(f"/metrics/big_order_share/{part}/").status_code == 200
        ours.write_text(OURS.replace("big orders", "large orders"), encoding="utf-8")
        assert "large orders ÷ orders" in viewer.get("/metrics/big_order_share/").content.decode()
        ours.write_text(OURS.replace('"ratio"', '"money"'), encoding="utf-8")
        refused = viewer.get("/metrics/big_order_share/").content.decode()
        assert "metrics/big.toml: unit: " in refused
        assert viewer.get("/metrics/orders/").status_code == 200
