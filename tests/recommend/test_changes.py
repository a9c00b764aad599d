from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from ecom_llm.recommend.changes import WHOLE_SHOP, Changes, Totals
from ecom_llm.recommend.contributions import Counting
from ecom_llm.recommend.pair_counts import ADDED, AFTER, BOUGHT
from ecom_llm.recommend.visits import Learned, Order, Visit

NOW = timezone.now()
COUNTING = Counting(
    half_life_days=10, visit_products=30, step=1, length=0.25, order_length=0.75, learn_days=365, visit_gap_minutes=30
)
VISIT = Visit(("a", "b", "a"), frozenset({"a", "b"}), NOW - timedelta(days=10))
ORDER = Order(frozenset({"a", "b"}), NOW)


def counted(*items: tuple[Learned, int]) -> Changes:
    changes = Changes(COUNTING, NOW)
    for item, sign in items:
        changes.add([item], sign)
    return changes


def test_a_visit_counts_each_product_once_and_once_for_the_shop() -> None:
    changes = counted((VISIT, 1))
    expected = Totals(visits=1, carts=1, visit_weight=0.5, cart_weight=0.5)
    assert changes.totals == {"a": expected, "b": expected, WHOLE_SHOP: expected}


def test_a_visit_without_a_cart_is_no_cart_of_the_shops() -> None:
    changes = counted((Visit(("a",), frozenset(), NOW), 1))
    assert changes.totals[WHOLE_SHOP] == Totals(visits=1, visit_weight=1.0)


def test_an_order_counts_as_one() -> None:
    changes = counted((ORDER, 1))
    assert changes.totals[WHOLE_SHOP] == changes.totals["a"] == Totals(orders=1, order_weight=1.0)
    [(_, [count]), _] = changes.pairs.by_seed()
    assert (count.supports[BOUGHT], count.weights[BOUGHT]) == (1, 1.0)


def test_pairs_carry_what_recency_leaves() -> None:
    pairs = dict(counted((VISIT, 1)).pairs.by_seed())
    [count] = pairs["a"]
    assert (count.candidate, count.supports[AFTER], count.supports[ADDED]) == ("b", 1, 1)
    # Three steps of the visit are two pairs of neighbours.
    assert count.weights[AFTER] == pytest.approx(0.5 * 2**-0.25)
    assert count.weights[ADDED] == pytest.approx(0.5)


def test_what_is_taken_away_leaves_nothing() -> None:
    changes = counted((VISIT, 1), (ORDER, 1), (VISIT, -1), (ORDER, -1))
    assert set(map(str, changes.totals.values())) == {str(Totals())}
    for _, counts in changes.pairs.by_seed():
        assert not any(any(count.supports) or any(count.weights) for count in counts)


def test_totals_never_fall_below_nothing() -> None:
    taken = Totals(visits=-3, carts=-1, orders=-2, visit_weight=-0.1, cart_weight=-2.0, order_weight=-1.0)
    assert Totals(visits=2, orders=3, order_weight=1.5).plus(taken) == Totals(orders=1, order_weight=0.5)
