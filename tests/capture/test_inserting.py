"""Batches go into the table whole, each event once, by both ways."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from ecom_llm.capture.copying import can_copy
from ecom_llm.capture.inserting import COPIED_EVENTS, insert
from ecom_llm.entities import EventKind, EventRecord
from ecom_llm.ids import uuid7
from ecom_llm.models import Event

NOW = timezone.now()
# Fewer than are copied, and more.
SIZES = pytest.mark.parametrize("size", [3, COPIED_EVENTS + 20])
ON_POSTGRESQL = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite takes anything.")


def record(**values: object) -> EventRecord:
    at = values.pop("occurred_at", NOW)
    made = EventRecord(uuid7(at), "view_item", at, "p:1", "personal", "jacket-1")
    return made._replace(**values)


def records(size: int) -> list[EventRecord]:
    return [record(quantity=number) for number in range(1, size + 1)]


@SIZES
@pytest.mark.django_db
def test_only_new_events_are_counted(size: int) -> None:
    batch = records(size)

    assert insert(batch[:2]) == 2
    assert insert([*batch, *batch[-2:]]) == size - 2
    assert insert(batch) == 0
    assert Event.objects.count() == size


@SIZES
@pytest.mark.django_db
def test_the_first_of_those_with_one_id_is_kept(size: int) -> None:
    batch = records(size)

    insert([*batch, batch[1]._replace(quantity=1000), batch[0]._replace(quantity=1000)])

    assert set(Event.objects.values_list("id", "quantity")) == {(item.id, item.quantity) for item in batch}


@SIZES
@ON_POSTGRESQL
@pytest.mark.django_db(transaction=True)
def test_the_same_events_in_another_order_are_waited_for_and_no_deadlock(size: int) -> None:
    batch = sorted(records(size), key=lambda item: item.id)
    inserted: list[object] = []

    def insert_backwards() -> None:
        try:
            inserted.append(insert(batch[::-1]))
        except DatabaseError as error:
            inserted.append(error)
        finally:
            connection.close()

    other = threading.Thread(target=insert_backwards)
    with transaction.atomic():
        insert(batch[:1])
        other.start()
        wait_until_another_waits()
        insert(batch[-1:])
    other.join(30)

    assert inserted == [size - 2]


def wait_until_another_waits() -> None:
    waits = "FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
    with connection.cursor() as cursor:
        for _ in range(500):
            cursor.execute(f"SELECT EXISTS (SELECT {waits})")
            if cursor.fetchone()[0]:
                return
            time.sleep(0.01)
    pytest.fail("Nobody ever waited.")


@SIZES
@pytest.mark.django_db
def test_every_column_arrives_as_it_was(size: int) -> None:
    full = record(
        kind=EventKind.SEARCH, query="\\N a\tb\n'ü' 🧥", value=Decimal("-12.5"), currency="EUR", order_id="o\\1",
        language="en-gb", visit="v-1", engagement_ms=2_147_483_647, occurred_at=NOW - timedelta(microseconds=1),
        quantity=70_000,
    )  # fmt: skip

    insert([full, *records(size)])

    stored = Event.objects.get(id=full.id)
    assert {name: getattr(stored, name) for name in EventRecord._fields[:-1]} == {
        name: value for name, value in full._asdict().items() if name != "is_known"
    }


@SIZES
@ON_POSTGRESQL
@pytest.mark.parametrize(
    "values",
    [{"visitor": "x" * 65}, {"query": "a\0b"}, {"query": "\ud800"}, {"quantity": -1}, {"value": Decimal(10**12)}],
    ids=["overlong", "nul", "surrogate", "negative", "giant"],
)
@pytest.mark.django_db
def test_one_broken_event_keeps_the_batch_out_and_the_shops_transaction_whole(
    size: int, values: dict[str, object]
) -> None:
    with pytest.raises((DatabaseError, ValueError)), transaction.atomic():
        insert([*records(size), record(**values)])

    assert not Event.objects.exists()
    assert insert(records(size)) == size


@SIZES
@pytest.mark.django_db(transaction=True)
def test_a_batch_outside_a_transaction_is_stored_whole_or_not_at_all(size: int) -> None:
    broken = record(query="\ud800")

    with pytest.raises((DatabaseError, ValueError)):
        insert([*records(size), broken])

    assert not Event.objects.exists()


@pytest.mark.django_db
def test_one_transaction_takes_several_batches() -> None:
    with transaction.atomic():
        assert [insert(records(COPIED_EVENTS)) for _ in range(3)] == [COPIED_EVENTS] * 3


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="Others lock no more than the rows.")
@pytest.mark.django_db
def test_sqlite_is_locked_for_few_statements() -> None:
    """Between two, any busy thread of the process may come first while all that want to write wait."""
    size = COPIED_EVENTS * 6
    ran: list[str] = []

    connection.connection.set_trace_callback(ran.append)
    try:
        assert insert(records(size)) == size
    finally:
        connection.connection.set_trace_callback(None)

    assert 0 < sum(statement.startswith("INSERT") for statement in ran) < size / 50


@ON_POSTGRESQL
@pytest.mark.django_db
def test_postgresql_copies() -> None:
    assert can_copy(connection)


@ON_POSTGRESQL
@pytest.mark.django_db
def test_an_id_of_a_far_future_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="days ahead"):
        insert([record(occurred_at=NOW + timedelta(days=100))])
