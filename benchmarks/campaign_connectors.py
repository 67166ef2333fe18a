"""Every plan of the misbehaving API, with the process killed at random moments, until the store equals the truth: ``make connectors``.

    python benchmarks/campaign_connectors.py [--plans 429,dup] [--kills 4] [--seed 1] [--write]

Needs ``../shared/harness/mock_connector.py``. For each plan: a new workspace, several collections killed by SIGKILL, then collections until one
succeeds, one that asks for changes, and one that reads everything anew; after each of the last three the store is compared with ``/__truth``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[1]
MOCK = ROOT.parent / "shared" / "harness" / "mock_connector.py"
RESULTS = ROOT / "benchmarks" / "RESULTS-connectors.md"
PLANS = (
    "ok", "429", "500", "503html", "slow", "drip", "hang", "cut", "gziptrunc", "badjson", "expire", "dup", "shuffle", "missingpage", "loop", "drift",
    "late", "delete", "skew", "redirect", "huge", "encoding", "retrydup", "429,dup,expire", "500,shuffle,skew",
)  # fmt: skip
SIZES = {"slow": (300, 100), "drip": (3, 1)}
"""Records and page size where a thousand would only take longer."""
VANISHING = {f"O{i:07d}" for i in range(50, 60)}
SOURCE = """\
system = "rest"
url = "http://127.0.0.1:{port}"

[login]
kind = "token"
token_path = "/token"

[objects.orders]
path = "/orders"
items = "items"
id = "id"
page_size = {page}
since_param = "updated_since"
changed = "updated_at"
sorted = true
kind = "orders"

[objects.orders.columns]
order_id = "id"
customer_id = "customer"
amount = "amount"
ordered_at = "updated_at"
"""


@dataclass
class Result:
    plan: str
    kills: int = 0
    runs: int = 0
    exits: tuple[int, ...] = ()
    after: str = ""
    problem: str = ""
    seconds: float = 0.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plans", default=";".join(PLANS), help="separated by ; where a plan has commas")
    parser.add_argument("--kills", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=3, help="plans under way at once")
    parser.add_argument("--write", action="store_true", help="keep the result in RESULTS-connectors.md")
    wanted = parser.parse_args()
    if not MOCK.exists():
        print("../shared/harness/mock_connector.py is not here")
        return 0
    plans = wanted.plans.split(";")
    # The plan that only waits is begun first.
    order = sorted(plans, key=lambda plan: plan != "drip")
    with ThreadPoolExecutor(wanted.workers) as pool:
        done = dict(zip(order, pool.map(lambda plan: run_plan(plan, wanted.kills, wanted.seed), order), strict=True))
    results = [done[plan] for plan in plans]
    if wanted.write:
        RESULTS.write_text(report(results, wanted.kills, wanted.seed), encoding="utf-8")
    bad = [result for result in results if result.problem]
    print(f"{len(results)} plans, {sum(r.kills for r in results)} kills, {len(bad)} unlike the truth")
    return 1 if bad else 0


def run_plan(plan: str, kills: int, seed: int) -> Result:
    chance = random.Random(f"{seed}/{plan}")
    result, begun = Result(plan), time.monotonic()
    records, page = SIZES.get(plan, (1000, 100))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, MOCK, "--port", str(port), "--plan", plan, "--n", str(records), "--page", str(page)]
    mock = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder) / "w"
            prepare(work, port, page)
            for _ in range(kills):
                killed(work, chance.uniform(0.4, 6.0), result)
            for step, more in (("first", ()), ("changes", ()), ("everything", ("--full",))):
                until_done(work, more, result)
                result.problem = result.problem or compare(work, port, plan)
                result.after += f"{step} " if not result.problem else f"{step}✗ "
                if result.problem:
                    break
    finally:
        mock.terminate()
        mock.wait()
    result.seconds = time.monotonic() - begun
    print(
        f"{plan}: {'ok' if not result.problem else result.problem} ({result.kills} kills, exits {result.exits}, {result.seconds:.0f} s)",
        flush=True,
    )
    return result


def prepare(work: Path, port: int, page: int) -> None:
    subprocess.run([kexiao(), "init", work], check=True, stdout=subprocess.DEVNULL)
    (work / "sources").mkdir(exist_ok=True)
    (work / "sources" / "shop.toml").write_text(SOURCE.format(port=port, page=page), encoding="utf-8")
    with (work / "kexiao.toml").open("a", encoding="utf-8") as settings:
        settings.write(
            '\n[egress]\nprivate = ["127.0.0.1/32"]\nsilent_seconds = 5\nfirst_wait = 0.1\nanswer_seconds = 300\n'
        )


def kexiao() -> str:
    return str(Path(sys.executable).with_name("kexiao"))


def killed(work: Path, seconds: float, result: Result) -> None:
    """One collection, killed after so many seconds, unless it ends before."""
    child = subprocess.Popen(
        [kexiao(), "collect", "shop", "-w", str(work)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        result.exits += (child.wait(seconds),)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, 9)
        child.wait()
        result.kills += 1


def until_done(work: Path, more: tuple[str, ...], result: Result) -> None:
    """Collections until one succeeds, as a schedule would; a renamed column is confirmed as a person would."""
    for _ in range(12):
        done = subprocess.run(
            [kexiao(), "collect", "shop", "-w", str(work), *more],
            capture_output=True,
            text=True,
            timeout=1800,
            check=False,
        )
        result.runs += 1
        result.exits += (done.returncode,)
        if done.returncode == 0:
            return
        if done.returncode == 5 and "amt" in done.stderr:
            with (work / "sources" / "shop.toml").open("a", encoding="utf-8") as source:
                source.write('\n[objects.orders.renamed]\n"amt" = "amount"\n')
        elif done.returncode != 6:
            result.problem = f"exit {done.returncode}: {done.stderr[-300:]}"
            return
    result.problem = "not done after 12 runs"


def compare(work: Path, port: int, plan: str) -> str:
    """What the store says against what exists: the same ids, each once, with the same amount and time."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/__truth") as answer:
        truth = {item["id"]: item for item in json.loads(answer.read())}
    dumped = subprocess.run(
        [kexiao(), "dump", "orders", "-w", str(work), "--flat"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    rows = [json.loads(line) for line in dumped]
    ids = [row["order_id"] for row in rows]
    if len(ids) != len(set(ids)):
        return f"{len(ids) - len(set(ids))} rows twice"
    lacking = set(truth) - set(ids)
    # What the API stopped listing before anyone could read it cannot be had.
    if "delete" in plan.split(","):
        lacking -= VANISHING
    if lacking or set(ids) - set(truth):
        return f"{len(lacking)} lacking, {len(set(ids) - set(truth))} too many"
    for row in rows:
        item = truth[row["order_id"]]
        if Decimal(row["amount_fen"]) != Decimal(item["amount"]) * 100:
            return f"{row['order_id']}: another amount"
        if moment(row["order_time"]) != moment(item["updated_at"]):
            return f"{row['order_id']}: another time"
    return ""


def moment(text: str) -> datetime:
    when = datetime.fromisoformat(text)
    # A dump writes the time of the business time zone, which is China's where nothing else is said.
    return (
        (when if when.tzinfo else when.replace(tzinfo=ZoneInfo("Asia/Shanghai"))).astimezone(UTC).replace(microsecond=0)
    )


def report(results: list[Result], kills: int, seed: int) -> str:
    lines = [
        "# A misbehaving API, killed at random: is the store the truth?",
        "",
        f"{date.today().isoformat()}, {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; "
        f"`make connectors` (seed {seed}, {kills} kills tried a plan). "
        "After the kills the command is run until it succeeds, then for changes, then with `--full`; each time every order of the store is compared with "
        "`/__truth`: the same ids, each once, amount and time equal.",
        "",
        "| plan | kills that struck | runs to the end | exit codes on the way | equal after | seconds |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.plan} | {r.kills} | {r.runs} | {' '.join(map(str, r.exits))} | {r.problem or r.after.strip()} | {r.seconds:.0f} |"
        for r in results
    ]
    good = sum(not result.problem for result in results)
    lines += [
        "",
        f"**{good} of {len(results)} plans equal to the truth; {sum(r.kills for r in results)} kills.**",
        "",
        "`drift` renames a column in the middle: the collection stops with exit 5 and names both columns, the new name is confirmed in the source file, and the "
        'reading goes on where it was. `delete` stops listing ten orders: they are kept and told of (`missing = "tell"`), as they no longer appear but nobody '
        "said they were deleted; where a kill kept all readings from seeing them they cannot be had. `redirect` is refused (exit 6) and read on by the next run.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
