"""The line that no exception of ours crosses on its way to a shopper."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager, ContextDecorator, nullcontext, suppress
from types import TracebackType

from django.db import router, transaction
from django.db.models import Model

from ecom_llm.capture import counters
from ecom_llm.traces import trace_of

logger = logging.getLogger("ecom_llm.capture")


class boundary(ContextDecorator):  # noqa: N801 - reads as the statement that it is
    """Swallow whatever goes wrong inside, log it and count it. Also works as a decorator.

    A class, as each page crosses it several times and a generator takes three times as long.
    """

    __slots__ = ("_ids", "_place")

    def __init__(self, place: str, **ids: object) -> None:
        """Draw the line.

        Args:
            place: what was being done, such as ``record_view``; failures are counted by it.
            ids: what it was being done with, for the log: ids only, never addresses or text of a visitor.
        """
        self._place = place
        self._ids = ids

    def __enter__(self) -> None:
        """Nothing is needed to cross it inwards."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Keep an error in, but for those that end a process."""
        if not isinstance(error, Exception):
            return False
        # Nor does what goes wrong while it is told, in a log handler of the shop's say.
        with suppress(Exception):
            _tell(self._place, self._ids, error)
        return True


def _tell(place: str, ids: Mapping[str, object], error: Exception) -> None:
    counters.count(f"failures.{place}")
    known = " ".join(f"{name}={value}" for name, value in ids.items())
    # Its words, and the variables that error trackers add, may hold what a visitor searched for.
    logger.error("%s failed; the page goes on without it. %s %s", place, known, trace_of(error))


def failures() -> dict[str, int]:
    """How often each place has failed in this process."""
    return counters.read("failures.")


def isolated(model: type[Model]) -> AbstractContextManager[object]:
    """Keep a failing query of ours from spoiling a transaction that the shop has open.

    Inside a transaction this is a savepoint; outside it is nothing and costs nothing.

    Args:
        model: the table about to be read or written; it decides which database.
    """
    using = router.db_for_write(model)
    if transaction.get_connection(using).in_atomic_block:
        return transaction.atomic(using=using)
    return nullcontext()
