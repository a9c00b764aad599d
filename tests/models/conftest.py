"""A schema of its own for tests that change how the table of events is built."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, connections

from ecom_llm.models import Event, UnlearnedBatch, partitions
from ecom_llm.models.partition_catalog import today
from tests.capture import test_inserting

# Needs quotes wherever it is named.
SCHEMA = "Shop-1"

migration = import_module("ecom_llm.migrations.0004_partition_events")


# An event is stored together with its batch.
THERE = (Event, UnlearnedBatch)


class EventsThere:
    """A shop's router that keeps events in the schema."""

    def db_for_read(self, model: Any, **hints: object) -> str | None:
        return "shop" if model in THERE else None

    db_for_write = db_for_read


@pytest.fixture(autouse=True)
def _today(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a run that began before midnight go on after it: days are tables here."""
    for module in (request.module, test_inserting):
        for name, value in (("NOW", datetime.now(UTC)), ("TODAY", today())):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, value)


@pytest.fixture
def plain_shop(django_db_setup: None, django_db_blocker: Any, settings: Any) -> Iterator[str]:
    """Alias of a database whose table of events is a plain one, in a schema with a name that needs quotes.

    Not by the mark `django_db`: that would keep threads and second sessions out of a database it does not know.
    """
    if connection.vendor != "postgresql":
        pytest.skip("Only PostgreSQL has partitions.")
    options = {"options": f'-c search_path="{SCHEMA}"'}
    connections.settings["shop"] = {**connection.settings_dict, "OPTIONS": options}
    settings.DATABASE_ROUTERS = [EventsThere()]
    partitions.forget_days("shop")
    with django_db_blocker.unblock(), connections["shop"].cursor() as cursor:
        cursor.execute(f'DROP SCHEMA IF EXISTS "{SCHEMA}" CASCADE')
        cursor.execute(f'CREATE SCHEMA "{SCHEMA}"')
        with connections["shop"].schema_editor() as editor:
            for model in THERE:
                editor.create_model(model)
        yield "shop"
        cursor.execute(f'DROP SCHEMA "{SCHEMA}" CASCADE')
        connections["shop"].close()
    partitions.forget_days("shop")
    del connections["shop"]
    del connections.settings["shop"]


@pytest.fixture
def shop(plain_shop: str) -> str:
    """Alias of a database whose table of events is partitioned."""
    with connections[plain_shop].schema_editor() as editor:
        migration.partition(apps, editor)
    return plain_shop


@pytest.fixture
def tables_of() -> Callable[[], dict[str, set[str]]]:
    """The ids of events in each table of the schema that has any."""

    def read() -> dict[str, set[str]]:
        with connections["shop"].cursor() as cursor:
            cursor.execute(
                "SELECT relname, array_agg(id::text) FROM ecom_llm_event AS event"
                " JOIN pg_class ON pg_class.oid = event.tableoid GROUP BY relname"
            )
            return {name: set(ids) for name, ids in cursor.fetchall()}

    return read
