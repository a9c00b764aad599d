"""Holds events in memory and has a thread write them down in batches."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Sequence

from ecom_llm import conf
from ecom_llm.capture import background, counters
from ecom_llm.capture.handover import give
from ecom_llm.capture.put_off import PutOff
from ecom_llm.capture.sinks.base import MakeEvents, Sink
from ecom_llm.capture.storing import store
from ecom_llm.entities import EventRecord
from ecom_llm.exceptions import DATABASE_UNREADY
from ecom_llm.traces import trace_of

logger = logging.getLogger("ecom_llm.capture")

# What is written at once. Larger batches are hardly quicker and hold more memory.
BATCH_EVENTS = 5_000
# After the database was away: how long it is left alone, doubling.
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0


class BufferedSink(Sink):
    """Takes events into memory; a thread of this process stores them within about `CAPTURE["FLUSH_SECONDS"]`.

    Promise: a request waits for nothing. An event that was taken is stored when the process ends in an orderly way
    (SIGTERM to a web server, a reload, the end of a command), and as soon as the database is back when it was away.
    The first after a quiet spell of as long is stored at once, so that other processes' next pages know of it; those of
    this process know in any case. It is lost when the process is killed within that second or so. Above
    `CAPTURE["BUFFER_EVENTS"]` new events are dropped and counted as ``events.dropped.buffer_full``.
    """

    is_quick = True
    puts_off = True

    def __init__(self) -> None:
        self._forget()
        # A child must not write what its parent holds, nor wait for a lock that a thread of its parent had.
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._put_off = PutOff()
        self._waiting: deque[EventRecord] = deque()
        self._in_hand: list[EventRecord] = []
        self._flushing = threading.Lock()
        self._flushed_at = time.monotonic()
        self._paused_until = 0.0
        self._pause_seconds = FIRST_PAUSE_SECONDS

    @property
    def held(self) -> int:
        """Events in memory."""
        return len(self._waiting) + len(self._in_hand) + len(self._put_off)

    def write(self, records: Sequence[EventRecord]) -> int:
        """Hold the events; those that find no room are dropped."""
        room = conf.get_settings().capture.buffer_events - self.held
        taken = records if len(records) <= room else records[: max(room, 0)]
        self._waiting.extend(taken)
        if len(taken) < len(records):
            counters.count("events.dropped.buffer_full", len(records) - len(taken))
        background.ensure()
        if len(self._waiting) >= BATCH_EVENTS or self._is_first():
            background.wake()
        return len(taken)

    def put_off(self, make: MakeEvents) -> None:
        """Leave events for the thread to make; what finds no room is dropped."""
        self._put_off.add(make, self.held)
        background.ensure()
        if self._is_first():
            background.wake()

    def held_of(self, visitor: str) -> list[EventRecord]:
        """What this process holds of a visitor."""
        self._put_off.make_few(self._keep)
        # In the order in which they move on, so that none is missed on its way; a copy, as others add meanwhile.
        waiting, in_hand = self._waiting.copy(), self._in_hand
        return [record for held in (waiting, in_hand) for record in held if record.visitor == visitor]

    def flush(self) -> int:
        """Store what is held; what the database does not take now is held on to. Never raises for its absence."""
        stored = 0
        with self._flushing:
            if self.held:
                self._flushed_at = time.monotonic()
            self._put_off.make(self._keep)
            if time.monotonic() < self._paused_until and not background.is_ending():
                return 0
            while batch := self._take():
                if not self._store(batch):
                    break
                stored += len(batch)
        return stored

    def _is_first(self) -> bool:
        """Whether nothing has been written down of late, so that to store this at once makes no more work."""
        return time.monotonic() - self._flushed_at >= conf.get_settings().capture.flush_seconds

    def _keep(self, made: list[EventRecord]) -> None:
        give(made, self.write)

    def _take(self) -> list[EventRecord]:
        """The oldest events. They count as held until they are stored."""
        batch = self._in_hand = []
        waiting = self._waiting
        while waiting and len(batch) < BATCH_EVENTS:
            # Here before it leaves there, for `held_of`.
            batch.append(waiting[0])
            waiting.popleft()
        return batch

    def _store(self, batch: list[EventRecord]) -> bool:
        try:
            store(batch)
        except DATABASE_UNREADY as error:
            self._waiting.extendleft(reversed(batch))
            self._in_hand = []
            self._pause(error)
            return False
        except Exception:
            # Nothing that would ever work: these are lost, and must not keep the next ones from being stored.
            self._in_hand = []
            counters.count("events.dropped.not_stored", len(batch))
            raise
        self._in_hand = []
        self._pause_seconds = FIRST_PAUSE_SECONDS
        return True

    def _pause(self, error: Exception) -> None:
        logger.warning(
            "The database takes no events; %d are held in memory and tried again in %.0f s: %s",
            len(self._waiting), self._pause_seconds, trace_of(error),
        )  # fmt: skip
        self._paused_until = time.monotonic() + self._pause_seconds
        self._pause_seconds = min(self._pause_seconds * 2, LONGEST_PAUSE_SECONDS)
