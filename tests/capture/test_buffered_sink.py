from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test import RequestFactory

from ecom_llm.capture import background, counters, tallies
from ecom_llm.capture.record import record_view
from ecom_llm.capture.sinks import base, buffered
from ecom_llm.capture.sinks.buffered import BufferedSink
from ecom_llm.capture.storing import Stored
from ecom_llm.entities import EventRecord
from ecom_llm.ids import uuid7
from ecom_llm.models import CaptureCount, Event
from tests.capture.conftest import Configure

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_background")]

SINK = "ecom_llm.capture.sinks.buffered.BufferedSink"
NOW = datetime.now(UTC)


def make(number: int, **values: Any) -> EventRecord:
    return EventRecord(
        **{"id": uuid7(NOW), "kind": "view_item", "occurred_at": NOW, "visitor": f"a:{number:032x}",
           "consent": "anonymous", "product_id": "lantern", **values}
    )  # fmt: skip


@pytest.fixture
def sink(configure: Configure) -> BufferedSink:
    configure(CAPTURE={"SINK": SINK, "FLUSH_SECONDS": 3600})
    made = base.get_sink()
    assert isinstance(made, BufferedSink)
    return made


def test_events_are_held_until_they_are_flushed(sink: BufferedSink) -> None:
    assert sink.write([make(1), make(2)]) == 2
    assert not Event.objects.exists()
    assert sink.flush() == 2
    assert Event.objects.count() == 2
    assert sink.held == 0


def test_a_thread_writes_them_down(configure: Configure) -> None:
    configure(CAPTURE={"SINK": SINK, "FLUSH_SECONDS": 3600})
    base.get_sink().write([make(1)])
    background.wake()
    for _ in range(200):
        if Event.objects.exists():
            break
        threading.Event().wait(0.05)
    assert Event.objects.count() == 1


def test_what_finds_no_room_is_dropped_and_counted(configure: Configure) -> None:
    configure(CAPTURE={"SINK": SINK, "FLUSH_SECONDS": 3600, "BUFFER_EVENTS": 3})
    sink = base.get_sink()
    assert [sink.write([make(n), make(n)]) for n in range(3)] == [2, 1, 0]
    assert counters.read("events.dropped.") == {"buffer_full": 3}
    sink.flush()
    assert Event.objects.count() == 3


def test_an_absent_database_loses_nothing(sink: BufferedSink, monkeypatch: pytest.MonkeyPatch) -> None:
    stored: list[Sequence[EventRecord]] = []

    def store(records: Sequence[EventRecord]) -> Stored:
        if not stored:
            stored.append([])
            raise OperationalError("server closed the connection")
        stored.append(list(records))
        return Stored(inserted=len(records))

    monkeypatch.setattr(buffered, "store", store)
    records = [make(n) for n in range(3)]
    sink.write(records)
    assert sink.flush() == 0
    assert sink.held == 3
    assert sink.flush() == 0, "left alone for a second"
    sink._paused_until = 0
    sink.write([make(3)])
    assert sink.flush() == 4
    assert list(stored[1][:3]) == records


def test_the_absence_is_told_without_words(
    sink: BufferedSink, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    words = "no connection for max@example.org"

    def store(records: Sequence[EventRecord]) -> Stored:
        raise OperationalError(words)

    monkeypatch.setattr(buffered, "store", store)
    sink.write([make(1)])
    with caplog.at_level(logging.WARNING):
        sink.flush()
    assert "1 are held in memory" in caplog.text
    assert words not in caplog.text


def test_a_batch_that_can_never_be_stored_does_not_stop_the_next(
    sink: BufferedSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(records: Sequence[EventRecord]) -> Stored:
        raise RuntimeError("the catalogue is broken")

    with monkeypatch.context() as patch:
        patch.setattr(buffered, "store", refuse)
        sink.write([make(1)])
        assert background._write_all(with_counts=False) == 0
    assert counters.read("events.dropped.") == {"not_stored": 1}
    sink.write([make(2)])
    assert sink.flush() == 1


def test_the_end_of_the_process_writes_everything_and_the_counts(sink: BufferedSink, rf: RequestFactory) -> None:
    record_view(rf.get("/"), "lantern")
    background.finish()
    assert Event.objects.count() == 1
    assert tallies.totals() == {"events.recorded": 1, "events.stored": 1}


def test_counts_of_two_saves_add_up_and_nothing_is_counted_twice(sink: BufferedSink) -> None:
    counters.count("events.recorded", 2)
    tallies.save()
    tallies.save()
    counters.count("events.recorded")
    tallies.save()
    assert tallies.totals() == {"events.recorded": 3}


def test_counts_that_cannot_be_saved_are_kept(sink: BufferedSink, monkeypatch: pytest.MonkeyPatch) -> None:
    counters.count("events.dropped.buffer_full", 2)
    with connection.execute_wrapper(_refuse):
        tallies.save()
    assert not CaptureCount.objects.exists()
    tallies.save()
    assert tallies.totals() == {"events.dropped.buffer_full": 2}


def _refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    raise OperationalError("attempt to write a readonly database")


def test_a_view_in_a_transaction_that_is_rolled_back_has_not_happened(sink: BufferedSink, rf: RequestFactory) -> None:
    with transaction.atomic():
        record_view(rf.get("/"), "lantern")
        assert sink.held == 0
        transaction.set_rollback(True)
    assert sink.held == 0
    with transaction.atomic():
        record_view(rf.get("/", REMOTE_ADDR="192.0.2.7"), "lantern")
    assert sink.held == 1


def test_threads_at_once_lose_nothing(sink: BufferedSink) -> None:
    def write(first: int) -> None:
        for number in range(first, first + 500):
            sink.write([make(number)])

    threads = [threading.Thread(target=write, args=(500 * number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        sink.flush()
    for thread in threads:
        thread.join()
    sink.flush()
    assert Event.objects.count() == 2_000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_starts_empty_and_with_no_thread(sink: BufferedSink) -> None:
    sink.write([make(1)])
    counters.count("events.recorded")
    reader, writer = os.pipe()
    # The parent has a thread by now, which is what this is about.
    child = _fork_quietly()
    if child == 0:
        told = f"{sink.held} {background._state.thread} {counters.read('events.')}"
        os.write(writer, told.encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        assert answer.read() == "0 None {}"
    assert sink.held == 1


def _fork_quietly() -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


CHILD = """
import django, sys, multiprocessing
django.setup()
from django.db import connections
from ecom_llm.capture.sinks.base import get_sink
from tests.capture.test_buffered_sink import make
def child():
    get_sink().write([make(int(sys.argv[1]))])
if sys.argv[2] == "fork":
    # As a web server that loads the app first: the parent has recorded something itself.
    get_sink().write([make(int(sys.argv[1]) + 1)])
    process = multiprocessing.get_context("fork").Process(target=child)
    process.start(); process.join()
else:
    child()
"""


@pytest.mark.parametrize(("way", "events"), [("plain", 1), ("fork", 2)])
def test_a_process_that_ends_at_once_has_written_its_events(way: str, events: int) -> None:
    """Also in a child of `multiprocessing`, which ends without the interpreter's own good-bye."""
    name = str(connection.settings_dict["NAME"])
    script = (
        "from tests import settings as s\n"
        f"s.DATABASES['default']['NAME'] = {name!r}\n"
        f"s.ECOM_LLM['CAPTURE']['SINK'] = {SINK!r}\n"
        "s.ECOM_LLM['CATALOG'] = {'ADAPTER': 'ecom_llm.catalog.adapters.memory.MemoryCatalog',"
        " 'OPTIONS': {'products': [{'id': 'lantern', 'name': 'Lantern', 'category': 'Lights'}]}}\n"
        f"{CHILD}"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, "77", way],
        env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert Event.objects.count() == events


def test_loading_the_app_starts_no_thread() -> None:
    """A server that loads the app and then forks would leave it behind."""
    script = "import django, threading; django.setup(); print([thread.name for thread in threading.enumerate()])"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        env=environment, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "['MainThread']"
