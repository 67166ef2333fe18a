"""What must happen to a workspace that comes back from a backup before anybody sees it."""

from __future__ import annotations

from pathlib import Path

from kexiao.cycle.privacy import apply_erasures
from kexiao.engine.folder import Folder


def after_restore(restored: Folder, living: Path | None) -> None:
    """Bring a restored workspace up to what was decided since its backup; called before it takes its final name.

    ``living``: the workspace in use that the person who restores has named, if any. Erasures recorded there or in the backup are applied here.
    """
    apply_erasures(restored, living)
