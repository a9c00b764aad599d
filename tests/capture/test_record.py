from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.test import RequestFactory
from django.utils import timezone, translation
from pytest_django import Settings

from ecom_llm.capture import counters
from ecom_llm.capture.record import (
    record_add_to_cart,
    record_events,
    record_purchase,
    record_search,
    record_view,
)
from ecom_llm.capture.visitors import NOBODY, Visitor, get_visitor
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.entities import Consent
from ecom_llm.models import Event
from ecom_llm.signals import event_recorded
from tests.capture.conftest import Configure, broken_database

pytestmark = pytest.mark.django_db

SOMEONE = Visitor("p:" + "0" * 32, Consent.PERSONAL)


def test_a_view_is_written_with_its_visitor_and_language(rf: RequestFactory) -> None:
    request = rf.get("/")
    with translation.override("de"):
        record_view(request, "lantern")
    event = Event.objects.get()
    assert (event.kind, event.product_id, event.language) == ("view_item", "lantern", "de")
    assert (event.visitor, event.consent) == (get_visitor(request).key, "anonymous")


def test_neither_address_nor_agent_is_stored(rf: RequestFactory) -> None:
    record_view(rf.get("/", REMOTE_ADDR="192.0.2.1", HTTP_USER_AGENT="Lynx"), "lantern")
    assert not {"192.0.2.1", "Lynx"} & {str(value) for value in Event.objects.values().get().values()}


@pytest.mark.parametrize("product", ["lantern-red", "object"])
def test_a_variant_is_recorded_as_its_parent(rf: RequestFactory, product: str) -> None:
    catalog = get_catalog()
    variant = next(item for item in vars(catalog)["_products"].values() if item.id == "lantern-red")
    record_add_to_cart(rf.get("/"), variant if product == "object" else product, 3)
    event = Event.objects.get()
    assert (event.kind, event.product_id, event.quantity) == ("add_to_cart", "lantern", 3)


@pytest.mark.parametrize("product", ["nothing-here", "x" * 101, None, "", "\x00"])
def test_an_unknown_product_is_dropped_and_counted(rf: RequestFactory, product: Any) -> None:
    record_view(rf.get("/"), product)
    assert not Event.objects.exists()
    assert counters.read("events.dropped.") == {"unknown_product": 1}


def test_a_search_is_written_normalised(rf: RequestFactory) -> None:
    record_search(rf.get("/"), "  Storm   LANTERN 🏮 " + "x" * 10_000)
    query = Event.objects.get().query
    assert query.startswith("storm lantern 🏮 xxx")
    assert len(query) == 100


def test_an_empty_search_is_no_event(rf: RequestFactory) -> None:
    record_search(rf.get("/"), " \t ")
    assert not Event.objects.exists()


def test_nothing_is_stored_of_a_visitor_who_allows_nothing(rf: RequestFactory) -> None:
    rf.cookies["ecom_llm_consent"] = "none"
    request = rf.get("/")
    record_view(request, "lantern")
    record_search(request, "lantern")
    record_add_to_cart(request, "lantern")
    record_purchase(request, order_id="1", lines=[("lantern", 1, Decimal(5))], currency="EUR")
    assert record_events(NOBODY, [{"kind": "view_item", "product_id": "lantern"}]) == 0
    assert not Event.objects.exists()


def test_each_line_of_an_order_is_an_event(rf: RequestFactory) -> None:
    rf.cookies["ecom_llm_consent"] = "personal"
    lines = [("lantern-red", 2, Decimal("9.50")), ("kettle", 1, Decimal(20)), ("gone", 1, Decimal(1))]
    record_purchase(rf.post("/"), order_id="A-7", lines=iter(lines), currency="EUR")
    rows = Event.objects.order_by("product_id").values_list("product_id", "quantity", "value", "order_id")
    assert list(rows) == [("kettle", 1, Decimal(20), "A-7"), ("lantern", 2, Decimal(19), "A-7")]
    assert counters.read("events.dropped.") == {"unknown_product": 1}


def test_below_personal_an_order_leads_to_nobody(rf: RequestFactory) -> None:
    lines = [("lantern", 1, Decimal(9)), ("kettle", 1, Decimal(20))]
    record_purchase(rf.post("/"), order_id="A-7", lines=lines, currency="EUR")
    orders = set(Event.objects.values_list("order_id", flat=True))
    assert len(orders) == 1
    assert "A-7" not in orders


def test_writing_an_event_twice_is_writing_it_once() -> None:
    row = {"id": UUID("01890a5d-ac96-774b-bcce-b302099a8057"), "kind": "view_item", "product_id": "lantern"}
    assert record_events(SOMEONE, [row]) == 1
    assert record_events(SOMEONE, [row]) == 1
    assert Event.objects.count() == 1


@pytest.mark.parametrize(("hours", "kept_hours"), [(-2, -2), (-100, -24), (5, 0)])
def test_a_browser_clock_is_believed_within_a_day(hours: int, kept_hours: int) -> None:
    now = timezone.now()
    row = {"kind": "view_item", "product_id": "kettle", "occurred_at": now + timedelta(hours=hours)}
    record_events(SOMEONE, [row])
    off = Event.objects.get().occurred_at - (now + timedelta(hours=kept_hours))
    assert abs(off) < timedelta(minutes=1)


def test_events_that_say_nothing_are_left_out_and_counted() -> None:
    rows = [
        {"kind": "search", "query": "  "},
        {"kind": "view_item"},
        {"kind": "view_item", "product_id": "gone"},
        {"kind": "search", "query": "Lamp"},
    ]
    assert record_events(SOMEONE, rows) == 2
    assert Event.objects.get().query == "lamp"
    assert counters.read("events.dropped.") == {"empty": 2, "unknown_product": 1}


def test_the_signal_tells_of_each_event(rf: RequestFactory) -> None:
    heard: list[Event] = []

    def listen(sender: Any, event: Event, **kwargs: Any) -> None:
        heard.append(event)
        raise RuntimeError("a listener of the shop's fails")

    event_recorded.connect(listen)
    try:
        record_view(rf.get("/"), "lantern")
    finally:
        event_recorded.disconnect(listen)
    assert [event.product_id for event in heard] == ["lantern"]
    assert counters.read("events.") == {"recorded": 1, "stored": 1}


def test_a_database_that_cannot_be_written_drops_the_event_and_counts_it(rf: RequestFactory) -> None:
    get_visitor(request := rf.get("/"))
    with broken_database():
        record_view(request, "lantern")
    assert counters.read("events.dropped.") == {"OperationalError": 1}
    assert counters.read("failures.") == {"record_view": 1}


def test_a_failed_write_leaves_the_shops_transaction_usable(rf: RequestFactory) -> None:
    get_visitor(request := rf.get("/"))
    with transaction.atomic():

        def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if sql.startswith("INSERT"):
                execute("SELECT no_such_column FROM ecom_llm_event", (), False, context)
            return execute(sql, params, many, context)

        with transaction.get_connection().execute_wrapper(refuse):
            record_view(request, "lantern")
        record_view(request, "kettle")
    assert Event.objects.get().product_id == "kettle"


def test_an_event_shares_the_fate_of_the_shops_transaction(rf: RequestFactory) -> None:
    with transaction.atomic():
        record_purchase(rf.post("/"), order_id="1", lines=[("lantern", 1, Decimal(5))], currency="EUR")
        assert Event.objects.exists()
        transaction.set_rollback(True)
    assert not Event.objects.exists()


@pytest.mark.parametrize("sink", ["no.such.Sink", "ecom_llm.models.Event"])
def test_a_wrong_sink_breaks_no_page(rf: RequestFactory, configure: Configure, sink: str) -> None:
    configure(CAPTURE={"SINK": sink})
    record_view(rf.get("/"), "lantern")
    assert counters.read("failures.") == {"record_view": 1}


def test_wrong_settings_break_no_page(rf: RequestFactory, settings: Settings) -> None:
    settings.ECOM_LLM = {"CAPTUER": {}}
    record_view(rf.get("/"), "lantern")
    record_search(rf.get("/"), "lantern")
    assert not Event.objects.exists()
    assert counters.read("failures.") == {"record_view": 1, "record_search": 1}
