"""What the next page knows of a visitor, as far as it is in the tables; see also tests/capture/test_next_page.py."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from ecom_llm.capture.erased import CLOCK_SLACK, ask_to_forget
from ecom_llm.capture.sinks.base import Sink, get_sink
from ecom_llm.capture.visitors import NOBODY, Visitor
from ecom_llm.catalog.adapters.memory import MemoryCatalog
from ecom_llm.entities import Consent, EventKind, EventRecord
from ecom_llm.ids import uuid7
from ecom_llm.models import Erasure
from ecom_llm.recommend import visitor_rows
from ecom_llm.recommend.current_visit import CurrentVisit, read_visit
from tests.recommend.conftest import EVA, record

pytestmark = pytest.mark.django_db

ADA = Visitor("a:" + "a" * 32, Consent.ANONYMOUS)
Held = Callable[..., None]


def did(visitor: Visitor, product_id: str, minutes_ago: float, **values: Any) -> None:
    moment = timezone.now() - timedelta(minutes=minutes_ago)
    record(visitor.key, product_id, moment, consent=visitor.consent.value, **values)


def bought(visitor: Visitor, product_id: str, minutes_ago: float) -> None:
    did(visitor, product_id, minutes_ago, kind=EventKind.PURCHASE, order_id="7")


def searched(visitor: Visitor, query: str, minutes_ago: float) -> None:
    did(visitor, "", minutes_ago, kind=EventKind.SEARCH, query=query)


@pytest.fixture
def hold(monkeypatch: pytest.MonkeyPatch, shop: MemoryCatalog) -> Held:
    """Have the sink hold an event of a visitor's."""
    records: list[EventRecord] = []
    monkeypatch.setattr(
        Sink, "held_of", lambda self, visitor: [record for record in records if record.visitor == visitor]
    )

    def add(visitor: Visitor, product_id: str, minutes_ago: float = 0.0, **values: Any) -> None:
        moment = timezone.now() - timedelta(minutes=minutes_ago)
        given: dict[str, Any] = {"kind": "view_item", "is_known": False, **values}
        records.append(
            EventRecord(
                id=uuid7(moment), occurred_at=moment, visitor=visitor.key, consent=visitor.consent.value,
                product_id=product_id, **given,
            )
        )  # fmt: skip

    return add


def test_nobody_is_not_even_asked_for(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        assert read_visit(NOBODY) == CurrentVisit()
        assert read_visit(Visitor("", Consent.ANONYMOUS)) == CurrentVisit()


@pytest.mark.parametrize("visitor", [ADA, EVA], ids=["anonymous", "personal"])
def test_a_visit_is_read_in_one_query_newest_first(
    visitor: Visitor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for minutes_ago, product_id in [(9, "pot"), (7, "pan"), (5, "pot"), (3, "bag")]:
        did(visitor, product_id, minutes_ago)
    did(visitor, "quay", 4, kind=EventKind.ADD_TO_CART)
    did(Visitor("a:" + "b" * 32, Consent.ANONYMOUS), "fell", 1)
    with django_assert_num_queries(1):
        found = read_visit(visitor)
    assert found == CurrentVisit(viewed=("bag", "quay", "pot", "pan"), carted=frozenset({"quay"}))


def test_a_visitor_who_has_done_nothing_has_no_visit() -> None:
    assert read_visit(ADA) == read_visit(EVA) == CurrentVisit()


def test_a_long_gap_cuts_the_visit_and_a_search_bridges_one(use_settings: Any) -> None:
    use_settings(CAPTURE={"VISIT_GAP_MINUTES": 30})
    did(ADA, "pot", 95)
    did(ADA, "pan", 50)
    searched(ADA, "lamp", 25)
    did(ADA, "bag", 1)
    did(ADA, "quay", 60, kind=EventKind.VIEW_ITEM_LIST)
    assert read_visit(ADA).viewed == ("bag", "pan")


def test_a_visit_that_is_over_is_none(use_settings: Any) -> None:
    did(ADA, "pot", 31)
    did(EVA, "pot", 31)
    assert read_visit(ADA) == CurrentVisit()
    assert read_visit(EVA) == CurrentVisit(earlier=("pot",))


def test_anonymous_visits_may_be_left_alone(
    use_settings: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    did(ADA, "pot", 1)
    did(EVA, "pot", 1)
    use_settings(RECOMMEND={"FROM_ANONYMOUS_VISITS": False})
    with django_assert_num_queries(1):
        assert read_visit(ADA) == CurrentVisit()
    assert read_visit(EVA).viewed == ("pot",)


def test_only_with_an_id_is_more_known_than_this_visit() -> None:
    for visitor in (ADA, EVA):
        did(visitor, "fell", 60 * 24 * 400)
        bought(visitor, "pan", 60 * 24 * 300)
        did(visitor, "pot", 60 * 24 * 3)
        did(visitor, "bag", 60 * 24 * 2)
        bought(visitor, "harbour", 60 * 5)
        did(visitor, "bag", 2)
        bought(visitor, "quay", 1)
    assert read_visit(ADA) == CurrentVisit(viewed=("bag",), bought=frozenset({"quay"}))
    assert read_visit(EVA) == CurrentVisit(
        viewed=("bag",), bought=frozenset({"quay", "harbour", "pan"}), earlier=("harbour", "pot", "pan")
    )


def test_what_was_bought_is_no_longer_in_the_cart() -> None:
    did(ADA, "pot", 3, kind=EventKind.ADD_TO_CART)
    did(ADA, "pan", 2, kind=EventKind.ADD_TO_CART)
    bought(ADA, "pot", 1)
    assert read_visit(ADA).carted == {"pan"}


@pytest.mark.parametrize(
    ("after", "query"),
    [([], "lamp"), (["pot", "pan"], "lamp"), (["pot", "pot", "pan"], "lamp"), (["pot", "pan", "bag"], "")],
)
def test_a_search_counts_until_a_few_products_were_looked_at(after: list[str], query: str) -> None:
    searched(EVA, "jacket", 20)
    searched(EVA, "lamp", 19)
    for number, product_id in enumerate(after):
        did(EVA, product_id, 10 - number)
    assert read_visit(EVA).query == query


def test_a_search_before_an_order_or_in_another_visit_is_answered() -> None:
    searched(EVA, "pan", 90)
    did(EVA, "pot", 8)
    assert read_visit(EVA).query == ""
    searched(EVA, "lamp", 7)
    bought(EVA, "pot", 6)
    assert read_visit(EVA).query == ""


def test_words_that_were_typed_are_not_told_to_whoever_shares_an_anonymous_key() -> None:
    searched(ADA, "lamp", 1)
    assert read_visit(ADA) == CurrentVisit()


def test_all_of_a_long_visit_is_known() -> None:
    for number in range(80):
        did(EVA, f"n{number}", 79 - number)
    assert len(read_visit(EVA).viewed) == 80


@pytest.mark.parametrize("visitor", [ADA, EVA], ids=["anonymous", "personal"])
def test_endless_visits_are_cut_but_for_what_was_bought(monkeypatch: pytest.MonkeyPatch, visitor: Visitor) -> None:
    for number in range(8):
        did(visitor, f"n{number}", 7 - number)
    bought(visitor, "old", 55)
    monkeypatch.setattr(visitor_rows, "ACTIONS", 2)
    visitor_rows._statement.cache_clear()
    found = read_visit(visitor)
    visitor_rows._statement.cache_clear()
    assert found.viewed == ("n7", "n6")
    assert found.bought == {"old"}


def test_what_was_bought_several_times_is_told_once(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for days in (3, 40, 400):
        bought(EVA, "old", 60 * 24 * days)
    assert read_visit(EVA) == CurrentVisit(bought=frozenset({"old"}), earlier=("old",))
    assert len(visitor_rows.read_rows(EVA.key, timezone.now() - timedelta(days=7), timezone.now()).actions) == 1


def test_who_is_being_forgotten_is_not_known_though_the_tables_still_name_them(hold: Held) -> None:
    did(EVA, "pot", 1)
    bought(EVA, "pan", 60 * 24)
    hold(EVA, "bag")
    ask_to_forget([EVA.key])
    assert read_visit(EVA) == CurrentVisit()


def test_who_was_forgotten_begins_anew(hold: Held) -> None:
    ask_to_forget([ADA.key])
    done_at = timezone.now() - timedelta(minutes=2)
    Erasure.objects.update(done_at=done_at, asked_at=done_at)
    slack = CLOCK_SLACK.total_seconds() / 60
    hold(ADA, "pot", 2.5)
    hold(ADA, "pan", 2 - slack / 2)
    hold(ADA, "bag", 1)
    assert read_visit(ADA).viewed == ("bag",)
    Erasure.objects.update(is_dropped=True)
    assert read_visit(ADA) == CurrentVisit()


def test_what_is_still_in_memory_counts_in_its_place(
    hold: Held, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    did(ADA, "pot", 9)
    did(ADA, "pan", 5)
    hold(ADA, "pot", 1)
    hold(ADA, "", 0.5, kind="search", query="lamp", is_known=True)
    hold(ADA, "fell", 0.2, kind="purchase", is_known=True)
    hold(ADA, "quay", 0.1, kind="view_item_list")
    hold(EVA, "harbour")
    with django_assert_num_queries(1):
        found = read_visit(ADA)
    assert found == CurrentVisit(viewed=("pot", "pan"), bought=frozenset({"fell"}))
    hold(ADA, "bag", 7)
    # A savepoint around the catalogue's look-up, in a test's transaction.
    with django_assert_num_queries(3):
        found = read_visit(ADA)
    assert found.viewed == ("pot", "pan", "bag")


def test_a_variant_in_memory_is_its_parent_and_what_is_unknown_is_nothing(hold: Held) -> None:
    hold(EVA, "harbour-l", 3)
    hold(EVA, "no such", 2)
    hold(EVA, "fell-s", 1, kind="add_to_cart")
    assert read_visit(EVA) == CurrentVisit(viewed=("fell", "harbour"), carted=frozenset({"fell"}))


def test_a_sink_or_a_catalogue_that_fails_leaves_what_the_tables_say(
    hold: Held, shop: MemoryCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any) -> Any:
        raise RuntimeError

    did(ADA, "pot", 1)
    hold(ADA, "pan")
    with monkeypatch.context() as patch:
        patch.setattr(type(get_sink()), "held_of", fail)
        assert read_visit(ADA).viewed == ("pot",)
    monkeypatch.setattr(type(shop), "parent_ids", fail)
    assert read_visit(ADA).viewed == ("pot",)
