"""Records what the shop tells by signal; see `signals` for what each carries."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.dispatch import receiver

from ecom_llm.capture.boundary import boundary
from ecom_llm.capture.record import record_add_to_cart, record_purchase, record_search, record_view
from ecom_llm.capture.visitors import Visitor
from ecom_llm.signals import order_placed, product_added_to_cart, product_viewed, products_searched


# Within the boundary, so that not even a signal that lacks something raises into the shop's page.
@receiver(product_viewed)
@boundary("product_viewed")
def record_viewed(*, product: Any, request: Any = None, visitor: str = "", **kwargs: Any) -> None:
    """A product was looked at."""
    del kwargs
    record_view(_source(request, visitor), product)


@receiver(products_searched)
@boundary("products_searched")
def record_searched(*, query: str, request: Any = None, visitor: str = "", **kwargs: Any) -> None:
    """Words were searched for."""
    del kwargs
    record_search(_source(request, visitor), query)


@receiver(product_added_to_cart)
@boundary("product_added_to_cart")
def record_added(*, product: Any, quantity: int = 1, request: Any = None, visitor: str = "", **kwargs: Any) -> None:
    """A product went into the cart."""
    del kwargs
    record_add_to_cart(_source(request, visitor), product, quantity)


@receiver(order_placed)
@boundary("order_placed")
def record_placed(
    *,
    order_id: str,
    lines: Iterable[tuple[Any, int, Decimal]],
    currency: str,
    request: Any = None,
    visitor: str = "",
    **kwargs: Any,
) -> None:
    """An order was placed."""
    del kwargs
    record_purchase(_source(request, visitor), order_id=order_id, lines=lines, currency=currency)


def _source(request: Any, visitor: str) -> Any:
    """The request, or without one the visitor whose key was kept."""
    return Visitor.from_key(visitor) if request is None else request
