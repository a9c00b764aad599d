"""What partitions the table of events has, from PostgreSQL's own catalogue, and how they are named and locked."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper

EVENT_TABLE = "ecom_llm_event"
# All but purchases, by time.
BEHAVIOUR_TABLE = f"{EVENT_TABLE}_behaviour"

# The remark on a table that is being dropped. One whose dropping was cut short is no partition any more, so no query
# sees it, yet it holds what shoppers did; a table that somebody detached to keep it has no such remark.
DOOMED = "ecom_llm: detached to be dropped"

DAY_MILLISECONDS = 86_400_000
_FIRST_DAY = date(1970, 1, 1)
_BOUNDS = re.compile(r"FOR VALUES FROM \('?([^')]+)'?\) TO \('?([^')]+)'?\)")


@dataclass(frozen=True, slots=True)
class Partition:
    """One table of events.

    Attributes:
        name: its own name, without the schema.
        low: its first day, counted from 1970.
        high: the day after its last.
        is_pending: its detaching was begun and not ended; queries pass it by.
    """

    name: str
    low: int
    high: int
    is_pending: bool


@dataclass(frozen=True, slots=True)
class Partitions:
    """The tables of events but purchases, oldest first, and the schema that they lie in."""

    schema: str
    tables: Sequence[Partition]

    def covering(self, day: int) -> Partition | None:
        """The table that takes the events of a day."""
        return next((table for table in self.tables if table.low <= day < table.high), None)

    def gap_around(self, day: int) -> tuple[int | None, int | None]:
        """The days that no table covers around one of them; None where there is no table on that side."""
        lows = [table.low for table in self.tables if table.low > day]
        highs = [table.high for table in self.tables if table.high <= day]
        return max(highs, default=None), min(lows, default=None)


def read_partitions(connection: BaseDatabaseWrapper) -> Partitions | None:
    """The partitions as they are now; None where the table of events is a plain one. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nspname, part.relname, pg_get_expr(part.relpartbound, part.oid), inhdetachpending"
            " FROM pg_class AS parent JOIN pg_namespace ON pg_namespace.oid = parent.relnamespace"
            " LEFT JOIN pg_inherits ON inhparent = parent.oid LEFT JOIN pg_class AS part ON part.oid = inhrelid"
            " WHERE parent.oid = to_regclass(%s) AND parent.relkind = 'p'",
            [connection.ops.quote_name(BEHAVIOUR_TABLE)],
        )
        rows = cursor.fetchall()
    if not rows:
        return None
    # Of a table that another is dropping right now there is a name, and nothing else any more.
    tables = [_partition(*row[1:]) for row in rows if row[1] and row[2]]
    return Partitions(rows[0][0], sorted(tables, key=lambda table: table.low))


def read_doomed(connection: BaseDatabaseWrapper, schema: str) -> list[str]:
    """Names of tables that were detached and not dropped."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = 'r'"
            " AND NOT relispartition AND obj_description(oid, 'pg_class') = %s",
            [connection.ops.quote_name(schema), DOOMED],
        )
        return [name for (name,) in cursor.fetchall()]


def is_taken(connection: BaseDatabaseWrapper, schema: str, name: str) -> bool:
    """Whether a schema has a table, or anything else that its name would clash with."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = %s::regnamespace AND relname = %s)",
            [connection.ops.quote_name(schema), name],
        )
        return bool(cursor.fetchone()[0])


def qualified(connection: BaseDatabaseWrapper, schema: str, *names: str) -> list[str]:
    """Tables' names with their schema's, quoted."""
    quote = connection.ops.quote_name
    return [f"{quote(schema)}.{quote(name)}" for name in names]


@contextmanager
def locks_awaited_for(connection: BaseDatabaseWrapper, seconds: float) -> Iterator[None]:
    """Give up waiting for a lock after a while; then as it was before."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout')")
        (before,) = cursor.fetchone()
        is_local = not connection.get_autocommit()
        change = "SELECT set_config('lock_timeout', %s, %s)"
        cursor.execute(change, [f"{seconds * 1000:.0f}ms", is_local])
        try:
            yield
        finally:
            # A transaction that failed undoes it by itself.
            with suppress(Error):
                cursor.execute(change, [before, is_local])


def day_of(identifier: uuid.UUID) -> int:
    """The day, counted from 1970, of the time that an id carries."""
    return (identifier.int >> 80) // DAY_MILLISECONDS


def number_of(day: date) -> int:
    """A date as days counted from 1970."""
    return (day - _FIRST_DAY).days


def today() -> int:
    """The present day in UTC, counted from 1970."""
    return number_of(datetime.now(UTC).date())


def spelt(day: int) -> str:
    """A day as in a table's name."""
    return f"{_FIRST_DAY + timedelta(days=day):%Y%m%d}"


def first_id_of(day: int | None) -> str:
    """The lowest id of a day as SQL; that of all days for None."""
    return "MINVALUE" if day is None else f"'{uuid.UUID(int=day * DAY_MILLISECONDS << 80)}'"


def _partition(name: str, bounds: str, is_pending: Any) -> Partition:
    found = _BOUNDS.fullmatch(bounds)
    low, high = (_day_of_bound(text) for text in found.groups()) if found else (0, 0)
    return Partition(name, low, high, bool(is_pending))


def _day_of_bound(text: str) -> int:
    if text == "MINVALUE":
        return 0
    return day_of(uuid.UUID(int=(1 << 128) - 1) if text == "MAXVALUE" else uuid.UUID(text))
