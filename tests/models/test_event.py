"""An event's id carries its time, and queries by time stay out of the tables of other days."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import serializers
from django.db import IntegrityError, connection, connections
from django.utils import timezone

from ecom_llm.entities import EventKind
from ecom_llm.ids import time_of, uuid7
from ecom_llm.models import Event, UnlearnedBatch
from ecom_llm.models.event import ID_SLACK, placed_id

LONG_AGO = timezone.now() - timedelta(days=400)


def event(occurred_at: datetime, **values: Any) -> Event:
    return Event(**{"kind": "view_item", "occurred_at": occurred_at, "consent": "anonymous", "visitor": "v", **values})


def is_near(identifier: uuid.UUID, moment: datetime) -> bool:
    carried = time_of(identifier)
    return carried is not None and abs(carried - moment) <= ID_SLACK


@pytest.mark.django_db
def test_events_written_directly_get_ids_of_their_time() -> None:
    saved = event(LONG_AGO)
    saved.save()
    [bulk] = Event.objects.bulk_create(iter([event(LONG_AGO, id=str(uuid.uuid4()))]))
    empty = Event.objects.create(id=None, kind="search", occurred_at=LONG_AGO, consent="none")

    assert all(is_near(made.id, LONG_AGO) for made in (saved, bulk, empty))
    assert set(Event.objects.values_list("id", flat=True)) == {saved.id, bulk.id, empty.id}


@pytest.mark.django_db
def test_events_of_a_fixture_find_their_day() -> None:
    written = serializers.serialize("json", [event(LONG_AGO, id=uuid.uuid4())])

    for loaded in serializers.deserialize("json", written):
        loaded.object._state.adding = True
        loaded.save()

    assert is_near(Event.objects.get().id, LONG_AGO)


@pytest.mark.django_db
def test_changing_an_event_does_not_change_its_id() -> None:
    made = Event.objects.create(kind="view_item", occurred_at=timezone.now(), consent="anonymous")
    before = made.id
    made.occurred_at = LONG_AGO
    made.save()

    assert Event.objects.get().id == before


def test_an_id_near_its_events_time_is_kept_and_others_always_become_the_same_one() -> None:
    near, other = uuid7(LONG_AGO + timedelta(days=1)), uuid.uuid4()

    assert placed_id(near, LONG_AGO) == near
    assert placed_id(other, LONG_AGO) == placed_id(other, LONG_AGO) != placed_id(uuid.uuid4(), LONG_AGO)


def test_an_id_beyond_all_calendars_is_taken_for_one_without_a_time() -> None:
    last = uuid.UUID("ffffffff-ffff-7fff-bfff-ffffffffffff")

    assert time_of(last) is None
    assert is_near(placed_id(last, LONG_AGO), LONG_AGO)


def test_an_event_of_the_future_is_kept_with_those_of_today() -> None:
    future = timezone.now() + timedelta(days=4000)

    assert is_near(placed_id(uuid7(future), future), timezone.now())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("write", [lambda made: made.save(), lambda made: Event.objects.bulk_create([made])])
def test_an_event_and_what_announces_it_are_committed_together(
    monkeypatch: pytest.MonkeyPatch, write: Callable[[Event], Any]
) -> None:
    """Or somebody could learn from the batch before its event is there, and never again."""
    begin = UnlearnedBatch.begin
    is_open: list[bool] = []

    def begin_and_look(events: Iterable[Event], using: str) -> int | None:
        number = begin(events, using)
        is_open.append(connections[using].in_atomic_block)
        return number

    monkeypatch.setattr(UnlearnedBatch, "begin", begin_and_look)
    write(event(LONG_AGO))
    assert is_open == [True]
    with pytest.raises(IntegrityError):
        write(event(LONG_AGO, quantity=None))
    assert (Event.objects.count(), UnlearnedBatch.objects.count()) == (1, 1)


@pytest.mark.django_db
def test_since_finds_what_happened_from_then_on() -> None:
    now = timezone.now()
    wanted = [Event.objects.create(kind=kind, occurred_at=now, consent="none") for kind in ("purchase", "search")]
    Event.objects.create(kind="search", occurred_at=now - timedelta(days=3), consent="none")

    assert set(Event.objects.since(now - timedelta(hours=1))) == set(wanted)


@pytest.mark.django_db
def test_queries_of_pages_stay_out_of_tables_they_need_not_read() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("Only PostgreSQL has partitions.")
    soon = timezone.now() + 2 * ID_SLACK
    recent = Event.objects.since(soon).filter(visitor="v", kind="view_item").explain()
    bought = Event.objects.filter(visitor="v", kind=EventKind.PURCHASE).explain()

    assert f"ecom_llm_event_{soon:%Y%m%d}" in recent
    assert f"ecom_llm_event_{timezone.now():%Y%m%d}" not in recent
    assert "ecom_llm_event_until_" not in recent
    assert "ecom_llm_event_purchase" not in recent
    assert re.findall(r" on (\w+)", bought) == ["ecom_llm_event_purchase"]


def test_a_shop_writes_days_that_nobody_prepared(shop: str) -> None:
    with connections[shop].cursor() as cursor:
        cursor.execute("DROP TABLE ecom_llm_event_behaviour CASCADE")
        cursor.execute(
            "CREATE TABLE ecom_llm_event_behaviour PARTITION OF ecom_llm_event DEFAULT PARTITION BY RANGE (id)"
        )

    for days in (0, 1, 400):
        Event.objects.create(kind="view_item", occurred_at=timezone.now() - timedelta(days=days), consent="none")

    assert Event.objects.count() == 3
