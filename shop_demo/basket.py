"""The basket: skus and quantities in the visitor's session, turned into priced lines when asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.http import HttpRequest

from shop_demo.models import Product

SESSION_KEY = "basket"
MAX_QUANTITY = 20
# The session travels in a cookie, which browsers cut off near 4 kB.
MAX_LINES = 30


@dataclass(frozen=True, slots=True)
class BasketLine:
    """One product of the basket at today's price."""

    product: Product
    quantity: int

    @property
    def amount(self) -> Decimal:
        """The price of the line."""
        return self.product.price * self.quantity

    @property
    def is_short(self) -> bool:
        """Whether the shop no longer has as many as the basket holds."""
        return not self.product.is_visible or self.product.stock < self.quantity


class Basket:
    """The basket of one request's visitor."""

    def __init__(self, request: HttpRequest) -> None:
        self._session = request.session
        kept = self._session.get(SESSION_KEY)
        self._quantities: dict[str, int] = dict(kept) if isinstance(kept, dict) else {}

    def __len__(self) -> int:
        return sum(self._quantities.values())

    def __iter__(self) -> Iterator[BasketLine]:
        return iter(self.lines())

    @property
    def is_full(self) -> bool:
        """Whether no further product fits."""
        return len(self._quantities) >= MAX_LINES

    def quantity_of(self, sku: str) -> int:
        """How many of a product are in the basket."""
        return self._quantities.get(sku, 0)

    def lines(self) -> list[BasketLine]:
        """The lines in the order they were added; products that no longer exist are left out."""
        if not self._quantities:
            return []
        found = Product.objects.select_related("category", "parent").in_bulk(list(self._quantities), field_name="sku")
        return [BasketLine(found[sku], count) for sku, count in self._quantities.items() if sku in found]

    def put(self, sku: str, quantity: int) -> None:
        """Hold ``quantity`` of a product, at most ``MAX_QUANTITY``; 0 or less takes it out."""
        if quantity > 0:
            self._quantities[sku] = min(quantity, MAX_QUANTITY)
        else:
            self._quantities.pop(sku, None)
        self._session[SESSION_KEY] = self._quantities

    def clear(self) -> None:
        """Empty the basket."""
        self._quantities = {}
        self._session.pop(SESSION_KEY, None)


def total_of(lines: list[BasketLine]) -> Decimal:
    """The price of all lines together."""
    return sum((line.amount for line in lines), Decimal(0))
