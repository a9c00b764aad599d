"""How much a visitor lets us keep, and how the decision is remembered."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control, patch_vary_headers

from ecom_llm import conf
from ecom_llm.capture import identity
from ecom_llm.capture.boundary import boundary
from ecom_llm.capture.erased import ask_to_forget, was_erased
from ecom_llm.capture.pseudonyms import anonymous_keys
from ecom_llm.entities import Consent

# From the least that may be kept to the most.
LEVELS = (Consent.NONE, Consent.ANONYMOUS, Consent.PERSONAL)
# Browser signals by which a visitor objects to being followed; https://www.w3.org/TR/gpc/ for the first.
OBJECTIONS = ("HTTP_SEC_GPC", "HTTP_DNT")
# By their names in an answer's `Vary`: what decides on a visitor's level.
DECIDING = ("Cookie", "Sec-GPC", "DNT")


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
    """Remember a visitor's decision, and ask that what it no longer allows be forgotten.

    At `personal` the response also gets the signed visitor cookie, keeping an id that is already there and that nobody
    has asked to forget. At any other level the cookie is deleted, and `ask_to_forget` is told of what `given_up` names:
    a worker's sweep erases it, or `privacy.erasing.finish` at once.

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
        identity.write_visitor_id(request, response, _id_to_keep(request) or identity.new_visitor_id())
        return allowed
    with boundary("forget"):
        ask_to_forget(given_up(request, level), dropped=key_of_cookie(request))
        # Otherwise it stays, and so reminds `withdraw_if_objected` at the next page of what is still to be done.
        identity.delete_visitor_id(response)
    return allowed


def _id_to_keep(request: HttpRequest) -> str:
    """The id that is in the cookie, unless its visitor was forgotten and the browser has not heard of it."""
    visitor_id = identity.read_visitor_id(request)
    if visitor_id:
        with boundary("look_for_erasure"):
            return "" if was_erased(f"p:{visitor_id}") else visitor_id
    return visitor_id


def given_up(request: Any, level: Consent | str) -> set[str]:
    """Whose history a decision gives up: the keys of what may no longer be kept.

    Args:
        request: the request in which the visitor decided.
        level: the decision.

    Returns:
        Below `personal` the key of the visitor cookie; at `none` also the browser's anonymous keys of today and
        yesterday. Empty when there is nothing.

    Raises:
        DatabaseError: the salts of the anonymous keys cannot be read.
    """
    request = django_request(request)
    level = Consent(level)
    if capped(request, level) is Consent.PERSONAL:
        return set()
    keys = key_of_cookie(request)
    if level is Consent.NONE and consent_of(request) is not Consent.NONE:
        keys |= anonymous_keys(request)
    return keys


def key_of_cookie(request: Any) -> set[str]:
    """The visitor key that the cookie holds, whatever is agreed to now; empty when there is none."""
    visitor_id = identity.read_visitor_id(django_request(request))
    return {f"p:{visitor_id}"} if visitor_id else set()


def has_withdrawn(request: HttpRequest) -> bool:
    """Whether a browser still has an id that it may no longer have. One look-up for a browser that has none.

    So it is with one that now sends ``Sec-GPC: 1`` or ``DNT: 1``, that has lost its decision, or whose withdrawal
    could not be written down.
    """
    name = conf.get_settings().privacy.visitor_cookie
    # Most browsers have no such cookie; theirs are not even parsed for it.
    has_cookie = name in request.META.get("HTTP_COOKIE", "") and name in request.COOKIES
    return has_cookie and consent_of(request) is not Consent.PERSONAL


def withdraw_if_objected(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Honour an objection as a withdrawal: delete the id's cookie, and ask that what it did be forgotten.

    Writes a row when there is something to withdraw, so not within an event loop unless `has_withdrawn` is False.

    Args:
        request: a request like any other.
        response: its answer, about to be sent.

    Returns:
        Whether something was withdrawn. False also where the row could not be written: the cookie then stays, and
        the next page tries again.
    """
    if not has_withdrawn(request) or conf.get_settings().privacy.visitor_cookie in response.cookies:
        return False
    with boundary("withdraw"):
        own = key_of_cookie(request)
        ask_to_forget(own, dropped=own)
        identity.delete_visitor_id(response)
        # A cache must not take the cookie from a browser that may keep it.
        patch_vary_headers(response, DECIDING)
        patch_cache_control(response, private=True)
        return True
    return False


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
