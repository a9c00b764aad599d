"""With the Redis sink, every process's next page knows of events that no drain has stored yet."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client, RequestFactory

from ecom_llm.capture import background, recent, stream
from ecom_llm.capture.draining import drain
from ecom_llm.capture.erased import ask_to_forget
from ecom_llm.capture.sinks import base
from ecom_llm.capture.sinks.redis import RedisSink
from ecom_llm.capture.stream import EventStream
from ecom_llm.capture.visitors import Visitor, get_visitor
from ecom_llm.entities import EventRecord
from ecom_llm.models import Event
from ecom_llm.privacy.erasing import erase
from ecom_llm.recommend.current_visit import CurrentVisit, read_visit
from tests.capture.conftest import Configure
from tests.capture.streams import NOWHERE, SINK, VISITOR, make_record, own_stream
from tests.capture.streams import client as redis_client

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("own_background"),
    pytest.mark.services("redis"),
]
PAGES = {"PRODUCT_VIEWS": {"product": "product_id"}, "SEARCH_VIEWS": {"search": "q"}}


@pytest.fixture(autouse=True)
def _no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent but by the test."""
    monkeypatch.setattr(background, "ensure", lambda: None)


@pytest.fixture
def entries(configure: Configure) -> Iterator[EventStream]:
    with own_stream(configure, FLUSH_SECONDS=3600, **PAGES) as own:
        yield own


@pytest.fixture
def visitor(rf: RequestFactory) -> Visitor:
    return get_visitor(rf.get("/"))


def test_pages_are_known_to_the_same_process_before_they_are_sent(
    entries: EventStream, client: Client, visitor: Visitor
) -> None:
    client.get("/product/kettle/")
    client.get("/search/", {"q": "lamp"})
    assert read_visit(visitor) == CurrentVisit(viewed=("kettle",), query="lamp" if visitor.has_history else "")
    assert entries.length() == 0
    sink = base.get_sink()
    assert sink.held == 2
    sink.flush()
    assert (sink.held, entries.length()) == (0, 2)
    assert read_visit(visitor) == CurrentVisit(viewed=("kettle",), query="lamp" if visitor.has_history else "")


def test_pages_are_known_to_other_processes_before_and_after_they_are_stored(
    entries: EventStream, client: Client, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get("/product/kettle/")
    client.get("/product/lantern-red/")
    base.get_sink().flush()
    monkeypatch.setattr(base, "_cached", (SINK, RedisSink()))
    seen = CurrentVisit(viewed=("lantern", "kettle"))
    assert read_visit(visitor) == seen
    drain(lambda: False)
    assert Event.objects.count() == 2
    assert read_visit(visitor) == seen


def test_the_newest_few_of_a_visitors_events_are_kept_for_as_long_as_a_visit(entries: EventStream) -> None:
    sink = RedisSink()
    records = [make_record(f"n{number}") for number in range(recent.KEPT + 3)]
    assert (
        sink.write([*records, make_record("card", kind="view_item_list"), make_record(visitor="")]) == len(records) + 2
    )
    assert kept(sink) == records[: -recent.KEPT - 1 : -1]
    with redis_client() as redis:
        assert 0 < redis.ttl(recent.key_of(VISITOR)) <= 30 * 60
        assert len(list(redis.scan_iter(f"{recent.key_of('')}*"))) == 1


def test_what_finds_no_room_in_the_stream_is_kept_nowhere(configure: Configure) -> None:
    with own_stream(configure, STREAM_EVENTS=2):
        sink = RedisSink()
        records = [make_record() for _ in range(3)]
        assert sink.write(records) == 2
        assert kept(sink) == [records[1], records[0]]


def test_who_was_erased_is_not_known_and_nothing_of_theirs_is_left(
    entries: EventStream, client: Client, visitor: Visitor
) -> None:
    client.get("/product/kettle/")
    base.get_sink().flush()
    RedisSink().write([make_record()])
    ask_to_forget([visitor.key])
    assert read_visit(visitor) == CurrentVisit()
    assert erase([visitor.key]).stream_entries == 1
    with redis_client() as redis:
        assert not redis.exists(recent.key_of(visitor.key))
        assert redis.exists(recent.key_of(VISITOR))
    assert stream.forget(set()) == 0


def test_what_cannot_be_read_is_passed_over(entries: EventStream) -> None:
    record = make_record()
    RedisSink().write([record])
    with redis_client() as redis:
        redis.lpush(recent.key_of(VISITOR), b"\x09of a release to come")
    assert kept(RedisSink()) == [record]


def test_without_redis_memory_and_the_table_are_known(configure: Configure, client: Client, visitor: Visitor) -> None:
    configure(CAPTURE={"SINK": SINK, "REDIS_URL": NOWHERE, "FLUSH_SECONDS": 3600, **PAGES})
    client.get("/product/kettle/")
    assert read_visit(visitor).viewed == ("kettle",)
    sink = base.get_sink()
    assert isinstance(sink, RedisSink)
    assert not sink._breaker.allows(), "no further page waits for it"
    assert read_visit(visitor).viewed == ("kettle",)
    assert sink.flush() == 1
    assert read_visit(visitor).viewed == ("kettle",)


def kept(sink: RedisSink) -> list[EventRecord]:
    return sink.held_of(VISITOR)
