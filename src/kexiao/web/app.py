"""The WSGI application, for any server: ``KEXIAO_WORKSPACE=dir granian --interface wsgi kexiao.web.app:application``."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kexiao.web.settings")
application = get_wsgi_application()
