"""What a forked child must not inherit: servers fork after loading the app, while its threads may hold locks."""

from __future__ import annotations

import os
import threading


class ProcessLock:
    """A lock for a module's globals. A fork's child finds it free, as the thread that held it is not there to let go.

    One that is made stays for the life of the process.
    """

    def __init__(self) -> None:
        self._renew()
        os.register_at_fork(after_in_child=self._renew)

    def __enter__(self) -> None:
        """Wait until it is free, and take it."""
        self._lock.acquire()

    def __exit__(self, *raised: object) -> None:
        """Let go of it."""
        self._lock.release()

    def _renew(self) -> None:
        self._lock = threading.Lock()
