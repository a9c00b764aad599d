"""What a worker does for visitors' rights when it is idle, so that they depend on no scheduler."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, date, datetime

from django.db import router

from ecom_llm.generate import interrupted
from ecom_llm.models import CaptureCount
from ecom_llm.privacy.erasing import resume
from ecom_llm.privacy.retention import prune
from ecom_llm.traces import trace_of

logger = logging.getLogger(__name__)

# What one sweep may take for it, as texts wait meanwhile, and after how long the next one goes on with the rest.
GO_SECONDS = 5.0
PAUSE_SECONDS = 30.0
# The count that says that a day's pruning is done, for all workers.
PRUNED = "privacy.pruned"

_rested_until = {"erasing": float("-inf"), "pruning": float("-inf")}
_pruned_day: date | None = None


def keep_up() -> None:
    """Forget who asked to be, and once a UTC day delete what is too old; two short goes at most, mostly one query.

    Raises:
        Error: of `django.db`; the database is away. Anything else is logged, and tried again in half a minute.
    """
    _go("erasing", _erase)
    _go("pruning", _prune)


def _go(name: str, work: Callable[[], bool]) -> None:
    if time.monotonic() < _rested_until[name]:
        return
    is_complete = False
    try:
        is_complete = work()
    except Exception as error:
        if interrupted.is_away(error):
            raise
        logger.error(  # noqa: TRY400 - its words may hold a search
            "%s failed; this worker tries again in %.0f s: %s", name.capitalize(), PAUSE_SECONDS, trace_of(error)
        )
    if not is_complete:
        _rested_until[name] = time.monotonic() + PAUSE_SECONDS


def _erase() -> bool:
    return resume(seconds=GO_SECONDS).is_complete


def _prune() -> bool:
    global _pruned_day
    today = datetime.now(UTC).date()
    if _pruned_day == today:
        return True
    table = CaptureCount.objects.using(router.db_for_write(CaptureCount))
    if not table.filter(day=today, name=PRUNED).exists():
        if not prune(seconds=GO_SECONDS).is_complete:
            return False
        table.bulk_create([CaptureCount(day=today, name=PRUNED, amount=1)], ignore_conflicts=True)
    _pruned_day = today
    return True
