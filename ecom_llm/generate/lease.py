"""A worker's hold on the jobs it claimed, kept alive from the token loop."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import Error, connections

from ecom_llm.exceptions import DeadlineError, EcomLLMError, LeaseLostError
from ecom_llm.generate import jobs
from ecom_llm.generate.database import database
from ecom_llm.generate.watchdog import Watchdog

logger = logging.getLogger(__name__)

# How soon a worker that loads its model notices that it is to stop.
STOP_SECONDS = 1.0


class StopRequestedError(EcomLLMError):
    """The worker was told to stop; its jobs go back unspent."""


class Lease:
    """Renews itself while tokens come, so that a worker that hangs loses its jobs and one that is slow does not."""

    def __init__(
        self, token: uuid.UUID, seconds: int, should_stop: Callable[[], bool], *, batch_seconds: float = float("inf")
    ) -> None:
        """Hold a lease.

        Args:
            token: of the claim.
            seconds: how long each renewal lasts.
            should_stop: asked at each token; True ends the batch.
            batch_seconds: how long one batch may take; see `start_batch`.
        """
        self.token = token
        self._seconds = seconds
        self._should_stop = should_stop
        self._batch_seconds = batch_seconds
        self._renewed_at = self._batch_started_at = time.monotonic()
        self._watchdog: Watchdog | None = None
        self._has_token = threading.Event()
        self._released = 0

    @contextmanager
    def watched(self, watchdog: Watchdog) -> Iterator[None]:
        """Have the process end when no token comes for too long.

        While a model is loaded no token comes, so the lease is renewed by a thread until the first one does or the
        watchdog ends the process: what takes long to load costs its jobs no attempt.
        """
        self._watchdog = watchdog
        self._has_token.clear()
        keeper = threading.Thread(target=self._keep_loading, name="ecom_llm lease", daemon=True)
        try:
            with watchdog.watching():
                if watchdog.is_loading:
                    keeper.start()
                yield
        finally:
            self._has_token.set()
            self._watchdog = None
            if keeper.ident is not None:
                # It may be giving the jobs back just now, which is then to be counted.
                keeper.join(STOP_SECONDS)

    def start_batch(self) -> None:
        """Start the clock of a batch; what a batch may take counts from here."""
        self._batch_started_at = time.monotonic()

    def keep(self) -> None:
        """Renew the lease when a third of it has passed; cheap enough to call at each token.

        Raises:
            LeaseLostError: it lapsed and the jobs are another's.
            StopRequestedError: the worker is to stop.
            DeadlineError: the batch has taken longer than it may.
        """
        self._has_token.set()
        if self._watchdog is not None and self._watchdog.feed():
            # Loading the model is not the batch's own time.
            self.start_batch()
        if self._should_stop():
            raise StopRequestedError
        now = time.monotonic()
        if now - self._batch_started_at > self._batch_seconds:
            raise DeadlineError(f"A batch ran longer than {self._batch_seconds:g} seconds.")
        if now - self._renewed_at < self._seconds / 3:
            return
        if not jobs.renew(self.token, self._seconds):
            raise LeaseLostError
        self._renewed_at = now

    def release(self) -> int:
        """Give back what is not finished, unspent; see `jobs.release`.

        Returns:
            How many jobs this lease has given back, those included that went while the model was loaded.
        """
        self._released += jobs.release(self.token)
        return self._released

    def _keep_loading(self) -> None:
        try:
            renewed_at = time.monotonic()
            while not self._has_token.wait(min(STOP_SECONDS, self._seconds / 3)):
                try:
                    if self._should_stop():
                        # Whoever stops this process will not wait for the model.
                        self._released += jobs.release(self.token)
                        return
                    if time.monotonic() - renewed_at >= self._seconds / 3:
                        jobs.renew(self.token, self._seconds)
                        renewed_at = time.monotonic()
                except Error as error:
                    logger.warning("The lease could not be renewed while the model is loaded: %s", error)
                    connections[database()].close()
        finally:
            # The thread's own.
            connections[database()].close()
