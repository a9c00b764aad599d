"""The table of events becomes partitioned, and plain again, with all its rows."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import connections, models
from django.db.models.signals import pre_save

from ecom_llm.ids import uuid7
from ecom_llm.models import Event
from ecom_llm.models.event import placed_id
from ecom_llm.models.partition_catalog import number_of
from ecom_llm.models.partitions import ensure_days
from tests.models.conftest import migration

Tables = Callable[[], dict[str, set[str]]]

NOW = datetime.now(UTC)
NAMES = {"ecom_llm_event_pkey", "ecom_llm_event_visitor", "ecom_llm_event_kind", "ecom_llm_event_query"}


def write(kind: str, occurred_at: datetime, identifier: uuid.UUID) -> Event:
    """An event as versions before partitions wrote it."""
    event = Event(id=identifier, kind=kind, occurred_at=occurred_at, consent="anonymous", visitor="a:1")
    receivers, pre_save.receivers = pre_save.receivers, []
    pre_save.sender_receivers_cache.clear()
    try:
        event.save()
    finally:
        pre_save.receivers = receivers
        pre_save.sender_receivers_cache.clear()
    return event


def run(step: Any) -> None:
    with connections["shop"].schema_editor() as editor:
        step(apps, editor)


def indexes() -> set[str]:
    with connections["shop"].cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'ecom_llm_event' AND schemaname = 'Shop-1'")
        return {name for (name,) in cursor.fetchall()}


def test_rows_move_to_where_their_kind_and_time_belong(plain_shop: str, tables_of: Tables) -> None:
    today = write("view_item", NOW, uuid7(NOW))
    past = write("search", NOW - timedelta(days=40), uuid7(NOW - timedelta(days=40)))
    bought = write("purchase", NOW - timedelta(days=900), uuid7(NOW - timedelta(days=900)))

    run(migration.partition)

    assert tables_of() == {
        f"ecom_llm_event_{NOW:%Y%m%d}": {str(today.id)},
        f"ecom_llm_event_until_{NOW:%Y%m%d}": {str(past.id)},
        "ecom_llm_event_purchase": {str(bought.id)},
    }
    assert indexes() == NAMES


def test_an_id_without_its_events_time_is_given_the_one_that_saving_would_give(plain_shop: str) -> None:
    moments = {
        uuid.uuid4(): NOW,
        uuid7(NOW): NOW - timedelta(days=60),
        uuid7(NOW - timedelta(days=1)): NOW,
        uuid7(NOW + timedelta(days=4000)): NOW + timedelta(days=4000),
        uuid.UUID(int=0): datetime(1969, 7, 20, tzinfo=UTC),
    }
    for identifier, moment in moments.items():
        write("view_item", moment, identifier)

    run(migration.partition)

    expected = {placed_id(identifier, moment) for identifier, moment in moments.items()}
    assert set(Event.objects.values_list("id", flat=True)) == expected


def test_the_way_back_keeps_every_row_and_name(plain_shop: str) -> None:
    kept = {write(kind, NOW, uuid7(NOW)).id for kind in ("view_item", "purchase", "search")}

    run(migration.partition)
    run(migration.unite)

    assert set(Event.objects.values_list("id", flat=True)) == kept
    assert indexes() == NAMES
    with connections["shop"].cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relnamespace = '\"Shop-1\"'::regnamespace AND relkind = 'r'")
        assert {name for (name,) in cursor.fetchall()} == {"ecom_llm_event", "ecom_llm_unlearnedbatch"}


def test_later_migrations_change_all_tables_and_those_still_to_be_made(shop: str, tables_of: Tables) -> None:
    field = models.IntegerField(null=True, db_index=True)
    field.set_attributes_from_name("later")
    field.model = Event
    index = models.Index(fields=["product_id"], name="ecom_llm_event_later")
    with connections[shop].schema_editor() as editor:
        editor.add_field(Event, field)
        editor.add_index(Event, index)
    ahead = NOW + timedelta(days=20)
    with connections[shop].cursor() as cursor:
        cursor.execute(f"ALTER TABLE ecom_llm_event_{NOW:%Y%m%d} ALTER later SET DEFAULT 1")

    event = Event.objects.create(kind="view_item", occurred_at=NOW, consent="anonymous")
    assert tables_of() == {f"ecom_llm_event_{NOW:%Y%m%d}": {str(event.id)}}

    ensure_days({number_of(ahead.date())}, shop)
    with connections[shop].cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = %s", [f"ecom_llm_event_{ahead:%Y%m%d}"])
        made = " ".join(definition for (definition,) in cursor.fetchall())
    assert "(later)" in made
    assert "(product_id)" in made
    with connections[shop].schema_editor() as editor:
        editor.remove_index(Event, index)
        editor.remove_field(Event, field)
    assert indexes() == NAMES
