from __future__ import annotations

from collections.abc import Callable

import pytest

from ecom_llm.entities import Evidence, EvidenceKind, Fact, ListKind, ProductFacts
from ecom_llm.recommend.candidates import Candidates, Seeds
from ecom_llm.recommend.evidence import choose_evidence
from ecom_llm.recommend.lists import Listed, Lists
from ecom_llm.recommend.packing import Shown, pack_evidence

PAGE = ProductFacts(product_id="page", name="Page", category="Tents", facts=(Fact("Material", "nylon"),))
SEEN = ProductFacts(product_id="seen", name="Seen", category="Lamps")
X = ProductFacts(product_id="x", name="X", category="Tents", facts=(Fact("Material", "cotton"),))
NYLON = ProductFacts(product_id="x", name="X", category="Lamps", facts=(Fact("Material", "nylon"),))
OTHER = ProductFacts(product_id="x", name="X", category="Other")
AFTER = EvidenceKind.VIEWED_AFTER


def listed(kind: ListKind, seed: str, weight: float = 1.0, shown: Shown | None = None) -> Lists:
    return {(kind, seed): Listed(seed, ["x"], [weight], pack_evidence([shown] if shown else []))}


def pair(seed: str, support: int, kind: EvidenceKind = AFTER, lift: float = 1.234) -> Lists:
    return listed(ListKind.PAIRS, seed, shown=Shown(kind, support, lift))


def popular(kind: ListKind, support: int) -> Lists:
    evidence = EvidenceKind.POPULAR if kind is ListKind.SHOP else EvidenceKind.POPULAR_IN_CATEGORY
    return listed(kind, "" if kind is ListKind.SHOP else "Tents", shown=Shown(evidence, support, 0.0))


def chosen(
    lists: Lists, product: ProductFacts = OTHER, page: ProductFacts | None = PAGE, is_seen_there: bool = True
) -> Evidence:
    seeds = {"page": 1.0, "seen": 0.5} if page is not None else {"seen": 1.0}
    candidates = Candidates(Seeds(seeds, seeds, page.category if page else ""), {"x": 1.0}, lists)
    shown = candidates.pairs_among(["x"])["x"]
    return choose_evidence(candidates, shown, product, page, {"seen": SEEN} if is_seen_there else {})


@pytest.mark.parametrize(
    "kind",
    [
        EvidenceKind.VIEWED_AFTER,
        EvidenceKind.VIEWED_TOGETHER,
        EvidenceKind.ADDED_TOGETHER,
        EvidenceKind.BOUGHT_TOGETHER,
    ],
)
def test_a_pair_that_enough_show_is_claimed_with_its_numbers(kind: EvidenceKind) -> None:
    assert chosen(pair("page", 2, kind)) == Evidence(kind, "page", support=2, lift=1.23)


def test_a_pair_that_too_few_show_claims_no_count() -> None:
    assert chosen(pair("page", 1)) == Evidence(EvidenceKind.RELATED, "page")


def test_the_shop_says_how_many_are_enough(use_settings: Callable[..., None]) -> None:
    use_settings(RECOMMEND={"MIN_SUPPORT": 5})
    assert chosen(pair("page", 4)).support == 0
    assert chosen(pair("page", 5)).support == 5


def test_the_pages_own_product_is_named_before_what_else_was_viewed() -> None:
    both = pair("seen", 9) | pair("page", 2)
    assert chosen(both).seed_id == "page"
    assert chosen(pair("seen", 9) | pair("page", 1)).seed_id == "seen"


def test_a_seed_that_is_gone_is_named_only_where_no_other_is_there() -> None:
    assert chosen(pair("seen", 9), is_seen_there=False) == Evidence(AFTER, "seen", support=9, lift=1.23)
    assert chosen(pair("seen", 9) | pair("page", 1), is_seen_there=False).kind is EvidenceKind.RELATED
    assert chosen(pair("seen", 1), page=None, is_seen_there=False) == Evidence(EvidenceKind.RELATED)


def test_what_was_counted_goes_before_a_shared_attribute_and_that_before_what_was_not() -> None:
    material = Evidence(EvidenceKind.SAME_ATTRIBUTE, "page", detail="Material", value="nylon")
    assert chosen(pair("page", 2), NYLON).kind is AFTER
    assert chosen(pair("page", 1), NYLON) == material
    assert chosen({}, NYLON) == material


def test_likeness_is_said_of_what_is_alike_enough() -> None:
    assert chosen(listed(ListKind.CONTENT, "page", 0.5)) == Evidence(EvidenceKind.SIMILAR, "page")
    assert chosen(listed(ListKind.CONTENT, "page", 0.2)).kind is EvidenceKind.POPULAR
    # Beside a page, likeness to what else was viewed explains nothing.
    assert chosen(listed(ListKind.CONTENT, "seen", 0.5)).kind is EvidenceKind.POPULAR
    assert chosen(listed(ListKind.CONTENT, "seen", 0.5), page=None) == Evidence(EvidenceKind.SIMILAR, "seen")


def test_popular_in_the_category_is_said_with_its_count_of_products_that_are_in_it() -> None:
    lists = popular(ListKind.CATEGORY, 4)
    assert chosen(lists, X) == Evidence(EvidenceKind.POPULAR_IN_CATEGORY, support=4, detail="Tents")
    # Its category has changed since.
    assert chosen(lists, OTHER).kind is EvidenceKind.POPULAR


def test_the_same_category_is_said_where_too_few_have_looked() -> None:
    assert chosen(popular(ListKind.CATEGORY, 1), X) == Evidence(
        EvidenceKind.SAME_ATTRIBUTE, "page", detail="category", value="Tents"
    )


def test_what_the_best_candidates_brought_along_is_related_to_what_was_viewed() -> None:
    assert chosen({}) == Evidence(EvidenceKind.RELATED)
    assert chosen({}, page=None) == Evidence(EvidenceKind.RELATED)


@pytest.mark.parametrize(("support", "claimed"), [(1, 0), (2, 2)])
def test_popular_is_counted_only_where_enough_have_looked(support: int, claimed: int) -> None:
    assert chosen(popular(ListKind.SHOP, support), page=None) == Evidence(EvidenceKind.POPULAR, support=claimed)
