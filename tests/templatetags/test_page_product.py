"""Which product the page's script is told the page is about, and what the consent tags offer."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.template import engines
from django.test import RequestFactory
from django.urls import ResolverMatch
from pytest_django import DjangoAssertNumQueries

from ecom_llm.catalog.adapters.memory import MemoryCatalog, MemoryProduct
from tests.conftest import MakeCatalog

RULES = {"CONTEXT_NAMES": ["product", "object"], "PRODUCT_VIEWS": {"detail": "sku"}}


@pytest.fixture(autouse=True)
def catalog(memory_catalog: MakeCatalog, use_settings: Callable[..., None]) -> MemoryCatalog:
    use_settings(CAPTURE=RULES)
    return memory_catalog()


def render(tag: str, request: Any, **context: Any) -> str:
    return engines["django"].from_string(f"{{% load ecom_llm %}}{{% {tag} %}}").render(context, request)


def page_of(name: str = "home", **arguments: Any) -> Any:
    request = RequestFactory().get("/")
    request.resolver_match = ResolverMatch(print, (), arguments, url_name=name)
    return request


def told(request: Any, **context: Any) -> str | None:
    found = re.search(r'data-ecom-llm-product="([^"]*)"', render("ecom_llm_scripts", request, **context))
    return found and found[1]


def test_product_in_the_context_is_the_pages(catalog: MemoryCatalog) -> None:
    assert told(page_of(), product=catalog.get("jacket-1")) == "jacket-1"
    assert told(page_of(), object=catalog.get("kettle-1")) == "kettle-1"
    assert told(page_of(), item=catalog.get("kettle-1")) is None


def test_context_goes_before_the_url(catalog: MemoryCatalog) -> None:
    page = page_of("detail", sku="kettle-1")
    assert told(page) == "kettle-1"
    assert told(page, product=catalog.get("jacket-1")) == "jacket-1"
    assert told(page, product="not a product") == "kettle-1"


def test_other_pages_are_about_no_product() -> None:
    assert told(page_of("department", sku="kettle-1")) is None
    assert told(page_of("detail", other="kettle-1")) is None
    assert told(RequestFactory().get("/")) is None


def test_id_is_escaped_and_an_endless_one_left_out() -> None:
    assert told(page_of("detail", sku='"><script>')) == "&quot;&gt;&lt;script&gt;"
    assert told(page_of("detail", sku="x" * 101)) is None


def test_script_is_there_though_the_catalogue_fails(catalog: MemoryCatalog, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no catalogue")

    jacket = catalog.get("jacket-1")
    monkeypatch.setattr(MemoryCatalog, "product_id", fail)
    assert "ecom_llm.js" in render("ecom_llm_scripts", page_of(), product=jacket)


@pytest.mark.django_db
def test_script_costs_no_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        told(page_of("detail", sku="kettle-1"), product=MemoryProduct(id="a", name="A"))


@pytest.mark.parametrize("tag", ["consent_banner", "consent_settings"])
@pytest.mark.parametrize("header", ["Sec-GPC", "DNT"])
def test_browser_that_objects_is_not_offered_personal_picks(tag: str, header: str) -> None:
    page = render(tag, RequestFactory().get("/", headers={header: "1"}))
    assert "We keep to that." in page
    assert re.findall(r'name="level" value="(\w+)"', page) == ["anonymous", "none"]
    page = render(tag, RequestFactory().get("/", headers={header: "0"}))
    assert "We keep to that." not in page
    assert re.findall(r'name="level" value="(\w+)"', page) == ["personal", "anonymous", "none"]


def test_settings_offer_the_data_and_its_deletion() -> None:
    page = render("consent_settings", RequestFactory().get("/here/"))
    assert 'href="/ecom-llm/api/v1/me/"' in page
    assert 'method="post" action="/ecom-llm/api/v1/me/erase/" data-ecom-llm-erase="/ecom-llm/api/v1/me/"' in page
    assert page.count("csrfmiddlewaretoken") == page.count('name="next" value="/here/"') == 2
