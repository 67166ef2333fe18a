"""The addresses: every folder of ``pages`` brings its own."""

from __future__ import annotations

from django.urls import URLPattern

from kexiao.web.layout import page_modules

urlpatterns: list[URLPattern] = [pattern for module in page_modules() for pattern in module.urlpatterns]

handler400 = "kexiao.web.failures.bad_request"
handler403 = "kexiao.web.failures.forbidden"
handler404 = "kexiao.web.failures.not_found"
handler500 = "kexiao.web.failures.failed"
