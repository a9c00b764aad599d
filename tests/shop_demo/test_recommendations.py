"""What the demo shop recommends to a shopper, page after page."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ecom_llm.capture.sinks import base
from ecom_llm.models import Event
from ecom_llm.recommend.content import forget_content, update_content
from ecom_llm.recommend.learning import learn
from shop_demo.models import Product
from shop_demo.seeding import seed_visits
from tests.products import BROWSER
from tests.shop_demo.test_buying import ADDRESS, add, token

pytestmark = pytest.mark.usefixtures("learned")

TENTS_AND_A_LAMP = ("solstice-bell-tent", "heron-ridge-tent", "crane-reading-lamp")
CARD = re.compile(r'class="card card--rec" data-ecom-llm-impression="([^"]+)"')


@pytest.fixture
def learned(shop: None) -> None:
    """A shop that has learned from three weeks of made-up visits and has compared its products."""
    forget_content()
    seed_visits()
    learn()
    update_content()


def shopper(level: str = "personal") -> Client:
    client = Client(headers={"User-Agent": BROWSER})
    client.cookies["ecom_llm_consent"] = level
    return client


def shown(client: Client, address: str = "/") -> list[str]:
    answer = client.get(address)
    assert answer.status_code == 200
    return CARD.findall(answer.content.decode())


def look(client: Client, *skus: str) -> None:
    for sku in skus:
        assert client.get(f"/products/{sku}/").status_code == 200


def buy(client: Client, product: Product) -> None:
    add(client, product)
    assert client.post("/checkout/", {**ADDRESS, "token": token()}).url.startswith("/orders/")  # type: ignore[attr-defined]


@pytest.mark.parametrize("level", ["anonymous", "personal"])
@pytest.mark.parametrize("sink", ["direct.DirectSink", "buffered.BufferedSink"])
@pytest.mark.django_db(transaction=True)
def test_two_tents_and_a_lamp_change_the_next_home_page(level: str, sink: str, settings: Any) -> None:
    capture = {"SINK": f"ecom_llm.capture.sinks.{sink}", "FLUSH_SECONDS": 3600}
    settings.ECOM_LLM = settings.ECOM_LLM | {"CAPTURE": settings.ECOM_LLM["CAPTURE"] | capture}
    client = shopper(level)
    pages = [shown(client)]
    for sku in TENTS_AND_A_LAMP:
        look(client, sku)
        pages.append(shown(client))
    assert all(len(page) == 4 for page in pages)
    # Each view is known to the very next page.
    assert all(before != after for before, after in pairwise(pages))
    assert not {*TENTS_AND_A_LAMP} & {*pages[-1]}
    categories = set(Product.objects.filter(sku__in=pages[-1]).values_list("category__slug", flat=True))
    assert {"tents", "lighting"} & categories
    # Nobody else's page knows of it.
    assert shown(shopper(level)) == pages[0] or level == "anonymous"
    base.get_sink().flush()


def test_home_page_says_what_it_rests_on() -> None:
    client = shopper()
    assert "what you viewed" not in client.get("/").content.decode()
    look(client, *TENTS_AND_A_LAMP)
    assert "Solstice Bell Tent" in client.get("/").content.decode()


def test_search_that_was_just_made_fills_half_of_the_home_page() -> None:
    client = shopper()
    client.get("/search/?q=kettle")
    found = Product.objects.filter(sku__in=shown(client))
    assert sum("kettle" in product.name.lower() for product in found) >= 2


def test_what_one_typed_is_not_shown_to_another_behind_the_same_address() -> None:
    shopper("anonymous").get("/search/?q=kettle")
    assert "Matches your search" not in shopper("anonymous").get("/").content.decode()


def test_search_that_finds_nothing_shows_what_is_close_in_spelling() -> None:
    found = Product.objects.filter(sku__in=shown(shopper(), "/search/?q=kettel"))
    assert any("kettle" in product.name.lower() for product in found)


def test_what_was_bought_is_recommended_no_more_wherever_it_would_be() -> None:
    client = shopper()
    look(client, "solstice-bell-tent")
    bought = Product.objects.filter(sku__in=shown(client), variants=None)[0]
    buy(client, bought)
    assert bought.sku not in shown(client)
    assert bought.sku not in shown(client, "/products/solstice-bell-tent/")
    assert Event.objects.filter(kind="purchase", product_id=bought.sku, visitor__startswith="p:").exists()


def test_product_added_a_minute_ago_is_recommended_for_what_it_is() -> None:
    model = Product.objects.get(sku="solstice-bell-tent")
    # Nobody knows when what is there at the first look was added.
    new = Product.objects.create(
        sku="equinox-bell-tent", name="Equinox Bell Tent", category=model.category, attributes=model.attributes,
        price=model.price, stock=5, picture=model.picture, position=900,
    )  # fmt: skip
    assert new.sku not in shown(shopper(), "/products/solstice-bell-tent/")
    update_content()
    assert new.sku in shown(shopper(), "/products/solstice-bell-tent/")
    assert not Event.objects.filter(product_id=new.sku).exists()


SKUS = st.integers(0, 10_000)
ACTIONS = st.lists(
    st.tuples(st.sampled_from(["look", "look", "look", "buy", "sell out", "hide", "search"]), SKUS),
    min_size=1,
    max_size=8,
)


class Shopping:
    """A shopper, what they have done, and a shop that changes meanwhile."""

    def __init__(self, level: str) -> None:
        Product.objects.update(is_visible=True, stock=50)
        self.client = shopper(level)
        self.done: set[str] = set()

    def act(self, action: str, number: int) -> None:
        everything = list(Product.objects.select_related("parent").order_by("pk"))
        product = everything[number % len(everything)]
        family = Product.objects.filter(sku__in=[product.sku, (product.parent or product).sku])
        if action == "look":
            self._look(product)
        elif action == "buy":
            self._buy(product)
        elif action == "sell out":
            family.update(stock=0)
        elif action == "hide":
            family.update(is_visible=False)
        else:
            self.client.get("/search/", {"q": product.name})

    def _look(self, product: Product) -> None:
        # A variant's address shows its parent.
        if self.client.get(f"/products/{product.sku}/").status_code == 200:
            self.done.add((product.parent or product).sku)

    def _buy(self, product: Product) -> None:
        parent = product.parent or product
        if product.is_available and parent.is_available and not product.variants.exists():
            buy(self.client, product)
            self.done.add(parent.sku)


@pytest.mark.parametrize("level", ["anonymous", "personal"])
@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(actions=ACTIONS, page=SKUS)
def test_whatever_a_shopper_does_what_must_not_be_shown_is_not(
    level: str, actions: list[tuple[str, int]], page: int
) -> None:
    shopping = Shopping(level)
    for action, number in actions:
        shopping.act(action, number)
    listed = list(Product.objects.listed())
    beside = listed[page % len(listed)]
    for address, own in (("/", ""), ("/cart/", ""), (beside.get_absolute_url(), beside.sku)):
        found = shown(shopping.client, address)
        assert len(found) == len(set(found)) > 0
        # Parents only, so that a variant of what was looked at never comes back as another product.
        sold = Product.objects.filter(sku__in=found, parent=None, is_visible=True, stock__gt=0)
        assert sold.count() == len(found)
        assert not {*found} & {*shopping.done, own}
