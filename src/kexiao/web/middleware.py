"""Around every request: its language, headers that keep browsers strict, and errors as pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render

from kexiao.errors import KexiaoError
from kexiao.metrics.catalogue import metrics_of
from kexiao.text import LANGUAGES, Language, in_language
from kexiao.web.failures import error_page
from kexiao.web.patience import facts_ready

Next = Callable[[HttpRequest], HttpResponse]
METHODS = ("GET", "HEAD", "POST", "OPTIONS")
LANGUAGE_COOKIE = "kexiao_language"
# Everything comes from this server; data: is for the pictures that ECharts makes of a pattern.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class SpeakLanguage:
    """Speak the language that the person chose, else the browser's, else Chinese."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = language_of(request)
        with in_language(language):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", "zh-CN" if language == "zh" else "en")
        return response


def language_of(request: HttpRequest) -> Language:
    """The language of a request: the cookie's, else the first that the browser accepts of ours."""
    chosen = request.COOKIES.get(LANGUAGE_COOKIE)
    wanted = [
        chosen,
        *(part.split(";")[0].strip()[:2] for part in request.headers.get("Accept-Language", "").split(",")),
    ]
    return next((language for want in wanted for language in LANGUAGES if language == want), "zh")


class OpenCatalogue:
    """The catalogue of a request is that of the workspace served: the program's metrics and the company's own."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with metrics_of(Path(settings.KEXIAO_WORKSPACE)):
            return self.get_response(request)


class SecureHeaders:
    """Headers that every answer bears; pages with data are kept by no cache, and methods that no page knows are refused."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        known = request.method in METHODS
        response = self.get_response(request) if known else HttpResponseNotAllowed(METHODS)
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class WaitForFacts:
    """Until the facts of a new load are open, a page says that they are being computed, and looks again by itself; it never hangs."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, arguments: object, named: object) -> HttpResponse | None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        whole = request.method in ("GET", "HEAD") and not request.headers.get("HX-Request")
        if not whole or not request.user.is_authenticated or name in _NEED_NO_FACTS or name.startswith("data-"):
            return None
        try:
            return None if facts_ready() else render(request, "parts/waiting.html")
        except KexiaoError as problem:
            return error_page(request, problem)


_NEED_NO_FACTS = {"sign-in", "sign-out", "search", "waiting"}


class TellErrors:
    """An error that a user can cause becomes a page: what happened, why, what next."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return error_page(request, exception) if isinstance(exception, KexiaoError) else None
