"""The key that signs sessions: made once, kept in the workspace, readable by its owner alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def secret_of(workspace: Path) -> str:
    """The workspace's key, made where it is missing; of two programs that start at once, one makes it and both read it."""
    path = workspace / ".web-secret"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii")
    with os.fdopen(handle, "w", encoding="ascii") as file:
        key = secrets.token_urlsafe(48)
        file.write(key)
    return key
