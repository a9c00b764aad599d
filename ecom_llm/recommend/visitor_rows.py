"""Reads what the tables know of one visitor, in one statement: pages wait for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper

from ecom_llm.capture.erased import CLOCK_SLACK, forgotten_until, hash_of
from ecom_llm.entities import EventKind
from ecom_llm.ids import first_id
from ecom_llm.models import Erasure, Event, NotInterested
from ecom_llm.recommend.visits import ACTIVITY

# Newest actions that are read, purchases aside. A product's page may make three: the click, the view and how long it
# was looked at.
ACTIONS = 200
# The ids of what is recorded carry its time, but for clocks that differ; only those of imports may be days off it. Each
# day's table that PostgreSQL need not look into makes it quicker by some 50 microseconds.
ID_SLACK = timedelta(hours=1)
# Instead of a kind of event: an erasure, one whose browser was told to drop the key, and a product not wanted again.
_ERASED, _DROPPED, _UNWANTED = "erased", "dropped", "unwanted"


class Action(NamedTuple):
    """What of an event decides about the current visit."""

    kind: str
    product_id: str
    query: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class VisitorRows:
    """What there is of a visitor.

    Attributes:
        actions: in no order.
        unwanted: of products that they do not want to be recommended again.
        forgotten_until: nothing that happened until then may be used; None for who never asked.
        is_cut: whether there are more actions than were read.
    """

    actions: list[Action]
    unwanted: list[Action]
    forgotten_until: datetime | None
    is_cut: bool = False

    def is_usable(self, action: Action) -> bool:
        """Whether an action, of these or still in memory, is not to be forgotten."""
        return self.forgotten_until is None or action.occurred_at > self.forgotten_until


def read_rows(visitor: str, since: datetime, now: datetime) -> VisitorRows:
    """Read a visitor's newest actions, last purchase of each product, what they do not want, and until when to forget.

    Written as SQL: making the statement from querysets takes longer than the database does to answer it.

    Args:
        visitor: their key.
        since: actions from here on; purchases whenever they were.
        now: the present.

    Raises:
        DatabaseError: they cannot be read.
    """
    # Not from a replica, which may not have the last page's.
    connection = connections[router.db_for_write(Event)]
    identify = Event._meta.pk.get_db_prep_value
    parameters = [
        hash_of(visitor),
        visitor,
        connection.ops.adapt_datetimefield_value(since),
        identify(first_id(since - ID_SLACK), connection),
        identify(first_id(now + ID_SLACK), connection),
        visitor,
        visitor,
    ]
    with connection.cursor() as cursor:
        cursor.execute(_statement(connection.alias), parameters)
        rows = cursor.fetchall()
    return _read(rows, connection)


@cache
def _statement(alias: str) -> str:
    """The statement; the names of kinds are the app's own."""
    quote = connections[alias].ops.quote_name
    events, erasures = quote(Event._meta.db_table), quote(Erasure._meta.db_table)
    unwanted = quote(NotInterested._meta.db_table)
    kinds = ", ".join(f"'{kind}'" for kind in ACTIVITY if kind is not EventKind.PURCHASE)
    columns = "kind, product_id, query, occurred_at"
    # Erasures first: they say which type the last column has.
    return f"""
        SELECT CASE WHEN is_dropped THEN '{_DROPPED}' ELSE '{_ERASED}' END, '', '', asked_at, done_at
        FROM {erasures} WHERE visitor_hash = %s
        UNION ALL
        SELECT {columns}, NULL FROM (
            SELECT {columns} FROM {events}
            WHERE visitor = %s AND kind IN ({kinds}) AND occurred_at >= %s AND id >= %s AND id < %s
            ORDER BY occurred_at DESC LIMIT {ACTIONS}
        ) recent
        UNION ALL
        SELECT kind, product_id, '', MAX(occurred_at), NULL FROM {events}
        WHERE visitor = %s AND kind = '{EventKind.PURCHASE}' GROUP BY kind, product_id
        UNION ALL
        SELECT '{_UNWANTED}', product_id, '', created_at, NULL FROM {unwanted} WHERE visitor = %s
    """  # noqa: S608 - names only


def _read(rows: Sequence[tuple[Any, ...]], connection: BaseDatabaseWrapper) -> VisitorRows:
    column = Event._meta.get_field("occurred_at").get_col(Event._meta.db_table)
    converters = [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]

    def moment(value: Any) -> Any:
        for convert in converters:
            value = convert(value, column, connection)
        return value

    actions: list[Action] = []
    unwanted: list[Action] = []
    until = None
    for kind, product_id, query, occurred_at, done_at in rows:
        if kind in (_ERASED, _DROPPED):
            end = forgotten_until(moment(occurred_at), moment(done_at), is_dropped=kind == _DROPPED) + CLOCK_SLACK
            until = end if until is None else max(end, until)
        else:
            found = unwanted if kind == _UNWANTED else actions
            found.append(Action(kind, product_id, query, moment(occurred_at)))
    read = sum(action.kind != EventKind.PURCHASE for action in actions)
    return VisitorRows(actions, unwanted, until, is_cut=read >= ACTIONS)
