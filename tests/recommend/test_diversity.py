from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecom_llm.recommend.diversity import GREATEST, MIXED, diversify


class Scored(NamedTuple):
    id: str
    score: float
    category: str


def mix(ranked: list[Scored], **options: Any) -> list[Scored]:
    return diversify(
        ranked,
        score_of=lambda item: item.score,
        category_of=lambda item: item.category,
        **{"strength": 0.2, "places": 4} | options,
    )


def ids(items: list[Scored]) -> str:
    return "".join(item.id for item in items)


def ranking(*items: tuple[float, str]) -> list[Scored]:
    return [Scored("abcdefghij"[place], score, category) for place, (score, category) in enumerate(items)]


rankings = st.lists(
    st.tuples(st.floats(-1, 100, allow_nan=False), st.sampled_from(["", "Tents", "Lamps", "Pots"])), max_size=30
).map(
    lambda found: [
        Scored(str(place), score, category) for place, (score, category) in enumerate(sorted(found, reverse=True))
    ]
)
strengths = st.floats(-0.5, 1.5, allow_nan=False)


@given(rankings, strengths, st.integers(0, 40), st.sets(st.sampled_from(["Tents", "Lamps", ""])))
def test_nothing_is_lost_or_added_and_the_best_stays_first(
    ranked: list[Scored], strength: float, places: int, free: set[str]
) -> None:
    mixed = mix(ranked, strength=strength, places=places, free=free)
    assert sorted(mixed) == sorted(ranked)
    assert mixed[:1] == ranked[:1]


@given(rankings, st.integers(0, 40))
def test_without_strength_nothing_changes(ranked: list[Scored], places: int) -> None:
    assert mix(ranked, strength=0, places=places) == ranked


@given(rankings, strengths, st.integers(2, 40))
def test_within_a_category_the_order_stays(ranked: list[Scored], strength: float, places: int) -> None:
    mixed = mix(ranked, strength=strength, places=places)
    for category in ("Tents", "Lamps", "Pots", ""):
        assert [item for item in mixed if item.category == category] == [
            item for item in ranked if item.category == category
        ]


@given(rankings, st.floats(0, 1), st.integers(2, 40))
def test_no_candidate_passes_one_that_is_much_stronger(ranked: list[Scored], strength: float, places: int) -> None:
    mixed = mix(ranked, strength=strength, places=places)
    for place, item in enumerate(mixed):
        for later in mixed[place + 1 :]:
            assert item.score >= later.score * (1 - strength * GREATEST) - 1e-9 or later.score <= 0


def test_a_close_alternative_of_another_category_comes_forward() -> None:
    tents = ranking((1.0, "Tents"), (0.99, "Tents"), (0.98, "Tents"), (0.97, "Tents"), (0.96, "Lamps"), (0.95, "Pots"))
    assert ids(mix(tents)) == "aefbcd"


def test_a_much_stronger_candidate_wins_over_another_category() -> None:
    tents = ranking((1.0, "Tents"), (0.9, "Tents"), (0.8, "Tents"), (0.7, "Tents"), (0.2, "Lamps"))
    assert mix(tents) == tents


def test_the_pages_own_category_pays_nothing_for_its_first_products() -> None:
    tents = ranking((1.0, "Tents"), (0.99, "Tents"), (0.98, "Tents"), (0.97, "Lamps"))
    assert ids(mix(tents, free={"Tents"})) == "abdc"


def test_products_without_a_category_pay_nothing() -> None:
    bare = ranking((1.0, ""), (0.99, ""), (0.98, ""), (0.97, "Lamps"))
    assert mix(bare) == bare


@pytest.mark.parametrize("places", [0, 1])
def test_where_there_is_one_place_there_is_nothing_to_mix(places: int) -> None:
    tents = ranking((1.0, "Tents"), (0.99, "Tents"), (0.98, "Lamps"))
    assert mix(tents, places=places) == tents


def test_of_a_long_list_only_the_beginning_is_mixed() -> None:
    tents = [Scored(str(place), 1.0, "Tents") for place in range(MIXED + 2)]
    lamps = [Scored(str(place), 0.999, "Lamps") for place in range(90, 99)]
    assert mix([*tents, *lamps], places=30)[MIXED:][-5:] == lamps[-5:]
    assert [item.category for item in mix([*tents, *lamps], places=30)].index("Lamps") == 1


def test_beyond_the_places_the_old_order_stays() -> None:
    tents = ranking((1.0, "Tents"), (0.99, "Tents"), (0.98, "Tents"), (0.97, "Lamps"), (0.96, "Pots"))
    assert ids(mix(tents, places=2)) == "adbce"
