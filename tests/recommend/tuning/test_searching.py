"""The search climbs, and only where it pays."""

from __future__ import annotations

from dataclasses import fields, replace

from hypothesis import given
from hypothesis import strategies as st

from ecom_llm.recommend.blend import Blend
from ecom_llm.recommend.tuning.searching import GRID, beside, search, trials_at_most

GIVEN = Blend()
values = st.floats(min_value=0, max_value=2)


def never() -> bool:
    return False


def test_every_parameter_of_the_grid_is_one_of_the_blend_and_its_default_is_tried() -> None:
    assert set(GRID) <= {item.name for item in fields(Blend)}
    assert all(getattr(GIVEN, name) in grid for name, grid in GRID.items())


def test_it_finds_the_best_of_each_parameter() -> None:
    wanted = {name: max(grid) for name, grid in GRID.items()} | {"recent": min(GRID["recent"]), "step": 0.5}

    def worth(blend: Blend) -> float:
        return -sum(abs(getattr(blend, name) - value) for name, value in wanted.items())

    assert search(GIVEN, worth, never) == replace(GIVEN, **wanted)


def test_parameters_that_need_each_other_are_found_in_the_second_round() -> None:
    def worth(blend: Blend) -> float:
        return 1.0 + (blend.hop == 1.0) if blend.recent == 2.0 else 0.0

    grid = {"hop": (0.0, 1.0), "recent": (1.0, 2.0)}
    begun = replace(GIVEN, hop=0.0, recent=1.0)
    assert search(begun, worth, never, grid) == replace(GIVEN, hop=1.0, recent=2.0)


def test_what_serves_stays_where_nothing_matters_much() -> None:
    assert search(GIVEN, lambda blend: 0.0001 * blend.hop, never) == GIVEN


def test_nothing_is_tried_twice() -> None:
    tried: list[Blend] = []

    def worth(blend: Blend) -> float:
        tried.append(blend)
        return blend.recent

    search(GIVEN, worth, never)
    assert len(tried) == len(set(tried)) <= trials_at_most(GRID)


def test_it_ends_in_time_with_the_best_so_far() -> None:
    tried: list[Blend] = []

    def worth(blend: Blend) -> float:
        tried.append(blend)
        return -blend.hop

    found = search(GIVEN, worth, lambda: len(tried) >= 3)
    assert len(tried) == 3
    assert found == replace(GIVEN, hop=min(GRID["hop"]))


def test_beside_a_value_are_its_neighbours_of_the_grid() -> None:
    assert beside(0.5, (0.0, 0.5, 1.0, 2.0)) == [0.0, 1.0]
    assert beside(0.6, (0.0, 0.5, 1.0)) == [0.5, 1.0]
    assert beside(0.0, (0.0, 1.0)) == [1.0]
    assert beside(3.0, (0.0, 1.0)) == [1.0]


@given(st.dictionaries(st.sampled_from(sorted(GRID)), values, min_size=1))
def test_what_is_found_is_never_worth_less_than_the_start(start: dict[str, float]) -> None:
    begun = replace(GIVEN, **start)

    def worth(blend: Blend) -> float:
        return sum((place % 3 - 1) * getattr(blend, name) for place, name in enumerate(GRID))

    assert worth(search(begun, worth, never)) >= worth(begun)
