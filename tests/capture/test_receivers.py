from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import RequestFactory
from django.utils import timezone

from ecom_llm.capture import counters
from ecom_llm.capture.erased import hash_of
from ecom_llm.capture.visitors import get_visitor
from ecom_llm.models import Erasure, Event
from ecom_llm.signals import order_placed, product_added_to_cart, product_viewed, products_searched

pytestmark = pytest.mark.django_db

KEY = "p:" + "1" * 32
ORDER: dict[str, Any] = {
    "order_id": "o-1",
    "lines": [("lantern-red", 2, Decimal("9.50")), ("lantern-red", 1, Decimal("9.50")), ("gone", 1, Decimal(1))],
    "currency": "EUR",
}


def test_what_a_shop_tells_by_signal_is_recorded(rf: RequestFactory) -> None:
    request = rf.get("/")
    product_viewed.send(sender=None, request=request, product="lantern")
    products_searched.send(sender=None, request=request, query="Storm lantern")
    product_added_to_cart.send(sender=None, request=request, product="lantern-red", quantity=2)
    found = Event.objects.order_by("occurred_at").values_list("kind", "product_id", "query", "quantity", "visitor")
    key = get_visitor(request).key
    assert list(found) == [
        ("view_item", "lantern", "", 1, key),
        ("search", "", "storm lantern", 1, key),
        ("add_to_cart", "lantern", "", 2, key),
    ]


def test_an_order_is_a_row_for_each_line_and_once_however_often_it_is_told(rf: RequestFactory) -> None:
    request = rf.get("/")
    for _ in range(3):
        order_placed.send(sender=None, request=request, **ORDER)
    rows = Event.objects.order_by("-quantity").values_list("kind", "product_id", "quantity", "value", "currency")
    assert list(rows) == [
        ("purchase", "lantern", 2, Decimal("19.00"), "EUR"),
        ("purchase", "lantern", 1, Decimal("9.50"), "EUR"),
    ]
    # Below `personal` no order leads to a person.
    assert Event.objects.first().order_id != "o-1"  # type: ignore[union-attr]


def test_an_order_paid_later_belongs_to_the_visitor_whose_key_was_kept() -> None:
    order_placed.send(sender=None, visitor=KEY, **ORDER)
    assert set(Event.objects.values_list("visitor", "consent", "order_id")) == {(KEY, "personal", "o-1")}


def test_an_order_of_a_visitor_forgotten_in_the_meantime_is_not_recorded() -> None:
    Erasure.objects.create(visitor_hash=hash_of(KEY), asked_at=timezone.now() - timezone.timedelta(days=2))
    order_placed.send(sender=None, visitor=KEY, **ORDER)
    assert not Event.objects.exists()


@pytest.mark.parametrize("key", ["", "p:", "p:xyz", "x:" + "1" * 32, "p:" + "1" * 32 + "\n", "someone@example.org"])
def test_what_is_no_key_is_nobody(key: str) -> None:
    order_placed.send(sender=None, visitor=key, **ORDER)
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    "odd", [("lantern", "two", None), ("lantern", 1), ("lantern", 1, "5,00"), None, ("lantern", float("nan"), 1), "abc"]
)
def test_an_odd_line_costs_the_order_only_itself(rf: RequestFactory, odd: Any) -> None:
    lines = [("lantern", 2, 4.5), odd, ("kettle", "3", "1.10"), ("kettle", 1, 7)]
    order_placed.send(sender=None, request=rf.get("/"), order_id=7, lines=lines, currency=None)
    values = Event.objects.order_by("value").values_list("product_id", "quantity", "value", "currency")
    assert list(values) == [
        ("kettle", 3, Decimal("3.30"), ""),
        ("kettle", 1, Decimal(7), ""),
        ("lantern", 2, Decimal(9), ""),
    ]
    assert counters.read("events.dropped.") == {"odd_line": 1}


def test_a_signal_never_raises(rf: RequestFactory) -> None:
    order_placed.send(sender=None, request=rf.get("/"), order_id="7", lines=7, currency="EUR")
    product_added_to_cart.send(sender=None, request=rf.get("/"), product="lantern", quantity="x")
    assert counters.read("failures.")
    assert not Event.objects.exists()


@pytest.mark.parametrize("agent", ["python-requests/2.32", "", "Googlebot/2.1 (+http://www.google.com/bot.html)"])
def test_robots_view_nothing_but_a_headless_client_may_order(rf: RequestFactory, agent: str) -> None:
    request = rf.get("/", HTTP_USER_AGENT=agent)
    product_viewed.send(sender=None, request=request, product="lantern")
    order_placed.send(sender=None, request=request, **ORDER)
    assert set(Event.objects.values_list("kind", flat=True)) == {"purchase"}
    assert counters.read("events.skipped.") == {"bot": 1}
