"""Visits are predicted product by product."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecom_llm.recommend.measuring import evaluating
from ecom_llm.recommend.measuring.evaluating import Shop, evaluate, predictions_in, predictions_of, sampled

SHOP = Shop(products=["a", "b", "c", "d"], popularity={"a": 4, "b": 2, "c": 2})

visits_of_any_kind = st.lists(st.lists(st.sampled_from("abcde"), max_size=6), max_size=6)


def always(*answer: str) -> evaluating.Recommender:
    return lambda visit, limit: answer


def test_every_later_product_is_predicted_from_those_before() -> None:
    asked = []

    def recommender(visit: Sequence[str], limit: int) -> list[str]:
        asked.append((list(visit), limit))
        return []

    evaluate([["a", "b", "c"], ["d"], [], ["c", "d"]], 3, recommender, SHOP)
    assert asked == [(["a"], 3), (["a", "b"], 3), (["c"], 3)]


def test_figures_of_a_tiny_file() -> None:
    # Targets: b (new, place 2), a (seen, place 1), d (new, missed).
    found = evaluate([["a", "b", "a"], ["c", "d"]], 2, always("a", "b"), SHOP)
    assert (found.every.n, found.every.hr, found.every.mrr) == (3, 2 / 3, pytest.approx(1.5 / 3))
    assert (found.novel.n, found.novel.hr, found.novel.mrr) == (2, 1 / 2, pytest.approx(0.5 / 2))
    assert found.visits == 2
    assert found.coverage == 0.5
    # Offered 3 on average; chosen b, a and d: (2 + 4 + 0) / 3.
    assert found.popularity_bias == pytest.approx(0.5)
    assert 0 <= found.p50_ms <= found.p95_ms
    assert found.is_complete


def test_a_reload_is_no_prediction() -> None:
    assert list(predictions_of(["a", "a", "b", "b", "a"])) == [(2, True), (4, False)]
    assert predictions_in(["a", "a"]) == predictions_in(["a"]) == predictions_in([]) == 0


def test_no_more_than_k_products_count() -> None:
    found = evaluate([["a", "d"]], 2, always("b", "c", "d"), SHOP)
    assert found.every.hr == 0
    assert found.coverage == 0.5


def test_it_ends_when_told_and_says_so() -> None:
    found = evaluate([["a", "b", "c"], ["c", "d"], ["d", "a"]], 2, always("a"), SHOP, lambda done: done < 3)
    assert (found.every.n, found.visits, found.is_complete) == (3, 2, False)


def test_nothing_to_predict_is_nothing_measured() -> None:
    found = evaluate([["a"], []], 2, always("a"), SHOP)
    assert (found.every.n, found.visits, found.coverage, found.popularity_bias) == (0, 0, 0, None)
    assert (found.p50_ms, found.p95_ms) == (0, 0)


@given(visits_of_any_kind)
def test_who_knows_the_future_hits_always(visits: list[list[str]]) -> None:
    future = iter([visit[place] for visit in visits for place, _ in predictions_of(visit)])
    found = evaluate(visits, 1, lambda visit, limit: [next(future)], SHOP)
    assert found.every.n == sum(map(predictions_in, visits))
    assert found.novel.n <= found.every.n
    if found.every.n:
        assert (found.every.hr, found.every.mrr, found.every.ndcg) == (1, 1, 1)


@given(visits_of_any_kind)
def test_as_many_new_products_as_visits_have_beyond_their_first(visits: list[list[str]]) -> None:
    found = evaluate(visits, 1, always(), SHOP)
    assert found.novel.n == sum(len(set(visit)) - 1 for visit in visits if visit)


def test_a_sample_is_the_same_for_the_same_seed_and_keeps_the_order() -> None:
    visits = [[str(number), "next"] for number in range(100)] + [["alone"]]
    drawn = sampled(visits, 10, seed=7)
    assert drawn == sampled(visits, 10, seed=7) != sampled(visits, 10, seed=8)
    assert len(drawn) == 10
    assert drawn == sorted(drawn, key=visits.index)


@pytest.mark.parametrize("size", [None, 2, 99])
def test_a_sample_as_large_as_the_file_is_all_that_can_be_predicted(size: int | None) -> None:
    assert sampled([["a", "b"], ["alone"], ["b", "b"], ["c", "d"]], size, seed=1) == [["a", "b"], ["c", "d"]]
