"""Ends a process whose model has hung, so that whoever started it replaces it.

A hang in native code never comes back to Python: no exception reaches it, no signal handler runs, and it may hold the
interpreter's lock. A timer of `faulthandler` needs none of these. It prints where each thread stands, frames only and
never values, so that no prompt reaches a log.
"""

from __future__ import annotations

import faulthandler
import time
from collections.abc import Iterator
from contextlib import contextmanager

# Starting the timer anew starts a thread: too dear for each token.
REARM_SECONDS = 1.0
# Standard error itself: Celery and test runners put objects without a file number in the place of `sys.stderr`.
STDERR = 2

# Backends that have shown a first token in this process: their models are loaded.
_loaded: set[str] = set()


class Watchdog:
    """Wants a sign of life every so often while it watches, else the process ends with status 1."""

    def __init__(self, backend: str, *, hang_seconds: int, load_seconds: int) -> None:
        """Make it; nothing is watched yet.

        Args:
            backend: alias of the backend whose batches it watches.
            hang_seconds: the longest time between two signs of life.
            load_seconds: the same until the backend's first token in this process, while its model is loaded.
        """
        self._backend = backend
        self._hang_seconds = hang_seconds
        self._load_seconds = load_seconds
        self._armed_at: float | None = None

    @property
    def is_loading(self) -> bool:
        """Whether the backend has not shown a token in this process yet."""
        return self._backend not in _loaded

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch what runs inside. One at a time in a process: the timer is the process's own."""
        self._arm()
        try:
            yield
        finally:
            self._armed_at = None
            faulthandler.cancel_dump_traceback_later()

    def feed(self) -> bool:
        """Take a sign of life, a token; cheap enough to call at each.

        Returns:
            Whether it is the backend's first in this process: until then its model was being loaded.
        """
        if self._armed_at is None:
            return False
        if is_first := self.is_loading:
            _loaded.add(self._backend)
        if is_first or time.monotonic() - self._armed_at >= min(REARM_SECONDS, self._hang_seconds / 4):
            self._arm()
        return is_first

    def _arm(self) -> None:
        self._armed_at = time.monotonic()
        seconds = self._load_seconds if self.is_loading else self._hang_seconds
        faulthandler.dump_traceback_later(seconds, exit=True, file=STDERR)
