"""Cuts the stream of events into visits and orders, holding one of them in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby, pairwise

from ecom_llm import conf
from ecom_llm.entities import EventKind
from ecom_llm.models import Event

CHUNK_EVENTS = 2000
# Looking closely and putting into the cart both show interest.
INTEREST = (EventKind.VIEW_ITEM, EventKind.ADD_TO_CART)

# visitor, visit, product id, time
_Row = tuple[str, str, str, datetime]


def iter_visits(since: datetime) -> Iterator[list[str]]:
    """The products of each visit, oldest first.

    A visit is what the source says it is, else a run of a visitor's events with no gap longer than
    `CAPTURE["VISIT_GAP_MINUTES"]`. An event without a visitor is a visit by itself.

    Args:
        since: events from here on.
    """
    rows = (
        Event.objects.filter(kind__in=INTEREST, occurred_at__gte=since)
        .exclude(product_id="")
        .order_by("visitor", "visit", "occurred_at", "id")
        .values_list("visitor", "visit", "product_id", "occurred_at")
        .iterator(chunk_size=CHUNK_EVENTS)
    )
    for (visitor, visit), group in groupby(rows, key=lambda row: (row[0], row[1])):
        if visit:
            yield [row[2] for row in group]
        elif visitor:
            yield from _split_at_gaps(group)
        else:
            yield from ([row[2]] for row in group)


def iter_orders(since: datetime) -> Iterator[set[str]]:
    """The products of each order.

    Args:
        since: purchases from here on.
    """
    rows = (
        Event.objects.filter(kind=EventKind.PURCHASE, occurred_at__gte=since)
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


def _split_at_gaps(rows: Iterator[_Row]) -> Iterator[list[str]]:
    gap = timedelta(minutes=conf.get_settings().capture.visit_gap_minutes)
    visit: list[str] = []
    last: datetime | None = None
    for _, _, product_id, occurred_at in rows:
        if last is not None and occurred_at - last > gap:
            yield visit
            visit = []
        visit.append(product_id)
        last = occurred_at
    yield visit
