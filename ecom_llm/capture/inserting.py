"""Inserts events in bulk, passing over those whose id is there already."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, TypeAlias

from django.db import IntegrityError, connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field
from django.db.models.constants import OnConflict

from ecom_llm.capture.copying import can_copy, copy
from ecom_llm.entities import EventKind, EventRecord
from ecom_llm.models import Event, UnlearnedBatch
from ecom_llm.models.partition_catalog import day_of
from ecom_llm.models.partitions import ensure_days, forget_days

COLUMNS = tuple(name for name in EventRecord._fields if name != "is_known")
# From here on the staging table that copying needs costs less than it saves.
COPIED_EVENTS = 100

_number = attrgetter("id.int")

_Fields: TypeAlias = "Sequence[Field[Any, Any]]"


def insert(records: Sequence[EventRecord]) -> int:
    """Insert events into the table, all or none.

    Args:
        records: of known products, their ids carrying their times.

    Returns:
        How many were new; of those that come with the same id, the first is.

    Raises:
        DatabaseError: the database refuses one of them, or is away.
        ValueError: an id names a day more than a month ahead, or a value cannot be sent.
    """
    connection = connections[router.db_for_write(Event)]
    by_name = {field.name: field for field in Event._meta.concrete_fields}
    fields = [by_name[name] for name in (*COLUMNS, "batch")]
    # Two that store the same events at once, each in its own order, would be a deadlock, which costs one its batch.
    ordered = sorted(records, key=_number)
    try:
        return _insert(ordered, fields, connection)
    except IntegrityError:
        # Perhaps somebody dropped the table of a day that this process believes to be there. What is still wrong the
        # second time is an event's fault; within a transaction, the caller comes again.
        forget_days(connection.alias)
        if connection.in_atomic_block:
            raise
        return _insert(ordered, fields, connection)


def _insert(records: Sequence[EventRecord], fields: _Fields, connection: BaseDatabaseWrapper) -> int:
    # Purchases lie in one table whatever their day.
    ensure_days({day_of(record.id) for record in records if record.kind != EventKind.PURCHASE}, connection.alias)
    # All or none, and written to the disk once. Within the shop's transaction no savepoint is needed for that.
    with transaction.atomic(using=connection.alias, savepoint=False):
        batch = UnlearnedBatch.begin(records, connection.alias)
        if len(records) >= COPIED_EVENTS and can_copy(connection):
            return copy(records, fields, batch, connection)
        return _insert_rows(records, fields, batch, connection)


def _insert_rows(
    records: Sequence[EventRecord], fields: _Fields, batch: int | None, connection: BaseDatabaseWrapper
) -> int:
    inserted = 0
    # Many in a statement, as each lets go of the interpreter: busy threads of a web server would have it in between,
    # and the transaction, for which all of SQLite's writers wait, would be open for seconds.
    size = connection.ops.bulk_batch_size(fields, records)
    with connection.cursor() as cursor:
        for start in range(0, len(records), size):
            rows = records[start : start + size]
            cursor.execute(_statement(fields, len(rows), connection), _parameters(rows, fields, batch, connection))
            inserted += cursor.rowcount
    return inserted


def _statement(fields: _Fields, rows: int, connection: BaseDatabaseWrapper) -> str:
    quote = connection.ops.quote_name
    row = f"({', '.join(['%s'] * len(fields))})"
    return (
        f"{connection.ops.insert_statement(OnConflict.IGNORE)} {quote(Event._meta.db_table)}"
        f" ({', '.join(quote(field.attname) for field in fields)})"
        f" VALUES {', '.join([row] * rows)}"
        f" {connection.ops.on_conflict_suffix_sql(fields, OnConflict.IGNORE, [], [])}"
    )


def _parameters(
    records: Sequence[EventRecord], fields: _Fields, batch: int | None, connection: BaseDatabaseWrapper
) -> list[Any]:
    return [
        field.get_db_prep_save(value, connection)
        for record in records
        for field, value in zip(fields, (*record[: len(COLUMNS)], batch), strict=True)
    ]
