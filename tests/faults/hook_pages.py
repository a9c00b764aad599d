"""A shop whose views ask nothing of ours but to record; what else ours does with a page is up to it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.template.response import TemplateResponse
from django.urls import include, path

from ecom_llm.capture.record import record_search, record_view
from ecom_llm.catalog.adapters.memory import MemoryProduct

LANTERN = MemoryProduct(id="lantern", name="Storm Lantern", category="Lights", attributes={"Material": "brass"})
PAGE = "<!doctype html><title>Lantern</title><p>مصباح 🏮</p>"
# What is ours on a page with tags lies between these.
OURS_FROM, OURS_TO = "<!-- from here -->", "<!-- to here -->"
TAGGED = (
    "{% load ecom_llm %}<h1>{{ product.name }}</h1>" + OURS_FROM + "{% product_description product %}"
    "{% recommendations product=product as found %}{% for item in found %}{% reason item %}{% why_this item %}"
    "{% endfor %}{% search_copy 'lantern' %}{% consent_banner %}{% consent_settings %}{% ecom_llm_scripts %}"
    + OURS_TO + "<footer>{{ product.id }}</footer>"
)  # fmt: skip


def page(request: HttpRequest, **arguments: Any) -> HttpResponse:
    return HttpResponse(PAGE)


async def page_in_loop(request: HttpRequest, **arguments: Any) -> HttpResponse:
    return HttpResponse(PAGE)


def templated(request: HttpRequest, **arguments: Any) -> TemplateResponse:
    return TemplateResponse(request, engines["django"].from_string("{{ product.name }}"), {"product": LANTERN})


def recording(request: HttpRequest, product_id: str) -> HttpResponse:
    record_view(request, product_id)
    record_search(request, "shoppers own words")
    return HttpResponse(PAGE)


async def recording_in_loop(request: HttpRequest, product_id: str) -> HttpResponse:
    return recording(request, product_id)


def tagged(request: HttpRequest, product_id: str) -> HttpResponse:
    template = engines["django"].from_string(TAGGED)
    return HttpResponse(template.render({"product": LANTERN}, request))


urlpatterns = [
    path("product/<str:product_id>/", page, name="product"),
    path("product-in-loop/<str:product_id>/", page_in_loop, name="product-in-loop"),
    path("templated/<str:product_id>/", templated, name="templated"),
    path("recording/<str:product_id>/", recording, name="recording"),
    path("recording-in-loop/<str:product_id>/", recording_in_loop, name="recording-in-loop"),
    path("tagged/<str:product_id>/", tagged, name="tagged"),
    path("search/", page, name="search"),
    path("ecom-llm/", include("ecom_llm.urls")),
]
