from __future__ import annotations

import pytest

from ecom_llm.recommend.pair_counts import PairCounts, order_strengths, set_strengths


def test_the_next_product_counts_more_than_a_later_one() -> None:
    assert order_strengths(["a", "b", "c"]) == {("a", "b"): 1, ("a", "c"): 0.5, ("b", "c"): 1}


def test_going_back_and_forth_links_both_ways_but_nothing_to_itself() -> None:
    assert order_strengths(["a", "b", "a"]) == {("a", "b"): 1, ("b", "a"): 1}


def test_a_set_links_all_both_ways() -> None:
    assert set_strengths({"a", "b"}) == {("a", "b"): 1, ("b", "a"): 1}


def test_what_everybody_views_is_a_weaker_pair_than_what_belongs_together() -> None:
    counts = PairCounts(candidates=5)
    for _ in range(5):
        counts.add({"tent", "pegs"}, set_strengths({"tent", "pegs"}))
        counts.add({"tent", "hit"}, set_strengths({"tent", "hit"}))
    for _ in range(50):
        counts.add({"hit"}, {})
    best = dict(counts.best({"tent", "pegs", "hit"}))
    assert [candidate for candidate, _, _ in best["tent"]] == ["pegs", "hit"]
    assert [support for _, _, support in best["tent"]] == [5, 5]


def test_products_that_are_gone_are_neither_seed_nor_candidate() -> None:
    counts = PairCounts(candidates=5)
    counts.add({"a", "b", "gone"}, set_strengths({"a", "b", "gone"}))
    best = {seed: [row[0] for row in rows] for seed, rows in counts.best({"a", "b"})}
    assert best == {"a": ["b"], "b": ["a"]}


@pytest.mark.parametrize("max_pairs", [10, 60])
def test_memory_is_bounded_and_the_strongest_survive(max_pairs: int) -> None:
    counts = PairCounts(candidates=2, max_pairs=max_pairs)
    for number in range(400):
        for visit in ({"a", "b"}, {"a", f"once-{number}"}):
            counts.add(visit, {pair: 1.0 for pair in set_strengths(visit) if pair[0] == "a"})
        assert sum(len(row) for row in counts._pairs.values()) <= max_pairs + 2
    [(seed, best)] = counts.best({"a", "b"})
    assert (seed, best[0][0], best[0][2]) == ("a", "b", 400)
