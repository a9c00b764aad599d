"""A small shop whose products are compared with each other, and what stands in their lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from ecom_llm.catalog.adapters.memory import MemoryProduct
from ecom_llm.entities import ListKind
from ecom_llm.models import CandidateList
from ecom_llm.recommend.packing import unpack_floats, unpack_ids

LONG_AGO = timezone.now() - timedelta(days=30)
# Of what a test changes: however long ago this was read, it was updated since the last look.
JUST_NOW = timezone.now() + timedelta(days=1)


def product(product_id: str, name: str, category: str, **values: Any) -> MemoryProduct:
    return MemoryProduct(id=product_id, name=name, category=category, **{"updated_at": LONG_AGO} | values)


SHOP = (
    product("harbour", "Harbour Rain Jacket", "Jackets", attributes={"Material": "recycled nylon"}),
    product("fell", "Fell Wind Jacket", "Jackets", attributes={"Material": "cotton"}),
    product("quay", "Quay Rain Jacket", "Jackets", attributes={"Material": "recycled nylon"}),
    product("kettle", "Morning Kettle", "Coffee", attributes={"Material": "stainless steel"}),
    product("press", "Coffee Press", "Coffee", attributes={"Material": "stainless steel"}),
    product("hidden", "Hidden Rain Jacket", "Jackets", is_visible=False),
)
MOOR = product("moor", "Moor Rain Jacket", "Jackets", updated_at=JUST_NOW)


def listed(seed: str) -> dict[str, float]:
    row = CandidateList.objects.get(kind=ListKind.CONTENT, seed=seed)
    return dict(zip(unpack_ids(row.product_ids), unpack_floats(row.weights), strict=True))


def all_listed() -> dict[str, list[str]]:
    seeds = CandidateList.objects.filter(kind=ListKind.CONTENT).values_list("seed", flat=True)
    return {seed: list(listed(seed)) for seed in seeds}


def change(monkeypatch: pytest.MonkeyPatch, catalog: Any, products: Sequence[MemoryProduct]) -> None:
    """Change the shop under the same adapter, as a shop's own table changes."""
    monkeypatch.setattr(catalog, "_products", {item.id: item for item in products})
