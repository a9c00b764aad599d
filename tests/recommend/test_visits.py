from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from ecom_llm.capture import repeats
from ecom_llm.entities import EventKind
from ecom_llm.models import Event, VisitorAccount
from ecom_llm.recommend.visits import iter_orders, iter_visits, without_repeats
from tests.recommend.conftest import record

pytestmark = pytest.mark.django_db

NOW = timezone.now()
LONG_AGO = NOW - timedelta(days=90)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def test_a_long_gap_begins_a_new_visit() -> None:
    for minutes, product_id in ((100, "a"), (71, "b"), (40, "c"), (9.5, "d")):
        record("p:1", product_id, ago(minutes))
    assert list(iter_visits(LONG_AGO)) == [["a", "b"], ["c"], ["d"]]


def test_visits_of_visitors_are_kept_apart() -> None:
    record("p:1", "a", ago(9))
    record("p:2", "x", ago(8))
    record("p:1", "b", ago(7))
    assert sorted(iter_visits(LONG_AGO)) == [["a", "b"], ["x"]]


def test_a_source_that_knows_its_visits_is_believed() -> None:
    record("p:1", "a", ago(500), visit="v1")
    record("p:1", "b", ago(10), visit="v1")
    record("p:1", "c", ago(9), visit="v2")
    assert sorted(iter_visits(LONG_AGO)) == [["a", "b"], ["c"]]


def test_events_of_nobody_link_nothing() -> None:
    record("", "a", ago(2))
    record("", "b", ago(1))
    assert sorted(iter_visits(LONG_AGO)) == [["a"], ["b"]]


def test_old_events_and_other_kinds_are_left_out() -> None:
    record("p:1", "old", LONG_AGO - timedelta(minutes=1))
    record("p:1", "a", ago(5))
    record("p:1", "", ago(4), kind=EventKind.SEARCH, query="b")
    record("p:1", "listed", ago(3), kind=EventKind.VIEW_ITEM_LIST)
    record("p:1", "c", ago(2), kind=EventKind.ADD_TO_CART)
    assert list(iter_visits(LONG_AGO)) == [["a", "c"]]


def test_orders_hold_each_product_once() -> None:
    for order_id, product_id in (("1", "a"), ("2", "c"), ("1", "b"), ("1", "a"), ("", "x")):
        record("p:1", product_id, NOW, kind=EventKind.PURCHASE, order_id=order_id)
    assert list(iter_orders(LONG_AGO)) == [{"a", "b"}, {"c"}]


@pytest.mark.parametrize(
    ("products", "limit", "kept"),
    [("aabba", 9, "aba"), ("abcd", 2, "cd"), ("", 3, ""), ("aaaa", 3, "a")],
)
def test_a_visit_is_thinned_to_its_newest_steps(products: str, limit: int, kept: str) -> None:
    assert without_repeats(list(products), limit) == list(kept)


def test_what_else_a_shopper_does_keeps_the_visit_going() -> None:
    record("p:1", "a", ago(80))
    record("p:1", "", ago(55), kind=EventKind.SEARCH)
    record("p:1", "b", ago(30))
    record("p:2", "", ago(30), kind=EventKind.SEARCH)
    assert list(iter_visits(LONG_AGO)) == [["a", "b"]]


def test_a_change_of_summer_time_cuts_no_visit() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    # At one in the morning UTC clocks went from three back to two: by the wall the second is 50 minutes earlier.
    first = datetime(2026, 10, 25, 2, 55, tzinfo=berlin, fold=0)
    second = datetime(2026, 10, 25, 2, 5, tzinfo=berlin, fold=1)
    # And 25 minutes by the wall are 25 minutes also where they lie in different zones.
    third = (second.astimezone(UTC) + timedelta(minutes=25)).astimezone(ZoneInfo("Pacific/Auckland"))
    for moment, product_id in ((first, "a"), (second, "b"), (third, "c")):
        record("p:1", product_id, moment)
    assert list(iter_visits(first - timedelta(days=1))) == [["a", "b", "c"]]


def test_a_visit_goes_on_across_signing_in_at_personal_only(settings: Settings, client: Client) -> None:
    """Below `personal` a visit goes on too, but nothing joins it to the account."""
    settings.ROOT_URLCONF = "tests.recommend.urls"
    settings.ECOM_LLM = settings.ECOM_LLM | {
        "CATALOG": {
            "ADAPTER": "ecom_llm.catalog.adapters.memory.MemoryCatalog",
            "OPTIONS": {"products": [{"id": name, "name": name, "category": "c"} for name in "ab"]},
        }
    }
    User.objects.create_user("eva")
    for level in ("anonymous", "personal"):
        client.cookies.clear()
        client.cookies["ecom_llm_consent"] = level
        client.get("/view/a/")
        client.get("/sign-in/eva/")
        client.get("/view/b/")
        assert list(iter_visits(LONG_AGO)) == [["a", "b"]]
        assert VisitorAccount.objects.count() == (level == "personal")
        Event.objects.all().delete()
        repeats.forget_recent()
