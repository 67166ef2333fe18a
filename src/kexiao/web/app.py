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


if os.environ.get("KEXIAO_WARM") == "1":
    Thread(target=_warm, daemon=True).start()
