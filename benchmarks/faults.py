"""Kill the program at its system calls and at random times, fill the disk, break the disk: is the workspace always as before or as after?

Drives the harness beside the repository (../shared/harness: kill9_loop.py, faultinject.c, disk_full.py) over four commands that write: a load that
adds, changes and refuses rows, an undo, upkeep, and a backup. After each fault ``check`` looks at the workspace with its own eyes: rows as plain
DuckDB reads them from the newest snapshot, against what the files say as plain Python reads them; then ``kexiao check``. Every command is a
process of its own, forked from one that has imported everything (warm_start.py), which makes a run four times as quick.

    python benchmarks/faults.py kills --runs 1000      # or: make kills
    python benchmarks/faults.py faults --runs 200      # or: make faults
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

HERE = Path(__file__).resolve()
HARNESS = HERE.parents[2] / "shared" / "harness"
RESULTS = HERE.with_name("RESULTS-faults.md")
WARM = HERE.with_name("warm_start.py")
FRESH = f"{sys.executable} -m kexiao.cli.main"
CHECK = "{check} {family} {base} {dir}"
OPS = "write,pwrite,fsync,rename,ftruncate,unlink"

# What runs, and which exit codes of a second run mean that there was nothing left to do.
FAMILIES = {
    "collect": ("{kexiao} collect {base}/second.csv -w {dir}/w --exported-at 2026-02-01 --no-input", (0, 4)),
    "undo": ("{kexiao} collect --undo 2 -w {dir}/w", (0, 2)),
    "compact": ("{kexiao} compact -w {dir}/w", (0,)),
    "backup": ("rm -f {dir}/b.zip; {kexiao} backup {dir}/b.zip -w {dir}/w", (0,)),
}
KILLS = {
    "at a system call": ["--mode", "syscall", "--action", "kill"],
    "after a system call": ["--mode", "syscall", "--action", "kill_after"],
    "at a random time": ["--mode", "time"],
    "at random times, again while it resumes": ["--mode", "time", "--double-kill"],
}
FAULTS = {
    "disk full (ENOSPC) from a call on": ["--mode", "syscall", "--action", "enospc"],
    "disk broken (EIO) from a call on": ["--mode", "syscall", "--action", "eio"],
    "one short write": ["--mode", "syscall", "--action", "short", "--ops", "write,pwrite"],
    "no file may be larger than some KB": [],
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, runs in (("kills", 1000), ("faults", 200)):
        own = commands.add_parser(name)
        own.add_argument("--runs", type=int, default=runs, help="over all families together")
        own.add_argument("--family", choices=FAMILIES, action="append")
        own.add_argument("--seconds", type=float, default=1e9, help="begin no further part after so long")
        own.add_argument("--keep", action="store_true", help=f"add the figures to {RESULTS.name}")
    own = commands.add_parser("check")
    own.add_argument("family")
    own.add_argument("base", type=Path)
    own.add_argument("directory", type=Path)
    given = parser.parse_args()
    if given.command == "check":
        return check(given.family, given.base, given.directory)
    if not HARNESS.is_dir():
        print(f"The harness is not beside the repository ({HARNESS.name}); nothing was run.", file=sys.stderr)
        return 2
    return campaign(given)


# ---- The company: two files, written and read again by plain Python.


def write_files(base: Path) -> None:
    """A first file of 300 orders, a second that changes 30 of them, repeats 20, adds 100 and holds 3 rows that cannot be loaded."""
    draw = random.Random(1)
    head = ["订单号", "下单时间", "客户编号", "姓名", "手机号", "渠道", "实付金额"]

    def row(number: int) -> list[str]:
        day = f"2025-{1 + number % 12:02d}-{1 + number % 28:02d} 10:00:00"
        person = number % 120
        return [
            f"A{number}",
            day,
            f"C{person}",
            f"客户{person}",
            f"138{person:08d}",
            "天猫",
            f"{draw.randint(100, 99999) / 100:.2f}",
        ]

    first = [row(number) for number in range(300)]
    changed = [[*row(number)[:-1], f"{draw.randint(100, 99999) / 100:.2f}"] for number in range(0, 300, 10)]
    second = [*changed, *first[1:20:2], *[row(number) for number in range(300, 400)], *[["", *row(500)[1:]]] * 3]
    for name, rows in (("first.csv", first), ("second.csv", second)):
        with (base / name).open("w", encoding="utf-8", newline="") as target:
            csv.writer(target).writerows([head, *rows])


def said(*files: Path) -> dict[str, Decimal]:
    """Order → amount, as the files say, the later file over the earlier."""
    found = {}
    for path in files:
        with path.open(encoding="utf-8", newline="") as source:
            found.update({row["订单号"]: Decimal(row["实付金额"]) for row in csv.DictReader(source) if row["订单号"]})
    return found


def make_workspace(base: Path, family: str) -> None:
    """The workspace that each run of a family begins with, at ``base/w``."""

    def kexiao(*arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "kexiao.cli.main", *arguments], capture_output=True, check=False, text=True
        )
        assert done.returncode in (0, 4), done.stderr

    workspace = str(base / "w")
    kexiao("init", workspace)
    kexiao("collect", str(base / "first.csv"), "-w", workspace, "--exported-at", "2026-01-01", "--no-input")
    if family != "collect":
        kexiao("collect", str(base / "second.csv"), "-w", workspace, "--exported-at", "2026-02-01", "--no-input")
    (base / "w" / "data" / "_tidied").unlink(missing_ok=True)


# ---- After a fault.


def check(family: str, base: Path, directory: Path) -> int:
    """0: the workspace is what it was before the command or what it is after it; in the phase ``final``, what it is after it."""
    before, after = said(base / "first.csv"), said(base / "first.csv", base / "second.csv")
    allowed = {"collect": [after, before], "undo": [before, after]}.get(family, [after])
    if os.environ.get("KILL9_PHASE") == "final":
        allowed = allowed[:1]
    found = stored(directory / "w" / "data")
    if found not in [sorted(one.items()) for one in allowed]:
        keys = [key for key, _ in found]
        print(json.dumps({"rows": len(found), "dup": len(keys) - len(set(keys)), "allowed": [len(a) for a in allowed]}))
        return 1
    from kexiao.cli.main import main as kexiao

    code = kexiao(["check", "-w", str(directory / "w"), "--lang", "en"])
    archive = directory / "b.zip"
    if code == 0 and family == "backup" and archive.exists():
        shutil.rmtree(directory / "back", ignore_errors=True)
        code = kexiao(["restore", str(archive), str(directory / "back")])
        if code == 0 and stored(directory / "back" / "data") != sorted(after.items()):
            return 1
    return code


def stored(data: Path) -> list[tuple[str, Decimal]]:
    """(order, amount) in the newest snapshot, sorted."""
    import duckdb

    listed = json.loads(max((data / "_snapshots").glob("s*.json")).read_text(encoding="utf-8"))
    files = [str(data / part["path"]) for part in listed["tables"]["orders"]["files"]]
    with duckdb.connect(":memory:") as connection:
        return sorted(connection.execute("SELECT order_id, amount FROM read_parquet(?)", [files]).fetchall())


# ---- The campaign.


def campaign(given: argparse.Namespace) -> int:
    ways = KILLS if given.command == "kills" else FAULTS
    families = given.family or list(FAMILIES)
    share = max(1, given.runs // (len(ways) * len(families)))
    began, rows, bad = time.monotonic(), [], 0
    with tempfile.TemporaryDirectory(prefix="faults-") as place:
        work = Path(place)
        for name in ("kill9_loop.py", "faultinject.c", "disk_full.py"):
            shutil.copy(HARNESS / name, work / name)
        for family in families:
            base = work / family
            base.mkdir()
            write_files(base)
            make_workspace(base, family)
            compare(work, base, family)
            for words, options in ways.items():
                if time.monotonic() - began > given.seconds:
                    print(f"out of time: {family}, {words} was not run", flush=True)
                    continue
                found = loop(work, base, family, options, share) if options else limits(work, base, family, share)
                bad += found["violations"]
                rows.append((family, words, found))
                print(family, words, json.dumps(found), flush=True)
    if given.keep:
        keep(given.command, rows, time.monotonic() - began)
    return 1 if bad else 0


@contextmanager
def warm(work: Path) -> Iterator[Path]:
    """The process that forks, with the injector in it; yields the address to ask at."""
    injector, place = work / "libfaultinject.so", work / "warm.sock"
    if not injector.exists():
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", injector, work / "faultinject.c", "-ldl"], check=True)
    environment = {**os.environ, "LD_PRELOAD": str(injector), "PYTHONDONTWRITEBYTECODE": "1"}
    place.unlink(missing_ok=True)
    server = subprocess.Popen(
        [sys.executable, str(WARM), "--serve", str(place)], env=environment, stdin=subprocess.DEVNULL
    )
    try:
        while not place.exists():
            assert server.poll() is None
            time.sleep(0.02)
        time.sleep(0.1)
        yield place
    finally:
        server.kill()
        server.wait()


def filled(template: str, base: Path, family: str, place: Path | None) -> str:
    """A command line, but for ``{dir}``: through the address of the forking process, or as fresh processes."""
    asks = f"{sys.executable} -I -S {WARM} {place}"
    kexiao, check = (FRESH, f"{sys.executable} {HERE} check") if place is None else (f"{asks} kexiao", f"{asks} check")
    words = template.replace("{kexiao}", kexiao).replace("{check}", check)
    return words.replace("{base}", str(base)).replace("{family}", family)


def compare(work: Path, base: Path, family: str) -> None:
    """Say how many watched system calls the command makes, in a fresh process and in a fork: the same, give or take DuckDB's threads."""
    with warm(work) as place:
        counts = {"fresh": [], "fork": []}
        for number, kind in enumerate(("fork", "fork", "fork", "fresh", "fresh")):
            directory, told = work / f"compare{number}", work / f"count{number}"
            shutil.copytree(base / "w", directory / "w")
            words = filled(FAMILIES[family][0], base, family, place if kind == "fork" else None)
            settings = {"LD_PRELOAD": str(work / "libfaultinject.so"), "FI_AT": "0", "FI_OPS": OPS}
            settings |= {"FI_PATH": str(directory), "FI_COUNT_FILE": str(told)}
            subprocess.run(
                ["bash", "-c", words.replace("{dir}", str(directory))],
                env={**os.environ, **settings},
                capture_output=True,
                check=False,
            )
            counts[kind].append(max(map(int, told.read_text().split())))
            shutil.rmtree(directory)
            told.unlink()
    print(family, "watched calls", json.dumps(counts), flush=True)


def loop(work: Path, base: Path, family: str, options: list[str], runs: int) -> dict[str, object]:
    """One line of the table: the harness's loop over one command and one way."""
    with warm(work) as place:
        # Once before the harness takes the time of a run: by then everything is imported.
        for number in range(2):
            directory = work / f"warm{number}"
            shutil.copytree(base / "w", directory / "w")
            for template in (FAMILIES[family][0], CHECK):
                words = filled(template, base, family, place).replace("{dir}", str(directory))
                subprocess.run(["bash", "-c", words], capture_output=True, check=False)
            shutil.rmtree(directory)
        return _loop(work, base, family, options, runs, place)


def _loop(work: Path, base: Path, family: str, options: list[str], runs: int, place: Path) -> dict[str, object]:
    command, done_codes = FAMILIES[family]
    listed = " -o ".join(f"$rc -eq {code}" for code in done_codes)
    once = filled(command, base, family, place)
    arguments = [
        sys.executable, str(work / "kill9_loop.py"), "--runs", str(runs), "--base", str(work),
        "--work", f"{once}; rc=$?; [ $rc -eq 0 -o $rc -eq 4 ] || exit $rc", "--resume", f"{once}; rc=$?; [ {listed} ] || exit $rc",
        "--check", filled(CHECK, base, family, place), "--reset", f"cp -r {base}/w {{dir}}/w", "--log", str(work / "log.jsonl"),
        "--keep-failures", str(Path(tempfile.gettempdir()) / "faults-failed" / family), *options,
    ]  # fmt: skip
    if "syscall" in options:
        arguments += ["--path-filter", "{dir}"]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    try:
        found: dict[str, object] = json.loads(lines[-1])
    except (IndexError, ValueError):
        print(done.stdout[-2000:], done.stderr[-2000:], file=sys.stderr)
        return {"runs": 0, "killed": 0, "violations": 1, "error": "the harness did not run"}
    codes: dict[str, int] = {}
    for line in (work / "log.jsonl").read_text().splitlines():
        record = json.loads(line)
        code = str(record.get("work_rc", "killed" if "delay_ms" in record else "?"))
        codes[code] = codes.get(code, 0) + 1
        if record.get("bad"):
            print("  bad:", json.dumps(record, ensure_ascii=False)[:1500], flush=True)
        if record.get("work_rc") not in (None, 0, 4, 7, 137, -9) or "Traceback" in record.get("stderr_tail", ""):
            print("  code:", json.dumps(record, ensure_ascii=False)[:700], flush=True)
    return {**found, "work_rc": codes}


def limits(work: Path, base: Path, family: str, runs: int) -> dict[str, object]:
    """The same in fresh processes without the injector: a limit on the size of files, from almost nothing to what the command needs."""
    command, done_codes = FAMILIES[family]
    found = {"runs": 0, "killed": 0, "bad_after_kill": 0, "bad_resume": 0, "bad_final": 0}
    codes: dict[str, int] = {}
    for number in range(runs):
        directory = work / f"limit{number}"
        shutil.copytree(base / "w", directory / "w")

        def shell(words: str, phase: str = "", directory: Path = directory) -> int:
            words = filled(words, base, family, None).replace("{dir}", str(directory))
            environment = {**os.environ, "KILL9_PHASE": phase}
            return subprocess.run(["bash", "-c", words], capture_output=True, check=False, env=environment).returncode

        code = shell(f"ulimit -f {1 + 2 * number}; {command}")
        codes[str(code)] = codes.get(str(code), 0) + 1
        found["runs"] += 1
        found["bad_after_kill"] += shell(CHECK, "after_kill") != 0 or code not in (0, 4, 7)
        found["bad_resume"] += shell(command) not in done_codes
        found["bad_final"] += shell(CHECK, "final") != 0
        shutil.rmtree(directory)
    return {**found, "violations": sum(found[n] for n in found if n.startswith("bad_")), "work_rc": codes}


def keep(command: str, rows: list[tuple[str, str, dict[str, object]]], seconds: float) -> None:
    """Add one table to the file of results."""
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    lines = [
        f"\n## {command}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC\n",
        f"{machine}; {seconds / 60:.0f} minutes, beside other work on the machine.\n",
        "| command | fault | runs | killed | inconsistent after | not resumed | wrong at the end | exit codes |",
        "|---|---|---:|---:|---:|---:|---:|---|",
    ]
    for family, words, found in rows:
        cells = [found.get(name, 0) for name in ("runs", "killed", "bad_after_kill", "bad_resume", "bad_final")]
        codes = ", ".join(f"{code}: {n}" for code, n in sorted(found.get("work_rc", {}).items()))  # type: ignore[attr-defined]
        lines.append(f"| {family} | {words} | {' | '.join(map(str, cells))} | {codes} |")
    total = sum(int(found.get("runs", 0)) for _, _, found in rows)  # type: ignore[call-overload]
    bad = sum(int(found.get("violations", 0)) for _, _, found in rows)  # type: ignore[call-overload]
    lines.append(f"\n{total} runs, {bad} violations.\n")
    text = (
        RESULTS.read_text(encoding="utf-8")
        if RESULTS.exists()
        else "# Kills and faults\n\nWhat `make kills` and `make faults` found; `benchmarks/faults.py` says what is checked.\n"
    )
    RESULTS.write_text(text + "\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
