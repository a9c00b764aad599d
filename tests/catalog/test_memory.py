"""MemoryCatalog keeps the contract of catalogue adapters."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ecom_llm.catalog.adapters.memory import MemoryCatalog, MemoryProduct
from ecom_llm.exceptions import ConfigurationError
from ecom_llm.testing import CatalogCase, CatalogContract
from tests.products import SAMPLE_PRODUCTS

CHANGED_AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.django_db
class TestMemoryCatalog(CatalogContract):
    @pytest.fixture
    def adapter(self) -> MemoryCatalog:
        return MemoryCatalog({"products": [replace(item, updated_at=CHANGED_AT) for item in SAMPLE_PRODUCTS]})

    @pytest.fixture
    def case(self) -> CatalogCase:
        return CatalogCase(
            visible_id="jacket-1", hidden_id="hidden-1", variant_id="jacket-1-l", parent_id="jacket-1", query="jacket"
        )


def test_products_may_be_dicts() -> None:
    catalog = MemoryCatalog({"products": [{"id": "1", "name": "Mug", "price": Decimal(3)}]})
    assert catalog.get("1") == MemoryProduct(id="1", name="Mug", price=Decimal(3))


def test_product_without_attributes_has_no_facts() -> None:
    catalog = MemoryCatalog({"products": [MemoryProduct(id="1", name="Mug")]})
    facts = catalog.facts(catalog.get("1"))
    assert facts.facts == ()
    assert facts.citable == {"name": "Mug"}


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"product": []}, "'product'"),
        ({"products": [{"id": "1", "title": "Mug"}]}, "title"),
        ({"products": [{}]}, "id"),
    ],
)
def test_wrong_options_are_refused_by_name(options: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        MemoryCatalog(options)
