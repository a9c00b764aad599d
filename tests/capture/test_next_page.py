"""What a visitor has just done is known to their next page, before it is stored."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError, connections, transaction
from django.test import Client, RequestFactory

from ecom_llm.capture import background, counters, put_off, salts
from ecom_llm.capture.erased import ask_to_forget
from ecom_llm.capture.record import record_purchase, record_view
from ecom_llm.capture.sinks import base, buffered
from ecom_llm.capture.sinks.buffered import BufferedSink
from ecom_llm.capture.storing import store
from ecom_llm.capture.visitors import NOBODY, Visitor, get_visitor
from ecom_llm.entities import EventRecord
from ecom_llm.models import Event
from ecom_llm.recommend.current_visit import CurrentVisit, read_visit
from tests.capture.conftest import Configure
from tests.capture.streams import make_record
from tests.capture.test_buffered_sink import SINK
from tests.faults.processes import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_background")]

PAGES = {"PRODUCT_VIEWS": {"product": "product_id"}, "SEARCH_VIEWS": {"search": "q"}}
Shown = Callable[[], Visitor]


@pytest.fixture
def sink(configure: Configure) -> BufferedSink:
    configure(CAPTURE={"SINK": SINK, "FLUSH_SECONDS": 3600, **PAGES})
    made = base.get_sink()
    assert isinstance(made, BufferedSink)
    salts.daily_salt()
    return made


@pytest.fixture(params=["anonymous", "personal"])
def who(request: pytest.FixtureRequest, client: Client, rf: RequestFactory) -> Shown:
    """The client's visitor, at a level that they have agreed to."""
    client.cookies["ecom_llm_consent"] = request.param

    def find() -> Visitor:
        rf.cookies.load({name: morsel.value for name, morsel in client.cookies.items()})
        return get_visitor(rf.get("/"))

    return find


def test_three_pages_are_known_at_once(sink: BufferedSink, client: Client, who: Shown) -> None:
    for product_id in ("kettle", "lantern-red", "no such"):
        client.get(f"/product/{product_id}/")
    client.get("/search/", {"q": "Storm LAMP"})
    assert sink.held == 4
    assert not Event.objects.exists()
    # What was typed is told to nobody who may only share the key.
    query = "storm lamp" if who().has_history else ""
    seen = CurrentVisit(viewed=("lantern", "kettle"), query=query)
    assert read_visit(who()) == seen
    sink.flush()
    assert read_visit(who()) == seen
    assert Event.objects.count() == 3


def test_an_order_is_known_at_once(sink: BufferedSink, client: Client, who: Shown, rf: RequestFactory) -> None:
    client.get("/product/kettle/")
    client.get("/cart/kettle/")
    assert read_visit(who()).carted == {"kettle"}
    record_purchase(who(), order_id="7", lines=[("kettle", 1, Decimal(9))], currency="EUR")
    found = read_visit(who())
    assert found == CurrentVisit(viewed=("kettle",), bought=frozenset({"kettle"}))


def test_who_asks_to_be_forgotten_is_not_known_from_memory(sink: BufferedSink, client: Client, who: Shown) -> None:
    client.get("/product/kettle/")
    visitor = who()
    assert read_visit(visitor).viewed == ("kettle",)
    ask_to_forget([visitor.key])
    client.get("/product/lantern/")
    assert read_visit(visitor) == CurrentVisit()


def test_of_who_allows_nothing_nothing_is_held(sink: BufferedSink, client: Client) -> None:
    client.cookies["ecom_llm_consent"] = "none"
    client.get("/product/kettle/")
    assert read_visit(NOBODY) == CurrentVisit()
    sink.flush()
    assert sink.held == 0
    assert not Event.objects.exists()


def test_others_are_not_mixed_in(sink: BufferedSink, client: Client, rf: RequestFactory) -> None:
    client.get("/product/kettle/", REMOTE_ADDR="192.0.2.1")
    client.get("/product/lantern/", REMOTE_ADDR="192.0.2.2")
    assert read_visit(get_visitor(rf.get("/", REMOTE_ADDR="192.0.2.1"))).viewed == ("kettle",)


def test_a_robots_page_and_a_repeat_are_made_into_nothing(sink: BufferedSink, client: Client) -> None:
    client.get("/product/kettle/", headers={"User-Agent": "Googlebot/2.1"})
    client.get("/product/kettle/")
    client.get("/product/kettle/")
    assert len(sink.held_of("a:" + "0" * 32)) == 0
    assert sink.held == 1
    assert counters.read("events.") == {"recorded": 1, "skipped.bot": 1, "skipped.repeat": 1}


def test_what_is_rolled_back_is_not_known(sink: BufferedSink, rf: RequestFactory) -> None:
    visitor = get_visitor(rf.get("/"))
    with transaction.atomic():
        record_view(visitor, "lantern")
        assert read_visit(visitor) == CurrentVisit()
        transaction.set_rollback(True)
    assert read_visit(visitor) == CurrentVisit()


def test_events_are_known_wherever_they_are_on_their_way(sink: BufferedSink, monkeypatch: pytest.MonkeyPatch) -> None:
    record = make_record()
    known: list[int] = []

    def watched(records: Sequence[EventRecord], *, is_away: bool = False) -> Any:
        known.append(len(sink.held_of(record.visitor)))
        if is_away:
            raise OperationalError
        return store(records)

    monkeypatch.setattr(buffered, "store", lambda records: watched(records, is_away=True))
    sink.write([record])
    known.append(len(sink.held_of(record.visitor)))
    sink.flush()
    known.append(len(sink.held_of(record.visitor)))
    sink._paused_until = 0.0
    monkeypatch.setattr(buffered, "store", watched)
    sink.flush()
    assert known == [1, 1, 1, 1]
    assert sink.held_of(record.visitor) == []
    assert Event.objects.count() == 1


def test_a_page_makes_no_more_than_a_few(
    sink: BufferedSink, client: Client, who: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get("/product/lantern/")
    client.get("/product/kettle/")
    monkeypatch.setattr(put_off, "FEW", 0)
    before = len(sink._put_off)
    assert before >= 1
    assert "kettle" not in read_visit(who()).viewed
    assert len(sink._put_off) == before
    monkeypatch.setattr(put_off, "FEW", 2)
    assert read_visit(who()).viewed == ("kettle", "lantern")
    assert len(sink._put_off) == 0


def test_a_process_that_has_just_begun_knows_the_last_page(sink: BufferedSink, client: Client, who: Shown) -> None:
    client.get("/product/lantern/")
    visitor = who()
    salts.forget_salt()
    client.get("/product/kettle/")
    assert read_visit(visitor).viewed == ("kettle", "lantern")


def test_a_page_does_without_where_the_salt_cannot_be_read(
    sink: BufferedSink, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get("/product/lantern/")

    def fail() -> bytes:
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr(put_off, "daily_salt", fail)
        assert sink.held_of("a:" + "0" * 32) == []
    assert len(sink._put_off) == 1


def test_a_page_waits_for_no_thread_that_takes_long(sink: BufferedSink, client: Client) -> None:
    client.get("/product/lantern/")
    with sink._put_off._making:
        assert sink.held_of("a:" + "0" * 32) == []
    assert len(sink._put_off) == 1


def test_a_page_comes_in_between_the_handfuls_that_a_thread_makes(sink: BufferedSink) -> None:
    record = make_record()
    seen: list[int] = []

    def make() -> list[EventRecord]:
        # Of all that is put off, what has been made by now.
        seen.append(len(sink._waiting))
        return [record]

    for _ in range(put_off.HANDFUL + 1):
        sink.put_off(make)
    sink._put_off.make(sink._keep)
    assert seen == [0] * put_off.HANDFUL + [put_off.HANDFUL]


def test_a_page_waits_for_what_a_thread_is_just_making(sink: BufferedSink) -> None:
    record = make_record()
    is_making, may_go_on = threading.Event(), threading.Event()

    def make() -> list[EventRecord]:
        is_making.set()
        assert may_go_on.wait(30)
        return [record]

    def flush() -> None:
        sink.flush()
        connections.close_all()

    sink.put_off(make)
    thread = threading.Thread(target=flush)
    thread.start()
    assert is_making.wait(30)
    assert sink.held_of(record.visitor) == []
    may_go_on.set()
    thread.join()
    assert Event.objects.count() == 1


def test_the_first_event_after_a_quiet_spell_is_stored_at_once_and_those_after_it_wait(
    sink: BufferedSink, client: Client
) -> None:
    client.get("/product/lantern/")
    threading.Event().wait(5 * background.GATHER_SECONDS)
    assert not Event.objects.exists(), "a process has just begun"
    sink._flushed_at -= 3600
    client.get("/product/kettle/")
    wait_until(lambda: Event.objects.count() == 2)
    client.get("/search/", {"q": "lamp"})
    sink.write([make_record()])
    threading.Event().wait(5 * background.GATHER_SECONDS)
    assert (Event.objects.count(), sink.held) == (2, 2)
    sink._flushed_at -= 3600
    sink.write([make_record()])
    wait_until(lambda: Event.objects.count() == 5)


def test_a_database_that_is_away_is_not_asked_the_more_often(
    sink: BufferedSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[int] = []
    monkeypatch.setattr(background, "ensure", lambda: None)
    monkeypatch.setattr(background, "wake", lambda: woken.append(1))
    sink._paused_until = float("inf")
    for _ in range(3):
        sink._flushed_at -= 3600
        sink.write([make_record()])
        sink.flush()
        sink.write([make_record()])
    assert len(woken) == 3
