"""The Django app of the records."""

from __future__ import annotations

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    """People, attempts to sign in, jobs."""

    name = "kexiao.web.records"
    label = "records"
    default_auto_field = "django.db.models.BigAutoField"
