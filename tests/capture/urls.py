"""A shop small enough to know what each of its pages should leave behind."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template import engines
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, include, path

from ecom_llm.capture.record import record_add_to_cart, record_search, record_view
from ecom_llm.capture.scope import defer
from ecom_llm.capture.visitors import get_visitor
from ecom_llm.catalog.registry import get_catalog

PAGE = "<!doctype html><title>Lantern</title><p>مصباح 🏮</p>"


def page(request: HttpRequest, **arguments: Any) -> HttpResponse:
    return HttpResponse(PAGE)


async def async_page(request: HttpRequest, **arguments: Any) -> HttpResponse:
    return HttpResponse(PAGE)


def templated(request: HttpRequest, **arguments: Any) -> TemplateResponse:
    context = {"product": get_catalog().get("lantern")}
    return TemplateResponse(request, engines["django"].from_string("{{ product.name }}"), context)


async def async_templated(request: HttpRequest) -> TemplateResponse:
    return templated(request)


def with_variant(request: HttpRequest) -> TemplateResponse:
    context = {"object": get_catalog().resolve("lantern"), "product": "not a product"}
    return TemplateResponse(request, engines["django"].from_string("{{ object.name }}"), context)


def recording(request: HttpRequest, product_id: str) -> HttpResponse:
    record_view(request, product_id)
    record_search(request, "by hand")
    return HttpResponse(PAGE)


async def async_recording(request: HttpRequest, product_id: str) -> HttpResponse:
    record_view(request, product_id)
    return HttpResponse(PAGE)


def to_cart(request: HttpRequest, product_id: str) -> JsonResponse:
    record_add_to_cart(request, product_id, 2)
    return JsonResponse({"visitor": get_visitor(request).key})


def streamed(request: HttpRequest, product_id: str) -> StreamingHttpResponse:
    return StreamingHttpResponse(iter([b"<p>", b"lantern"]))


def as_json(request: HttpRequest, product_id: str) -> JsonResponse:
    return JsonResponse({"id": product_id})


def missing(request: HttpRequest, product_id: str) -> HttpResponse:
    return HttpResponse(PAGE, status=404)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return HttpResponse(PAGE, status=404)


def fail() -> None:
    raise ZeroDivisionError


def putting_off(request: HttpRequest) -> HttpResponseBase:
    defer(fail)
    defer(lambda: done.append("second"))
    return HttpResponse(PAGE)


done: list[str] = []

nested: list[URLPattern | URLResolver] = [path("item/<str:product_id>/", page, name="product")]
urlpatterns = [
    path("plain/", page, name="plain"),
    path("product/<str:product_id>/", page, name="product"),
    path("async-product/<str:product_id>/", async_page, name="async-product"),
    path("templated/", templated, name="templated"),
    path("templated/<str:product_id>/", templated, name="templated-product"),
    path("async-templated/", async_templated, name="async-templated"),
    path("with-variant/", with_variant, name="with-variant"),
    path("recording/<str:product_id>/", recording, name="recording"),
    path("async-recording/<str:product_id>/", async_recording, name="async-recording"),
    path("cart/<str:product_id>/", to_cart, name="to-cart"),
    path("streamed/<str:product_id>/", streamed, name="streamed"),
    path("json/<str:product_id>/", as_json, name="json"),
    path("missing/<str:product_id>/", missing, name="missing"),
    path("search/", page, name="search"),
    path("putting-off/", putting_off, name="putting-off"),
    path("shop/", include((nested, "shop"))),
]
