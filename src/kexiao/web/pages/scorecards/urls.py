"""Addresses of the scorecards."""

from __future__ import annotations

from django.urls import path

from kexiao.text import Text
from kexiao.web.layout import Entry
from kexiao.web.pages.scorecards import view

ENTRY = Entry(30, "scorecards", Text(zh="评估", en="Assessment"), "scorecards")
urlpatterns = [
    path("scorecards/", view.scorecards, name="scorecards"),
    path("scorecards/<str:name>/", view.scorecard, name="scorecards-card"),
    path("scorecards/<str:name>/close/", view.close, name="scorecards-close"),
    path("scorecards/<str:name>/subjects/<path:subject>/", view.subject, name="scorecards-subject"),
]
