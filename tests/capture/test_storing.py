from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DataError, OperationalError, connection

from ecom_llm.capture import counters, storing
from ecom_llm.capture.broken import MAX_INTEGER
from ecom_llm.capture.erased import hash_of
from ecom_llm.capture.storing import Stored, store
from ecom_llm.entities import EventRecord
from ecom_llm.ids import uuid7
from ecom_llm.models import BrokenEvent, Erasure, Event, UnlearnedBatch

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC)


def make(number: int = 0, **values: Any) -> EventRecord:
    return EventRecord(
        **{"id": uuid7(NOW), "kind": "view_item", "occurred_at": NOW, "visitor": f"a:{number:032x}",
           "consent": "anonymous", "product_id": "lantern", **values}
    )  # fmt: skip


def test_every_column_arrives() -> None:
    record = make(
        kind="purchase", query="q", quantity=3, value=Decimal("12.50"), currency="EUR", order_id="o-1", language="de",
        visit="v1", engagement_ms=1500,
    )  # fmt: skip
    assert store([record]) == Stored(inserted=1)
    found = Event.objects.values().get()
    assert found.pop("batch") == UnlearnedBatch.objects.get().pk
    assert found == {name: value for name, value in record._asdict().items() if name != "is_known"}


def test_offered_twice_is_stored_once() -> None:
    records = [make(n) for n in range(5)]
    assert store(records) == Stored(inserted=5)
    assert store([*records, make(9)]) == Stored(inserted=1, duplicates=5)
    assert Event.objects.count() == 6
    assert counters.read("events.") == {"stored": 6, "duplicates": 5}


def test_products_are_looked_up_together() -> None:
    records = [make(product_id=name, is_known=False) for name in ("lantern", "lantern-red", "nothing", "x" * 101)]
    assert store(records) == Stored(inserted=2, unknown=2)
    assert set(Event.objects.values_list("product_id", flat=True)) == {"lantern"}
    assert counters.read("events.dropped.") == {"unknown_product": 2}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"kind": "looked"}, "kind 'looked' is not known"),
        ({"consent": "some"}, "consent 'some' is not known"),
        ({"query": "x" * 201}, "query has 201 characters, more than 200"),
        ({"product_id": "a\0b"}, "product_id holds a NUL character"),
        ({"query": "half \ud83d"}, "query holds half of a surrogate pair"),
        ({"occurred_at": NOW.replace(tzinfo=None)}, "occurred_at has no time zone"),
        ({"quantity": 0}, f"quantity 0 is not between 1 and {MAX_INTEGER}"),
        ({"quantity": MAX_INTEGER + 1}, f"quantity {MAX_INTEGER + 1} is not between 1 and {MAX_INTEGER}"),
        ({"engagement_ms": -1}, f"engagement_ms -1 is not between 0 and {MAX_INTEGER}"),
        ({"value": Decimal("NaN")}, "value is not a number of at most twelve digits before the point"),
        ({"value": Decimal(10) ** 12}, "value is not a number of at most twelve digits before the point"),
    ],
)
def test_a_broken_event_is_kept_aside_and_its_neighbours_are_stored(values: dict[str, Any], reason: str) -> None:
    assert store([make(1), make(2, **values), make(3)]) == Stored(inserted=2, broken=1)
    kept = BrokenEvent.objects.get()
    assert kept.reason == reason
    assert kept.visitor == f"a:{2:032x}"
    assert json.loads(kept.body)["visitor"] == kept.visitor
    assert counters.read("events.dropped.") == {"broken": 1}


def test_what_only_the_database_refuses_is_found_by_halving(monkeypatch: pytest.MonkeyPatch) -> None:
    insert = storing.insert
    poison = make(500)

    def refuse(records: Any) -> int:
        if poison in records:
            raise DataError("value out of range")
        return insert(records)

    monkeypatch.setattr(storing, "insert", refuse)
    records = [make(n) for n in range(64)]
    assert store([*records[:40], poison, *records[40:]]) == Stored(inserted=64, broken=1)
    assert BrokenEvent.objects.get().reason == "DataError: value out of range"


def test_an_absent_database_is_told_and_nothing_is_kept_aside() -> None:
    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        raise OperationalError("server closed the connection")

    with connection.execute_wrapper(refuse), pytest.raises(OperationalError):
        store([make(1)], is_fresh=True)
    assert not BrokenEvent.objects.exists()


def test_events_of_whoever_asked_to_be_forgotten_are_left_out() -> None:
    soon = NOW + timedelta(seconds=1)
    Erasure.objects.create(visitor_hash=hash_of(f"a:{1:032x}"), asked_at=soon, done_at=soon)
    later = NOW + timedelta(minutes=1)
    stored = store([make(1), make(2), make(1, id=uuid7(later), occurred_at=later)])
    assert stored == Stored(inserted=2, erased=1)
    assert Event.objects.filter(occurred_at=NOW).get().visitor == f"a:{2:032x}"


def test_the_reason_does_not_reach_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        store([make(query="secret words " * 20)])
    assert "secret" not in caplog.text


def test_what_the_catalogue_fails_on_is_kept_aside_and_holds_nothing_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    resolve_ids = storing.resolve_ids
    words = ["words", "of", "the", "shop's"]

    def fail(product_ids: set[str]) -> dict[str, str]:
        if "poison" in product_ids:
            raise KeyError(" ".join(words))
        return resolve_ids(product_ids)

    monkeypatch.setattr(storing, "resolve_ids", fail)
    names = ("lantern", "poison", "gone", "kettle")
    records = [make(n, product_id=name, is_known=False) for n, name in enumerate(names)]
    assert store(records) == Stored(inserted=2, unknown=1, broken=1)
    assert BrokenEvent.objects.get().reason == "the catalogue fails on its product: KeyError"
    assert "The catalogue fails" in caplog.text
    assert "words of" not in caplog.text
    assert counters.read("failures.") == {"catalogue": 1}


def test_a_batch_offered_again_after_an_outage_keeps_nothing_aside_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    insert = storing.insert
    records = [make(1), make(2, kind="looked"), make(3, consent="some")]

    def away(batch: Any) -> int:
        raise OperationalError("server closed the connection")

    with monkeypatch.context() as patch:
        patch.setattr(storing, "insert", away)
        with pytest.raises(OperationalError):
            store(records)
    assert not BrokenEvent.objects.exists()
    assert storing.insert is insert
    assert store(records) == Stored(inserted=1, broken=2)
    assert BrokenEvent.objects.count() == 2


@pytest.mark.parametrize("many", [1, 5_000])
def test_of_a_batch_with_many_visitors_those_who_asked_are_left_out(monkeypatch: pytest.MonkeyPatch, many: int) -> None:
    monkeypatch.setattr("ecom_llm.capture.erased.MANY_ERASURES", many)
    for number in (3, 600):
        Erasure.objects.create(visitor_hash=hash_of(f"a:{number:032x}"), asked_at=NOW)
    before = NOW - timedelta(hours=1)
    Erasure.objects.create(visitor_hash=hash_of(f"a:{9:032x}"), asked_at=before, done_at=before)
    Erasure.objects.create(visitor_hash=hash_of(f"a:{10:032x}"), asked_at=before)
    assert store([make(number) for number in range(700)]) == Stored(inserted=697, erased=3)


@pytest.mark.parametrize("number", [3, 600])
def test_who_asked_twice_counts_twice_when_there_are_too_many_to_read(
    monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr("ecom_llm.capture.erased.MANY_ERASURES", 3)
    for _ in range(4):
        Erasure.objects.create(visitor_hash=hash_of(f"a:{9:032x}"), asked_at=NOW, done_at=NOW)
    Erasure.objects.create(visitor_hash=hash_of(f"a:{number:032x}"), asked_at=NOW)
    assert store([make(number) for number in range(700)]) == Stored(inserted=698, erased=2)
