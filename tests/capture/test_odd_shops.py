"""A shop's own code hands over what it has; that must break neither its page nor other events."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory

from ecom_llm.capture import background, counters, erased
from ecom_llm.capture.record import record_add_to_cart, record_purchase, record_view
from ecom_llm.capture.sinks import base
from ecom_llm.capture.storing import Stored, store
from ecom_llm.catalog.adapters.memory import MemoryCatalog
from ecom_llm.models import BrokenEvent, Event
from ecom_llm.signals import order_placed, product_added_to_cart, product_viewed, products_searched
from tests.capture.conftest import Configure
from tests.capture.test_storing import make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("price", [Decimal("2.50"), 2.5, "2.50"])
def test_a_price_may_be_any_number(rf: RequestFactory, price: Any) -> None:
    record_purchase(rf.get("/"), order_id="1", lines=[("lantern", 2, price)], currency="EUR")
    assert [(event.quantity, event.value) for event in Event.objects.all()] == [(2, Decimal("5.00"))]


def test_pieces_may_come_as_they_were_posted(rf: RequestFactory) -> None:
    record_add_to_cart(rf.get("/"), "lantern", "2")  # type: ignore[arg-type]
    record_purchase(rf.get("/"), order_id="1", lines=[("kettle", "3", Decimal(4))], currency="EUR")  # type: ignore[list-item]
    assert set(Event.objects.values_list("quantity", "value")) == {(2, None), (3, Decimal(12))}


@pytest.mark.parametrize(
    "odd", [{"value": 9.99}, {"quantity": 1.0}, {"product_id": 7}, {"query": None}, {"id": "7"}, {"occurred_at": "now"}]
)
def test_one_event_of_a_wrong_type_stands_alone(odd: dict[str, Any]) -> None:
    assert store([make(1), make(2, **odd), make(3)]) == Stored(inserted=2, broken=1)
    (name,) = odd
    assert BrokenEvent.objects.get().reason.startswith(f"{name} is of the type ")


def test_the_buffer_does_not_lose_others_events_with_it(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(CAPTURE={"SINK": "ecom_llm.capture.sinks.buffered.BufferedSink"})
    monkeypatch.setattr(background, "ensure", lambda: None)
    monkeypatch.setattr(base, "_cached", None)
    sink = base.get_sink()
    sink.write([make(1), make(2, value=9.99)])
    sink.flush()
    assert Event.objects.count() == 1
    assert "dropped.not_stored" not in counters.read("events.")


def test_an_order_whose_lines_cannot_be_read_does_not_break_the_checkout(rf: RequestFactory) -> None:
    def lines() -> Iterator[tuple[str, int, Decimal]]:
        yield "lantern", 1, Decimal(1)
        raise RuntimeError

    record_purchase(rf.get("/"), order_id="1", lines=lines(), currency="EUR")
    assert counters.read("failures.") == {"record_purchase": 1}


@pytest.mark.parametrize("signal", [order_placed, product_viewed, product_added_to_cart, products_searched])
def test_a_signal_that_lacks_everything_does_not_raise(signal: Any) -> None:
    signal.send(sender=object)
    assert sum(counters.read("failures.").values()) == 1


def fail(*_: Any) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM there_is_no_such_table")
    return {}


def test_a_catalogue_whose_query_fails_does_not_spoil_the_shops_transaction(
    rf: RequestFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemoryCatalog, "parent_ids", fail)
    record_view(rf.get("/"), "lantern")
    assert sum(counters.read("failures.").values()) == 1
    # The transaction that the test runs in goes on.
    assert not Event.objects.exists()


def test_looking_for_a_kept_visitors_erasure_does_not_spoil_it_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erased, "_forgotten", fail)
    order_placed.send(
        sender=object, visitor=f"p:{0:032x}", order_id="1", lines=[("lantern", 1, Decimal(1))], currency="EUR"
    )
    assert sum(counters.read("failures.").values()) == 1
    assert not Event.objects.exists()
