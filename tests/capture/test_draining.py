"""What waits in the stream is stored once, whoever dies and whatever is away; only then is it gone from the stream."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Iterator
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command

from ecom_llm.capture import counters, draining
from ecom_llm.capture import stream as stream_module
from ecom_llm.capture.draining import Drained, drain
from ecom_llm.capture.stream import FIELD, GROUP, EventStream, backlog, forget
from ecom_llm.capture.wire import encode
from ecom_llm.exceptions import DATABASE_AWAY, StreamAwayError
from ecom_llm.management.commands import ecom_llm_drain
from ecom_llm.models import BrokenEvent, Event
from ecom_llm.pipeline import sweeping
from tests.capture.conftest import broken_database
from tests.capture.streams import NOWHERE, VISITOR, client, make_record, own_stream, redis_url

pytestmark = [pytest.mark.django_db, pytest.mark.services("redis")]


@pytest.fixture
def stream(use_settings: Any) -> Iterator[EventStream]:
    with own_stream(use_settings) as stream:
        yield stream


def never() -> bool:
    return False


def fill(stream: EventStream, count: int, **values: Any) -> None:
    stream.add([encode(make_record(**values)) for _ in range(count)])


def add_raw(stream: EventStream, body: bytes, field: str = FIELD) -> None:
    with client() as redis:
        redis.xadd(stream._name, {field: body})


def pending(stream: EventStream) -> int:
    with client() as redis:
        return int(redis.xpending(stream._name, GROUP)["pending"])


def test_all_that_waits_is_stored_and_gone_from_the_stream(stream: EventStream) -> None:
    records = [make_record(), make_record("kettle", query="“warm”")]
    stream.add([encode(record) for record in records])
    assert drain(never, batch=1) == Drained(entries=2, inserted=2)
    assert set(Event.objects.values_list("id", "query")) == {(record.id, record.query) for record in records}
    assert stream.length() == pending(stream) == 0
    assert drain(never) == Drained()


def test_every_fate_of_an_event_is_told(stream: EventStream) -> None:
    twice = encode(make_record())
    stream.add([twice, twice, encode(make_record("no such", is_known=False)), encode(make_record(query="\0")), b"?"])
    assert drain(never) == Drained(entries=5, inserted=1, duplicates=1, unknown=1, broken=2)
    assert stream.length() == pending(stream) == 0
    assert counters.read("events.dropped.") == {"unknown_product": 1, "broken": 2}


def test_entry_that_cannot_be_read_is_kept_aside_with_its_visitor(stream: EventStream) -> None:
    add_raw(stream, encode(make_record())[:-3])
    add_raw(stream, b"{}", field="other")
    add_raw(stream, b"\xff\0")
    assert drain(never).broken == 3
    kept = BrokenEvent.objects.order_by("id")
    assert [item.visitor for item in kept] == [VISITOR, "", ""]
    assert all("cannot be read" in item.reason for item in kept)
    assert stream.length() == 0


def test_nothing_is_acknowledged_while_the_database_is_away(stream: EventStream) -> None:
    fill(stream, 3)
    add_raw(stream, b"?")
    for _ in range(2):
        with broken_database(), pytest.raises(DATABASE_AWAY):
            drain(never)
    assert stream.length() == pending(stream) == 4
    # What was in hand comes first, at once.
    assert drain(never, batch=2) == Drained(entries=4, inserted=3, broken=1)
    assert BrokenEvent.objects.count() == 1


def test_batch_of_a_dead_drain_is_stored_by_another(stream: EventStream, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(stream, 7)
    assert len(stream.take("dead:1", 5)) == 5
    # It might be alive.
    assert drain(never) == Drained(entries=2, inserted=2)
    monkeypatch.setattr(stream_module, "IDLE_SECONDS", 0)
    assert drain(never, batch=2) == Drained(entries=5, inserted=5)
    assert stream.length() == pending(stream) == 0


def test_drain_that_ends_between_storing_and_acknowledging_stores_nothing_twice(
    stream: EventStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(stream, 3)

    def end(self: EventStream, ids: Any) -> None:
        raise StreamAwayError

    with monkeypatch.context() as patch:
        patch.setattr(EventStream, "finish", end)
        with pytest.raises(StreamAwayError):
            drain(never)
    assert drain(never) == Drained(entries=3, duplicates=3)
    assert Event.objects.count() == 3


def test_garbage_waits_while_a_batch_is_read_and_no_longer(
    stream: EventStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []

    def fail(entries: Any) -> Any:
        seen.append(gc.isenabled())
        raise StreamAwayError

    monkeypatch.setattr(draining, "_read", fail)
    for was_enabled in (True, False):
        (gc.enable if was_enabled else gc.disable)()
        try:
            with pytest.raises(StreamAwayError):
                drain(never)
            assert gc.isenabled() is was_enabled
        finally:
            gc.enable()
    assert seen == [False, False]


def test_stop_is_heeded_after_the_batch_in_hand(stream: EventStream) -> None:
    fill(stream, 5)
    assert drain(lambda: True, batch=2).entries == 2
    assert stream.length() == 3
    assert pending(stream) == 0


def test_time_is_heeded_after_the_batch_in_hand(stream: EventStream) -> None:
    fill(stream, 5)
    assert drain(never, seconds=0, batch=2).entries == 2


def test_entry_deleted_while_it_was_in_hand_is_let_go(stream: EventStream) -> None:
    fill(stream, 2)
    first, _ = stream.take(draining._consumer(), 5)
    with client() as redis:
        redis.xdel(stream._name, first.id)
    assert drain(never) == Drained(entries=2, inserted=1)
    assert pending(stream) == 0


def test_group_that_is_gone_is_made_again_and_no_event_missed(stream: EventStream) -> None:
    fill(stream, 2)
    drain(never)
    fill(stream, 2)
    with client() as redis:
        redis.xgroup_destroy(stream._name, GROUP)
    assert drain(never).inserted == 2
    with client() as redis:
        redis.delete(stream._name)
    assert drain(never) == Drained()
    fill(stream, 1)
    assert drain(never).inserted == 1


def test_dead_drains_are_struck_off_unless_they_hold_something(
    stream: EventStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(stream, 2)
    stream.take("holds:1", 1)
    stream.finish([entry.id for entry in stream.take("idle:2", 1)])
    monkeypatch.setattr(stream_module, "DEAD_SECONDS", 0)
    time.sleep(0.01)
    assert drain(never) == Drained()
    with client() as redis:
        names = {item["name"] for item in redis.xinfo_consumers(stream._name, GROUP)}
    # Its own is there or not: it was here a moment ago.
    assert names - {draining._consumer().encode()} == {b"holds:1"}
    assert pending(stream) == 1


def test_drains_of_late_are_kept(stream: EventStream) -> None:
    fill(stream, 1)
    stream.finish([entry.id for entry in stream.take("idle:2", 1)])
    time.sleep(0.01)
    assert stream.strike_off_dead() == 0


# Erasure and status.


def test_forgetting_deletes_a_visitors_entries_taken_or_not(stream: EventStream) -> None:
    other = "p:" + "2" * 32
    fill(stream, 3)
    stream.take("somebody:1", 2)
    fill(stream, 2, visitor=other)
    fill(stream, 1, visitor="", query=VISITOR)
    add_raw(stream, encode(make_record())[:-3])
    assert forget({VISITOR, "p:" + "3" * 32}) == 4
    assert stream.length() == 3
    assert pending(stream) == 0
    assert forget({VISITOR}) == 0
    assert forget(set()) == 0


def test_forgetting_looks_at_more_than_one_chunk(stream: EventStream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "CHUNK_ENTRIES", 2)
    for visitor in (VISITOR, "a:" + "9" * 32):
        fill(stream, 5, visitor=visitor)
    assert forget({VISITOR}) == 5
    assert stream.length() == 5


def test_what_cannot_be_forgotten_is_an_error(use_settings: Any) -> None:
    use_settings(CAPTURE={"REDIS_URL": NOWHERE})
    with pytest.raises(StreamAwayError, match="ConnectionError"):
        forget({VISITOR})
    use_settings(CAPTURE={"REDIS_URL": ""})
    assert forget({VISITOR}) == 0


def test_backlog_is_told_where_there_is_one(stream: EventStream, use_settings: Any) -> None:
    assert backlog() == 0
    fill(stream, 2)
    assert backlog() == 2
    use_settings(CAPTURE={"REDIS_URL": NOWHERE})
    assert backlog() is None
    use_settings(CAPTURE={"REDIS_URL": ""})
    assert backlog() is None


# The command and the sweep.


def run(**options: Any) -> list[str]:
    out = StringIO()
    call_command("ecom_llm_drain", once=True, stdout=out, **options)
    return out.getvalue().splitlines()


def test_command_drains_once_and_tells(stream: EventStream) -> None:
    fill(stream, 3)
    add_raw(stream, b"?")
    source, told, counts = run(json=True)
    where = urlsplit(redis_url())
    place = f"{where.hostname}:{where.port or 6379}, database 7"
    assert source == f"Draining the stream {stream._name!r} of Redis at {place}."
    assert told.startswith("4 events taken (")
    assert told.endswith("3 inserted, 1 broken")
    assert json.loads(counts) == {
        "entries": 4, "inserted": 3, "duplicates": 0, "unknown": 0, "erased": 0, "broken": 1,
    }  # fmt: skip
    assert run() == [source]
    assert run(verbosity=0) == []


def test_command_says_why_it_cannot_run(use_settings: Any) -> None:
    use_settings(CAPTURE={"REDIS_URL": ""})
    with pytest.raises(CommandError, match="REDIS_URL'] is empty"):
        run()
    use_settings(CAPTURE={"REDIS_URL": NOWHERE})
    with pytest.raises(CommandError, match=r"^Redis cannot be used: ConnectionError\.$"):
        run()


@pytest.mark.parametrize(
    ("url", "place"),
    [
        (NOWHERE, "127.0.0.1:1, database 0"),
        ("redis://:hunter2@", "localhost:6379, database 0"),
        ("redis://:hunter2@[::1]/?db=3", "::1:6379, database 3"),
        ("unix://user:hunter2@/nowhere/redis.sock?db=4", "/nowhere/redis.sock, database 4"),
    ],
)
def test_command_names_its_redis_without_the_password(use_settings: Any, url: str, place: str) -> None:
    use_settings(CAPTURE={"REDIS_URL": url, "STREAM": "events"})
    assert ecom_llm_drain._source() == f"the stream 'events' of Redis at {place}"


def test_command_says_that_the_database_is_away(stream: EventStream) -> None:
    fill(stream, 1)
    with broken_database(), pytest.raises(CommandError, match="readonly database"):
        run()
    assert stream.length() == 1


@pytest.mark.django_db(transaction=True)
def test_command_goes_on_after_trouble(stream: EventStream, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(stream, 2)
    troubles = [StreamAwayError(), StreamAwayError(), RuntimeError("quotes a search")]
    stops: list[Any] = []

    def drain_in_trouble(should_stop: Any, **options: Any) -> Drained:
        stops.append(should_stop.__self__)
        if troubles:
            raise troubles.pop()
        should_stop.__self__.set()
        return drain(should_stop, **options)

    monkeypatch.setattr(ecom_llm_drain, "drain", drain_in_trouble)
    monkeypatch.setattr(ecom_llm_drain, "FIRST_PAUSE_SECONDS", 0.01)
    out = StringIO()
    call_command("ecom_llm_drain", stdout=out)
    told = out.getvalue().splitlines()
    assert told[0].endswith(", until stopped.")
    assert told[1:4] == [
        "Events could not be stored: RuntimeError. Trying until all is well again.",
        f"{str(StreamAwayError()).rstrip('.')}. Trying until all is well again.",
        "All is well again; going on.",
    ]
    assert told[4].startswith("2 events taken")
    assert (len(told), len(stops)) == (5, 4)
    assert Event.objects.count() == 2


def test_sweep_stores_what_waits(stream: EventStream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "_draining_failed_at", float("-inf"))
    fill(stream, 2)
    sweeping.sweep()
    assert Event.objects.count() == 2
    assert stream.length() == 0


def test_sweep_goes_on_without_redis_and_leaves_it_alone_for_a_while(
    use_settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "_draining_failed_at", float("-inf"))
    tries: list[float] = []

    def fail(should_stop: Any, seconds: float) -> Drained:
        tries.append(seconds)
        raise StreamAwayError if len(tries) == 1 else RuntimeError("a catalogue is away")

    monkeypatch.setattr(sweeping, "drain", fail)
    use_settings(CAPTURE={"REDIS_URL": NOWHERE})
    for _ in range(3):
        sweeping.sweep()
    assert len(tries) == 1
    monkeypatch.setattr(sweeping, "DRAIN_PAUSE_SECONDS", 0)
    sweeping.sweep()
    assert len(tries) == 2


def test_sweep_touches_no_redis_where_none_is_configured(use_settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "drain", None)
    use_settings(CAPTURE={"REDIS_URL": ""})
    sweeping.sweep()
