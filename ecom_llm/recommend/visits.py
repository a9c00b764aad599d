"""Cuts the stream of events into visits and orders, holding one of them in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby, pairwise

from ecom_llm import conf
from ecom_llm.entities import EventKind
from ecom_llm.models import Event
from ecom_llm.models.event import EventQuerySet

CHUNK_EVENTS = 2000
# Looking closely and putting into the cart both show interest.
INTEREST = (EventKind.VIEW_ITEM, EventKind.ADD_TO_CART)

# What shows that the shopper is still there. Cards in view do too, but there are many, and something else comes along.
ACTIVITY = tuple(kind for kind in EventKind if kind is not EventKind.VIEW_ITEM_LIST)

# visitor, visit, product id, time, kind
_Row = tuple[str, str, str, datetime, str]


def iter_visits(since: datetime, *, visitor: str = "", until: datetime | None = None) -> Iterator[list[str]]:
    """The products of each visit, oldest first.

    A visit is what the source says it is, else a run of a visitor's events, searches and orders among them, with no gap
    longer than `CAPTURE["VISIT_GAP_MINUTES"]`. An event without a visitor is a visit by itself.

    Args:
        since: events from here on.
        visitor: of this visitor only; of all when left out.
        until: events up to here; up to now when left out.
    """
    rows = (
        _events(since, until, visitor)
        .filter(kind__in=ACTIVITY)
        .order_by("visitor", "visit", "occurred_at", "id")
        .values_list("visitor", "visit", "product_id", "occurred_at", "kind")
        .iterator(chunk_size=CHUNK_EVENTS)
    )
    for (visitor, visit), group in groupby(rows, key=lambda row: (row[0], row[1])):
        if visit:
            found = iter([[row[2] for row in group if _shows_interest(row)]])
        elif visitor:
            found = _split_at_gaps(group)
        else:
            found = ([row[2]] for row in group if _shows_interest(row))
        yield from (products for products in found if products)


def iter_orders(since: datetime, *, visitor: str = "", until: datetime | None = None) -> Iterator[set[str]]:
    """The products of each order.

    Args:
        since: purchases from here on.
        visitor: of this visitor only; of all when left out.
        until: purchases up to here; up to now when left out.
    """
    rows = (
        _events(since, until, visitor)
        .filter(kind=EventKind.PURCHASE)
        .exclude(order_id="")
        .exclude(product_id="")
        .order_by("order_id")
        .values_list("order_id", "product_id")
        .iterator(chunk_size=CHUNK_EVENTS)
    )
    for _, group in groupby(rows, key=lambda row: row[0]):
        yield {product_id for _, product_id in group}


def without_repeats(products: list[str], limit: int) -> list[str]:
    """The newest part of a visit, with neighbours that are the same made one.

    Args:
        products: of one visit, oldest first.
        limit: the most to keep.
    """
    kept = products[:1] + [after for before, after in pairwise(products) if after != before]
    return kept[-limit:]


def _events(since: datetime, until: datetime | None, visitor: str) -> EventQuerySet:
    events = Event.objects.since(since)
    if visitor:
        events = events.filter(visitor=visitor)
    return events if until is None else events.filter(occurred_at__lte=until)


def _split_at_gaps(rows: Iterator[_Row]) -> Iterator[list[str]]:
    gap = timedelta(minutes=conf.get_settings().capture.visit_gap_minutes)
    visit: list[str] = []
    last: datetime | None = None
    for row in rows:
        occurred_at = row[3]
        if last is not None and occurred_at - last > gap:
            yield visit
            visit = []
        if _shows_interest(row):
            visit.append(row[2])
        last = occurred_at
    yield visit


def _shows_interest(row: _Row) -> bool:
    return row[4] in INTEREST and bool(row[2])
