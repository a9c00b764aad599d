from __future__ import annotations

from django.utils import timezone

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
