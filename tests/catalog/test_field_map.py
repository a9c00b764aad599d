"""A shop's own function that fails on a product costs that fact, and nothing else."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from ecom_llm.catalog.adapters.model import ModelCatalog
from shop_demo.models import Product


def weight(product: Any) -> str:
    return str(product.attributes["Weight"]).upper()


def test_function_that_raises_leaves_its_fact_out_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    catalog = ModelCatalog({"model": "shop_demo.Product", "id": "sku", "facts": {"Weight": weight}})
    bare = Product(sku="bare", name="Bare", attributes={})
    with caplog.at_level(logging.ERROR):
        assert catalog.facts(bare).facts == ()
    assert "weight" in caplog.text
    full = Product(sku="full", name="Full", attributes={"Weight": "420 g"})
    assert catalog.facts(full).facts[0].value == "420 G"
