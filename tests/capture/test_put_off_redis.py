"""With the Redis sink a page leaves its event to a thread for milliseconds; all else is in Redis at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections, transaction
from django.test import RequestFactory

from ecom_llm.capture import background, counters
from ecom_llm.capture.draining import drain
from ecom_llm.capture.record import record_add_to_cart, record_purchase, record_search, record_view
from ecom_llm.capture.sinks import base
from ecom_llm.capture.sinks.redis import RedisSink
from ecom_llm.capture.stream import EventStream
from ecom_llm.models import Event
from tests.capture.conftest import Configure
from tests.capture.streams import NOWHERE, SINK, own_stream
from tests.faults.processes import wait_until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("own_background"),
    pytest.mark.services("redis"),
]


@pytest.fixture
def stream(configure: Configure) -> Iterator[EventStream]:
    with own_stream(configure, FLUSH_SECONDS=3600) as stream:
        yield stream


@pytest.fixture
def round_trips(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Which thread added how many entries."""
    made: list[tuple[str, int]] = []
    add = EventStream.add

    def watched(self: EventStream, bodies: Sequence[bytes], lists: Sequence[str]) -> int:
        made.append((threading.current_thread().name, len(bodies)))
        return add(self, bodies, lists)

    monkeypatch.setattr(EventStream, "add", watched)
    return made


@pytest.fixture
def unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """No thread: what is put off waits for the test."""
    monkeypatch.setattr(background, "ensure", lambda: None)


def request(rf: RequestFactory, number: int = 1, **extra: Any) -> Any:
    return rf.get("/", REMOTE_ADDR=f"192.0.2.{number}", **extra)


def test_a_page_is_sent_by_the_thread_within_moments(
    stream: EventStream, rf: RequestFactory, round_trips: list[tuple[str, int]]
) -> None:
    record_view(request(rf), "lantern")
    record_search(request(rf), "kettle")
    wait_until(lambda: counters.read("events.recorded") == {"": 2})
    assert stream.length() == 2
    assert {name for name, _ in round_trips} == {"ecom_llm-capture"}


@pytest.mark.usefixtures("unwatched")
def test_pages_that_were_put_off_together_are_sent_together(
    stream: EventStream, rf: RequestFactory, round_trips: list[tuple[str, int]]
) -> None:
    for number in range(20):
        record_view(request(rf, number), "lantern")
    sink = base.get_sink()
    assert (sink.held, stream.length(), round_trips) == (20, 0, [])
    assert sink.flush() == 0
    assert (sink.held, stream.length(), [number for _, number in round_trips]) == (0, 20, [20])


@pytest.mark.usefixtures("unwatched")
def test_redis_serves_others_between_parts_of_many(
    stream: EventStream, rf: RequestFactory, round_trips: list[tuple[str, int]]
) -> None:
    for number in range(620):
        record_view(rf.get("/", REMOTE_ADDR=f"10.0.{number >> 8}.{number & 255}"), "lantern")
    base.get_sink().flush()
    assert [number for _, number in round_trips] == [500, 120]


def test_thread_finds_a_database_that_was_away(
    configure: Configure, rf: RequestFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []
    close = type(connections["default"]).close_if_unusable_or_obsolete

    def watched(self: Any) -> None:
        closed.append(threading.current_thread().name)
        close(self)

    monkeypatch.setattr(type(connections["default"]), "close_if_unusable_or_obsolete", watched)
    with own_stream(configure, FLUSH_SECONDS=1):
        record_view(request(rf), "lantern")
        wait_until(lambda: "ecom_llm-capture" in closed)


@pytest.mark.usefixtures("unwatched")
def test_what_is_worth_more_than_a_page_is_in_redis_before_the_answer(stream: EventStream, rf: RequestFactory) -> None:
    record_add_to_cart(request(rf), "lantern")
    assert stream.length() == 1
    lines = [("lantern", 1, Decimal("19.90"))]
    record_purchase(request(rf), order_id="7", lines=lines, currency="EUR")
    assert stream.length() == 2
    with transaction.atomic():
        record_view(request(rf), "lantern")
        assert stream.length() == 2
    assert stream.length() == 3
    assert base.get_sink().held == 0


@pytest.mark.usefixtures("unwatched")
def test_a_robots_page_and_a_repeat_are_not_sent(stream: EventStream, rf: RequestFactory) -> None:
    record_view(request(rf, HTTP_USER_AGENT="Googlebot/2.1"), "lantern")
    for _ in range(3):
        record_view(request(rf), "lantern")
    base.get_sink().flush()
    assert stream.length() == 1
    assert counters.read("events.skipped.") == {"bot": 1, "repeat": 2}


def test_the_end_of_the_process_sends_what_was_put_off(
    stream: EventStream, rf: RequestFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "wake", lambda: None)
    record_view(request(rf), "lantern")
    assert stream.length() == 0
    background.finish()
    assert stream.length() == 1
    # As pages do that are made between a server's good-bye and its process's.
    record_view(request(rf, 2), "lantern")
    assert stream.length() == 1
    background.finish()
    assert stream.length() == 2


@pytest.mark.usefixtures("unwatched")
def test_a_full_stream_and_a_full_memory_drop_and_count(configure: Configure, rf: RequestFactory) -> None:
    with own_stream(configure, STREAM_EVENTS=3, BUFFER_EVENTS=5, FLUSH_SECONDS=3600) as stream:
        for number in range(7):
            record_view(request(rf, number), "lantern")
        base.get_sink().flush()
        assert stream.length() == 3
    assert counters.read("events.dropped.") == {"buffer_full": 2, "stream_full": 2}


@pytest.mark.usefixtures("unwatched")
def test_without_redis_a_page_takes_the_way_through_memory(configure: Configure, rf: RequestFactory) -> None:
    configure(CAPTURE={"SINK": SINK, "REDIS_URL": NOWHERE, "FLUSH_SECONDS": 3600})
    record_view(request(rf), "lantern")
    assert base.get_sink().flush() == 1
    assert counters.read("events.around_redis") == {"": 1}
    assert Event.objects.count() == 1


@pytest.mark.usefixtures("unwatched")
def test_one_that_cannot_be_made_keeps_no_other_from_being_sent(stream: EventStream, rf: RequestFactory) -> None:
    sink = base.get_sink()
    assert isinstance(sink, RedisSink)
    sink.put_off(lambda: [1 / 0])  # type: ignore[list-item]
    record_view(request(rf), "lantern")
    sink.flush()
    drain(lambda: False)
    assert Event.objects.get().product_id == "lantern"
    assert counters.read("failures.") == {"put_off": 1}
