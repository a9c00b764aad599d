"""What a command says of a database that it cannot use, instead of a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError
from django.db import Error, ProgrammingError

# SQLite has no exception of its own for a missing table or column.
MISSING = ("no such", "has no column")


@contextmanager
def database_errors_told() -> Iterator[None]:
    """Have a command end with a line that says what is wrong with the database; decorates `handle`.

    Raises:
        CommandError: the database is away, lacks this app's tables, or refused what it was asked.
    """
    try:
        yield
    except Error as error:
        raise CommandError(words_of(error)) from error


def words_of(error: Error) -> str:
    """What is wrong with the database, in one line: of the driver's words the first, as others quote statement or row.

    Args:
        error: as Django raises it.
    """
    first = next(iter(str(error).splitlines()), type(error).__name__)
    is_missing = isinstance(error, ProgrammingError) or any(words in first for words in MISSING)
    return f"The database cannot be used: {first.rstrip('.')}.{' Has `migrate` been run?' if is_missing else ''}"
