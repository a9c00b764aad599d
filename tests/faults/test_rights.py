"""Row 32: who asks to be forgotten or objects leaves nothing, wherever their events are; who asks is told all."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.db import connections
from django.test import Client
from django.utils import timezone

from ecom_llm.api import me
from ecom_llm.capture import background
from ecom_llm.capture.draining import drain
from ecom_llm.capture.identity import SALT
from ecom_llm.capture.sinks import base
from ecom_llm.capture.sinks.base import Sink
from ecom_llm.capture.sinks.buffered import BufferedSink
from ecom_llm.capture.sinks.direct import DirectSink
from ecom_llm.capture.sinks.redis import RedisSink
from ecom_llm.capture.stream import EventStream
from ecom_llm.entities import EventRecord
from ecom_llm.models import Event
from ecom_llm.privacy import erasing, upkeep
from shop_demo.models import Product
from shop_demo.seeding import seed_catalogue
from tests.api.conftest import NO_RATES, ROOT
from tests.capture.streams import own_stream
from tests.faults.conftest import RecordFigure
from tests.faults.processes import wait_until
from tests.privacy.conftest import where

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services("redis")]

PLACES = 3
TABS = 4


class ThreeWays(Sink):
    """Puts one event into the table, the next into this process's memory and the third into Redis."""

    def __init__(self) -> None:
        self.buffer = BufferedSink()
        self.sinks = (DirectSink(), self.buffer, RedisSink())
        self.written: list[EventRecord] = []

    def write(self, records: Sequence[EventRecord]) -> int:
        for record in records:
            self.sinks[len(self.written) % PLACES].write([record])
            self.written.append(record)
        return len(records)

    def flush(self) -> int:
        return self.buffer.flush()

    def of(self, visitor: str) -> list[EventRecord]:
        return [record for record in self.written if record.visitor == visitor]


@pytest.fixture
def sink(use_settings: Callable[..., None], settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreeWays]:
    """The demo shop, whose events are at three places at any moment."""
    settings.REST_FRAMEWORK = NO_RATES
    monkeypatch.setattr(background, "_state", background._State())
    monkeypatch.setattr(base, "_cached", None)
    monkeypatch.setattr(upkeep, "_rested_until", dict.fromkeys(upkeep._rested_until, float("-inf")))
    seed_catalogue()
    with own_stream(use_settings):
        use_settings(CAPTURE={"SINK": f"{__name__}.ThreeWays", "FLUSH_SECONDS": 3600})
        made = base.get_sink()
        assert isinstance(made, ThreeWays)
        yield made
        background.finish()


class Shopper:
    """A browser that has agreed to everything and looks around."""

    def __init__(self, words: str) -> None:
        self.words = words
        self.client = Client(enforce_csrf_checks=True)
        self.client.get("/")
        self.send("post", "me/consent/", {"level": "personal"})
        signed = self.client.cookies["ecom_llm_visitor"].value
        self.id = signing.get_cookie_signer(salt=SALT).unsign(signed)
        self.key = f"p:{self.id}"

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        token = self.client.cookies["csrftoken"].value
        call = getattr(self.client, method)
        return call(f"{ROOT}{path}", body or {}, "application/json", headers={"X-CSRFToken": token, **headers})

    def look_around(self) -> None:
        skus = []
        for product in Product.objects.listed()[:4]:
            self.client.get(product.get_absolute_url())
            skus.append(product.sku)
        self.client.get("/search/", {"q": self.words})
        seen = [{"kind": "view_item_list", "product_id": sku} for sku in skus]
        self.send("post", "events/", {"events": seen}, Origin="http://testserver")

    def told(self) -> dict[str, Any]:
        document = json.loads(self.client.get(f"{ROOT}me/").getvalue())
        assert isinstance(document, dict)
        return document


def post_form(shopper: Shopper) -> Any:
    token = shopper.client.cookies["csrftoken"].value
    return shopper.client.post(f"{ROOT}me/erase/", {"next": "/", "csrfmiddlewaretoken": token})


WAYS: dict[str, Callable[[Shopper], Any]] = {
    "DELETE me/": lambda shopper: shopper.send("delete", "me/"),
    "the form": post_form,
    "opt-out to none": lambda shopper: shopper.send("post", "me/consent/", {"level": "none"}),
    "opt-out to anonymous": lambda shopper: shopper.send("post", "me/consent/", {"level": "anonymous"}),
    "Sec-GPC": lambda shopper: shopper.client.get("/", headers={"Sec-GPC": "1"}),
    "DNT": lambda shopper: shopper.client.get("/", headers={"DNT": "1"}),
}


def store_everything(sink: ThreeWays) -> None:
    """What waited comes through, as it would within a second or so, and an idle worker sweeps."""
    sink.flush()
    drain(lambda: False)
    upkeep.keep_up()


def in_stream(words: str) -> int:
    return sum(words.encode() in (entry.body or b"") for chunk in EventStream().entries() for entry in chunk)


def traces(shopper: Shopper, log: str) -> list[str]:
    """Where something of a shopper is left: tables, stream or log."""
    found = [place for words in (shopper.id, shopper.words) for place in where(words)]
    found += ["stream"] * (in_stream(shopper.id) + in_stream(shopper.words))
    return found + ["log"] * (shopper.id in log or shopper.words in log)


@pytest.mark.parametrize("way", WAYS)
def test_who_asks_or_objects_leaves_nothing(
    sink: ThreeWays,
    way: str,
    rounds: Callable[[int, int], int],
    figure: RecordFigure,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    other = Shopper("oak bench")
    other.look_around()
    asked, left, shown = rounds(20, 2), [], 0
    for number in range(asked):
        shopper = Shopper(f"quince-coloured gaiters {number}x")
        shopper.look_around()
        assert Event.objects.filter(visitor=shopper.key).exists()
        assert sink.buffer.held
        assert in_stream(shopper.id)
        assert WAYS[way](shopper).status_code < 400
        # At once, whatever is still to be deleted.
        shown += shopper.id in shopper.client.cookies["ecom_llm_visitor"].value
        shown += shopper.words in json.dumps(shopper.told()) or shopper.id in json.dumps(shopper.told())
        store_everything(sink)
        left += traces(shopper, caplog.text)
    print(left)
    expected, kept = len(sink.of(other.key)), Event.objects.filter(visitor=other.key).count()
    text = (
        f"{len(left)} traces of {asked} shoppers left in tables, stream or log; {shown} shown afterwards;"
        f" another's {kept} of {expected} events kept"
    )
    figure(32, text, is_held=not left and not shown and kept == expected > PLACES, driver=way)


def test_who_asks_is_told_everything(sink: ThreeWays, figure: RecordFigure) -> None:
    eva, adam = Shopper("quince-coloured gaiters"), Shopper("oak bench")
    for shopper in (eva, adam):
        shopper.look_around()
    document = eva.told()
    told = {row["id"] for row in document["events"] + document["waiting"]}
    mine = {str(record.id) for record in sink.of(eva.key)}
    text = f"{len(told & mine)} of {len(mine)} events told, {len(told - mine)} of others"
    is_safe = adam.id not in json.dumps(document) and adam.words not in json.dumps(document)
    is_held = told == mine and len(mine) > PLACES and is_safe and document["is_complete"]
    figure(32, text, is_held=is_held, driver="export")


@pytest.mark.parametrize("kind", ["direct.DirectSink", "buffered.BufferedSink"])
def test_tabs_that_go_on_meanwhile_leave_nothing(
    sink: ThreeWays,
    kind: str,
    use_settings: Callable[..., None],
    rounds: Callable[[int, int], int],
    figure: RecordFigure,
) -> None:
    use_settings(CAPTURE={"SINK": f"ecom_llm.capture.sinks.{kind}", "FLUSH_SECONDS": 1})
    asked, left, sent = rounds(20, 2), 0, 0
    for _ in range(asked):
        shopper = Shopper("oak bench")
        sent += with_tabs(shopper, lambda shopper=shopper: shopper.send("delete", "me/"))
        base.get_sink().flush()
        store_everything(sink)
        left += Event.objects.filter(visitor=shopper.key).count()
    text = f"{left} of {sent} events left that 4 tabs sent while {asked} shoppers deleted their data"
    figure(32, text, is_held=not left and sent > asked, driver=f"tabs, {kind.partition('.')[0]}")


@pytest.mark.parametrize("kind", ["direct.DirectSink", "buffered.BufferedSink"])
def test_tabs_leave_nothing_however_long_forgetting_takes(
    sink: ThreeWays, kind: str, use_settings: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes a moment in which the tabs surely write, and by its own record a minute."""
    use_settings(CAPTURE={"SINK": f"ecom_llm.capture.sinks.{kind}", "FLUSH_SECONDS": 1})
    shopper = Shopper("oak bench")
    ask, forget_rows = me.ask_to_forget, erasing._forget_rows

    def ask_a_minute_ago(keys: set[str], **options: Any) -> None:
        ask(keys, timezone.now() - timedelta(minutes=1), **options)

    def forget_slowly(*arguments: Any) -> None:
        time.sleep(0.3)
        forget_rows(*arguments)
        time.sleep(0.3)

    monkeypatch.setattr(me, "ask_to_forget", ask_a_minute_ago)
    monkeypatch.setattr(erasing, "_forget_rows", forget_slowly)
    with_tabs(shopper, lambda: shopper.send("delete", "me/"))
    base.get_sink().flush()
    store_everything(sink)
    assert not Event.objects.filter(visitor=shopper.key).exists()


def with_tabs(shopper: Shopper, act: Callable[[], Any]) -> int:
    """Act while other tabs of the same browser send, with the cookies that they had; returns how much they sent."""
    cookies = {name: morsel.value for name, morsel in shopper.client.cookies.items()}
    sku = Product.objects.listed()[0].sku
    is_over, sent = threading.Event(), [0] * TABS

    def go_on(tab: int) -> None:
        client = Client()
        try:
            while not is_over.is_set():
                client.cookies.load(cookies)
                batch = {"events": [{"kind": "add_to_cart", "product_id": sku}]}
                headers = {"Origin": "http://testserver"}
                answer = client.post(f"{ROOT}events/", batch, "application/json", headers=headers)
                sent[tab] += answer.json()["accepted"]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(TABS) as threads:
        tabs = [threads.submit(go_on, tab) for tab in range(TABS)]
        wait_until(lambda: all(sent))
        try:
            act()
            is_enough = sum(sent) + TABS * 3
            wait_until(lambda: sum(sent) >= is_enough)
        finally:
            is_over.set()
        for tab_done in tabs:
            tab_done.result()
    return sum(sent)
