"""Django's settings, all from one workspace folder, named by the environment variable ``KEXIAO_WORKSPACE``."""

from __future__ import annotations

import os
from pathlib import Path

from kexiao.report.charts.svg import VENDOR
from kexiao.web.secret import secret_of

_HERE = Path(__file__).resolve().parent

KEXIAO_WORKSPACE = Path(os.environ["KEXIAO_WORKSPACE"]).resolve()
SECRET_KEY = secret_of(KEXIAO_WORKSPACE)
DEBUG = False
ALLOWED_HOSTS = os.environ.get("KEXIAO_HOSTS", "127.0.0.1,localhost,[::1]").split(",")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_htmx",
    "kexiao.web.records",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "kexiao.web.middleware.SpeakLanguage",
    "kexiao.web.middleware.SecureHeaders",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "kexiao.web.middleware.OpenCatalogue",
    "kexiao.web.middleware.WaitForFacts",
    "kexiao.web.middleware.TellErrors",
]
ROOT_URLCONF = "kexiao.web.urls"
WSGI_APPLICATION = "kexiao.web.app.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_HERE / "pages", _HERE],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "kexiao.web.layout.layout",
            ],
            "builtins": ["kexiao.web.parts.words", "kexiao.web.parts.numbers", "kexiao.web.parts.figures"],
        },
    }
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": KEXIAO_WORKSPACE / "app.sqlite3",
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
}
# So many seconds a page waits for numbers before it says that they are being computed.
KEXIAO_PATIENCE = float(os.environ.get("KEXIAO_PATIENCE", "2"))
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "records.Person"
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "overview"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

SESSION_COOKIE_NAME = "kexiao_session"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_NAME = "kexiao_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "kexiao.web.failures.csrf_failed"
X_FRAME_OPTIONS = "DENY"
# Behind a proxy that speaks HTTPS: cookies travel over HTTPS only.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = os.environ.get("KEXIAO_HTTPS") == "1"

FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024**2

# Words stand in both languages where they are used; Django's own translation is not needed.
USE_I18N = False
LANGUAGE_CODE = "zh"
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATICFILES_DIRS = [_HERE / "static", ("vendor", VENDOR)]
WHITENOISE_USE_FINDERS = True
# Pages name every file with its digest, so a browser may keep it.
WHITENOISE_MAX_AGE = 365 * 24 * 3600
WHITENOISE_ALLOW_ALL_ORIGINS = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    # A wrong address is the visitor's affair; only faults of ours are logged.
    "loggers": {"django.request": {"level": "ERROR"}, "django.security": {"level": "CRITICAL"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
