"""Addresses of signing in and out and of the language."""

from __future__ import annotations

from django.urls import path

from kexiao.web.pages.sign_in import view

urlpatterns = [
    path("sign-in/", view.sign_in, name="sign-in"),
    path("sign-out/", view.sign_out, name="sign-out"),
    path("language/", view.choose_language, name="language"),
]
