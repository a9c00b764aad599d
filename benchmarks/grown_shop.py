"""A large shop made up: its products, and the events of its visitors as a stream that holds one visit at a time.

Categories and the products in each are as popular as Zipf's law has it. A visit starts in some category and mostly
stays there, goes on to a product near the last one or to a popular one, comes back to what it has seen, or moves on to
a neighbouring category; some of what is viewed goes into the cart, and some carts become orders. One seed gives one
stream.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ecom_llm.entities import EventRecord

PRODUCTS_PER_CATEGORY = 200
LONGEST = 20
# Chances: of a further product, of going back, of staying in the category, there of staying near, of putting into the
# cart, of ordering what is in it, of a visitor who comes again.
FURTHER, BACK, STAY, NEAR, CART, ORDER, KNOWN = 0.75, 0.1, 0.85, 0.6, 0.08, 0.3, 0.15
KNOWN_VISITORS = 50_000
NEAR_PRODUCTS = 5
STEP_SECONDS = 40


class Step(NamedTuple):
    """A product of a visit, and whether it went into the cart."""

    product: int
    is_added: bool


class GrownShop:
    """Its shape; products are numbers from 0."""

    def __init__(self, products: int, seed: int) -> None:
        """Give each category its share of the products."""
        self._chance = random.Random(seed)
        categories = max(products // PRODUCTS_PER_CATEGORY, 1)
        bounds = [products * place // categories for place in range(categories + 1)]
        self.category_of = [place for place in range(categories) for _ in range(bounds[place], bounds[place + 1])]
        self._bounds = bounds
        self._category_weights = list(accumulate(1 / (place + 1) ** 0.8 for place in range(categories)))
        largest = max(bounds[place + 1] - bounds[place] for place in range(categories))
        self._product_weights = list(accumulate(1 / (place + 1) for place in range(largest)))

    def visit(self) -> list[Step]:
        """One more visit."""
        chance = self._chance
        category = self._pick(self._category_weights, len(self._category_weights))
        seen = [self._popular(category)]
        while len(seen) < LONGEST and chance.random() < FURTHER:
            if len(seen) > 1 and chance.random() < BACK:
                seen.append(seen[-2])
                continue
            if chance.random() >= STAY:
                category = (category + chance.choice((-1, 1))) % len(self._category_weights)
                seen.append(self._popular(category))
            else:
                seen.append(self._near(seen[-1]) if chance.random() < NEAR else self._popular(category))
        return [Step(product, chance.random() < CART) for product in seen]

    def events(self, number: int, until: datetime, days: int) -> Iterator[EventRecord]:
        """So many events, visit after visit, spread evenly over the days before a moment.

        Args:
            number: of events; the last visit may be cut short.
            until: when they end.
            days: how long before that they begin.
        """
        from ecom_llm.entities import Consent, EventKind, EventRecord
        from ecom_llm.ids import id_of

        chance, made = self._chance, 0
        start, pace = until - timedelta(days=days), timedelta(days=days) / number
        while made < number:
            steps = self.visit()
            at = start + pace * made
            is_known = chance.random() < KNOWN
            key = chance.randrange(KNOWN_VISITORS) if is_known else chance.getrandbits(120)
            consent = (Consent.PERSONAL if is_known else Consent.ANONYMOUS).value
            visitor = f"{consent[0]}:{key:032x}"
            order = f"{chance.getrandbits(60):015x}" if chance.random() < ORDER else ""
            for kind, product in _kinds(steps, is_order=bool(order)):
                if made < number:
                    is_purchase = kind == EventKind.PURCHASE
                    yield EventRecord(
                        id=id_of(at, chance.getrandbits(80)), kind=kind, occurred_at=at, visitor=visitor,
                        consent=consent, product_id=sku(product), order_id=order if is_purchase else "",
                    )  # fmt: skip
                    made += 1
                    at = min(at + timedelta(seconds=STEP_SECONDS), until)

    def _popular(self, category: int) -> int:
        first, behind = self._bounds[category], self._bounds[category + 1]
        return first + self._pick(self._product_weights, behind - first)

    def _near(self, product: int) -> int:
        category = self.category_of[product]
        first, behind = self._bounds[category], self._bounds[category + 1]
        return first + (product - first + self._chance.randint(1, NEAR_PRODUCTS)) % (behind - first)

    def _pick(self, weights: list[float], count: int) -> int:
        return min(bisect(weights, self._chance.random() * weights[count - 1]), count - 1)


def sku(product: int) -> str:
    """The catalogue's id of a product."""
    return f"p{product:06d}"


def _kinds(steps: list[Step], *, is_order: bool) -> Iterator[tuple[str, int]]:
    """What is recorded of a visit."""
    from ecom_llm.entities import EventKind

    added: dict[int, None] = {}
    for step in steps:
        yield EventKind.VIEW_ITEM.value, step.product
        if step.is_added and step.product not in added:
            added[step.product] = None
            yield EventKind.ADD_TO_CART.value, step.product
    if is_order:
        for product in added:
            yield EventKind.PURCHASE.value, product
