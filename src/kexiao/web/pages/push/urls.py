"""The address to which 问卷星 pushes answers."""

from __future__ import annotations

from django.urls import path

from kexiao.web.pages.push import view

urlpatterns = [path("push/wenjuanxing/<slug:source>/", view.wenjuanxing, name="push-wenjuanxing")]
