"""The random salt of a day, without which an anonymous visitor's hash cannot be made or undone."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime, timedelta

from django.db import router, transaction

from ecom_llm.capture.boundary import isolated
from ecom_llm.models import DailySalt

SALT_BYTES = 32
KEPT_DAYS = 2

_cached: tuple[date, bytes] | None = None


def daily_salt() -> bytes:
    """Today's salt, the same in every process; the day is UTC's.

    The first call of the day makes it and deletes the salts of days before yesterday.

    Raises:
        DatabaseError: it can neither be read nor made.
    """
    global _cached
    today = datetime.now(UTC).date()
    if _cached is not None and _cached[0] == today:
        return _cached[1]
    using = router.db_for_write(DailySalt)
    with isolated(DailySalt):
        # get_or_create loses a race with another process gracefully: it then reads the winner's row.
        row, is_new = DailySalt.objects.using(using).get_or_create(
            day=today, defaults={"salt": secrets.token_bytes(SALT_BYTES)}
        )
        if is_new:
            DailySalt.objects.using(using).filter(day__lt=today - timedelta(days=KEPT_DAYS)).delete()
    salt = bytes(row.salt)
    # A row made inside the shop's transaction may yet be rolled back; then another salt will be the day's.
    if not (is_new and transaction.get_connection(using).in_atomic_block):
        _cached = (today, salt)
    return salt


def forget_salt() -> None:
    """Drop this process's copy."""
    global _cached
    _cached = None
