"""Products are compared by an encoder's vectors, and brought into the space of searches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ecom_llm.catalog.adapters.memory import MemoryProduct
from ecom_llm.entities import ListKind
from ecom_llm.models import CandidateList, ProductVector, WordVectors
from ecom_llm.recommend.content import forget_content, update_content
from ecom_llm.recommend.packing import unpack_ids
from tests.recommend.embeddings.tiny import TinyEncoder

pytestmark = pytest.mark.django_db

Change = Callable[[MemoryProduct], None]


def listed(seed: str) -> list[str]:
    return unpack_ids(CandidateList.objects.get(kind=ListKind.CONTENT, seed=seed).product_ids)


def test_what_means_the_same_is_listed(shop: Any) -> None:
    update_content()
    assert set(listed("jacket")) == {"parka", "coat"}
    assert listed("kettle") == []


def test_product_never_viewed_enters_the_lists_of_its_neighbours(shop: Any, change: Change) -> None:
    update_content()
    change(MemoryProduct(id="settee", name="New settee"))
    report = update_content()
    assert report.changed == 1
    assert "settee" in listed("couch")
    assert "couch" in listed("settee")


def test_changed_facts_are_encoded_anew_for_that_product_only(
    shop: Any, change: Change, encoders: list[TinyEncoder]
) -> None:
    update_content()
    before = len(encoders[0].encoded)
    change(MemoryProduct(id="coat", name="Fell lamp"))
    update_content()
    assert encoders[0].encoded[before:] == ["Fell lamp."]
    assert "coat" not in listed("jacket")


def test_every_product_and_the_vocabulary_are_prepared_for_searches(shop: Any) -> None:
    update_content()
    assert WordVectors.objects.filter(model="tiny/encoder#1").exists()
    assert not ProductVector.objects.filter(static=b"").exists()


def test_vocabulary_is_distilled_once(shop: Any, change: Change, monkeypatch: pytest.MonkeyPatch) -> None:
    update_content()
    made_at = WordVectors.objects.get(model="tiny/encoder#1").made_at
    forget_content()
    monkeypatch.setattr(TinyEncoder, "encode_tokens", None)
    change(MemoryProduct(id="light", name="New light"))
    update_content()
    assert WordVectors.objects.get(model="tiny/encoder#1").made_at == made_at
    assert ProductVector.objects.get(product_id="light").static


def test_another_encoder_makes_all_anew(shop: Any, use_settings: Callable[..., None]) -> None:
    update_content()
    use_settings(RECOMMEND={"EMBEDDINGS": "tiny/encoder", "EMBEDDINGS_REVISION": "abc"})
    assert update_content().changed == 6
    assert set(ProductVector.objects.values_list("model", flat=True)) == {"tiny/encoder@abc#1"}
    assert set(listed("jacket")) == {"parka", "coat"}


def test_another_workers_products_are_compared_too(shop: Any, change: Change) -> None:
    update_content()
    change(MemoryProduct(id="settee", name="New settee"))
    from ecom_llm.recommend import content

    own = content._upkeep
    forget_content()
    update_content()
    content._upkeep = own
    change(MemoryProduct(id="sofa", name="New sofa"))
    update_content()
    assert {"settee", "couch"} <= set(listed("sofa"))
    assert "sofa" in listed("settee")
