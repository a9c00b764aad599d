from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import Context, RequestContext, engines
from django.template.response import TemplateResponse
from django.test import AsyncRequestFactory, RequestFactory
from django.utils import translation

from ecom_llm.capture import boundary
from ecom_llm.capture.scope import open_scope
from ecom_llm.catalog.adapters.memory import MemoryProduct
from ecom_llm.entities import Evidence, EvidenceKind, Kind, ReasonSubject, Recommendation, TextKey
from ecom_llm.publish.drafts import Draft, store
from ecom_llm.recommend.learning import learn
from tests.conftest import MakeCatalog
from tests.pairs import make_pairs

pytestmark = pytest.mark.django_db
HOSTILE = "\"><script>alert('x')</script>"


@pytest.fixture(autouse=True)
def catalog(memory_catalog: MakeCatalog) -> Any:
    return memory_catalog()


def show(template: str, request: HttpRequest | None = None, **values: Any) -> str:
    """Render a template as a page of the shop would."""
    request = request or RequestFactory().get("/")
    request.user = AnonymousUser()
    made = engines["django"].engine.from_string("{% load ecom_llm %}" + template)  # type: ignore[attr-defined]
    return str(made.render(RequestContext(request, values)))


def publish(body: str, subject: str = "jacket-1", kind: Kind = Kind.DESCRIPTION) -> None:
    store(TextKey(kind, subject, "en-gb"), Draft(body=body, facts={}, cited={}), product_id="jacket-1")


def picked(catalog: Any, seed: str = "jacket-1", text: str = "", product_id: str = "kettle-1") -> Recommendation:
    evidence = Evidence(EvidenceKind.VIEWED_AFTER, seed, support=4)
    found = catalog.resolve(seed)
    return Recommendation(
        product_id=product_id,
        product=catalog.get(product_id),
        evidence=evidence,
        score=1.0,
        reason="Seen after it.",
        text=text,
        origin="model" if text else "plain",
        seed=None if found is None else catalog.facts(found),
    )


def test_published_description_is_shown(catalog: Any) -> None:
    publish("A light jacket.")
    page = show("{% product_description product %}", product=catalog.get("jacket-1"))
    assert ">A light jacket.</div>" in page
    assert 'data-ecom-llm-origin="model"' in page
    assert 'data-ecom-llm-product="jacket-1"' in page
    assert 'data-ecom-llm-language="en-gb"' in page
    assert 'lang="en-gb"' in page
    assert "data-ecom-llm-pending" not in page


def test_plain_sentence_stands_until_a_text_is_there(catalog: Any) -> None:
    page = show("{% product_description product %}", product=catalog.get("kettle-1"))
    assert "Morning Pour-over Kettle" in page
    assert 'data-ecom-llm-origin="plain" data-ecom-llm-pending' in page


def test_id_or_variant_shows_the_products_description(catalog: Any) -> None:
    publish("A light jacket.")
    variant = catalog._products["jacket-1-l"]
    assert "A light jacket." in show("{% product_description product %}", product=variant)
    assert "A light jacket." in show("{% product_description 'jacket-1' %}")


@pytest.mark.parametrize("product", [None, "", "nothing", 7, object()])
def test_description_of_no_product_is_nothing(product: Any) -> None:
    assert show("{% product_description product %}", product=product) == ""
    assert show("{% product_description missing_variable %}") == ""


@pytest.mark.parametrize("autoescape", ["on", "off"])
def test_markup_in_a_text_is_escaped_whatever_the_page_does(catalog: Any, autoescape: str) -> None:
    publish(HOSTILE)
    template = f"{{% autoescape {autoescape} %}}{{% product_description product %}}{{% endautoescape %}}"
    page = show(template, product=catalog.get("jacket-1"))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_markup_in_a_products_name_and_id_is_escaped(memory_catalog: MakeCatalog) -> None:
    product = memory_catalog([MemoryProduct(id=HOSTILE, name=HOSTILE)]).get(HOSTILE)
    page = show("{% product_description product %}", product=product)
    assert "<script>" not in page
    assert page.count('"') % 2 == 0


def test_failure_gives_the_plain_sentence_and_is_counted(catalog: Any, settings: Any, caplog: Any) -> None:
    before = boundary.failures().get("product_description", 0)
    template = "{% product_description product %}"
    with translation.override("en-gb"):
        settings.DATABASE_ROUTERS = ["tests.templatetags.test_tags.BrokenRouter"]
        page = show(template, product=catalog.get("jacket-1"))
        settings.DATABASE_ROUTERS = []
    assert "Harbour Rain Jacket" in page
    assert "data-ecom-llm-pending" not in page
    assert boundary.failures()["product_description"] == before + 1
    assert "product_description failed" in caplog.text


class BrokenRouter:
    """A database that no query of ours reaches."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        raise OSError("The database is gone.")

    db_for_write = db_for_read


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("{% recommendations product=product as recs %}[{{ recs|length }}]", "[0]"),
        ("{% recommendations as recs %}[{{ recs|length }}]", "[0]"),
        ("{% prefetch_texts products %}", ""),
        ("{% search_copy 'jacket' %}", ""),
    ],
)
def test_no_tag_raises_into_a_page(catalog: Any, settings: Any, template: str, shown: str) -> None:
    settings.DATABASE_ROUTERS = ["tests.templatetags.test_tags.BrokenRouter"]
    product = catalog.get("jacket-1")
    assert show(template, product=product, products=[product]) == shown


@pytest.mark.parametrize("argument", ["limit='x'", "product=42", "product=request", "limit=None", "query=request"])
def test_wrong_arguments_give_an_empty_list_or_some(argument: str) -> None:
    assert show(f"{{% recommendations {argument} as recs %}}ok") == "ok"


# Without a transaction around the test, as pages are served: a savepoint would count as a query.
@pytest.mark.django_db(transaction=True)
def test_page_of_24_products_costs_few_queries(memory_catalog: MakeCatalog, django_assert_max_num_queries: Any) -> None:
    catalog = memory_catalog([MemoryProduct(id=f"p{n}", name=f"P {n}", category="All") for n in range(30)])
    products = [catalog.get(f"p{n}") for n in range(24)]
    for product in products:
        publish(f"About {product.name}.", product.id)
    learn()
    make_pairs("p0", "p29")
    template = (
        "{% prefetch_texts products %}{% for p in products %}{% product_description p %}{% endfor %}"
        "{% recommendations product=products.0 as recs %}{% for r in recs %}{% reason r %}{% why_this r %}{% endfor %}"
    )
    # The visitor's daily salt is read once a process, whatever is on the page.
    request = RequestFactory().get("/")
    with open_scope(request) as scope:
        _ = scope.visitor
        # What a process reads now and then only: the shop's rules and what was tuned.
        show("{% recommendations limit=1 as recs %}", request)
        # The descriptions; then see `tests.test_query_budget`.
        with django_assert_max_num_queries(1 + 6):
            page = show(template, request, products=products)
    assert page.count("About P") == 24
    assert "ecom-llm-reason" in page


def test_recommendations_are_objects_with_evidence() -> None:
    learn()
    page = show(
        "{% recommendations limit=2 as recs %}{% for r in recs %}{{ r.product_id }} {{ r.evidence.kind }};{% endfor %}"
    )
    assert page.count(";") == 2
    assert "popular" in page


def test_reason_says_what_it_is_about(catalog: Any) -> None:
    page = show("{% reason rec %}", rec=picked(catalog))
    assert ">Seen after it.</p>" in page
    attributes = ('product="kettle-1"', 'seed="jacket-1"', 'evidence="viewed_after"', 'origin="plain"', "pending")
    for attribute in attributes:
        assert f"data-ecom-llm-{attribute}" in page


def test_published_reason_takes_the_plain_ones_place_and_waits_for_nothing(catalog: Any) -> None:
    page = show("{% reason rec %}", rec=picked(catalog, text="Warm hands after a wet walk."))
    assert ">Warm hands after a wet walk.</p>" in page
    assert 'origin="model"' in page
    assert "pending" not in page


def test_published_reason_reaches_the_page() -> None:
    make_pairs("jacket-1", "kettle-1")
    subject = ReasonSubject("jacket-1", "kettle-1", EvidenceKind.VIEWED_AFTER).key
    publish("Coffee after the rain.", subject, Kind.REASON)
    page = show("{% recommendations product='jacket-1' as recs %}{% for rec in recs %}{% reason rec %}{% endfor %}")
    assert "Coffee after the rain." in page


def test_popular_product_waits_for_no_reason(catalog: Any) -> None:
    rec = Recommendation("kettle-1", catalog.get("kettle-1"), Evidence(EvidenceKind.POPULAR), 1.0, "Popular.")
    assert "pending" not in show("{% reason rec %}", rec=rec)


def test_markup_in_a_reason_is_escaped(catalog: Any) -> None:
    page = show("{% reason rec %}{% why_this rec %}", rec=picked(catalog, seed=HOSTILE, text=HOSTILE))
    assert "<script>" not in page


@pytest.mark.parametrize("tag", ["reason", "why_this"])
def test_reason_of_nothing_is_nothing(tag: str) -> None:
    assert show(f"{{% {tag} missing %}}{{% {tag} 7 %}}") == ""


def test_why_this_names_the_seed_and_what_was_counted(catalog: Any) -> None:
    page = show("{% why_this rec %}", rec=picked(catalog))
    assert page.startswith('<details class="ecom-llm-why"><summary>Why this?</summary>')
    assert "Harbour Rain Jacket" in page
    assert "4" in page


def test_why_this_of_a_seed_that_is_gone_still_explains(catalog: Any) -> None:
    assert "<p" in show("{% why_this rec %}", rec=picked(catalog, seed="gone"))


def browse(**cookies: str) -> HttpRequest:
    request = RequestFactory().get("/products/?page=2")
    request.COOKIES.update(cookies)
    return request


def test_why_this_offers_to_hide_the_product_and_to_use_nothing_personal(catalog: Any) -> None:
    page = show("{% why_this rec %}", browse(), rec=picked(catalog))
    assert page.count('<form method="post"') == page.count('name="token"') == 2
    # The page is the same for everyone, so that caches can keep it.
    assert "csrf" not in page
    assert page.count('name="next" value="/products/?page=2"') == 2
    assert 'name="product_id" value="kettle-1"' in page
    assert ">Not interested</button>" in page
    assert 'name="personal" value="false"' in page


def test_why_this_offers_the_way_back(catalog: Any) -> None:
    page = show("{% why_this rec %}", browse(ecom_llm_recommendations="general"), rec=picked(catalog))
    assert 'name="personal" value="true"' in page


def test_who_cannot_be_told_apart_is_not_offered_to_hide(catalog: Any) -> None:
    page = show("{% why_this rec %}", browse(ecom_llm_consent="none"), rec=picked(catalog))
    assert "Not interested" not in page
    assert 'name="personal"' in page


def test_why_this_explains_where_the_api_is_not_mounted(catalog: Any, settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.templatetags.no_urls"
    page = show("{% why_this rec %}", browse(), rec=picked(catalog))
    assert "Harbour Rain Jacket" in page
    assert "<form" not in page


def test_search_copy_shows_what_is_published() -> None:
    publish("Jackets for rain.", "jacket", Kind.SEARCH_COPY)
    page = show("{% search_copy query %}", query=" JACKET ")
    assert ">Jackets for rain.</p>" in page
    assert 'data-ecom-llm-query="jacket"' in page


@pytest.mark.parametrize("query", ["", None, HOSTILE, "🧥" * 5000, "\0", "nothing at all"])
def test_search_that_finds_nothing_has_no_copy(query: Any) -> None:
    assert show("{% search_copy query %}", query=query) == ""


def test_hostile_search_that_finds_something_is_escaped(memory_catalog: MakeCatalog) -> None:
    memory_catalog([MemoryProduct(id="a", name=f"A {HOSTILE}")])
    page = show("{% search_copy query %}", query=HOSTILE)
    assert "&lt;script&gt;" in page
    assert "<script>" not in page


def test_banner_asks_until_the_visitor_has_decided() -> None:
    request = RequestFactory().get('/products/?a="1"&b=<script>')
    page = show("{% consent_banner %}", request)
    assert 'action="/ecom-llm/api/v1/me/consent/"' in page
    assert "csrfmiddlewaretoken" in page
    assert "<script>" not in page
    assert re.findall(r'name="level" value="(\w+)"', page) == ["personal", "anonymous", "none"]
    request.COOKIES["ecom_llm_consent"] = "none"
    assert show("{% consent_banner %}", request) == ""


def test_settings_stay_and_mark_the_decision() -> None:
    request = RequestFactory().get("/")
    request.COOKIES["ecom_llm_consent"] = "personal"
    page = show("{% consent_settings %}", request)
    assert 'value="personal" aria-current="true"' in page
    assert page.count("aria-current") == 1


def test_policy_is_linked(use_settings: Callable[..., None]) -> None:
    use_settings(PRIVACY={"POLICY_URL": "/privacy/?a=1&b=2"})
    assert 'href="/privacy/?a=1&amp;b=2"' in show("{% consent_banner %}")


@pytest.mark.parametrize("tag", ["consent_banner", "consent_settings"])
def test_page_without_a_request_asks_nothing(tag: str) -> None:
    made = engines["django"].engine.from_string(f"{{% load ecom_llm %}}{{% {tag} %}}")  # type: ignore[attr-defined]
    assert made.render(Context({})) == ""


def test_script_knows_the_api_and_who_agreed_to_what() -> None:
    page = show("{% ecom_llm_scripts %}")
    assert 'data-ecom-llm-api="/ecom-llm/api/v1/"' in page
    assert 'data-ecom-llm-consent="anonymous"' in page
    assert re.search(r'data-ecom-llm-token="events:\S+:\S+"', page)
    assert "/static/ecom_llm/ecom_llm.js" in page
    assert "/static/ecom_llm/ecom_llm.css" in page
    assert "<script>" not in page


def test_site_without_the_api_still_shows_its_pages(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.templatetags.no_urls"
    assert show("{% ecom_llm_scripts %}{% consent_banner %}{% consent_settings %}ok") == "ok"


PAGE = (
    "{% load ecom_llm %}{% product_description 'jacket-1' %}"
    "{% recommendations product='jacket-1' as recs %}[{{ recs|length }}]"
)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_deferred", [True, False], ids=["TemplateResponse", "render"])
def test_tags_read_the_database_in_an_async_view(tmp_path: Any, settings: Any, is_deferred: bool) -> None:
    (tmp_path / "page.html").write_text(PAGE)
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    publish("A light jacket.")
    learn()

    async def view(request: HttpRequest) -> HttpResponse:
        if not is_deferred:
            return render(request, "page.html")
        response = TemplateResponse(request, "page.html")
        return await sync_to_async(response.render)()

    request = AsyncRequestFactory().get("/")
    request.user = AnonymousUser()
    page = asyncio.run(view(request)).content.decode()
    assert "A light jacket." in page
    assert re.search(r"\[[1-4]\]", page)
