from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from ecom_llm.catalog.adapters.memory import MemoryCatalog, MemoryProduct
from ecom_llm.entities import ListKind
from ecom_llm.models import Event, LearningRun
from ecom_llm.privacy.erasing import erase
from ecom_llm.recommend import popularity, standing
from ecom_llm.recommend.changes import Totals
from ecom_llm.recommend.learning import learn
from ecom_llm.recommend.popularity import CatalogueUnreadableError, category_seed, rank_catalogue
from tests.conftest import MakeCatalog
from tests.recommend.conftest import PRODUCTS, Visit, record
from tests.recommend.learned import all_lists, candidates, shown

pytestmark = pytest.mark.django_db


def test_an_order_is_worth_several_visits_and_those_of_long_ago_less() -> None:
    assert popularity.popularity(Totals(visits=9, orders=9, visit_weight=1.5, order_weight=0.5)) == 3.0


def test_support_is_visits_or_orders_whichever_are_more() -> None:
    assert [popularity.support(Totals(visits=2, orders=orders)) for orders in (1, 3)] == [2, 3]


def test_a_long_category_is_cut_to_what_the_table_holds() -> None:
    assert len(category_seed("c" * 300)) == 100


def test_of_products_that_nobody_looked_at_those_that_can_be_had_come_first(memory_catalog: MakeCatalog) -> None:
    memory_catalog(
        [
            {"id": "gone", "name": "Gone", "is_available": False},
            {"id": "b", "name": "B"},
            {"id": "a", "name": "A"},
        ]
    )
    learn()
    assert candidates("", ListKind.SHOP) == ["b", "a", "gone"]


def test_however_large_the_catalogue_lists_are_short_and_hold_the_best(
    memory_catalog: MakeCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(popularity, "POPULAR_PRODUCTS", 3)
    monkeypatch.setattr(standing, "CHUNK_PRODUCTS", 7)
    memory_catalog([{"id": f"p{number:03}", "name": "P", "category": f"c{number % 2}"} for number in range(100)])
    totals = {f"p{number:03}": Totals(visits=number, visit_weight=float(number)) for number in (5, 50, 70, 99)}
    lists = {(row.kind, row.seed): row for row in rank_catalogue(totals, 1)}
    assert bytes(lists["shop", ""].product_ids).split(b"\0") == [b"p099", b"p070", b"p050"]
    assert bytes(lists["category", "c1"].product_ids).split(b"\0") == [b"p099", b"p005", b"p001"]
    assert len(lists) == 3


def test_what_was_viewed_of_late_is_more_popular_than_what_was_long_ago(
    memory_catalog: MakeCatalog, use_settings: Visit
) -> None:
    memory_catalog(PRODUCTS)
    use_settings(RECOMMEND={"HALF_LIFE_DAYS": 10})
    now = timezone.now()
    for number in range(3):
        record(f"p:{number}", "pot", now - timedelta(days=40))
    record("p:9", "pan", now)
    learn()
    assert candidates("Kitchen", ListKind.CATEGORY) == ["pan", "pot"]
    # What is said of it is how many there were.
    assert shown("Kitchen", "pot", ListKind.CATEGORY).support == 3


def test_a_category_that_is_new_gets_its_list_with_the_first_visit(memory_catalog: MakeCatalog, visit: Visit) -> None:
    memory_catalog(PRODUCTS)
    learn()
    memory_catalog([*PRODUCTS, {"id": "oar", "name": "Oar", "category": "Boats"}])
    visit("oar", times=2)
    learn()
    assert candidates("Boats", ListKind.CATEGORY) == ["oar"]
    assert candidates("", ListKind.SHOP)[0] == "oar"


def fail_for(monkeypatch: pytest.MonkeyPatch, product_id: str, method: str) -> None:
    """Have the catalogue trip over one product."""
    real = getattr(MemoryCatalog, method)

    def fail(catalog: MemoryCatalog, product: MemoryProduct) -> Any:
        if product.id == product_id:
            raise ValueError(product.name)
        return real(catalog, product)

    monkeypatch.setattr(MemoryCatalog, method, fail)


@pytest.mark.parametrize(
    ("method", "kitchen"), [("offer", ["pan", "pot"]), ("facts", ["pan"]), ("is_visible", ["pan"])]
)
def test_a_product_that_cannot_be_read_keeps_nobody_from_learning_and_forgetting(
    memory_catalog: MakeCatalog,
    visit: Visit,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    method: str,
    kitchen: list[str],
) -> None:
    memory_catalog(PRODUCTS)
    visit("pan", "quay", visitor="p:eva")
    learn()
    fail_for(monkeypatch, "pot", method)
    visit("pot", "pan", visitor="p:eva")
    with caplog.at_level(logging.ERROR, logger="ecom_llm"):
        assert learn().kind == LearningRun.Kind.INCREMENT
    assert candidates("Kitchen", ListKind.CATEGORY) == kitchen
    assert "product pot" in caplog.text
    assert "Camp Pot" not in caplog.text
    assert erase(["p:eva"]).is_complete
    assert not Event.objects.exists()
    assert candidates("Kitchen", ListKind.CATEGORY) == kitchen
    assert learn(rebuild=True).kind == LearningRun.Kind.REBUILD
    assert candidates("Kitchen", ListKind.CATEGORY) == kitchen


def test_a_catalogue_that_fails_altogether_leaves_the_lists_of_what_is_popular(
    memory_catalog: MakeCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory_catalog(PRODUCTS)
    learn()
    lists = all_lists()
    monkeypatch.setattr(MemoryCatalog, "facts", lambda *_: 1 // 0)
    with pytest.raises(CatalogueUnreadableError):
        learn(rebuild=True)
    assert all_lists() == lists


def test_a_product_that_is_hidden_leaves_the_lists_with_the_next_increment(
    memory_catalog: MakeCatalog, visit: Visit
) -> None:
    memory_catalog(PRODUCTS)
    visit("pot", "pan", "bag")
    learn()
    memory_catalog([replace(product, is_visible=product.category != "Kitchen") for product in PRODUCTS])
    visit("pot", "bag")
    learn()
    assert candidates("Kitchen", ListKind.CATEGORY) == []
    assert not {"pot", "pan"} & set(candidates("", ListKind.SHOP))
