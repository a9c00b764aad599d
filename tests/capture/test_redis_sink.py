"""The Redis sink: one round trip when all is well, memory when it is not, and a cap that holds."""

from __future__ import annotations

import logging
import os
import socket
import threading
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from ecom_llm.capture import background, counters, redis_client
from ecom_llm.capture.sinks import redis as sinks_redis
from ecom_llm.capture.sinks.redis import Breaker, RedisSink
from ecom_llm.capture.stream import EventStream
from ecom_llm.capture.wire import decode
from ecom_llm.exceptions import StreamAwayError
from ecom_llm.models import BrokenEvent, Event
from tests.capture.streams import NOWHERE, SINK, client, make_record, own_stream, redis_url

needs_redis = pytest.mark.services("redis")
Configured = Callable[..., EventStream]


@pytest.fixture(autouse=True)
def _no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written down but by the test."""
    monkeypatch.setattr(background, "ensure", lambda: None)


@pytest.fixture
def stream(use_settings: Any) -> Iterator[EventStream]:
    with own_stream(use_settings) as stream:
        yield stream


@pytest.fixture
def away(use_settings: Any) -> None:
    """A Redis that is not there."""
    use_settings(CAPTURE={"SINK": SINK, "REDIS_URL": NOWHERE})


def in_stream(stream: EventStream) -> list[Any]:
    return [decode(entry.body or b"") for chunk in stream.entries() for entry in chunk]


@needs_redis
def test_events_lie_in_the_stream_in_order(stream: EventStream) -> None:
    records = [make_record(), make_record("kettle"), make_record(query="lamp")]
    sink = RedisSink()
    assert sink.write(records[:2]) == 2
    assert sink.write(records[2:]) == 1
    assert in_stream(stream) == records
    assert sink.held == 0


@needs_redis
def test_a_script_that_redis_has_lost_is_sent_again(stream: EventStream) -> None:
    sink = RedisSink()
    with client() as redis:
        redis.script_flush()
    assert sink.write([make_record()]) == 1
    assert stream.length() == 1
    assert sink.held == 0


@needs_redis
def test_full_stream_takes_what_there_is_room_for_and_the_rest_is_counted(use_settings: Any) -> None:
    with own_stream(use_settings, STREAM_EVENTS=5) as stream:
        sink = RedisSink()
        assert sink.write([make_record() for _ in range(3)]) == 3
        assert sink.write([make_record() for _ in range(4)]) == 2
        assert sink.write([make_record()]) == 0
        assert stream.length() == 5
    assert counters.read("events.") == {"dropped.stream_full": 3}
    assert sink.held == 0


@needs_redis
def test_cap_holds_however_many_threads_write(use_settings: Any) -> None:
    with own_stream(use_settings, STREAM_EVENTS=50) as stream:
        sink = RedisSink()
        taken: list[int] = []
        threads = [
            threading.Thread(target=lambda: taken.extend(sink.write([make_record()] * 3) for _ in range(10)))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert stream.length() == sum(taken) == 50
    assert counters.read("events.dropped.") == {"stream_full": 70}


@needs_redis
@pytest.mark.django_db
def test_event_that_cannot_be_sent_is_kept_aside_and_its_neighbours_are_not(stream: EventStream) -> None:
    sink = RedisSink()
    good = make_record()
    assert sink.write([make_record(occurred_at=datetime(2026, 7, 4)), good]) == 2  # noqa: DTZ001
    assert in_stream(stream) == [good]
    sink.flush()
    assert "no time zone" in BrokenEvent.objects.get().reason


@needs_redis
def test_child_of_a_fork_has_connections_of_its_own(stream: EventStream) -> None:
    sink = RedisSink()
    sink.write([make_record()])
    with warnings.catch_warnings():
        # Servers fork with threads about, too.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        status = 1
        try:
            status = 0 if not redis_client._clients and sink.write([make_record() for _ in range(20)]) == 20 else 1
        finally:
            os._exit(status)
    mine = sum(sink.write([make_record()]) for _ in range(20))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert mine == 20
    assert stream.length() == 41


@pytest.mark.django_db
def test_events_go_through_memory_while_redis_is_away(away: None) -> None:
    sink = RedisSink()
    records = [make_record(), make_record()]
    assert sink.write(records) == 2
    assert sink.held == 2
    assert sink.flush() == 2
    assert set(Event.objects.values_list("id", flat=True)) == {record.id for record in records}
    assert counters.read("events.") == {"around_redis": 2, "stored": 2}


@needs_redis
@pytest.mark.django_db
def test_redis_that_is_silent_holds_no_request_for_longer_than_it_may(use_settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        use_settings(CAPTURE={"SINK": SINK, "REDIS_URL": url, "REDIS_TIMEOUT_MS": 50})
        sink = RedisSink()
        # A wait without a limit would never end.
        assert [sink.write([make_record()]) for _ in range(3)] == [1, 1, 1]
    assert sink.held == 3


def test_redis_that_was_away_is_left_alone(away: None, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []

    def fail(self: EventStream, bodies: Any, lists: Any) -> int:
        tries.append(len(bodies))
        raise StreamAwayError

    monkeypatch.setattr(EventStream, "add", fail)
    sink = RedisSink()
    for _ in range(5):
        assert sink.write([make_record()]) == 1
    assert tries == [1]
    assert sink.held == 5


def test_neither_log_nor_check_tells_the_password(
    away: None, use_settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        sink = RedisSink()
        sink.write([make_record()])
        use_settings(CAPTURE={"REDIS_URL": NOWHERE.replace("redis:", "rediss:").replace(":1/", ":port/")})
        problems = sink.check()
        RedisSink().write([make_record()])
    told = caplog.text + repr([vars(item) for item in caplog.records]) + repr(problems)
    assert "Redis cannot be used: ConnectionError" in told
    assert "is not the address of a Redis" in told
    assert "hunter2" not in told


# The breaker.


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(sinks_redis.time, "monotonic", lambda: now[0])
    return now


ERROR = StreamAwayError()


def test_pauses_double_up_to_their_longest(clock: list[float]) -> None:
    breaker = Breaker()
    pauses = []
    for _ in range(7):
        assert breaker.allows()
        breaker.failed(ERROR)
        before = clock[0]
        while not breaker.allows():
            clock[0] += 1
        pauses.append(clock[0] - before)
        # The one that was allowed just now is the next to fail.
        breaker._paused_until = clock[0]
    assert pauses == [2, 4, 8, 16, 30, 30, 30]


def test_one_request_tries_after_the_pause_and_the_others_do_not_wait_for_it(clock: list[float]) -> None:
    breaker = Breaker()
    breaker.failed(ERROR)
    clock[0] += 2
    assert [breaker.allows() for _ in range(4)] == [True, False, False, False]
    breaker.succeeded()
    assert [breaker.allows() for _ in range(4)] == [True] * 4


def test_requests_that_fail_together_make_one_pause(clock: list[float]) -> None:
    breaker = Breaker()
    for _ in range(5):
        breaker.failed(ERROR)
    clock[0] += 2
    assert breaker.allows()


def test_one_that_tries_and_never_says_keeps_nobody_away_for_good(clock: list[float]) -> None:
    breaker = Breaker()
    breaker.failed(ERROR)
    clock[0] += 2
    assert breaker.allows()
    clock[0] += 2
    assert breaker.allows()


def test_failure_right_after_a_success_makes_a_pause(clock: list[float]) -> None:
    breaker = Breaker()
    breaker.failed(ERROR)
    breaker.succeeded()
    clock[0] += 0.5
    breaker.failed(ERROR)
    assert not breaker.allows()


# What `manage.py check` says.


def test_check_finds_nothing_wrong_with_an_address(use_settings: Any) -> None:
    use_settings(CAPTURE={"REDIS_URL": "rediss://:secret@events.example/2"})
    assert RedisSink().check() == []


def test_check_misses_the_address(use_settings: Any) -> None:
    use_settings(CAPTURE={"REDIS_URL": ""})
    assert "CAPTURE['REDIS_URL'] is empty" in RedisSink().check()[0]


def test_check_misses_the_library_and_events_go_through_memory(away: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (redis_client, sinks_redis):
        monkeypatch.setattr(module, "is_installed", lambda: False)
    redis_client._clients.clear()
    sink = RedisSink()
    assert "pip install 'ecom-llm[redis]'" in sink.check()[0]
    assert sink.write([make_record()]) == sink.held == 1


@pytest.mark.parametrize(
    ("location", "is_shared"),
    [
        ("redis://:secret@cache/0", True), (["redis://other:6379/0", "redis://cache:6379"], True),
        ("redis://other/0;redis://cache/0", True), ("redis://cache/1", False), ("redis://cache:6380/0", False),
        ("unix:///run/redis", False), ("redis://cache:port/0", False), ("", False),
    ],
)  # fmt: skip
def test_check_finds_a_cache_that_would_empty_the_stream(
    use_settings: Any, settings: Any, location: Any, is_shared: bool
) -> None:
    use_settings(CAPTURE={"REDIS_URL": "redis://cache:6379/0"})
    backend = "django.core.cache.backends.redis.RedisCache"
    settings.CACHES = settings.CACHES | {"pages": {"BACKEND": backend, "LOCATION": location}}
    said = RedisSink().check()
    assert bool(said) is is_shared
    assert all("CACHES['pages']" in message for message in said)


@needs_redis
def test_stream_of_another_type_counts_as_away(stream: EventStream) -> None:
    with client() as redis:
        redis.set(stream._name, "text")
    sink = RedisSink()
    assert sink.write([make_record()]) == sink.held == 1


def test_address_of_the_tests_own_database() -> None:
    assert redis_url().endswith("/7")
