"""Copies many events into PostgreSQL at once: past its parser into a staging table, from there into the table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field

from ecom_llm.entities import EventRecord
from ecom_llm.models import Event

# Of one transaction's own, so that a pool which hands each transaction another connection does no harm.
_STAGED = "pg_temp.ecom_llm_staged"


def can_copy(connection: BaseDatabaseWrapper) -> bool:
    """Whether a connection is one to PostgreSQL through psycopg 3."""
    if connection.vendor != "postgresql":
        return False
    connection.ensure_connection()
    return hasattr(connection.connection, "pipeline")


def copy(
    records: Iterable[EventRecord],
    fields: Sequence[Field[Any, Any]],
    batch: int | None,
    connection: BaseDatabaseWrapper,
) -> int:
    """Insert events, all or none, passing over those whose id is there already or came before.

    Args:
        records: their first values are those of `fields` but the last, in that order.
        fields: of the table; the last takes the batch.
        batch: the same for all.
        connection: one that `can_copy`.

    Returns:
        How many were new.

    Raises:
        DatabaseError: the database refuses one of them, or is away.
        ValueError: a value cannot be sent, such as a text with half of a surrogate pair.
    """
    quote = connection.ops.quote_name
    table = quote(Event._meta.db_table)
    columns = ", ".join(quote(field.attname) for field in fields)
    copied = fields[:-1]
    width = len(copied)
    staged = ", ".join(quote(field.attname) for field in copied)
    # psycopg wants types by their bare names.
    types = [str(field.db_type(connection)).partition("(")[0] for field in copied]
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        # Its columns refuse what the table's would; without an index it takes all else.
        shape = f"SELECT {staged} FROM {table} WHERE false"  # noqa: S608 - names only, as below
        cursor.execute(f"CREATE TEMPORARY TABLE {_STAGED} AS {shape}")
        with connection.wrap_database_errors, cursor.cursor.copy(f"COPY {_STAGED} FROM STDIN (FORMAT binary)") as rows:
            rows.set_types(types)
            for record in records:
                rows.write_row(record[:width])
        cursor.execute(
            f"INSERT INTO {table} ({columns}) SELECT {staged}, %s FROM {_STAGED} ON CONFLICT DO NOTHING",  # noqa: S608
            [batch],
        )
        inserted = int(cursor.rowcount)
        # The transaction may be the shop's and bring another batch.
        cursor.execute(f"DROP TABLE {_STAGED}")
    return inserted
