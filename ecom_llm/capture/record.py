"""Writes down what shoppers do. Nothing here ever raises into a page.

Each function takes Django's or Django REST framework's request, or a `Visitor` where there is none (a payment
provider's call, say), and does nothing for a visitor who allows nothing. An event recorded within a transaction shares
its fate. Products may be given as the shop's objects or as ids; a variant counts as its parent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from ecom_llm import conf
from ecom_llm.capture import counters
from ecom_llm.capture.boundary import boundary
from ecom_llm.capture.consent import django_request
from ecom_llm.capture.erased import was_erased
from ecom_llm.capture.excluded import is_excluded, is_unwanted_staff
from ecom_llm.capture.glimpses import Glimpse, Moment, catch, present
from ecom_llm.capture.handover import hand_over
from ecom_llm.capture.incoming import make_records
from ecom_llm.capture.queries import normalise_query
from ecom_llm.capture.repeats import bits_of, id_unless_repeat
from ecom_llm.capture.scope import current_scope
from ecom_llm.capture.sinks.base import get_sink
from ecom_llm.capture.visitors import Visitor, get_visitor, pseudonym
from ecom_llm.catalog.adapters.base import MAX_ID_CHARACTERS
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.entities import Consent, EventKind, EventRecord
from ecom_llm.ids import first_moment_of_day, id_of, uuid7
from ecom_llm.traces import trace_of

logger = logging.getLogger("ecom_llm.capture")

__all__ = [
    "normalise_query",
    "record_add_to_cart",
    "record_events",
    "record_purchase",
    "record_search",
    "record_view",
]

MAX_ORDER_ID_CHARACTERS = 64
# Of a search that is put off: what normalising reads at most, so that a long one is not held.
READ_CHARACTERS = 1_000


def record_view(request: Any, product: Any) -> None:
    """Record that a product's page was seen.

    For views that the middleware cannot recognise; one that it can is not recorded twice.

    Args:
        request: the request of the page.
        product: the shop's object or its id.
    """
    with boundary("record_view"):
        _note(EventKind.VIEW_ITEM)
        product_id = _id_of(product)
        glimpse = catch(request)
        if glimpse is not None:
            get_sink().put_off(partial(_view_of, glimpse, product_id))
        else:
            make = partial(_product_event, request, EventKind.VIEW_ITEM, product_id)
            _guarded("record_view", request, make)


def record_search(request: Any, query: str) -> None:
    """Record what was searched for.

    Args:
        request: the request of the search page.
        query: as typed; it is normalised and cut, and addresses, phone and card numbers are taken out.
    """
    with boundary("record_search"):
        _note(EventKind.SEARCH)
        glimpse = catch(request)
        if glimpse is not None:
            get_sink().put_off(partial(_search_of, glimpse, query[:READ_CHARACTERS]))
        else:
            _guarded("record_search", request, partial(_search, request, query))


def record_add_to_cart(request: Any, product_id: Any, quantity: int = 1) -> None:
    """Record that a product went into the cart.

    Args:
        request: the request that put it there.
        product_id: the product's or a variant's id, or the shop's object.
        quantity: pieces added.
    """
    _guarded(
        "record_add_to_cart",
        request,
        lambda: _product_event(request, EventKind.ADD_TO_CART, _id_of(product_id), quantity=quantity),
    )


def record_purchase(request: Any, *, order_id: str, lines: Iterable[tuple[str, int, Decimal]], currency: str) -> None:
    """Record an order. Call it once, where the order is placed.

    Args:
        request: the request that placed it.
        order_id: the shop's own; below `personal` only a hash of it is kept, as an order leads to a person.
        lines: the product or its or a variant's id, pieces, and the price of one piece (a `Decimal`, or what `Decimal`
            reads), for each line. A line that is none of that is left out and counted.
        currency: an ISO 4217 code.
    """
    with boundary("record_purchase"):
        # Now, as the shop's own objects may say something else when the page is made.
        kept = list(lines)
        _guarded("record_purchase", request, lambda: _purchase(request, str(order_id), kept, currency))


def record_events(visitor: Visitor, events: Sequence[Mapping[str, Any]]) -> int:
    """Record events that came in from outside.

    Args:
        visitor: whose they are.
        events: validated rows, as `capture.incoming.make_records` takes them.

    Returns:
        How many the sink took.
    """
    taken = 0
    if visitor.consent is Consent.NONE:
        return taken
    with boundary("record_events", events=len(events)):
        taken = hand_over(make_records(visitor, [_with_pseudonymous_order(visitor, row) for row in events]))
    return taken


def _note(kind: EventKind) -> None:
    scope = current_scope()
    if scope is not None:
        scope.recorded.add(kind)


def _guarded(place: str, source: Any, make: Callable[[], list[EventRecord]]) -> None:
    """Make and hand over now; after the view where an event loop runs and the sink may have to wait."""

    def write() -> None:
        hand_over(make())

    with boundary(place):
        scope = current_scope()
        is_quick = scope is not None and not isinstance(source, Visitor) and scope.is_quick()
        if scope is not None and _is_in_event_loop() and not is_quick:
            scope.deferred.append(boundary(place)(write))
        else:
            write()


def _is_in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _who(request: Any, *, is_action: bool = False) -> Visitor | None:
    """Whose event it is; None for whoever is not to be recorded.

    Args:
        request: or a `Visitor`.
        is_action: the shop's own code saw an order or a cart change, so that no robot's name counts against it.
    """
    if isinstance(request, Visitor):
        # Kept by the shop, beside an order say, maybe for longer than its owner wants.
        if was_erased(request.key):
            return None
    else:
        inner = django_request(request)
        if is_unwanted_staff(inner) if is_action else is_excluded(inner):
            return None
    visitor = get_visitor(request)
    return None if visitor.consent is Consent.NONE else visitor


def _view_of(glimpse: Glimpse, product_id: str) -> list[EventRecord]:
    return _product_event(glimpse.as_request(), EventKind.VIEW_ITEM, product_id, moment=glimpse.moment)


def _search_of(glimpse: Glimpse, query: str) -> list[EventRecord]:
    return _search(glimpse.as_request(), query, glimpse.moment)


def _product_event(
    request: Any, kind: EventKind, product_id: str, *, quantity: int = 1, moment: Moment | None = None
) -> list[EventRecord]:
    visitor = _who(request, is_action=kind is EventKind.ADD_TO_CART)
    if visitor is None:
        return []
    if not product_id:
        counters.count("events.dropped.unknown_product")
        return []
    values = {"product_id": product_id, "quantity": max(1, int(quantity)), "is_known": False}
    return _unless_repeat(visitor, kind, product_id, moment or present(), **values)


def _id_of(product: Any) -> str:
    """An id to be looked up when the event is stored; empty for what can be none."""
    if product is None:
        return ""
    product_id = product
    if not isinstance(product, str):
        catalog = get_catalog()
        product_id = catalog.product_id(product) if catalog.is_product(product) else str(product)
    return product_id if len(product_id) <= MAX_ID_CHARACTERS else ""


def _search(request: Any, query: str, moment: Moment | None = None) -> list[EventRecord]:
    visitor = _who(request)
    words = normalise_query(query, conf.get_settings().capture.query_max_characters)
    if not words or visitor is None:
        return []
    return _unless_repeat(visitor, EventKind.SEARCH, words, moment or present(), query=words)


def _purchase(
    request: Any, order_id: str, lines: Sequence[tuple[Any, int, Decimal]], currency: str
) -> list[EventRecord]:
    visitor = _who(request, is_action=True)
    if visitor is None:
        return []
    order = _order_id(visitor, order_id)
    moment = present()
    events = []
    for number, line in enumerate(lines):
        try:
            product_id, quantity, value = _read_line(line)
        except (TypeError, ValueError, ArithmeticError) as error:
            # One odd line must not cost the order; what it holds is the shop's and not for the log.
            counters.count("events.dropped.odd_line")
            logger.error("Line %d of an order is left out: %s", number + 1, trace_of(error))  # noqa: TRY400
            continue
        if not product_id:
            counters.count("events.dropped.unknown_product")
            continue
        identifier = _id_of_line(order, product_id, number, moment.now)
        paid = {"quantity": quantity, "value": value, "currency": str(currency or "")[:3], "order_id": order}
        event = _event(visitor, EventKind.PURCHASE, identifier, moment, product_id=product_id, is_known=False, **paid)
        events.append(event)
    return events


def _read_line(line: Sequence[Any]) -> tuple[str, int, Decimal]:
    """The product's id, the pieces and what they cost together. Shops have numbers as floats or as text, too."""
    product, quantity, price = line
    return _id_of(product), int(quantity), Decimal(str(price)) * Decimal(str(quantity))


def _id_of_line(order: str, product_id: str, number: int, now: datetime) -> UUID:
    """The same for the same line of the same order all day: payment providers tell of an order more than once."""
    if not order:
        return uuid7(now)
    return id_of(first_moment_of_day(now), bits_of("purchase", order, product_id, str(number)))


def _order_id(visitor: Visitor, order_id: str) -> str:
    return order_id[:MAX_ORDER_ID_CHARACTERS] if visitor.has_history else pseudonym("order", order_id)


def _with_pseudonymous_order(visitor: Visitor, row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**row, "order_id": _order_id(visitor, str(row["order_id"]))} if row.get("order_id") else row


def _unless_repeat(visitor: Visitor, kind: EventKind, subject: str, moment: Moment, **values: Any) -> list[EventRecord]:
    """One event, or none if it repeats what the visitor did a moment ago."""
    identifier = id_unless_repeat(visitor.key, kind, subject, moment.now)
    if identifier is None:
        counters.count("events.skipped.repeat")
        return []
    return [_event(visitor, kind, identifier, moment, **values)]


def _event(visitor: Visitor, kind: EventKind, identifier: UUID, moment: Moment, **values: Any) -> EventRecord:
    return EventRecord(
        id=identifier,
        kind=kind.value,
        occurred_at=moment.now,
        visitor=visitor.key,
        consent=visitor.consent.value,
        language=moment.language[:16],
        **values,
    )
