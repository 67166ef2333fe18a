"""BG/NBD fit of 10⁶ simulated customers: ours beside `lifetimes`, which gets an environment of its own.

Run `python benchmarks/bench_bgnbd.py [--customers N] [--rounds N] [--peer PYTHON] [--no-write]`. Each round fits once with either, in fresh
processes, turn by turn, after a small warm-up; only the fit is timed, from the same three columns in memory. No time is reported
unless both reach the same parameters and our log-likelihood is no worse than theirs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import venv
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from kexiao.models.clv._bg_nbd_likelihood import log_likelihood, prepare
from kexiao.models.clv.history import purchase_history
from kexiao.models.clv.simulate import PurchaseParameters, simulate

RESULTS = Path(__file__).with_name("RESULTS-bgnbd.md")
TRUTH = PurchaseParameters(0.25, 31.0, 0.8, 2.4)
NAMES = ("r", "alpha", "a", "b")

OURS = """
from kexiao.models.clv import bg_nbd
def fit(x, t_x, T):
    model = bg_nbd.fit(x, t_x, T)
    return [model.r, model.alpha, model.a, model.b]
"""

THEIRS = """
import warnings
warnings.simplefilter("ignore")
from lifetimes import BetaGeoFitter
def fit(x, t_x, T):
    return BetaGeoFitter(penalizer_coef=0.0).fit(x, t_x, T).params_[["r", "alpha", "a", "b"]].tolist()
"""

TIMED = """
import json, sys, time
import numpy as np
columns = [np.load(sys.argv[1])[name] for name in ("frequency", "recency", "age")]
fit(*(values[:5000] for values in columns))
wall, cpu = time.perf_counter(), time.process_time()
found = fit(*columns)
print(json.dumps({"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "parameters": found}))
"""


def main() -> None:
    given = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        columns = draw(given.customers)
        data = Path(folder) / "customers.npz"
        np.savez(data, **columns)
        peer = given.peer or peer_environment(Path(folder) / "peer")
        before = os.getloadavg()
        ours, theirs = [], []
        for _ in range(given.rounds):
            ours.append(timed(sys.executable, OURS, data))
            theirs.append(timed(peer, THEIRS, data))
        text = report(columns, ours, theirs, before, versions(peer))
    print(text)
    if not given.no_write:
        RESULTS.write_text(text, encoding="utf-8")


def draw(customers: int) -> dict[str, Any]:
    """Customers born over two and a half years, seen for three; whole days."""
    rng = np.random.default_rng(20_261_122)
    births = rng.integers(0, 900, customers)
    history = purchase_history(*simulate(rng, births, 1095, TRUTH), end_day=1095)
    return {"frequency": history.frequency, "recency": history.recency, "age": history.age}


def peer_environment(folder: Path) -> str:
    """A fresh environment with `lifetimes`, thrown away afterwards."""
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "lifetimes==0.11.3"], check=True, stderr=subprocess.DEVNULL
    )
    return python


def timed(python: str, code: str, data: Path) -> dict[str, Any]:
    done = subprocess.run([python, "-c", code + TIMED, str(data)], check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def versions(peer: str) -> str:
    code = "import lifetimes, numpy, sys; print('lifetimes', lifetimes.__version__, 'numpy', numpy.__version__, 'Python', sys.version.split()[0])"
    return subprocess.run([peer, "-W", "ignore", "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def report(
    columns: dict[str, Any],
    ours: list[dict[str, Any]],
    theirs: list[dict[str, Any]],
    load: tuple[float, float, float],
    peer: str,
) -> str:
    own, other = ours[0]["parameters"], theirs[0]["parameters"]
    data = prepare(columns["frequency"], columns["recency"], columns["age"], None)
    gain = log_likelihood(data, np.log(own)).value - log_likelihood(data, np.log(other)).value
    apart = max(abs(np.array(own) / np.array(other) - 1))
    if apart > 0.005 or gain < -1e-6:
        raise SystemExit(f"no time is worth reporting: parameters {own} and {other}, log-likelihood gain {gain}")
    wall = [statistics.median(each["wall"] for each in side) for side in (ours, theirs)]
    cpu = [statistics.median(each["cpu"] for each in side) for side in (ours, theirs)]
    lines = [
        f"# BG/NBD fit, {len(columns['age']):,} customers ({int((columns['frequency'] > 0).sum()):,} with repeat purchases)",
        "",
        f"{date.today()} · {machine()} · load average before {load[0]:.2f}, after {os.getloadavg()[0]:.2f} · medians of {len(ours)} rounds, interleaved",
        "",
        "| | seconds | CPU seconds | r | alpha | a | b |",
        "|---|---|---|---|---|---|---|",
        row(f"ours (numpy {np.__version__}, Python {platform.python_version()})", wall[0], cpu[0], own),
        row(peer, wall[1], cpu[1], other),
        "",
        f"**{wall[1] / wall[0]:.0f} times as fast** (CPU: {cpu[1] / cpu[0]:.0f}). Checking and preparing the columns is included. "
        f"Parameters agree to {apart:.1e}; our log-likelihood is higher by {gain:.1e}. Simulated with "
        + ", ".join(f"{name} {getattr(TRUTH, name)}" for name in NAMES)
        + " (days).",
        "",
    ]
    return "\n".join(lines)


def row(name: str, wall: float, cpu: float, parameters: list[float]) -> str:
    return f"| {name} | {wall:.3f} | {cpu:.3f} | " + " | ".join(f"{value:.5f}" for value in parameters) + " |"


def machine() -> str:
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        named = [line.split(":")[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
        model = named[0] if named else model
    return f"{model}, {os.cpu_count()} cores"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer", help="a Python that has lifetimes (else one is made and thrown away)")
    parser.add_argument("--no-write", action="store_true", help="print only")
    return parser.parse_args()


if __name__ == "__main__":
    main()
