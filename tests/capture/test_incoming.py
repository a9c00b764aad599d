from __future__ import annotations

import uuid
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ecom_llm.capture import counters
from ecom_llm.capture.incoming import believable, make_records, own_id
from ecom_llm.capture.repeats import id_unless_repeat
from ecom_llm.capture.visitors import NOBODY, Visitor
from ecom_llm.entities import Consent
from ecom_llm.ids import time_of, uuid7
from tests.capture.conftest import Configure

ONE = Visitor("p:" + "1" * 32, Consent.PERSONAL)
NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def test_the_same_id_from_the_same_visitor_is_the_same_event() -> None:
    given = uuid7(NOW)
    assert own_id("p:1", "view_item", given, NOW) == own_id("p:1", "view_item", given, NOW + 5 * SECOND)
    assert own_id("p:1", "view_item", given, NOW) != own_id("p:2", "view_item", given, NOW)
    assert own_id("p:1", "view_item", given, NOW) != own_id("p:1", "select_item", given, NOW)
    assert own_id("p:1", "view_item", given, NOW) != given


@pytest.mark.parametrize("given", [uuid.uuid4(), uuid7(NOW - timedelta(days=400)), uuid7(NOW + timedelta(days=2))])
def test_an_id_without_a_believable_time_gets_the_days_first_moment(given: uuid.UUID) -> None:
    made = own_id("p:1", "view_item", given, NOW)
    assert time_of(made) == NOW.replace(hour=0)
    assert made == own_id("p:1", "view_item", given, NOW + timedelta(hours=11))


def test_an_id_of_today_keeps_its_time() -> None:
    moment = NOW - timedelta(hours=3)
    assert time_of(own_id("p:1", "view_item", uuid7(moment), NOW)) == moment


@pytest.mark.parametrize(
    ("given", "expected"),
    [(None, NOW), (NOW + SECOND, NOW), (NOW - SECOND, NOW - SECOND), (NOW - 9 * DAY, NOW - DAY)],
)
def test_a_clock_is_believed_within_a_day(given: datetime | None, expected: datetime) -> None:
    assert believable(given, NOW) == expected


def test_how_long_ago_is_by_the_servers_clock() -> None:
    before = datetime.now(UTC)
    [record] = make_records(ONE, [{"kind": "select_item", "product_id": "lantern", "ago_ms": 60_000}])
    assert timedelta(0) <= record.occurred_at + timedelta(minutes=1) - before < timedelta(seconds=30)
    [oldest] = make_records(ONE, [{"kind": "select_item", "product_id": "kettle", "ago_ms": 10**12}])
    assert oldest.occurred_at - before > timedelta(days=-1, seconds=-1)


def test_dwell_is_kept() -> None:
    [record] = make_records(ONE, [{"kind": "user_engagement", "product_id": "lantern", "engagement_ms": 4_200}])
    assert (record.kind, record.engagement_ms, record.is_known) == ("user_engagement", 4_200, False)


@pytest.mark.parametrize(("kind", "kept"), [("view_item", 1), ("search", 1), ("view_item_list", 1), ("add_to_cart", 2)])
def test_the_same_again_within_seconds_counts_once_where_it_should(kind: str, kept: int) -> None:
    row: dict[str, Any] = {"kind": kind, "query": "lamp"} if kind == "search" else {"kind": kind, "product_id": "l"}
    assert len(make_records(ONE, [row, row])) == kept
    assert counters.read("events.skipped.") == ({"repeat": 1} if kept == 1 else {})


def test_a_repeat_that_another_process_sees_has_the_same_id(monkeypatch: pytest.MonkeyPatch) -> None:
    first = id_unless_repeat("a:1", "view_item", "lantern", NOW)
    assert id_unless_repeat("a:1", "view_item", "lantern", NOW + 2 * SECOND) is None
    monkeypatch.setattr("ecom_llm.capture.repeats._recent", {})
    assert id_unless_repeat("a:1", "view_item", "lantern", NOW + 2 * SECOND) == first


def test_the_same_page_counts_again_after_a_while_and_for_another_visitor() -> None:
    ids = {
        id_unless_repeat("a:1", "view_item", "lantern", NOW),
        id_unless_repeat("a:1", "view_item", "lantern", NOW + 6 * SECOND),
        id_unless_repeat("a:1", "view_item", "kettle", NOW),
        id_unless_repeat("a:2", "view_item", "lantern", NOW),
        id_unless_repeat("a:1", "search", "lantern", NOW),
    }
    assert len(ids) == 5
    assert None not in ids


def test_a_clock_set_back_silences_nothing() -> None:
    assert id_unless_repeat("a:1", "view_item", "lantern", NOW)
    assert id_unless_repeat("a:1", "view_item", "lantern", NOW - timedelta(hours=1))


def test_nobodys_events_are_no_repeats() -> None:
    row = {"kind": "view_item", "product_id": "lantern"}
    assert len(make_records(NOBODY, [row, row])) == 2


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch, configure: Configure) -> None:
    monkeypatch.setattr("ecom_llm.capture.repeats.REMEMBERED", 100)
    recent: OrderedDict[Any, datetime] = OrderedDict()
    monkeypatch.setattr("ecom_llm.capture.repeats._recent", recent)
    for number in range(1_000):
        id_unless_repeat("a:1", "view_item", str(number), NOW)
    assert len(recent) <= 100
    assert ("a:1", "view_item", "999") in recent
