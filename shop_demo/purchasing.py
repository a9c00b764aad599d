"""Placing an order: stock is taken and the order written in one transaction, or nothing happens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Greatest

from shop_demo.basket import BasketLine, total_of
from shop_demo.models import Order, OrderLine, Product


class SoldOutError(Exception):
    """Another shopper was faster; ``product`` is what is short."""

    def __init__(self, product: Product) -> None:
        super().__init__(f"Not enough of {product.sku} in stock.")
        self.product = product


def place_order(lines: Sequence[BasketLine], details: dict[str, Any], token: str) -> tuple[Order, bool]:
    """Take the stock and write the order.

    Args:
        lines: what is bought; not empty.
        details: the address fields of ``Order``.
        token: names this checkout; the same token again returns the order it made before.

    Returns:
        The order, and whether this call placed it.

    Raises:
        SoldOutError: a line asks for more than there is. Nothing was written.
    """
    placed = Order.objects.filter(token=token).first()
    if placed is not None:
        return placed, False
    try:
        with transaction.atomic():
            _take_stock(lines)
            return _write(lines, details, token), True
    except (IntegrityError, SoldOutError):
        # Perhaps the same form was sent twice at once: then the other's order is this one's too.
        placed = Order.objects.filter(token=token).first()
        if placed is None:
            raise
        return placed, False


def _take_stock(lines: Sequence[BasketLine]) -> None:
    # Always in the same order, so that two orders cannot wait for each other.
    for line in sorted(lines, key=lambda line: line.product.pk):
        taken = Product.objects.filter(pk=line.product.pk, is_visible=True, stock__gte=line.quantity).update(
            stock=F("stock") - line.quantity
        )
        if not taken:
            raise SoldOutError(line.product)
    of_parents: dict[int, int] = {}
    for line in lines:
        if line.product.parent_id is not None:
            of_parents[line.product.parent_id] = of_parents.get(line.product.parent_id, 0) + line.quantity
    for parent_id, quantity in sorted(of_parents.items()):
        Product.objects.filter(pk=parent_id).update(stock=Greatest(F("stock") - quantity, 0))


def _write(lines: Sequence[BasketLine], details: dict[str, Any], token: str) -> Order:
    currency = lines[0].product.currency
    order = Order.objects.create(token=token, total=total_of(list(lines)), currency=currency, **details)
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            product=line.product,
            sku=line.product.sku,
            name=line.product.name,
            quantity=line.quantity,
            unit_price=line.product.price,
        )
        for line in lines
    )
    return order
