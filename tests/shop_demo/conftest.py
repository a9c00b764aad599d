"""A small seeded shop; seeded once for each test that asks, inside its transaction."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from shop_demo.models import Product
from shop_demo.seeding import seed_catalogue


@pytest.fixture
def shop(db: None) -> None:
    """The whole catalogue in the database."""
    cache.clear()
    seed_catalogue()


@pytest.fixture
def kettle(shop: None) -> Product:
    """A variant with seven in stock."""
    return Product.objects.get(sku="kittiwake-stovetop-kettle-teal")
