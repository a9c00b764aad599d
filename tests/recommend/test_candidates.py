from __future__ import annotations

from collections.abc import Collection, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecom_llm.entities import EvidenceKind, ListKind, ProductFacts
from ecom_llm.recommend.blend import Blend
from ecom_llm.recommend.candidates import HISTORY_SEEDS, Candidates, Seeds, score, weigh_seeds
from ecom_llm.recommend.lists import Listed, Lists
from ecom_llm.recommend.packing import Shown, pack_evidence

PAGE = ProductFacts(product_id="page", name="Page", category="Tents")
# What pairs alone say.
PAIRS_ONLY = Blend(hop=0, bought=0, history=0, content=0, likeness=0, popular_in_category=0, popular=0)


def listed(seed: str, weights: Mapping[str, float], *shown: Shown, visits: int = 0) -> Listed:
    return Listed(seed, list(weights), list(weights.values()), pack_evidence(shown), visits)


def none_read(product_ids: Collection[str]) -> Lists:
    return {}


def scored(seeds: Seeds, blend: Blend, lists: Lists, further: Lists | None = None) -> dict[str, float]:
    known = further or {}
    return score(seeds, blend, lists, lambda ids: {key: row for key, row in known.items() if key[1] in ids})


def test_the_page_counts_most_then_the_newest_views() -> None:
    seeds = weigh_seeds(PAGE, ["a", "b", "page"], [], Blend(recent=1.0, order_recent=0.0), 3)
    assert seeds.weights == pytest.approx({"page": 1, "a": 1 / 2, "b": 1 / 3})
    assert seeds.basket == {"page": 1, "a": 1, "b": 1}
    assert seeds.category == "Tents"


def test_only_the_newest_views_count() -> None:
    assert list(weigh_seeds(None, ["a", "b", "c"], [], Blend(), 2).weights) == ["a", "b"]


def test_earlier_visits_fill_what_room_is_left() -> None:
    blend = Blend(history=0.1)
    earlier = ["a", *[f"e{number}" for number in range(9)]]
    weights = weigh_seeds(None, ["a"], earlier, blend, 10).weights
    assert weights["a"] == 1
    assert {weight for seed, weight in weights.items() if seed != "a"} == {0.1}
    assert len(weights) == HISTORY_SEEDS
    assert list(weigh_seeds(None, ["a", "b"], earlier, blend, 2).weights) == ["a", "b"]


def test_nothing_seen_is_nothing_to_start_from() -> None:
    assert weigh_seeds(None, [], [], Blend(), 10) == Seeds({}, {}, "")


def test_a_candidate_of_several_seeds_adds_up_what_they_say() -> None:
    lists: Lists = {
        (ListKind.PAIRS, "a"): listed("a", {"x": 0.4, "y": 0.3}),
        (ListKind.PAIRS, "b"): listed("b", {"y": 0.3}),
    }
    scores = scored(Seeds({"a": 1.0, "b": 0.5}, {}), PAIRS_ONLY, lists)
    # 0.45 and 0.4, brought to 1 for the strongest.
    assert scores == pytest.approx({"y": 1.0, "x": 0.4 / 0.45})


def test_what_was_bought_together_adds_up_to_its_share() -> None:
    lists: Lists = {
        (ListKind.PAIRS, "a"): listed("a", {"x": 5.0}),
        (ListKind.ORDERS, "a"): listed("a", {"y": 0.001}),
    }
    blend = Blend.read(PAIRS_ONLY.as_stored() | {"bought": 0.25})
    assert scored(Seeds({"a": 1.0}, {"a": 1.0}), blend, lists) == pytest.approx({"x": 1.0, "y": 0.25})


def test_neighbours_of_the_best_candidates_are_reached_where_little_is_known() -> None:
    lists: Lists = {(ListKind.PAIRS, "a"): listed("a", {"x": 1.0})}
    further: Lists = {(ListKind.PAIRS, "x"): listed("x", {"far": 1.0})}
    blend = Blend.read(PAIRS_ONLY.as_stored() | {"hop": 0.5, "thin_visits": 10.0})
    seeds = Seeds({"a": 1.0}, {})
    assert scored(seeds, blend, lists, further) == pytest.approx({"x": 1.0, "far": 0.5})
    lists[ListKind.PAIRS, "a"] = listed("a", {"x": 1.0}, visits=30)
    assert scored(seeds, blend, lists, further) == pytest.approx({"x": 1.0, "far": 0.125})


def test_what_is_read_already_is_not_read_again() -> None:
    lists: Lists = {
        (ListKind.PAIRS, "a"): listed("a", {"b": 1.0, "x": 0.5}),
        (ListKind.PAIRS, "b"): listed("b", {"a": 1.0}),
    }
    asked: list[Collection[str]] = []
    score(Seeds({"a": 1.0, "b": 1.0}, {}), Blend(), lists, lambda ids: asked.append(sorted(ids)) or {})
    assert asked == [["x"]]


def test_what_is_popular_fills_up_by_place_where_nobody_has_looked() -> None:
    lists: Lists = {(ListKind.SHOP, ""): listed("", {"x": 0.0, "y": 0.0})}
    scores = scored(Seeds({}, {}), Blend(), lists)
    assert scores["x"] > scores["y"] > 0


def test_what_is_alike_adds_in_proportion_to_the_seeds() -> None:
    lists: Lists = {(ListKind.CONTENT, "a"): listed("a", {"x": 0.8})}
    blend = Blend.read(PAIRS_ONLY.as_stored() | {"content": 0.1})
    assert scored(Seeds({"a": 1.0, "b": 1.0}, {}), blend, lists) == pytest.approx({"x": 0.04})


@given(
    st.dictionaries(st.sampled_from("ab"), st.floats(0, 1), min_size=1),
    st.dictionaries(st.sampled_from("vwxyz"), st.floats(0, 1e6)),
    st.builds(Blend, hop=st.sampled_from([0, 1]), popular=st.sampled_from([0, 0.1]), bought=st.floats(0, 2)),
)
def test_whatever_the_lists_weigh_scores_are_numbers(
    weights: dict[str, float], candidates: dict[str, float], blend: Blend
) -> None:
    lists: Lists = {
        (kind, seed): listed(seed, candidates) for kind in (ListKind.PAIRS, ListKind.ORDERS) for seed in weights
    }
    lists[ListKind.SHOP, ""] = listed("", candidates)
    scores = score(Seeds(weights, weights), blend, lists, none_read)
    assert all(0 <= number < 10 for number in scores.values())


def test_what_adds_most_to_a_candidates_score_is_told_first() -> None:
    few, many = Shown(EvidenceKind.VIEWED_AFTER, 2, 0.5), Shown(EvidenceKind.VIEWED_TOGETHER, 40, 6.0)
    lists: Lists = {
        (ListKind.PAIRS, "newest"): listed("newest", {"x": 0.1}, few),
        (ListKind.PAIRS, "older"): listed("older", {"x": 0.9}, many),
    }
    seeds = {"newest": 1.0, "older": 0.5}
    pairs = Candidates(Seeds(seeds, seeds), {}, lists).pairs_among(["x"])["x"]
    assert list(pairs.items()) == [("older", many), ("newest", few)]


def test_of_a_seed_that_was_viewed_and_bought_with_a_candidate_the_views_are_told() -> None:
    after, bought = Shown(EvidenceKind.VIEWED_AFTER, 3, 1.0), Shown(EvidenceKind.BOUGHT_TOGETHER, 9, 1.0)
    lists: Lists = {
        (ListKind.PAIRS, "a"): listed("a", {"x": 0.1}, after),
        (ListKind.ORDERS, "a"): listed("a", {"x": 0.9}, bought),
    }
    assert Candidates(Seeds({"a": 1.0}, {"a": 1.0}), {}, lists).pairs_among(["x"])["x"] == {"a": after}


def test_seeds_that_orders_link_come_after_those_that_visits_link() -> None:
    after, bought = Shown(EvidenceKind.VIEWED_AFTER, 3, 1.0), Shown(EvidenceKind.BOUGHT_TOGETHER, 2, 1.0)
    lists: Lists = {
        (ListKind.PAIRS, "a"): listed("a", {"x": 1.0}, after),
        (ListKind.ORDERS, "b"): listed("b", {"y": 1.0, "x": 1.0}, after, bought),
    }
    found = Candidates(Seeds({"a": 1.0, "b": 0.5}, {"a": 1.0, "b": 1.0}), {}, lists)
    pairs = found.pairs_among(["x", "z"])
    assert list(pairs["x"].items()) == [("a", after), ("b", bought)]
    assert pairs["z"] == {}


def test_the_strongest_come_first() -> None:
    assert Candidates(Seeds({}, {}), {"a": 0.1, "b": 0.3, "c": 0.2}, {}).ranked() == ["b", "c", "a"]
