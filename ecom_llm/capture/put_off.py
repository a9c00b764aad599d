"""Events that a page has left for this process's thread to make, so that the shopper waits for none of it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from ecom_llm import conf
from ecom_llm.capture import counters
from ecom_llm.capture.boundary import boundary
from ecom_llm.capture.salts import daily_salt
from ecom_llm.capture.sinks.base import MakeEvents
from ecom_llm.entities import EventRecord
from ecom_llm.exceptions import DATABASE_UNREADY

# How long an address may be held.
LONGEST_SECONDS = 60.0
# What a page makes at most to know its own visitor's, and how long it waits for the thread that is just making some:
# a handful at a time, so it waits long only where the machine or the database has no time for the thread.
FEW = 100
HANDFUL = 20
PATIENCE_SECONDS = 0.1

Keep = Callable[[list[EventRecord]], object]


class PutOff:
    """What is to be made into events, oldest first. All threads may add to it; one at a time makes."""

    def __init__(self) -> None:
        # Since when, by a clock that cannot be set.
        self._waiting: deque[tuple[float, MakeEvents]] = deque()
        self._making = threading.Lock()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, make: MakeEvents, held: int) -> None:
        """Leave something to be made; above `CAPTURE["BUFFER_EVENTS"]` it is dropped and counted.

        Args:
            make: makes the events, none for a robot or a repeat.
            held: how much this process holds in memory, with what is to be made.
        """
        if held < conf.get_settings().capture.buffer_events:
            self._waiting.append((time.monotonic(), make))
        else:
            counters.count("events.dropped.buffer_full")

    def make(self, keep: Keep) -> None:
        """Make the events, also while they cannot be stored: addresses are not to be held for long.

        Without the day's salt none can be made: a process that starts while the database is away has to wait for it.
        What has waited for `LONGEST_SECONDS` is dropped and counted as ``events.dropped.no_salt``. One that cannot be
        made is logged and counted, and keeps no other from being made.

        Args:
            keep: is given the events; until it has them, `make_few` waits.
        """
        if not self._waiting:
            return
        if not _has_salt():
            self._drop_old()
            return
        # What comes in meanwhile is for the next time.
        number = len(self._waiting)
        for start in range(0, number, HANDFUL):
            with self._making:
                # Pages go first: each of them may be waiting for this thread to give way.
                self._make(keep, min(HANDFUL, number - start), lambda: time.sleep(0))

    def make_few(self, keep: Keep) -> None:
        """Make the events on a page's time, if they are few and no other thread has to be waited for; see `make`."""
        if not self._making.acquire(timeout=PATIENCE_SECONDS):
            return
        try:
            number = len(self._waiting)
            if 0 < number <= FEW and _has_salt():
                self._make(keep, number, lambda: None)
        finally:
            self._making.release()

    def _make(self, keep: Keep, number: int, between: Callable[[], None]) -> None:
        made: list[EventRecord] = []
        # A page may have made some of them since they were counted.
        for _ in range(min(number, len(self._waiting))):
            _, make = self._waiting.popleft()
            with boundary("put_off"):
                made += make()
            between()
        if made:
            keep(made)

    def _drop_old(self) -> None:
        latest = time.monotonic() - LONGEST_SECONDS
        while self._waiting and self._waiting[0][0] < latest:
            self._waiting.popleft()
            counters.count("events.dropped.no_salt")


def _has_salt() -> bool:
    """Whether the day's salt is there: a process's first page of a day asks the database for it."""
    try:
        daily_salt()
    except DATABASE_UNREADY:
        return False
    return True
