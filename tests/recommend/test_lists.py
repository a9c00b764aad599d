from __future__ import annotations

from typing import Any

import pytest

from ecom_llm.entities import EvidenceKind, ListKind
from ecom_llm.models import CandidateList, LearnedState
from ecom_llm.recommend import lists
from ecom_llm.recommend.lists import read_lists, read_pairs
from ecom_llm.recommend.packing import Shown, pack_evidence, pack_floats, pack_ids

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _state(db: None) -> None:
    LearnedState.objects.create(generation=3)


def make(kind: ListKind, seed: str, *product_ids: str, generation: int = 3, shown: tuple[Shown, ...] = ()) -> None:
    CandidateList.objects.create(
        kind=kind.value,
        seed=seed,
        generation=generation,
        product_ids=pack_ids(product_ids),
        weights=pack_floats([0.5] * len(product_ids)),
        evidence=pack_evidence(shown),
    )


def test_all_that_a_page_needs_is_one_query(django_assert_num_queries: Any) -> None:
    make(ListKind.PAIRS, "tent", "pegs")
    make(ListKind.ORDERS, "tent", "lamp")
    make(ListKind.CONTENT, "tent", "tarp", generation=0)
    make(ListKind.CATEGORY, "Tents", "tent")
    make(ListKind.SHOP, "", "lamp")
    with django_assert_num_queries(1):
        found = read_lists({"tent"}, {"tent"}, "Tents")
    assert {key: listed.product_ids for key, listed in found.items()} == {
        (ListKind.PAIRS, "tent"): ["pegs"],
        (ListKind.ORDERS, "tent"): ["lamp"],
        (ListKind.CONTENT, "tent"): ["tarp"],
        (ListKind.CATEGORY, "Tents"): ["tent"],
        (ListKind.SHOP, ""): ["lamp"],
    }


def test_lists_of_another_generation_are_not_read() -> None:
    make(ListKind.PAIRS, "tent", "old", generation=2)
    make(ListKind.PAIRS, "tent", "next", generation=4)
    assert read_lists({"tent"}, set(), "") == read_pairs({"tent"}) == {}
    make(ListKind.PAIRS, "tent", "pegs")
    assert read_lists({"tent"}, set(), "")[ListKind.PAIRS, "tent"].product_ids == ["pegs"]
    assert read_pairs({"tent"})[ListKind.PAIRS, "tent"].product_ids == ["pegs"]


def test_a_category_and_a_product_of_the_same_name_are_told_apart() -> None:
    make(ListKind.PAIRS, "tent", "pegs")
    make(ListKind.CATEGORY, "tent", "tarp")
    assert read_lists({"tent"}, set(), "").keys() == {(ListKind.PAIRS, "tent")}
    assert read_lists(set(), set(), "tent").keys() == {(ListKind.CATEGORY, "tent")}


def test_a_product_that_was_only_bought_with_others_brings_no_list_of_views() -> None:
    make(ListKind.PAIRS, "tent", "pegs")
    make(ListKind.ORDERS, "lamp", "oil")
    make(ListKind.PAIRS, "lamp", "wick")
    assert read_lists({"tent"}, {"lamp"}, "").keys() == {(ListKind.PAIRS, "tent"), (ListKind.ORDERS, "lamp")}


def test_before_anything_was_learned_there_are_none_but_of_content() -> None:
    LearnedState.objects.all().delete()
    make(ListKind.PAIRS, "tent", "pegs", generation=1)
    make(ListKind.CONTENT, "tent", "tarp", generation=0)
    assert read_lists({"tent"}, {"tent"}, "").keys() == {(ListKind.CONTENT, "tent")}


def test_a_list_says_what_shows_its_candidates_if_it_knows() -> None:
    shown = (Shown(EvidenceKind.VIEWED_AFTER, 3, 1.5), Shown(EvidenceKind.BOUGHT_TOGETHER, 2, 4.0))
    make(ListKind.PAIRS, "tent", "pegs", "lamp", shown=shown)
    make(ListKind.PAIRS, "lamp", "pegs")
    found = read_lists({"tent", "lamp"}, set(), "")
    assert found[ListKind.PAIRS, "tent"].shown(1) == shown[1]
    assert found[ListKind.PAIRS, "lamp"].shown(0) is None
    assert read_pairs({"tent"})[ListKind.PAIRS, "tent"].shown(0) is None


def test_of_further_products_only_the_strongest_pairs_are_read() -> None:
    make(ListKind.PAIRS, "tent", *(f"p{number:03}" for number in range(lists.HOP_LISTED + 10)))
    read = read_pairs({"tent"})[ListKind.PAIRS, "tent"]
    assert read.product_ids == [f"p{number:03}" for number in range(lists.HOP_LISTED)]
    assert len(read.weights) == lists.HOP_LISTED
    assert len(read_lists({"tent"}, set(), "")[ListKind.PAIRS, "tent"].product_ids) == lists.HOP_LISTED + 10


def test_of_further_products_what_was_viewed_is_read_only() -> None:
    make(ListKind.PAIRS, "tent", "pegs")
    make(ListKind.ORDERS, "tent", "lamp")
    assert list(read_pairs({"tent"})) == [(ListKind.PAIRS, "tent")]


def test_pairs_of_no_products_cost_no_query(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert read_pairs(()) == {}


@pytest.mark.parametrize("seed", ["100 % wool", "a'; --", 'a"b', "%s", "مصباح", "A"])
def test_any_seed_is_found_as_it_is(seed: str) -> None:
    make(ListKind.PAIRS, seed, "pegs")
    assert read_lists({seed, "a"}, set(), seed).keys() == {(ListKind.PAIRS, seed)}
