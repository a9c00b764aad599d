from __future__ import annotations

import pytest

from ecom_llm.entities import EvidenceKind, ListKind
from ecom_llm.recommend.blend import Blend
from ecom_llm.recommend.changes import Totals
from ecom_llm.recommend.packing import Shown, unpack_evidence, unpack_floats, unpack_ids
from ecom_llm.recommend.pair_counts import PairCount
from ecom_llm.recommend.weighing import Weighing, make_lists

SHOP = Totals(visits=100, carts=40, orders=20)
# Viewed after, viewed before, together, added, bought.
PAIR = PairCount("b", (2.0, 1.0, 4.0, 0.0, 0.0), (3, 1, 4, 0, 0))


def weighing(blend: Blend | None = None, min_support: int = 2, limit: int = 9) -> Weighing:
    return Weighing(blend or Blend(), SHOP, present=1.0, min_support=min_support, limit=limit)


def test_a_pairs_weight_by_hand() -> None:
    blend = Blend(reverse=0.5, together=0.1, seed_damping=0.5, candidate_damping=0.25, shrinkage=1, power=0.5)
    seed, candidate = Totals(visit_weight=15.0), Totals(visit_weight=80.0)
    # 2 + half of 1 + a tenth of 4, divided by 16^0.5 times 81^0.25: 2.9 / 12
    assert weighing(blend).by_views(seed, candidate, PAIR) == pytest.approx((2.9 / 12) ** 0.5)


def test_carts_add_to_it() -> None:
    blend = Blend(added=2, seed_damping=1, candidate_damping=0, shrinkage=0, power=1, reverse=0, together=0)
    count = PairCount("b", (1.0, 0, 0, 1.0, 1.0), (1, 0, 0, 1, 1))
    seed = Totals(visit_weight=10.0, cart_weight=5.0, order_weight=4.0)
    assert weighing(blend).by_views(seed, Totals(), count) == pytest.approx(1 / 10 + 2 / 5)


def test_the_weight_of_what_was_bought_together_by_hand() -> None:
    blend = Blend(order_seed_damping=0.5, order_candidate_damping=0.25, order_shrinkage=1, order_power=2)
    count = PairCount("b", (9.0, 9.0, 9.0, 9.0, 3.0), (9, 9, 9, 9, 3))
    seed, candidate = Totals(order_weight=15.0), Totals(order_weight=80.0)
    assert weighing(blend).by_orders(seed, candidate, count) == pytest.approx((3 / 12) ** 2)


def test_what_everybody_views_is_a_weaker_pair_than_what_belongs_together() -> None:
    seed, rare, hit = Totals(visit_weight=10.0), Totals(visit_weight=5.0), Totals(visit_weight=50.0)
    assert weighing().by_views(seed, rare, PAIR) > weighing().by_views(seed, hit, PAIR)


def test_a_pair_seen_once_does_not_look_certain() -> None:
    once = PairCount("b", (1.0, 0, 0, 0, 0), (1, 0, 0, 0, 0))
    often = PairCount("b", (50.0, 0, 0, 0, 0), (50, 0, 0, 0, 0))
    few, many = Totals(visit_weight=1.0), Totals(visit_weight=50.0)
    blend = Blend(candidate_damping=0.5)
    assert weighing(blend).by_views(few, few, once) < weighing(blend).by_views(many, many, often)


def test_the_lift_by_hand() -> None:
    seed, candidate = Totals(visits=10, orders=5), Totals(visits=20, orders=4)
    # Of 100 visits 10 and 20: by chance 2 would have both, 3 have.
    assert weighing().show(seed, candidate, PAIR) == Shown(EvidenceKind.VIEWED_AFTER, 3, pytest.approx(1.5))
    # Of 20 orders 5 and 4: by chance 1 would hold both, 4 do.
    bought = PairCount("b", (0.0, 0, 0, 0, 4.0), (0, 0, 0, 0, 4))
    assert weighing().show(seed, candidate, bought) == Shown(EvidenceKind.BOUGHT_TOGETHER, 4, pytest.approx(4.0))


@pytest.mark.parametrize(
    ("supports", "kind"),
    [
        ((9, 9, 9, 9, 2), EvidenceKind.BOUGHT_TOGETHER),
        ((9, 9, 9, 2, 1), EvidenceKind.ADDED_TOGETHER),
        ((2, 9, 9, 1, 1), EvidenceKind.VIEWED_AFTER),
        ((1, 1, 2, 1, 1), EvidenceKind.VIEWED_TOGETHER),
        # None is supported enough; the strongest of the best supported.
        ((1, 1, 1, 0, 0), EvidenceKind.VIEWED_AFTER),
        ((0, 1, 1, 0, 1), EvidenceKind.BOUGHT_TOGETHER),
        ((0, 1, 1, 0, 0), EvidenceKind.VIEWED_TOGETHER),
    ],
)
def test_the_strongest_evidence_that_enough_support_is_shown(supports: tuple[int, ...], kind: EvidenceKind) -> None:
    shown = weighing().show(Totals(visits=1), Totals(visits=1), PairCount("b", (1.0,) * 5, supports))
    number = {"viewed_after": 0, "viewed_together": 2, "added_together": 3, "bought_together": 4}[kind.value]
    assert (shown.kind, shown.support) == (kind, supports[number])


def test_nothing_counted_is_no_lift() -> None:
    assert weighing().show(Totals(), Totals(), PAIR).lift == 0.0


def test_a_list_is_ordered_cut_and_says_what_shows_each() -> None:
    counts = [
        PairCount(name, (weight, 0, 0, 0, 0), (5, 0, 0, 0, 0))
        for name, weight in zip("dcab", (1, 2, 2, 9), strict=True)
    ]
    row, orders = make_lists("s", counts, {"s": Totals(visits=10)}, weighing(limit=3), generation=4)
    assert (row.kind, row.seed, row.generation, row.seed_visits) == (ListKind.PAIRS.value, "s", 4, 10)
    assert unpack_ids(row.product_ids) == ["b", "a", "c"]
    weights = list(unpack_floats(row.weights))
    assert weights == sorted(weights, reverse=True)
    assert unpack_evidence(row.evidence, 2).support == 5
    # An empty list takes the place of one that was there.
    assert (orders.kind, unpack_ids(orders.product_ids)) == (ListKind.ORDERS.value, [])
