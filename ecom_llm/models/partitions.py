"""Makes the tables that events lie in on PostgreSQL, one a UTC day, and drops those that are too old.

Every function is for all databases and does nothing where the table of events is a plain one.
"""

from __future__ import annotations

import logging
from collections.abc import Set
from contextlib import suppress
from datetime import date

from django.apps import apps
from django.db import DatabaseError, Error, connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from ecom_llm.models.partition_catalog import (
    BEHAVIOUR_TABLE,
    DOOMED,
    EVENT_TABLE,
    Partition,
    Partitions,
    first_id_of,
    is_taken,
    locks_awaited_for,
    number_of,
    qualified,
    read_doomed,
    read_partitions,
    spelt,
    today,
)

# So many days' tables are made before they are needed.
AHEAD_DAYS = 7
# An event further ahead has been given its time by nobody's clock, and would leave a table behind for ever.
FUTURE_DAYS = 31
# How long making a table waits for a lock. Readers and writers are not in its way, nor is it in theirs.
MAKING_SECONDS = 2.0
# How long dropping a table waits for those who read it. Within a transaction all others wait behind it.
DROPPING_SECONDS = 10.0
DROPPING_WITHIN_SECONDS = 0.2
# What another who drops the same tables, or a long query, makes of our statements: a lock not given in time, a table
# that another is detaching, has detached or has dropped, and a deadlock.
_IN_THE_WAY = frozenset({"55P03", "55000", "42P01", "42809", "40P01"})

logger = logging.getLogger(__name__)

# By database: days whose table is there. Also days of a plain table, which takes all.
_known: dict[str, set[int]] = {}
# Databases and days whose table was made within a transaction of the shop's and may have gone with it.
_unsure: set[tuple[str, int]] = set()


def ensure_days(days: Set[int], using: str) -> None:
    """Make sure that there is a table for the events of each day. Where there is, it costs a look into memory.

    A day to come gets a table of its own. Days past that have none, such as those of an import or those whose tables
    were dropped, share one that fills the gap: garbage dates must not make thousands of tables.

    Args:
        days: counted from 1970, see `day_of`.
        using: the database's alias.

    Raises:
        ValueError: a day lies more than a month ahead.
        DatabaseError: the tables cannot be made now.
    """
    connection = connections[using]
    if connection.vendor != "postgresql":
        return
    known = _known.setdefault(using, set())
    missing = days - known
    if not missing:
        return
    if max(missing) > today() + FUTURE_DAYS:
        raise ValueError(f"An event's id names a day more than {FUTURE_DAYS} days ahead, {spelt_safely(max(missing))}.")
    if _lacking(read_partitions(connection), missing):
        _make(connection, missing)
    elif not connection.in_atomic_block:
        _unsure.difference_update((using, day) for day in missing)
    known.update(day for day in missing if (using, day) not in _unsure)


def prepare_days(using: str | None = None) -> None:
    """Make the tables of today and of the next week, so that nobody's request has to.

    Args:
        using: the database's alias; that which events are written to when left out.

    Raises:
        DatabaseError: the tables cannot be made now; the database's role must own the table of events.
    """
    ensure_days(set(range(today(), today() + AHEAD_DAYS + 1)), using or _database())


def drop_days_before(day: date, using: str | None = None) -> int:
    """Drop the tables whose events are all older than a day; purchases stay.

    Outside a transaction nobody waits for it, and it waits a while for those who read such a table. What it does not
    get done, or is stopped in, the next call does. Several may run at once.

    Args:
        day: the first, in UTC, that is kept.
        using: the database's alias; that which events are written to when left out.

    Returns:
        How many tables were dropped.

    Raises:
        DatabaseError: the database is away, or its role does not own the table of events.
    """
    connection = connections[using or _database()]
    partitions = read_partitions(connection) if connection.vendor == "postgresql" else None
    if partitions is None:
        return 0
    forget_days(connection.alias)
    old = [table for table in partitions.tables if table.high <= number_of(day)]
    # No other can be detached before the one that is half detached.
    old.sort(key=lambda table: not table.is_pending)
    dropped = 0
    try:
        for name in read_doomed(connection, partitions.schema):
            _drop(connection, partitions.schema, name)
            dropped += 1
        for table in old:
            if not connection.in_atomic_block:
                _detach(connection, partitions.schema, table)
            _drop(connection, partitions.schema, table.name)
            dropped += 1
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", None) not in _IN_THE_WAY:
            raise
        logger.info("A table of old events is in use; it is dropped another time.")
    return dropped


def forget_days(using: str) -> None:
    """Look anew which days have their table; for whoever was told that one has none."""
    _known.pop(using, None)


def spelt_safely(day: int) -> str:
    """A day for people, also one beyond what a calendar holds."""
    with suppress(OverflowError):
        return spelt(day)
    return "beyond the year 9999"


def _lacking(partitions: Partitions | None, days: Set[int]) -> list[int]:
    """The days without a table, newest first: a gap in the past ends where the present begins."""
    if partitions is None:
        return []
    return sorted((day for day in days if partitions.covering(day) is None), reverse=True)


def _detach(connection: BaseDatabaseWrapper, schema: str, table: Partition) -> None:
    """Take a table out of the events while others read and write them; it waits for those who began before."""
    parent, part = qualified(connection, schema, BEHAVIOUR_TABLE, table.name)
    with locks_awaited_for(connection, DROPPING_SECONDS), connection.cursor() as cursor:
        if not table.is_pending:
            cursor.execute(f"COMMENT ON TABLE {part} IS '{DOOMED}'")
        ending = "FINALIZE" if table.is_pending else "CONCURRENTLY"
        cursor.execute(f"ALTER TABLE {parent} DETACH PARTITION {part} {ending}")


def _drop(connection: BaseDatabaseWrapper, schema: str, name: str) -> None:
    """Drop a table; one that is still a partition shuts all others out of the events for that moment."""
    (table,) = qualified(connection, schema, name)
    with transaction.atomic(using=connection.alias), locks_awaited_for(connection, DROPPING_WITHIN_SECONDS):
        connection.cursor().execute(f"DROP TABLE IF EXISTS {table}")


def _database() -> str:
    return router.db_for_write(apps.get_model("ecom_llm", "Event"))


def _make(connection: BaseDatabaseWrapper, days: Set[int]) -> None:
    """Make the tables of days.

    Within a transaction a connection of its own makes them: its lock must not be held until the shop is done, nor
    must a roll-back take away what others use already.
    """
    is_within = connection.in_atomic_block
    if is_within:
        with suppress(Error):
            _make_elsewhere(connection, days)
    with transaction.atomic(using=connection.alias):
        made = _make_within(connection, days)
    # None was left, unless this very transaction holds the table's lock, as a migration does, or has made it.
    if is_within and made:
        _unsure.update((connection.alias, day) for day in days)


def _make_elsewhere(connection: BaseDatabaseWrapper, days: Set[int]) -> None:
    other = connection.copy()
    try:
        other.set_autocommit(False)
        _make_within(other, days)
        other.commit()
    finally:
        other.close()


def _make_within(connection: BaseDatabaseWrapper, days: Set[int]) -> int:
    """Make the tables in the open transaction.

    Returns:
        How many were made.
    """
    made = 0
    with locks_awaited_for(connection, MAKING_SECONDS), connection.cursor() as cursor:
        if not _lacking(read_partitions(connection), days):
            return made
        # Attaching a table takes this lock anyway. Taken before looking, nobody else makes the same tables.
        cursor.execute(f"LOCK TABLE ONLY {connection.ops.quote_name(BEHAVIOUR_TABLE)} IN SHARE UPDATE EXCLUSIVE MODE")
        while True:
            partitions = read_partitions(connection)
            lacking = _lacking(partitions, days)
            if partitions is None or not lacking:
                return made
            _make_one(connection, partitions, lacking[0])
            made += 1


def _make_one(connection: BaseDatabaseWrapper, partitions: Partitions, day: int) -> None:
    low: int | None = day
    high: int | None = day + 1
    name = f"{EVENT_TABLE}_{spelt(day)}"
    if day < today():
        low, high = partitions.gap_around(day)
        high = today() if high is None else min(high, today())
        name = f"{EVENT_TABLE}_until_{spelt(high)}"
    while is_taken(connection, partitions.schema, name):
        name += "_"
    table, parent = qualified(connection, partitions.schema, name, BEHAVIOUR_TABLE)
    with connection.cursor() as cursor:
        # In two steps, since `PARTITION OF` would shut readers and writers out of all events.
        cursor.execute(f"CREATE TABLE {table} (LIKE {parent} INCLUDING ALL)")
        cursor.execute(
            f"ALTER TABLE {parent} ATTACH PARTITION {table}"
            f" FOR VALUES FROM ({first_id_of(low)}) TO ({first_id_of(high)})"
        )
