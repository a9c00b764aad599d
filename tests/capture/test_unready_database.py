"""Tables that are not yet what the code expects, as between a deployment and its `migrate`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection

from ecom_llm.capture import background, counters
from ecom_llm.capture.sinks import base
from ecom_llm.capture.storing import store
from ecom_llm.exceptions import DATABASE_UNREADY
from ecom_llm.models import BrokenEvent, Event
from tests.capture.conftest import Configure
from tests.capture.test_storing import make

pytestmark = pytest.mark.django_db

# From few to so many that they would be copied.
AMOUNTS = (1, 3, 300)


@pytest.fixture
def migrate() -> Callable[[], None]:
    """A column is missing until this is called."""
    rename = "ALTER TABLE ecom_llm_event RENAME COLUMN {} TO {}"
    with connection.cursor() as cursor:
        cursor.execute(rename.format("engagement_ms", "not_there"))

    def undo() -> None:
        with connection.cursor() as cursor:
            cursor.execute(rename.format("not_there", "engagement_ms"))

    return undo


@pytest.mark.parametrize("amount", AMOUNTS)
def test_events_that_no_migration_has_made_room_for_are_not_broken(amount: int, migrate: Callable[[], None]) -> None:
    batch = [make(number) for number in range(amount)]
    with pytest.raises(DATABASE_UNREADY):
        store(batch)
    assert not BrokenEvent.objects.exists()
    migrate()
    assert store(batch).inserted == amount


def test_the_buffer_holds_them_until_there_is_room(
    configure: Configure, migrate: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(CAPTURE={"SINK": "ecom_llm.capture.sinks.buffered.BufferedSink"})
    monkeypatch.setattr(background, "ensure", lambda: None)
    monkeypatch.setattr(base, "_cached", None)
    sink = base.get_sink()
    sink.write([make(1), make(2)])
    assert sink.flush() == 0
    assert sink.held == 2
    migrate()
    monkeypatch.setattr(sink, "_paused_until", 0.0)
    assert sink.flush() == 2
    assert Event.objects.count() == 2
    assert counters.read("events.dropped.") == {}
