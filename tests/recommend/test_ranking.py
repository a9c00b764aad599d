from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from ecom_llm.catalog.adapters.memory import MemoryCatalog, MemoryProduct
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.entities import EvidenceKind, ListKind, Recommendation
from ecom_llm.models import CandidateList, LearnedState, RecommendationRule
from ecom_llm.recommend.current_visit import CurrentVisit
from ecom_llm.recommend.learning import learn
from ecom_llm.recommend.packing import Shown, pack_evidence, pack_floats, pack_ids
from ecom_llm.recommend.ranking import recommend
from shop_demo.models import Category, Product
from tests.conftest import MakeCatalog
from tests.recommend.conftest import ANYONE, EVA, PRODUCTS, Visit, record

pytestmark = pytest.mark.django_db


def ids(found: list[Recommendation]) -> list[str]:
    return [item.product_id for item in found]


def kinds(found: list[Recommendation]) -> dict[str, str]:
    return {item.product_id: item.evidence.kind.value for item in found}


def make_list(kind: ListKind, seed: str, *candidates: str, shown: tuple[Shown, ...] = (), generation: int = 1) -> None:
    """Write a list of candidates as if it had been learned."""
    LearnedState.objects.get_or_create(pk=1, defaults={"generation": 1})
    CandidateList.objects.create(
        kind=kind.value,
        seed=seed,
        generation=generation,
        product_ids=pack_ids(candidates),
        weights=pack_floats(1 / place for place in range(1, len(candidates) + 1)),
        evidence=pack_evidence(shown or [Shown(EvidenceKind.VIEWED_AFTER, 5, 2.0)] * len(candidates)),
    )


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
    assert len(recommend(visitor=ANYONE, limit=4)) == 4


def test_nothing_learned_is_nothing_recommended(shop: MemoryCatalog) -> None:
    assert recommend(visitor=ANYONE, product=shop.get("harbour")) == []


def test_the_strongest_evidence_is_named_with_its_numbers(shop: MemoryCatalog, visit: Visit, order: Visit) -> None:
    visit("harbour", "bag", times=3)
    visit("pan", "harbour", times=3)
    order("harbour", "pot", times=3)
    learn()
    found = recommend(visitor=ANYONE, product=shop.get("harbour"), limit=4)
    evidence = {item.product_id: item.evidence for item in found}
    assert {*ids(found)[:3]} == {"pot", "bag", "pan"}
    assert {name: evidence[name].kind.value for name in ("pot", "bag", "pan")} == {
        "pot": "bought_together", "bag": "viewed_after", "pan": "viewed_together",
    }  # fmt: skip
    assert all(evidence[name].seed_id == "harbour" and evidence[name].support == 3 for name in ("pot", "bag", "pan"))
    # Of 6 visits 6 looked at the jacket and 3 at the bag: by chance 3 would have both, 3 have.
    assert evidence["bag"].lift == 1.0
    # Of 3 orders all 3 hold both.
    assert evidence["pot"].lift == 1.0
    assert [item.score for item in found] == sorted((item.score for item in found), reverse=True)


def test_lift_is_how_many_times_as_often_as_by_chance(shop: MemoryCatalog, visit: Visit) -> None:
    visit("harbour", "bag", times=4)
    visit("bag")
    visit("pot", times=15)
    learn()
    [bag] = [item for item in recommend(visitor=ANYONE, product="harbour") if item.product_id == "bag"]
    # Of 20 visits 4 looked at the jacket and 5 at the bag: by chance 1 would have both, 4 have.
    assert (bag.evidence.support, bag.evidence.lift) == (4, 4.0)


def test_a_pair_seen_too_seldom_is_not_claimed(shop: MemoryCatalog, visit: Visit, use_settings: Visit) -> None:
    visit("harbour", "bag", "quay", times=2)
    learn()
    assert kinds(recommend(visitor=ANYONE, product=shop.get("harbour")))["quay"] == "viewed_after"
    use_settings(RECOMMEND={"MIN_SUPPORT": 3})
    found = recommend(visitor=ANYONE, product=shop.get("harbour"), limit=9)
    assert kinds(found)["quay"] == "same_attribute"
    assert kinds(found)["bag"] == "related"
    assert {item.evidence.support for item in found} == {0}


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


def test_what_was_viewed_in_this_visit_decides_and_is_not_shown_again(shop: MemoryCatalog, visit: Visit) -> None:
    visit("pot", "bag", times=3)
    visit("fell", times=20)
    learn()
    found = recommend(visitor=ANYONE, visit=["pot"])
    assert ids(found)[0] == "bag"
    assert found[0].reason == "Shoppers who viewed Camp Pot went on to Sail Bag."
    assert "pot" not in ids(found)


def test_the_newest_view_counts_most(shop: MemoryCatalog, visit: Visit) -> None:
    visit("pot", "bag", times=5)
    visit("pan", "quay", times=5)
    learn()
    assert ids(recommend(visitor=ANYONE, visit=["pot", "pan"]))[:2] == ["quay", "bag"]
    assert ids(recommend(visitor=ANYONE, visit=["pan", "pot"]))[:2] == ["bag", "quay"]


def test_what_was_viewed_before_counts_beside_the_pages_own_product(shop: MemoryCatalog, visit: Visit) -> None:
    visit("pot", "bag", times=5)
    visit("pan", "quay", times=5)
    learn()
    found = recommend(visitor=ANYONE, product="pan", visit=["pot"])
    assert ids(found)[:2] == ["quay", "bag"]
    assert [item.evidence.seed_id for item in found[:2]] == ["pan", "pot"]


def test_earlier_visits_count_where_this_one_says_nothing(shop: MemoryCatalog, visit: Visit) -> None:
    visit("pot", "bag", times=3)
    visit("fell", times=20)
    learn()
    assert "bag" not in ids(recommend(visitor=EVA, visit=CurrentVisit(), limit=3))[:1]
    found = recommend(visitor=EVA, visit=CurrentVisit(earlier=("pot",)))
    # What was viewed another day may be shown again.
    assert {*ids(found)[:2]} <= {"bag", "pot"}
    assert next(item for item in found if item.product_id == "bag").evidence.seed_id == "pot"


def test_an_event_learned_between_two_pages_changes_the_second(shop: MemoryCatalog, visit: Visit) -> None:
    visit("harbour", "pot", times=2)
    learn()
    assert ids(recommend(visitor=ANYONE, product="harbour"))[0] == "pot"
    visit("harbour", "bag", times=9)
    learn()
    assert ids(recommend(visitor=ANYONE, product="harbour"))[0] == "bag"


def test_a_new_event_of_the_visitors_changes_their_next_page(shop: MemoryCatalog, visit: Visit) -> None:
    visit("pot", "bag", times=3)
    visit("pan", "quay", times=3)
    learn()
    now = timezone.now()
    record(EVA.key, "pot", now - timedelta(minutes=2))
    assert ids(recommend(visitor=EVA))[0] == "bag"
    record(EVA.key, "pan", now - timedelta(minutes=1))
    assert ids(recommend(visitor=EVA))[:2] == ["quay", "bag"]


def test_a_search_shows_what_matches_in_the_shops_order(shop: MemoryCatalog) -> None:
    learn()
    found = recommend(visitor=ANYONE, query="camp", limit=2)
    assert kinds(found) == {"pot": "matches_search", "pan": "matches_search"}
    assert found[0].reason == "Matches your search for “camp”."


def test_a_search_that_finds_little_is_filled_with_what_is_popular(shop: MemoryCatalog) -> None:
    learn()
    found = recommend(visitor=ANYONE, query="parka", limit=3)
    assert ids(found)[0] == "quay"
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
    learn()
    memory_catalog([product for product in PRODUCTS if product.id != "quay"])
    assert "quay" not in ids(recommend(visitor=ANYONE, product="pot", limit=9))
    found = recommend(visitor=ANYONE, visit=["quay"])
    assert ids(found)[0] == "bag"
    assert found[0].reason == "Shoppers went on to this after what you viewed."


def test_pairs_of_variants_are_not_shown(shop: MemoryCatalog) -> None:
    make_list(ListKind.PAIRS, "quay", "harbour-l", "harbour-m", "fell", "fell-s")
    assert ids(recommend(visitor=ANYONE, product=shop.get("quay"))) == ["fell"]


@pytest.mark.parametrize("query", ["", "jacket", "co"])
@pytest.mark.parametrize("product", [None, "harbour"])
def test_what_is_excluded_or_was_bought_is_not_recommended(
    shop: MemoryCatalog, query: str, product: str | None
) -> None:
    learn()
    bought = CurrentVisit(bought=frozenset({"quay", "harbour"}))
    found = recommend(visitor=EVA, product=product, query=query, limit=9, visit=bought, excluded=["fell"])
    assert not {"quay", "harbour", "fell"} & set(ids(found))
    assert {"quay", "fell"} <= set(ids(recommend(visitor=ANYONE, product="harbour", limit=9)))


def test_what_cannot_be_shown_makes_room_for_the_next(memory_catalog: MakeCatalog, visit: Visit) -> None:
    gone = [f"gone-{number:03}" for number in range(90)]
    kept = [f"kept-{number}" for number in range(6)]
    memory_catalog(
        [
            {"id": "seed", "name": "Seed"},
            *({"id": name, "name": name, "is_available": False} for name in gone[:45]),
            *({"id": name, "name": name, "is_visible": False} for name in gone[45:]),
            *({"id": name, "name": name} for name in kept),
        ]
    )
    make_list(ListKind.PAIRS, "seed", *gone, *kept)
    assert ids(recommend(visitor=ANYONE, product="seed", limit=6)) == kept


def test_a_page_gives_up_where_hardly_anything_can_be_shown(
    memory_catalog: MakeCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = [MemoryProduct(id=f"gone-{number}", name="Gone", is_available=False) for number in range(1_000)]
    catalog = memory_catalog([*gone, MemoryProduct(id="pot", name="Pot")])
    make_list(ListKind.PAIRS, "pot", *(product.id for product in gone))
    read = []
    monkeypatch.setattr(catalog, "in_bulk", lambda ids, real=catalog.in_bulk: read.append(len(ids)) or real(ids))
    assert recommend(visitor=ANYONE, visit=["pot"]) == []
    assert len(read) <= 5
    assert sum(read) < 400


def test_a_hidden_seed_is_not_named(shop: MemoryCatalog) -> None:
    make_list(ListKind.PAIRS, "hidden", "pot")
    (found,) = recommend(visitor=ANYONE, visit=["hidden"])
    assert (found.seed, found.reason) == (None, "Shoppers went on to this after what you viewed.")


def test_a_search_that_was_just_made_has_half_of_a_page_without_one(shop: MemoryCatalog) -> None:
    learn()
    found = recommend(visitor=EVA, visit=CurrentVisit(query="jackets"))
    assert [item.evidence.kind for item in found] == [EvidenceKind.MATCHES_SEARCH] * 2 + [EvidenceKind.POPULAR] * 2
    beside = recommend(visitor=EVA, product="pot", visit=CurrentVisit(query="jackets"))
    assert EvidenceKind.MATCHES_SEARCH not in {item.evidence.kind for item in beside}


def test_every_candidate_has_its_turn(memory_catalog: MakeCatalog) -> None:
    """None is lost between what is read from the catalogue first and what is read after it."""
    names = [f"p{number:02}" for number in range(60)]
    for shown in range(0, 60, 7):
        CandidateList.objects.all().delete()
        memory_catalog(
            [
                {"id": "seed", "name": "Seed"},
                *({"id": name, "name": name, "is_available": name == names[shown]} for name in names),
            ]
        )
        make_list(ListKind.PAIRS, "seed", *names)
        assert ids(recommend(visitor=ANYONE, product="seed", limit=1)) == [names[shown]]


products = st.lists(
    st.builds(
        MemoryProduct,
        id=st.sampled_from([f"p{number}" for number in range(12)]),
        name=st.just("A camp jacket"),
        category=st.sampled_from(["", "Jackets", "Kitchen"]),
        attributes=st.dictionaries(st.sampled_from(["Material", "Weight"]), st.sampled_from(["nylon", "1 kg"])),
        is_visible=st.booleans(),
        is_available=st.booleans(),
        parent_id=st.sampled_from(["", "", "p0", "p1"]),
    ),
    min_size=3,
    max_size=12,
    unique_by=lambda product: product.id,
).map(lambda found: [item if _is_sound(item, found) else _without_parent(item) for item in found])


def _is_sound(product: MemoryProduct, all_products: list[MemoryProduct]) -> bool:
    """A variant's parent is there and no variant."""
    parent = next((item for item in all_products if item.id == product.parent_id), None)
    return not product.parent_id or (parent is not None and not parent.parent_id and parent is not product)


def _without_parent(product: MemoryProduct) -> MemoryProduct:
    return MemoryProduct(
        id=product.id, name=product.name, category=product.category, attributes=product.attributes,
        is_visible=product.is_visible, is_available=product.is_available,
    )  # fmt: skip


NAMES = [f"p{number}" for number in range(12)]
lists = st.lists(
    st.tuples(
        st.sampled_from(list(ListKind)),
        st.sampled_from([*NAMES, "Jackets", "Kitchen", ""]),
        st.lists(
            st.tuples(st.sampled_from([*NAMES, "gone"]), st.floats(0, 10, width=32), st.integers(0, 5)),
            unique_by=lambda row: row[0],
        ),
    ),
    max_size=25,
    unique_by=lambda row: row[:2],
)
_EVIDENCE = {
    ListKind.PAIRS: EvidenceKind.VIEWED_AFTER,
    ListKind.ORDERS: EvidenceKind.BOUGHT_TOGETHER,
    ListKind.CONTENT: EvidenceKind.SIMILAR,
    ListKind.CATEGORY: EvidenceKind.POPULAR_IN_CATEGORY,
    ListKind.SHOP: EvidenceKind.POPULAR,
    ListKind.FRESH: EvidenceKind.POPULAR,
}
rules = st.lists(
    st.builds(
        RecommendationRule,
        action=st.sampled_from(list(RecommendationRule.Action)),
        product_id=st.sampled_from(["", *NAMES]),
        product_category=st.sampled_from(["", "Jackets"]),
        place=st.integers(1, 5),
        factor=st.sampled_from([0.01, 3, 100]),
        seed_id=st.sampled_from(["", "", "p2"]),
    ),
    max_size=4,
)
visits = st.builds(
    CurrentVisit,
    viewed=st.lists(st.sampled_from(NAMES), max_size=4, unique=True).map(tuple),
    bought=st.frozensets(st.sampled_from(NAMES), max_size=3),
    earlier=st.lists(st.sampled_from(NAMES), max_size=4, unique=True).map(tuple),
)


@hypothesis_settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    products=products,
    lists=lists,
    rules=rules,
    current=visits,
    product=st.sampled_from([None, *NAMES, "gone"]),
    query=st.sampled_from(["", "", "jacket", "🏮"]),
    excluded=st.frozensets(st.sampled_from(NAMES), max_size=3),
    limit=st.integers(0, 12),
)
def test_whatever_was_learned_what_must_not_be_shown_is_not(
    memory_catalog: MakeCatalog,
    products: list[MemoryProduct],
    lists: list[tuple[ListKind, str, list[tuple[str, float, int]]]],
    rules: list[RecommendationRule],
    current: CurrentVisit,
    product: str | None,
    query: str,
    excluded: frozenset[str],
    limit: int,
) -> None:
    memory_catalog(products)
    LearnedState.objects.get_or_create(pk=1, defaults={"generation": 1})
    CandidateList.objects.all().delete()
    CandidateList.objects.bulk_create(
        CandidateList(
            kind=kind.value,
            seed=seed,
            generation=1,
            product_ids=pack_ids(row[0] for row in rows),
            weights=pack_floats(row[1] for row in rows),
            evidence=pack_evidence([Shown(_EVIDENCE[kind], row[2], 1.0) for row in rows]),
        )
        for kind, seed, rows in lists
    )
    RecommendationRule.objects.all().delete()
    for rule in rules:
        rule.pk = None
        rule.save()

    found = recommend(visitor=EVA, product=product, query=query, limit=limit, visit=current, excluded=excluded)

    catalog = get_catalog()
    assert len(found) <= limit
    # No variant, and so no two of one product.
    assert [catalog.resolve(item.product) for item in found] == [item.product for item in found]
    assert len({item.product_id for item in found}) == len(found)
    assert all(item.product.is_visible and item.product.is_available for item in found)
    page = catalog.resolve(product) if product else None
    never = {*excluded, *current.viewed, *current.bought, *([page.id] if page is not None else [])}
    assert not never & {*ids(found)}
    stored = {(kind, seed, row[0]): row[2] for kind, seed, rows in lists for row in rows}
    for item in found:
        assert item.reason.endswith((".", "!", "?", "…"))
        _check_evidence(item, stored, page)


def _check_evidence(item: Recommendation, stored: dict[tuple[ListKind, str, str], int], page: Any) -> None:
    evidence, catalog = item.evidence, get_catalog()
    counted = {
        EvidenceKind.VIEWED_AFTER: (ListKind.PAIRS, evidence.seed_id),
        EvidenceKind.BOUGHT_TOGETHER: (ListKind.ORDERS, evidence.seed_id),
        EvidenceKind.POPULAR_IN_CATEGORY: (ListKind.CATEGORY, evidence.detail),
    }
    if evidence.kind in counted:
        assert stored[*counted[evidence.kind], item.product_id] == evidence.support >= 2
    elif evidence.kind is EvidenceKind.POPULAR:
        assert evidence.support in {0, stored.get((ListKind.SHOP, "", item.product_id), 0)} - {1}
    else:
        assert (evidence.support, evidence.lift) == (0, 0.0)
    if evidence.kind is EvidenceKind.SIMILAR:
        assert (ListKind.CONTENT, evidence.seed_id, item.product_id) in stored
    if evidence.kind is EvidenceKind.RELATED and evidence.seed_id:
        assert any((kind, evidence.seed_id, item.product_id) in stored for kind in (ListKind.PAIRS, ListKind.ORDERS))
    elif evidence.kind is EvidenceKind.RELATED:
        # By way of others, or of a seed that is gone.
        assert any(kind in (ListKind.PAIRS, ListKind.ORDERS) for kind, _, found in stored if found == item.product_id)
    if evidence.kind is EvidenceKind.SAME_ATTRIBUTE:
        both = [catalog.facts(each) for each in (item.product, page)]
        assert all(evidence.value in each.citable.values() for each in both)


@pytest.fixture
def stocked() -> Product:
    """The demo shop's own tables, behind `ModelCatalog`."""
    category = Category.objects.create(slug="lights", name="Lights")
    products = [
        Product.objects.create(sku=f"lamp-{n}", name=f"Lamp {n}", category=category, price=9, stock=3)
        for n in range(30)
    ]
    return products[0]


@pytest.mark.parametrize(
    ("page", "current", "number"),
    [
        # The lists, the lists of the best candidates where that is something new, and the catalogue.
        ("product", CurrentVisit(viewed=("lamp-1", "lamp-2")), 3),
        ("home", CurrentVisit(viewed=("lamp-1", "lamp-2")), 3),
        ("home", CurrentVisit(), 2),
        ("new product", CurrentVisit(), 2),
    ],
)
def test_recommending_costs_few_queries(
    stocked: Product,
    visit: Visit,
    django_assert_num_queries: DjangoAssertNumQueries,
    page: str,
    current: CurrentVisit,
    number: int,
) -> None:
    for steps in (("lamp-0", "lamp-5", "lamp-1"), ("lamp-1", "lamp-6"), ("lamp-6", "lamp-7"), ("lamp-2", "lamp-8")):
        visit(*steps, times=3)
    learn()
    product = {"product": get_catalog().get("lamp-0"), "new product": get_catalog().get("lamp-29")}.get(page)
    # What is remembered for a while.
    recommend(visitor=ANYONE, visit=current)
    with django_assert_num_queries(number):
        found = recommend(visitor=EVA, product=product, visit=current, limit=8)
    assert len(found) == 8


def test_looking_the_visit_up_costs_one_query_more(
    stocked: Product, visit: Visit, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    visit("lamp-0", "lamp-1", "lamp-2", times=3)
    learn()
    recommend(visitor=ANYONE)
    page = get_catalog().get("lamp-0")
    with django_assert_max_num_queries(4):
        recommend(visitor=EVA, product=page)
    with django_assert_max_num_queries(3):
        recommend(visitor=ANYONE, product=page)


def test_a_search_costs_the_shops_own_search(
    stocked: Product, visit: Visit, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    visit("lamp-0", "lamp-1", times=3)
    learn()
    recommend(visitor=ANYONE, query="lamp")
    with django_assert_max_num_queries(2):
        assert len(recommend(visitor=ANYONE, query="lamp", limit=8)) == 8
