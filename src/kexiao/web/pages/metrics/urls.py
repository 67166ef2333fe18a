"""Addresses of the catalogue and of one metric with its parts."""

from __future__ import annotations

from django.urls import path

from kexiao.text import Text
from kexiao.web.layout import Entry
from kexiao.web.pages.metrics import view

ENTRY = Entry(20, "metrics", Text(zh="指标", en="Metrics"), "metrics")
urlpatterns = [
    path("metrics/", view.metrics, name="metrics"),
    path("metrics/<str:name>/", view.metric, name="metric"),
    path("metrics/<str:name>/trend/", view.trend, name="metric-trend"),
    path("metrics/<str:name>/breakdown/", view.breakdown, name="metric-breakdown"),
    path("metrics/<str:name>/change/", view.change, name="metric-change"),
    path("metrics/<str:name>/rows/", view.rows, name="metric-rows"),
]
