"""Tells which product a page is about: for the middleware, which records the visit, and for the page's script."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest

from ecom_llm import conf
from ecom_llm.catalog.registry import get_catalog


def page_product(request: HttpRequest | None, look_up: Callable[[str], Any]) -> Any | None:
    """The product whose page this is: the object in the template's context, else the id in the URL.

    Args:
        request: the page's; without one only the context is searched.
        look_up: gives what the context holds under a name, None for nothing; `context.get`, say.

    Returns:
        The shop's object or an id; None when the page is not known to be a product's. Runs no query.
    """
    capture = conf.get_settings().capture
    found = [item for name in capture.context_names if (item := look_up(name)) is not None]
    is_product = get_catalog().is_product if found else bool
    product = next((item for item in found if is_product(item)), None)
    return url_product(request) if product is None and request is not None else product


def url_product(request: HttpRequest) -> Any | None:
    """The id in the URL of a page that `CAPTURE["PRODUCT_VIEWS"]` names; None on any other."""
    argument = setting_of_view(request, conf.get_settings().capture.product_views)
    return request.resolver_match.kwargs.get(argument) if argument and request.resolver_match else None


def setting_of_view(request: HttpRequest, views: Mapping[str, str]) -> str:
    """What a setting holds for the matched URL's name, namespace and all; empty for any other page."""
    return views.get(request.resolver_match.view_name, "") if request.resolver_match else ""
