"""Whether a visitor wants recommendations that use nothing of what they did: a cookie that holds no id."""

from __future__ import annotations

from typing import Any

from django.http.response import HttpResponseBase

from ecom_llm import conf
from ecom_llm.capture import identity
from ecom_llm.capture.consent import django_request

GENERAL = "general"


def wants_general(request: Any) -> bool:
    """Whether the visitor has switched personal recommendations off.

    Args:
        request: Django's or Django REST framework's.
    """
    return django_request(request).COOKIES.get(conf.get_settings().privacy.general_cookie) == GENERAL


def set_general(request: Any, response: HttpResponseBase, *, is_general: bool) -> None:
    """Remember a visitor's wish in the browser, whatever they agreed to: it is asked for and tells nothing else.

    Args:
        request: the request in which the visitor decided.
        response: what will be sent; gets the cookie, or loses it.
        is_general: the wish.
    """
    name = conf.get_settings().privacy.general_cookie
    if is_general:
        identity.set_first_party_cookie(django_request(request), response, name, GENERAL)
    else:
        response.delete_cookie(name, samesite="Lax")
