"""A pause after too many wrong passwords, by name and by address; names are kept as digests only."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

from django.db.models import Q
from django.utils import timezone

from kexiao.web.records.models import SignInAttempt

WINDOW = timedelta(minutes=15)
MOST_FOR_A_NAME, MOST_FROM_AN_ADDRESS = 5, 30


def _digest(name: str) -> str:
    return sha256(name.casefold().encode()).hexdigest()


def wait_minutes(name: str, address: str) -> int:
    """How many minutes to wait before the next attempt; 0 if none."""
    recent = SignInAttempt.objects.filter(at__gt=timezone.now() - WINDOW)
    of_name = recent.filter(name_digest=_digest(name))
    of_address = recent.filter(address=address)
    if of_name.count() < MOST_FOR_A_NAME and of_address.count() < MOST_FROM_AN_ADDRESS:
        return 0
    first = recent.filter(Q(name_digest=_digest(name)) | Q(address=address)).earliest("at")
    left = first.at + WINDOW - timezone.now()
    return max(1, -(-int(left.total_seconds()) // 60))


def note_failure(name: str, address: str) -> None:
    """Remember a failed attempt, and forget the old ones."""
    SignInAttempt.objects.filter(at__lt=timezone.now() - WINDOW).delete()
    SignInAttempt.objects.create(name_digest=_digest(name), address=address)


def forget(name: str) -> None:
    """After a success the name starts anew."""
    SignInAttempt.objects.filter(name_digest=_digest(name)).delete()
