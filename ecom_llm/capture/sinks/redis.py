"""Hands events to Redis, from which another process stores them; takes the way through memory while it is away."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import islice
from urllib.parse import SplitResult, urlsplit

from django.conf import settings as django_settings

from ecom_llm import conf
from ecom_llm.capture import background, counters
from ecom_llm.capture.handover import give
from ecom_llm.capture.put_off import PutOff
from ecom_llm.capture.recent import key_for, recent_of
from ecom_llm.capture.redis_client import is_installed, problem_with
from ecom_llm.capture.sinks.base import MakeEvents, Sink
from ecom_llm.capture.sinks.buffered import BufferedSink
from ecom_llm.capture.stream import EventStream
from ecom_llm.capture.wire import encode
from ecom_llm.entities import EventRecord
from ecom_llm.exceptions import StreamAwayError

logger = logging.getLogger("ecom_llm.capture")

# How long a Redis that did not answer is left alone, doubling.
FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 30.0
# How long the thread waits for Redis, which keeps no shopper waiting. A busy machine may take a while to answer.
PATIENCE_SECONDS = 1.0
# More than pages leave within milliseconds; Redis serves nobody else meanwhile.
SENT_AT_ONCE = 500


class RedisSink(Sink):
    """Adds events to a stream in Redis, in one round trip; `ecom_llm_drain` or a worker's sweep stores them.

    Promise: an event that was written outlives this process, and Redis itself as far as that keeps what it holds on
    disk (`appendonly yes`; it must evict nothing, `maxmemory-policy noeviction`). Cart changes, orders and whatever
    comes by the API are written before the shopper has an answer; page views and searches some milliseconds after it,
    and only a process that is killed just then loses them. Above `CAPTURE["STREAM_EVENTS"]` waiting events new ones are
    dropped and counted as ``events.dropped.stream_full``. A request waits for Redis for `CAPTURE["REDIS_TIMEOUT_MS"]`
    at most. While Redis does not answer, events go through this process's memory and straight into the database, with
    the promise of `BufferedSink`, and are counted as ``events.around_redis``; those that Redis turns out to have taken
    as well are stored once.
    """

    puts_off = True

    def __init__(self) -> None:
        if is_installed():
            # Now rather than with the first event, on a shopper's time.
            import msgspec.msgpack  # noqa: F401
            import redis  # noqa: F401
        self._buffer = BufferedSink()
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._breaker = Breaker()
        self._put_off = PutOff()
        # Made of what was put off, and not sent yet.
        self._made: deque[EventRecord] = deque()
        self._sending = threading.Lock()

    def write(self, records: Sequence[EventRecord]) -> int:
        """Have Redis take the events; without it, memory."""
        # Writes down what is counted, and what memory holds.
        background.ensure()
        return self._write(records, conf.get_settings().capture.redis_timeout_ms / 1000)

    def _write(self, records: Sequence[EventRecord], timeout_seconds: float) -> int:
        if self._breaker.allows():
            try:
                bodies, lists, odd = _encoded(records)
                taken = _add(bodies, lists, timeout_seconds) if bodies else 0
            except StreamAwayError as error:
                self._breaker.failed(error)
            else:
                self._breaker.succeeded()
                # Storing keeps these aside with the reason.
                return taken + (self._buffer.write(odd) if odd else 0)
        counters.count("events.around_redis", len(records))
        return self._buffer.write(records)

    def put_off(self, make: MakeEvents) -> None:
        """Leave events for the thread to make within milliseconds, with those of other pages in one round trip."""
        self._put_off.add(make, self.held)
        background.ensure()
        background.wake()

    def flush(self) -> int:
        """Send what was put off, and store what memory holds.

        Returns:
            How many were stored; what Redis took needs no database.
        """
        with self._sending:
            self._put_off.make(self._made.extend)
            while part := list(islice(self._made.copy(), SENT_AT_ONCE)):
                self._send(part)
        return self._buffer.flush()

    def held_of(self, visitor: str) -> list[EventRecord]:
        """What this process holds of a visitor, and what of theirs any process has sent of late."""
        self._put_off.make_few(self._made.extend)
        # Left to the thread, which sends it within moments: it would be a round trip more.
        held = [record for record in self._made.copy() if record.visitor == visitor]
        held += self._buffer.held_of(visitor)
        if self._breaker.allows():
            try:
                held += recent_of(visitor, conf.get_settings().capture.redis_timeout_ms / 1000)
            except StreamAwayError as error:
                self._breaker.failed(error)
            else:
                self._breaker.succeeded()
        return held

    def _send(self, part: Sequence[EventRecord]) -> None:
        try:
            give(part, partial(self._write, timeout_seconds=PATIENCE_SECONDS))
        finally:
            # Only now, for `held_of`. A failure has been counted.
            for _ in part:
                self._made.popleft()

    @property
    def held(self) -> int:
        """Events in memory: those of the last milliseconds, and more since Redis is or was away."""
        return self._buffer.held + len(self._made) + len(self._put_off)

    def check(self) -> list[str]:
        """What is wrong with the address of Redis, and whether the shop's cache would empty the stream."""
        url = conf.get_settings().capture.redis_url
        problem = problem_with(url)
        if problem:
            return [problem]
        return [
            f"CAPTURE['REDIS_URL'] is the database of CACHES[{alias!r}], whose clear() would delete the events that"
            " wait in it. Give it a number of its own: redis://host:6379/2."
            for alias in _caches_at(url)
        ]


def _add(bodies: Sequence[bytes], lists: Sequence[str], timeout_seconds: float) -> int:
    taken = EventStream(timeout_seconds).add(bodies, lists)
    if taken < len(bodies):
        counters.count("events.dropped.stream_full", len(bodies) - taken)
    return taken


class Breaker:
    """Keeps requests from waiting for a Redis that is away: it is left alone, then one of them tries."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # 0 while all is well.
        self._pause_seconds = 0.0
        self._paused_until = 0.0
        self._failed_at = float("-inf")

    def allows(self) -> bool:
        """Whether the caller may try; it then says how it went."""
        if not self._pause_seconds:
            return True
        with self._lock:
            now = time.monotonic()
            if now < self._paused_until:
                return False
            # For the others it is away until this one has found out, and for as long again if it never says.
            self._paused_until = now + self._pause_seconds
            return True

    def failed(self, error: StreamAwayError) -> None:
        """Redis did not answer."""
        with self._lock:
            now = time.monotonic()
            if self._pause_seconds and now - self._failed_at < FIRST_PAUSE_SECONDS:
                # Another request that was already waiting.
                return
            self._failed_at = now
            pause = min(self._pause_seconds * 2, LONGEST_PAUSE_SECONDS) or FIRST_PAUSE_SECONDS
            self._pause_seconds, self._paused_until = pause, now + pause
        logger.warning("%s Events go through memory for %.0f s.", error, pause)

    def succeeded(self) -> None:
        """Redis answered."""
        if self._pause_seconds:
            self._pause_seconds = 0.0
            logger.info("Redis takes events again.")


def _encoded(records: Sequence[EventRecord]) -> tuple[list[bytes], list[str], list[EventRecord]]:
    """Events as bytes, the lists that each is copied to, and the events that cannot be put so."""
    bodies: list[bytes] = []
    lists: list[str] = []
    odd: list[EventRecord] = []
    for record in records:
        try:
            bodies.append(encode(record))
        except ValueError:
            odd.append(record)
        else:
            lists.append(key_for(record))
    return bodies, lists, odd


def _caches_at(url: str) -> list[str]:
    """Aliases of the shop's caches that live in the same database of the same Redis."""
    place = _place(url)
    found = []
    for alias, options in django_settings.CACHES.items():
        location = options.get("LOCATION", "") if isinstance(options, Mapping) else ""
        addresses = location.replace(";", ",").split(",") if isinstance(location, str) else location
        if any(_place(str(address)) == place for address in addresses):
            found.append(alias)
    return found


def _place(url: str) -> tuple[str, int, str] | str:
    """Host, port and database that an address leads to."""
    try:
        parts: SplitResult = urlsplit(url)
        if parts.scheme not in ("redis", "rediss"):
            return url
        return parts.hostname or "localhost", parts.port or 6379, parts.path.strip("/") or "0"
    except ValueError:
        return url
