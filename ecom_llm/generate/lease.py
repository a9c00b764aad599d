"""A worker's hold on the jobs it claimed, kept alive from the token loop."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

from ecom_llm.exceptions import EcomLLMError, LeaseLostError
from ecom_llm.generate import jobs


class StopRequestedError(EcomLLMError):
    """The worker was told to stop; its jobs go back unspent."""


class Lease:
    """Renews itself while tokens come, so that a worker that hangs loses its jobs and one that is slow does not."""

    def __init__(self, token: uuid.UUID, seconds: int, should_stop: Callable[[], bool]) -> None:
        """Hold a lease.

        Args:
            token: of the claim.
            seconds: how long each renewal lasts.
            should_stop: asked at each token; True ends the batch.
        """
        self.token = token
        self._seconds = seconds
        self._should_stop = should_stop
        self._renewed_at = time.monotonic()

    def keep(self) -> None:
        """Renew the lease when a third of it has passed; cheap enough to call at each token.

        Raises:
            LeaseLostError: it lapsed and the jobs are another's.
            StopRequestedError: the worker is to stop.
        """
        if self._should_stop():
            raise StopRequestedError
        if time.monotonic() - self._renewed_at < self._seconds / 3:
            return
        if not jobs.renew(self.token, self._seconds):
            raise LeaseLostError
        self._renewed_at = time.monotonic()

    def release(self) -> int:
        """Give back what is not finished, unspent; see `jobs.release`."""
        return jobs.release(self.token)
