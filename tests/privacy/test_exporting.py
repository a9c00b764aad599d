from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User

from ecom_llm.capture import background
from ecom_llm.capture.erased import ask_to_forget
from ecom_llm.capture.sinks.base import get_sink
from ecom_llm.entities import EventKind
from ecom_llm.models import Event
from ecom_llm.privacy import exporting
from ecom_llm.privacy.exporting import export
from tests.capture.streams import NOWHERE, make_record, own_stream
from tests.privacy.conftest import ADAM, EVA, EVAS_REASON, QUERY, SHARED, SHARED_REASON, record

pytestmark = pytest.mark.django_db

# One value for each column of an event, none of them its default: a column added later must be added here too.
WHOLE: dict[str, Any] = {
    "id": UUID("019abcde-0000-7000-8000-000000000001"),
    "kind": EventKind.PURCHASE.value,
    "occurred_at": datetime(2025, 11, 25, 10, 30, 0, 123456, tzinfo=UTC),
    "visitor": EVA,
    "visit": "visit-7",
    "consent": "personal",
    "product_id": "jacket-1",
    "query": QUERY,
    "quantity": 3,
    "value": Decimal("19.90"),
    "currency": "EUR",
    "order_id": "order-7",
    "language": "en-gb",
    "engagement_ms": 1500,
}


@pytest.fixture(autouse=True)
def _no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that a test started would go on flushing what later tests hold."""
    monkeypatch.setattr(background, "ensure", lambda: None)


def document(*keys: str) -> dict[str, Any]:
    told = json.loads("".join(export(keys)))
    assert isinstance(told, dict)
    return told


def test_every_column_of_an_event_is_told(db: None) -> None:
    columns = {field.attname for field in Event._meta.get_fields() if hasattr(field, "attname")}
    # With which others it is to be learned from, which it is given when it is stored.
    assert set(WHOLE) == columns - {"batch"}
    batch = Event.objects.create(**WHOLE).batch
    (told,) = document(EVA)["events"]
    spelt = {"id": str(WHOLE["id"]), "occurred_at": "2025-11-25T10:30:00.123456+00:00", "value": "19.90"}
    assert told == WHOLE | spelt | {"batch": batch}


def test_everything_of_a_visitor_is_told_and_nothing_of_another(evas_life: User) -> None:
    ask_to_forget({EVA, ADAM})
    told = document(EVA)
    assert told["visitors"] == [EVA]
    assert len(told["events"]) == Event.objects.filter(visitor=EVA).count() == 8
    assert [row["reason"] for row in told["broken_events"]] == ["too wide", "no event"]
    assert [(row["account"], row["visitor"]) for row in told["accounts"]] == [("eva", EVA)]
    assert [(row["visitor"], row["done_at"]) for row in told["erasures"]] == [(EVA, None)]
    assert {row["subject"] for row in told["texts"]} == {QUERY, EVAS_REASON}
    assert told["texts"][0]["versions"][0]["body"] == f"About {QUERY}."
    assert {row["subject"] for row in told["jobs"]} == {QUERY, EVAS_REASON}
    assert {"kettle-1"} < {product for row in told["pairs"] for product in (row["seed"], row["product_id"])}
    assert all("kettle-1" in (row["seed"], row["product_id"]) for row in told["pairs"])
    assert [(row["visitor"], row["product_id"]) for row in told["not_interested"]] == [(EVA, "jacket-2")]
    assert told["is_complete"]
    assert ADAM not in json.dumps(told)
    assert told["retention_days"]["purchase"] == 730


def test_several_visitors_of_one_person_are_told_together(evas_life: User) -> None:
    told = document(EVA, ADAM, "")
    assert told["visitors"] == [ADAM, EVA]
    assert len(told["events"]) == Event.objects.count()
    # Both searched for it, and they are one.
    assert {SHARED, SHARED_REASON} <= {row["subject"] for row in told["texts"]}


def test_long_history_is_told_in_chunks(db: None, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(exporting, "CHUNK_EVENTS", 3)
    ids = {str(record(EVA, product_id="jacket-1", ago=timedelta(minutes=number)).pk) for number in range(7)}
    record(ADAM)
    told = [row["id"] for row in document(EVA)["events"]]
    assert (len(told), set(told)) == (7, ids)


def test_unknown_visitor_has_an_empty_document(db: None) -> None:
    told = document("p:nobody")
    assert [told[name] for name in ("events", "texts", "accounts", "erasures", "broken_events")] == [[]] * 5


def test_what_this_process_holds_in_memory_is_told(db: None, use_settings: Callable[..., None]) -> None:
    use_settings(CAPTURE={"SINK": "ecom_llm.capture.sinks.buffered.BufferedSink", "FLUSH_SECONDS": 3600})
    get_sink().write([make_record("jacket-1", visitor=EVA, consent="personal")])
    assert [row["product_id"] for row in document(EVA)["events"]] == ["jacket-1"]


@pytest.mark.services("redis")
def test_what_waits_in_the_stream_is_told(db: None, use_settings: Callable[..., None]) -> None:
    with own_stream(use_settings):
        mine = make_record("jacket-1", visitor=EVA, consent="personal", query=QUERY)
        get_sink().write([make_record("lamp-1", visitor=ADAM), mine])
        told = document(EVA)
        assert [(row["id"], row["query"]) for row in told["waiting"]] == [(str(mine.id), QUERY)]
        assert told["is_complete"]
        # Who is in a hurry does not read a long one.
        hurried = json.loads("".join(export([EVA], most_waiting=1)))
        assert (hurried["waiting"], hurried["is_complete"]) == ([], False)


def test_stream_that_is_away_makes_the_document_incomplete(db: None, use_settings: Callable[..., None]) -> None:
    use_settings(CAPTURE={"REDIS_URL": NOWHERE})
    record(EVA, product_id="jacket-1")
    told = document(EVA)
    assert (len(told["events"]), told["waiting"], told["is_complete"]) == (1, [], False)
