"""Hands events to the sink: now, or when the shop's open transaction commits."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from ecom_llm.capture import counters
from ecom_llm.capture.boundary import boundary
from ecom_llm.capture.sinks.base import Sink, get_sink
from ecom_llm.entities import EventRecord


def hand_over(records: Sequence[EventRecord]) -> int:
    """Give events to the sink. What happens in a transaction that is rolled back has not happened.

    Args:
        records: none is fine.

    Returns:
        How many were taken, or will be at the commit.

    Raises:
        Exception: the sink took none; they are counted as dropped.
    """
    if not records:
        return 0
    sink = get_sink()
    if not sink.shares_transaction and connections[DEFAULT_DB_ALIAS].in_atomic_block:
        # The shop's own tables are in the default database; a test's transaction never commits either.
        transaction.on_commit(lambda: _give_late(sink, records), robust=True)
        return len(records)
    return give(records, sink.write)


def _give_late(sink: Sink, records: Sequence[EventRecord]) -> None:
    with boundary("hand_over", events=len(records)):
        give(records, sink.write)


def give(records: Sequence[EventRecord], write: Callable[[Sequence[EventRecord]], int]) -> int:
    """Have a sink write events now, and count them; see `hand_over`."""
    try:
        taken = write(records)
    except Exception as error:
        counters.count(f"events.dropped.{type(error).__name__}", len(records))
        raise
    if taken:
        counters.count("events.recorded", taken)
    return taken
