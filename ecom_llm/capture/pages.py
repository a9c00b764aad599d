"""Recognises product and search pages from the URL that was matched and from what the template was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ecom_llm import conf
from ecom_llm.capture.page_product import page_product, setting_of_view, url_product


def is_recordable(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Whether a shopper has just been given a page: an HTML page, whole, asked for and found."""
    return (
        request.method == "GET"
        and 200 <= response.status_code < 300
        and not response.streaming
        and response.headers.get("Content-Type", "").partition(";")[0].strip().lower() == "text/html"
    )


def viewed_product(request: HttpRequest, response: HttpResponseBase) -> Any | None:
    """The product whose page this is: the object in the template context, else the id in the URL.

    Returns:
        The shop's object or an id; None when the page is not known to be a product's. Runs no query.
    """
    # A `TemplateResponse`, which class-based views return, has one; `render` leaves none behind.
    context = getattr(response, "context_data", None)
    if context is not None and isinstance(context, Mapping):
        return page_product(request, context.get)
    return url_product(request)


def searched_words(request: HttpRequest) -> str:
    """What was typed into the search whose results this page shows; empty when it is not a search page."""
    parameter = setting_of_view(request, conf.get_settings().capture.search_views)
    return request.GET.get(parameter, "") if parameter else ""
