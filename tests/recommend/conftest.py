"""A shop of jackets and pots, and events in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from ecom_llm.capture.visitors import Visitor
from ecom_llm.catalog.adapters.memory import MemoryCatalog, MemoryProduct
from ecom_llm.entities import Consent, EventKind
from ecom_llm.models import CandidateList, Event
from ecom_llm.recommend import applying
from tests.conftest import MakeCatalog

ANYONE = Visitor("", Consent.NONE)
EVA = Visitor("p:" + "e" * 32, Consent.PERSONAL)

NYLON = {"Material": "nylon", "Waterproof": "yes", "Weight": "400 g"}
PRODUCTS = (
    MemoryProduct(id="harbour", name="Harbour Jacket", category="Jackets", attributes=NYLON),
    MemoryProduct(id="harbour-l", name="Harbour Jacket, L", category="Jackets", parent_id="harbour"),
    MemoryProduct(id="harbour-m", name="Harbour Jacket, M", category="Jackets", parent_id="harbour"),
    MemoryProduct(id="quay", name="Quay Parka", category="Jackets", attributes={"Material": "Nylon"}),
    MemoryProduct(id="fell", name="Fell Coat", category="Jackets", attributes={"Material": "wool"}),
    MemoryProduct(id="fell-s", name="Fell Coat, S", category="Jackets", parent_id="fell"),
    MemoryProduct(id="pot", name="Camp Pot", category="Kitchen", attributes={"Weight": "400 g"}),
    MemoryProduct(id="pan", name="Camp Pan", category="Kitchen"),
    MemoryProduct(id="bag", name="Sail Bag"),
    MemoryProduct(id="hidden", name="Hidden Cape", category="Jackets", attributes=NYLON, is_visible=False),
    MemoryProduct(id="sold-out", name="Sold Cape", category="Jackets", attributes=NYLON, is_available=False),
)
IDS = tuple(product.id for product in PRODUCTS)

Visit = Callable[..., None]


@pytest.fixture
def shop(memory_catalog: MakeCatalog) -> MemoryCatalog:
    return memory_catalog(PRODUCTS)


def record(visitor: str, product_id: str, moment: datetime, **values: Any) -> Event:
    """Write one event, a view unless `values` say otherwise."""
    return Event.objects.create(
        **{"kind": EventKind.VIEW_ITEM, "consent": "personal", "visitor": visitor}
        | {"product_id": product_id, "occurred_at": moment}
        | values
    )


@pytest.fixture
def visit(db: None) -> Visit:
    """Record a visit that looks at products a minute apart, by a visitor of its own unless one is named."""
    start = timezone.now() - timedelta(days=1)
    count = 0

    def look(*product_ids: str, visitor: str = "", times: int = 1, kind: EventKind = EventKind.VIEW_ITEM) -> None:
        nonlocal count
        for _ in range(times):
            count += 1
            for minute, product_id in enumerate(product_ids):
                record(visitor or f"p:{count}", product_id, start + timedelta(minutes=minute), kind=kind)

    return look


@pytest.fixture
def order(db: None) -> Visit:
    """Record an order."""
    count = 0

    def buy(*product_ids: str, visitor: str = "", times: int = 1) -> None:
        nonlocal count
        for _ in range(times):
            count += 1
            for product_id in product_ids:
                values = {"kind": EventKind.PURCHASE, "order_id": f"order-{count}"}
                record(visitor or f"p:{count}", product_id, timezone.now(), **values)

    return buy


@pytest.fixture
def renewed(monkeypatch: pytest.MonkeyPatch) -> list[CandidateList]:
    """The lists that were written last."""
    written: list[CandidateList] = []
    write = applying.write_lists

    def write_and_keep(lists: list[CandidateList]) -> None:
        written[:] = lists
        write(lists)

    monkeypatch.setattr(applying, "write_lists", write_and_keep)
    return written
