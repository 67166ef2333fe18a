"""Sign in, sign out, choose the language."""

from __future__ import annotations

from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from kexiao.engine.audit import record
from kexiao.text import LANGUAGES, Text
from kexiao.web import workspace
from kexiao.web.middleware import LANGUAGE_COOKIE
from kexiao.web.pages.sign_in.attempts import forget, note_failure, wait_minutes

_YEAR = 365 * 24 * 3600


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page; wrong names and wrong passwords get the same answer, and too many of them a pause."""
    if request.user.is_authenticated:
        return redirect("overview")
    name = request.POST.get("username", "").strip()
    minutes = wait_minutes(name, request.META.get("REMOTE_ADDR", "")) if request.method == "POST" else 0
    problem = _wait(minutes) if minutes else _try(request, name) if request.method == "POST" else None
    if request.method == "POST" and problem is None:
        return redirect(_safe(request, request.POST.get("next", "")))
    shown = {"problem": problem, "username": name, "next": request.GET.get("next") or request.POST.get("next", "")}
    return render(request, "sign_in/page.html", shown, status=429 if minutes else 200 if problem is None else 401)


def _wait(minutes: int) -> Text:
    return Text(zh="尝试次数过多，请 {n} 分钟后再试。", en="Too many attempts. Try again in {n} minutes.").fill(
        n=minutes
    )


def _try(request: HttpRequest, name: str) -> Text | None:
    """Sign in, or say why not."""
    address = request.META.get("REMOTE_ADDR", "")
    person = authenticate(request, username=name, password=request.POST.get("password", ""))
    if person is None:
        note_failure(name, address)
        return Text(zh="用户名或密码不对。", en="The user name or the password is not right.")
    forget(name)
    login(request, person)
    record(workspace.folder().root, "sign_in", who=person.get_username())
    return None


def _safe(request: HttpRequest, address: str) -> str:
    """Where to go afterwards: an address of this server only."""
    fits = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if address and fits else reverse("overview")


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("sign-in")


@login_not_required
@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Speak the other language from now on, on this browser."""
    response = redirect(_safe(request, request.POST.get("next", "")))
    language = request.POST.get("language", "")
    if language in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, language, max_age=_YEAR, samesite="Lax", httponly=True)
    return response
