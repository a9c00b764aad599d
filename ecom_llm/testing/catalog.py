"""The contract of catalogue adapters as tests that any adapter can be put through.

Subclass `CatalogContract` in a test module of pytest, name the class `Test…`, and give it fixtures::

    @pytest.mark.django_db
    class TestMyCatalog(CatalogContract):
        @pytest.fixture
        def adapter(self) -> MyCatalog:
            return MyCatalog({})

        @pytest.fixture
        def case(self) -> CatalogCase:
            return CatalogCase(visible_id="1", hidden_id="2", variant_id="3", parent_id="1", query="kettle")

The catalogue must hold at least two visible products, the one that `visible_id` names with at least one fact.
Leave out what the shop does not have: a test that needs it passes by.
"""
# ruff: noqa: S101 - these are tests, and tests assert.

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ecom_llm.catalog.adapters.base import MAX_ID_CHARACTERS, CatalogAdapter
from ecom_llm.entities import Offer, ProductFacts
from ecom_llm.exceptions import ProductNotFoundError

UNKNOWN_ID = "no-such-product-00000000"
# What nobody's id is, but anybody may put into an address.
HOSTILE_IDS = ("", " ", "\0", "'; --", "../..", "9" * 400, "-1", "\U0001f9e5", "NaN", "1e9", "\u0661")
# What anybody may type into a search box.
HOSTILE_QUERIES = (
    "", "   ", "\0", "kettle\0", "%", "_%_", "\\", "'\"; --", "\U0001f9e5\U0001f527",
    "\u0645\u0639\u0637\u0641 \u0645\u0637\u0631",
    "\u202ereversed", "a" * 10_000, "word " * 2_000,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogCase:
    """What the contract may assume of the catalogue under test.

    Attributes:
        visible_id: a visible product with at least one fact.
        hidden_id: a product that shoppers may not see; empty when there is none.
        variant_id: a variant; empty when the shop has none.
        parent_id: the id of that variant's parent.
        query: words by which `search` finds `visible_id`; empty when the adapter cannot search.
    """

    visible_id: str
    hidden_id: str = ""
    variant_id: str = ""
    parent_id: str = ""
    query: str = ""


def _queries() -> CaptureQueriesContext:
    return CaptureQueriesContext(connection)


class CatalogContract:
    """Tests of one adapter; see the module's own words."""

    @pytest.fixture
    def adapter(self) -> CatalogAdapter:
        """The adapter under test."""
        raise NotImplementedError("Give your class an `adapter` fixture.")

    @pytest.fixture
    def case(self) -> CatalogCase:
        """What its catalogue holds."""
        raise NotImplementedError("Give your class a `case` fixture.")

    @pytest.fixture
    def product(self, adapter: CatalogAdapter, case: CatalogCase) -> Any:
        """The shop's object of `visible_id`."""
        return adapter.get(case.visible_id)

    # Ids

    def test_ids_are_short_strings_that_lead_back(self, adapter: CatalogAdapter) -> None:
        for product_id in adapter.iter_ids():
            assert isinstance(product_id, str)
            assert 0 < len(product_id) <= MAX_ID_CHARACTERS
            assert not any(unicodedata.category(character) == "Cc" for character in product_id)
            assert adapter.product_id(adapter.get(product_id)) == product_id

    def test_ids_are_unique_and_come_in_one_order(self, adapter: CatalogAdapter) -> None:
        ids = list(adapter.iter_ids())
        assert len(ids) >= 2
        assert len(set(ids)) == len(ids)
        assert list(adapter.iter_ids()) == ids

    def test_ids_are_of_visible_products_only(self, adapter: CatalogAdapter, case: CatalogCase) -> None:
        ids = set(adapter.iter_ids())
        assert case.visible_id in ids
        assert not {case.hidden_id, case.variant_id} & ids
        assert all(adapter.is_visible(product) for product in adapter.in_bulk(ids).values())

    def test_ids_changed_since_the_beginning_are_all_ids(self, adapter: CatalogAdapter) -> None:
        assert list(adapter.iter_ids(updated_since=datetime(1990, 1, 1, tzinfo=UTC))) == list(adapter.iter_ids())

    def test_ids_changed_since_tomorrow_are_none_where_supported(self, adapter: CatalogAdapter) -> None:
        if adapter.supports_updated_since:
            assert list(adapter.iter_ids(updated_since=datetime.now(UTC) + timedelta(days=1))) == []

    # Getting products

    @pytest.mark.parametrize("product_id", [UNKNOWN_ID, *HOSTILE_IDS])
    def test_unknown_id_is_not_found(self, adapter: CatalogAdapter, product_id: str) -> None:
        with pytest.raises(ProductNotFoundError):
            adapter.get(product_id)
        assert adapter.in_bulk([product_id]) == {}
        assert adapter.resolve(product_id) is None

    def test_variant_is_not_got_as_a_product(self, adapter: CatalogAdapter, case: CatalogCase) -> None:
        if case.variant_id:
            with pytest.raises(ProductNotFoundError):
                adapter.get(case.variant_id)
            assert adapter.in_bulk([case.variant_id]) == {}

    def test_bulk_leaves_out_what_is_not_there(self, adapter: CatalogAdapter) -> None:
        ids = list(adapter.iter_ids())[:2]
        found = adapter.in_bulk([*ids, UNKNOWN_ID, *ids])
        assert set(found) == set(ids)
        assert all(adapter.product_id(product) == product_id for product_id, product in found.items())

    def test_bulk_takes_an_iterator(self, adapter: CatalogAdapter, case: CatalogCase) -> None:
        assert set(adapter.in_bulk(iter([case.visible_id]))) == {case.visible_id}

    def test_bulk_runs_one_query_at_most(self, adapter: CatalogAdapter) -> None:
        ids = list(adapter.iter_ids())
        with _queries() as queries:
            adapter.in_bulk(ids)
        assert len(queries) <= 1

    def test_bulk_of_nothing_runs_no_query(self, adapter: CatalogAdapter) -> None:
        with _queries() as queries:
            assert adapter.in_bulk([]) == {}
        assert len(queries) == 0

    # What is said about a product

    def test_facts_are_text_with_their_source(self, adapter: CatalogAdapter, product: Any, case: CatalogCase) -> None:
        facts = adapter.facts(product)
        assert isinstance(facts, ProductFacts)
        assert facts.product_id == case.visible_id
        assert facts.name
        assert facts.facts
        for fact in facts.facts:
            assert isinstance(fact.value, str)
            assert fact.name.strip()
            assert fact.value.strip()
            assert fact.source

    def test_facts_keep_their_hash(self, adapter: CatalogAdapter, case: CatalogCase) -> None:
        hashes = {adapter.facts(adapter.get(case.visible_id)).content_hash for _ in range(2)}
        assert len(hashes) == 1

    def test_facts_of_two_products_differ_in_hash(self, adapter: CatalogAdapter) -> None:
        products = adapter.in_bulk(list(adapter.iter_ids())[:2])
        assert len({adapter.facts(product).content_hash for product in products.values()}) == 2

    def test_facts_names_are_unique(self, adapter: CatalogAdapter, product: Any) -> None:
        names = [fact.name for fact in adapter.facts(product).facts]
        assert len(set(names)) == len(names)

    def test_facts_of_loaded_products_run_no_query(self, adapter: CatalogAdapter) -> None:
        products = adapter.in_bulk(list(adapter.iter_ids())).values()
        with _queries() as queries:
            for product in products:
                adapter.facts(product)
        assert len(queries) == 0

    def test_offer_is_typed_and_runs_no_query(self, adapter: CatalogAdapter, product: Any) -> None:
        with _queries() as queries:
            offer = adapter.offer(product)
        assert isinstance(offer, Offer)
        assert offer.price is None or isinstance(offer.price, Decimal)
        assert isinstance(offer.currency, str)
        assert offer.price is None or offer.price >= 0
        assert isinstance(offer.is_available, bool)
        assert adapter.is_available(product) == offer.is_available
        assert len(queries) == 0

    def test_page_has_an_address_and_the_picture_may(self, adapter: CatalogAdapter, product: Any) -> None:
        assert isinstance(adapter.url(product), str)
        assert adapter.url(product)
        assert isinstance(adapter.image_url(product), str)

    def test_visibility_is_told(self, adapter: CatalogAdapter, product: Any, case: CatalogCase) -> None:
        assert adapter.is_visible(product) is True
        if case.hidden_id:
            assert adapter.is_visible(adapter.get(case.hidden_id)) is False

    # Recognising

    def test_product_is_recognised_and_nothing_else(self, adapter: CatalogAdapter, product: Any) -> None:
        assert adapter.is_product(product) is True
        for other in (None, "", "jacket", 1, {}, [product], object(), adapter):
            assert adapter.is_product(other) is False

    def test_resolve_gives_a_product_for_itself_and_its_id(
        self, adapter: CatalogAdapter, product: Any, case: CatalogCase
    ) -> None:
        for given in (product, case.visible_id):
            found = adapter.resolve(given)
            assert found is not None
            assert adapter.product_id(found) == case.visible_id

    def test_resolve_of_another_object_is_none(self, adapter: CatalogAdapter) -> None:
        for other in (None, object(), {}, [], 1.5):
            assert adapter.resolve(other) is None

    def test_resolve_of_a_variant_is_its_parent(self, adapter: CatalogAdapter, case: CatalogCase) -> None:
        if case.variant_id:
            found = adapter.resolve(case.variant_id)
            assert found is not None
            assert adapter.product_id(found) == case.parent_id

    # Searching

    def test_search_finds_visible_products_up_to_the_limit(self, adapter: CatalogAdapter, case: CatalogCase) -> None:
        if case.query:
            assert adapter.supports_search
            found = adapter.search(case.query, 50)
            assert case.visible_id in [adapter.product_id(product) for product in found]
            assert all(adapter.is_visible(product) for product in found)
            assert len(adapter.search(case.query, 1)) == 1

    def test_search_finds_no_variants(self, adapter: CatalogAdapter, case: CatalogCase) -> None:
        if case.query:
            found = {adapter.product_id(product) for product in adapter.search(case.query, 50)}
            assert case.variant_id not in found

    def test_search_results_have_facts_without_a_query(self, adapter: CatalogAdapter, case: CatalogCase) -> None:
        found = adapter.search(case.query, 50)
        with _queries() as queries:
            for product in found:
                adapter.facts(product)
        assert len(queries) == 0

    @pytest.mark.parametrize("query", HOSTILE_QUERIES, ids=range(len(HOSTILE_QUERIES)))
    def test_search_survives_whatever_is_typed(self, adapter: CatalogAdapter, query: str) -> None:
        found = adapter.search(query, 3)
        assert isinstance(found, list)
        assert len(found) <= 3

    # Checking

    def test_check_finds_nothing_wrong_and_runs_no_query(self, adapter: CatalogAdapter) -> None:
        with _queries() as queries:
            assert adapter.check() == []
        assert len(queries) == 0
