"""Keeps one worker process running: starts it, waits, and starts another when it dies."""

from __future__ import annotations

import logging
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence

from ecom_llm.management.stopping import Stop

logger = logging.getLogger(__name__)

# A process that lived shorter than this died quickly: the next one is started after a pause that doubles each time.
QUICK_DEATH_SECONDS = 10.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
# What a process may take to give its jobs back. Shorter than the patience of what stops the supervisor itself.
GRACE_SECONDS = 10.0


class Supervisor:
    """Runs a command again and again until told to stop, or until it ends with a status that nothing would change.

    It loads no model, so nothing that kills a worker (native code, the kernel's want of memory) kills it too.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], *, final_status: int) -> None:
        """Make it; nothing runs yet.

        Args:
            command: the process to keep running.
            environment: all of its variables.
            final_status: exit status after which it is not started again.
        """
        self._command = command
        self._environment = environment
        self._final_status = final_status
        self._stop = Stop()
        self._process: subprocess.Popen[bytes] | None = None
        self._killer: threading.Timer | None = None
        self._quick_deaths = 0

    def run(self) -> bool:
        """Keep it running until `stop`.

        Returns:
            True when it was told to stop, False when the process ended with the final status.
        """
        while not self._stop.is_set():
            started = time.monotonic()
            status = self._run_one()
            if self._stop.is_set():
                break
            if status == self._final_status:
                return False
            self._pause(status, time.monotonic() - started)
        return True

    def stop(self) -> None:
        """Ask the process to end, and kill it when it has not after its grace time. Safe in a signal handler."""
        self._stop.set()
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        if self._killer is None:
            self._killer = threading.Timer(GRACE_SECONDS, self._process.kill)
            self._killer.daemon = True
            self._killer.start()

    def _run_one(self) -> int:
        # In this process's own group: what kills the group leaves nothing behind.
        self._process = subprocess.Popen(self._command, env=self._environment)  # noqa: S603 - this project's own command
        if self._stop.is_set():
            self.stop()
        try:
            return self._process.wait()
        finally:
            if self._killer is not None:
                self._killer.cancel()

    def _pause(self, status: int, lived_seconds: float) -> None:
        self._quick_deaths = self._quick_deaths + 1 if lived_seconds < QUICK_DEATH_SECONDS else 0
        seconds = 0.0
        if self._quick_deaths:
            seconds = min(FIRST_PAUSE_SECONDS * 2 ** (self._quick_deaths - 1), LONGEST_PAUSE_SECONDS)
        logger.warning(
            "The worker's process ended (%s) after %.0f s; another starts in %.1f s.",
            _in_words(status), lived_seconds, seconds, extra={"status": status, "lived_seconds": lived_seconds},
        )  # fmt: skip
        self._stop.wait(seconds)


def _in_words(status: int) -> str:
    if status >= 0:
        return f"status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
