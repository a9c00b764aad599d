from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from ecom_llm.recommend.pair_counts import COLUMNS
from ecom_llm.recommend.pair_table import Numbering, PairTable


def test_an_id_keeps_its_number() -> None:
    numbering = Numbering()
    assert [numbering.number(name) for name in ("a", "b", "a", "c")] == [0, 1, 0, 2]
    assert [numbering.id(number) for number in range(3)] == ["a", "b", "c"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"), st.sampled_from("abcd"), st.integers(0, COLUMNS - 1), st.integers(-9, 9),
            st.sampled_from([-1, 1]),
        ),
        max_size=40,
    )
)  # fmt: skip
def test_what_is_added_comes_out_summed_by_seed(added: list[tuple[str, str, int, int, int]]) -> None:
    numbering = Numbering()
    table = PairTable(numbering)
    sums: defaultdict[tuple[str, str, int], list[int]] = defaultdict(lambda: [0, 0])
    for seed, candidate, kind, weight, support in added:
        table.add(numbering.number(seed), numbering.number(candidate), kind, weight, support)
        sums[seed, candidate, kind][0] += weight
        sums[seed, candidate, kind][1] += support
    found = list(table.by_seed())
    assert len(found) == len({seed for seed, _ in found}) == len({seed for seed, _, _ in sums})
    assert len(table) == sum(len(counts) for _, counts in found)
    for seed, counts in found:
        for count in counts:
            for kind in range(COLUMNS):
                assert [count.weights[kind], count.supports[kind]] == sums[seed, count.candidate, kind]


def test_seeds_and_candidates_with_high_numbers_are_told_apart() -> None:
    table = PairTable(Numbering())
    highest = 2**31 - 1
    table.add(highest, 0, 0, 1.0)
    table.add(0, highest, 0, 1.0)
    assert len(table) == 2
