from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecom_llm.recommend.pair_counts import (
    AFTER,
    BOUGHT,
    COLUMNS,
    NO_SUPPORTS,
    NO_WEIGHTS,
    PairCount,
    merged,
    pack_counts,
    strongest,
    unpack_counts,
)

ids = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=100)
weights = st.tuples(*[st.floats(0, 2.0**90, width=32)] * COLUMNS)
supports = st.tuples(*[st.integers(0, 2**32 - 1)] * COLUMNS)


def count_of(candidate: str, **numbers: float) -> PairCount:
    """Counts of one kind only."""
    kind = int(numbers.pop("kind", AFTER))
    weight, support = numbers.pop("weight", 1.0), int(numbers.pop("support", 1))
    return PairCount(
        candidate,
        tuple(weight if each == kind else 0.0 for each in range(COLUMNS)),
        tuple(support if each == kind else 0 for each in range(COLUMNS)),
    )


@given(st.lists(st.builds(PairCount, ids, weights, supports), max_size=20))
def test_counts_that_are_packed_come_out_again(counts: list[PairCount]) -> None:
    found = unpack_counts(pack_counts(counts))
    assert [item.candidate for item in found] == [item.candidate for item in counts]
    for before, after in zip(counts, found, strict=True):
        assert tuple(after.supports) == before.supports
        for kind in range(COLUMNS):
            # The weight of a kind that no pair has is not kept.
            if any(item.supports[kind] for item in counts):
                assert after.weights[kind] == before.weights[kind]


def test_nothing_is_packed_in_a_few_bytes() -> None:
    assert unpack_counts(b"") == unpack_counts(pack_counts([])) == []
    assert len(pack_counts([count_of("a")])) == 4 + 1 + COLUMNS + 8


def test_a_memoryview_is_read_too() -> None:
    assert unpack_counts(memoryview(pack_counts([count_of("a")]))) == [count_of("a")]


def test_changes_are_added() -> None:
    found = merged([count_of("a", weight=1.5, support=3)], [count_of("a", weight=0.5), count_of("b", kind=BOUGHT)])
    assert found == [count_of("a", weight=2.0, support=4), count_of("b", kind=BOUGHT)]


def test_what_nothing_supports_any_more_is_left_out() -> None:
    assert merged([count_of("a", weight=1.1)], [count_of("a", weight=-1.0999, support=-1)]) == []
    assert merged([], [count_of("a", weight=-1, support=-1)]) == []


def test_rounding_leaves_no_weight_without_support() -> None:
    both = PairCount("a", (1.0, 0, 0, 0, 1.0), (1, 0, 0, 0, 1))
    [left] = merged([both], [count_of("a", weight=-0.999, support=-1)])
    assert left == count_of("a", kind=BOUGHT)


@given(
    counts=st.lists(st.builds(PairCount, st.sampled_from("abcd"), weights, supports), max_size=4),
    changes=st.lists(st.builds(PairCount, st.sampled_from("abcd"), weights, supports), max_size=4),
)
def test_what_is_added_and_taken_away_again_leaves_the_numbers(
    counts: list[PairCount], changes: list[PairCount]
) -> None:
    known = {item.candidate: item for item in counts}
    back = [
        PairCount(item.candidate, tuple(-each for each in item.weights), tuple(-each for each in item.supports))
        for item in changes
    ]
    found = merged(merged(known.values(), changes), back)
    assert {item.candidate: tuple(item.supports) for item in found} == {
        item.candidate: item.supports for item in known.values() if any(item.supports)
    }
    assert all(each >= 0 for item in found for each in item.weights)


def test_only_the_strongest_pairs_are_kept() -> None:
    counts = [count_of(name, weight=weight) for name, weight in (("a", 1), ("b", 3), ("d", 2), ("c", 2))]
    assert [item.candidate for item in strongest(counts, 3)] == ["b", "c", "d"]


@pytest.mark.parametrize("kept", [5, 20])
def test_what_is_strong_in_the_end_survives_however_much_comes_once(kept: int) -> None:
    counts: list[PairCount] = []
    for number in range(400):
        changes = [count_of("always"), count_of(f"once-{number}")]
        counts = strongest(merged(counts, changes), kept)
    assert len(counts) == kept
    assert (counts[0].candidate, counts[0].supports[AFTER]) == ("always", 400)


def test_no_counts_are_zeros() -> None:
    assert (sum(NO_WEIGHTS), sum(NO_SUPPORTS), len(NO_WEIGHTS)) == (0, 0, COLUMNS)
