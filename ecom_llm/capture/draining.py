"""Stores what waits in the stream: take, store, and only then acknowledge, so that no death loses an event."""

from __future__ import annotations

import gc
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from functools import partial

from ecom_llm.capture import counters
from ecom_llm.capture.broken import keep_text_aside
from ecom_llm.capture.erased import was_erased
from ecom_llm.capture.storing import Stored, store
from ecom_llm.capture.stream import Entry, EventStream
from ecom_llm.capture.wire import decode, text_of, visitor_of
from ecom_llm.entities import EventRecord

# As many as one statement of the database takes with profit.
BATCH_EVENTS = 5_000


@dataclass(slots=True)
class Drained(Stored):
    """What became of the entries that were taken from the stream.

    Attributes:
        entries: acknowledged and deleted; all but those that somebody else had deleted are in one of the other counts.
    """

    entries: int = 0

    def add(self, other: Drained) -> None:
        """Add another's counts."""
        for item in fields(self):
            setattr(self, item.name, getattr(self, item.name) + getattr(other, item.name))


@dataclass(slots=True)
class _Batch:
    """Entries in hand, as their events."""

    ids: list[bytes] = field(default_factory=list)
    records: list[EventRecord] = field(default_factory=list)
    # What holds no event, each with the reason.
    unreadable: list[tuple[bytes, str]] = field(default_factory=list)


def drain(should_stop: Callable[[], bool], seconds: float | None = None, batch: int = BATCH_EVENTS) -> Drained:
    """Store events until none waits. Any number of processes may do so at once.

    An event is stored once however often it is taken: a drain that dies between storing and acknowledging leaves its
    batch to others, who find the events in the table.

    Args:
        should_stop: asked before each batch; one that was begun is stored and acknowledged.
        seconds: after which no further batch is begun; left out, there is no limit.
        batch: events stored at once.

    Returns:
        What became of them.

    Raises:
        StreamAwayError: Redis cannot be used.
        DatabaseError: the database is away (one of `exceptions.DATABASE_AWAY`). What was in hand is not acknowledged
            and comes first the next time.
    """
    drained = Drained()
    stream = EventStream()
    until = None if seconds is None else time.monotonic() + seconds
    for taken in _batches(stream, _consumer(), batch):
        drained.add(_store(taken))
        stream.finish(taken.ids)
        if should_stop() or (until is not None and time.monotonic() >= until):
            return drained
    stream.strike_off_dead()
    return drained


def _consumer() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _batches(stream: EventStream, consumer: str, size: int) -> Iterator[_Batch]:
    """What this consumer has left undone, then what the dead have, then what is new; each until there is no more."""
    for take in (stream.own, stream.claim, stream.take):
        while (batch := _taken(partial(take, consumer, size))).ids:
            yield batch


def _taken(take: Callable[[], list[Entry]]) -> _Batch:
    with _without_collecting():
        return _read(take())


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Look for garbage later: a batch is tens of thousands of new objects, each of which brings the next search closer.

    Without it, they cost a tenth of a drain's time. Other threads' garbage waits too, so nothing inside may take long.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _read(entries: list[Entry]) -> _Batch:
    batch = _Batch()
    for name, body in entries:
        batch.ids.append(name)
        if body is None:
            continue
        try:
            batch.records.append(decode(body))
        except ValueError as error:
            batch.unreadable.append((body, str(error)))
    return batch


def _store(batch: _Batch) -> Drained:
    """Store the events of a batch; an entry that holds none is kept aside."""
    stored = store(batch.records) if batch.records else Stored()
    # Last, so that a batch that has to be stored again has not left them behind each time.
    erased = sum(not _kept_aside(body, reason) for body, reason in batch.unreadable)
    broken = len(batch.unreadable) - erased
    for name, amount in (("erased", erased), ("broken", broken)):
        if amount:
            counters.count(f"events.dropped.{name}", amount)
    stored.erased += erased
    stored.broken += broken
    return Drained(**asdict(stored), entries=len(batch.ids))


def _kept_aside(body: bytes, reason: str) -> bool:
    """Keep it, unless it is somebody's who asked to be forgotten: when it happened cannot be told."""
    visitor = visitor_of(body)
    if was_erased(visitor):
        return False
    keep_text_aside(text_of(body), reason, visitor=visitor)
    return True
