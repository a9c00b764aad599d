from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ecom_llm.capture.storing import store
from ecom_llm.entities import EventKind, EventRecord
from ecom_llm.ids import uuid7
from ecom_llm.models import UnlearnedBatch
from ecom_llm.recommend import new_rows as module
from ecom_llm.recommend.new_rows import new_rows, rows_around
from ecom_llm.recommend.visits import Row
from tests.conftest import MakeCatalog
from tests.recommend import streams

pytestmark = pytest.mark.django_db

NOW = timezone.now()


@pytest.fixture(autouse=True)
def _shop(memory_catalog: MakeCatalog) -> None:
    memory_catalog(streams.PRODUCTS)


def seen(visitor: str, days: float, product_id: str = "p0", kind: EventKind = EventKind.VIEW_ITEM) -> EventRecord:
    moment = NOW - timedelta(days=days)
    return EventRecord(uuid7(moment), kind.value, moment, visitor, "personal", product_id=product_id)


def read(batches: Sequence[UnlearnedBatch]) -> list[tuple[str, int | None]]:
    return sorted((row.visitor, row.batch) for row in new_rows(batches))


@pytest.mark.parametrize("chunk", [1, 500])
def test_rows_of_batches_are_read_wherever_their_events_lie(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(module, "CHUNK_BATCHES", chunk)
    # Alone, overlapping, and with events that come late.
    stored = [[9.0], [3.0, 2.98], [2.99, 2.97], [60.0, 0.0], [50.0, 1.0]]
    for number, days in enumerate(stored):
        cards = seen(f"p:{number}", days[0], kind=EventKind.VIEW_ITEM_LIST)
        store([cards, *(seen(f"p:{number}", day) for day in days)])
    batches = list(UnlearnedBatch.objects.order_by("pk"))
    expected = [(f"p:{number}", batches[number].pk) for number, days in enumerate(stored) for _ in days]
    assert read(batches) == expected
    assert read(batches[1:2]) == expected[1:3]


def test_what_lies_between_a_late_event_and_the_others_of_its_batch_stays_in_the_database() -> None:
    store([seen("p:1", 60), seen("p:1", 0)])
    store([seen("p:2", days) for days in range(60)])
    with CaptureQueriesContext(connection) as queries:
        assert len(read(list(UnlearnedBatch.objects.order_by("pk")[:1]))) == 2
    with connection.cursor() as cursor:
        # PostgreSQL declares a cursor for it.
        statement = queries[-1]["sql"]
        cursor.execute(statement[statement.index("SELECT") :])
        assert len(cursor.fetchall()) == 2


def test_rows_of_batches_are_found_by_their_ids() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL chooses by what the tables hold.")
    store([seen("p:1", 1)])
    with CaptureQueriesContext(connection) as queries:
        read(list(UnlearnedBatch.objects.all()))
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {queries[-1]['sql']}")
        plan = str(cursor.fetchall())
    assert "id>? AND id<?" in plan


@pytest.mark.parametrize("days", [1.5, 50], ids=["narrow", "wide"])
def test_a_late_event_has_nobody_elses_past_read(days: float) -> None:
    for number in range(60):
        store([seen("p:often", 1.1 * number), seen("p:late", 1.1 * number)])
    rows = [new_row("p:often", 0), new_row("p:other", 30), new_row("p:late", days), new_row("p:late", 0)]
    around = {group[0].visitor: len(group) for group in rows_around(rows, timedelta(minutes=30))}
    assert around["p:often"] < 6
    assert around["p:late"] > days / 1.1


def new_row(visitor: str, days: float) -> Row:
    return Row(visitor, "", "p0", NOW - timedelta(days=days), EventKind.VIEW_ITEM, "", None)
