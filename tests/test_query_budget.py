"""How many queries the template tags add to a page: one for descriptions, six for recommendations, however many."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.template import RequestContext, engines
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from ecom_llm.capture.scope import active_language, open_scope
from ecom_llm.capture.visitors import get_visitor
from ecom_llm.channels import product_page
from ecom_llm.entities import Kind, TextKey
from ecom_llm.publish.drafts import Draft, store
from ecom_llm.recommend.learning import learn
from shop_demo.models import Product
from shop_demo.seeding import seed_catalogue, seed_visits

# Without a transaction around the test, as pages are served: a savepoint would count as a query.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shop")]

PRODUCTS = 24
# Recommendations: the visitor's visit and what they are not interested in, the lists of candidates and those of the
# best among them, the products, and the published reasons.
MOST_ADDED = 6
WORDS = "Made with care, and a pleasure to use."

LISTING = "{% for product in products %}<h2>{{ product.name }}</h2>{% endfor %}"
LISTING_WITH_TEXTS = (
    "{% load ecom_llm %}{% prefetch_texts products %}"
    "{% for product in products %}<h2>{{ product.name }}</h2>{% product_description product %}{% endfor %}"
)
PRODUCT = "<h1>{{ product.name }}</h1>"
PRODUCT_WITH_RECOMMENDATIONS = (
    "{% load ecom_llm %}<h1>{{ product.name }}</h1>{% recommendations product=product limit=limit as recs %}"
    "{% for rec in recs %}<h2>{{ rec.product.name }}</h2>{% reason rec %}{% why_this rec %}{% endfor %}"
)
HOME_WITH_RECOMMENDATIONS = (
    "{% load ecom_llm %}<h1>{{ product.name }}</h1>{% recommendations limit=limit as recs %}"
    "{% for rec in recs %}<h2>{{ rec.product.name }}</h2>{% reason rec %}{% why_this rec %}{% endfor %}"
)


@pytest.fixture
def shop(transactional_db: None) -> None:
    """The demo shop after a few weeks of visits."""
    seed_catalogue()
    seed_visits()
    learn()


@pytest.fixture
def listed() -> list[Product]:
    """A page of products, without words of the shop's own."""
    Product.objects.update(description="")
    return list(Product.objects.listed()[:PRODUCTS])


def render(template: str, **values: Any) -> tuple[str, int]:
    """A page made from a template, and how many queries that took; what it puts off is left undone."""
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    made = engines["django"].engine.from_string(template)  # type: ignore[attr-defined]
    with open_scope(request), CaptureQueriesContext(connection) as captured:
        # The day's salt is read once a process, not once a page.
        get_visitor(request)
        before = len(captured)
        page = str(made.render(RequestContext(request, values)))
        return page, len(captured) - before


def publish(*keys: TextKey) -> None:
    for key in keys:
        store(key, Draft(body=WORDS, facts={}, cited={}), product_id=key.subject.split("\t")[0])


@pytest.mark.parametrize("is_published", [True, False], ids=["published", "not yet written"])
def test_descriptions_of_24_products_cost_one_query(listed: list[Product], is_published: bool) -> None:
    if is_published:
        publish(*(TextKey(Kind.DESCRIPTION, product.sku, active_language()) for product in listed))
    _, without = render(LISTING, products=listed)
    page, with_texts = render(LISTING_WITH_TEXTS, products=listed)
    assert page.count('data-ecom-llm-kind="description"') == PRODUCTS
    assert page.count(WORDS) == (PRODUCTS if is_published else 0)
    assert with_texts - without == 1


@pytest.fixture
def remembered(shop: None, listed: list[Product]) -> None:
    """What a process reads now and then only: the shop's rules and what was tuned."""
    render(PRODUCT_WITH_RECOMMENDATIONS, product=listed[0], limit=1)


@pytest.mark.usefixtures("remembered")
@pytest.mark.parametrize("is_published", [True, False], ids=["published", "not yet written"])
def test_recommendations_with_their_reasons_cost_the_same_however_many(
    listed: list[Product], is_published: bool
) -> None:
    product = listed[0]
    language = active_language()
    if is_published:
        found = product_page.recommendations(
            visitor=get_visitor(RequestFactory().get("/")), product=product, limit=PRODUCTS, language=language
        )
        publish(*(key for rec in found if (key := product_page.reason_key(rec, language))))
    _, without = render(PRODUCT, product=product)
    added = []
    for number in (2, PRODUCTS):
        page, with_recommendations = render(PRODUCT_WITH_RECOMMENDATIONS, product=product, limit=number)
        assert page.count("<h2>") == number
        assert page.count('data-ecom-llm-kind="reason"') == number
        assert page.count("ecom-llm-why") >= number
        assert (page.count(WORDS) > 0) is is_published
        added.append(with_recommendations - without)
    assert added[0] == added[1] <= MOST_ADDED


@pytest.mark.usefixtures("remembered")
def test_recommendations_without_a_product_cost_no_more(listed: list[Product]) -> None:
    _, without = render(PRODUCT, product=listed[0])
    page, with_recommendations = render(HOME_WITH_RECOMMENDATIONS, product=listed[0], limit=PRODUCTS)
    assert page.count("<h2>") == PRODUCTS
    assert with_recommendations - without <= MOST_ADDED


def whole_page(client: Client, path: str) -> int:
    """Queries of a page that has been seen before, its event and whatever it put off included."""
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_whole_pages_stay_within_their_budget(client: Client, listed: list[Product]) -> None:
    counts = {
        "category": whole_page(client, "/products/"),
        "product": whole_page(client, listed[0].get_absolute_url()),
    }
    assert counts["category"] <= 8, counts
    assert counts["product"] <= 16, counts
