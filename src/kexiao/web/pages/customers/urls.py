"""Addresses of the customers' pages."""

from __future__ import annotations

from django.urls import path

from kexiao.text import Text
from kexiao.web.layout import Entry
from kexiao.web.pages.customers import privacy, view

ENTRY = Entry(60, "customers", Text(zh="客户", en="Customers"), "person")
urlpatterns = [
    path("customers/", view.customers, name="customers"),
    path("customers/find/", view.find, name="customers-find"),
    path("customers/duplicates/", view.duplicates, name="customers-duplicates"),
    path("customers/merge/", view.merge, name="customers-merge"),
    path("customers/<int:customer>/", view.customer, name="customers-one"),
    path("customers/<int:customer>/reveal/", view.reveal, name="customers-reveal"),
    path("customers/<int:customer>/export/", privacy.export, name="customers-export"),
    path("customers/<int:customer>/erase/", privacy.erase, name="customers-erase"),
    path("customers/<int:customer>/unmerge/", view.unmerge, name="customers-unmerge"),
]
