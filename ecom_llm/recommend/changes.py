"""What visits and orders add to the counts, or take from them, before it is written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ecom_llm.recommend.contributions import Counting, of_order, of_visit
from ecom_llm.recommend.pair_table import Numbering, PairTable
from ecom_llm.recommend.visits import Learned, Visit

# Under it all visits, carts and orders of the shop are counted.
WHOLE_SHOP = ""


@dataclass(slots=True)
class Totals:
    """How often a product was viewed, added and bought; weights are what recency leaves of each."""

    visits: int = 0
    carts: int = 0
    orders: int = 0
    visit_weight: float = 0.0
    cart_weight: float = 0.0
    order_weight: float = 0.0

    def plus(self, other: Totals) -> Totals:
        """The sum; nothing falls below 0."""
        return Totals(
            max(self.visits + other.visits, 0),
            max(self.carts + other.carts, 0),
            max(self.orders + other.orders, 0),
            max(self.visit_weight + other.visit_weight, 0.0),
            max(self.cart_weight + other.cart_weight, 0.0),
            max(self.order_weight + other.order_weight, 0.0),
        )


class Changes:
    """Sums over visits and orders.

    Attributes:
        pairs: by seed and candidate.
        totals: by product, and under `WHOLE_SHOP` for the shop.
        newest_at: when the newest of what was added ended.
    """

    def __init__(self, counting: Counting, landmark: datetime) -> None:
        self._counting = counting
        self._landmark = landmark
        self._numbering = Numbering()
        self.pairs = PairTable(self._numbering)
        self.totals: dict[str, Totals] = {}
        self.newest_at = landmark

    def add(self, learned: Iterable[Learned], sign: int = 1) -> None:
        """Count visits and orders.

        Args:
            learned: them.
            sign: -1 to take away what they once added.
        """
        for item in learned:
            if sign > 0:
                self.newest_at = max(self.newest_at, item.at)
            weight = sign * self._counting.recency(item.at, self._landmark)
            count_totals(self.totals, item, sign, weight)
            number = self._numbering.number
            if isinstance(item, Visit):
                products = [number(product_id) for product_id in item.products]
                pairs = of_visit(products, set(map(number, item.added)), self._counting)
            else:
                pairs = of_order(set(map(number, item.products)), self._counting)
            for seed, candidate, kind, strength in pairs:
                self.pairs.add(seed, candidate, kind, strength * weight, sign)


def count_totals(totals: dict[str, Totals], item: Learned, sign: int, weight: float) -> None:
    """Count one visit or order, without its pairs.

    Args:
        totals: is added to; by product, and under `WHOLE_SHOP` for the shop.
        item: the visit or the order.
        sign: -1 to take it away.
        weight: what recency leaves of it, with the sign.
    """
    if isinstance(item, Visit):
        for product_id in (WHOLE_SHOP, *frozenset(item.products)):
            row = totals.setdefault(product_id, Totals())
            row.visits += sign
            row.visit_weight += weight
        for product_id in (WHOLE_SHOP, *item.added) if item.added else ():
            row = totals.setdefault(product_id, Totals())
            row.carts += sign
            row.cart_weight += weight
    else:
        for product_id in (WHOLE_SHOP, *item.products):
            row = totals.setdefault(product_id, Totals())
            row.orders += sign
            row.order_weight += weight
