"""Writes down what shoppers do. Nothing here ever raises into a page.

Each function takes Django's or Django REST framework's request, and does nothing for a visitor who allows
nothing. An event recorded within a transaction shares its fate; one recorded in an event loop is written
after the view.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils import timezone

from ecom_llm import conf
from ecom_llm.capture import counters
from ecom_llm.capture.boundary import boundary
from ecom_llm.capture.incoming import make_events, resolve_ids
from ecom_llm.capture.queries import normalise_query
from ecom_llm.capture.scope import active_language, current_scope
from ecom_llm.capture.sinks.base import get_sink
from ecom_llm.capture.visitors import Visitor, get_visitor, pseudonym
from ecom_llm.catalog.adapters.base import MAX_ID_CHARACTERS
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.entities import Consent, EventKind
from ecom_llm.ids import uuid7
from ecom_llm.models import Event

__all__ = [
    "normalise_query",
    "record_add_to_cart",
    "record_events",
    "record_purchase",
    "record_search",
    "record_view",
]

MAX_ORDER_ID_CHARACTERS = 64


def record_view(request: Any, product: Any) -> None:
    """Record that a product's page was seen.

    For views that the middleware cannot recognise; one that it can is not recorded twice.

    Args:
        request: the request of the page.
        product: the shop's object (no query), or its id (one query).
    """
    _note(EventKind.VIEW_ITEM)
    _guarded("record_view", lambda: _write_product_event(request, EventKind.VIEW_ITEM, product))


def record_search(request: Any, query: str) -> None:
    """Record what was searched for.

    Args:
        request: the request of the search page.
        query: as typed; it is normalised and cut.
    """
    _note(EventKind.SEARCH)
    _guarded("record_search", lambda: _write_search(request, query))


def record_add_to_cart(request: Any, product_id: Any, quantity: int = 1) -> None:
    """Record that a product went into the cart.

    Args:
        request: the request that put it there.
        product_id: the product's or a variant's id (one query), or the shop's object (no query).
        quantity: pieces added.
    """
    _guarded(
        "record_add_to_cart",
        lambda: _write_product_event(request, EventKind.ADD_TO_CART, product_id, quantity=quantity),
    )


def record_purchase(request: Any, *, order_id: str, lines: Iterable[tuple[str, int, Decimal]], currency: str) -> None:
    """Record an order. Call it once, where the order is placed.

    Args:
        request: the request that placed it.
        order_id: the shop's own; below `personal` only a hash of it is kept, as an order leads to a person.
        lines: product or variant id, pieces and price of one piece, for each line.
        currency: an ISO 4217 code.
    """
    kept = list(lines)
    _guarded("record_purchase", lambda: _write_purchase(request, str(order_id), kept, currency))


def record_events(visitor: Visitor, events: Sequence[Mapping[str, Any]]) -> int:
    """Record events that came in from outside.

    Args:
        visitor: whose they are.
        events: validated rows, as `capture.incoming.make_events` takes them.

    Returns:
        How many were handed to the sink.
    """
    taken = 0
    if visitor.consent is Consent.NONE:
        return taken
    with boundary("record_events", events=len(events)):
        made = make_events(visitor, [_with_pseudonymous_order(visitor, row) for row in events])
        _write(made)
        taken = len(made)
    return taken


def _note(kind: EventKind) -> None:
    scope = current_scope()
    if scope is not None:
        scope.recorded.add(kind)


def _guarded(place: str, write: Callable[[], None]) -> None:
    """Write now, or after the view where an event loop runs, as the database must not be used there."""
    scope = current_scope()
    if scope is not None and _is_in_event_loop():
        scope.deferred.append(boundary(place)(write))
        return
    with boundary(place):
        write()


def _is_in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _write_product_event(request: Any, kind: EventKind, product: Any, quantity: int = 1) -> None:
    visitor = get_visitor(request)
    if visitor.consent is Consent.NONE:
        return
    catalog = get_catalog()
    resolved = catalog.resolve(product)
    product_id = "" if resolved is None else catalog.product_id(resolved)
    if not product_id or len(product_id) > MAX_ID_CHARACTERS:
        counters.count("events.dropped.unknown_product")
        return
    _write([_event(visitor, kind, product_id=product_id, quantity=max(1, quantity))])


def _write_search(request: Any, query: str) -> None:
    visitor = get_visitor(request)
    words = normalise_query(query, conf.get_settings().capture.query_max_characters)
    if words and visitor.consent is not Consent.NONE:
        _write([_event(visitor, EventKind.SEARCH, query=words)])


def _write_purchase(request: Any, order_id: str, lines: Sequence[tuple[str, int, Decimal]], currency: str) -> None:
    visitor = get_visitor(request)
    if visitor.consent is Consent.NONE:
        return
    parents = resolve_ids([str(product_id) for product_id, _, _ in lines])
    order = _order_id(visitor, order_id)
    events = [
        _event(
            visitor,
            EventKind.PURCHASE,
            product_id=parents[str(product_id)],
            quantity=quantity,
            value=price * quantity,
            currency=currency[:3],
            order_id=order,
        )
        for product_id, quantity, price in lines
        if str(product_id) in parents
    ]
    if len(events) < len(lines):
        counters.count("events.dropped.unknown_product", len(lines) - len(events))
    _write(events)


def _order_id(visitor: Visitor, order_id: str) -> str:
    return order_id[:MAX_ORDER_ID_CHARACTERS] if visitor.has_history else pseudonym("order", order_id)


def _with_pseudonymous_order(visitor: Visitor, row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**row, "order_id": _order_id(visitor, str(row["order_id"]))} if row.get("order_id") else row


def _event(visitor: Visitor, kind: EventKind, **values: Any) -> Event:
    return Event(
        id=uuid7(),
        kind=kind.value,
        occurred_at=timezone.now(),
        visitor=visitor.key,
        consent=visitor.consent.value,
        language=active_language()[:16],
        **values,
    )


def _write(events: Sequence[Event]) -> None:
    if not events:
        return
    try:
        get_sink().write(events)
    except Exception as error:
        counters.count(f"events.dropped.{type(error).__name__}", len(events))
        raise
    counters.count("events.recorded", len(events))
