"""Products enter each other's lists for what they are, by words here; see `embeddings` for the encoder."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from ecom_llm.entities import ListKind
from ecom_llm.models import CandidateList, ProductVector, WordVectors
from ecom_llm.pipeline import sweeping
from ecom_llm.recommend import content, content_changes, content_lists, spelling
from ecom_llm.recommend.comparing import WordComparison
from ecom_llm.recommend.content import ContentReport, forget_content, update_content
from tests.conftest import MakeCatalog
from tests.recommend.content_shop import MOOR, SHOP, all_listed, change, listed, product

pytestmark = pytest.mark.django_db


def test_what_is_alike_is_listed_most_alike_first(memory_catalog: MakeCatalog) -> None:
    memory_catalog(SHOP)
    report = update_content()
    assert report == ContentReport(changed=5, lists=5, is_complete=True)
    assert list(listed("harbour")) == ["quay", "fell"]
    assert list(listed("kettle")) == ["press"]


def test_weights_are_shares_of_one(memory_catalog: MakeCatalog) -> None:
    memory_catalog(SHOP)
    update_content()
    assert all(0 < weight <= 1 for seed in ("harbour", "fell", "kettle") for weight in listed(seed).values())


def test_product_never_viewed_enters_the_lists_of_its_neighbours(
    memory_catalog: MakeCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = memory_catalog(SHOP)
    update_content()
    change(monkeypatch, catalog, (*SHOP, MOOR))
    report = update_content()
    assert (report.changed, report.lists) == (1, 1)
    assert "moor" in listed("harbour")
    assert "moor" in listed("quay")
    assert "harbour" in listed("moor")


def test_changed_facts_are_made_anew_for_that_product_only(
    memory_catalog: MakeCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = memory_catalog(SHOP)
    update_content()
    before = dict(ProductVector.objects.values_list("product_id", "text_hash"))
    changed = product("fell", "Fell Coffee Press", "Coffee", updated_at=timezone.now())
    change(monkeypatch, catalog, [changed if item.id == "fell" else item for item in SHOP])
    assert update_content().changed == 1
    after = dict(ProductVector.objects.values_list("product_id", "text_hash"))
    assert {name for name in after if after[name] != before[name]} == {"fell"}
    assert "fell" in listed("press")


def test_changed_product_leaves_the_lists_it_no_longer_belongs_in(
    memory_catalog: MakeCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = memory_catalog(SHOP)
    update_content()
    assert "fell" in listed("harbour")
    changed = product("fell", "Espresso Cup", "Coffee", updated_at=timezone.now())
    change(monkeypatch, catalog, [changed if item.id == "fell" else item for item in SHOP])
    update_content()
    assert "fell" not in listed("harbour")


def test_nothing_changed_means_nothing_made(memory_catalog: MakeCatalog) -> None:
    memory_catalog(SHOP)
    update_content()
    assert update_content() == ContentReport(is_complete=True)


def test_another_process_finds_that_nothing_changed(memory_catalog: MakeCatalog) -> None:
    memory_catalog(SHOP)
    update_content()
    forget_content()
    assert update_content() == ContentReport(is_complete=True)


def test_product_that_is_gone_is_removed_with_its_list_and_from_others(
    memory_catalog: MakeCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = memory_catalog(SHOP)
    update_content()
    change(monkeypatch, catalog, [item for item in SHOP if item.id != "quay"])
    # Only a look at every product tells that one is gone.
    forget_content()
    assert update_content().removed == 1
    assert not CandidateList.objects.filter(kind=ListKind.CONTENT, seed="quay").exists()
    assert not ProductVector.objects.filter(product_id="quay").exists()
    assert "quay" not in listed("harbour")


def test_lists_that_a_process_did_not_come_to_are_made_by_the_next(memory_catalog: MakeCatalog) -> None:
    memory_catalog(SHOP)
    update_content()
    CandidateList.objects.filter(seed="harbour").delete()
    forget_content()
    assert update_content().lists == 1
    assert "quay" in listed("harbour")


def test_little_by_little_comes_to_the_same(memory_catalog: MakeCatalog, monkeypatch: pytest.MonkeyPatch) -> None:
    memory_catalog(SHOP)
    update_content()
    at_once = all_listed()
    CandidateList.objects.all().delete()
    ProductVector.objects.all().delete()
    forget_content()
    monkeypatch.setattr(content, "LIST_PRODUCTS", 1)
    monkeypatch.setattr(content_changes, "CHUNK_PRODUCTS", 2)
    reports = [update_content(lambda: True)]
    while not reports[-1].is_complete:
        reports.append(update_content(lambda: True))
    assert len(reports) > 5
    assert all_listed() == at_once


def test_call_with_a_bound_rests_after_all_is_done(
    memory_catalog: MakeCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = memory_catalog(SHOP)
    update_content(seconds=5)
    change(monkeypatch, catalog, (*SHOP, MOOR))
    assert update_content(seconds=5) == ContentReport(is_complete=True)
    assert not ProductVector.objects.filter(product_id="moor").exists()


def test_words_of_another_kind_never_replace_vectors(memory_catalog: MakeCatalog, use_settings: Any) -> None:
    memory_catalog(SHOP)
    use_settings(RECOMMEND={"EMBEDDINGS": "packaged:all-minilm-l6-v2"})
    ProductVector.objects.create(product_id="fell", model="packaged:all-minilm-l6-v2#1", text_hash="x", vector=b"")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("ecom_llm.recommend.comparing.find_encoder", lambda: None)
        assert update_content() == ContentReport(is_complete=True)
    assert ProductVector.objects.count() == 1


def test_shop_without_the_extra_goes_by_words(memory_catalog: MakeCatalog, use_settings: Any) -> None:
    memory_catalog(SHOP)
    use_settings(RECOMMEND={"EMBEDDINGS": "packaged:all-minilm-l6-v2"})
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("ecom_llm.recommend.embeddings.encoder.find_spec", lambda name: None)
        assert update_content().lists == 5
    assert set(ProductVector.objects.values_list("model", flat=True)) == {"words#1"}


def test_product_whose_facts_cannot_be_read_keeps_no_other_from_its_list(
    memory_catalog: MakeCatalog, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    catalog = memory_catalog(SHOP)
    facts = catalog.facts

    def fail_on_kettle(item: Any) -> Any:
        if item.id == "kettle":
            raise ValueError(item.name)
        return facts(item)

    monkeypatch.setattr(catalog, "facts", fail_on_kettle)
    assert update_content().lists == 4
    assert "kettle" in caplog.text
    assert "Morning" not in caplog.text


def test_empty_shop_needs_nothing(memory_catalog: MakeCatalog) -> None:
    memory_catalog([])
    assert update_content() == ContentReport(is_complete=True)
    assert not WordVectors.objects.exists()


def test_words_and_new_products_are_there_before_the_vectors_of_searches(
    memory_catalog: MakeCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory_catalog(SHOP)
    words = WordVectors.objects.filter(model=spelling.ROW)
    told: list[datetime] = []

    def prepare(self: object) -> Iterator[bool]:
        assert CandidateList.objects.filter(kind=ListKind.FRESH).exists()
        told.append(words.get().made_at)
        yield True

    monkeypatch.setattr(WordComparison, "prepare_search", prepare)
    update_content()
    # Web processes look for words that were stored anew.
    assert words.get().made_at > told[0]


def test_word_of_one_worker_stays_when_another_looks(
    memory_catalog: MakeCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = memory_catalog(SHOP)
    update_content()
    one = content._upkeep
    forget_content()
    update_content()
    other = content._upkeep
    change(monkeypatch, catalog, (*SHOP, MOOR))
    content._upkeep = one
    update_content()
    change(monkeypatch, catalog, (*SHOP, MOOR, product("jug", "Evening Jug", "Coffee", updated_at=timezone.now())))
    content._upkeep = other
    update_content()
    assert {"moor", "evening", "kettle"} <= spelling.load_words().keys()


def test_idle_worker_compares_products(memory_catalog: MakeCatalog) -> None:
    memory_catalog(SHOP)
    sweeping.sweep()
    assert "quay" in listed("harbour")


def test_failure_is_logged_and_left_alone_for_a_while(
    memory_catalog: MakeCatalog, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    memory_catalog(SHOP)
    tries: list[int] = []

    def fail(*_: Any, **__: Any) -> None:
        tries.append(1)
        raise KeyError("name")

    monkeypatch.setattr(sweeping, "update_content", fail)
    sweeping.sweep()
    sweeping.sweep()
    assert len(tries) == 1
    assert "could not be compared" in caplog.text


def test_weaker_entry_leaves_a_full_list_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_lists, "LISTED", 2)
    content_lists.write_lists({"seed": [("a", 0.9), ("b", 0.8)]})
    content_lists.enter_lists([("seed", "c", 0.5), ("seed", "d", 0.85), ("unknown", "d", 0.9)])
    assert list(listed("seed")) == ["a", "d"]
