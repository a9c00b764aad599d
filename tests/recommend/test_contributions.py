from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from ecom_llm.recommend.contributions import ORDER_PRODUCTS, Contribution, Counting, Part, of_order, of_visit
from ecom_llm.recommend.pair_counts import ADDED, AFTER, BEFORE, BOUGHT, TOGETHER

PLAIN = Counting(
    half_life_days=10, visit_products=30, step=1, length=0, order_length=0, learn_days=365, visit_gap_minutes=30
)
DAMPED = replace(PLAIN, step=2, length=0.5, order_length=0.75)


def of_kind(kind: int, found: Sequence[Contribution]) -> dict[tuple[int, int], float]:
    return {(seed, candidate): strength for seed, candidate, each, strength in found if each == kind}


def test_the_next_product_counts_more_than_a_later_one() -> None:
    found = list(of_visit([1, 2, 3], [], PLAIN))
    assert of_kind(AFTER, found) == {(1, 2): 1, (1, 3): 0.5, (2, 3): 1}
    assert of_kind(BEFORE, found) == {(2, 1): 1, (3, 1): 0.5, (3, 2): 1}
    assert of_kind(TOGETHER, found) == dict.fromkeys([(1, 2), (2, 1), (1, 3), (3, 1), (2, 3), (3, 2)], 1)


def test_going_back_and_forth_links_both_ways_where_they_are_nearest_but_nothing_to_itself() -> None:
    found = list(of_visit([1, 2, 1, 3, 2], [], PLAIN))
    assert of_kind(AFTER, found) == {(1, 2): 1, (2, 1): 1, (1, 3): 1, (2, 3): 0.5, (3, 2): 1}


def test_steps_and_length_are_damped_as_the_parameters_say() -> None:
    found = list(of_visit([1, 2, 3, 4, 5], [], DAMPED))
    assert of_kind(AFTER, found)[1, 5] == pytest.approx(4**-2 * 4**-0.5)
    assert of_kind(TOGETHER, found)[1, 5] == pytest.approx(4**-0.5)


def test_what_was_put_into_the_cart_together_is_linked_both_ways() -> None:
    assert of_kind(ADDED, list(of_visit([1, 2, 3], {1, 3}, DAMPED))) == {(1, 3): 1, (3, 1): 1}
    assert of_kind(ADDED, list(of_visit([1, 2], {1}, DAMPED))) == {}


@pytest.mark.parametrize("products", [[], [1]])
def test_one_product_alone_teaches_no_pair(products: list[int]) -> None:
    assert list(of_visit(products, products, PLAIN)) == list(of_order(products, PLAIN)) == []


def test_a_giant_visit_teaches_its_newest_part_and_a_giant_order_nothing() -> None:
    found = list(of_visit(range(1000), range(1000), PLAIN))
    assert {seed for seed, *_ in found} == set(range(970, 1000))
    assert list(of_order(range(ORDER_PRODUCTS + 1), PLAIN)) == []
    assert len(list(of_order(range(ORDER_PRODUCTS), PLAIN))) == ORDER_PRODUCTS * (ORDER_PRODUCTS - 1)


def test_an_order_links_all_both_ways_less_in_a_long_one() -> None:
    assert of_kind(BOUGHT, list(of_order({1, 2}, DAMPED))) == {(1, 2): 1, (2, 1): 1}
    assert of_kind(BOUGHT, list(of_order({1, 2, 3, 4, 5}, DAMPED)))[1, 5] == pytest.approx(4**-0.75)


numbers = st.lists(st.integers(0, 9), max_size=15)


@given(products=numbers, added=st.sets(st.integers(0, 9)), parts=st.integers(1, 4))
def test_all_parts_together_are_the_whole(products: list[int], added: set[int], parts: int) -> None:
    steps = [number for place, number in enumerate(products) if place == 0 or products[place - 1] != number]
    each = [Part(rest, parts) for rest in range(parts)]
    in_parts = [item for part in each for item in of_visit(steps, added, DAMPED, part)]
    assert sorted(in_parts) == sorted(of_visit(steps, added, DAMPED))
    in_parts = [item for part in each for item in of_order(added, DAMPED, part)]
    assert sorted(in_parts) == sorted(of_order(added, DAMPED))


@given(products=numbers)
def test_each_pair_is_shown_once_a_visit_and_nothing_goes_with_itself(products: list[int]) -> None:
    found = list(of_visit(products, products, PLAIN))
    assert len(found) == len({item[:3] for item in found})
    assert all(seed != candidate and 0 < strength <= 1 for seed, candidate, _, strength in found)


def test_half_of_what_a_visit_counts_is_left_after_its_half_life() -> None:
    now = timezone.now()
    assert PLAIN.recency(now, now) == 1
    assert PLAIN.recency(now - timedelta(days=20), now) == pytest.approx(0.25)
    assert PLAIN.recency(now + timedelta(days=10), now) == pytest.approx(2)
    # However long ago, it is a number that counts.
    assert PLAIN.recency(now - timedelta(days=30_000), now) == 2.0**-60
