"""Make a virtual environment and install Kexiao into it, editable, with the extras that are asked for.

    python3 tools/install.py .venv reports,web
    python3 tools/install.py .venv-duckdb15 reports,web,dev --also "duckdb<1.6"

uv does it in a few seconds; it is told pip's own settings (mirror, extra indexes, local wheels, certificate), so that a
machine set up for pip needs nothing more. If uv cannot be had or does not succeed, plain pip does the same in half a minute.
"""

from __future__ import annotations

import argparse
import ast
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# pip's setting → the variable that tells uv the same.
PIP_TO_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
    "trusted-host": "UV_INSECURE_HOST",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("venv", type=Path)
    parser.add_argument("extras")
    parser.add_argument("--also", action="append", default=[], metavar="REQUIREMENT")
    wanted = parser.parse_args()

    python = ensure_venv(wanted.venv)
    what = ["--editable", f"{ROOT}[{wanted.extras}]", *wanted.also]
    done = install_with_uv(python, what) or install_with_pip(python, what)
    return 0 if done else 1


def ensure_venv(venv: Path) -> Path:
    """The environment's Python; the environment is made if it is not there or does not start."""
    python = venv / "bin" / "python"
    works = python.exists() and pip(python, "--version", stdout=subprocess.DEVNULL)
    if not works:
        print(f"Making {venv.name} …", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
    return python.absolute()


def install_with_uv(python: Path, what: list[str]) -> bool:
    uv = python.with_name("uv")
    if not uv.exists() and not pip(python, "install", "--quiet", "--prefer-binary", "uv"):
        return False
    print("Installing …", flush=True)
    command = [uv, "pip", "install", "--quiet", "--python", python, *what]
    return subprocess.run(command, env=uv_environment(python), check=False).returncode == 0


def install_with_pip(python: Path, what: list[str]) -> bool:
    print("Installing with pip …", flush=True)
    return pip(python, "install", "--quiet", "--prefer-binary", *what)


def pip(python: Path, *arguments: str, stdout: int | None = None) -> bool:
    command = [python, "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, check=False, stdout=stdout).returncode == 0


def uv_environment(python: Path) -> dict[str, str]:
    """This process's environment with pip's settings added in uv's words; what is set for uv already stays."""
    # pip takes the best version of all its indexes; uv by itself would stop at the first that knows the name.
    ours = {"UV_INDEX_STRATEGY": "unsafe-best-match", "UV_NO_PROGRESS": "1"}
    listed = subprocess.run([python, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False).stdout
    for line in listed.splitlines():
        name, _, quoted = line.partition("=")
        variable = PIP_TO_UV.get(name.rpartition(".")[2])
        if variable and quoted:
            ours[variable] = " ".join(str(ast.literal_eval(quoted)).split())
    if "UV_FIND_LINKS" in ours:
        ours["UV_FIND_LINKS"] = ours["UV_FIND_LINKS"].replace(" ", ",")
    return {**ours, **os.environ}


if __name__ == "__main__":
    sys.exit(main())
