"""Addresses of the overview."""

from __future__ import annotations

from django.urls import path

from kexiao.text import Text
from kexiao.web.layout import Entry
from kexiao.web.pages.overview import view

ENTRY = Entry(10, "overview", Text(zh="总览", en="Overview"), "overview")
urlpatterns = [
    path("", view.overview, name="overview"),
    path("overview/reason/<str:name>/", view.reason, name="overview-reason"),
    path("overview/due/", view.due, name="overview-due"),
    path("overview/cards/", view.cards, name="overview-cards"),
    path("waiting/", view.waiting, name="waiting"),
    path("search/", view.search, name="search"),
]
