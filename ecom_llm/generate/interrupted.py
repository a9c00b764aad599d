"""Leases of this process that the database interrupted; their jobs go back unspent as soon as it answers again.

An outage is no fault of a job: without this, three of them within a job's time would set it aside as failed.
"""

from __future__ import annotations

import uuid

from django.db import InterfaceError, InternalError, OperationalError, connection

from ecom_llm.generate import jobs

# What a database that is gone, restarting or read-only raises; errors in what is written are others.
DATABASE_AWAY = (OperationalError, InterfaceError, InternalError)

_tokens: list[uuid.UUID] = []


def is_away(error: Exception) -> bool:
    """Whether an error means that the database is gone, and not that one statement took too long or was at fault."""
    return isinstance(error, DATABASE_AWAY) and not connection.is_usable()


def remember(token: uuid.UUID) -> None:
    """Keep the token of a lease that could not be carried to its end."""
    _tokens.append(token)


def give_back() -> int:
    """Release what is still held under the leases remembered; costs nothing when there is none.

    Returns:
        How many jobs wait again.

    Raises:
        DatabaseError: the database is still away; the leases stay remembered.
    """
    given = 0
    while _tokens:
        given += jobs.release(_tokens[-1])
        _tokens.pop()
    return given
