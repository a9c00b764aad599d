"""Leases of this process that the database interrupted; their jobs go back unspent as soon as it answers again.

An outage is no fault of a job: without this, three of them within a job's time would set it aside as failed.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, Error, connections

from ecom_llm.exceptions import DATABASE_AWAY
from ecom_llm.generate import jobs
from ecom_llm.generate.database import database

_tokens: list[uuid.UUID] = []
_away_at = float("-inf")


def is_away(error: Exception) -> bool:
    """Whether an error means that the database is gone, and not that one statement took too long or was at fault."""
    # The shop's products may lie in another database than the jobs.
    return isinstance(error, DATABASE_AWAY) and not all(map(_answers, {database(), DEFAULT_DB_ALIAS}))


def _answers(alias: str) -> bool:
    connection = connections[alias]
    try:
        if alias != database():
            # It need not have been used here yet; that of the jobs has been, and is closed when it was lost.
            connection.ensure_connection()
        return connection.is_usable()
    except Error:
        return False


@contextmanager
def noticed() -> Iterator[None]:
    """Notice when the database goes away inside; see `was_away`."""
    global _away_at
    try:
        yield
    except DATABASE_AWAY:
        _away_at = time.monotonic()
        raise


def was_away(seconds: float) -> bool:
    """Whether the database was away in this process's last seconds.

    Until then other workers may not have come back to give up what the outage took from them.
    """
    return time.monotonic() - _away_at < seconds


def remember(token: uuid.UUID) -> None:
    """Keep the token of a lease that could not be carried to its end."""
    _tokens.append(token)


def give_back() -> int:
    """Release what is still held under the leases remembered; costs nothing when there is none.

    Returns:
        How many jobs wait again.

    Raises:
        Error: of `django.db`; the database is still away and the leases stay remembered.
    """
    given = 0
    while _tokens:
        given += jobs.release(_tokens[-1])
        _tokens.pop()
    return given
