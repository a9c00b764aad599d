"""Recognises product and search pages from the URL that was matched and from what the template was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ecom_llm import conf
from ecom_llm.catalog.registry import get_catalog


def is_recordable(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Whether a shopper has just been given a page: an HTML page, whole, asked for and found.

    A browser that fetches a page ahead, in case its visitor goes there, has not shown it to anyone.
    """
    return (
        request.method == "GET"
        and 200 <= response.status_code < 300
        and not response.streaming
        and response.headers.get("Content-Type", "").partition(";")[0].strip().lower() == "text/html"
        and "prefetch" not in request.headers.get("Sec-Purpose", request.headers.get("Purpose", ""))
    )


def viewed_product(request: HttpRequest, response: HttpResponseBase) -> Any | None:
    """The product whose page this is: the object in the template context, else the id in the URL.

    Returns:
        The shop's object or an id; None when the page is not known to be a product's. Runs no query.
    """
    capture = conf.get_settings().capture
    product = _product_in_context(response, capture.context_names)
    return _url_argument(request, capture.product_views) if product is None else product


def searched_words(request: HttpRequest) -> str:
    """What was typed into the search whose results this page shows; empty when it is not a search page."""
    parameter = _setting_of_view(request, conf.get_settings().capture.search_views)
    return request.GET.get(parameter, "") if parameter else ""


def _product_in_context(response: HttpResponseBase, names: tuple[str, ...]) -> Any | None:
    """Look into a `TemplateResponse`, which class-based views return; `render` leaves no context behind."""
    context = getattr(response, "context_data", None)
    if not isinstance(context, Mapping):
        return None
    found = [context[name] for name in names if context.get(name) is not None]
    is_product = get_catalog().is_product if found else bool
    return next((item for item in found if is_product(item)), None)


def _url_argument(request: HttpRequest, views: Mapping[str, str]) -> Any | None:
    argument = _setting_of_view(request, views)
    return request.resolver_match.kwargs.get(argument) if argument and request.resolver_match else None


def _setting_of_view(request: HttpRequest, views: Mapping[str, str]) -> str:
    """What a setting holds for the matched URL's name, namespace and all."""
    return views.get(request.resolver_match.view_name, "") if request.resolver_match else ""
