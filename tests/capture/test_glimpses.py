from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core import signing
from django.db import OperationalError, transaction
from django.test import Client, RequestFactory
from django.utils import timezone, translation

from ecom_llm.capture import counters, put_off, repeats, salts
from ecom_llm.capture.glimpses import catch
from ecom_llm.capture.identity import SALT
from ecom_llm.capture.record import record_search, record_view
from ecom_llm.capture.sinks import base, buffered
from ecom_llm.capture.sinks.buffered import BufferedSink
from ecom_llm.capture.visitors import Visitor
from ecom_llm.entities import Consent
from ecom_llm.models import Event
from tests.capture.conftest import Configure
from tests.capture.test_buffered_sink import SINK

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_background")]

DIRECT = "ecom_llm.capture.sinks.direct.DirectSink"
ADDRESS = "192.0.2.77"


@pytest.fixture
def sink(configure: Configure) -> BufferedSink:
    configure(CAPTURE={"SINK": SINK, "FLUSH_SECONDS": 3600, "SEARCH_VIEWS": {"search": "q"}})
    made = base.get_sink()
    assert isinstance(made, BufferedSink)
    return made


def stored() -> list[dict[str, Any]]:
    unlike = {"id": None, "occurred_at": None, "batch": None}
    return [{**row, **unlike} for row in Event.objects.order_by("occurred_at").values()]


@pytest.mark.parametrize(
    ("cookies", "extra"),
    [
        ({}, {}),
        ({}, {"HTTP_SEC_GPC": "1"}),
        ({}, {"HTTP_HOST": "other.example"}),
        ({}, {"HTTP_USER_AGENT": "curl/8.5"}),
        ({}, {"HTTP_SEC_PURPOSE": "prefetch;prerender"}),
        ({"ecom_llm_consent": "anonymous", "basket": "1"}, {}),
        ({"ecom_llm_consent": "none"}, {}),
        ({"ecom_llm_consent": "everything"}, {}),
    ],
)
def test_an_event_that_was_put_off_is_the_one_that_would_have_been_made(
    rf: RequestFactory, configure: Configure, cookies: dict[str, str], extra: dict[str, str]
) -> None:
    rf.cookies.load(cookies)
    found = []
    for path in (DIRECT, SINK):
        configure(CAPTURE={"SINK": path, "FLUSH_SECONDS": 3600})
        request = rf.get("/", REMOTE_ADDR=ADDRESS, **extra)
        with translation.override("de"):
            record_view(request, "lantern-red")
            record_search(request, "  Storm LANTERN ")
        assert (catch(request) is not None) == (path == SINK)
        base.get_sink().flush()
        found.append((stored(), counters.read("events.skipped.")))
        Event.objects.all().delete()
        counters.reset()
        repeats.forget_recent()
    assert found[0] == found[1]
    is_left_out = {"HTTP_USER_AGENT", "HTTP_SEC_PURPOSE"} & extra.keys() or "none" in cookies.values()
    assert bool(found[0][0]) != bool(is_left_out)


def test_a_page_that_was_put_off_is_dated_when_it_was_seen(sink: BufferedSink, rf: RequestFactory) -> None:
    before = timezone.now()
    record_view(rf.get("/"), "lantern")
    after = timezone.now()
    sink.flush()
    assert before <= Event.objects.get().occurred_at <= after


@pytest.mark.parametrize(
    "cookies", [{"ecom_llm_consent": "personal"}, {"ecom_llm_visitor": "x:y:z"}], ids=["to get one", "to lose one"]
)
def test_a_visitor_whose_id_comes_or_goes_is_not_put_off(
    sink: BufferedSink, rf: RequestFactory, cookies: dict[str, str]
) -> None:
    rf.cookies.load(cookies)
    assert catch(rf.get("/")) is None


def test_a_visitor_with_an_id_keeps_it_and_one_that_objects_is_not_put_off(
    sink: BufferedSink, client: Client, rf: RequestFactory
) -> None:
    client.cookies["ecom_llm_consent"] = "personal"
    client.get("/search/", {"q": "kettle"})
    signed = client.cookies["ecom_llm_visitor"].value
    sink.flush()
    answer = client.get("/search/", {"q": "lantern"})
    assert (len(sink._put_off), answer.cookies) == (1, {})
    assert sink.flush() == 1
    (first, second) = Event.objects.order_by("occurred_at")
    assert first.visitor == second.visitor == f"p:{signed.partition(':')[0]}"
    assert second.consent == "personal"
    rf.cookies.load({"ecom_llm_consent": "personal", "ecom_llm_visitor": signed})
    assert catch(rf.get("/")) is not None
    assert catch(rf.get("/", headers={"Sec-GPC": "1"})) is None


@pytest.mark.parametrize(
    "cookie", ["ecom_llm_visitor=forged:1:2", "old_ecom_llm_visitor=1", ""], ids=["forged", "another's", "none"]
)
def test_no_robot_gets_an_id_whatever_it_brings(sink: BufferedSink, client: Client, cookie: str) -> None:
    robot = {"User-Agent": "Googlebot/2.1", "Cookie": f"ecom_llm_consent=personal; {cookie}"}
    assert not client.get("/search/", {"q": "lantern"}, headers=robot).cookies
    ahead = {"Sec-Purpose": "prefetch", "Cookie": f"ecom_llm_consent=personal; {cookie}"}
    assert not client.get("/search/", {"q": "lantern"}, headers=ahead).cookies
    shopper = {"Cookie": f"ecom_llm_consent=personal; {cookie}"}
    assert "ecom_llm_visitor" in client.get("/search/", {"q": "lantern"}, headers=shopper).cookies


def test_who_objects_is_not_looked_at_within_an_event_loop(sink: BufferedSink, rf: RequestFactory) -> None:
    signed = signing.get_cookie_signer(salt=SALT).sign("1" * 32)
    rf.cookies.load({"ecom_llm_consent": "personal", "ecom_llm_visitor": signed})

    async def caught() -> Any:
        return catch(rf.get("/", headers={"Sec-GPC": "1"}))

    assert async_to_sync(caught)() is None
    assert counters.read("failures.") == {}


def test_no_robot_gets_an_id_by_default(sink: BufferedSink, configure: Configure, client: Client) -> None:
    configure(
        PRIVACY={"DEFAULT_CONSENT": "personal"},
        CAPTURE={"SINK": SINK, "FLUSH_SECONDS": 3600, "SEARCH_VIEWS": {"search": "q"}},
    )
    client.get("/search/", {"q": "lantern"}, headers={"User-Agent": "Googlebot/2.1"})
    assert not client.cookies
    client.get("/search/", {"q": "lantern"})
    assert "ecom_llm_visitor" in client.cookies


@pytest.mark.parametrize(
    "sections", [{"PRIVACY": {"DEFAULT_CONSENT": "personal"}}, {"CAPTURE": {"SINK": SINK, "RECORD_STAFF": False}}]
)
def test_settings_that_need_the_request_put_nothing_off(
    configure: Configure, rf: RequestFactory, sections: dict[str, Any]
) -> None:
    configure(**{"CAPTURE": {"SINK": SINK}, **sections})
    assert catch(rf.get("/")) is None


def test_a_visitor_by_key_and_an_open_transaction_are_not_put_off(sink: BufferedSink, rf: RequestFactory) -> None:
    assert catch(Visitor("p:" + "1" * 32, Consent.PERSONAL)) is None
    with transaction.atomic():
        assert catch(rf.get("/")) is None
    assert catch(rf.get("/")) is not None


def test_no_address_is_held_while_the_database_is_away(
    sink: BufferedSink, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(records: Any) -> None:
        raise OperationalError("away")

    salts.daily_salt()
    monkeypatch.setattr(buffered, "store", refuse)
    client.get("/search/", {"q": "lantern"}, REMOTE_ADDR=ADDRESS)
    assert ADDRESS in repr(sink._put_off._waiting)
    sink.flush()
    sink.flush()
    assert sink.held == 1
    assert not sink._put_off
    assert ADDRESS not in repr(vars(sink))


def test_what_was_put_off_waits_for_a_salt_and_for_no_more_than_there_is_room(
    sink: BufferedSink, rf: RequestFactory, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> bytes:
        raise OperationalError("away")

    configure(CAPTURE={"SINK": SINK, "FLUSH_SECONDS": 3600, "BUFFER_EVENTS": 2})
    sink = base.get_sink()  # type: ignore[assignment]
    with monkeypatch.context() as patch:
        patch.setattr(put_off, "daily_salt", refuse)
        for number in range(5):
            record_view(rf.get("/", REMOTE_ADDR=f"192.0.2.{number}"), "lantern")
        assert sink.flush() == 0
    assert sink.held == 2
    assert counters.read("events.dropped.") == {"buffer_full": 3}
    assert sink.flush() == 2


def test_an_address_waits_for_a_salt_for_a_minute_and_no_longer(
    sink: BufferedSink, rf: RequestFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> bytes:
        raise OperationalError("away")

    clock = [1000.0]
    monkeypatch.setattr(put_off.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(put_off, "daily_salt", refuse)
    record_view(rf.get("/", REMOTE_ADDR=ADDRESS), "lantern")
    clock[0] += 40
    record_view(rf.get("/", REMOTE_ADDR="192.0.2.78"), "lantern")
    sink.flush()
    assert sink.held == 2
    clock[0] += 40
    sink.flush()
    assert sink.held == 1
    assert ADDRESS not in repr(sink._put_off._waiting)
    assert counters.read("events.dropped.") == {"no_salt": 1}


def test_work_that_fails_is_counted_and_the_next_is_done(sink: BufferedSink, rf: RequestFactory) -> None:
    sink.put_off(lambda: 1 / 0)
    record_view(rf.get("/"), "lantern")
    assert sink.flush() == 1
    assert counters.read("failures.") == {"put_off": 1}
