from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ecom_llm.catalog.adapters.memory import MemoryProduct
from ecom_llm.entities import EvidenceKind
from ecom_llm.recommend.content import forget_content, update_content
from ecom_llm.recommend.learning import learn
from ecom_llm.recommend.ranking import recommend
from tests.conftest import MakeCatalog
from tests.recommend.conftest import ANYONE, PRODUCTS, Visit

pytestmark = pytest.mark.django_db

CAPE = MemoryProduct(
    id="cape", name="Harbour Cape", category="Jackets", attributes={"Material": "nylon", "Waterproof": "yes"}
)


@pytest.fixture(autouse=True)
def _words_alone(settings: Any) -> None:
    settings.ECOM_LLM = settings.ECOM_LLM | {"RECOMMEND": {"EMBEDDINGS": ""}}
    forget_content()


def shown(limit: int = 4) -> dict[str, EvidenceKind]:
    found = recommend(visitor=ANYONE, product="harbour", limit=limit)
    return {rec.product_id: rec.evidence.kind for rec in found}


def test_a_product_added_a_minute_ago_takes_the_last_place_for_what_it_is(
    memory_catalog: MakeCatalog, visit: Visit
) -> None:
    memory_catalog(PRODUCTS)
    visit("harbour", "quay", "pot", "pan", "bag", "fell", times=30)
    learn()
    update_content()
    assert "cape" not in shown()
    memory_catalog((*PRODUCTS, CAPE))
    update_content()
    found = shown()
    assert list(found)[-1] == "cape"
    assert found["cape"] in (EvidenceKind.SIMILAR, EvidenceKind.SAME_ATTRIBUTE)


def test_what_was_there_when_products_were_first_compared_is_not_new(memory_catalog: MakeCatalog, visit: Visit) -> None:
    memory_catalog((*PRODUCTS, CAPE))
    visit("harbour", "quay", "pot", "pan", "bag", "fell", times=30)
    learn()
    update_content()
    assert "cape" not in shown()


def test_a_product_that_many_have_seen_speaks_for_itself(memory_catalog: MakeCatalog, visit: Visit) -> None:
    memory_catalog(PRODUCTS)
    update_content()
    memory_catalog((*PRODUCTS, CAPE))
    visit("cape", times=30)
    visit("harbour", "quay", "pot", "pan", "bag", "fell", times=30)
    learn()
    update_content()
    assert "cape" not in shown()


def test_a_page_with_few_places_keeps_them(memory_catalog: MakeCatalog, visit: Visit) -> None:
    memory_catalog(PRODUCTS)
    visit("harbour", "quay", "pot", "pan", "bag", "fell", times=30)
    learn()
    update_content()
    memory_catalog((*PRODUCTS, CAPE))
    update_content()
    assert "cape" not in shown(3)


@pytest.mark.parametrize("is_kept", [False, True])
def test_a_product_that_was_hidden_for_a_while_is_not_new(
    memory_catalog: MakeCatalog, visit: Visit, *, is_kept: bool
) -> None:
    memory_catalog((*PRODUCTS, CAPE))
    visit("harbour", "quay", "pot", "pan", "bag", "fell", times=30)
    learn()
    update_content()
    # A new catalogue is looked at in full.
    memory_catalog((*PRODUCTS, replace(CAPE, is_visible=False)) if is_kept else PRODUCTS)
    update_content()
    memory_catalog((*PRODUCTS, CAPE))
    update_content()
    # The shop had it all the time, or had thrown it out.
    assert ("cape" in shown()) is not is_kept


def test_a_new_product_is_still_new_after_it_was_hidden(memory_catalog: MakeCatalog, visit: Visit) -> None:
    memory_catalog(PRODUCTS)
    visit("harbour", "quay", "pot", "pan", "bag", "fell", times=30)
    learn()
    update_content()
    for is_visible in (True, False, True):
        memory_catalog((*PRODUCTS, replace(CAPE, is_visible=is_visible)))
        update_content()
    assert "cape" in shown()
