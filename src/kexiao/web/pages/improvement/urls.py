"""Addresses of the findings and of writing a plan."""

from __future__ import annotations

from django.urls import path

from kexiao.text import Text
from kexiao.web.layout import Entry
from kexiao.web.pages.improvement import view

ENTRY = Entry(40, "improvement", Text(zh="改进", en="Improvement"), "initiatives")
urlpatterns = [
    path("improvement/", view.improvement, name="improvement"),
    path("improvement/findings/", view.findings, name="improvement-findings"),
    path("improvement/plan/", view.plan, name="improvement-plan"),
]
