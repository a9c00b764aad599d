"""The line that no exception of ours crosses on its way to a shopper."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from django.db import router, transaction
from django.db.models import Model

from ecom_llm.capture import counters

logger = logging.getLogger("ecom_llm.capture")


@contextmanager
def boundary(place: str, **ids: object) -> Iterator[None]:
    """Swallow whatever goes wrong inside, log it and count it. Also works as a decorator.

    Args:
        place: what was being done, such as ``record_view``; failures are counted by it.
        ids: what it was being done with, for the log: ids only, never addresses or text of a visitor.
    """
    try:
        yield
    except Exception:
        counters.count(f"failures.{place}")
        known = " ".join(f"{name}={value}" for name, value in ids.items())
        logger.exception("%s failed; the page goes on without it. %s", place, known)


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
