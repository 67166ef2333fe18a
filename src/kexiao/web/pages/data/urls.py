"""Addresses of the data page."""

from __future__ import annotations

from django.urls import path

from kexiao.text import Text
from kexiao.web.layout import Entry
from kexiao.web.pages.data import sources, view, wizard

ENTRY = Entry(90, "data", Text(zh="数据", en="Data"), "data")
urlpatterns = [
    path("data/", view.data, name="data"),
    path("data/upload/", view.upload, name="data-upload"),
    path("data/uploads/<str:token>/", wizard.wizard, name="data-wizard"),
    path("data/uploads/<str:token>/change/", wizard.change, name="data-wizard-change"),
    path("data/uploads/<str:token>/drop/", wizard.drop, name="data-wizard-drop"),
    path("data/sources/", sources.sources, name="data-sources"),
    path("data/sources/<slug:source>/read/", sources.read_now, name="data-sources-read"),
    path("data/jobs/", view.jobs, name="data-jobs"),
    path("data/quarantine/", view.quarantine, name="data-quarantine"),
    path("data/loads/<int:load>/undo/", view.undo, name="data-undo"),
]
