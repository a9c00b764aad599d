"""What capture hands from the request to the table."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID


class EventRecord(NamedTuple):
    """One event on its way to the table: plain values, so that any sink can hold, ship and copy it.

    A tuple, since one is made on a request's time and a model's instance takes ten times as long.

    Attributes:
        id: a UUIDv7 that carries the event's time.
        kind: an `EventKind`.
        occurred_at: when, with its time zone.
        visitor: whose, as `Visitor.key` is.
        consent: what may be kept of the visitor.
        product_id: which product; see `is_known`.
        query: for searches, normalised.
        quantity: pieces, from 1.
        value: what all pieces cost together.
        currency: an ISO 4217 code.
        order_id: the shop's own, or a hash of it.
        language: a Django language code.
        visit: only where the source knows its visits.
        engagement_ms: how long a page was looked at, in milliseconds.
        is_known: whether `product_id` is a product's own id. If not, storing looks it up: a variant's becomes its
            parent's, and an event about an unknown product is dropped.
    """

    id: UUID
    kind: str
    occurred_at: datetime
    visitor: str
    consent: str
    product_id: str = ""
    query: str = ""
    quantity: int = 1
    value: Decimal | None = None
    currency: str = ""
    order_id: str = ""
    language: str = ""
    visit: str = ""
    engagement_ms: int | None = None
    is_known: bool = True
