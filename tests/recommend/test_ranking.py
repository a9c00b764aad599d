from __future__ import annotations

from typing import Any

import pytest
from django.db.models import CharField, JSONField, Value
from django.db.models.functions import Concat
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from ecom_llm.capture.visitors import Visitor
from ecom_llm.catalog.adapters.memory import MemoryCatalog
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.entities import Consent, EvidenceKind, Recommendation
from ecom_llm.models import Event, ItemPair
from ecom_llm.recommend.learning import learn
from ecom_llm.recommend.ranking import recommend
from shop_demo.models import Category, Product
from tests.conftest import MakeCatalog
from tests.recommend.conftest import ANYONE, EVA, IDS, PRODUCTS, Visit

pytestmark = pytest.mark.django_db


def ids(found: list[Recommendation]) -> list[str]:
    return [item.product_id for item in found]


def kinds(found: list[Recommendation]) -> dict[str, str]:
    return {item.product_id: item.evidence.kind.value for item in found}


def pair(kind: str, seed: str, product_id: str, support: int = 5, rank: int = 1, weight: float = 0.5) -> None:
    ItemPair.objects.create(kind=kind, seed=seed, product_id=product_id, support=support, rank=rank, weight=weight)


def test_a_fresh_shop_recommends_and_claims_nothing(shop: MemoryCatalog) -> None:
    learn()
    found = recommend(visitor=ANYONE, product=shop.get("harbour"), limit=9)
    assert ids(found)[:2] == ["quay", "fell"]
    assert kinds(found) == {
        "quay": "same_attribute", "fell": "same_attribute", "pot": "popular", "pan": "popular",
        "bag": "popular",
    }  # fmt: skip
    assert {item.evidence.support for item in found} == {0}
    assert found[0].reason == "Same material as Harbour Jacket: Nylon."
    assert found[1].reason == "From the same category as Harbour Jacket: Jackets."


def test_nothing_learned_is_nothing_recommended(shop: MemoryCatalog) -> None:
    assert recommend(visitor=ANYONE, product=shop.get("harbour")) == []


def test_the_strongest_evidence_is_named_and_comes_first(shop: MemoryCatalog, visit: Visit, order: Visit) -> None:
    visit("harbour", "bag", times=3)
    visit("pan", "harbour", times=3)
    order("harbour", "pot", times=3)
    learn()
    found = recommend(visitor=ANYONE, product=shop.get("harbour"), limit=4)
    assert ids(found)[:3] == ["pot", "bag", "pan"]
    assert [item.evidence.kind.value for item in found[:3]] == [
        "bought_together", "viewed_after", "viewed_together",
    ]  # fmt: skip
    assert all(item.evidence.seed_id == "harbour" and item.evidence.support == 3 for item in found[:3])
    assert [item.score for item in found] == sorted((item.score for item in found), reverse=True)


def test_a_pair_seen_too_seldom_is_not_claimed(shop: MemoryCatalog, visit: Visit, use_settings: Visit) -> None:
    visit("harbour", "bag", "quay", times=2)
    learn()
    assert kinds(recommend(visitor=ANYONE, product=shop.get("harbour")))["quay"] == "viewed_after"
    use_settings(RECOMMEND={"MIN_SUPPORT": 3})
    found = recommend(visitor=ANYONE, product=shop.get("harbour"), limit=9)
    assert kinds(found)["quay"] == "same_attribute"
    assert kinds(found)["bag"] == "popular"
    assert {item.evidence.support for item in found} == {0}


def test_nothing_is_recommended_without_evidence(shop: MemoryCatalog) -> None:
    pair("viewed_after", "harbour", "bag", support=1)
    pair("viewed_after", "harbour", "quay", support=1)
    assert ids(recommend(visitor=ANYONE, product=shop.get("harbour"))) == ["quay"]


def test_popular_in_the_category_is_said_when_nothing_else_links_the_two(shop: MemoryCatalog, visit: Visit) -> None:
    visit("fell", times=4)
    learn()
    found = recommend(visitor=ANYONE, product=shop.get("harbour"))
    fell = next(item for item in found if item.product_id == "fell")
    assert (fell.evidence.kind, fell.evidence.support) == (EvidenceKind.POPULAR_IN_CATEGORY, 4)
    assert fell.reason == "Popular in Jackets."


def test_a_variant_recommends_what_its_parent_does(shop: MemoryCatalog) -> None:
    learn()
    variant = next(product for product in PRODUCTS if product.id == "harbour-l")
    by_object = recommend(visitor=ANYONE, product=variant)
    assert ids(by_object) == ids(recommend(visitor=ANYONE, product=shop.get("harbour")))
    assert ids(by_object) == ids(recommend(visitor=ANYONE, product="harbour-m"))


@pytest.mark.parametrize("limit", [-1, 0, 1, 3, 1000])
def test_the_limit_holds(shop: MemoryCatalog, limit: int) -> None:
    learn()
    found = recommend(visitor=ANYONE, product=shop.get("harbour"), limit=limit)
    assert len(found) == max(0, min(limit, 5))


@pytest.mark.parametrize("product", [None, "no-such-product", object()])
def test_a_page_without_a_product_shows_what_is_popular(shop: MemoryCatalog, product: Any, visit: Visit) -> None:
    visit("pan", times=3)
    learn()
    found = recommend(visitor=ANYONE, product=product)
    assert ids(found)[0] == "pan"
    assert found[0].reason == "Popular in our shop."


def test_a_visitor_with_a_history_sees_what_follows_from_it(shop: MemoryCatalog, visit: Visit) -> None:
    visit("pot", "bag", times=3)
    visit("fell", times=20)
    visit("pot", visitor=EVA.key)
    learn()
    found = recommend(visitor=EVA)
    assert ids(found)[0] == "bag"
    assert found[0].reason == "Shoppers who viewed Camp Pot went on to Sail Bag."
    assert "pot" not in ids(found)


def test_a_key_that_others_may_share_has_no_history(shop: MemoryCatalog, visit: Visit, order: Visit) -> None:
    shared = Visitor("a:" + "0" * 32, Consent.ANONYMOUS)
    visit("pot", "bag", times=3)
    visit("pot", visitor=shared.key)
    order("fell", visitor=shared.key)
    learn()
    assert ids(recommend(visitor=shared, limit=9)) == ids(recommend(visitor=ANYONE, limit=9))


def test_a_search_shows_what_matches_in_the_shops_order(shop: MemoryCatalog) -> None:
    learn()
    found = recommend(visitor=ANYONE, query="camp", limit=2)
    assert kinds(found) == {"pot": "matches_search", "pan": "matches_search"}
    assert found[0].reason == "Matches your search for “camp”."


def test_a_search_that_finds_little_is_filled_with_what_is_popular(shop: MemoryCatalog) -> None:
    learn()
    found = recommend(visitor=ANYONE, query="parka", limit=3)
    assert ids(found)[0] == "quay"
    assert [item.evidence.kind for item in found[1:]] == [EvidenceKind.POPULAR] * 2
    assert len(set(ids(found))) == 3


@pytest.mark.parametrize("query", ["", "   ", "مصباح 🏮", "x" * 10_000, "%", "\x00"])
def test_any_search_has_an_answer(shop: MemoryCatalog, query: str) -> None:
    learn()
    assert len(recommend(visitor=EVA, query=query)) == 4


def test_deleted_products_are_not_shown_and_their_visitors_still_served(
    memory_catalog: MakeCatalog, visit: Visit
) -> None:
    memory_catalog(PRODUCTS)
    visit("pot", "quay", times=3)
    visit("quay", "bag", times=3)
    visit("quay", visitor=EVA.key)
    learn()
    memory_catalog([product for product in PRODUCTS if product.id != "quay"])
    assert "quay" not in ids(recommend(visitor=ANYONE, product="pot", limit=9))
    found = recommend(visitor=EVA)
    assert ids(found)[0] == "bag"
    assert found[0].reason == "Shoppers went on to this after what you viewed."


def test_pairs_of_variants_are_not_shown(shop: MemoryCatalog) -> None:
    for rank, product_id in enumerate(("harbour-l", "harbour-m", "fell", "fell-s"), start=1):
        pair("viewed_after", "quay", product_id, rank=rank)
    assert ids(recommend(visitor=ANYONE, product=shop.get("quay"))) == ["fell"]


@pytest.mark.parametrize("query", ["", "jacket", "co"])
@pytest.mark.parametrize("product", [None, "harbour"])
def test_what_the_visitor_bought_is_not_recommended(
    shop: MemoryCatalog, order: Visit, query: str, product: str | None
) -> None:
    order("quay", "harbour", "fell", visitor=EVA.key)
    learn()
    assert not {"quay", "harbour", "fell"} & set(ids(recommend(visitor=EVA, product=product, query=query, limit=9)))
    assert {"quay", "fell"} <= set(ids(recommend(visitor=ANYONE, product="harbour", limit=9)))


rows = st.lists(
    st.tuples(
        st.sampled_from([kind.value for kind in EvidenceKind]),
        st.sampled_from(["", "Jackets", "Kitchen", "gone", *IDS]),
        st.sampled_from([*IDS, "gone"]),
        st.integers(min_value=0, max_value=5),
        st.floats(min_value=0, max_value=10),
    ),
    max_size=40,
    unique_by=lambda row: row[:3],
)


@hypothesis_settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=rows,
    product=st.sampled_from([None, *IDS, "gone"]),
    query=st.sampled_from(["", "jacket", "camp", "coat", "🏮"]),
    bought=st.sets(st.sampled_from(IDS), max_size=4),
    limit=st.integers(min_value=0, max_value=12),
)
def test_whatever_was_learned_what_must_not_be_shown_is_not(
    shop: MemoryCatalog,
    order: Visit,
    rows: list[tuple[str, str, str, int, float]],
    product: str | None,
    query: str,
    bought: set[str],
    limit: int,
) -> None:
    ItemPair.objects.all().delete()
    Event.objects.all().delete()
    ItemPair.objects.bulk_create(
        ItemPair(kind=kind, seed=seed, product_id=product_id, support=support, weight=weight, rank=rank)
        for rank, (kind, seed, product_id, support, weight) in enumerate(rows, start=1)
    )
    order(*bought, visitor=EVA.key)

    found = recommend(visitor=EVA, product=product, query=query, limit=limit)

    catalog = get_catalog()
    parents = [catalog.resolve(item.product) for item in found]
    assert len(found) <= limit
    assert len({catalog.product_id(parent) for parent in parents}) == len(found)
    assert all(item.product.is_visible and item.product.is_available for item in found)
    assert not bought & set(ids(found))
    seed = get_catalog().resolve(product) if product else None
    assert seed is None or seed.id not in ids(found)
    known = {(kind, seed_id, product_id): support for kind, seed_id, product_id, support, _ in rows}
    for item in found:
        assert item.reason.endswith(".")
        if item.evidence.kind in {"viewed_after", "viewed_together", "bought_together"}:
            assert known[item.evidence.kind, item.evidence.seed_id, item.product_id] == item.evidence.support >= 2
        elif item.evidence.kind is EvidenceKind.SAME_ATTRIBUTE:
            facts = [get_catalog().facts(each) for each in (item.product, seed)]
            assert all(
                item.evidence.value.casefold() in {value.casefold() for value in each.citable.values()}
                for each in facts
            )


def test_a_published_reason_comes_along_for_its_own_evidence_only(shop: MemoryCatalog) -> None:
    pair("viewed_after", "harbour", "quay")
    pair("viewed_after", "harbour", "fell", support=1)
    subject = Concat(Value("harbour\t"), "product_id", Value("\tviewed_after"), output_field=CharField())
    found = recommend(
        visitor=ANYONE,
        product=shop.get("harbour"),
        annotations={
            "reason_subject": subject,
            "reason_text": Value("They like both."),
            "reason_cited": Value({"quay": {"Material": "Nylon"}}, output_field=JSONField()),
        },
    )
    texts = {item.product_id: (item.text, item.cited) for item in found}
    assert texts == {"quay": ("They like both.", {"quay": {"Material": "Nylon"}}), "fell": ("", {})}
    assert found[0].words == "They like both."


@pytest.fixture
def stocked() -> Product:
    """The demo shop's own tables, behind `ModelCatalog`."""
    category = Category.objects.create(slug="lights", name="Lights")
    products = [
        Product.objects.create(sku=f"lamp-{n}", name=f"Lamp {n}", category=category, price=9, stock=3)
        for n in range(30)
    ]
    return products[0]


@pytest.mark.parametrize("visitor", [ANYONE, EVA])
@pytest.mark.parametrize(("page", "most"), [("product", 2), ("home", 2), ("search", 2), ("search without results", 4)])
def test_recommending_costs_few_queries(
    stocked: Product,
    visit: Visit,
    order: Visit,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    visitor: Visitor,
    page: str,
    most: int,
) -> None:
    visit("lamp-0", "lamp-1", "lamp-2", times=3)
    visit("lamp-0", visitor=EVA.key)
    order("lamp-1", "lamp-9", visitor=EVA.key)
    learn()
    product = get_catalog().get("lamp-0") if page == "product" else None
    query = {"search": "lamp", "search without results": "piano"}.get(page, "")
    with django_assert_max_num_queries(most):
        found = recommend(visitor=visitor, product=product, query=query, limit=8)
    assert len(found) == 8
