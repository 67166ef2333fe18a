"""Addresses of the initiatives."""

from __future__ import annotations

from django.urls import path

from kexiao.text import Text
from kexiao.web.layout import Entry
from kexiao.web.pages.initiatives import view

ENTRY = Entry(50, "initiatives", Text(zh="成效", en="Effect"), "effect")
urlpatterns = [
    path("initiatives/", view.initiatives, name="initiatives"),
    path("initiatives/review/", view.review_all, name="initiatives-review"),
    path("initiatives/reviewing/", view.reviewing, name="initiatives-reviewing"),
    path("initiatives/<str:name>/", view.initiative, name="initiatives-plan"),
]
