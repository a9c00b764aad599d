"""Figures worked out by hand, and what must hold for any."""

from __future__ import annotations

from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecom_llm.recommend.measuring.metrics import Accuracy, PopularityBias, coverage, percentile, place_of

places = st.lists(st.integers(min_value=0, max_value=20))


def accuracy(*found: int) -> Accuracy:
    made = Accuracy()
    for place in found:
        made.add(place)
    return made


def test_first_third_and_missed() -> None:
    found = accuracy(1, 3, 0, 0)
    assert (found.n, found.hits) == (4, 2)
    assert found.hr == 0.5
    assert found.mrr == pytest.approx((1 + 1 / 3) / 4)
    assert found.ndcg == pytest.approx((1 + 0.5) / 4)


def test_no_prediction_is_no_division_by_zero() -> None:
    assert (accuracy().hr, accuracy().mrr, accuracy().ndcg) == (0, 0, 0)


@given(places)
def test_figures_lie_between_0_and_1_and_in_their_order(found: list[int]) -> None:
    made = accuracy(*found)
    assert 0 <= made.mrr <= made.ndcg + 1e-9
    assert made.ndcg <= made.hr + 1e-9
    assert made.hr <= 1


@given(places, st.integers(min_value=2, max_value=20))
def test_a_better_place_is_never_worth_less(found: list[int], place: int) -> None:
    worse, better = accuracy(*found, place), accuracy(*found, place - 1)
    assert better.hr == worse.hr
    assert better.mrr > worse.mrr
    assert better.ndcg > worse.ndcg


def test_the_gain_of_a_place_is_its_discount() -> None:
    assert accuracy(7).ndcg == pytest.approx(1 / log2(8))


def test_places_count_from_one() -> None:
    assert place_of("b", ["a", "b", "c"]) == 2
    assert place_of("d", ["a", "b", "c"]) == 0
    assert place_of("d", []) == 0


def test_coverage_is_of_the_catalogue_only() -> None:
    assert coverage({"a", "gone"}, ["a", "b", "c", "d"]) == 0.25
    assert coverage({"a"}, []) == 0


def test_offering_twice_as_popular_products_is_a_bias_of_one() -> None:
    bias = PopularityBias({"hit": 8, "middling": 4, "rare": 2})
    # Lists of mean popularity 6 and 2, and what was chosen: 2 and 2.
    bias.add(["hit", "middling"], "rare")
    bias.add(["rare"], "rare")
    assert bias.value == pytest.approx((4 - 2) / 2)


def test_what_was_never_chosen_before_has_no_popularity() -> None:
    bias = PopularityBias({"hit": 8})
    bias.add(["new", "new too"], "hit")
    assert bias.value == -1


def test_a_bias_against_nothing_is_not_known() -> None:
    bias = PopularityBias({"hit": 8})
    assert bias.value is None
    bias.add(["hit"], "new")
    assert bias.value is None
    empty = PopularityBias({"hit": 8})
    empty.add([], "hit")
    assert empty.value is None


def test_empty_lists_do_not_make_the_offer_look_unpopular() -> None:
    bias = PopularityBias({"hit": 8})
    bias.add([], "hit")
    bias.add(["hit"], "hit")
    assert bias.value == 0


@pytest.mark.parametrize(("share", "value"), [(0.5, 2), (0.51, 3), (0.75, 3), (0.95, 4), (1.0, 4), (0.01, 1)])
def test_percentiles_are_values_that_occur(share: float, value: float) -> None:
    assert percentile([3, 1, 4, 2], share) == value


def test_percentile_of_nothing_is_0() -> None:
    assert percentile([], 0.5) == 0


@given(st.lists(st.floats(0, 1000), min_size=1), st.floats(0.001, 1))
def test_percentile_is_not_exceeded_by_its_share(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9
    assert sum(value < found for value in values) < share * len(values) + 1e-9
