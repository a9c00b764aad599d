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
from ecom_llm.ids import uuid7
from ecom_llm.models import Event, VisitorAccount
from ecom_llm.recommend import visits
from ecom_llm.recommend.visits import Order, Row, Visit, cut, iter_all, iter_of, learned_from
from tests.recommend.conftest import record

pytestmark = pytest.mark.django_db

NOW = timezone.now()
LONG_AGO = NOW - timedelta(days=90)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def all_of(since: datetime = LONG_AGO) -> list[Visit | Order]:
    found = list(iter_all(since, timezone.now(), lambda rows: rows))
    # By visitor and all at once, they are the same.
    rows = dict(iter_of({"p:1", "p:2"}, since, timezone.now()))
    again = [item for group in rows.values() for item in learned_from(group)]
    nobodys = Event.objects.filter(visitor="").exists()
    assert nobodys or sorted(map(repr, again)) == sorted(map(repr, found))
    return found


def viewed(since: datetime = LONG_AGO) -> list[list[str]]:
    return [list(item.products) for item in all_of(since) if isinstance(item, Visit)]


def bought(since: datetime = LONG_AGO) -> list[set[str]]:
    return [set(item.products) for item in all_of(since) if isinstance(item, Order)]


def test_a_long_gap_begins_a_new_visit() -> None:
    for minutes, product_id in ((100, "a"), (71, "b"), (40, "c"), (9.5, "d")):
        record("p:1", product_id, ago(minutes))
    assert viewed() == [["a", "b"], ["c"], ["d"]]


def test_visits_of_visitors_are_kept_apart() -> None:
    record("p:1", "a", ago(9))
    record("p:2", "x", ago(8))
    record("p:1", "b", ago(7))
    assert sorted(viewed()) == [["a", "b"], ["x"]]


def test_a_source_that_knows_its_visits_is_believed() -> None:
    record("p:1", "a", ago(500), visit="v1")
    record("p:1", "b", ago(10), visit="v1")
    record("p:1", "c", ago(9), visit="v2")
    assert sorted(viewed()) == [["a", "b"], ["c"]]


def test_a_named_visit_ends_after_a_day_without_anything() -> None:
    for hours, product_id in ((60, "a"), (37, "b"), (12, "c")):
        record("p:1", product_id, ago(hours * 60), visit="v1")
    assert viewed() == [["a", "b"], ["c"]]


def test_events_of_nobody_link_nothing() -> None:
    record("", "a", ago(2))
    record("", "b", ago(1))
    assert sorted(viewed()) == [["a"], ["b"]]


def test_old_events_and_other_kinds_are_left_out() -> None:
    record("p:1", "old", LONG_AGO - timedelta(minutes=1))
    record("p:1", "a", ago(5))
    record("p:1", "", ago(4), kind=EventKind.SEARCH, query="b")
    record("p:1", "listed", ago(3), kind=EventKind.VIEW_ITEM_LIST)
    record("p:1", "c", ago(2), kind=EventKind.ADD_TO_CART)
    [visit] = all_of()
    assert visit == Visit(("a", "c"), frozenset({"c"}), ago(2))


def test_looking_again_at_once_is_looking_once() -> None:
    for minutes, product_id in enumerate("aabba"):
        record("p:1", product_id, ago(9 - minutes))
    assert viewed() == [["a", "b", "a"]]


def test_orders_hold_each_product_once() -> None:
    for minutes, (order_id, product_id) in enumerate([("1", "a"), ("2", "c"), ("1", "b"), ("1", "a"), ("", "x")]):
        record("p:1", product_id, ago(9 - minutes), kind=EventKind.PURCHASE, order_id=order_id)
    assert bought() == [{"a", "b"}, {"c"}]


def test_an_order_goes_on_across_midnight_but_an_id_that_comes_around_is_another_order() -> None:
    midnight = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
    for hours, product_id in ((-60.0, "a"), (-59, "b"), (-0.1, "c"), (0.1, "d")):
        moment = midnight + timedelta(hours=hours) - timedelta(days=1)
        record("p:1", product_id, moment, kind=EventKind.PURCHASE, order_id="1")
    assert bought() == [{"a", "b"}, {"c", "d"}]


def test_two_visitors_with_the_same_order_id_have_bought_apart() -> None:
    record("p:1", "a", NOW, kind=EventKind.PURCHASE, order_id="1")
    record("p:2", "b", NOW, kind=EventKind.PURCHASE, order_id="1")
    assert sorted(map(sorted, bought())) == [["a"], ["b"]]


def test_what_else_a_shopper_does_keeps_the_visit_going() -> None:
    record("p:1", "a", ago(80))
    record("p:1", "", ago(55), kind=EventKind.SEARCH)
    record("p:1", "b", ago(30))
    record("p:2", "", ago(30), kind=EventKind.SEARCH)
    assert viewed() == [["a", "b"]]


@pytest.mark.parametrize("days", [-1.9, -1, 0, 1, 1.9])
def test_an_id_that_is_days_away_from_its_event_cuts_no_visit(days: float) -> None:
    start = ago(5 * 24 * 60)
    for minute, product_id in enumerate("abc"):
        moment = start + timedelta(minutes=minute)
        carried = moment + timedelta(days=days if product_id == "b" else 0)
        record("p:1", product_id, moment, id=uuid7(carried))
    assert viewed() == [["a", "b", "c"]]


def test_a_change_of_summer_time_cuts_no_visit() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    # At one in the morning UTC clocks went from three back to two: by the wall the second is 50 minutes earlier.
    first = datetime(2026, 10, 25, 2, 55, tzinfo=berlin, fold=0)
    second = datetime(2026, 10, 25, 2, 5, tzinfo=berlin, fold=1)
    # And 25 minutes by the wall are 25 minutes also where they lie in different zones.
    third = (second.astimezone(UTC) + timedelta(minutes=25)).astimezone(ZoneInfo("Pacific/Auckland"))
    for moment, product_id in ((first, "a"), (second, "b"), (third, "c")):
        record("p:1", product_id, moment)
    assert viewed(first - timedelta(days=1)) == [["a", "b", "c"]]


def test_only_the_rows_that_are_wanted_count() -> None:
    for minutes, product_id in ((9, "a"), (8, "b"), (7, "c")):
        record("p:1", product_id, ago(minutes))
    [visit] = iter_all(LONG_AGO, NOW, lambda rows: (row for row in rows if row.product_id != "b"))
    assert isinstance(visit, Visit)
    assert visit.products == ("a", "c")


def test_visits_end_where_they_are_asked_to() -> None:
    """To the moment, as whoever reads one visitor's rows has it."""
    for minutes, product_id in ((9, "a"), (8, "b"), (7, "c")):
        record("p:1", product_id, ago(minutes))
    [visit] = iter_all(LONG_AGO, ago(8), lambda rows: rows)
    assert isinstance(visit, Visit)
    assert visit.products == ("a", "b")
    [(_, rows)] = iter_of({"p:1"}, LONG_AGO, ago(8))
    assert learned_from(rows) == [visit]


def test_rows_of_many_visitors_come_by_visitor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "CHUNK_VISITORS", 2)
    for number in range(5):
        record(f"p:{number}", "a", ago(number + 1))
    found = {visitor: len(rows) for visitor, rows in iter_of({f"p:{number}" for number in range(9)}, LONG_AGO, NOW)}
    assert found == {f"p:{number}": 1 for number in range(5)}


def test_rows_are_cut_as_visits_are() -> None:
    rows = [Row("p:1", "", "a", ago(minutes), EventKind.VIEW_ITEM, "", None) for minutes in (90, 80, 40, 5)]
    assert [len(group) for group in cut(rows)] == [2, 1, 1]


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
        found = iter_all(LONG_AGO, timezone.now(), lambda rows: rows)
        assert [item.products for item in found] == [("a", "b")]
        assert VisitorAccount.objects.count() == (level == "personal")
        Event.objects.all().delete()
        repeats.forget_recent()
