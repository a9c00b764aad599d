"""Makes events of what a browser or another system sends; what cannot be one is dropped and counted."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from ecom_llm import conf
from ecom_llm.capture import counters
from ecom_llm.capture.queries import normalise_query
from ecom_llm.capture.visitors import Visitor
from ecom_llm.catalog.adapters.base import MAX_ID_CHARACTERS
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.entities import EventKind
from ecom_llm.ids import uuid7
from ecom_llm.models import Event

# A browser's clock is believed this far back and never ahead.
OLDEST = timedelta(days=1)


def make_events(visitor: Visitor, rows: Sequence[Mapping[str, Any]]) -> list[Event]:
    """Turn validated rows into unsaved events; runs one query when any row names a product.

    Args:
        visitor: whose they are.
        rows: each with ``kind`` and, as the kind needs, ``id``, ``occurred_at``, ``product_id``, ``query``,
            ``quantity``, ``value``, ``currency``, ``order_id``, ``language``.

    Returns:
        The events. Left out and counted: rows about an unknown product, rows that say nothing.
    """
    parents = resolve_ids([str(row["product_id"]) for row in rows if row.get("product_id")])
    events = [_make_event(visitor, row, parents) for row in rows]
    return [event for event in events if event is not None]


def resolve_ids(product_ids: Sequence[str]) -> dict[str, str]:
    """Map ids to their products' ids, a variant's to its parent's; unknown ids are left out.

    Runs one query, and one more for each id that is not a product of its own.
    """
    catalog = get_catalog()
    wanted = {product_id for product_id in product_ids if len(product_id) <= MAX_ID_CHARACTERS}
    found = {product_id: product_id for product_id in catalog.in_bulk(wanted)}
    for product_id in wanted - found.keys():
        product = catalog.resolve(product_id)
        if product is not None:
            found[product_id] = catalog.product_id(product)
    return found


def _make_event(visitor: Visitor, row: Mapping[str, Any], parents: Mapping[str, str]) -> Event | None:
    kind = EventKind(row["kind"])
    product_id = parents.get(str(row.get("product_id") or ""), "")
    query = normalise_query(str(row.get("query") or ""), conf.get_settings().capture.query_max_characters)
    if row.get("product_id") and not product_id:
        counters.count("events.dropped.unknown_product")
        return None
    if not product_id and not (kind is EventKind.SEARCH and query):
        counters.count("events.dropped.empty")
        return None
    return Event(
        id=_event_id(row.get("id")),
        kind=kind.value,
        occurred_at=believable(row.get("occurred_at")),
        visitor=visitor.key,
        consent=visitor.consent.value,
        product_id=product_id,
        query=query,
        quantity=row.get("quantity") or 1,
        value=row.get("value"),
        currency=str(row.get("currency") or "")[:3],
        order_id=str(row.get("order_id") or "")[:64],
        language=str(row.get("language") or "")[:16],
    )


def _event_id(given: Any) -> uuid.UUID:
    if not given:
        return uuid7()
    return given if isinstance(given, uuid.UUID) else uuid.UUID(str(given))


def believable(given: datetime | None) -> datetime:
    """When an event happened: as given if that lies within the last day, else the nearest time that does."""
    now = timezone.now()
    return now if given is None else min(max(given, now - OLDEST), now)
