"""How much a visitor lets us keep, and how the decision is remembered."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ecom_llm import conf
from ecom_llm.capture import identity
from ecom_llm.entities import Consent

# From the least that may be kept to the most.
LEVELS = (Consent.NONE, Consent.ANONYMOUS, Consent.PERSONAL)
# Browser signals by which a visitor objects to being followed; https://www.w3.org/TR/gpc/ for the first.
OBJECTIONS = ("HTTP_SEC_GPC", "HTTP_DNT")


def django_request(request: Any) -> HttpRequest:
    """Django's own request, also when given Django REST framework's wrapper around it."""
    inner = getattr(request, "_request", request)
    return inner if isinstance(inner, HttpRequest) else request


def consent_of(request: Any) -> Consent:
    """What may be kept of this visitor.

    Args:
        request: Django's or Django REST framework's.

    Returns:
        The visitor's decision, else `PRIVACY["DEFAULT_CONSENT"]`; never above `anonymous` for a browser that
        sends ``Sec-GPC: 1`` or ``DNT: 1``.
    """
    request = django_request(request)
    decided = _decision(request)
    level = Consent(conf.get_settings().privacy.default_consent) if decided is None else decided
    return capped(request, level)


def has_decided(request: Any) -> bool:
    """Whether the visitor has made a decision that a banner need not ask for again."""
    return _decision(django_request(request)) is not None


def set_consent(request: Any, response: HttpResponseBase, level: Consent | str) -> Consent:
    """Remember a visitor's decision.

    At `personal` the response also gets the signed visitor cookie, keeping an id that is already there; at
    any other level the visitor cookie is deleted.

    Args:
        request: the request in which the visitor decided.
        response: what will be sent; gets the cookies.
        level: the decision.

    Returns:
        The level that holds from now on: the decision, unless the browser objects to it.

    Raises:
        ValueError: there is no such level.
    """
    request = django_request(request)
    level = Consent(level)
    identity.set_first_party_cookie(request, response, conf.get_settings().privacy.consent_cookie, level.value)
    allowed = capped(request, level)
    if allowed is Consent.PERSONAL:
        visitor_id = identity.read_visitor_id(request) or identity.new_visitor_id()
        identity.write_visitor_id(request, response, visitor_id)
    else:
        identity.delete_visitor_id(response)
    return allowed


def capped(request: HttpRequest, level: Consent) -> Consent:
    """The level, lowered to `anonymous` when the browser objects to more."""
    if any(request.META.get(name) == "1" for name in OBJECTIONS):
        return min(level, Consent.ANONYMOUS, key=LEVELS.index)
    return level


def _decision(request: HttpRequest) -> Consent | None:
    try:
        return Consent(request.COOKIES.get(conf.get_settings().privacy.consent_cookie, ""))
    except ValueError:
        return None
