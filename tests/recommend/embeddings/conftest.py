"""A shop whose products and searches the tiny encoder compares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ecom_llm.catalog.adapters.memory import MemoryCatalog, MemoryProduct
from ecom_llm.model_files import ModelSource
from ecom_llm.recommend import comparing
from ecom_llm.recommend.embeddings import comparing as with_encoder
from tests.conftest import MakeCatalog
from tests.recommend.embeddings.tiny import TinyEncoder

PRODUCTS = (
    MemoryProduct(id="parka", name="Quay parka", category="rain", attributes={"For": "waterproof days"}),
    MemoryProduct(id="jacket", name="Harbour jacket", category="rain"),
    MemoryProduct(id="coat", name="Fell coat", category="rain"),
    MemoryProduct(id="kettle", name="Morning kettle"),
    MemoryProduct(id="couch", name="Long couch"),
    MemoryProduct(id="sold", name="Short couch", is_available=False),
    MemoryProduct(id="hidden", name="Hidden couch", is_visible=False),
)


@pytest.fixture
def encoders(monkeypatch: pytest.MonkeyPatch, use_settings: Callable[..., None]) -> list[TinyEncoder]:
    """Have the tiny encoder compare; gives those that were loaded."""
    loaded: list[TinyEncoder] = []

    def load(source: ModelSource) -> TinyEncoder:
        loaded.append(TinyEncoder(source))
        return loaded[-1]

    monkeypatch.setattr(with_encoder, "Encoder", load)
    monkeypatch.setattr(comparing, "find_encoder", lambda: ModelSource("tiny", {}))
    use_settings(RECOMMEND={"EMBEDDINGS": "tiny/encoder"})
    return loaded


@pytest.fixture
def shop(encoders: list[TinyEncoder], memory_catalog: MakeCatalog) -> MemoryCatalog:
    return memory_catalog(PRODUCTS)


@pytest.fixture
def change(monkeypatch: pytest.MonkeyPatch, shop: MemoryCatalog) -> Callable[..., Any]:
    """Put a product into the shop, under the same adapter."""

    def put(product: MemoryProduct) -> None:
        monkeypatch.setitem(shop._products, product.id, product)

    return put
