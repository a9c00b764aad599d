"""Shops of many generated visits."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from ecom_llm.catalog.adapters.memory import MemoryProduct
from ecom_llm.entities import EventKind
from ecom_llm.ids import id_of
from ecom_llm.models import Event
from ecom_llm.recommend.blend import forget_blend
from tests.conftest import MakeCatalog

START = datetime(2026, 5, 1, tzinfo=UTC)
PRODUCTS = [f"p{number:02}" for number in range(60)]

Record = Callable[[Sequence[Sequence[str]]], None]


@pytest.fixture(autouse=True)
def _serving(memory_catalog: MakeCatalog) -> Iterator[None]:
    memory_catalog([MemoryProduct(id=product_id, name=product_id) for product_id in PRODUCTS])
    forget_blend()
    yield
    forget_blend()


def record(visits: Sequence[Sequence[str]]) -> None:
    """Write visits, an hour after each other."""
    Event.objects.bulk_create(
        Event(
            id=id_of(moment, number << 10 | place),
            kind=EventKind.VIEW_ITEM,
            consent="personal",
            visitor=f"p:{number}",
            product_id=product_id,
            occurred_at=moment,
        )
        for number, visit in enumerate(visits)
        for place, product_id in enumerate(visit)
        for moment in [START + timedelta(hours=number, minutes=place)]
    )


def chains(visits: int, seed: int = 1) -> list[list[str]]:
    """Visits that walk along a ring of products, one or two steps at a time: the order is all that matters."""
    draw = random.Random(seed)
    found = []
    for _ in range(visits):
        place = draw.randrange(len(PRODUCTS))
        visit = [PRODUCTS[place]]
        for _ in range(3):
            place = (place + draw.choice((1, 1, 2))) % len(PRODUCTS)
            visit.append(PRODUCTS[place])
        found.append(visit)
    return found


def companies(visits: int, seed: int = 1) -> list[list[str]]:
    """Visits to products of a group of ten, in any order, and every third of any: the company is all that matters."""
    draw = random.Random(seed)
    groups = [PRODUCTS[start : start + 10] for start in range(0, len(PRODUCTS), 10)]
    found = []
    for _ in range(visits):
        visit = draw.sample(draw.choice(groups), 4) + draw.sample(PRODUCTS, 2)
        draw.shuffle(visit)
        found.append(list(dict.fromkeys(visit)))
    return found


def whims(visits: int, seed: int = 1) -> list[list[str]]:
    """Visits to any products: nothing matters."""
    draw = random.Random(seed)
    return [draw.sample(PRODUCTS, 4) for _ in range(visits)]
