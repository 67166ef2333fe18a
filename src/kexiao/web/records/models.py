"""People and their roles, attempts to sign in, and long work with its progress."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models

from kexiao.web.roles import ROLES


class Person(AbstractUser):
    """Someone who signs in; ``role`` says what they may do, ``language`` how the pages speak to them."""

    role = models.CharField(max_length=20, choices=[(name, name) for name in ROLES], default="viewer")
    language = models.CharField(max_length=2, choices=[("zh", "zh"), ("en", "en")], blank=True)


class SignInAttempt(models.Model):
    """One failed attempt to sign in: which name (as a digest), from which address, when."""

    name_digest = models.CharField(max_length=64, db_index=True)
    address = models.CharField(max_length=64, db_index=True)
    at = models.DateTimeField(auto_now_add=True, db_index=True)


class Job(models.Model):
    """Long work: what, by whom, how far, and what came of it, in both languages."""

    kind = models.CharField(max_length=20)
    subject = models.CharField(max_length=300)
    by = models.ForeignKey(Person, on_delete=models.CASCADE)
    started_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, default="running")
    step_zh = models.CharField(max_length=300, blank=True)
    step_en = models.CharField(max_length=300, blank=True)
    result = models.JSONField(default=dict)
