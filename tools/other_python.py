"""Print a Python on this machine that Kexiao supports and that is of another version than this one; nothing if there is none."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

WANTED = ("3.13", "3.12", "3.14", "3.11")


def candidates() -> list[str]:
    """Commands on the path, then the versions that pyenv keeps without putting them there."""
    found = [path for version in WANTED if (path := shutil.which(f"python{version}"))]
    if pyenv := shutil.which("pyenv"):
        root = subprocess.run([pyenv, "root"], capture_output=True, text=True, check=False).stdout.strip()
        found += [
            str(path) for version in WANTED for path in sorted(Path(root).glob(f"versions/{version}.*/bin/python"))
        ]
    return found


def version_of(python: str) -> str:
    """Major and minor version such as 3.12, or nothing if it does not start."""
    ask = [python, "-c", "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"]
    return subprocess.run(ask, capture_output=True, text=True, check=False).stdout.strip()


here = f"{sys.version_info.major}.{sys.version_info.minor}"
print(next((python for python in candidates() if version_of(python) in set(WANTED) - {here}), ""))
