"""The WSGI application, for any server: ``KEXIAO_WORKSPACE=dir granian --interface wsgi kexiao.web.app:application``."""

from __future__ import annotations

import os
from threading import Thread

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kexiao.web.settings")
application = get_wsgi_application()


def _warm() -> None:
    """Compute what the overview shows before the first person has signed in."""
    from kexiao.web.pages.overview.warming import warm

    warm()


def _load_pushes() -> None:
    """Load pushed answers that the last server left waiting."""
    from kexiao.web import workspace
    from kexiao.web.pages.push.loading import wake_all

    wake_all(workspace.folder())


if os.environ.get("KEXIAO_WARM") == "1":
    Thread(target=_load_pushes, daemon=True).start()
    Thread(target=_warm, daemon=True).start()
