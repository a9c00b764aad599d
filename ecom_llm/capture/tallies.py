"""Adds what processes count about events to one table, so that `ecom_llm_status` can tell it of all of them."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import UTC, datetime, timedelta

from django.db import router, transaction
from django.db.models import F, Sum

from ecom_llm.capture import counters
from ecom_llm.exceptions import DATABASE_AWAY
from ecom_llm.models import CaptureCount
from ecom_llm.traces import trace_of

logger = logging.getLogger("ecom_llm.capture")

# Counters of these families are saved.
SAVED = ("events.", "failures.")


def save() -> None:
    """Add this process's counts since the last time to the table; what cannot be written is kept for the next."""
    pending = counters.take(SAVED)
    if not pending:
        return
    try:
        _add(pending)
    except Exception as error:
        counters.give_back(pending)
        if not isinstance(error, DATABASE_AWAY):
            logger.error("Counts could not be saved: %s", trace_of(error))  # noqa: TRY400 - told without words


def totals(days: int = 1) -> dict[str, int]:
    """What all processes have saved, by name.

    Args:
        days: over today and the days before it, in UTC.
    """
    first = datetime.now(UTC).date() - timedelta(days=days - 1)
    rows = CaptureCount.objects.filter(day__gte=first).order_by().values_list("name")
    return {name: int(total) for name, total in rows.annotate(Sum("amount"))}


def _add(pending: Counter[str]) -> None:
    today = datetime.now(UTC).date()
    using = router.db_for_write(CaptureCount)
    table = CaptureCount.objects.using(using)
    with transaction.atomic(using=using):
        # In one order everywhere, so that two processes never wait for each other.
        for name, amount in sorted(pending.items()):
            if not table.filter(day=today, name=name).update(amount=F("amount") + amount):
                table.bulk_create([CaptureCount(day=today, name=name)], ignore_conflicts=True)
                table.filter(day=today, name=name).update(amount=F("amount") + amount)
