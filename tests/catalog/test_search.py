"""The shop's own search finds words, and those of the name first."""

from __future__ import annotations

import pytest

from ecom_llm.catalog.adapters.model import ModelCatalog
from shop_demo.models import Category, Product

pytestmark = pytest.mark.django_db


@pytest.fixture
def catalog() -> ModelCatalog:
    garden = Category.objects.create(slug="garden", name="Garden", hue=90)
    rows = [("bell", "Bell Tent", "glamping"), ("shade", "Paper Shade", "lamp light"), ("lamp", "Desk Lamp", "reading")]
    for sku, name, keywords in rows:
        Product.objects.create(sku=sku, name=name, keywords=keywords, category=garden, price=1, picture={})
    options = {"model": "shop_demo.Product", "id": "sku", "search": ["name", "keywords", "category__name"]}
    return ModelCatalog(options)


def found(catalog: ModelCatalog, query: str) -> list[str]:
    return [product.sku for product in catalog.search(query, 5)]


def test_word_is_not_found_inside_another_and_the_name_comes_first(catalog: ModelCatalog) -> None:
    assert found(catalog, "lamp") == ["lamp", "shade"]


def test_beginning_of_a_word_is_enough_and_every_word_must_be_there(catalog: ModelCatalog) -> None:
    assert found(catalog, "glamp") == ["bell"]
    assert found(catalog, "garden read") == ["lamp"]
    assert found(catalog, "lamp tent") == []


@pytest.mark.parametrize("query", ["(", "[a-", "\\", "%", "a\0b", " ", "🪔", "مصباح", "x" * 10_000])
def test_odd_words_find_nothing_and_break_nothing(catalog: ModelCatalog, query: str) -> None:
    assert found(catalog, query) == []
