"""The random salt of a day, without which an anonymous visitor's hash cannot be made or undone."""

from __future__ import annotations

import secrets
from datetime import date, timedelta

from django.db import router, transaction
from django.utils import timezone

from ecom_llm.capture.boundary import isolated
from ecom_llm.models import DailySalt

SALT_BYTES = 32
KEPT_DAYS = 2

_cached: tuple[date, bytes] | None = None


def daily_salt() -> bytes:
    """Today's salt, the same in every process.

    The day is that of the shop's `TIME_ZONE`, so that visits are cut in its night. The first call of the day makes the
    salt and deletes those of days before yesterday.

    Raises:
        DatabaseError: it can neither be read nor made.
    """
    global _cached
    today = _today()
    if _cached is not None and _cached[0] == today:
        return _cached[1]
    using = router.db_for_write(DailySalt)
    with isolated(DailySalt):
        # get_or_create loses a race with another process gracefully: it then reads the winner's row.
        row, is_new = DailySalt.objects.using(using).get_or_create(
            day=today, defaults={"salt": secrets.token_bytes(SALT_BYTES)}
        )
        if is_new:
            delete_old_salts()
    salt = bytes(row.salt)
    # A row made inside the shop's transaction may yet be rolled back; then another salt will be the day's.
    if not (is_new and transaction.get_connection(using).in_atomic_block):
        _cached = (today, salt)
    return salt


def prepare_salts() -> None:
    """Make the salts of today and tomorrow, so that no request has to, and throw away the old ones.

    A request that did so in a transaction of the shop's would keep all others waiting for theirs until that is over.

    Raises:
        DatabaseError: they cannot be made.
    """
    table = DailySalt.objects.using(router.db_for_write(DailySalt))
    days = [_today(), _today() + timedelta(days=1)]
    known = set(table.filter(day__in=days).values_list("day", flat=True))
    missing = [DailySalt(day=day, salt=secrets.token_bytes(SALT_BYTES)) for day in days if day not in known]
    table.bulk_create(missing, ignore_conflicts=True)
    delete_old_salts()


def is_ready() -> bool:
    """Whether `daily_salt` would answer from memory."""
    return _cached is not None and _cached[0] == _today()


def kept_salts() -> list[bytes]:
    """The salts that are there, with which this and the last day's hashes can be made once more."""
    rows = DailySalt.objects.using(router.db_for_write(DailySalt)).filter(day__lte=_today()).order_by("day")
    return [bytes(salt) for salt in rows.values_list("salt", flat=True)]


def delete_old_salts() -> int:
    """Throw away the salts of days before yesterday; nobody can then redo a hash of theirs.

    Returns:
        How many there were.
    """
    table = DailySalt.objects.using(router.db_for_write(DailySalt))
    return table.filter(day__lte=_today() - timedelta(days=KEPT_DAYS)).delete()[0]


def forget_salt() -> None:
    """Drop this process's copy."""
    global _cached
    _cached = None


def _today() -> date:
    # Not the current time zone, which a shop may set to its shopper's.
    return timezone.localdate(timezone=timezone.get_default_timezone())
