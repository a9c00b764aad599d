"""A product that shoppers may not see for a while is out of all comparison, and back in it when it is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from ecom_llm.catalog.adapters.memory import MemoryProduct
from ecom_llm.models import ProductVector
from ecom_llm.recommend.content import ContentReport, forget_content, update_content
from tests.conftest import MakeCatalog
from tests.recommend.content_shop import SHOP, all_listed, change, listed, product

pytestmark = pytest.mark.django_db


def shop_with(**changes: dict[str, Any]) -> list[MemoryProduct]:
    """The shop with some products changed now."""
    now = timezone.now()
    return [replace(item, updated_at=now, **changes[item.id]) if item.id in changes else item for item in SHOP]


@pytest.fixture
def hidden(memory_catalog: MakeCatalog, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The catalogue after a look that met a product which had been hidden since the last look at all."""
    catalog = memory_catalog(SHOP)
    update_content()
    assert list(listed("fell")) == ["harbour", "quay"]
    change(monkeypatch, catalog, shop_with(harbour={"is_visible": False}, quay={"name": "Quay Rain Coat"}))
    assert update_content().removed == 1
    return catalog


def test_hidden_product_has_no_list_and_leaves_those_of_others(hidden: Any) -> None:
    assert "harbour" not in all_listed()
    assert list(listed("fell")) == ["quay"]
    assert list(listed("quay")) == ["fell"]


def test_hidden_product_is_tried_by_no_further_look(hidden: Any) -> None:
    assert update_content() == ContentReport(is_complete=True)
    forget_content()
    assert update_content() == ContentReport(is_complete=True)


@pytest.mark.parametrize("is_full", [False, True])
def test_product_that_was_hidden_is_compared_again_when_it_is_shown(
    hidden: Any, monkeypatch: pytest.MonkeyPatch, *, is_full: bool
) -> None:
    change(monkeypatch, hidden, shop_with(harbour={}, quay={"name": "Quay Rain Coat"}))
    if is_full:
        forget_content()
    assert update_content().changed == 1
    assert set(listed("harbour")) == {"quay", "fell"}
    assert "harbour" in listed("quay")
    assert "harbour" in listed("fell")


def test_hidden_product_that_the_shop_has_no_more_is_forgotten(hidden: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ProductVector.objects.filter(product_id="harbour").exists()
    change(monkeypatch, hidden, [item for item in SHOP if item.id != "harbour"])
    forget_content()
    update_content()
    assert not ProductVector.objects.filter(product_id="harbour").exists()


def test_hidden_products_take_no_places(memory_catalog: MakeCatalog, monkeypatch: pytest.MonkeyPatch) -> None:
    mugs = [product(f"mug{number:03}", "Enamel Mug", "Mugs") for number in range(120)]
    catalog = memory_catalog(mugs)
    update_content()
    late = product("mug999", "Enamel Mug", "Mugs", updated_at=timezone.now())
    change(monkeypatch, catalog, [*[replace(item, is_visible=False) for item in mugs[:100]], *mugs[100:], late])
    update_content()
    shown = {item.id for item in mugs[100:]}
    assert set(listed("mug999")) == shown
    assert {item for ids in all_listed().values() for item in ids} == {*shown, "mug999"}


def test_product_whose_facts_can_no_longer_be_read_is_out_until_they_can(
    memory_catalog: MakeCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = memory_catalog(SHOP)
    update_content()
    facts = catalog.facts

    def fail_on_quay(item: Any) -> Any:
        return facts(item) if item.id != "quay" else facts(None)

    with monkeypatch.context() as patched:
        patched.setattr(catalog, "facts", fail_on_quay)
        forget_content()
        assert update_content().removed == 1
        assert "quay" not in all_listed()
        assert "quay" not in listed("harbour")
    forget_content()
    update_content()
    assert "quay" in listed("harbour")
    assert "harbour" in listed("quay")
