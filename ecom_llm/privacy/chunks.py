"""Deletes many rows as a run of short transactions, so that whoever else writes waits for none of them long."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

from ecom_llm.models import VisitorAccount

CHUNK_ROWS = 2_000
# Between two chunks, for writers that queue for the same lock; SQLite has one for the whole file.
PAUSE_SECONDS = 0.02

ShouldStop = Callable[[], bool]


def never() -> bool:
    """Nobody tells it to stop."""
    return False


def until(should_stop: ShouldStop, seconds: float | None) -> ShouldStop:
    """Stop when told, or when the time is over.

    Args:
        should_stop: whether it was told.
        seconds: from now on; as long as it takes when None.
    """
    if seconds is None:
        return should_stop
    end = time.monotonic() + seconds
    return lambda: should_stop() or time.monotonic() >= end


def delete_in_chunks(rows: QuerySet[Any], should_stop: ShouldStop = never, *, by_key: bool = False) -> int:
    """Delete rows, a chunk in each transaction.

    Args:
        rows: which; sliced as they are ordered, so their order is to be one that an index has.
        should_stop: asked between chunks.
        by_key: go through the table by its primary key, once; for conditions that no index answers, as all that was
            looked at would else be looked at again for each chunk.

    Returns:
        How many rows of the table itself were deleted. When `should_stop` said so there may be more.
    """
    deleted = 0
    table = rows.model._base_manager.using(rows.db)
    rest = rows.order_by("pk") if by_key else rows
    while not should_stop():
        keys = list(rest.values_list("pk", flat=True)[:CHUNK_ROWS])
        if keys:
            deleted += _delete(table.filter(pk__in=keys))
        if len(keys) < CHUNK_ROWS:
            break
        if by_key:
            rest = rows.order_by("pk").filter(pk__gt=keys[-1])
        time.sleep(PAUSE_SECONDS)
    return deleted


def _delete(rows: QuerySet[Any]) -> int:
    if rows.model is VisitorAccount:
        # Without signals: `accounts` takes the loss of a link as a wish to be forgotten.
        return rows._raw_delete(rows.db)
    return rows.delete()[1].get(rows.model._meta.label, 0)
