from __future__ import annotations

import random

from django.utils import timezone

from ecom_llm.recommend.contributions import ORDER_PRODUCTS
from ecom_llm.recommend.pair_table import Numbering
from ecom_llm.recommend.spool import Spool, Spooled
from ecom_llm.recommend.visits import Order, Visit

NOW = timezone.now()


def test_what_is_written_is_read_as_often_as_needed() -> None:
    numbering = Numbering()
    with Spool(numbering) as spool:
        spool.write(Visit(("a", "b", "c"), frozenset({"c", "a"}), NOW), 0.5, limit=2)
        spool.write(Order(frozenset({"b", "c"}), NOW), 2.0, limit=2)
        for _ in range(2):
            visit, order = spool.read()
            assert visit == Spooled(
                is_visit=True, weight=0.5, products=(numbering.number("b"), numbering.number("c")),
                added=(numbering.number("a"), numbering.number("c")),
            )  # fmt: skip
            assert (order.is_visit, order.weight) == (False, 2.0)
            assert {numbering.id(number) for number in order.products} == {"b", "c"}


def test_what_has_no_pair_takes_no_room() -> None:
    with Spool(Numbering()) as spool:
        spool.write(Visit(("a",), frozenset({"a"}), NOW), 1.0, limit=30)
        spool.write(Order(frozenset({"a"}), NOW), 1.0, limit=30)
        assert (list(spool.read()), spool.pairs) == ([], 0)
        spool.write(Order(frozenset("abc"), NOW), 1.0, limit=30)
        assert spool.pairs == 6


def test_an_order_of_which_no_pair_is_counted_takes_no_room() -> None:
    with Spool(Numbering()) as spool:
        spool.write(Order(frozenset(f"p{number}" for number in range(ORDER_PRODUCTS + 1)), NOW), 1.0, limit=30)
        assert (list(spool.read()), spool.pairs) == ([], 0)
        spool.write(Order(frozenset(f"p{number}" for number in range(ORDER_PRODUCTS)), NOW), 1.0, limit=30)
        assert len(list(spool.read())) == 1


def test_the_same_pairs_again_are_no_more_pairs() -> None:
    chance = random.Random(1)
    pairs: set[tuple[str, str]] = set()
    shown = 0
    with Spool(Numbering()) as spool:
        for _ in range(20_000):
            # Few are seen by many, many by few.
            products = tuple({f"p{min(int(chance.paretovariate(0.6)), 1_000)}" for _ in range(5)})
            spool.write(Visit(products, frozenset(), NOW), 1.0, limit=30)
            pairs.update((seed, candidate) for seed in products for candidate in products if candidate != seed)
            shown += len(products) * (len(products) - 1)
        assert len(pairs) <= spool.pairs <= 1.5 * len(pairs)
        assert shown > 3 * spool.pairs
