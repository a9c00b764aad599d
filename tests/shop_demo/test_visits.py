"""The made-up visits: plausible, marked as such, and never written over real events."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from ecom_llm.ids import uuid7
from ecom_llm.models import Event
from shop_demo.models import Product
from shop_demo.seeding import seed_visits

pytestmark = pytest.mark.usefixtures("shop")


def test_visits_are_marked_recent_and_name_listed_products() -> None:
    written = seed_visits()
    assert Event.objects.count() == written
    assert 1_400 <= Event.objects.values("visit").distinct().count() <= 1_600
    assert set(Event.objects.values_list("kind", flat=True)) == {"view_item", "purchase"}
    assert not Event.objects.exclude(visitor__startswith="demo-").exists()
    assert not Event.objects.exclude(consent="anonymous").exists()
    listed = set(Product.objects.filter(parent=None).values_list("sku", flat=True))
    assert set(Event.objects.values_list("product_id", flat=True)) <= listed
    assert Event.objects.filter(occurred_at__gt=timezone.now()).count() == 0
    assert Event.objects.filter(occurred_at__lt=timezone.now() - timedelta(days=22)).count() == 0


def test_purchases_carry_an_order_and_a_value() -> None:
    seed_visits()
    bought = Event.objects.filter(kind="purchase")
    assert bought.count() > 100
    assert not bought.filter(order_id="").exists()
    assert not bought.filter(value=None).exists()


def test_same_seed_gives_the_same_visits() -> None:
    def trail() -> list[tuple[str, str]]:
        return sorted(Event.objects.values_list("visit", "product_id"))

    seed_visits(seed=3)
    first = trail()
    Event.objects.all().delete()
    seed_visits(seed=3)
    assert trail() == first


def test_nothing_is_written_beside_existing_events() -> None:
    Event.objects.create(
        id=uuid7(timezone.now()), kind="view_item", occurred_at=timezone.now(), visitor="v", consent="anonymous"
    )
    assert seed_visits() == 0
    assert Event.objects.count() == 1
