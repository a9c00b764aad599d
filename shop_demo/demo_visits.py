"""Synthetic visits, so that a fresh shop has something to learn from. Every visitor is named ``demo-…``."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from ecom_llm.ids import uuid7
from ecom_llm.models import Event
from shop_demo.models import Product

VISITS = 1_500
DAYS = 21
_BATCH = 1_000
# What people who look at one department tend to look at next.
_NEIGHBOURS = {
    "tents": ("rucksacks", "bedding", "lighting"),
    "rucksacks": ("tents", "footwear", "clothing"),
    "clothing": ("footwear", "rucksacks", "bedding"),
    "footwear": ("clothing", "rucksacks", "garden"),
    "kitchen": ("coffee-tea", "garden", "kitchen"),
    "coffee-tea": ("kitchen", "desk", "tents"),
    "lighting": ("desk", "bedding", "tents"),
    "bedding": ("lighting", "clothing", "coffee-tea"),
    "desk": ("lighting", "coffee-tea", "desk"),
    "garden": ("kitchen", "footwear", "clothing"),
}


@dataclass(frozen=True, slots=True)
class _Shelf:
    """One department's products, the best-liked first."""

    slug: str
    products: tuple[Product, ...]


def seed_visits(seed: int = 7) -> int:
    """Write about 1,500 made-up visits over the last three weeks, unless any event is there already.

    Args:
        seed: the same seed gives the same visits, shifted to the present.

    Returns:
        How many events were written.
    """
    if Event.objects.exists():
        return 0
    chance = random.Random(seed)  # noqa: S311  # made-up shoppers, not security
    shelves = _shelves(chance)
    events: list[Event] = []
    now = timezone.now()
    for number in range(VISITS) if shelves else ():
        start = now - timedelta(days=chance.uniform(0.05, DAYS))
        events.extend(_visit(number, start, shelves, chance))
    with transaction.atomic():
        Event.objects.bulk_create(events, batch_size=_BATCH)
    return len(events)


def _shelves(chance: random.Random) -> dict[str, _Shelf]:
    by_slug: dict[str, list[Product]] = {}
    for product in Product.objects.listed():
        by_slug.setdefault(product.category.slug, []).append(product)
    for products in by_slug.values():
        chance.shuffle(products)
    return {slug: _Shelf(slug, tuple(products)) for slug, products in by_slug.items()}


def _visit(number: int, start: datetime, shelves: dict[str, _Shelf], chance: random.Random) -> Iterator[Event]:
    # Some visitors come twice, as they do.
    visitor, visit = f"demo-{number * 4 // 5:04d}", f"demo-visit-{number:04d}"
    seen = _walk(shelves, chance)
    moment = start
    for product in seen:
        moment += timedelta(seconds=chance.randint(8, 140))
        yield _event("view_item", moment, visitor, visit, product)
    if chance.random() < 0.14:
        order = f"DEMO-{number:04d}"
        for product in chance.sample(seen, k=min(len(seen), chance.choice((1, 1, 2, 3)))):
            moment += timedelta(seconds=chance.randint(20, 90))
            yield _event("purchase", moment, visitor, visit, product, order)


def _walk(shelves: dict[str, _Shelf], chance: random.Random) -> list[Product]:
    """The products of one visit: near one another on a shelf, now and then on a neighbouring one."""
    shelf = shelves[chance.choice(sorted(shelves))]
    seen: list[Product] = []
    place = _popular_place(shelf, chance)
    for _ in range(chance.choice((2, 3, 3, 4, 4, 5, 6, 8))):
        product = shelf.products[place]
        if product not in seen:
            seen.append(product)
        if chance.random() < 0.24:
            shelf = shelves.get(chance.choice(_NEIGHBOURS.get(shelf.slug, (shelf.slug,))), shelf)
            place = _popular_place(shelf, chance)
        else:
            place = (place + chance.choice((-2, -1, 1, 1, 2))) % len(shelf.products)
    return seen


def _popular_place(shelf: _Shelf, chance: random.Random) -> int:
    places = range(len(shelf.products))
    return chance.choices(places, weights=[1 / (place + 2) for place in places])[0]


def _event(kind: str, moment: datetime, visitor: str, visit: str, product: Product, order_id: str = "") -> Event:
    return Event(
        id=uuid7(moment),
        kind=kind,
        occurred_at=moment,
        visitor=visitor,
        visit=visit,
        consent="anonymous",
        product_id=product.sku,
        order_id=order_id,
        value=product.price,
        currency=product.currency,
    )
